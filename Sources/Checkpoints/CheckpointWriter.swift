import Foundation
import Records
import Tensors

/// Writes a V2 checkpoint as TensorFlow's Saver does: one data file, tensors back to back in the order they are added,
/// and an index.
///
/// Nothing that stood under the prefix is touched before `finish`: data and index are written aside first. The index
/// then takes its place in one step, so a full disk, an error or a killed process leaves either the previous checkpoint
/// or the new one, whole. Since an old index must not meet new data, a checkpoint that replaces one is stored under
/// another number of shards (the data file's name holds that number); readers follow the index either way.
public final class CheckpointWriter {
  public let prefix: String
  private var data: AtomicFile?
  private var entries: [[UInt8]: BundleEntry] = [:]
  private let shardCount: Int

  /// Starts a checkpoint. The folder must exist. Throws `CheckpointError.fileAccess`.
  public init(prefix: String) throws {
    self.prefix = prefix
    let inUse = try? BundleIndex(TableReader(RandomAccessFile(path: prefix + ".index"))).header.shardCount
    shardCount = inUse == 1 ? 2 : 1
    data = try AtomicFile(path: dataFilePath(prefix: prefix, shard: 0, of: shardCount))
  }

  /// Appends a tensor. Names may come in any order, each once. Throws `CheckpointError.invalidName` or `.fileAccess`.
  public func add(name: String, tensor: Tensor) throws {
    let key = try checkedKey(name)
    guard entries[key] == nil else { throw CheckpointError.invalidName(name: name, reason: "is saved twice") }
    entries[key] = try append(tensor, name: name)
  }

  /// Appends a part of a tensor; its other parts may follow, in this checkpoint or in one that is merged with it.
  /// - Parameter slice: what part it is; must have the tensor's shape.
  /// - Throws: `CheckpointError.invalidName` where a part comes twice, or does not fit; `.fileAccess`.
  public func add(name: String, slice: TensorSlice, tensor: Tensor) throws {
    let key = try checkedKey(name)
    guard slice.shape == tensor.shape, slice.isInside else {
      throw CheckpointError.invalidName(
        name: name, reason: "a slice \(slice.shape) of \(slice.fullShape) cannot hold a tensor \(tensor.shape)")
    }
    var whole = entries[key] ?? BundleEntry()
    let isFirst = entries[key] == nil
    whole.dtype = tensor.dtype.rawValue
    whole.shape = slice.fullShape
    guard isFirst || (entries[key]?.dtype == whole.dtype && entries[key]?.shape == whole.shape),
      isFirst || !whole.slices.isEmpty
    else { throw CheckpointError.invalidName(name: name, reason: "its parts have different types or whole shapes") }
    let sliceKey = OrderedCode.sliceKey(name: key, extents: slice.extents)
    guard entries[sliceKey] == nil else {
      throw CheckpointError.invalidName(name: name, reason: "has a part that is saved twice")
    }
    whole.slices.append(slice.extents)
    entries[sliceKey] = try append(tensor, name: name)
    entries[key] = whole
  }

  private func checkedKey(_ name: String) throws -> [UInt8] {
    let key = Array(name.utf8)
    guard !key.isEmpty else { throw CheckpointError.invalidName(name: name, reason: "a tensor needs a name") }
    guard key[0] != 0 else {
      throw CheckpointError.invalidName(name: name, reason: "a name cannot start with a zero byte")
    }
    guard data != nil else {
      throw CheckpointError.invalidName(name: name, reason: "the checkpoint is already finished")
    }
    return key
  }

  /// Writes the tensor's bytes, and answers where they are.
  private func append(_ tensor: Tensor, name: String) throws -> BundleEntry {
    var entry = BundleEntry()
    entry.dtype = tensor.dtype.rawValue
    entry.shape = tensor.shape
    entry.offset = data?.size ?? 0
    if tensor.dtype == .string {
      let (bytes, checksum) = StringTensor.encode(tensor.strings)
      entry.maskedChecksum = checksum
      try data?.write(bytes)
      entry.size = UInt64(bytes.count)
    } else {
      guard tensor.dtype.byteWidth != nil else {
        throw CheckpointError.undecodable(name: name, dtype: tensor.dtype.name)
      }
      try tensor.withUnsafeBytes { bytes in
        entry.maskedChecksum = CRC32C.mask(CRC32C.checksum(bytes))
        try data?.write(bytes)
        entry.size = UInt64(bytes.count)
      }
    }
    return entry
  }

  /// Puts the checkpoint in place: data first, then the index. Returns the prefix, for `CheckpointState`.
  @discardableResult public func finish() throws -> String {
    guard var data = data.take() else { return prefix }
    var table = TableWriter()
    table.add(key: [], value: BundleHeader(shardCount: shardCount).serialized)
    for (key, entry) in entries.sorted(by: { precedes($0.key, $1.key) }) {
      table.add(key: key, value: entry.serialized)
    }
    table.finish()
    var index = try AtomicFile(path: prefix + ".index")
    try index.write(table.bytes)
    try data.commit()
    if shardCount == 2 { try AtomicFile.write([], to: dataFilePath(prefix: prefix, shard: 1, of: 2)) }
    try index.commit()
    CheckpointMerge.removeDataFiles(of: prefix, exceptOf: shardCount)
    return prefix
  }
}

/// Where a part of a tensor lies in the whole.
public struct TensorSlice: Equatable, Sendable {
  public var fullShape: Shape
  /// One range a dimension.
  public var ranges: [Range<Int>]

  public init(fullShape: Shape, ranges: [Range<Int>]) {
    self.fullShape = fullShape
    self.ranges = ranges
  }

  /// Shape of the part.
  public var shape: Shape { Shape(ranges.map(\.count)) }

  var isInside: Bool {
    ranges.count == fullShape.rank
      && zip(ranges, fullShape.dimensions).allSatisfy { $0.lowerBound >= 0 && $0.upperBound <= $1 }
  }

  var extents: [SliceExtent] { ranges.map { SliceExtent(start: $0.lowerBound, length: $0.count) } }
}
