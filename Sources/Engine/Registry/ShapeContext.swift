import Tensors

/// What a shape function may look at: the node, the shapes of its inputs, and inputs whose values are already known.
struct ShapeContext {
  let node: Node
  let inputs: [Output]
  let inputShapes: [PartialShape]

  init(node: Node) {
    self.node = node
    inputs = node.inputs
    inputShapes = inputs.map(\.shape)
  }

  /// Infers the output shapes, all unknown where the operation has no shape function.
  /// - Throws: `EngineError` with TensorFlow's suffix naming node, operation and input shapes.
  func infer() throws -> [PartialShape] {
    let unknown = [PartialShape](repeating: .unknown, count: node.outputCount)
    guard let function = node.definition?.inferShapes else { return unknown }
    do {
      let shapes = try function(self)
      return shapes.count == node.outputCount ? shapes : unknown
    } catch let error as ShapeError {
      let list = inputShapes.map(\.description).joined(separator: ", ")
      throw EngineError(
        .invalidArgument, "\(error.message) for '\(node.name)' (op: '\(node.op)') with input shapes: \(list).")
    }
  }

  /// The value of input `index` where it does not depend on variables, feeds or random numbers.
  func constant(_ index: Int) -> Tensor? {
    inputs.indices.contains(index) ? ConstantValues.evaluate(inputs[index]) : nil
  }

  /// The value of input `index` as integers.
  func integers(_ index: Int) -> [Int]? { constant(index).flatMap(Self.integers) }

  /// Input `index` read as a list of dimensions, of which some may be known though others are not.
  func shapeValue(_ index: Int) throws -> PartialShape {
    if let values = integers(index) {
      if let bad = values.first(where: { $0 < -1 }) { throw ShapeError("Dimension \(bad) must be >= 0") }
      return PartialShape(values.map { $0 < 0 ? nil : $0 })
    }
    return ConstantValues.partialShape(inputs[index])
  }

  static func integers(_ tensor: Tensor) -> [Int]? {
    switch tensor.dtype {
    case .int32: tensor.scalars(Int32.self).map(Int.init)
    case .int64: tensor.scalars(Int64.self).map(Int.init)
    default: nil
    }
  }

  /// Requires input `index` to have this rank; answers its shape with at least the rank known.
  @discardableResult
  func withRank(_ index: Int, _ rank: Int) throws -> PartialShape {
    let shape = inputShapes[index]
    guard let known = shape.rank else { return .ofRank(rank) }
    guard known == rank else { throw ShapeError("Shape must be rank \(rank) but is rank \(known)") }
    return shape
  }

  /// Requires input `index` to have at least this rank.
  @discardableResult
  func withRankAtLeast(_ index: Int, _ rank: Int) throws -> PartialShape {
    let shape = inputShapes[index]
    if let known = shape.rank, known < rank {
      throw ShapeError("Shape must be at least rank \(rank) but is rank \(known)")
    }
    return shape
  }

  /// One dimension that both sides must agree on.
  static func mergeDimension(_ a: Int?, _ b: Int?) throws -> Int? {
    if let a, let b, a != b { throw ShapeError("Dimensions must be equal, but are \(a) and \(b)") }
    return a ?? b
  }
}

/// Values and shapes of outputs that are known while the graph is built.
enum ConstantValues {
  /// Deep chains of shape arithmetic do not occur; the limit keeps hostile graphs from exhausting the stack.
  private static let depthLimit = 24
  private static let elementLimit = 1 << 16

  /// Evaluates an output that depends on constants and static shapes only; nil for every other.
  static func evaluate(_ output: Output, depth: Int = 0) -> Tensor? {
    let node = output.node
    guard let definition = node.definition, depth < depthLimit, !definition.isStateful else { return nil }
    if let count = output.shape.elementCount, count > elementLimit { return nil }
    switch node.op {
    case "Const": return try? node.constantValue()
    case "PlaceholderWithDefault", "Placeholder": return nil
    case "Shape", "ShapeN", "Size", "Rank":
      let inputs = node.inputs
      guard output.index < inputs.count, inputs[output.index].shape.isFullyKnown || node.op == "Rank" else {
        return nil
      }
      return staticShapeValue(node, inputs[output.index].shape)
    default: break
    }
    let inputs = node.inputs
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
  static func partialShape(_ output: Output, depth: Int = 0) -> PartialShape {
    let fallback = output.shape[0].map(PartialShape.ofRank) ?? .unknown
    guard depth < depthLimit else { return fallback }
    if let value = evaluate(output), let integers = ShapeContext.integers(value) {
      return PartialShape(integers.map { $0 < 0 ? nil : $0 })
    }
    let node = output.node
    let inputs = node.inputs
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
      return inputs.dropLast().map { partialShape($0, depth: depth + 1) }
        .reduce(PartialShape.scalar) { $0.concatenated(with: $1) }
    case "StridedSlice":
      guard let range = sliceRange(node, inputs), let source = partialShape(inputs[0], depth: depth + 1).dimensions,
        range.upperBound <= source.count
      else { return fallback }
      return PartialShape(Array(source[range]))
    default:
      return fallback
    }
  }

  /// `shape[i]` of a partly known shape.
  private static func scalarDimension(_ output: Output, depth: Int) -> Int? {
    guard output.node.op == "StridedSlice", depth < depthLimit, (try? output.node.int("shrink_axis_mask")) == 1,
      let begin = evaluate(output.node.inputs[1]).flatMap(ShapeContext.integers)?.first
    else { return nil }
    return partialShape(output.node.inputs[0], depth: depth + 1)[begin]
  }

  /// `[begin:end]` with stride 1 over a vector.
  private static func sliceRange(_ node: Node, _ inputs: [Output]) -> Range<Int>? {
    guard let begin = evaluate(inputs[1]).flatMap(ShapeContext.integers)?.first,
      let end = evaluate(inputs[2]).flatMap(ShapeContext.integers)?.first,
      evaluate(inputs[3]).flatMap(ShapeContext.integers) == [1],
      let beginMask = try? node.int("begin_mask"), let endMask = try? node.int("end_mask"),
      (try? node.int("shrink_axis_mask")) == 0, (try? node.int("new_axis_mask")) == 0,
      let count = inputs[0].shape[0] ?? partialShape(inputs[0]).rank
    else { return nil }
    let first = beginMask != 0 ? 0 : min(max(begin < 0 ? begin + count : begin, 0), count)
    let last = endMask != 0 ? count : min(max(end < 0 ? end + count : end, 0), count)
    return first <= last ? first..<last : nil
  }
}
