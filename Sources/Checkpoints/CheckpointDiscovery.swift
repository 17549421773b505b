/// A checkpoint found in a folder.
public struct FoundCheckpoint: Equatable, Sendable {
  /// Pass this to `CheckpointReader`.
  public var prefix: String
  /// The number the prefix ends in (`model.ckpt-200`); nil where there is none.
  public var step: Int64?
  public var format: CheckpointFormat
  /// Bytes of index and data files together.
  public var bytes: UInt64
  /// When the newest of its files changed, in seconds since 1970.
  public var modified: Double
  /// Tensors listed in the index.
  public var tensors: Int
  /// What is wrong with it, as a sentence: a damaged index, a missing data file. nil where nothing is known to be.
  public var problem: String?
}

/// Finds the checkpoints in one folder, by file name and, for V1 files, by content. Does not descend into subfolders.
public enum CheckpointDiscovery {
  /// The checkpoints whose files lie in `directory`, by step, then by name. Data files without an index are reported as
  /// a checkpoint with a problem. A folder that is not there holds none.
  ///
  /// - Parameter known: What an earlier look found. A checkpoint whose files have the same size and time is not opened
  ///   again, so a folder that is watched costs one listing.
  /// - Parameter root: No file outside of this folder is opened or measured; a checkpoint with a link that leads out of
  ///   it is listed with that as its problem.
  public static func checkpoints(
    inDirectory directory: String, known: [FoundCheckpoint] = [], confinedTo root: String? = nil
  ) -> [FoundCheckpoint] {
    let confinement = root.map { Confinement(to: $0) }
    let names = names(inDirectory: directory)
    var candidates: [String: [String]] = [:]
    for name in names {
      if name.hasSuffix(".index") {
        candidates[String(name.dropLast(6)), default: []].append(name)
      } else if let prefix = CheckpointLocation.dataFilePrefix(name) {
        candidates[prefix, default: []].append(name)
      }
    }
    for (prefix, files) in tables(among: names, directory, confinement) where candidates[prefix] == nil {
      candidates[prefix] = files
    }
    let earlier = Dictionary(known.map { ($0.prefix, $0) }, uniquingKeysWith: { $1 })
    return candidates.map { name, files in
      let prefix = joined(directory, name)
      let status = files.map { joined(directory, $0) }
        .filter { confinement?.isOutside($0) != true }.compactMap { FileStatus($0) }
      let bytes = status.map { UInt64(max(0, $0.size)) }.saturatingSum()
      let modified = status.map(\.modified).max() ?? 0
      if let same = earlier[prefix], same.bytes == bytes, same.modified == modified { return same }
      var found = FoundCheckpoint(
        prefix: prefix, step: step(ofPrefix: name), format: .v2, bytes: bytes, modified: modified, tensors: 0)
      do {
        let reader = try CheckpointReader(prefix: prefix, confinedTo: root)
        found.format = reader.format
        found.tensors = reader.entries.count
        found.problem = reader.problems.first ?? unreadableShards(of: reader)
      } catch {
        found.problem = "\(error)"
      }
      return found
    }
    .sorted { ($0.step ?? .min, $0.prefix) < ($1.step ?? .min, $1.prefix) }
  }

  /// The number a prefix ends in after a dash, as TensorFlow's Saver appends the global step.
  public static func step(ofPrefix prefix: String) -> Int64? {
    guard let dash = prefix.lastIndex(of: "-") else { return nil }
    let digits = prefix[prefix.index(after: dash)...]
    guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int64(digits)
  }

  private static func unreadableShards(of reader: CheckpointReader) -> String? {
    let problems = reader.dataFileProblems
    guard let first = problems.first else { return nil }
    return problems.count > 1 ? "\(first); \(problems.count - 1) more data files cannot be read either" : first
  }

  /// V1 checkpoints: table files that look like one by name. The magic number decides.
  private static func tables(
    among names: [String], _ directory: String, _ confinement: Confinement?
  ) -> [String: [String]] {
    var result: [String: [String]] = [:]
    let all = Set(names)
    for name in names where !name.hasSuffix(".index") && !name.hasSuffix(".meta") {
      if let shards = CheckpointLocation.shardPattern(name), shards.count <= names.count {
        guard CheckpointLocation.isTable(joined(directory, name), within: confinement) else { continue }
        result["\(shards.name)-?????-of-\(shards.suffix)", default: []].append(name)
      } else if all.contains(name + ".meta") || name.contains("ckpt") {
        guard CheckpointLocation.isTable(joined(directory, name), within: confinement) else { continue }
        result[name] = [name]
      }
    }
    return result
  }
}
