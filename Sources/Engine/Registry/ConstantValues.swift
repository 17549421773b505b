import Tensors

/// Values and shapes of outputs that are known while the graph is built.
///
/// One object serves one question, such as the inference of a node's shapes: it remembers what it has found, so that
/// a value used many times is computed once, and gives up after a while.
final class ConstantValues {
  /// Deep chains of shape arithmetic do not occur; the limit keeps hostile graphs from exhausting the stack.
  private static let depthLimit = 24
  private static let elementLimit = 1 << 16
  /// How many outputs are looked at, which keeps hostile graphs from exhausting patience.
  private static let outputLimit = 1024

  /// What is known of outputs seen so far; nothing for those being looked at, which cuts loops.
  private var tensors: [Output: Tensor?] = [:]
  private var shapes: [Output: PartialShape] = [:]

  /// The value of an output that depends on constants and static shapes only; nil for every other.
  static func evaluate(_ output: Output) -> Tensor? { ConstantValues().evaluate(output) }

  func evaluate(_ output: Output) -> Tensor? { evaluate(output, depth: 0) }

  func partialShape(_ output: Output) -> PartialShape { partialShape(output, depth: 0) }

  private func evaluate(_ output: Output, depth: Int) -> Tensor? {
    if let known = tensors[output] { return known }
    guard depth < Self.depthLimit, tensors.count < Self.outputLimit else { return nil }
    tensors.updateValue(nil, forKey: output)
    let value = computed(output, depth: depth)
    tensors.updateValue(value, forKey: output)
    return value
  }

  private func computed(_ output: Output, depth: Int) -> Tensor? {
    let node = output.node
    guard let definition = node.definition, !definition.isStateful else { return nil }
    if let count = output.shape.elementCount, count > Self.elementLimit { return nil }
    let inputs = node.inputs
    switch node.op {
    case "Const": return try? node.constantValue()
    case "PlaceholderWithDefault", "Placeholder": return nil
    case "Shape", "ShapeN", "Size", "Rank":
      guard output.index < inputs.count, inputs[output.index].shape.isFullyKnown || node.op == "Rank" else {
        return nil
      }
      return Self.staticShapeValue(node, inputs[output.index].shape)
    default: break
    }
    guard !inputs.isEmpty, inputs.count <= 64, let factory = definition.makeKernel else { return nil }
    if inputs.contains(where: { $0.isReference }) { return nil }
    var values: [Tensor] = []
    for input in inputs {
      guard let value = evaluate(input, depth: depth + 1) else { return nil }
      values.append(value)
    }
    guard let kernel = try? factory(node) else { return nil }
    return try? KernelContext.evaluate(kernel, inputs: values, outputs: node.outputCount)[output.index]
  }

  private static func staticShapeValue(_ node: Node, _ shape: PartialShape) -> Tensor? {
    let type = (try? node.type("out_type")) ?? .int32
    let values: [Int]
    let resultShape: Shape
    switch node.op {
    case "Size":
      guard let count = shape.elementCount else { return nil }
      (values, resultShape) = ([count], .scalar)
    case "Rank":
      guard let rank = shape.rank else { return nil }
      (values, resultShape) = ([rank], .scalar)
    default:
      guard let full = shape.full else { return nil }
      (values, resultShape) = (full.dimensions, [full.rank])
    }
    if type == .int64 { return Tensor(values.map(Int64.init), shape: resultShape) }
    let narrow = values.compactMap { Int32(exactly: $0) }
    return narrow.count == values.count ? Tensor(narrow, shape: resultShape) : nil
  }

  /// An integer vector read as dimensions, following `Shape`, `Pack`, `ConcatV2`, `StridedSlice` and `Cast` through
  /// dimensions that are not known yet.
  private func partialShape(_ output: Output, depth: Int) -> PartialShape {
    if let known = shapes[output] { return known }
    let fallback = output.shape[0].map(PartialShape.ofRank) ?? .unknown
    guard depth < Self.depthLimit, shapes.count < Self.outputLimit else { return fallback }
    shapes[output] = fallback
    let shape = followed(output, fallback, depth: depth)
    shapes[output] = shape
    return shape
  }

  private func followed(_ output: Output, _ fallback: PartialShape, depth: Int) -> PartialShape {
    if let value = evaluate(output), let integers = ShapeContext.integers(value) {
      return PartialShape(integers.map { $0 < 0 ? nil : $0 })
    }
    let node = output.node
    let inputs = node.inputs
    // A node of a loop may still lack its inputs.
    guard !inputs.isEmpty else { return fallback }
    switch node.op {
    case "Shape", "ShapeN":
      return inputs[output.index].shape
    case "Cast", "Identity":
      return inputs[0].isReference ? fallback : partialShape(inputs[0], depth: depth + 1)
    case "Pack":
      guard output.shape.rank == 1 else { return fallback }
      return PartialShape(
        inputs.map { input in
          let value = evaluate(input).flatMap(ShapeContext.integers)?.first ?? scalarDimension(input, depth: depth + 1)
          return value.flatMap { $0 < 0 ? nil : $0 }
        })
    case "ConcatV2":
      var joined = PartialShape.scalar
      for input in inputs.dropLast() {
        joined = joined.concatenated(with: partialShape(input, depth: depth + 1))
      }
      return joined
    case "StridedSlice":
      guard let range = sliceRange(node, inputs, depth: depth),
        let source = partialShape(inputs[0], depth: depth + 1).dimensions,
        range.upperBound <= source.count
      else { return fallback }
      return PartialShape(Array(source[range]))
    default:
      return fallback
    }
  }

  /// `shape[i]` of a partly known shape.
  private func scalarDimension(_ output: Output, depth: Int) -> Int? {
    guard output.node.op == "StridedSlice", depth < Self.depthLimit, output.node.inputs.count == 4,
      (try? output.node.int("shrink_axis_mask")) == 1,
      let begin = evaluate(output.node.inputs[1]).flatMap(ShapeContext.integers)?.first
    else { return nil }
    return partialShape(output.node.inputs[0], depth: depth + 1)[begin]
  }

  /// `[begin:end]` with stride 1 over a vector.
  private func sliceRange(_ node: Node, _ inputs: [Output], depth: Int) -> Range<Int>? {
    guard inputs.count == 4, let begin = evaluate(inputs[1]).flatMap(ShapeContext.integers)?.first,
      let end = evaluate(inputs[2]).flatMap(ShapeContext.integers)?.first,
      evaluate(inputs[3]).flatMap(ShapeContext.integers) == [1],
      let beginMask = try? node.int("begin_mask"), let endMask = try? node.int("end_mask"),
      (try? node.int("shrink_axis_mask")) == 0, (try? node.int("new_axis_mask")) == 0,
      let count = inputs[0].shape[0] ?? partialShape(inputs[0], depth: depth + 1).rank
    else { return nil }
    let first = beginMask != 0 ? 0 : min(max(begin < 0 ? begin + count : begin, 0), count)
    let last = endMask != 0 ? count : min(max(end < 0 ? end + count : end, 0), count)
    return first <= last ? first..<last : nil
  }
}
