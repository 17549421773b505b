import CKernels
import Tensors

#if canImport(Glibc)
  import Glibc
#else
  import Foundation
#endif

/// Kernels of operations on one tensor's elements, and of those that add or choose among several of one shape.
@Sendable func defineUnaryKernels(_ ops: inout OpRegistry) {
  let loops: [(String, ck_unary)] = [
    ("Neg", CK_NEG), ("Abs", CK_ABS), ("Exp", CK_EXP), ("Expm1", CK_EXPM1), ("Log", CK_LOG), ("Log1p", CK_LOG1P),
    ("Sqrt", CK_SQRT), ("Rsqrt", CK_RSQRT), ("Square", CK_SQUARE), ("Sign", CK_SIGN), ("Floor", CK_FLOOR),
    ("Ceil", CK_CEIL), ("Reciprocal", CK_RECIPROCAL), ("Inv", CK_RECIPROCAL), ("Tanh", CK_TANH),
    ("Sigmoid", CK_SIGMOID), ("Relu", CK_RELU), ("Relu6", CK_RELU6), ("Elu", CK_ELU), ("Softplus", CK_SOFTPLUS),
    ("Sin", CK_SIN), ("Cos", CK_COS),
  ]
  for (name, loop) in loops {
    ops.kernel(name) { _ in
      { context in
        var value = try context.take(0)
        switch value.dtype {
        case .float32:
          value.withMutableElements(of: Float.self) { ck_unary_f32(loop, $0.baseAddress, $0.baseAddress, $0.count) }
        case .float64:
          value.withMutableElements(of: Double.self) { ck_unary_f64(loop, $0.baseAddress, $0.baseAddress, $0.count) }
        default: try changeIntegers(&value, name)
        }
        context.setOutput(0, value)
      }
    }
  }
  func add(
    _ name: String, _ float: @escaping @Sendable (Float) -> Float, _ double: @escaping @Sendable (Double) -> Double
  ) {
    ops.kernel(name) { _ in
      { context in
        var value = try context.take(0)
        switch value.dtype {
        case .float32: change(&value, Float.self, float)
        case .float64: change(&value, Double.self, double)
        // Rounding leaves integers as they are.
        case .int32 where name == "Round", .int64 where name == "Round": break
        default: throw EngineError.noKernel(name, value.dtype)
        }
        context.setOutput(0, value)
      }
    }
  }
  add("Round", { $0.rounded(.toNearestOrEven) }, { $0.rounded(.toNearestOrEven) })
  add("Rint", { $0.rounded(.toNearestOrEven) }, { $0.rounded(.toNearestOrEven) })
  add("Tan", { tanf($0) }, { tan($0) })
  add("Erf", { erff($0) }, { erf($0) })
  add("Softsign", { $0 / (1 + abs($0)) }, { $0 / (1 + abs($0)) })
  add(
    "Selu", { $0 < 0 ? Selu.scaleAlpha * expm1f($0) : Selu.scale * $0 },
    { $0 < 0 ? Double(Selu.scaleAlpha) * expm1($0) : Double(Selu.scale) * $0 })
  ops.kernel("LeakyRelu") { node in
    let alpha = try node.float("alpha")
    return { context in
      var value = try context.take(0)
      switch value.dtype {
      case .float32: change(&value, Float.self) { $0 > 0 ? $0 : $0 * alpha }
      case .float64: change(&value, Double.self) { $0 > 0 ? $0 : $0 * Double(alpha) }
      default: throw EngineError.noKernel("LeakyRelu", value.dtype)
      }
      context.setOutput(0, value)
    }
  }
  defineTests(&ops)
  ops.kernel("LogicalNot") { _ in
    { context in
      var value = try context.take(0)
      change(&value, Bool.self) { !$0 }
      context.setOutput(0, value)
    }
  }
  ops.kernel("ZerosLike") { _ in
    { context in
      let value = try context.input(0)
      context.setOutput(0, Tensor(zeros: value.dtype, shape: value.shape))
    }
  }
  ops.kernel("OnesLike") { _ in
    { context in
      let value = try context.input(0)
      context.setOutput(0, try Casting.cast(Tensor(repeating: true, shape: value.shape), to: value.dtype))
    }
  }
  ops.kernel("AddN") { _ in addAll }
}

/// Tests of floating point values.
private func defineTests(_ ops: inout OpRegistry) {
  func add(
    _ name: String, _ float: @escaping @Sendable (Float) -> Bool, _ double: @escaping @Sendable (Double) -> Bool
  ) {
    ops.kernel(name) { _ in
      { context in
        let value = try context.input(0)
        switch value.dtype {
        case .float32: context.setOutput(0, Tensor(value.scalars(Float.self).map(float), shape: value.shape))
        case .float64: context.setOutput(0, Tensor(value.scalars(Double.self).map(double), shape: value.shape))
        default: throw EngineError.noKernel(name, value.dtype)
        }
      }
    }
  }
  add("IsFinite", \.isFinite, \.isFinite)
  add("IsInf", \.isInfinite, \.isInfinite)
  add("IsNan", \.isNaN, \.isNaN)
}

extension Tensor {
  /// A tensor of one value.
  init<S: TensorScalar>(repeating value: S, shape: Shape) {
    self.init([S](repeating: value, count: shape.elementCount), shape: shape)
  }
}

/// Replaces every element.
@inline(__always)
private func change<T: TensorScalar>(_ value: inout Tensor, _: T.Type, _ body: (T) -> T) {
  value.withMutableElements(of: T.self) { elements in
    for index in elements.indices { elements[index] = body(elements[index]) }
  }
}

private func changeIntegers(_ value: inout Tensor, _ name: String) throws {
  switch value.dtype {
  case .int32: try changeIntegers(&value, name, Int32.self)
  case .int64: try changeIntegers(&value, name, Int64.self)
  case .int16: try changeIntegers(&value, name, Int16.self)
  case .int8: try changeIntegers(&value, name, Int8.self)
  case .uint8: try changeIntegers(&value, name, UInt8.self)
  case .uint16: try changeIntegers(&value, name, UInt16.self)
  default: throw EngineError.noKernel(name, value.dtype)
  }
}

private func changeIntegers<T: TensorScalar & FixedWidthInteger>(
  _ value: inout Tensor, _ name: String, _: T.Type
) throws {
  switch name {
  case "Neg": change(&value, T.self) { 0 &- $0 }
  case "Abs": change(&value, T.self) { $0 < 0 ? 0 &- $0 : $0 }
  case "Square": change(&value, T.self) { $0 &* $0 }
  case "Sign": change(&value, T.self) { $0.signum() }
  case "Floor", "Ceil": break
  case "Relu": change(&value, T.self) { max($0, 0) }
  case "Relu6": change(&value, T.self) { min(max($0, 0), 6) }
  default: throw EngineError.noKernel(name, value.dtype)
  }
}

/// The sum of tensors of one shape, from the first to the last.
@Sendable private func addAll(_ context: KernelContext) throws {
  var sum = try context.take(0)
  for index in 1..<context.inputCount {
    let next = try context.input(index)
    guard next.shape == sum.shape else {
      throw EngineError.invalid(
        "Inputs to operation AddN must have the same size and shape.  "
          + "Input 0: \(sum.shape) != input \(index): \(next.shape)")
    }
    switch sum.dtype {
    case .float32:
      next.withElements(of: Float.self) { y in
        sum.withMutableElements(of: Float.self) { x in
          ck_binary_f32(CK_ADD, CK_BOTH, x.baseAddress, y.baseAddress, x.baseAddress, x.count)
        }
      }
    case .float64:
      next.withElements(of: Double.self) { y in
        sum.withMutableElements(of: Double.self) { x in
          ck_binary_f64(CK_ADD, CK_BOTH, x.baseAddress, y.baseAddress, x.baseAddress, x.count)
        }
      }
    case .int32: addIntegers(&sum, next, Int32.self)
    case .int64: addIntegers(&sum, next, Int64.self)
    default: throw EngineError.noKernel("AddN", sum.dtype)
    }
  }
  context.setOutput(0, sum)
}

private func addIntegers<T: TensorScalar & FixedWidthInteger>(_ sum: inout Tensor, _ next: Tensor, _: T.Type) {
  next.withElements(of: T.self) { y in
    sum.withMutableElements(of: T.self) { x in
      for index in x.indices { x[index] &+= y[index] }
    }
  }
}
