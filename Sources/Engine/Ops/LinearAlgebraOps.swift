import Tensors

/// Decompositions and solutions of matrices, the last two dimensions of their inputs.
@Sendable func defineLinearAlgebraOps(_ ops: inout OpRegistry) {
  ops.add(
    OpDefinition(
      "Cholesky", inputs: ["input: T"], outputs: ["output: T"],
      attributes: ["T: {double, float, half, complex64, complex128}"]), shapes: MatrixShapes.square)
  ops.add(
    OpDefinition(
      "MatrixInverse", inputs: ["input: T"], outputs: ["output: T"],
      attributes: ["adjoint: bool = false", "T: {double, float, half, complex64, complex128}"]),
    shapes: MatrixShapes.square)
  ops.add(
    OpDefinition(
      "MatrixDeterminant", inputs: ["input: T"], outputs: ["output: T"],
      attributes: ["T: {half, float, double, complex64, complex128}"]), shapes: MatrixShapes.determinant)
  ops.add(
    OpDefinition(
      "LogMatrixDeterminant", inputs: ["input: T"], outputs: ["sign: T", "log_abs_determinant: T"],
      attributes: ["T: {half, float, double, complex64, complex128}"]), shapes: MatrixShapes.logDeterminant)
  ops.add(
    OpDefinition(
      "MatrixSolve", inputs: ["matrix: T", "rhs: T"], outputs: ["output: T"],
      attributes: ["adjoint: bool = false", "T: {double, float, half, complex64, complex128}"]),
    shapes: MatrixShapes.solution)
  ops.add(
    OpDefinition(
      "MatrixTriangularSolve", inputs: ["matrix: T", "rhs: T"], outputs: ["output: T"],
      attributes: ["lower: bool = true", "adjoint: bool = false", "T: {double, float, half, complex64, complex128}"]),
    shapes: MatrixShapes.solution)
}
