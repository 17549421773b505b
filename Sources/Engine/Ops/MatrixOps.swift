/// Matrix products and biases.
@Sendable func defineMatrixOps(_ ops: inout OpRegistry) {
  ops.add(
    OpDefinition(
      "MatMul", inputs: ["a: T", "b: T"], outputs: ["product: T"],
      attributes: [
        "transpose_a: bool = false", "transpose_b: bool = false",
        "T: {bfloat16, half, float, double, int32, int64, complex64, complex128}",
      ]),
    shapes: { context in
      let a = try context.withRank(0, 2)
      let b = try context.withRank(1, 2)
      let (ta, tb) = (try context.node.bool("transpose_a"), try context.node.bool("transpose_b"))
      _ = try ShapeContext.mergeDimension(a[ta ? 0 : 1], b[tb ? 1 : 0])
      return [[a[ta ? 1 : 0], b[tb ? 0 : 1]]]
    })
  for name in ["BatchMatMul", "BatchMatMulV2"] {
    ops.add(
      OpDefinition(
        name, inputs: ["x: T", "y: T"], outputs: ["output: T"],
        attributes: [
          "T: {bfloat16, half, float, double, int32, int64, complex64, complex128}", "adj_x: bool = false",
          "adj_y: bool = false",
        ]),
      shapes: { context in
        let x = try context.withRankAtLeast(0, 2)
        let y = try context.withRankAtLeast(1, 2)
        guard let a = x.dimensions, let b = y.dimensions else { return [.unknown] }
        let (tx, ty) = (try context.node.bool("adj_x"), try context.node.bool("adj_y"))
        _ = try ShapeContext.mergeDimension(x[tx ? -2 : -1], y[ty ? -1 : -2])
        let batch = try Shapes.broadcast(PartialShape(Array(a.dropLast(2))), PartialShape(Array(b.dropLast(2))))
        return [batch.concatenated(with: [x[tx ? -1 : -2], y[ty ? -2 : -1]])]
      })
  }
  ops.add(
    OpDefinition(
      "BiasAdd", inputs: ["value: T", "bias: T"], outputs: ["output: T"],
      attributes: ["T: numbertype", "data_format: {'NHWC', 'NCHW'} = 'NHWC'"]),
    shapes: { context in
      try context.withRank(1, 1)
      let value = try context.withRankAtLeast(0, 2)
      guard var dimensions = value.dimensions else { return [.unknown] }
      let axis = try context.node.string("data_format") == "NCHW" ? 1 : dimensions.count - 1
      dimensions[axis] = try ShapeContext.mergeDimension(dimensions[axis], context.inputShapes[1][0])
      return [PartialShape(dimensions)]
    })
  ops.add(
    OpDefinition(
      "BiasAddGrad", inputs: ["out_backprop: T"], outputs: ["output: T"],
      attributes: ["T: numbertype", "data_format: {'NHWC', 'NCHW'} = 'NHWC'"]),
    shapes: { context in
      let value = try context.withRankAtLeast(0, 2)
      return [[value[try context.node.string("data_format") == "NCHW" ? 1 : -1]]]
    })
  ops.add(
    OpDefinition(
      "L2Loss", inputs: ["t: T"], outputs: ["output: T"], attributes: ["T: {half, bfloat16, float, double}"]),
    shapes: Shapes.scalar)
}
