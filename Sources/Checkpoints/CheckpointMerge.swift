import Glibc

/// Joins checkpoints in the second format into one (TensorFlow's `MergeV2Checkpoints`): what a sharded saver wrote, one
/// for each device. Their data files become those of the whole, and their indices one.
///
/// The new index takes its place last and in one step, so that an error or a killed process leaves the previous
/// checkpoint, or the new one, whole. As in `CheckpointWriter`, one that replaces a checkpoint of as many data files is
/// stored with another number of them.
public enum CheckpointMerge {
  /// - Parameters:
  ///   - prefixes: of the parts, which are gone afterwards. Two may hold slices of the same variable.
  ///   - destination: prefix of the whole.
  ///   - deleteFolders: whether the parts' folders are removed where they are empty then.
  /// - Throws: `CheckpointError` where a part is missing or damaged, a name comes twice, or a file cannot be moved.
  public static func merge(_ prefixes: [String], into destination: String, deleteFolders: Bool = true) throws {
    var entries: [[UInt8]: BundleEntry] = [:]
    var files: [String] = []
    for prefix in prefixes {
      let table = try TableReader(RandomAccessFile(path: prefix + ".index"))
      // Also checks the header.
      let header = try BundleIndex(table).header
      for number in table.blocks.indices {
        let (block, items) = try table.entries(inBlock: number)
        for item in items where !item.key.isEmpty {
          guard var entry = BundleEntry(block.bytes, item.value) else {
            throw CheckpointError.damagedIndex(
              path: prefix + ".index", offset: table.blocks[number].handle.offset, reason: "an entry is damaged")
          }
          entry.shard += files.count
          try add(entry, item.key, to: &entries)
        }
      }
      let count = max(1, header.shardCount)
      files += (0..<count).map { dataFilePath(prefix: prefix, shard: $0, of: count) }
    }
    try write(entries, files, to: destination)
    for prefix in prefixes {
      unlink(prefix + ".index")
      if deleteFolders { rmdir(split(prefix).directory) }
    }
  }

  private static func add(
    _ entry: BundleEntry, _ key: [UInt8], to entries: inout [[UInt8]: BundleEntry]
  ) throws {
    guard var known = entries[key] else {
      entries[key] = entry
      return
    }
    guard !known.slices.isEmpty, !entry.slices.isEmpty, known.dtype == entry.dtype, known.shape == entry.shape else {
      throw CheckpointError.invalidName(name: BundleIndex.text(key), reason: "is in two of the merged checkpoints")
    }
    known.slices += entry.slices
    entries[key] = known
  }

  private static func write(
    _ entries: [[UInt8]: BundleEntry], _ files: [String], to destination: String
  ) throws {
    let inUse = try? BundleIndex(TableReader(RandomAccessFile(path: destination + ".index"))).header.shardCount
    let count = inUse == files.count ? files.count + 1 : files.count
    var table = TableWriter()
    table.add(key: [], value: BundleHeader(shardCount: count).serialized)
    for (key, entry) in entries.sorted(by: { precedes($0.key, $1.key) }) {
      table.add(key: key, value: entry.serialized)
    }
    table.finish()
    var index = try AtomicFile(path: destination + ".index")
    try index.write(table.bytes)
    for (shard, file) in files.enumerated() {
      let target = dataFilePath(prefix: destination, shard: shard, of: count)
      guard rename(file, target) == 0 else {
        throw CheckpointError.fileAccess(path: target, action: "move \(file) to", reason: systemReason())
      }
    }
    if count > files.count {
      try AtomicFile.write([], to: dataFilePath(prefix: destination, shard: count - 1, of: count))
    }
    try index.commit()
    removeDataFiles(of: destination, exceptOf: count)
  }

  /// What a replaced checkpoint leaves behind.
  static func removeDataFiles(of prefix: String, exceptOf count: Int) {
    let (directory, name) = split(prefix)
    let suffix = "-of-\(fiveDigits(count))"
    for file in names(inDirectory: directory)
    where CheckpointLocation.dataFilePrefix(file) == name && !file.hasSuffix(suffix) {
      unlink(joined(directory, file))
    }
  }
}
