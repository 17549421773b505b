import Foundation
import Tensors

/// Kernels of byte strings.
@Sendable func defineStringKernels(_ ops: inout OpRegistry) {
  ops.kernel("AsString") { node in
    let format = try NumberFormat(node)
    return { context in
      let input = try context.input(0)
      context.setOutput(0, Tensor(strings: try format.texts(of: input).map { Array($0.utf8) }, shape: input.shape))
    }
  }
  ops.kernel("StringToNumber") { node in
    let type = try node.type("out_type")
    return { context in
      let input = try context.input(0)
      let texts = input.strings.map { String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespaces) }
      func numbers<T: TensorScalar & LosslessStringConvertible>(_: T.Type) throws -> Tensor {
        Tensor(
          try texts.map { text in
            guard let number = T(text) else {
              throw EngineError.invalid("StringToNumberOp could not correctly convert string: \(text)")
            }
            return number
          }, shape: input.shape)
      }
      switch type {
      case .float32: context.setOutput(0, try numbers(Float.self))
      case .float64: context.setOutput(0, try numbers(Double.self))
      case .int32: context.setOutput(0, try numbers(Int32.self))
      case .int64: context.setOutput(0, try numbers(Int64.self))
      default: throw EngineError.noKernel("StringToNumber", type)
      }
    }
  }
  ops.kernel("StringLength") { node in
    let countsCharacters = try node.string("unit") == "UTF8_CHAR"
    return { context in
      let input = try context.input(0)
      let lengths = input.strings.map { bytes in
        countsCharacters ? String(decoding: bytes, as: UTF8.self).unicodeScalars.count : bytes.count
      }
      context.setOutput(0, integerTensor(lengths, .int32, shape: input.shape))
    }
  }
  for name in ["StringLower", "StringUpper"] {
    ops.kernel(name) { node in
      // Without an encoding only the letters of ASCII change.
      let isUnicode = try node.string("encoding") == "utf-8"
      let change: @Sendable (String) -> String = { name == "StringLower" ? $0.lowercased() : $0.uppercased() }
      return { context in
        let input = try context.input(0)
        let strings = input.strings.map { bytes in
          isUnicode
            ? Array(change(String(decoding: bytes, as: UTF8.self)).utf8)
            : bytes.map { $0 < 128 ? change(String(UnicodeScalar($0))).utf8.first ?? $0 : $0 }
        }
        context.setOutput(0, Tensor(strings: strings, shape: input.shape))
      }
    }
  }
  ops.kernel("StringStrip") { _ in
    { context in
      let input = try context.input(0)
      func isBlank(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }
      let strings = input.strings.map { bytes in
        Array(Array(bytes.drop(while: isBlank).reversed()).drop(while: isBlank).reversed())
      }
      context.setOutput(0, Tensor(strings: strings, shape: input.shape))
    }
  }
  ops.kernel("Substr") { node in
    let countsCharacters = try node.string("unit") == "UTF8_CHAR"
    return { try substrings($0, countsCharacters: countsCharacters) }
  }
  ops.kernel("ReduceJoin") { node in
    let (keeps, separator) = (try node.bool("keep_dims"), Array(try node.string("separator").utf8))
    return { try reduceJoin($0, keeps: keeps, separator: separator) }
  }
  ops.kernel("StringSplit") { node in
    let skipsEmpty = try node.bool("skip_empty")
    return { context in
      let delimiters = try context.input(1)
      guard delimiters.elementCount == 1 else {
        throw EngineError.invalid("delimiter must scalar, got shape: \(delimiters.shape)")
      }
      let separators = Set(delimiters.strings[0])
      try split(context) { bytes in
        // Without delimiters every byte stands alone.
        if separators.isEmpty { return bytes.map { [$0] } }
        let parts = bytes.split(omittingEmptySubsequences: skipsEmpty) { separators.contains($0) }
        return parts.map { Array($0) }
      }
    }
  }
  ops.kernel("StringSplitV2") { node in
    let most = try node.int("maxsplit")
    return { context in
      let separator = try context.input(1)
      guard separator.elementCount == 1 else {
        throw EngineError.invalid("sep must be a scalar, got shape: \(separator.shape)")
      }
      let sep = separator.strings[0]
      try split(context) { parts(of: $0, by: sep, most: most < 0 ? .max : most) }
    }
  }
  ops.kernel("EncodeBase64") { node in
    let pads = try node.bool("pad")
    return { context in
      let input = try context.input(0)
      let strings = input.strings.map { bytes -> [UInt8] in
        let text = Data(bytes).base64EncodedString().replacingOccurrences(of: "+", with: "-")
          .replacingOccurrences(of: "/", with: "_")
        return Array((pads ? text : text.replacingOccurrences(of: "=", with: "")).utf8)
      }
      context.setOutput(0, Tensor(strings: strings, shape: input.shape))
    }
  }
  ops.kernel("DecodeBase64") { _ in
    { context in
      let input = try context.input(0)
      let strings = try input.strings.map { bytes -> [UInt8] in
        var text = String(decoding: bytes, as: UTF8.self).replacingOccurrences(of: "-", with: "+")
          .replacingOccurrences(of: "_", with: "/")
        while text.utf8.count % 4 != 0 { text += "=" }
        guard let data = Data(base64Encoded: text) else {
          throw EngineError.invalid("Invalid character found in base64.")
        }
        return [UInt8](data)
      }
      context.setOutput(0, Tensor(strings: strings, shape: input.shape))
    }
  }
  ops.kernel("Timestamp") { _ in { $0.setOutput(0, Tensor(Date().timeIntervalSince1970)) } }
  ops.noGradient(
    "AsString", "StringToNumber", "StringLength", "StringLower", "StringUpper", "StringStrip", "Substr", "ReduceJoin",
    "StringSplit", "StringSplitV2", "EncodeBase64", "DecodeBase64", "Timestamp")
}

/// How `AsString` writes numbers: C's format with the node's attributes.
private struct NumberFormat: Sendable {
  let precision: Int
  let scientific: Bool
  let shortest: Bool
  let width: Int
  let fill: String

  init(_ node: Node) throws {
    (precision, width) = (try node.int("precision"), try node.int("width"))
    (scientific, shortest) = (try node.bool("scientific"), try node.bool("shortest"))
    fill = try node.string("fill")
    guard ["", " ", "-", "0", "+"].contains(fill) else {
      throw EngineError.invalid("Fill string must be one or fewer of \" -0+\"")
    }
    guard !(scientific && shortest) else { throw EngineError.invalid("scientific and shortest cannot both be true") }
    guard (-1...1000).contains(precision), (-1...1000).contains(width) else {
      throw EngineError.invalid("precision and width must be at most 1000")
    }
  }

  func texts(of tensor: Tensor) throws -> [String] {
    let flags = "%" + fill + (width > -1 ? "\(width)" : "")
    if tensor.dtype == .bool {
      return tensor.scalars(Bool.self).map { padded($0 ? "true" : "false") }
    }
    if let integers = wholeNumbers(tensor) { return integers.map { String(format: flags + "lld", $0) } }
    let kind = shortest ? "g" : scientific ? "e" : "f"
    let format = flags + (precision > -1 ? ".\(precision)" : "") + kind
    func text(_ value: Double) -> String { value.isFinite ? String(format: format, value) : padded(special(value)) }
    switch tensor.dtype {
    case .complex64:
      return tensor.scalars(Complex64.self).map { "(\(text(Double($0.real))),\(text(Double($0.imaginary))))" }
    case .complex128: return tensor.scalars(Complex128.self).map { "(\(text($0.real)),\(text($0.imaginary)))" }
    default: return try doubles(tensor, "AsString").map(text)
    }
  }

  private func wholeNumbers(_ tensor: Tensor) -> [Int64]? {
    switch tensor.dtype {
    case .int8: tensor.scalars(Int8.self).map(Int64.init)
    case .int16: tensor.scalars(Int16.self).map(Int64.init)
    case .int32: tensor.scalars(Int32.self).map(Int64.init)
    case .int64: tensor.scalars(Int64.self)
    default: nil
    }
  }

  private func special(_ value: Double) -> String { value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }

  private func padded(_ text: String) -> String {
    String(repeating: " ", count: max(0, width - text.utf8.count)) + text
  }
}

private func substrings(_ context: KernelContext, countsCharacters: Bool) throws {
  let input = try context.input(0)
  let (positions, lengths) = (try context.integers(1), try context.integers(2))
  let shape = try context.shape(1)
  guard try context.shape(2) == shape else {
    throw EngineError.invalid("pos and len should have the same shape, got: \(shape) vs. \(try context.shape(2))")
  }
  let broadcast = try Broadcast(input.shape, shape)
  try KernelContext.checkSize(.string, broadcast.result)
  var results = [[UInt8]](repeating: [], count: broadcast.result.elementCount)
  let strings = input.strings
  var failure: EngineError?
  broadcast.forEachRun { form, i, j, k, count in
    for step in 0..<count where failure == nil {
      let bytes = strings[i + (form == .leftScalar ? 0 : step)]
      let at = j + (form == .rightScalar ? 0 : step)
      let units: [[UInt8]]? =
        countsCharacters ? String(decoding: bytes, as: UTF8.self).unicodeScalars.map { Array(String($0).utf8) } : nil
      let total = units?.count ?? bytes.count
      let start = positions[at] < 0 ? positions[at] &+ total : positions[at]
      guard (0...total).contains(start) else {
        failure = EngineError.invalid(
          "pos \(positions[at]) out of range for string b'\(String(decoding: bytes, as: UTF8.self))'")
        continue
      }
      let end = lengths[at] < 0 ? start : start + min(lengths[at], total - start)
      results[k + step] = units.map { Array($0[start..<end].joined()) } ?? Array(bytes[start..<end])
    }
  }
  if let failure { throw failure }
  context.setOutput(0, Tensor(strings: results, shape: broadcast.result))
}

private func reduceJoin(_ context: KernelContext, keeps: Bool, separator: [UInt8]) throws {
  let input = try context.input(0)
  let axes = try context.integers(1).map { try checkedAxis($0, rank: input.rank, "Invalid reduction dimension") }
  guard Set(axes).count == axes.count else { throw EngineError.invalid("Duplicate reduction dimension") }
  if axes.isEmpty { return context.setOutput(0, input) }
  let kept = (0..<input.rank).filter { !axes.contains($0) }
  // The axis named first runs fastest.
  let order = Array(axes.reversed())
  let strides = input.shape.strides
  let strings = input.strings
  let outer = Shape(kept.map { input.shape[$0] })
  let inner = Shape(order.map { input.shape[$0] })
  try KernelContext.checkSize(.string, outer)
  func offset(_ index: Int, _ shape: Shape, _ dimensions: [Int]) -> Int {
    zip(dimensions, shape.strides.indices).reduce(0) { sum, pair in
      sum + index / shape.strides[pair.1] % max(shape[pair.1], 1) * strides[pair.0]
    }
  }
  let count = inner.elementCount
  let results = (0..<outer.elementCount).map { row -> [UInt8] in
    let base = offset(row, outer, kept)
    return Array((0..<count).map { strings[base + offset($0, inner, order)] }.joined(separator: separator))
  }
  let shape = keeps ? Shape((0..<input.rank).map { axes.contains($0) ? 1 : input.shape[$0] }) : outer
  context.setOutput(0, Tensor(strings: results, shape: shape))
}

/// Splits each string of a vector; the parts come as a sparse matrix, a row a string.
private func split(_ context: KernelContext, _ parts: ([UInt8]) -> [[UInt8]]) throws {
  let input = try context.input(0)
  guard input.rank == 1 else { throw EngineError.invalid("input must be a vector, got shape: \(input.shape)") }
  var (indices, values, widest): ([Int64], [[UInt8]], Int) = ([], [], 0)
  for (row, string) in input.strings.enumerated() {
    let found = parts(string)
    for column in found.indices { indices += [Int64(row), Int64(column)] }
    values += found
    widest = max(widest, found.count)
  }
  context.setOutput(0, Tensor(indices, shape: [values.count, 2]))
  context.setOutput(1, Tensor(strings: values, shape: [values.count]))
  context.setOutput(2, Tensor([Int64(input.elementCount), Int64(widest)]))
}

/// Python's `split`: by a separator, or by runs of white space where there is none.
private func parts(of bytes: [UInt8], by separator: [UInt8], most: Int) -> [[UInt8]] {
  var found: [[UInt8]] = []
  var rest = ArraySlice(bytes)
  func isBlank(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }
  if separator.isEmpty {
    while true {
      rest = rest.drop(while: isBlank)
      guard !rest.isEmpty else { return found }
      guard found.count < most else {
        while let last = rest.last, isBlank(last) { rest.removeLast() }
        return found + [Array(rest)]
      }
      let word = rest.prefix { !isBlank($0) }
      found.append(Array(word))
      rest = rest.dropFirst(word.count)
    }
  }
  while found.count < most, let range = rest.firstRange(of: separator) {
    found.append(Array(rest[..<range.lowerBound]))
    rest = rest[range.upperBound...]
  }
  return found + [Array(rest)]
}
