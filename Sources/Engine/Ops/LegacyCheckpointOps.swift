/// Saving in TensorFlow's first format; `RestoreV2` reads both.
@Sendable func defineLegacyCheckpointOps(_ ops: inout OpRegistry) {
  ops.add(
    OpDefinition(
      "SaveSlices", inputs: ["filename: string", "tensor_names: string", "shapes_and_slices: string", "data: T"],
      attributes: ["T: list(type) >= 1"], stateful: true),
    shapes: Shapes.none)
  ops.add(
    OpDefinition(
      "Save", inputs: ["filename: string", "tensor_names: string", "data: T"],
      attributes: ["T: list(type) >= 1"], stateful: true),
    shapes: Shapes.none)
  ops.add(
    OpDefinition(
      "ShardedFilespec", inputs: ["basename: string", "num_shards: int32"], outputs: ["filename: string"]),
    shapes: Shapes.scalar)
  ops.add(
    OpDefinition(
      "Restore", inputs: ["file_pattern: string", "tensor_name: string"], outputs: ["tensor: dt"],
      attributes: ["dt: type", "preferred_shard: int = -1"], stateful: true))
  ops.add(
    OpDefinition(
      "RestoreSlice", inputs: ["file_pattern: string", "tensor_name: string", "shape_and_slice: string"],
      outputs: ["tensor: dt"], attributes: ["dt: type", "preferred_shard: int = -1"], stateful: true))
}
