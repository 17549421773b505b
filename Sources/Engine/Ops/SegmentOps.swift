import Tensors

/// Running products and sums, and reductions by segment.
@Sendable func defineSegmentOps(_ ops: inout OpRegistry) {
  ops.add(
    OpDefinition(
      "Cumsum", inputs: ["x: T", "axis: Tidx"], outputs: ["out: T"],
      attributes: ["exclusive: bool = false", "reverse: bool = false", "T: numbertype", "Tidx: {int32, int64} = int32"]),
    shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "Cumprod", inputs: ["x: T", "axis: Tidx"], outputs: ["out: T"],
      attributes: ["exclusive: bool = false", "reverse: bool = false", "T: numbertype", "Tidx: {int32, int64} = int32"]),
    shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "EuclideanNorm", inputs: ["input: T", "reduction_indices: Tidx"], outputs: ["output: T"],
      attributes: ["keep_dims: bool = false", "T: numbertype", "Tidx: {int32, int64} = int32"]),
    shapes: Shapes.reduction)
  ops.add(
    OpDefinition(
      "UnsortedSegmentMax", inputs: ["data: T", "segment_ids: Tindices", "num_segments: Tnumsegments"],
      outputs: ["output: T"],
      attributes: ["T: realnumbertype", "Tindices: {int32, int64}", "Tnumsegments: {int32, int64} = int32"]),
    shapes: IndexShapes.unsortedSegments)
  ops.add(
    OpDefinition(
      "UnsortedSegmentMin", inputs: ["data: T", "segment_ids: Tindices", "num_segments: Tnumsegments"],
      outputs: ["output: T"],
      attributes: ["T: realnumbertype", "Tindices: {int32, int64}", "Tnumsegments: {int32, int64} = int32"]),
    shapes: IndexShapes.unsortedSegments)
  ops.add(
    OpDefinition(
      "UnsortedSegmentProd", inputs: ["data: T", "segment_ids: Tindices", "num_segments: Tnumsegments"],
      outputs: ["output: T"],
      attributes: ["T: numbertype", "Tindices: {int32, int64}", "Tnumsegments: {int32, int64} = int32"]),
    shapes: IndexShapes.unsortedSegments)
  ops.add(
    OpDefinition(
      "SegmentSum", inputs: ["data: T", "segment_ids: Tindices"], outputs: ["output: T"],
      attributes: ["T: numbertype", "Tindices: {int32, int64}"]), shapes: IndexShapes.segments)
  ops.add(
    OpDefinition(
      "SegmentMean", inputs: ["data: T", "segment_ids: Tindices"], outputs: ["output: T"],
      attributes: ["T: numbertype", "Tindices: {int32, int64}"]), shapes: IndexShapes.segments)
  ops.add(
    OpDefinition(
      "SegmentMax", inputs: ["data: T", "segment_ids: Tindices"], outputs: ["output: T"],
      attributes: ["T: realnumbertype", "Tindices: {int32, int64}"]), shapes: IndexShapes.segments)
  ops.add(
    OpDefinition(
      "SegmentMin", inputs: ["data: T", "segment_ids: Tindices"], outputs: ["output: T"],
      attributes: ["T: realnumbertype", "Tindices: {int32, int64}"]), shapes: IndexShapes.segments)
  ops.add(
    OpDefinition(
      "SegmentProd", inputs: ["data: T", "segment_ids: Tindices"], outputs: ["output: T"],
      attributes: ["T: numbertype", "Tindices: {int32, int64}"]), shapes: IndexShapes.segments)
  ops.add(
    OpDefinition(
      "SparseSegmentSum", inputs: ["data: T", "indices: Tidx", "segment_ids: int32"], outputs: ["output: T"],
      attributes: ["T: realnumbertype", "Tidx: {int32, int64} = int32"]), shapes: IndexShapes.sparseSegments)
  ops.add(
    OpDefinition(
      "SparseSegmentMean", inputs: ["data: T", "indices: Tidx", "segment_ids: int32"], outputs: ["output: T"],
      attributes: ["T: {float, double}", "Tidx: {int32, int64} = int32"]), shapes: IndexShapes.sparseSegments)
  ops.add(
    OpDefinition(
      "SparseSegmentSqrtN", inputs: ["data: T", "indices: Tidx", "segment_ids: int32"], outputs: ["output: T"],
      attributes: ["T: {float, double}", "Tidx: {int32, int64} = int32"]), shapes: IndexShapes.sparseSegments)
  ops.add(
    OpDefinition(
      "SparseSegmentSumWithNumSegments",
      inputs: ["data: T", "indices: Tidx", "segment_ids: int32", "num_segments: Tnumsegments"], outputs: ["output: T"],
      attributes: ["T: realnumbertype", "Tidx: {int32, int64} = int32", "Tnumsegments: {int32, int64} = int32"]),
    shapes: IndexShapes.sparseSegments)
  ops.add(
    OpDefinition(
      "SparseSegmentMeanWithNumSegments",
      inputs: ["data: T", "indices: Tidx", "segment_ids: int32", "num_segments: Tnumsegments"], outputs: ["output: T"],
      attributes: ["T: {float, double}", "Tidx: {int32, int64} = int32", "Tnumsegments: {int32, int64} = int32"]),
    shapes: IndexShapes.sparseSegments)
  ops.add(
    OpDefinition(
      "SparseSegmentSqrtNWithNumSegments",
      inputs: ["data: T", "indices: Tidx", "segment_ids: int32", "num_segments: Tnumsegments"], outputs: ["output: T"],
      attributes: ["T: {float, double}", "Tidx: {int32, int64} = int32", "Tnumsegments: {int32, int64} = int32"]),
    shapes: IndexShapes.sparseSegments)
  ops.add(
    OpDefinition(
      "SparseSegmentMeanGrad", inputs: ["grad: T", "indices: Tidx", "segment_ids: int32", "output_dim0: int32"],
      outputs: ["output: T"], attributes: ["T: {float, double}", "Tidx: {int32, int64} = int32"]),
    shapes: IndexShapes.sparseSegmentGradient)
  ops.add(
    OpDefinition(
      "SparseSegmentSqrtNGrad", inputs: ["grad: T", "indices: Tidx", "segment_ids: int32", "output_dim0: int32"],
      outputs: ["output: T"], attributes: ["T: {float, double}", "Tidx: {int32, int64} = int32"]),
    shapes: IndexShapes.sparseSegmentGradient)
}
