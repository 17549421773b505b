import Tensors

/// Padding, diagonals and bands, and the moves between space, batch and depth.
@Sendable func definePaddingOps(_ ops: inout OpRegistry) {
  ops.add(
    OpDefinition(
      "Pad", inputs: ["input: T", "paddings: Tpaddings"], outputs: ["output: T"],
      attributes: ["T: type", "Tpaddings: {int32, int64} = int32"]), shapes: MatrixShapes.padded)
  ops.add(
    OpDefinition(
      "PadV2", inputs: ["input: T", "paddings: Tpaddings", "constant_values: T"], outputs: ["output: T"],
      attributes: ["T: type", "Tpaddings: {int32, int64} = int32"]), shapes: MatrixShapes.padded)
  ops.add(
    OpDefinition(
      "MirrorPad", inputs: ["input: T", "paddings: Tpaddings"], outputs: ["output: T"],
      attributes: ["T: type", "Tpaddings: {int32, int64} = int32", "mode: {'REFLECT', 'SYMMETRIC'}"]),
    shapes: MatrixShapes.padded)
  ops.add(
    OpDefinition(
      "MirrorPadGrad", inputs: ["input: T", "paddings: Tpaddings"], outputs: ["output: T"],
      attributes: ["T: type", "Tpaddings: {int32, int64} = int32", "mode: {'REFLECT', 'SYMMETRIC'}"]),
    shapes: MatrixShapes.unpadded)
  ops.add(
    OpDefinition(
      "Diag", inputs: ["diagonal: T"], outputs: ["output: T"],
      attributes: ["T: {bfloat16, half, float, double, int32, int64, complex64, complex128}"]),
    shapes: { [$0.inputShapes[0].concatenated(with: $0.inputShapes[0])] })
  ops.add(
    OpDefinition("MatrixDiag", inputs: ["diagonal: T"], outputs: ["output: T"], attributes: ["T: type"]),
    shapes: MatrixShapes.matrixDiagonal)
  ops.add(
    OpDefinition("BatchMatrixDiag", inputs: ["diagonal: T"], outputs: ["output: T"], attributes: ["T: type"]),
    shapes: MatrixShapes.matrixDiagonal)
  ops.add(
    OpDefinition("MatrixDiagPart", inputs: ["input: T"], outputs: ["diagonal: T"], attributes: ["T: type"]),
    shapes: MatrixShapes.matrixDiagonalPart)
  ops.add(
    OpDefinition(
      "MatrixSetDiag", inputs: ["input: T", "diagonal: T"], outputs: ["output: T"], attributes: ["T: type"]),
    shapes: { [try $0.withRankAtLeast(0, 2)] })
  ops.add(
    OpDefinition(
      "MatrixBandPart", inputs: ["input: T", "num_lower: Tindex", "num_upper: Tindex"], outputs: ["band: T"],
      attributes: ["T: type", "Tindex: {int32, int64} = int64"]), shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "BatchMatrixBandPart", inputs: ["input: T", "num_lower: int64", "num_upper: int64"], outputs: ["band: T"],
      attributes: ["T: type"]), shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "SpaceToBatchND", inputs: ["input: T", "block_shape: Tblock_shape", "paddings: Tpaddings"],
      outputs: ["output: T"],
      attributes: ["T: type", "Tblock_shape: {int32, int64} = int32", "Tpaddings: {int32, int64} = int32"]),
    shapes: MatrixShapes.spaceAndBatch)
  ops.add(
    OpDefinition(
      "BatchToSpaceND", inputs: ["input: T", "block_shape: Tblock_shape", "crops: Tcrops"], outputs: ["output: T"],
      attributes: ["T: type", "Tblock_shape: {int32, int64} = int32", "Tcrops: {int32, int64} = int32"]),
    shapes: MatrixShapes.spaceAndBatch)
  ops.add(
    OpDefinition(
      "SpaceToBatch", inputs: ["input: T", "paddings: Tpaddings"], outputs: ["output: T"],
      attributes: ["T: type", "Tpaddings: {int32, int64} = int32", "block_size: int >= 2"]),
    shapes: MatrixShapes.spaceAndBatch)
  ops.add(
    OpDefinition(
      "BatchToSpace", inputs: ["input: T", "crops: Tidx"], outputs: ["output: T"],
      attributes: ["T: type", "block_size: int >= 2", "Tidx: {int32, int64} = int32"]),
    shapes: MatrixShapes.spaceAndBatch)
  ops.add(
    OpDefinition(
      "SpaceToDepth", inputs: ["input: T"], outputs: ["output: T"],
      attributes: ["T: type", "block_size: int >= 2", "data_format: {'NHWC', 'NCHW', 'NCHW_VECT_C'} = 'NHWC'"]),
    shapes: MatrixShapes.spaceAndDepth)
  ops.add(
    OpDefinition(
      "DepthToSpace", inputs: ["input: T"], outputs: ["output: T"],
      attributes: ["T: type", "block_size: int >= 2", "data_format: {'NHWC', 'NCHW', 'NCHW_VECT_C'} = 'NHWC'"]),
    shapes: MatrixShapes.spaceAndDepth)
}
