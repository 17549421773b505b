import Tensors

/// How `SaveV2`, `RestoreV2` and `MergeV2Checkpoints` reach checkpoint files. The engine knows no file format; who
/// makes a session hands one in.
public protocol CheckpointStore: Sendable {
  /// Writes tensors under `prefix`. `slices` holds, for each tensor, its `shape_and_slices` text, empty for whole ones.
  func save(prefix: String, names: [String], slices: [String], tensors: [Tensor]) throws

  /// Writes tensors into one file at `path`, in TensorFlow's first format.
  func saveFirstFormat(path: String, names: [String], slices: [String], tensors: [Tensor]) throws

  /// Reads tensors from `prefix`, in the order of `names`.
  /// - Throws: `EngineError` (NotFound, DataLoss, InvalidArgument) where a tensor is missing, damaged, or not of the
  ///   type asked for.
  func restore(prefix: String, names: [String], slices: [String], dtypes: [DataType]) throws -> [Tensor]

  /// Joins the shards written under `prefixes` into one checkpoint at `destination`.
  func merge(prefixes: [String], destination: String, deleteOldDirectories: Bool) throws
}

extension CheckpointStore {
  public func saveFirstFormat(path: String, names: [String], slices: [String], tensors: [Tensor]) throws {
    throw EngineError(.unimplemented, "This session's checkpoint store does not write TensorFlow's first format.")
  }
}
