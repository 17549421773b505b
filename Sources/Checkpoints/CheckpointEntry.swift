import Tensors

/// One tensor of a checkpoint, as its index describes it.
public struct CheckpointEntry: Equatable, Sendable {
  /// The key in the checkpoint: a variable's name, or a path through the object graph.
  public var name: String
  public var dtype: DataType
  public var shape: Shape
  /// Bytes the tensor takes in its files.
  public var byteCount: UInt64
  /// Number of the data file, or of the first of several slices; of a V1 checkpoint, of the table file.
  public var shard: Int
  /// Where the tensor starts in its data file; of a partitioned variable, its first slice. nil in a V1 checkpoint,
  /// where a value has no place of its own.
  public var offset: UInt64?
  /// The pieces of a partitioned variable; one piece that covers everything otherwise.
  public var slices: [CheckpointSlice]
  /// Why no value can be given, where the index contradicts itself. `slices` is empty then.
  var contradiction: String?

  /// Whether the tensor is stored in pieces, of which an incomplete checkpoint may hold only one or none.
  public var isPartitioned: Bool { slices.count != 1 || slices[0].shape != shape }
}

extension CheckpointEntry {
  /// Gives up the slices where two hold the same element. Returns why, as the end of a sentence about the tensor.
  mutating func refuseOverlap() -> String? {
    guard slices.count > 1 else { return nil }
    let pieces = slices.map(\.ranges)
    guard let overlap = PieceOverlap.find(among: pieces) else { return nil }
    contradiction = overlap.reason(pieces)
    slices = []
    return contradiction
  }
}

/// A stored piece of a tensor.
public struct CheckpointSlice: Equatable, Sendable {
  /// The indices covered along each dimension.
  public var ranges: [Range<Int>]
  public var shard: Int
  public var offset: UInt64?
  public var byteCount: UInt64
  /// Masked CRC-32C as stored; nil where the format has none for single tensors (V1).
  var maskedChecksum: UInt32?
  /// Key of the value in a V1 table.
  var tableKey: [UInt8]?

  var shape: Shape { Shape(ranges.map(\.count)) }
}

extension CheckpointSlice {
  init(ranges: [Range<Int>], _ stored: BundleEntry) {
    self.init(
      ranges: ranges, shard: stored.shard, offset: stored.offset, byteCount: stored.size,
      maskedChecksum: stored.maskedChecksum, tableKey: nil)
  }
}
