import Tensors

/// Reading and writing at indices, and what finds indices: gathers, scatters, searches, sets.
@Sendable func defineIndexingOps(_ ops: inout OpRegistry) {
  ops.add(
    OpDefinition(
      "GatherNd", inputs: ["params: Tparams", "indices: Tindices"], outputs: ["output: Tparams"],
      attributes: ["Tparams: type", "Tindices: {int32, int64}"]), shapes: IndexShapes.gatherNd)
  ops.add(
    OpDefinition(
      "ScatterNd", inputs: ["indices: Tindices", "updates: T", "shape: Tindices"], outputs: ["output: T"],
      attributes: ["T: type", "Tindices: {int32, int64}"]), shapes: Shapes.fromValue(2))
  ops.add(
    OpDefinition(
      "TensorScatterUpdate", inputs: ["tensor: T", "indices: Tindices", "updates: T"], outputs: ["output: T"],
      attributes: ["T: type", "Tindices: {int32, int64}"]), shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "TensorScatterAdd", inputs: ["tensor: T", "indices: Tindices", "updates: T"], outputs: ["output: T"],
      attributes: ["T: type", "Tindices: {int32, int64}"]), shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "TensorScatterSub", inputs: ["tensor: T", "indices: Tindices", "updates: T"], outputs: ["output: T"],
      attributes: ["T: type", "Tindices: {int32, int64}"]), shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "ScatterNdNonAliasingAdd", inputs: ["input: T", "indices: Tindices", "updates: T"], outputs: ["output: T"],
      attributes: [
        "T: {float, double, int32, uint8, int16, int8, complex64, int64, qint8, quint8, qint32, bfloat16, uint16, complex128, half, uint32, uint64, bool}",
        "Tindices: {int32, int64}",
      ]), shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "ReverseV2", inputs: ["tensor: T", "axis: Tidx"], outputs: ["output: T"],
      attributes: [
        "Tidx: {int32, int64} = int32",
        "T: {uint8, int8, uint16, int16, int32, int64, bool, bfloat16, half, float, double, complex64, complex128, string}",
      ]), shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "Reverse", inputs: ["tensor: T", "dims: bool"], outputs: ["output: T"],
      attributes: [
        "T: {uint8, int8, uint16, int16, int32, int64, bool, half, float, double, complex64, complex128, string}"
      ]), shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "ReverseSequence", inputs: ["input: T", "seq_lengths: Tlen"], outputs: ["output: T"],
      attributes: ["seq_dim: int", "batch_dim: int = 0", "T: type", "Tlen: {int32, int64} = int64"]),
    shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "Where", inputs: ["input: T"], outputs: ["index: int64"],
      attributes: [
        "T: {float, double, int32, uint8, int16, int8, complex64, int64, qint8, quint8, qint32, bfloat16, uint16, complex128, half, uint32, uint64, bool} = bool"
      ]), shapes: { [[nil, $0.inputShapes[0].rank]] })
  ops.add(
    OpDefinition(
      "Unique", inputs: ["x: T"], outputs: ["y: T", "idx: out_idx"],
      attributes: ["T: type", "out_idx: {int32, int64} = int32"]), shapes: IndexShapes.unique)
  ops.add(
    OpDefinition(
      "UniqueWithCounts", inputs: ["x: T"], outputs: ["y: T", "idx: out_idx", "count: out_idx"],
      attributes: ["T: type", "out_idx: {int32, int64} = int32"]), shapes: IndexShapes.unique)
  ops.add(
    OpDefinition(
      "UniqueV2", inputs: ["x: T", "axis: Taxis"], outputs: ["y: T", "idx: out_idx"],
      attributes: ["T: type", "Taxis: {int32, int64} = int64", "out_idx: {int32, int64} = int32"]),
    shapes: IndexShapes.uniqueAlongAxis)
  ops.add(
    OpDefinition(
      "UniqueWithCountsV2", inputs: ["x: T", "axis: Taxis"], outputs: ["y: T", "idx: out_idx", "count: out_idx"],
      attributes: ["T: type", "Taxis: {int32, int64} = int64", "out_idx: {int32, int64} = int32"]),
    shapes: IndexShapes.uniqueAlongAxis)
  ops.add(
    OpDefinition(
      "ListDiff", inputs: ["x: T", "y: T"], outputs: ["out: T", "idx: out_idx"],
      attributes: ["T: type", "out_idx: {int32, int64} = int32"]), shapes: { _ in [[nil], [nil]] })
  ops.add(
    OpDefinition(
      "Bitcast", inputs: ["input: T"], outputs: ["output: type"],
      attributes: [
        "T: {bfloat16, half, float, double, int64, int32, uint8, uint16, uint32, uint64, int8, int16, complex64, complex128, qint8, quint8, qint16, quint16, qint32}",
        "type: {bfloat16, half, float, double, int64, int32, uint8, uint16, uint32, uint64, int8, int16, complex64, complex128, qint8, quint8, qint16, quint16, qint32}",
      ]), shapes: IndexShapes.bitcast)
  ops.add(
    OpDefinition(
      "DynamicStitch", inputs: ["indices: N * int32", "data: N * T"], outputs: ["merged: T"],
      attributes: ["N: int >= 1", "T: type"]), shapes: IndexShapes.dynamicStitch)
  ops.add(
    OpDefinition(
      "ParallelDynamicStitch", inputs: ["indices: N * int32", "data: N * T"], outputs: ["merged: T"],
      attributes: ["N: int >= 1", "T: type"]), shapes: IndexShapes.dynamicStitch)
  ops.add(
    OpDefinition(
      "DynamicPartition", inputs: ["data: T", "partitions: int32"], outputs: ["outputs: num_partitions * T"],
      attributes: ["num_partitions: int >= 1", "T: type"]), shapes: IndexShapes.dynamicPartition)
  ops.add(
    OpDefinition(
      "TopK", inputs: ["input: T"], outputs: ["values: T", "indices: int32"],
      attributes: ["k: int >= 0", "sorted: bool = true", "T: realnumbertype"]), shapes: IndexShapes.topK)
  ops.add(
    OpDefinition(
      "TopKV2", inputs: ["input: T", "k: int32"], outputs: ["values: T", "indices: int32"],
      attributes: ["sorted: bool = true", "T: realnumbertype"]), shapes: IndexShapes.topK)
  ops.add(
    OpDefinition(
      "InTopK", inputs: ["predictions: float", "targets: T"], outputs: ["precision: bool"],
      attributes: ["k: int", "T: {int32, int64} = int32"]),
    shapes: { [[try ShapeContext.mergeDimension($0.withRank(0, 2)[0], $0.withRank(1, 1)[0])]] })
  ops.add(
    OpDefinition(
      "InTopKV2", inputs: ["predictions: float", "targets: T", "k: T"], outputs: ["precision: bool"],
      attributes: ["T: {int32, int64} = int32"]),
    shapes: { [[try ShapeContext.mergeDimension($0.withRank(0, 2)[0], $0.withRank(1, 1)[0])]] })
  ops.add(
    OpDefinition(
      "NthElement", inputs: ["input: T", "n: int32"], outputs: ["values: T"],
      attributes: ["reverse: bool = false", "T: realnumbertype"]), shapes: IndexShapes.withoutLast)
  ops.add(
    OpDefinition(
      "LowerBound", inputs: ["sorted_inputs: T", "values: T"], outputs: ["output: out_type"],
      attributes: ["T: type", "out_type: {int32, int64} = int32"]), shapes: { [$0.inputShapes[1]] })
  ops.add(
    OpDefinition(
      "UpperBound", inputs: ["sorted_inputs: T", "values: T"], outputs: ["output: out_type"],
      attributes: ["T: type", "out_type: {int32, int64} = int32"]), shapes: { [$0.inputShapes[1]] })
  ops.add(
    OpDefinition("EnsureShape", inputs: ["input: T"], outputs: ["output: T"], attributes: ["shape: shape", "T: type"]),
    shapes: { [try $0.inputShapes[0].merged(with: $0.node.shape("shape"))] })
  ops.add(
    OpDefinition(
      "BroadcastArgs", inputs: ["s0: T", "s1: T"], outputs: ["r0: T"], attributes: ["T: {int32, int64} = int32"]),
    shapes: { _ in [.ofRank(1)] })
  ops.add(
    OpDefinition(
      "Empty", inputs: ["shape: int32"], outputs: ["output: dtype"], attributes: ["dtype: type", "init: bool = false"],
      stateful: true), shapes: Shapes.fromValue(0))
  ops.add(
    OpDefinition("DeepCopy", inputs: ["x: T"], outputs: ["y: T"], attributes: ["T: type"], stateful: true),
    shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "GuaranteeConst", inputs: ["input: T"], outputs: ["output: T"], attributes: ["T: type"], stateful: true),
    shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "DebugGradientIdentity", inputs: ["input: T"], outputs: ["output: T"], attributes: ["T: type"],
      allowsUninitializedInput: true), shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "ExtractImagePatches", inputs: ["images: T"], outputs: ["patches: T"],
      attributes: [
        "ksizes: list(int) >= 4", "strides: list(int) >= 4", "rates: list(int) >= 4", "T: realnumbertype",
        "padding: {'SAME', 'VALID'}",
      ]), shapes: IndexShapes.imagePatches)
  ops.add(
    OpDefinition(
      "SparseToDense",
      inputs: ["sparse_indices: Tindices", "output_shape: Tindices", "sparse_values: T", "default_value: T"],
      outputs: ["dense: T"], attributes: ["validate_indices: bool = true", "T: type", "Tindices: {int32, int64}"]),
    shapes: Shapes.fromValue(1))
  ops.add(
    OpDefinition(
      "SparseTensorDenseMatMul", inputs: ["a_indices: Tindices", "a_values: T", "a_shape: int64", "b: T"],
      outputs: ["product: T"],
      attributes: ["T: type", "Tindices: {int32, int64} = int64", "adjoint_a: bool = false", "adjoint_b: bool = false"]),
    shapes: IndexShapes.sparseProduct)
  ops.add(
    OpDefinition(
      "HistogramFixedWidth", inputs: ["values: T", "value_range: T", "nbins: int32"], outputs: ["out: dtype"],
      attributes: ["T: {int32, int64, float, double}", "dtype: {int32, int64} = int32"]),
    shapes: { [[$0.integers(2)?.first]] })
  ops.add(
    OpDefinition(
      "Bincount", inputs: ["arr: int32", "size: int32", "weights: T"], outputs: ["bins: T"],
      attributes: ["T: {int32, int64, float, double}"]), shapes: { [[$0.integers(1)?.first]] })
}
