import Tensors

#if canImport(Glibc)
  import Glibc
#else
  import Foundation
#endif

/// Kernels that pass values on, check them, or tell what is missing.
@Sendable func defineBasicKernels(_ ops: inout OpRegistry) {
  for name in ["Placeholder", "PlaceholderV2"] {
    ops.kernel(name) { node in
      let dtype = try node.type("dtype")
      let shape = try node.shape("shape")
      let form = shape.rank == nil ? "" : " and shape \(shape)"
      let message =
        "You must feed a value for placeholder tensor '\(node.name)' with dtype \(dtype.shortName)\(form)"
      return { _ in throw EngineError.invalid(message) }
    }
  }
  for name in ["Identity", "StopGradient", "Snapshot", "PreventGradient", "PlaceholderWithDefault"] {
    ops.kernel(name) { _ in { $0.setOutput(0, try $0.take(0)) } }
  }
  ops.kernel("IdentityN") { _ in
    { context in for index in 0..<context.inputCount { context.setOutput(index, try context.take(index)) } }
  }
  for name in ["NoOp", "ControlTrigger"] { ops.kernel(name) { _ in { _ in } } }
  ops.kernel("Const") { node in
    let value = try node.constantValue()
    return { $0.setOutput(0, value) }
  }
  ops.kernel("Assert") { node in
    let summarize = try node.int("summarize")
    return { context in
      let condition = try context.input(0)
      guard condition.elementCount == 1 else {
        throw EngineError.invalid("Assert requires condition to be a scalar, but it has shape \(condition.shape)")
      }
      guard condition.scalar(Bool.self) == false else { return }
      let data = try (1..<context.inputCount).map { brief(try context.input($0), limit: summarize) }
      throw EngineError.invalid("assertion failed: " + data.map { "[\($0)]" }.joined(separator: " "))
    }
  }
  ops.kernel("Print") { node in
    let message = try node.string("message")
    let summarize = try node.int("summarize")
    return { context in
      let data = try (1..<context.inputCount).map { "[\(brief(try context.input($0), limit: summarize))]" }
      let line = Array((message + data.joined() + "\n").utf8)
      line.withUnsafeBytes { _ = write(2, $0.baseAddress, $0.count) }
      context.setOutput(0, try context.take(0))
    }
  }
  ops.kernel("CheckNumerics") { node in
    let message = try node.string("message")
    return { context in
      let input = try context.take(0)
      let hasNaN: Bool
      let hasInfinity: Bool
      switch input.dtype {
      case .float32:
        hasNaN = input.withElements(of: Float.self) { $0.contains(where: \.isNaN) }
        hasInfinity = input.withElements(of: Float.self) { $0.contains(where: \.isInfinite) }
      case .float64:
        hasNaN = input.withElements(of: Double.self) { $0.contains(where: \.isNaN) }
        hasInfinity = input.withElements(of: Double.self) { $0.contains(where: \.isInfinite) }
      default: throw EngineError.noKernel("CheckNumerics", input.dtype)
      }
      if hasNaN || hasInfinity {
        let found = hasNaN && hasInfinity ? "Inf and NaN" : hasNaN ? "NaN" : "Inf"
        throw EngineError.invalid("\(message) : Tensor had \(found) values")
      }
      context.setOutput(0, input)
    }
  }
}

/// The first elements of a tensor, as `Assert` and `Print` show them.
private func brief(_ tensor: Tensor, limit: Int) -> String {
  let count = tensor.elementCount
  let shown = limit < 0 ? count : min(limit, count)
  let texts: [String]
  switch tensor.dtype {
  case .float32: texts = tensor.scalars(Float.self).prefix(shown).map(number)
  case .float64: texts = tensor.scalars(Double.self).prefix(shown).map(number)
  case .int32: texts = tensor.scalars(Int32.self).prefix(shown).map(String.init)
  case .int64: texts = tensor.scalars(Int64.self).prefix(shown).map(String.init)
  case .uint8: texts = tensor.scalars(UInt8.self).prefix(shown).map(String.init)
  case .bool: texts = tensor.scalars(Bool.self).prefix(shown).map { $0 ? "1" : "0" }
  case .string: texts = tensor.strings.prefix(shown).map { String(decoding: $0, as: UTF8.self) }
  default: return "\(tensor.dtype.name) \(tensor.shape)"
  }
  return texts.joined(separator: " ") + (shown < count ? "..." : "")
}

/// A number without a needless fraction, as C++ prints it.
private func number<T: BinaryFloatingPoint & LosslessStringConvertible>(_ value: T) -> String {
  let text = String(value)
  return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
}
