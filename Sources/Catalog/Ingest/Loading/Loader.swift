import Dispatch
import Events
import Foundation
import GRDB
import Records
import Synchronization

/// Reads what is new in event files, several at a time and the large ones in several places at a time, and hands it to
/// the one writer. Files may be added while others are read: ``LoadQueue`` tells whose turn it is.
///
/// What a file gives does not depend on how many read it: slices read ahead are taken only where they begin exactly at
/// the record where the slice before them ended, on the bytes that were there then, and with the same knowledge of their
/// tags; else they are read again in order.
final class Loader: Sendable {
  struct Options: Sendable {
    /// Bytes of a file a turn, and a transaction, at least.
    var sliceBytes: Int64 = 8 << 20
    /// How many read at once.
    var workers = max(2, ProcessInfo.processInfo.activeProcessorCount)
    /// Small files that share a transaction.
    var heldFiles = 64
    /// Files that stay open between turns.
    var openFiles = 4
  }

  let root: String
  let options: Options
  private let store: CatalogStore
  private let writer: BatchWriter
  /// One each worker: a queue of its own has a thread as soon as it needs one, however busy the others of the process
  /// are.
  private let queues: [DispatchQueue]

  private struct State {
    var queue = LoadQueue()
    var jobs: [Int64: LoadJob] = [:]
    /// Workers that have nothing to do.
    var idle: [Int]
    var open = 0
    var progress = LoadingProgress()
    var pace = LoadingPace()
    var started = ContinuousClock.now
    var tickets: [ObjectIdentifier: LoadTicket] = [:]
    var slicesReadAhead = (read: 0, used: 0)
  }

  private let state: Mutex<State>
  /// Keeps what is told in order.
  private let telling = Mutex(())

  init(root: String, store: CatalogStore, options: Options = Options()) {
    self.root = root
    self.store = store
    self.options = options
    writer = BatchWriter(store: store)
    queues = (0..<max(1, options.workers)).map { DispatchQueue(label: "catalog loading \($0)") }
    state = Mutex(State(idle: Array(queues.indices)))
  }

  /// Files that are being read or wait for it.
  var files: Int { state.withLock { $0.jobs.count } }

  /// How many slices were read ahead, and how many of them fitted.
  var slicesReadAhead: (read: Int, used: Int) { state.withLock { $0.slicesReadAhead } }

  /// Adds files. They are read to their present ends; one that cannot be read is marked and does not stop the others.
  ///
  /// - Parameter progress: told how far all loading is, from any thread, until these files are done.
  func add(_ tasks: [Registrar.Task], progress: (@Sendable (LoadingProgress) -> Void)? = nil) -> LoadTicket {
    let ticket = LoadTicket(progress)
    guard !tasks.isEmpty else { return ticket }
    state.withLock { state in
      if state.jobs.isEmpty {
        state.progress = LoadingProgress()
        state.pace = LoadingPace()
        state.started = .now
        state.queue.removeAll()
      }
      state.tickets[ObjectIdentifier(ticket)] = ticket
      for task in tasks {
        ticket.group.enter()
        if let job = state.jobs[task.record.id] {
          job.tickets.append(ticket)
          hear(of: task, job, &state)
          continue
        }
        let job = LoadJob(task)
        job.tickets = [ticket]
        state.jobs[task.record.id] = job
        state.progress.files += 1
        state.progress.bytes += job.expected
        state.queue.add(file: task.record.id, run: task.record.runID, remaining: job.expected)
      }
    }
    tell()
    startWorkers()
    return ticket
  }

  /// Notes what is heard of a file that is being read.
  private func hear(of task: Registrar.Task, _ job: LoadJob, _ state: inout State) {
    guard task.status != job.status else { return }
    let more = max(0, task.status.size - job.status.size)
    job.expected += more
    state.progress.bytes += more
    job.status = task.status
    job.isWantedAgain = job.isStarted
  }

  /// Waits until the files of a ticket are in the catalogue; what cannot be written stops all.
  func wait(for ticket: LoadTicket) throws {
    ticket.group.wait()
    if let error = ticket.error { throw error }
  }

  // MARK: - Workers

  private enum Unit {
    case front(LoadJob, isLarge: Bool)
    case ahead(LoadJob, slice: Int64, record: FileRecord, known: KnownTags, epoch: Int)

    var isLarge: Bool {
      switch self {
      case .front(_, let isLarge): isLarge
      case .ahead: true
      }
    }
  }

  private func startWorkers() {
    while true {
      let worker: Int? = state.withLock { state in
        !state.queue.isEmpty || aheadSlice(state) != nil ? state.idle.popLast() : nil
      }
      guard let worker else { return }
      queues[worker].async { [self] in work(worker) }
    }
  }

  private func work(_ worker: Int) {
    // Ends of files wait here, so that many small files share a transaction.
    var held: [(job: LoadJob, batch: FileBatch)] = []
    var heldBytes: Int64 = 0
    do {
      while true {
        let unit = state.withLock { takeUnit(&$0) }
        // Nothing waits for a transaction while something large is read.
        if unit?.isLarge ?? true || held.count >= options.heldFiles
          || heldBytes >= options.sliceBytes / 2
        {
          try commit(&held)
          heldBytes = 0
        }
        switch unit {
        case .front(let job, _):
          if let batch = try advance(job) {
            held.append((job, batch))
            heldBytes += batch.end - batch.start
          }
        case .ahead(let job, let slice, let record, let known, let epoch):
          readAhead(job, slice, record, known, epoch)
        case nil:
          let isDone = state.withLock { state in
            guard state.queue.isEmpty, aheadSlice(state) == nil else { return false }
            state.idle.append(worker)
            return true
          }
          if isDone { return }
        }
      }
    } catch {
      state.withLock { $0.idle.append(worker) }
      fail(error)
    }
  }

  private func takeUnit(_ state: inout State) -> Unit? {
    while let file = state.queue.take() {
      guard let job = state.jobs[file] else { continue }
      job.front = .busy
      job.isStarted = true
      // Told here: what the file's status is may be heard anew as soon as the lock is released.
      return .front(job, isLarge: job.status.size - job.record.offset >= options.sliceBytes)
    }
    guard let (job, slice) = aheadSlice(state) else { return nil }
    job.ahead[slice] = .reading
    return .ahead(job, slice: slice, record: job.frontRecord, known: job.frontKnown, epoch: job.epoch)
  }

  /// A slice that is worth reading ahead, while others have the fronts of all files.
  private func aheadSlice(_ state: State) -> (LoadJob, Int64)? {
    guard options.workers > 1 else { return nil }
    for job in state.jobs.values where job.allowsAhead && job.front != .held {
      let front = job.frontRecord.offset / options.sliceBytes
      let whole = job.status.size / options.sliceBytes
      let last = min(front + 2 * Int64(options.workers), whole - 1)
      guard last > front else { continue }
      for slice in front + 1...last where job.ahead[slice] == nil { return (job, slice) }
    }
    return nil
  }

  private func readAhead(_ job: LoadJob, _ number: Int64, _ record: FileRecord, _ known: KnownTags, _ epoch: Int) {
    let (from, to) = (number * options.sliceBytes, (number + 1) * options.sliceBytes)
    // What cannot be read here is met again, and told, by the one who has the front.
    let slice: Slice? = try? {
      let file = try OpenEventFile(path: absolute(record.path))
      let reader = SliceReader(file, ahead: from, known: known)
      guard try reader.seekRecord(before: to) else { return nil }
      let slice = try reader.next(upTo: to, of: record)
      return slice.reachedEnd ? nil : slice
    }()
    state.withLock { state in
      guard job.epoch == epoch, job.ahead[number] != nil else { return }
      job.ahead[number] = .done(slice)
      state.slicesReadAhead.read += 1
      guard job.front == .needs(number), state.jobs[record.id] === job else { return }
      job.front = .waiting
      state.queue.add(file: record.id, run: record.runID, remaining: max(0, job.status.size - job.frontRecord.offset))
    }
  }

  // MARK: - The front of a file

  /// How often a file that is rewritten while it is read is begun again at one look; the next look goes on.
  private static let rewriteLimit = 3

  /// Gives a file its turn. What is given back is the batch of its end, yet to be committed.
  private func advance(_ job: LoadJob) throws -> FileBatch? {
    do {
      guard let slice = try nextSlice(job) else { return nil }
      let bytes = slice.batch.end - slice.batch.start
      guard !slice.reachedEnd else {
        close(job)
        state.withLock { state in
          job.front = .held
          job.ahead = [:]
          job.epoch += 1
          state.queue.served(bytes, run: job.record.runID)
        }
        count(bytes, of: job)
        return slice.batch
      }
      guard try writer.commit([slice.batch]).isEmpty else {
        // Another process read that stretch, or the file was replaced: go on from what the catalogue says now.
        try goOnFromCatalogue(job)
        return nil
      }
      take(slice, job)
      state.withLock { state in
        state.queue.served(bytes, run: job.record.runID)
        let front = job.record.offset / options.sliceBytes
        job.ahead = job.ahead.filter { $0.key >= front }
        job.allowsAhead = job.isPlain
        putBack(job, &state)
      }
      startWorkers()
      count(bytes, of: job)
    } catch let error as Records.RecordError {
      close(job)
      try markUnreadable(job.record, error)
      finish(job)
    }
    return nil
  }

  /// Notes that the catalogue has a slice now.
  private func take(_ slice: Slice, _ job: LoadJob) {
    job.record.offset = slice.batch.end
    job.record.identity = slice.batch.identity
    job.previousWallTime = slice.batch.lastWallTime ?? job.previousWallTime
    job.known?.add(slice.tags)
    job.content = nil
  }

  /// The slice at the front: one that was read ahead if it fits, else read now. Nil where there is none at present: the
  /// job was then put back, finished, or waits for another worker.
  private func nextSlice(_ job: LoadJob) throws -> Slice? {
    if job.known == nil, try !look(at: job) { return nil }
    let number = job.record.offset / options.sliceBytes
    let ahead: LoadJob.Ahead? = state.withLock { state in
      guard let ahead = job.ahead[number] else { return nil }
      if case .reading = ahead {
        job.front = .needs(number)
      } else {
        job.ahead[number] = nil
      }
      return ahead
    }
    switch ahead {
    case .reading: return nil
    case .done(let slice?) where fits(slice, job):
      close(job)
      state.withLock { $0.slicesReadAhead.used += 1 }
      return slice
    case .done, nil: break
    }
    if job.reader == nil || job.reader?.position != job.record.offset {
      close(job)
      guard try open(job) else { return nil }
    }
    guard let reader = job.reader else { return nil }
    let slice = try reader.next(upTo: (number + 1) * options.sliceBytes, of: job.record)
    // Only now: the batch is sound if what lies before its end was the same before and after it was read.
    let isSound =
      try job.content?.isStillThere(reader.file.source, upTo: slice.batch.end) ?? (slice.before == job.record.identity)
    guard isSound else {
      job.rewrites += 1
      if job.rewrites < Self.rewriteLimit { try goOnFromCatalogue(job) } else { finish(job) }
      return nil
    }
    return slice
  }

  /// Whether a slice that was read ahead is what reading on would give.
  private func fits(_ slice: Slice, _ job: LoadJob) -> Bool {
    slice.batch.start == job.record.offset && slice.before == job.record.identity
      && slice.batch.generation == job.record.generation && !slice.beginsWithoutWallTime
      && slice.assumed.agrees(with: job.known ?? KnownTags(), on: slice.tags)
  }

  /// The first look at a file: is it the one the catalogue knows? False where the job was finished or put back.
  private func look(at job: LoadJob) throws -> Bool {
    if job.isStale {
      guard let current = try store.read({ try FileRecord.find($0, id: job.record.id) }) else {
        finish(job)
        return false
      }
      job.record = current
      job.isStale = false
    }
    let file = try OpenEventFile(path: absolute(job.record.path))
    if let reason = try replacement(of: job.record, by: file) {
      guard let (anew, isOurs) = try reset(job.record, reason) else {
        finish(job)
        return false
      }
      job.record = anew
      // Another process saw it first, and perhaps a later file than the one that is open here.
      guard isOurs else {
        try goOnFromCatalogue(job)
        return false
      }
    }
    // From here on bytes are expected to come.
    job.record.size = 0
    job.known = KnownTags(job.record.offset > 0 ? try knownTags(of: job.record) : [])
    job.previousWallTime = job.record.lastWallTime ?? 0
    job.content = job.record.offset == 0 ? try ReadContent(job.record, file.source) : nil
    let isPlain = try file.source.compression() == nil
    attach(file, to: job)
    state.withLock { _ in
      job.isPlain = isPlain
      job.allowsAhead = isPlain && job.record.offset > 0
      job.frontRecord = job.record
      job.frontKnown = job.known ?? KnownTags()
    }
    return true
  }

  /// Opens a file again whose turn it is again. False where it is another one by now: it is looked at anew.
  private func open(_ job: LoadJob) throws -> Bool {
    let file = try OpenEventFile(path: absolute(job.record.path))
    guard try replacement(of: job.record, by: file) == nil else {
      try goOnFromCatalogue(job)
      return false
    }
    attach(file, to: job)
    return true
  }

  private func attach(_ file: OpenEventFile, to job: LoadJob) {
    job.reader = SliceReader(
      file, job.record, known: job.known ?? KnownTags(), previousWallTime: job.previousWallTime)
    state.withLock { $0.open += 1 }
  }

  private func close(_ job: LoadJob) {
    guard job.reader != nil else { return }
    job.reader = nil
    state.withLock { $0.open -= 1 }
  }

  /// Puts a file back into the queue after its turn.
  private func putBack(_ job: LoadJob, _ state: inout State) {
    guard state.jobs[job.record.id] === job else { return }
    job.front = .waiting
    job.frontRecord = job.record
    job.frontKnown = job.known ?? KnownTags()
    if state.open > options.openFiles, job.reader != nil {
      job.reader = nil
      state.open -= 1
    }
    state.queue.add(
      file: job.record.id, run: job.record.runID, remaining: max(0, job.status.size - job.record.offset))
  }

  /// Begins anew with what the catalogue says of the file.
  private func goOnFromCatalogue(_ job: LoadJob) throws {
    close(job)
    guard let current = try store.read({ try FileRecord.find($0, id: job.record.id) }) else {
      finish(job)
      return
    }
    job.record = current
    job.known = nil
    state.withLock { state in
      job.ahead = [:]
      job.epoch += 1
      job.allowsAhead = false
      putBack(job, &state)
    }
  }

  // MARK: - Ends

  /// Commits the ends of files.
  private func commit(_ held: inout [(job: LoadJob, batch: FileBatch)]) throws {
    guard !held.isEmpty else { return }
    let refused = try writer.commit(held.map(\.batch))
    let all = held
    held = []
    for (job, batch) in all {
      if refused.contains(batch.fileID) {
        try goOnFromCatalogue(job)
      } else {
        job.record.offset = batch.end
        job.record.identity = batch.identity
        finish(job)
      }
    }
  }

  /// Ends the work on a file, or begins it again where it was heard of meanwhile.
  private func finish(_ job: LoadJob) {
    close(job)
    let goesOn = state.withLock { state in
      guard state.jobs[job.record.id] === job else { return true }
      if lookAgain(at: job, &state) { return true }
      state.progress.bytesDone += job.expected - job.counted
      state.progress.filesDone += 1
      return false
    }
    guard !goesOn else { return }
    // Told while it still counts as at work, so that whoever waits for it has been told all.
    tell()
    let tickets = state.withLock { state in
      guard state.jobs[job.record.id] === job else { return [LoadTicket]() }
      let rest = job.expected - job.counted
      if lookAgain(at: job, &state) {
        // Heard of in this very moment.
        state.progress.filesDone -= 1
        state.progress.bytesDone = max(0, state.progress.bytesDone - rest)
        return []
      }
      state.jobs[job.record.id] = nil
      if state.jobs.isEmpty { state.tickets = [:] }
      return job.tickets
    }
    for ticket in tickets { ticket.group.leave() }
  }

  /// Puts a file that was heard of while it was read back into the queue.
  private func lookAgain(at job: LoadJob, _ state: inout State) -> Bool {
    guard job.isWantedAgain else { return false }
    job.isWantedAgain = false
    job.isStarted = false
    job.known = nil
    job.isStale = true
    job.rewrites = 0
    job.ahead = [:]
    job.epoch += 1
    job.allowsAhead = false
    putBack(job, &state)
    return true
  }

  /// Gives up everything: the catalogue cannot be written.
  private func fail(_ error: any Error) {
    let jobs = state.withLock { state in
      let jobs = Array(state.jobs.values)
      for job in jobs {
        for ticket in job.tickets { ticket.error = ticket.error ?? error }
        if job.front != .busy, job.reader != nil {
          job.reader = nil
          state.open -= 1
        }
      }
      state.jobs = [:]
      state.queue.removeAll()
      state.tickets = [:]
      return jobs
    }
    for job in jobs { for ticket in job.tickets { ticket.group.leave() } }
  }

  // MARK: - Progress

  private func count(_ bytes: Int64, of job: LoadJob) {
    state.withLock { state in
      // What is read again counts once.
      let counted = min(job.expected, job.counted + bytes)
      state.progress.bytesDone += counted - job.counted
      job.counted = counted
    }
    tell()
  }

  private func tell() {
    telling.withLock { _ in
      let (progress, tickets) = state.withLock { state in
        let seconds = (ContinuousClock.now - state.started) / .seconds(1)
        state.progress.bytesPerSecond = state.pace.note(state.progress.bytesDone, at: seconds)
        return (state.progress, Array(state.tickets.values))
      }
      for ticket in tickets { ticket.progress?(progress) }
    }
  }

  // MARK: - The catalogue

  private func absolute(_ path: String) -> String { "\(root)/\(path)" }

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
        let name: String = row[0]
        if let last = tags.last, ExactName(last.name) == ExactName(name) { continue }
        var tag = EventTag(id: tags.count, name: name)
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
    // The path stands beside the message wherever it is shown.
    let prefix = "\(root)/\(record.path): "
    let text = error.description
    let message = text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text
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
