import Tensors

/// Decompositions of matrices, and their diagonals.
@Sendable func defineDecompositionOps(_ ops: inout OpRegistry) {
  ops.add(
    OpDefinition(
      "Qr", inputs: ["input: T"], outputs: ["q: T", "r: T"],
      attributes: ["full_matrices: bool = false", "T: {double, float, half, complex64, complex128}"]),
    shapes: { context in
      guard let dimensions = context.inputShapes[0].dimensions, dimensions.count >= 2 else {
        return [.unknown, .unknown]
      }
      let outer = Array(dimensions.dropLast(2))
      let (rows, columns) = (dimensions[dimensions.count - 2], dimensions[dimensions.count - 1])
      let isFull = try context.node.bool("full_matrices")
      var inner: Int?
      if let rows, let columns { inner = isFull ? rows : min(rows, columns) }
      return [PartialShape(outer + [rows, inner]), PartialShape(outer + [inner, columns])]
    })
  ops.add(
    OpDefinition(
      "DiagPart", inputs: ["input: T"], outputs: ["diagonal: T"],
      attributes: ["T: {bfloat16, half, float, double, int32, int64, complex64, complex128}"]),
    shapes: { context in
      guard let dimensions = context.inputShapes[0].dimensions, dimensions.count % 2 == 0 else { return [.unknown] }
      return [PartialShape(Array(dimensions.prefix(dimensions.count / 2)))]
    })
  ops.noGradient("Qr")
}
