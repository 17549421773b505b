import Foundation

/// How a checkpoint is stored.
public enum CheckpointFormat: String, Sendable, CaseIterable {
  /// TensorFlow before 0.12, or `SaverDef.V1`: table files that hold the values themselves.
  case v1 = "V1"
  /// `PREFIX.index` and `PREFIX.data-*`, tensors under the names of variables.
  case v2 = "V2"
  /// The same files, tensors under paths through an object graph (`tf.train.Checkpoint`).
  case object
  /// An object checkpoint at `variables/variables` of a SavedModel folder.
  case savedModel = "saved_model"
}

/// Where the files of one checkpoint are.
public struct CheckpointLocation: Equatable, Sendable {
  /// What TensorFlow calls the checkpoint: the files' common start, or a pattern `NAME-?????-of-N` (V1 in shards).
  public var prefix: String
  enum Files: Equatable, Sendable {
    /// `prefix.index` and its data files.
    case bundle
    /// V1: whole table files.
    case tables([String])
  }
  var files: Files
  /// Where the files must lie; nil for anywhere.
  var confinement: Confinement?

  /// The files that say what is in the checkpoint.
  var indexFiles: [String] {
    switch files {
    case .bundle: [prefix + ".index"]
    case .tables(let paths): paths
    }
  }

  /// The checkpoint with exactly this prefix (or V1 file, or pattern of V1 files): what `CheckpointDiscovery` lists, and
  /// what is restored. Never a folder, and never what a state file names.
  ///
  /// - Parameter root: No file outside of this folder is opened; links inside of it are followed.
  /// - Throws: `CheckpointError.notFound`.
  public static func exactly(_ prefix: String, confinedTo root: String? = nil) throws -> CheckpointLocation {
    let confinement = root.map { Confinement(to: $0) }
    if let location = at(prefix: prefix, confinement) { return location }
    throw nothing(at: prefix)
  }

  /// For people at a command line: finds the checkpoint that `path` means: a prefix; an `.index`, `.meta` or data file; a V1 file, one of its shards
  /// or their pattern; or a folder: a SavedModel, one with a state file, or one with checkpoints (the newest is taken).
  /// A prefix goes before a folder of the same name. State files may name checkpoints anywhere; where `path` comes from
  /// elsewhere than a person, take `exactly(_:confinedTo:)`.
  ///
  /// Throws `CheckpointError.notFound` with what was looked for.
  public static func resolve(_ path: String) throws -> CheckpointLocation {
    // An index is itself a table, but not a V1 checkpoint: look for its prefix first.
    let candidates = [stripped(path), path].compactMap(\.self)
    for candidate in candidates { if let location = at(prefix: candidate) { return location } }
    if FileStatus(path)?.isDirectory == true { return try inDirectory(path) }
    for candidate in candidates { if let location = shards(ofName: candidate) { return location } }
    throw nothing(at: path)
  }

  /// What was looked for in vain.
  private static func nothing(at path: String) -> CheckpointError {
    let prefix = stripped(path) ?? path
    if hasDataFiles(prefix: prefix) {
      return .notFound(
        path: prefix + ".index", detail: "data files are there, but the index that says what is in them is missing")
    }
    if let status = FileStatus(path), status.isRegular {
      return .notFound(path: path, detail: "the file is not a checkpoint (not a table file)")
    }
    return .notFound(path: path, detail: "neither \(split(prefix).name).index nor a V1 file is there")
  }

  /// Whether a checkpoint's index or V1 file is at `prefix`.
  static func exists(prefix: String) -> Bool {
    if FileStatus(prefix + ".index")?.isRegular == true { return true }
    if FileStatus(prefix)?.isRegular == true { return true }
    return shardPattern(prefix) != nil && at(prefix: prefix) != nil
  }

  private static func inDirectory(_ directory: String) throws -> CheckpointLocation {
    let variables = joined(directory, "variables/variables")
    if FileStatus(variables + ".index") != nil { return CheckpointLocation(prefix: variables, files: .bundle) }
    if let latest = latestCheckpoint(in: directory), let location = at(prefix: latest) { return location }
    let found = CheckpointDiscovery.checkpoints(inDirectory: directory)
    let usable = found.filter { $0.problem == nil }
    if let newest = (usable.isEmpty ? found : usable).max(by: {
      ($0.modified, $0.step ?? -1) < ($1.modified, $1.step ?? -1)
    }),
      let location = at(prefix: newest.prefix)
    {
      return location
    }
    throw CheckpointError.notFound(path: directory, detail: "the folder holds no checkpoint")
  }

  static func at(prefix: String, _ confinement: Confinement? = nil) -> CheckpointLocation? {
    if FileStatus(prefix + ".index")?.isRegular == true {
      return CheckpointLocation(prefix: prefix, files: .bundle, confinement: confinement)
    }
    if let shards = shardPattern(prefix), let files = tableShards(name: shards.name, count: shards.count, confinement) {
      return CheckpointLocation(
        prefix: "\(shards.name)-?????-of-\(shards.suffix)", files: .tables(files), confinement: confinement)
    }
    guard isTable(prefix, within: confinement) else { return nil }
    return CheckpointLocation(prefix: prefix, files: .tables([prefix]), confinement: confinement)
  }

  /// The V1 shards that stand beside a bare name.
  private static func shards(ofName prefix: String) -> CheckpointLocation? {
    let (directory, name) = split(prefix)
    for candidate in names(inDirectory: directory) where candidate.hasPrefix(name + "-00000-of-") {
      let path = joined(directory, candidate)
      if let shards = shardPattern(path), let files = tableShards(name: shards.name, count: shards.count) {
        return CheckpointLocation(prefix: "\(shards.name)-?????-of-\(shards.suffix)", files: .tables(files))
      }
    }
    return nil
  }

  /// The prefix of an `.index`, `.meta` or data file's path; nil for other paths.
  static func stripped(_ path: String) -> String? {
    for ending in [".index", ".meta"] where path.hasSuffix(ending) { return String(path.dropLast(ending.count)) }
    return dataFilePrefix(path)
  }

  /// The prefix of a path that ends in `.data-NNNNN-of-NNNNN`.
  static func dataFilePrefix(_ path: String) -> String? {
    guard let range = path.range(of: ".data-", options: .backwards) else { return nil }
    let parts = path[range.upperBound...].split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[1] == "of", Int(parts[0]) != nil, Int(parts[2]) != nil else { return nil }
    return String(path[..<range.lowerBound])
  }

  /// Splits `NAME-?????-of-00002` and `NAME-00001-of-00002`.
  static func shardPattern(_ path: String) -> (name: String, count: Int, suffix: String)? {
    let bytes = Array(path.utf8)
    // "-", five places, "-of-", five digits
    guard bytes.count > 15, path.utf8.suffix(15).first == UInt8(ascii: "-") else { return nil }
    let end = String(decoding: bytes.suffix(15), as: UTF8.self)
    let shard = end.dropFirst().prefix(5)
    let suffix = end.suffix(5)
    guard end.dropFirst(6).hasPrefix("-of-"), let count = Int(suffix), count > 0,
      shard == "?????" || Int(shard) != nil
    else { return nil }
    return (String(decoding: bytes.dropLast(15), as: UTF8.self), count, String(suffix))
  }

  private static func tableShards(name: String, count: Int, _ confinement: Confinement? = nil) -> [String]? {
    let files = (0..<min(count, 100_000)).map { "\(name)-\(fiveDigits($0))-of-\(fiveDigits(count))" }
    return files.contains { isTable($0, within: confinement) } ? files : nil
  }

  /// Whether a regular file ends in the table format's magic number.
  static func isTable(_ path: String, within confinement: Confinement? = nil) -> Bool {
    guard FileStatus(path)?.isRegular == true, let file = try? RandomAccessFile(path: path, within: confinement),
      file.size >= UInt64(TableFormat.footerSize),
      let end = try? file.read(at: file.size - 8, count: 8), end.count == 8
    else { return false }
    var cursor = ByteCursor(end)
    return cursor.fixed64() == TableFormat.magic
  }

  private static func hasDataFiles(prefix: String) -> Bool {
    let (directory, _) = split(prefix)
    return names(inDirectory: directory).contains {
      dataFilePrefix(joined(directory, $0)) == joined(directory, split(prefix).name)
    }
  }
}

/// `number` with leading zeros, as file names of shards have it.
func fiveDigits(_ number: Int) -> String {
  let digits = String(number)
  return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
}

/// The path of one data file of a V2 checkpoint.
func dataFilePath(prefix: String, shard: Int, of count: Int) -> String {
  "\(prefix).data-\(fiveDigits(shard))-of-\(fiveDigits(count))"
}
