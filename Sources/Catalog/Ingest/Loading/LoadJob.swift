import Dispatch
import Records

/// An event file on its way into the catalogue. One worker at a time has the front of it: reads on from where the
/// catalogue is, and commits. Others may read slices ahead of it meanwhile.
///
/// Sendable by rule: `front` and `ahead` and what stands below them are touched under the loader's lock only, the rest
/// only by the worker that has the front.
final class LoadJob: @unchecked Sendable {
  // MARK: Of the worker that has the front

  /// The file as the catalogue knows it now.
  var record: FileRecord
  /// The file, open where a turn ended lately.
  var reader: SliceReader?
  /// What is known of its tags at the front; nil before the first look.
  var known: KnownTags?
  /// Of the last event before the front.
  var previousWallTime = 0.0
  /// Of a file of which nothing was read yet: what it began with at the first look.
  var content: ReadContent?
  /// Whether the catalogue may know more of it by now.
  var isStale = false
  /// How often the file was rewritten while it was read.
  var rewrites = 0

  // MARK: Under the loader's lock

  enum Front: Equatable {
    /// In the queue.
    case waiting
    /// A worker has it.
    case busy
    /// A slice has to be finished by the worker that reads it ahead.
    case needs(Int64)
    /// Its last batch waits for its transaction.
    case held
  }

  enum Ahead {
    case reading
    /// Nil where nothing could be read.
    case done(Slice?)
  }

  var front = Front.waiting
  /// Slices by number: the one from n times the slice length on.
  var ahead: [Int64: Ahead] = [:]
  /// Counts how often what was read ahead became void.
  var epoch = 0
  /// Whether its bytes can be read anywhere; those of a compressed file come in order.
  var isPlain = false
  /// Whether slices may be read ahead: it is plain, and something is known of its tags.
  var allowsAhead = false
  /// Whether it had a turn since it was added or heard of last.
  var isStarted = false
  /// A copy of the front's state for those who read ahead.
  var frontRecord: FileRecord
  var frontKnown = KnownTags()
  /// As it was when it was last heard of.
  var status: FileStatus
  /// Whether it was heard of again while it was read.
  var isWantedAgain = false
  /// Bytes to read when it was added, and those read since, at most as many.
  var expected: Int64
  var counted: Int64 = 0
  /// Those who wait for it.
  var tickets: [LoadTicket] = []

  init(_ task: Registrar.Task) {
    record = task.record
    frontRecord = task.record
    status = task.status
    expected = task.remaining
  }
}

/// What one caller waits for.
final class LoadTicket: @unchecked Sendable {
  // Sendable by rule: `error` is written under the loader's lock before the group is left, and read after.
  let group = DispatchGroup()
  let progress: (@Sendable (LoadingProgress) -> Void)?
  var error: (any Error)?
  /// Whether somebody is woken when it is done; of the watcher's thread alone.
  var isWatched = false

  /// Whether all its files are done.
  var isDone: Bool { group.wait(timeout: .now()) == .success }

  init(_ progress: (@Sendable (LoadingProgress) -> Void)?) { self.progress = progress }
}

extension Registrar.Task {
  /// Bytes the catalogue does not hold.
  var remaining: Int64 { max(0, status.size - record.offset) }
}
