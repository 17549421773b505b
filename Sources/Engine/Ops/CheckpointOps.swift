/// Saving and restoring; the session's `CheckpointStore` does the work.
@Sendable func defineCheckpointOps(_ ops: inout OpRegistry) {
  ops.add(
    OpDefinition(
      "SaveV2", inputs: ["prefix: string", "tensor_names: string", "shape_and_slices: string", "tensors: dtypes"],
      attributes: ["dtypes: list(type) >= 1"], stateful: true),
    shapes: Shapes.none)
  ops.add(
    OpDefinition(
      "RestoreV2", inputs: ["prefix: string", "tensor_names: string", "shape_and_slices: string"],
      outputs: ["tensors: dtypes"], attributes: ["dtypes: list(type) >= 1"], stateful: true))
  ops.add(
    OpDefinition(
      "MergeV2Checkpoints", inputs: ["checkpoint_prefixes: string", "destination_prefix: string"],
      attributes: ["delete_old_dirs: bool = true"], stateful: true),
    shapes: Shapes.none)
  ops.add(
    OpDefinition(
      "ShardedFilename", inputs: ["basename: string", "shard: int32", "num_shards: int32"],
      outputs: ["filename: string"]),
    shapes: Shapes.scalar)
  ops.add(
    OpDefinition(
      "StringJoin", inputs: ["inputs: N * string"], outputs: ["output: string"],
      attributes: ["N: int >= 1", "separator: string = ''"]),
    shapes: { context in
      [context.inputShapes.allSatisfy { $0.rank == 0 } ? .scalar : .unknown]
    })
}
