import Dispatch
import Events
import Foundation
import GRDB
import Records
import Synchronization

/// Reads what is new in event files, several files at a time, and hands it to the one writer.
struct Ingester: Sendable {
  let root: String
  let store: CatalogStore
  /// Bytes of a file per batch: a transaction every few megabytes.
  var batchBytes = 8 << 20
  /// Files that are read at once.
  var workers = max(2, ProcessInfo.processInfo.activeProcessorCount)

  private var writer: BatchWriter { BatchWriter(store: store) }

  init(root: String, store: CatalogStore) {
    self.root = root
    self.store = store
  }

  /// Reads all of `tasks` to their present ends. Files that cannot be read are marked and do not stop the others; what
  /// cannot be written stops all.
  func ingest(_ tasks: [Registrar.Task], progress: (@Sendable (LoadingProgress) -> Void)?) throws {
    guard !tasks.isEmpty else { return }
    let queue = WorkQueue(tasks, progress: progress)
    DispatchQueue.concurrentPerform(iterations: min(workers, tasks.count)) { _ in
      do { try work(on: queue) } catch { queue.fail(error) }
    }
    try queue.finish()
  }

  // MARK: - One worker

  private func work(on queue: WorkQueue) throws {
    // Ends of files wait here, so that many small files share a transaction.
    var held: [FileBatch] = []
    var heldBytes: Int64 = 0
    func flush() throws {
      guard !held.isEmpty else { return }
      for id in try writer.commit(held) {
        guard let batch = held.first(where: { $0.fileID == id }) else { continue }
        if let record = try store.read({ try FileRecord.find($0, id: id) }) {
          queue.putBack(Registrar.Task(record: record, status: batch.status))
        }
      }
      held = []
      heldBytes = 0
    }
    repeat {
      while let task = queue.take() {
        if let last = try read(task, queue: queue) {
          held.append(last)
          heldBytes += last.end - last.start
        }
        queue.finishedFile()
        if heldBytes >= batchBytes / 2 || held.count >= 64 { try flush() }
      }
      // What is put back here might be taken by nobody else: the others may be done.
      try flush()
    } while queue.hasWork
  }

  /// How often a file that is rewritten while it is read is begun again at one look; the next look goes on.
  private static let rewriteLimit = 3

  /// Reads a file to its end, committing on the way; gives the batch of its end, which is yet to be committed.
  private func read(_ task: Registrar.Task, queue: WorkQueue) throws -> FileBatch? {
    var record = task.record
    var rewrites = 0
    while true {
      let file: OpenEventFile
      do {
        file = try OpenEventFile(path: "\(root)/\(record.path)")
        if let reason = try replacement(of: record, by: file) {
          guard let (anew, isOurs) = try reset(record, reason) else { return nil }
          record = anew
          // Another process saw it first, and perhaps a later file than the one that is open here.
          if !isOurs { continue }
        }
      } catch let error as Records.RecordError {
        try markUnreadable(record, error)
        return nil
      }
      switch try read(record, file, queue: queue) {
      case .ended(let batch): return batch
      case .failed(let error):
        try markUnreadable(record, error)
        return nil
      case .rewritten:
        rewrites += 1
        guard rewrites < Self.rewriteLimit, let current = try store.read({ try FileRecord.find($0, id: record.id) })
        else { return nil }
        record = current
      case .overtaken:
        // Another process read that stretch, or the file was replaced: go on from what the catalogue says now.
        guard let current = try store.read({ try FileRecord.find($0, id: record.id) }) else { return nil }
        record = current
      }
    }
  }

  private enum Outcome {
    case ended(FileBatch)
    case overtaken
    /// The bytes before the batch are no longer those that were read.
    case rewritten
    case failed(Records.RecordError)
  }

  private func read(_ record: FileRecord, _ file: OpenEventFile, queue: WorkQueue) throws -> Outcome {
    do {
      let collector = ScalarCollector()
      let reader = EventFileReader(
        source: file.source, from: UInt64(record.offset),
        knownTags: record.offset > 0 ? try knownTags(of: record) : [], previousWallTime: record.lastWallTime ?? 0,
        sink: collector)
      var before = try ReadContent(record, file.source)
      while true {
        let events = try reader.next(limit: batchBytes)
        guard let identity = try FileIdentity(file.source, offset: Int64(clamping: events.end)) else {
          return .failed(.shrunk(path: record.path, offset: events.end, size: try file.source.size()))
        }
        // Only now: the batch is sound if what lies before its end was the same before and after it was read.
        guard try before.isStillThere(file.source, upTo: Int64(clamping: events.end)) else { return .rewritten }
        before = ReadContent(offset: Int64(clamping: events.end), identity: identity)
        let batch = FileBatch(
          events, scalars: collector.takeAll(), of: record, status: file.status, identity: identity)
        let consumed = batch.end - batch.start
        queue.read(consumed)
        if events.reachedEnd { return .ended(batch) }
        if try !writer.commit([batch]).isEmpty { return .overtaken }
      }
    } catch let error as Records.RecordError {
      return .failed(error)
    }
  }

  /// What earlier readers learnt of the run's tags: writers say it once, with the first value.
  private func knownTags(of record: FileRecord) throws -> [EventTag] {
    try store.read { database in
      var tags: [EventTag] = []
      let rows = try Row.fetchCursor(
        database,
        sql: """
          SELECT tag, plugin, plugin_content, data_class, display_name, description FROM series
          WHERE run_id = ? AND kind NOT IN ('graph', 'run_metadata') ORDER BY tag, id
          """, arguments: [record.runID])
      while let row = try rows.next() {
        if let last = tags.last, ExactName(last.name) == ExactName(row[0]) { continue }
        var tag = EventTag(id: tags.count, name: row[0])
        tag.pluginName = row[1]
        tag.pluginContent = (row[2] as Data?).map { Array($0) } ?? []
        tag.hasMetadata = (row[2] as Data?) != nil
        tag.dataClass = DataClass(rawValue: row[3]) ?? .unknown
        tag.displayName = row[4]
        tag.description = row[5]
        tags.append(tag)
      }
      return tags
    }
  }

  // MARK: - Files that changed their nature

  /// Why the file at hand is not the one the catalogue read; nil where it is.
  private func replacement(of record: FileRecord, by file: OpenEventFile) throws -> String? {
    guard record.offset > 0 else { return nil }
    guard
      let identity = try FileIdentity(
        file.source, offset: record.offset, headLength: record.identity.headLength)
    else {
      let size = try file.source.size()
      return "the file shrank from \(record.offset) to \(size) bytes; it was read again from the start"
    }
    guard identity == record.identity else { return "the file was replaced; it was read again from the start" }
    guard try record.isExplainedByAppending(file.status) || FileContent.isUnchanged(record, file.source) else {
      return "the file was rewritten in place; it was read again from the start"
    }
    return nil
  }

  /// Forgets what was read of a file. Gives the record to go on with, and whether it is this call that forgot; nil where
  /// the file is no longer known.
  private func reset(_ record: FileRecord, _ reason: String) throws -> (record: FileRecord, isOurs: Bool)? {
    try store.write { database in
      guard let current = try FileRecord.find(database, id: record.id) else { return nil }
      // Somebody else may have seen the replacement first.
      guard current.generation == record.generation, current.offset == record.offset else {
        return (current, false)
      }
      try current.forget(reason, database)
      return try FileRecord.find(database, id: record.id).map { ($0, true) }
    }
  }

  private func markUnreadable(_ record: FileRecord, _ error: Records.RecordError) throws {
    let message = error.description
    try store.write { database in
      let row = try Row.fetchOne(
        database, sql: "SELECT state, message FROM files WHERE id = ?", arguments: [record.id])
      guard let row, row[0] != FileRecord.State.unreadable.rawValue || row[1] != message else { return }
      let revision = try Revision.advance(database)
      try database.execute(
        sql: "UPDATE files SET state = 'unreadable', message = ?, revision = ? WHERE id = ?",
        arguments: [message, revision, record.id])
      try Revision.mark(.health, revision, database)
    }
  }
}

/// The files that are yet to be read, shared by the workers.
private final class WorkQueue: Sendable {
  private struct State {
    var tasks: [Registrar.Task]
    var progress = LoadingProgress()
    var pace = LoadingPace()
    var error: (any Error)?
  }

  private let state: Mutex<State>
  private let report: (@Sendable (LoadingProgress) -> Void)?
  private let started = ContinuousClock.now

  init(_ tasks: [Registrar.Task], progress report: (@Sendable (LoadingProgress) -> Void)?) {
    // Taken from the end: the longest first, so that no worker is left alone with one.
    var state = State(tasks: tasks.sorted { $0.remaining < $1.remaining })
    state.progress.files = tasks.count
    state.progress.bytes = tasks.reduce(0) { $0 + $1.remaining }
    self.state = Mutex(state)
    self.report = report
    report?(state.progress)
  }

  /// Whether there is anything to take.
  var hasWork: Bool { state.withLock { $0.error == nil && !$0.tasks.isEmpty } }

  /// The next file; nil when there is none, or when a worker failed.
  func take() -> Registrar.Task? {
    state.withLock { $0.error == nil ? $0.tasks.popLast() : nil }
  }

  func putBack(_ task: Registrar.Task) {
    state.withLock {
      $0.tasks.append(task)
      $0.progress.filesDone -= 1
    }
  }

  func read(_ bytes: Int64) {
    // What is read again counts once.
    update { $0.bytesDone = min($0.bytes, $0.bytesDone + bytes) }
  }

  func finishedFile() {
    update { $0.filesDone += 1 }
  }

  func fail(_ error: any Error) {
    state.withLock { $0.error = $0.error ?? error }
  }

  func finish() throws {
    if let error = state.withLock({ $0.error }) { throw error }
  }

  private func update(_ change: (inout LoadingProgress) -> Void) {
    let progress = state.withLock {
      change(&$0.progress)
      $0.progress.bytesPerSecond = $0.pace.note(
        $0.progress.bytesDone, at: (ContinuousClock.now - started) / .seconds(1))
      return $0.progress
    }
    report?(progress)
  }
}

extension Registrar.Task {
  /// Bytes the catalogue does not hold.
  fileprivate var remaining: Int64 { max(0, status.size - record.offset) }
}
