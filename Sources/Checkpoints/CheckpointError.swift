/// What can go wrong with a checkpoint. Every case names the file; cases about bytes name the offset too.
///
/// A damaged *tensor* or a missing *shard* concerns only the tensors in it: go on with the others. A damaged *index*
/// leaves nothing that could be trusted in the blocks concerned.
public enum CheckpointError: Error, Equatable, Sendable {
  /// No checkpoint is there. Check the path; `detail` says what was looked for.
  case notFound(path: String, detail: String)
  /// The operating system refused to read or write the file. Retry once the cause (`reason`) is removed.
  case fileAccess(path: String, action: String, reason: String)
  /// A link leads out of the folder that the checkpoint was to stay in. Read it where its files are.
  case outside(path: String)
  /// The bytes of an index (or a V1 file) are damaged. Give up on the block at `offset`.
  case damagedIndex(path: String, offset: UInt64, reason: String)
  /// The file is valid but asks for something this reader does not know. Give up.
  case unsupported(path: String, reason: String)
  /// The checkpoint holds no tensor of that name. Check the spelling against `CheckpointReader.entries`.
  case noSuchTensor(name: String, path: String)
  /// The data file that holds the tensor is not there. Its other tensors fail too, those in other shards do not.
  case missingShard(name: String, path: String)
  /// The tensor's bytes are damaged or cut off. Skip this tensor.
  case damagedTensor(name: String, path: String, offset: UInt64, reason: String)
  /// The tensor cannot be decoded (resource and variant values). List it, do not read it.
  case undecodable(name: String, dtype: String)
  /// A tensor or slice is too large for what was asked. Ask for a smaller slice.
  case tooLarge(name: String, bytes: Int, limit: Int)
  /// The slice does not fit the tensor. Correct it; `reason` says how.
  case invalidSlice(name: String, reason: String)
  /// The name cannot be written (empty, or written twice). Choose another.
  case invalidName(name: String, reason: String)
  /// The `checkpoint` state file does not parse. Repair or delete it; the checkpoints themselves may be fine.
  case damagedState(path: String, line: Int, reason: String)
}

extension CheckpointError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .notFound(let path, let detail): "\(path): no checkpoint found: \(detail)"
    case .fileAccess(let path, let action, let reason): "\(path): cannot \(action): \(reason)"
    case .outside(let path): "\(path): a link leads out of the root; it is not followed"
    case .damagedIndex(let path, let offset, let reason): "\(path): damaged at byte \(offset): \(reason)"
    case .unsupported(let path, let reason): "\(path): \(reason)"
    case .noSuchTensor(let name, let path): "\(path): holds no tensor named \"\(name)\""
    case .missingShard(let name, let path): "\(path): the data file that holds \"\(name)\" is missing"
    case .damagedTensor(let name, let path, let offset, let reason):
      "\(path): tensor \"\(name)\" at byte \(offset): \(reason)"
    case .undecodable(let name, let dtype): "tensor \"\(name)\" has type \(dtype), whose values cannot be shown"
    case .tooLarge(let name, let bytes, let limit):
      "tensor \"\(name)\": \(bytes) bytes were asked for, at most \(limit) are given; ask for a smaller slice"
    case .invalidSlice(let name, let reason): "tensor \"\(name)\": \(reason)"
    case .invalidName(let name, let reason): "tensor \"\(name)\": \(reason)"
    case .damagedState(let path, let line, let reason): "\(path), line \(line): \(reason)"
    }
  }
}
