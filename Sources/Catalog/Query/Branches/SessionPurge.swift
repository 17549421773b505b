// What TensorBoard's Python reader keeps (EventAccumulator with purge_orphaned_data, its default). It takes the files of
// a run by name, and
//
// - of version 2 (`brain.Event:2`) and later: where a session starts at step n, everything logged so far at n and later
//   is dropped, in every series. Steps that go back drop nothing.
// - of older files, and of such without a version record: where the step of a summary is lower than the latest, what its
//   series hold at that step and later is dropped. A version record sets the latest step to 0, a session log entry to its
//   own step.
//
// The reader compares with the latest step of all series of a run, here it is that of the series alone. That makes a
// difference only for an old file that logs a step twice, while another series is at a higher step already: the reader
// keeps the second point, here both are kept.

/// TensorBoard's purge of orphaned data.
struct SessionPurge: BranchBuilder {
  private var kept: [Piece] = []
  /// The largest step in what is kept; most sessions start behind it and drop nothing.
  private var largestStep: Int64?
  private var hasSessions = false
  private var latest: Int64 = -1

  mutating func begin(_ file: SeriesFile) {
    guard let version = file.version else { return }
    hasSessions = Self.number(of: version) >= 2
    if !hasSessions { latest = 0 }
  }

  mutating func session(_ session: SeriesFile.Session, steps: (Int) throws -> [Int64]) throws {
    if !hasSessions {
      latest = session.step
    } else if session.isStart {
      try purge(notBelow: session.step, steps: steps)
    }
  }

  mutating func sessionAfterAllPoints(_ session: SeriesFile.Session, steps: (Int) throws -> [Int64]) throws {
    try self.session(session, steps: steps)
  }

  mutating func append(_ piece: Piece, steps: (Int) throws -> [Int64]) throws {
    guard !hasSessions else { return keep(piece) }
    // Points below the latest step drop what they come again for, one another included; from there on all are kept.
    let parts = try piece.split(at: latest, steps: steps)
    if let below = parts.below {
      try purge(notBelow: below.firstStep, steps: steps)
      keep(try below.keepingLastOfStep(steps: steps))
    }
    if let rest = parts.rest {
      latest = rest.lastStep
      keep(rest)
    }
  }

  private mutating func keep(_ piece: Piece) {
    kept.append(piece)
    largestStep = max(largestStep ?? piece.lastStep, piece.lastStep)
  }

  private mutating func purge(notBelow step: Int64, steps: (Int) throws -> [Int64]) throws {
    guard let largestStep, largestStep >= step else { return }
    kept = try kept.compactMap { try $0.split(at: step, steps: steps).below }
    self.largestStep = kept.map(\.lastStep).max()
  }

  /// What is kept, parted where steps go back; nothing of it is superseded.
  var branches: [Branch] {
    var lists: [[Piece]] = []
    for piece in kept {
      if let last = lists.last?.last, last.lastStep <= piece.firstStep {
        lists[lists.count - 1].append(piece)
      } else {
        lists.append([piece])
      }
    }
    return Branch.joiningOldest(lists, to: SeriesIndex.branchLimit).map { Branch(superseded: false, pieces: $0) }
  }

  /// The number of a version: 2 of `brain.Event:2`; -1 where there is none.
  private static func number(of version: String) -> Double {
    version.split(separator: ":", omittingEmptySubsequences: false).last.flatMap { Double($0) } ?? -1
  }
}
