import Checkpoints
import Engine
import Foundation
import Protos
import Tensors

/// Saves variables to checkpoints and restores them (`tf.train.Saver`), in TensorFlow's V2 format.
///
/// A saver adds its nodes to the graph, named as TensorFlow names them (`save/…`), so that TensorFlow 1.15 can import
/// the `.meta` file and restore with it. It writes the `checkpoint` state file and deletes what is too old; of
/// checkpoints that other savers wrote it knows nothing.
public final class Saver {
  /// How many checkpoints are kept; 0 keeps all.
  public let maxToKeep: Int
  /// Besides, one checkpoint every so many hours is kept for good.
  public let keepCheckpointEveryNHours: Double
  /// The prefixes of the checkpoints that are kept, oldest first.
  public var lastCheckpoints: [String] { kept.map(\.prefix) }

  let definition: Tensorflow_SaverDef
  /// Nil for a saver without variables.
  private let nodes: SaverNodes?
  private unowned let graph: Graph
  private var kept: [(prefix: String, time: Double)] = []
  private var nextPreserved: Double
  private let padStepNumber: Bool
  private let clock: @Sendable () -> Double

  /// Adds the nodes of a saver to `graph`.
  /// - Parameters:
  ///   - variables: what is saved; those that exist now.
  ///   - reshape: whether values of another shape may be restored, if they have as many elements.
  ///   - sharded: whether each device writes a file of its own.
  ///   - restoreSequentially: TensorFlow reads variables one after the other then; here, as in TensorFlow's savers that
  ///     restore in bulk, it changes nothing.
  ///   - version: the format to write; either is read.
  ///   - allowEmpty: whether a graph without variables gives a saver that saves nothing instead of an error.
  ///   - padStepNumber: whether the step in file names is padded to eight digits.
  ///   - clock: tells the time in seconds since 1970; nil is the system's.
  /// - Throws: `BuildError` where there is nothing to save or a name comes twice.
  public init(
    _ graph: Graph, variables: SavedVariables = .all, reshape: Bool = false, sharded: Bool = false,
    maxToKeep: Int = 5, keepCheckpointEveryNHours: Double = 10_000, restoreSequentially: Bool = false,
    version: CheckpointVersion = .v2, padStepNumber: Bool = false, allowEmpty: Bool = false, name: String? = nil,
    clock: (@Sendable () -> Double)? = nil
  ) throws {
    let saved = try variables.resolve(in: graph)
    guard !saved.isEmpty || allowEmpty else { throw BuildError.value("No variables to save") }
    self.graph = graph
    self.maxToKeep = max(0, maxToKeep)
    self.keepCheckpointEveryNHours = keepCheckpointEveryNHours
    self.padStepNumber = padStepNumber
    self.clock = clock ?? { Date().timeIntervalSince1970 }
    var definition = Tensorflow_SaverDef()
    if saved.isEmpty {
      nodes = nil
    } else {
      let nodes = try graph.addSaverNodes(
        saved, reshapes: reshape, isSharded: sharded, format: version, name: name)
      definition.filenameTensorName = nodes.path.name
      definition.saveTensorName = nodes.savedPath.name
      definition.restoreOpName = nodes.restore.name
      self.nodes = nodes
    }
    definition.sharded = sharded
    definition.maxToKeep = Int32(clamping: self.maxToKeep)
    definition.keepCheckpointEveryNHours = Float(keepCheckpointEveryNHours)
    definition.version = version == .v2 ? .v2 : .v1
    self.definition = definition
    nextPreserved = self.clock() + keepCheckpointEveryNHours * 3600
  }

  /// The saver whose nodes are in the graph already, as an imported `.meta` describes it.
  init(_ graph: Graph, definition: Tensorflow_SaverDef, scope: String) throws {
    let prefix = scope.isEmpty ? "" : scope + "/"
    self.graph = graph
    self.definition = definition
    maxToKeep = Int(definition.maxToKeep)
    keepCheckpointEveryNHours = Double(definition.keepCheckpointEveryNHours)
    padStepNumber = false
    clock = { Date().timeIntervalSince1970 }
    nextPreserved = clock() + keepCheckpointEveryNHours * 3600
    // A file name for the save tensor may be an operation's name in old files.
    let savedPath = definition.saveTensorName
    nodes = SaverNodes(
      path: try graph.output(named: prefix + definition.filenameTensorName),
      savedPath: try graph.output(named: prefix + (savedPath.contains(":") ? savedPath : savedPath + ":0")),
      restore: try graph.operation(named: prefix + definition.restoreOpName))
  }

  /// Saves all variables of the saver (`Saver.save`).
  ///
  /// The files are complete before the state file names them, and older ones are deleted last.
  /// - Parameters:
  ///   - path: prefix of the files; `-STEP` follows where there is a step. A folder of one missing level is made.
  ///   - latestFileName: name of the state file.
  ///   - metaGraphSuffix: ends the name of the file with the graph.
  ///   - stripDefaultAttributes: whether attributes that have their default values are left out of that file, for older
  ///     readers.
  /// - Returns: the prefix written.
  /// - Throws: `EngineError` where a variable has no value, `CheckpointError` or `SaveError` where files fail.
  @discardableResult
  public func save(
    _ session: Session, to path: String, globalStep: Int64? = nil,
    latestFileName: String = CheckpointStateFile.defaultName, metaGraphSuffix: String = "meta",
    writeMetaGraph: Bool = true, writeState: Bool = true, stripDefaultAttributes: Bool = false
  ) throws -> String {
    guard !latestFileName.contains("/") else {
      throw BuildError.value("'latest_filename' must not contain path components")
    }
    let target = globalStep.map { path + "-" + stepText($0) } ?? path
    var prefix = target
    let folder = try makeFolder(of: path)
    if let nodes {
      // Of the first format in shards the answer is a pattern: PREFIX-?????-of-N.
      let saved = try session.run(nodes.savedPath, feeds: [nodes.path: Tensor(target)])
      prefix = saved.strings.first.map { String(decoding: $0, as: UTF8.self) } ?? target
    }
    if writeMetaGraph {
      try exportMetaGraph(to: target + "." + metaGraphSuffix, stripDefaultAttributes: stripDefaultAttributes)
    }
    if writeState && nodes != nil {
      let deleted = record(prefix)
      let state = CheckpointState.forSaving(newest: prefix, all: lastCheckpoints, inDirectory: folder)
      try CheckpointStateFile.write(state, directory: folder, fileName: latestFileName)
      if let deleted { remove(deleted) }
    }
    return prefix
  }

  /// Sets the variables of the saver to what a checkpoint holds (`Saver.restore`); they need not be initialized.
  /// - Parameter path: the prefix that `save` answered, or that of a checkpoint of TensorFlow 1 of either version.
  public func restore(_ session: Session, from path: String) throws {
    guard Self.exists(path) else {
      throw BuildError.value("The passed save_path is not a valid checkpoint: \(path)")
    }
    do {
      if let nodes { try session.run(nodes.restore, feeds: [nodes.path: Tensor(path)]) }
    } catch let error as EngineError {
      throw Self.explained(error)
    }
  }

  /// Writes the graph, its collections and this saver (`Saver.export_meta_graph`).
  public func exportMetaGraph(to path: String, stripDefaultAttributes: Bool = false) throws {
    try MetaGraph.export(graph, saver: self, stripDefaultAttributes: stripDefaultAttributes).write(to: path)
  }

  /// Tells the saver of older checkpoints, so that they count for `maxToKeep` (`Saver.recover_last_checkpoints`). Those
  /// whose files are gone are left out.
  public func recoverLastCheckpoints(_ prefixes: [String]) {
    kept = prefixes.filter { Self.exists($0) }.map { ($0, clock()) }
  }

  // MARK: Keeping and deleting

  private func stepText(_ step: Int64) -> String {
    let text = String(step)
    return padStepNumber ? String(repeating: "0", count: max(0, 8 - text.count)) + text : text
  }

  /// Notes a checkpoint, and answers the one that has to go.
  private func record(_ prefix: String) -> String? {
    if maxToKeep == 0 { return nil }
    kept.removeAll { $0.prefix == prefix }
    kept.append((prefix, clock()))
    guard kept.count > maxToKeep else { return nil }
    let oldest = kept.removeFirst()
    if oldest.time > nextPreserved {
      nextPreserved += keepCheckpointEveryNHours * 3600
      return nil
    }
    return oldest.prefix
  }

  private func remove(_ prefix: String) {
    let (folder, pattern) = Self.split(prefix)
    // Shards of the first format have a pattern for a prefix: NAME-?????-of-00002.
    let shards = pattern.range(of: "-?????-of-")
    let name = shards.map { String(pattern[..<$0.lowerBound]) } ?? pattern
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.isEmpty ? "." : folder)) ?? []
    func belongs(_ file: String) -> Bool {
      if file == name + ".meta" { return true }
      if let shards { return file.hasPrefix(name + "-") && file.hasSuffix("-of-" + pattern[shards.upperBound...]) }
      return file == name || file == name + ".index" || file.hasPrefix(name + ".data-")
    }
    for file in files where belongs(file) {
      // What cannot be deleted stays; the checkpoint just saved is good either way.
      try? FileManager.default.removeItem(atPath: folder.isEmpty ? file : folder + "/" + file)
    }
  }

  /// The folder of a path, made where only its last level is missing, as TensorFlow does.
  private func makeFolder(of path: String) throws -> String {
    let (folder, _) = Self.split(path)
    if folder.isEmpty || FileManager.default.fileExists(atPath: folder) { return folder }
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    } catch {
      throw BuildError.value("Parent directory of \(path) doesn't exist, can't save.")
    }
    return folder
  }

  /// Whether a checkpoint of either version stands under a prefix.
  private static func exists(_ prefix: String) -> Bool {
    !prefix.isEmpty && (try? CheckpointLocation.resolve(prefix)) != nil
  }

  private static func split(_ path: String) -> (folder: String, name: String) {
    guard let slash = path.lastIndex(of: "/") else { return ("", path) }
    return (String(path[..<slash]), String(path[path.index(after: slash)...]))
  }

  /// TensorFlow's explanation in front of the reason.
  private static func explained(_ error: EngineError) -> EngineError {
    let cause: String
    switch error.code {
    case .notFound:
      cause =
        "This is most likely due to a Variable name or other graph key that is missing from the checkpoint. "
        + "Please ensure that you have not altered the graph expected based on the checkpoint."
    case .invalidArgument:
      cause =
        "This is most likely due to a mismatch between the current graph and the graph from the checkpoint. "
        + "Please ensure that you have not altered the graph expected based on the checkpoint."
    default: return error
    }
    var explained = error
    explained.message = "Restoring from checkpoint failed. \(cause) Original error:\n\n\(error.message)"
    return explained
  }
}
