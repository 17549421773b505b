import Tensors

// Shape functions that several families share, after TensorFlow's `common_shape_fns.cc`.

enum Shapes {
  /// One output shaped as the first input.
  static let unchanged: OpDefinition.ShapeFunction = { [$0.inputShapes[0]] }
  static let scalar: OpDefinition.ShapeFunction = { _ in [.scalar] }
  static let none: OpDefinition.ShapeFunction = { _ in [] }

  /// One output shaped as the first input, with which all others must agree.
  static let merged: OpDefinition.ShapeFunction = { context in
    [try context.inputShapes.dropFirst().reduce(context.inputShapes[0]) { try $0.merged(with: $1) }]
  }

  /// The attribute `shape`.
  static let attribute: OpDefinition.ShapeFunction = { [try $0.node.shape("shape")] }

  /// NumPy's broadcasting of two inputs.
  static let broadcast: OpDefinition.ShapeFunction = { [try broadcast($0.inputShapes[0], $0.inputShapes[1])] }

  static func broadcast(_ a: PartialShape, _ b: PartialShape) throws -> PartialShape {
    guard let left = a.dimensions, let right = b.dimensions else { return .unknown }
    let rank = max(left.count, right.count)
    var result = [Int?](repeating: nil, count: rank)
    for offset in 1...max(rank, 1) where offset <= rank {
      let x: Int? = offset <= left.count ? left[left.count - offset] : 1
      let y: Int? = offset <= right.count ? right[right.count - offset] : 1
      switch (x, y) {
      case (1, _): result[rank - offset] = y
      case (_, 1): result[rank - offset] = x
      // One is unknown: it is either 1 or equal to the other, which decides unless it is unknown too.
      case (nil, _): result[rank - offset] = y
      case (_, nil): result[rank - offset] = x
      case (let x?, let y?):
        guard x == y else { throw ShapeError("Dimensions must be equal, but are \(x) and \(y)") }
        result[rank - offset] = x
      }
    }
    return PartialShape(result)
  }

  /// A reduction of input 0 over the axes in input 1.
  static let reduction: OpDefinition.ShapeFunction = { context in
    let keeps = try context.node.bool("keep_dims")
    guard let dimensions = context.inputShapes[0].dimensions else { return [.unknown] }
    guard let axes = context.integers(1) else {
      return [keeps ? .ofRank(dimensions.count) : .unknown]
    }
    var reduced = Set<Int>()
    for axis in axes {
      guard axis >= -dimensions.count, axis < dimensions.count else {
        throw ShapeError("Invalid reduction dimension \(axis) for input with \(dimensions.count) dimensions.")
      }
      reduced.insert(axis < 0 ? axis + dimensions.count : axis)
    }
    return [
      PartialShape(
        dimensions.indices.compactMap { axis -> Int?? in
          reduced.contains(axis) ? (keeps ? .some(1) : nil) : .some(dimensions[axis])
        })
    ]
  }

  /// The tensor whose dimensions input `index` holds.
  static func fromValue(_ index: Int) -> OpDefinition.ShapeFunction { { [try $0.shapeValue(index)] } }

  /// A checked axis, counted from the front.
  static func axis(_ axis: Int, rank: Int) throws -> Int {
    guard axis >= -rank, axis < rank else {
      throw ShapeError("Dimension \(axis) must be in the range [-\(rank), \(rank))")
    }
    return axis < 0 ? axis + rank : axis
  }
}
