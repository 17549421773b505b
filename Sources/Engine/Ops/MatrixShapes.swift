import Tensors

/// Shape functions of padding, diagonals, moves between dimensions, and linear algebra.
enum MatrixShapes {
  static let padded: OpDefinition.ShapeFunction = { try padding($0, sign: 1) }
  static let unpadded: OpDefinition.ShapeFunction = { try padding($0, sign: -1) }

  private static func padding(_ context: ShapeContext, sign: Int) throws -> [PartialShape] {
    let pairs = try context.withRank(1, 2)
    _ = try ShapeContext.mergeDimension(pairs[1], 2)
    guard let dimensions = context.inputShapes[0].dimensions else {
      return [pairs[0].map(PartialShape.ofRank) ?? .unknown]
    }
    if let count = pairs[0], count != dimensions.count {
      throw ShapeError("Shape must be rank \(count) but is rank \(dimensions.count)")
    }
    guard let amounts = context.integers(1), amounts.count == 2 * dimensions.count else {
      return [.ofRank(dimensions.count)]
    }
    if amounts.contains(where: { $0 < 0 }) { throw ShapeError("Paddings must be non-negative") }
    return [
      PartialShape(
        dimensions.enumerated().map { axis, size in
          guard let size else { return nil }
          let (sum, first) = amounts[2 * axis].addingReportingOverflow(amounts[2 * axis + 1])
          let (total, second) = size.addingReportingOverflow(first ? 0 : sign * sum)
          return first || second ? nil : total
        })
    ]
  }

  static let matrixDiagonal: OpDefinition.ShapeFunction = { context in
    let diagonal = try context.withRankAtLeast(0, 1)
    return [diagonal.dimensions.map { PartialShape($0 + [$0.last ?? nil]) } ?? .unknown]
  }

  static let matrixDiagonalPart: OpDefinition.ShapeFunction = { context in
    guard let dimensions = try context.withRankAtLeast(0, 2).dimensions else { return [.unknown] }
    let (rows, columns) = (dimensions[dimensions.count - 2], dimensions[dimensions.count - 1])
    let length: Int? = rows.flatMap { rows in columns.map { min(rows, $0) } }
    return [PartialShape(Array(dimensions.dropLast(2)) + [length])]
  }

  /// Only the rank is sure before the run, except where block and sizes are known; the kernel checks those.
  static let spaceAndBatch: OpDefinition.ShapeFunction = { context in
    [context.inputShapes[0].rank.map(PartialShape.ofRank) ?? .unknown]
  }

  static let spaceAndDepth: OpDefinition.ShapeFunction = { context in
    let input = try context.withRank(0, 4)
    let block = try context.node.int("block_size")
    guard (2...WindowAxis.largest).contains(block) else { throw ShapeError("block_size must be > 1") }
    let isFirst = try context.node.string("data_format") == "NCHW"
    guard let sizes = input.dimensions else { return [.ofRank(4)] }
    let (rows, columns, channels) = isFirst ? (2, 3, 1) : (1, 2, 3)
    var result = sizes
    func scaled(_ size: Int?, _ factor: Int, divides: Bool) throws -> Int? {
      guard let size else { return nil }
      if divides {
        guard size % factor == 0 else {
          throw ShapeError("Dimension size must be evenly divisible by \(factor) but is \(size)")
        }
        return size / factor
      }
      let (product, overflow) = size.multipliedReportingOverflow(by: factor)
      return overflow ? nil : product
    }
    let toDepth = context.node.op == "SpaceToDepth"
    result[rows] = try scaled(sizes[rows], block, divides: toDepth)
    result[columns] = try scaled(sizes[columns], block, divides: toDepth)
    result[channels] = try scaled(sizes[channels], block * block, divides: !toDepth)
    return [PartialShape(result)]
  }

  /// A batch of square matrices, and one like it.
  static let square: OpDefinition.ShapeFunction = { context in
    let shape = try context.withRankAtLeast(0, 2)
    guard var dimensions = shape.dimensions else { return [.unknown] }
    let side = try ShapeContext.mergeDimension(dimensions[dimensions.count - 2], dimensions[dimensions.count - 1])
    (dimensions[dimensions.count - 2], dimensions[dimensions.count - 1]) = (side, side)
    return [PartialShape(dimensions)]
  }

  static let determinant: OpDefinition.ShapeFunction = { context in
    [PartialShape(try square(context)[0].dimensions?.dropLast(2))]
  }

  static let logDeterminant: OpDefinition.ShapeFunction = { context in
    let shape = try determinant(context)[0]
    return [shape, shape]
  }

  /// Batch, rows and columns of input 0.
  private static func matrix(_ context: ShapeContext) throws -> (batch: [Int?], rows: Int?, columns: Int?)? {
    guard let dimensions = try context.withRankAtLeast(0, 2).dimensions else { return nil }
    return (Array(dimensions.dropLast(2)), dimensions[dimensions.count - 2], dimensions[dimensions.count - 1])
  }

  private static func smaller(_ a: Int?, _ b: Int?) -> Int? { a.flatMap { a in b.map { min(a, $0) } } }

  static let qr: OpDefinition.ShapeFunction = { context in
    guard let (batch, rows, columns) = try matrix(context) else { return [.unknown, .unknown] }
    let full = try context.node.bool("full_matrices")
    let inner = full ? rows : smaller(rows, columns)
    return [PartialShape(batch + [rows, inner]), PartialShape(batch + [inner, columns])]
  }

  static let svd: OpDefinition.ShapeFunction = { context in
    guard let (batch, rows, columns) = try matrix(context) else { return [.unknown, .unknown, .unknown] }
    let inner = smaller(rows, columns)
    guard try context.node.bool("compute_uv") else { return [PartialShape(batch + [inner]), [0], [0]] }
    let full = try context.node.bool("full_matrices")
    return [
      PartialShape(batch + [inner]), PartialShape(batch + [rows, full ? rows : inner]),
      PartialShape(batch + [columns, full ? columns : inner]),
    ]
  }

  static let eigen: OpDefinition.ShapeFunction = { context in
    let matrices = try square(context)[0]
    let values = PartialShape(matrices.dimensions?.dropLast())
    return [values, try context.node.bool("compute_v") ? matrices : [0]]
  }

  static let solution: OpDefinition.ShapeFunction = { context in
    let left = try square(context)[0]
    let right = try context.withRankAtLeast(1, 2)
    guard let a = left.dimensions, let b = right.dimensions else { return [.unknown] }
    let batch = try PartialShape(Array(a.dropLast(2))).merged(with: PartialShape(Array(b.dropLast(2))))
    _ = try ShapeContext.mergeDimension(a[a.count - 2], b[b.count - 2])
    return [batch.concatenated(with: [a[a.count - 1], b[b.count - 1]])]
  }
}

/// Shape functions of images and sound.
enum ImageShapes {
  static let resized: OpDefinition.ShapeFunction = { context in
    let image = try context.withRank(0, 4)
    let size = context.integers(1)
    if let size, size.count != 2 { throw ShapeError("Dimension must be 2 but is \(size.count)") }
    return [[image[0], size?[0], size?[1], image[3]]]
  }

  static let cropped: OpDefinition.ShapeFunction = { context in
    let image = try context.withRank(0, 4)
    let boxes = try context.withRank(1, 2)
    let size = context.integers(3)
    if let size, size.count != 2 { throw ShapeError("Dimension must be 2 but is \(size.count)") }
    return [[boxes[0], size?[0], size?[1], image[3]]]
  }

  static let decoded: OpDefinition.ShapeFunction = { context in
    let channels = try context.node.int("channels")
    guard channels >= 0 else { throw ShapeError("channels must be non-negative, got \(channels)") }
    return [[nil, nil, channels == 0 ? nil : channels]]
  }
}
