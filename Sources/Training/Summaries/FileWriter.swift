import Engine
import Events
import Foundation
import Synchronization
import Tensors

/// Writes what a training logs into an event file (`tf.summary.FileWriter`).
///
/// Events are handed over by a background thread; `flush()` returns when all that was added before is with the operating
/// system. What is added after `close()` is ignored, as in TensorFlow, until `reopen()`.
public final class FileWriter: Sendable {
  private struct State {
    var events: EventFileWriter
    var isOpen = true
    /// Names of run metadata, over all files of the writer.
    var runMetadata: Set<String> = []
  }

  private let state: Mutex<State>
  private let open: @Sendable () throws -> EventFileWriter

  /// The folder of the event files.
  public let directory: String

  /// The event file that is written, or was last.
  public var path: String { state.withLock { $0.events.path } }

  /// Opens a new event file in a folder, which is made where it is missing.
  /// - Parameters:
  ///   - graph: written at once, as a graph and with its collections.
  ///   - maxQueue: how many events may wait.
  ///   - flushSeconds: how long an event may wait.
  ///   - suffix: ends the file's name.
  ///   - hostName: stands in the file's name; the machine's by default.
  ///   - clock: seconds since 1970, for events and the file's name; nil is the system's.
  public init(
    directory: String, graph: Graph? = nil, maxQueue: Int = 10, flushSeconds: Double = 120, suffix: String? = nil,
    hostName: String? = nil, clock: (@Sendable () -> Double)? = nil
  ) throws {
    self.directory = directory
    open = {
      try EventFileWriter(
        directory: directory, suffix: suffix, maxQueue: maxQueue, flushSeconds: flushSeconds, hostName: hostName,
        clock: clock ?? { Date().timeIntervalSince1970 })
    }
    state = Mutex(State(events: try open()))
    if let graph {
      try addGraph(graph)
      try addMetaGraph(MetaGraph.export(graph))
    }
  }

  /// The file, nil while the writer is closed.
  private var events: EventFileWriter? { state.withLock { $0.isOpen ? $0.events : nil } }

  /// Adds what a summary op answered.
  /// - Parameter summary: a scalar string, as `scalarSummary`, `histogramSummary` and `mergeSummaries` give.
  public func addSummary(_ summary: Tensor, step: Int64 = 0, wallTime: Double? = nil) throws {
    guard summary.dtype == .string, let bytes = summary.strings.first else {
      throw BuildError.type("A summary is a serialized message, not a \(summary.dtype.name) tensor.")
    }
    try addSummary(bytes, step: step, wallTime: wallTime)
  }

  /// Adds a serialized `Summary`. The metadata of a tag is written with its first value only.
  public func addSummary(_ summary: [UInt8], step: Int64 = 0, wallTime: Double? = nil) throws {
    try events?.add(summary: summary, step: step, wallTime: wallTime)
  }

  /// Adds one number without an op.
  public func addScalar(_ tag: String, _ value: Float, step: Int64, wallTime: Double? = nil) throws {
    try events?.addScalar(tag: tag, value: value, step: step, wallTime: wallTime)
  }

  /// Adds a graph, with the shapes of its nodes.
  public func addGraph(_ graph: Graph, step: Int64 = 0, wallTime: Double? = nil) throws {
    let bytes: [UInt8] = try graph.asGraphDef(addShapes: true).serializedBytes(options: MetaGraph.deterministic)
    try events?.addGraph(graphDef: bytes, step: step, wallTime: wallTime)
  }

  /// Adds a graph with its collections.
  public func addMetaGraph(_ metaGraph: MetaGraph, step: Int64 = 0, wallTime: Double? = nil) throws {
    try events?.addMetaGraph(metaGraphDef: metaGraph.serialized(), step: step, wallTime: wallTime)
  }

  /// Adds times and memory of a run: a serialized `RunMetadata`.
  /// - Throws: `BuildError` where the tag was used before.
  public func addRunMetadata(_ metadata: [UInt8], tag: String, step: Int64 = 0, wallTime: Double? = nil) throws {
    guard state.withLock({ $0.runMetadata.insert(tag).inserted }) else {
      throw BuildError.value("The provided tag was already used for this event type")
    }
    try events?.addRunMetadata(metadata, tag: tag, step: step, wallTime: wallTime)
  }

  /// Marks a start, a stop or a checkpoint. A start tells readers that points of later steps in older files were given
  /// up.
  public func addSessionLog(
    _ status: SessionLogEntry.Status, checkpointPath: String = "", message: String = "", step: Int64 = 0,
    wallTime: Double? = nil
  ) throws {
    try events?.addSessionLog(
      status, checkpointPath: checkpointPath, message: message, step: step, wallTime: wallTime)
  }

  /// Returns when all that was added is with the operating system.
  public func flush() throws { try events?.flush() }

  /// Flushes and closes the file.
  public func close() throws {
    let events = state.withLock { state -> EventFileWriter in
      state.isOpen = false
      return state.events
    }
    try events.close()
  }

  /// After `close()`, goes on in a new file of the same folder; does nothing while the writer is open.
  public func reopen() throws {
    try state.withLock { state in
      if state.isOpen { return }
      state.events = try open()
      state.isOpen = true
    }
  }
}
