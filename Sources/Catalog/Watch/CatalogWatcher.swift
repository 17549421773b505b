import Dispatch
import Glibc
import Synchronization

/// What a watcher tells.
public enum CatalogEvent: Sendable, Equatable {
  /// Something changed, whichever process found it.
  case change(CatalogChange)
  /// How far a reading is; told at most four times a second, and when it is done.
  case loading(LoadingProgress)
}

/// Keeps a catalogue up to date while files are written: new data is in the catalogue within a second.
///
/// Where inotify works, a file that is written to is read at once, and a folder in which something came or went leads to
/// a look at the whole root. Where it does not (network file systems, the system's limits), the root is looked at again
/// and again: every quarter of a second while something happens, more and more rarely, down to every five seconds, while
/// nothing does. A thread of its own looks; reading goes on beside it, so that a new run shows at once also while large
/// ones are still loading.
public final class CatalogWatcher: Sendable {
  private struct State {
    var progress = LoadingProgress()
    var problem: String?
    var revision: Int64 = 0
    var listeners: [Int: AsyncStream<CatalogEvent>.Continuation] = [:]
    var nextListener = 0
    var lastReport = ContinuousClock.now - .seconds(1)
    var isRunning = false
    var isStopped = false
  }

  public let catalog: Catalog
  private let state = Mutex(State())
  /// A byte in this pipe wakes the thread.
  private let wake: (read: Int32, write: Int32)
  private let usesNotifications: Bool
  private let slowest: Double

  /// - Parameters:
  ///   - catalog: the catalogue to keep up to date.
  ///   - usesNotifications: whether to use inotify; by default wherever it can be trusted.
  ///   - slowest: the longest pause between two looks, in seconds.
  public init(_ catalog: Catalog, usesNotifications: Bool? = nil, slowest: Double = 5) {
    self.catalog = catalog
    self.usesNotifications = usesNotifications ?? !CatalogLocation.isOnNetwork(catalog.root)
    self.slowest = slowest
    var ends: [Int32] = [-1, -1]
    if pipe(&ends) == 0 {
      for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
      for end in ends { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
    }
    wake = (ends[0], ends[1])
  }

  deinit {
    close(wake.read)
    close(wake.write)
  }

  /// How far the reading at hand is.
  public var progress: LoadingProgress { state.withLock { $0.progress } }

  /// Why the last look failed, as a sentence; nil while all is well. Looks go on.
  public var problem: String? { state.withLock { $0.problem } }

  /// Starts the thread; changes since `revision` (by default since now) are told. Call once.
  public func start(since revision: Int64? = nil) throws {
    let first = try revision ?? catalog.revision()
    let shouldRun = state.withLock { state in
      defer { state.isRunning = true }
      state.revision = first
      return !state.isRunning && !state.isStopped
    }
    guard shouldRun else { return }
    // A queue of its own is a thread of its own for as long as the block runs. (Foundation's Thread corrupts the heap
    // when it ends; seen with Swift 6.3 on Linux.)
    DispatchQueue(label: "catalog watcher").async { [self] in run() }
  }

  /// Ends the thread soon and finishes all streams.
  public func stop() {
    let listeners = state.withLock { state in
      state.isStopped = true
      defer { state.listeners = [:] }
      return state.listeners
    }
    for listener in listeners.values { listener.finish() }
    wakeUp()
  }

  /// What happens from now on; any number of listeners. One that falls more than 256 events behind loses the oldest:
  /// revisions tell, and ``Catalog/changes(since:)`` answers for any of them.
  public func events() -> AsyncStream<CatalogEvent> {
    AsyncStream(bufferingPolicy: .bufferingNewest(256)) { continuation in
      let number: Int? = state.withLock { state in
        guard !state.isStopped else { return nil }
        state.nextListener += 1
        state.listeners[state.nextListener] = continuation
        return state.nextListener
      }
      guard let number else {
        continuation.finish()
        return
      }
      continuation.onTermination = { [weak self] _ in
        self?.state.withLock { $0.listeners[number] = nil }
      }
    }
  }

  // MARK: - The thread

  private var isStopped: Bool { state.withLock { $0.isStopped } }

  private func run() {
    let notifications = usesNotifications ? FolderNotifications(root: catalog.root) : nil
    var pending = FolderNotifications.Events()
    pending.needsWalk = true
    var notified = false
    var pause = 0.25
    var tickets: [LoadTicket] = []
    while !isStopped {
      let started = ContinuousClock.now
      var changed = false
      var failed = false
      var again = false
      var looking = 0.0
      do {
        if !pending.needsWalk, !pending.modified.isEmpty {
          if let ticket = try catalog.look(files: pending.modified, progress: { [self] in report($0) }) {
            tickets.append(ticket)
          } else {
            pending.needsWalk = true
          }
        }
        if pending.needsWalk {
          // Watched before they are read, so that what is written meanwhile is noticed; and what was written between
          // listing a new folder and watching it is found by looking once more.
          let ticket = try catalog.look(
            progress: { [self] in report($0) },
            met: { folders in
              guard let watched = notifications?.watch(folders) else { return }
              (notified, again) = (watched.isComplete, watched.isNew)
            })
          looking = Self.seconds(ContinuousClock.now - started)
          tickets.append(ticket)
        }
        try takeFinished(&tickets)
        changed = try tell()
        state.withLock { $0.problem = nil }
        pending = FolderNotifications.Events()
        pending.needsWalk = again
      } catch {
        // What was to be looked at is looked at again.
        failed = true
        pending.needsWalk = true
        state.withLock { $0.problem = String(describing: error) }
      }
      wakeWhenRead(tickets)
      // Walking a very large root takes its time; it may take a tenth of it all.
      wait(for: nil, seconds: max(0.05, looking * (notified ? 1 : 9)))
      if isStopped { return }
      pause = changed ? 0.25 : min(pause * 1.5, slowest)
      if let notifications, notified {
        if failed {
          wait(for: nil, seconds: pause)
        } else if pending.isEmpty {
          wait(for: notifications.descriptor, seconds: catalog.store.readOnly ? 1 : 30)
        }
        pending.add(notifications.take())
        if pending.isEmpty, !tickets.contains(where: \.isDone) { pending.needsWalk = true }
      } else {
        wait(for: nil, seconds: pause)
        pending.needsWalk = true
      }
    }
  }

  /// Forgets the readings that are done; throws what one of them failed with.
  private func takeFinished(_ tickets: inout [LoadTicket]) throws {
    let failed = tickets.first { $0.isDone && $0.error != nil }
    tickets.removeAll(where: \.isDone)
    if let error = failed?.error { throw error }
  }

  /// Sees to it that the thread wakes when a reading is done, so that its end is told at once.
  private func wakeWhenRead(_ tickets: [LoadTicket]) {
    for ticket in tickets where !ticket.isWatched {
      ticket.isWatched = true
      ticket.group.notify(queue: .global()) { [weak self] in self?.wakeUp() }
    }
  }

  private func wakeUp() {
    _ = [UInt8(1)].withUnsafeBytes { write(wake.write, $0.baseAddress, 1) }
  }

  /// Waits until a descriptor is readable, the time is over, or the watcher is stopped.
  private func wait(for descriptor: Int32?, seconds: Double) {
    var descriptors = [pollfd(fd: wake.read, events: Int16(POLLIN), revents: 0)]
    if let descriptor { descriptors.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)) }
    poll(&descriptors, nfds_t(descriptors.count), Int32(seconds * 1000))
    var bytes = [UInt8](repeating: 0, count: 64)
    while read(wake.read, &bytes, bytes.count) > 0 {}
  }

  /// Tells what changed since the last time; gives whether anything did.
  private func tell() throws -> Bool {
    let last = state.withLock { $0.revision }
    let change = try catalog.changes(since: last)
    let listeners = state.withLock { state in
      state.revision = max(state.revision, change.revision)
      return state.listeners.values.map { $0 }
    }
    guard !change.isEmpty else { return false }
    for listener in listeners { listener.yield(.change(change)) }
    return true
  }

  /// Passes progress on, and what was committed meanwhile, at most four times a second.
  private func report(_ progress: LoadingProgress) {
    let now = ContinuousClock.now
    let listeners: [AsyncStream<CatalogEvent>.Continuation]? = state.withLock { state in
      state.progress = progress
      guard progress.isDone || now - state.lastReport >= .milliseconds(250) else { return nil }
      state.lastReport = now
      return state.listeners.values.map { $0 }
    }
    guard let listeners else { return }
    for listener in listeners { listener.yield(.loading(progress)) }
    // A failure here shows again, and is told, when the look at the root ends.
    _ = try? tell()
  }

  private static func seconds(_ duration: Duration) -> Double {
    Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
  }
}
