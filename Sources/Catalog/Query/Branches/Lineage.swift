/// Tells the newest lineage from what restarts have cut off it: where steps go back to n, or a session starts at n, what
/// was logged before at n and later belongs to an abandoned branch.
struct Lineage: BranchBuilder {
  private var current: [Piece] = []
  private var abandoned: [[Piece]] = []

  mutating func begin(_ file: SeriesFile) {}

  /// A session that starts makes void what earlier ones logged at its step and later.
  mutating func session(_ session: SeriesFile.Session, steps: (Int) throws -> [Int64]) throws {
    if session.isStart { try restart(at: session.step, steps: steps) }
  }

  /// A series that the new session has not logged yet keeps what it has.
  mutating func sessionAfterAllPoints(_ session: SeriesFile.Session, steps: (Int) throws -> [Int64]) {}

  /// Adds the piece logged next. Where its first step is below the last one so far, training was restarted there.
  mutating func append(_ piece: Piece, steps: (Int) throws -> [Int64]) throws {
    if let last = current.last, last.lastStep > piece.firstStep { try restart(at: piece.firstStep, steps: steps) }
    current.append(piece)
  }

  /// Cuts off what was logged at `step` and later.
  private mutating func restart(at step: Int64, steps: (Int) throws -> [Int64]) throws {
    var cut: [Piece] = []
    while let last = current.last, last.lastStep >= step {
      current.removeLast()
      let parts = try last.split(at: step, steps: steps)
      if let rest = parts.rest { cut.append(rest) }
      guard let below = parts.below else { continue }
      current.append(below)
      break
    }
    if !cut.isEmpty { abandoned.append(cut.reversed()) }
  }

  /// All branches, the newest last. Of very many abandoned ones the oldest are joined.
  var branches: [Branch] {
    guard !current.isEmpty else { return [] }
    let older = Branch.joiningOldest(abandoned, to: SeriesIndex.branchLimit)
    return older.map { Branch(superseded: true, pieces: $0) } + [Branch(superseded: false, pieces: current)]
  }
}

extension Branch {
  /// At most `limit` lists of pieces, the oldest of them joined.
  static func joiningOldest(_ lists: [[Piece]], to limit: Int) -> [[Piece]] {
    guard lists.count > limit else { return lists }
    return [lists.prefix(lists.count - limit + 1).flatMap { $0 }] + lists.suffix(limit - 1)
  }
}
