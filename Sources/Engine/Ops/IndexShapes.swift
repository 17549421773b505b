import Tensors

/// Shape functions of what reads and writes at indices.
enum IndexShapes {
  static let gatherNd: OpDefinition.ShapeFunction = { [try gatherNd($0.inputShapes[0], $0.inputShapes[1])] }

  static func gatherNd(_ params: PartialShape, _ indices: PartialShape) throws -> PartialShape {
    guard let rows = params.dimensions, let list = indices.dimensions else { return .unknown }
    guard !list.isEmpty else { throw ShapeError("Shape must be at least rank 1 but is rank 0") }
    guard let depth = list[list.count - 1] else { return .unknown }
    guard depth <= rows.count else {
      throw ShapeError(
        "indices.shape[-1] must be <= params.rank, but saw indices shape: \(indices) and params shape: "
          + "\(params)")
    }
    return PartialShape(Array(list.dropLast()) + rows[depth...])
  }

  static let resourceGather: OpDefinition.ShapeFunction = { context in
    guard let params = variableShape(context).dimensions, let indices = context.inputShapes[1].dimensions,
      !params.isEmpty
    else { return [.unknown] }
    return [PartialShape(indices + params.dropFirst())]
  }

  static let resourceGatherNd: OpDefinition.ShapeFunction = {
    [try gatherNd(variableShape($0), $0.inputShapes[1])]
  }

  static let unique: OpDefinition.ShapeFunction = { context in
    let x = try context.withRank(0, 1)
    return [[nil], x, [nil]].prefix(context.node.outputCount).map { $0 }
  }

  static let uniqueAlongAxis: OpDefinition.ShapeFunction = { context in
    let x = context.inputShapes[0]
    let found: PartialShape = x.rank.map(PartialShape.ofRank) ?? .unknown
    return [found, [nil], [nil]].prefix(context.node.outputCount).map { $0 }
  }

  /// The bits of each element under another type; a change of width adds or takes away the last dimension.
  static let bitcast: OpDefinition.ShapeFunction = { context in
    guard var dimensions = context.inputShapes[0].dimensions else { return [.unknown] }
    let (from, to) = (try context.node.type("T").byteWidth ?? 1, try context.node.type("type").byteWidth ?? 1)
    if from > to {
      dimensions.append(from / to)
    } else if from < to {
      guard let last = dimensions.popLast() else {
        throw ShapeError("Cannot bitcast due to shape. \(to) does not match \(from)")
      }
      if let last, last != to / from {
        throw ShapeError("Cannot bitcast due to shape. \(last) does not match \(to / from)")
      }
    }
    return [PartialShape(dimensions)]
  }

  static let dynamicStitch: OpDefinition.ShapeFunction = { context in
    let count = context.inputs.count / 2
    var rest = PartialShape.unknown
    var largest: Int? = -1
    for index in 0..<count {
      if let known = context.constant(index).flatMap(ShapeContext.integers) {
        largest = largest.map { max($0, known.max() ?? -1) }
      } else {
        largest = nil
      }
      guard let indices = context.inputShapes[index].rank,
        let data = context.inputShapes[count + index].dimensions
      else { continue }
      guard data.count >= indices else {
        throw ShapeError("Shape must be at least rank \(indices) but is rank \(data.count)")
      }
      rest = try rest.merged(with: PartialShape(Array(data[indices...])))
    }
    let first = largest.flatMap { $0 < Int.max ? $0 + 1 : nil }
    return [PartialShape([first]).concatenated(with: rest)]
  }

  static let dynamicPartition: OpDefinition.ShapeFunction = { context in
    let count = context.node.outputCount
    guard let data = context.inputShapes[0].dimensions, let rank = context.inputShapes[1].rank, rank <= data.count
    else { return [PartialShape](repeating: .unknown, count: count) }
    return [PartialShape](repeating: PartialShape([nil] + data[rank...]), count: count)
  }

  static let topK: OpDefinition.ShapeFunction = { context in
    let input = try context.withRankAtLeast(0, 1)
    guard var dimensions = input.dimensions else { return [.unknown, .unknown] }
    let k = context.inputs.count > 1 ? context.integers(1)?.first : try context.node.int("k")
    if let k, let last = dimensions[dimensions.count - 1], last < k {
      throw ShapeError("input must have last dimension >= k = \(k) but is \(last)")
    }
    if let k, k < 0 { throw ShapeError("Need k >= 0, got \(k)") }
    dimensions[dimensions.count - 1] = k
    return [PartialShape(dimensions), PartialShape(dimensions)]
  }

  static let withoutLast: OpDefinition.ShapeFunction = { context in
    [PartialShape(try context.withRankAtLeast(0, 1).dimensions?.dropLast())]
  }

  static let imagePatches: OpDefinition.ShapeFunction = { context in
    guard let image = try context.withRank(0, 4).dimensions, let depth = image[3] else { return [.ofRank(4)] }
    let (ksizes, strides) = (try context.node.ints("ksizes"), try context.node.ints("strides"))
    let rates = try context.node.ints("rates")
    guard ksizes.count == 4, strides.count == 4, rates.count == 4 else {
      throw ShapeError("ksizes, strides and rates need 4 elements")
    }
    let padding: WindowAxis.Padding = try context.node.string("padding") == "SAME" ? .same : .valid
    let sides = try [1, 2].map { axis -> Int? in
      guard let size = image[axis] else { return nil }
      return try WindowAxis(
        size: size, window: ksizes[axis], stride: strides[axis], dilation: rates[axis], padding: padding
      ).outputs
    }
    let (area, overflow) = ksizes[1].multipliedReportingOverflow(by: ksizes[2])
    let (channels, more) = area.multipliedReportingOverflow(by: depth)
    return [[image[0], sides[0], sides[1], overflow || more ? nil : channels]]
  }

  static let sparseProduct: OpDefinition.ShapeFunction = { context in
    let matrix = try context.withRank(3, 2)
    let sizes = try context.shapeValue(2)
    let (adjointA, adjointB) = (try context.node.bool("adjoint_a"), try context.node.bool("adjoint_b"))
    return [[sizes[adjointA ? 1 : 0], matrix[adjointB ? 0 : 1]]]
  }

  static let unsortedSegments: OpDefinition.ShapeFunction = { context in
    guard let data = context.inputShapes[0].dimensions, let ids = context.inputShapes[1].rank, ids <= data.count
    else { return [.unknown] }
    return [PartialShape([context.integers(2)?.first] + data[ids...])]
  }

  static let segments: OpDefinition.ShapeFunction = { context in
    try context.withRank(1, 1)
    let data = try context.withRankAtLeast(0, 1)
    return [PartialShape(data.dimensions.map { [nil] + $0.dropFirst() })]
  }

  static let sparseSegments: OpDefinition.ShapeFunction = { context in
    let data = try context.withRankAtLeast(0, 1)
    _ = try context.withRank(1, 1).merged(with: try context.withRank(2, 1))
    let count = context.inputs.count > 3 ? context.integers(3)?.first : nil
    return [PartialShape(data.dimensions.map { [count] + $0.dropFirst() })]
  }

  static let sparseSegmentGradient: OpDefinition.ShapeFunction = { context in
    let data = try context.withRankAtLeast(0, 1)
    return [PartialShape(data.dimensions.map { [context.integers(3)?.first] + $0.dropFirst() })]
  }
}

/// Shape functions of strings.
enum StringShapes {
  static let reduceJoin: OpDefinition.ShapeFunction = { context in
    guard let rank = context.inputShapes[0].rank else { return [.unknown] }
    guard let axes = context.integers(1), !axes.isEmpty else {
      return try context.node.bool("keep_dims") ? [.ofRank(rank)] : [.unknown]
    }
    return try Shapes.reduction(context)
  }
}
