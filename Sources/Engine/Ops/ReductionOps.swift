/// Reductions over axes, and the index of the extreme.
@Sendable func defineReductionOps(_ ops: inout OpRegistry) {
  for name in ["Sum", "Mean", "Prod", "Max", "Min"] {
    ops.add(
      OpDefinition(
        name, inputs: ["input: T", "reduction_indices: Tidx"], outputs: ["output: T"],
        attributes: ["keep_dims: bool = false", "T: numbertype", "Tidx: {int32, int64} = int32"]),
      shapes: Shapes.reduction)
  }
  for name in ["All", "Any"] {
    ops.add(
      OpDefinition(
        name, inputs: ["input: bool", "reduction_indices: Tidx"], outputs: ["output: bool"],
        attributes: ["keep_dims: bool = false", "Tidx: {int32, int64} = int32"]),
      shapes: Shapes.reduction)
  }
  for name in ["ArgMax", "ArgMin"] {
    ops.add(
      OpDefinition(
        name, inputs: ["input: T", "dimension: Tidx"], outputs: ["output: output_type"],
        attributes: [
          "T: numbertype", "Tidx: {int32, int64} = int32", "output_type: {int32, int64} = int64",
        ]),
      shapes: { context in
        guard var dimensions = context.inputShapes[0].dimensions else { return [.unknown] }
        guard !dimensions.isEmpty else { return [.scalar] }
        guard let axis = context.integers(1)?.first else { return [.ofRank(dimensions.count - 1)] }
        guard axis >= -dimensions.count, axis < dimensions.count else {
          throw ShapeError(
            "Dimension (\(axis)) must be in the range [-\(dimensions.count), \(dimensions.count)), "
              + "where \(dimensions.count) is the number of dimensions in the input.")
        }
        dimensions.remove(at: axis < 0 ? axis + dimensions.count : axis)
        return [PartialShape(dimensions)]
      })
  }
}
