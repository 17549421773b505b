import Tensors

/// The index of a V2 checkpoint, read whole: header and entries. No data file is touched.
struct BundleIndex: Sendable {
  static let objectGraphKey = "_CHECKPOINTABLE_OBJECT_GRAPH"

  var header: BundleHeader
  /// By name bytes.
  var entries: [CheckpointEntry] = []
  /// What could not be listed, as sentences.
  var problems: [String] = []

  /// Throws where the header cannot be read. A damaged block or entry further on becomes a problem and hides only the
  /// names in it.
  init(_ table: TableReader) throws {
    let path = table.source.path
    guard !table.blocks.isEmpty else {
      throw CheckpointError.damagedIndex(
        path: path, offset: 0, reason: "the table is empty, without a checkpoint header")
    }
    var (block, items) = try table.entries(inBlock: 0)
    guard let first = items.first, first.key.isEmpty, let header = BundleHeader(block.bytes, first.value) else {
      throw CheckpointError.damagedIndex(
        path: path, offset: table.blocks[0].handle.offset, reason: "the first entry is not a checkpoint header")
    }
    guard header.minimumConsumer <= BundleHeader.version else {
      throw CheckpointError.unsupported(
        path: path,
        reason: "written in version \(header.producer) of the format, which asks for a reader of version "
          + "\(header.minimumConsumer) or later; this one knows version \(BundleHeader.version)")
    }
    guard header.shardCount >= 0, header.shardCount <= 100_000 else {
      throw CheckpointError.damagedIndex(
        path: path, offset: table.blocks[0].handle.offset, reason: "the header claims \(header.shardCount) data files")
    }
    self.header = header
    items.removeFirst()
    // Slice keys start with a zero byte, so they come before all names.
    var pieces: [[UInt8]: [KeyedSlice]] = [:]
    for number in table.blocks.indices {
      if number > 0 {
        do { (block, items) = try table.entries(inBlock: number) } catch let error as CheckpointError {
          problems.append("\(error); the tensors listed there are not shown")
          continue
        }
      }
      for item in items {
        guard let stored = BundleEntry(block.bytes, item.value) else {
          problems.append("\(path): the entry of \"\(Self.text(item.key))\" is damaged")
          continue
        }
        if let slice = OrderedCode.parseSliceKey(item.key) {
          pieces[slice.name, default: []].append(KeyedSlice(extents: slice.extents, stored: stored))
        } else {
          add(stored, key: item.key, pieces: pieces, path: path)
        }
      }
    }
  }

  /// The entry under a slice key.
  private struct KeyedSlice {
    var extents: [SliceExtent]
    var stored: BundleEntry
  }

  private mutating func add(_ stored: BundleEntry, key: [UInt8], pieces: [[UInt8]: [KeyedSlice]], path: String) {
    let name = Self.text(key)
    // Types of references (101 and up) stand for the type itself.
    guard let dtype = DataType(rawValue: stored.dtype > 100 ? stored.dtype - 100 : stored.dtype) else {
      problems.append("\(path): \"\(name)\" has the unknown element type \(stored.dtype)")
      return
    }
    let shards = 0..<max(1, header.shardCount)
    guard let count = stored.shape.checkedElementCount(),
      !count.multipliedReportingOverflow(by: dtype.byteWidth ?? 1).overflow,
      shards.contains(stored.shard)
    else {
      problems.append("\(path): \"\(name)\" has an impossible shape \(stored.shape) or data file \(stored.shard)")
      return
    }
    var entry = CheckpointEntry(
      name: name, dtype: dtype, shape: stored.shape, byteCount: stored.size, shard: stored.shard,
      offset: stored.offset, slices: [])
    if stored.slices.isEmpty {
      entry.slices = [
        CheckpointSlice(ranges: stored.shape.dimensions.map { 0..<$0 }, stored)
      ]
    } else {
      let wanted = stored.slices.map { Self.ranges($0, in: stored.shape) }
      var available: [[Range<Int>]: BundleEntry] = [:]
      for piece in pieces[key] ?? [] {
        if let ranges = Self.ranges(piece.extents, in: stored.shape) { available[ranges] = piece.stored }
      }
      for ranges in wanted {
        guard let ranges, let piece = available[ranges] else {
          problems.append("\(path): \"\(name)\" lacks one of its \(wanted.count) slices")
          continue
        }
        guard shards.contains(piece.shard) else {
          problems.append(
            "\(path): a slice of \"\(name)\" lies in data file \(piece.shard), but the checkpoint has \(shards.count)")
          continue
        }
        entry.slices.append(CheckpointSlice(ranges: ranges, piece))
      }
      entry.byteCount = entry.slices.map(\.byteCount).saturatingSum()
      entry.shard = entry.slices.first?.shard ?? stored.shard
      entry.offset = entry.slices.first?.offset
      if let reason = entry.refuseOverlap() { problems.append("\(path): \"\(name)\": \(reason)") }
    }
    entries.append(entry)
  }

  /// Extents as index ranges of a tensor of this shape; nil where they do not fit it.
  static func ranges(_ extents: [SliceExtent], in shape: Shape) -> [Range<Int>]? {
    guard extents.count == shape.rank else { return nil }
    var result: [Range<Int>] = []
    for (extent, size) in zip(extents, shape.dimensions) {
      // The start first: what is left of the dimension overflows for one that is far outside.
      guard size >= 0, (0...size).contains(extent.start) else { return nil }
      let length = extent.length ?? size - extent.start
      guard (0...size - extent.start).contains(length) else { return nil }
      result.append(extent.start..<extent.start + length)
    }
    return result
  }

  static func text(_ key: [UInt8]) -> String { String(decoding: key, as: UTF8.self) }
}
