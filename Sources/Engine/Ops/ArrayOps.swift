import Tensors

/// Operations that make, reshape and join tensors, or tell their shapes.
@Sendable func defineArrayOps(_ ops: inout OpRegistry) {
  ops.add(
    OpDefinition(
      "Shape", inputs: ["input: T"], outputs: ["output: out_type"],
      attributes: ["T: type", "out_type: {int32, int64} = int32"]),
    shapes: { [[$0.inputShapes[0].rank]] })
  ops.add(
    OpDefinition(
      "ShapeN", inputs: ["input: N * T"], outputs: ["output: N * out_type"],
      attributes: ["N: int >= 1", "T: type", "out_type: {int32, int64} = int32"]),
    shapes: { $0.inputShapes.map { [$0.rank] } })
  ops.add(
    OpDefinition(
      "Size", inputs: ["input: T"], outputs: ["output: out_type"],
      attributes: ["T: type", "out_type: {int32, int64} = int32"]),
    shapes: Shapes.scalar)
  ops.add(
    OpDefinition("Rank", inputs: ["input: T"], outputs: ["output: int32"], attributes: ["T: type"]),
    shapes: Shapes.scalar)
  ops.add(
    OpDefinition(
      "Reshape", inputs: ["tensor: T", "shape: Tshape"], outputs: ["output: T"],
      attributes: ["T: type", "Tshape: {int32, int64} = int32"]),
    shapes: reshapeShape)
  ops.add(
    OpDefinition(
      "ExpandDims", inputs: ["input: T", "dim: Tdim"], outputs: ["output: T"],
      attributes: ["T: type", "Tdim: {int32, int64} = int32"]),
    shapes: { context in
      guard var dimensions = context.inputShapes[0].dimensions else { return [.unknown] }
      guard let axis = context.integers(1)?.first else { return [.ofRank(dimensions.count + 1)] }
      let rank = dimensions.count
      guard axis >= -rank - 1, axis <= rank else {
        throw ShapeError("dim \(axis) not in the interval [\(-rank - 1), \(rank)].")
      }
      dimensions.insert(1, at: axis < 0 ? axis + rank + 1 : axis)
      return [PartialShape(dimensions)]
    })
  ops.add(
    OpDefinition(
      "Squeeze", inputs: ["input: T"], outputs: ["output: T"],
      attributes: ["T: type", "squeeze_dims: list(int) >= 0 = []"]),
    shapes: { context in
      guard let dimensions = context.inputShapes[0].dimensions else { return [.unknown] }
      let rank = dimensions.count
      var axes = Set<Int>()
      for axis in try context.node.ints("squeeze_dims") {
        guard axis >= -rank, axis < rank else { throw ShapeError("dim \(axis) not in [-\(rank),\(rank)).") }
        axes.insert(axis < 0 ? axis + rank : axis)
      }
      if axes.isEmpty {
        guard dimensions.allSatisfy({ $0 != nil }) else { return [.unknown] }
        return [PartialShape(dimensions.filter { $0 != 1 })]
      }
      for axis in axes where dimensions[axis] != nil && dimensions[axis] != 1 {
        throw ShapeError("Can not squeeze dim[\(axis)], expected a dimension of 1, got \(dimensions[axis] ?? 0)")
      }
      return [PartialShape(dimensions.indices.filter { !axes.contains($0) }.map { dimensions[$0] })]
    })
  ops.add(
    OpDefinition(
      "Fill", inputs: ["dims: index_type", "value: T"], outputs: ["output: T"],
      attributes: ["T: type", "index_type: {int32, int64} = int32"]),
    shapes: { context in
      try context.withRank(0, 1)
      try context.withRank(1, 0)
      return [try context.shapeValue(0)]
    })
  ops.add(
    OpDefinition(
      "Pack", inputs: ["values: N * T"], outputs: ["output: T"],
      attributes: ["N: int >= 1", "T: type", "axis: int = 0"]),
    shapes: { context in
      let one = try Shapes.merged(context)[0]
      guard var dimensions = one.dimensions else { return [.unknown] }
      let axis = try Shapes.axis(context.node.int("axis"), rank: dimensions.count + 1)
      dimensions.insert(context.inputs.count, at: axis)
      return [PartialShape(dimensions)]
    })
  ops.add(
    OpDefinition(
      "Unpack", inputs: ["value: T"], outputs: ["output: num * T"],
      attributes: ["num: int >= 0", "T: type", "axis: int = 0"]),
    shapes: { context in
      guard var dimensions = context.inputShapes[0].dimensions else {
        return context.node.outputTypes.map { _ in .unknown }
      }
      guard !dimensions.isEmpty else { throw ShapeError("Shape must be at least rank 1 but is rank 0") }
      let axis = try Shapes.axis(context.node.int("axis"), rank: dimensions.count)
      _ = try ShapeContext.mergeDimension(dimensions[axis], context.node.outputCount)
      dimensions.remove(at: axis)
      return context.node.outputTypes.map { _ in PartialShape(dimensions) }
    })
  ops.add(
    OpDefinition(
      "ConcatV2", inputs: ["values: N * T", "axis: Tidx"], outputs: ["output: T"],
      attributes: ["N: int >= 2", "T: type", "Tidx: {int32, int64} = int32"]),
    shapes: { try concatShape($0, values: Array($0.inputShapes.dropLast()), axisInput: $0.inputs.count - 1) })
  ops.add(
    OpDefinition(
      "Concat", inputs: ["concat_dim: int32", "values: N * T"], outputs: ["output: T"],
      attributes: ["N: int >= 2", "T: type"]),
    shapes: { try concatShape($0, values: Array($0.inputShapes.dropFirst()), axisInput: 0) })
  ops.add(
    OpDefinition(
      "ConcatOffset", inputs: ["concat_dim: int32", "shape: N * int32"], outputs: ["offset: N * int32"],
      attributes: ["N: int >= 2"]),
    shapes: { Array($0.inputShapes.dropFirst()) })
  ops.add(
    OpDefinition(
      "Tile", inputs: ["input: T", "multiples: Tmultiples"], outputs: ["output: T"],
      attributes: ["T: type", "Tmultiples: {int32, int64} = int32"]),
    shapes: { context in
      guard let dimensions = context.inputShapes[0].dimensions else { return [.unknown] }
      guard let multiples = context.integers(1), multiples.count == dimensions.count else {
        return [.ofRank(dimensions.count)]
      }
      return [
        PartialShape(
          zip(dimensions, multiples).map { size, times in
            size.flatMap { $0.multipliedReportingOverflow(by: times).overflow ? nil : $0 * times }
          })
      ]
    })
  ops.add(
    OpDefinition(
      "BroadcastTo", inputs: ["input: T", "shape: Tidx"], outputs: ["output: T"],
      attributes: ["T: type", "Tidx: {int32, int64} = int32"]),
    shapes: Shapes.fromValue(1))
  ops.add(
    OpDefinition(
      "Transpose", inputs: ["x: T", "perm: Tperm"], outputs: ["y: T"],
      attributes: ["T: type", "Tperm: {int32, int64} = int32"]),
    shapes: { context in
      let rank = context.inputShapes[0].rank ?? context.inputShapes[1][0]
      guard let rank else { return [.unknown] }
      guard let order = context.integers(1), let dimensions = context.inputShapes[0].dimensions else {
        return [.ofRank(rank)]
      }
      guard order.sorted() == Array(0..<rank) else {
        throw ShapeError("perm \(order) is not a permutation of \(rank) dimensions")
      }
      return [PartialShape(order.map { dimensions[$0] })]
    })
  ops.add(
    OpDefinition(
      "InvertPermutation", inputs: ["x: T"], outputs: ["y: T"], attributes: ["T: {int32, int64} = int32"]),
    shapes: { [try $0.withRank(0, 1)] })
  ops.add(
    OpDefinition(
      "Range", inputs: ["start: Tidx", "limit: Tidx", "delta: Tidx"], outputs: ["output: Tidx"],
      attributes: ["Tidx: {bfloat16, float, double, int32, int64} = int32"]),
    shapes: rangeShape)
  ops.add(
    OpDefinition(
      "LinSpace", inputs: ["start: T", "stop: T", "num: Tidx"], outputs: ["output: T"],
      attributes: ["T: {bfloat16, float, double}", "Tidx: {int32, int64} = int32"]),
    shapes: { context in
      guard let count = context.integers(2)?.first else { return [.ofRank(1)] }
      guard count > 0 else { throw ShapeError("Requires num > 0: \(count)") }
      return [[count]]
    })
  ops.add(
    OpDefinition(
      "OneHot", inputs: ["indices: TI", "depth: int32", "on_value: T", "off_value: T"], outputs: ["output: T"],
      attributes: ["axis: int = -1", "T: type", "TI: {uint8, int32, int64} = int64"]),
    shapes: { context in
      guard var dimensions = context.inputShapes[0].dimensions else { return [.unknown] }
      let depth = context.integers(1)?.first
      if let depth, depth < 0 { throw ShapeError("Dimension \(depth) must be >= 0") }
      let axis = try context.node.int("axis")
      guard axis >= -1, axis <= dimensions.count else {
        throw ShapeError("Expected axis to be -1 or between 0 and \(dimensions.count), but is \(axis)")
      }
      dimensions.insert(depth, at: axis < 0 ? dimensions.count : axis)
      return [PartialShape(dimensions)]
    })
}

private func concatShape(
  _ context: ShapeContext, values: [PartialShape], axisInput: Int
) throws -> [PartialShape] {
  for shape in values {
    if shape.rank == 0 { throw ShapeError("Can't concatenate scalars (use tf.stack instead)") }
  }
  guard let rank = values.lazy.compactMap(\.rank).first else { return [.unknown] }
  guard let given = context.integers(axisInput)?.first else {
    for shape in values where shape.rank != nil && shape.rank != rank {
      throw ShapeError("Shapes must be equal rank, but are \(rank) and \(shape.rank ?? 0)")
    }
    return [.ofRank(rank)]
  }
  guard given > -Int(Int32.max), given < Int(Int32.max) else {
    throw ShapeError("Dimension \(given) is not one of a tensor")
  }
  let minimum = given < 0 ? -given : given + 1
  for shape in values {
    if let known = shape.rank, known < minimum {
      throw ShapeError("Shape must be at least rank \(minimum) but is rank \(known)")
    }
  }
  let axis = try Shapes.axis(given, rank: rank)
  var total: Int? = 0
  var rest = PartialShape.unknown
  for shape in values {
    guard var dimensions = shape.dimensions else {
      total = nil
      continue
    }
    guard dimensions.count == rank else {
      throw ShapeError("Shapes must be equal rank, but are \(rank) and \(dimensions.count)")
    }
    total = total.flatMap { sum in
      dimensions[axis].flatMap { sum.addingReportingOverflow($0).overflow ? nil : sum + $0 }
    }
    dimensions[axis] = nil
    rest = try rest.merged(with: PartialShape(dimensions))
  }
  var dimensions = rest.dimensions ?? []
  dimensions[axis] = total
  return [PartialShape(dimensions)]
}

private func reshapeShape(_ context: ShapeContext) throws -> [PartialShape] {
  let wanted = try context.shapeValue(1)
  guard var dimensions = wanted.dimensions else { return [.unknown] }
  // An unknown dimension is computable only where the value is known (a single -1), not where it is undecided.
  guard let count = context.inputShapes[0].elementCount else { return [wanted] }
  let open = dimensions.indices.filter { dimensions[$0] == nil }
  let known = dimensions.compactMap { $0 }.reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue }
  func mismatch() -> ShapeError {
    ShapeError(
      "Cannot reshape a tensor with \(count) elements to shape \(wanted) (\(known) elements)")
  }
  if open.isEmpty {
    guard known == count else { throw mismatch() }
  } else if open.count == 1, known > 0 {
    guard count % known == 0 else {
      throw ShapeError(
        "Dimension size must be evenly divisible by \(known) but is \(count)")
    }
    dimensions[open[0]] = count / known
  }
  return [PartialShape(dimensions)]
}

private func rangeShape(_ context: ShapeContext) throws -> [PartialShape] {
  guard let start = context.constant(0), let limit = context.constant(1), let delta = context.constant(2) else {
    return [.ofRank(1)]
  }
  do {
    return [[try RangeRule.count(start: start, limit: limit, delta: delta)]]
  } catch let error as EngineError {
    throw ShapeError(error.message)
  }
}
