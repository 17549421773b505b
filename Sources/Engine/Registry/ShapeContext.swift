import Tensors

/// What a shape function may look at: the node, the shapes of its inputs, and inputs whose values are already known.
struct ShapeContext {
  let node: Node
  let inputs: [Output]
  let inputShapes: [PartialShape]
  private let values = ConstantValues()

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
      guard shapes.count == node.outputCount else { return unknown }
      // A dimension computed from a negative number is none.
      return shapes.map { shape in PartialShape(shape.dimensions?.map { $0.flatMap { $0 < 0 ? nil : $0 } }) }
    } catch let error as ShapeError {
      let list = inputShapes.map(\.description).joined(separator: ", ")
      throw EngineError(
        .invalidArgument, "\(error.message) for '\(node.name)' (op: '\(node.op)') with input shapes: \(list).")
    }
  }

  /// The value of input `index` where it does not depend on variables, feeds or random numbers.
  func constant(_ index: Int) -> Tensor? {
    inputs.indices.contains(index) ? values.evaluate(inputs[index]) : nil
  }

  /// The value of input `index` as integers.
  func integers(_ index: Int) -> [Int]? { constant(index).flatMap(Self.integers) }

  /// Input `index` read as a list of dimensions, of which some may be known though others are not.
  func shapeValue(_ index: Int) throws -> PartialShape {
    if let values = integers(index) {
      if let bad = values.first(where: { $0 < -1 }) { throw ShapeError("Dimension \(bad) must be >= 0") }
      return PartialShape(values.map { $0 < 0 ? nil : $0 })
    }
    return values.partialShape(inputs[index])
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
