import GRDB

/// A stored block as queries see it: its summary, and where to find its points.
struct BlockReference: Sendable {
  var id: Int64
  /// Position of its file among the files of the series.
  var file: Int
  var summary: BlockSummary
}

/// A stretch of a block whose steps do not go back.
struct Piece: Sendable {
  var block: Int
  var range: Range<Int>
  var firstStep: Int64
  var lastStep: Int64
}

/// Points that belong together on a chart; their steps do not go back.
struct Branch: Sendable {
  var superseded: Bool
  var pieces: [Piece]
}

/// The blocks of a series in the order they were logged, and how they fall into branches.
struct SeriesIndex: Sendable {
  var id: Int64
  var revision: Int64
  var run: String
  var tag: String
  /// The widest precision stored.
  var dtype: String
  /// Wall time of the first scalar of the run.
  var origin: Double
  var blocks: [BlockReference]
  /// Oldest first; the last one is the newest and not superseded.
  var branches: [Branch]

  /// How many abandoned branches are told apart; older ones are joined.
  static let branchLimit = 64
}

extension SeriesIndex {
  /// Reads the index of a series. `points` unpacks a block; it is asked only for blocks inside which steps go back and
  /// for those a restart cuts.
  init?(
    _ database: Database, run: String, tag: String, points: (Int64) throws -> PointColumns
  ) throws {
    guard
      let row = try Row.fetchOne(
        database.cachedStatement(
          sql: """
            SELECT s.id, s.revision, (SELECT min(g.first_wall_time) FROM segments g JOIN series o ON o.id = g.series_id
              WHERE o.run_id = s.run_id AND o.kind = 'scalar')
            FROM series s JOIN runs r ON r.id = s.run_id WHERE r.name = ? AND s.tag = ? AND s.kind = 'scalar'
            """), arguments: [run, tag])
    else { return nil }
    id = row[0]
    revision = row[1]
    origin = row[2] ?? 0
    self.run = run
    self.tag = tag
    dtype = "float32"
    blocks = []
    branches = []

    var lineage = Lineage()
    let files = try Int64.fetchAll(
      database.cachedStatement(
        sql: """
          SELECT f.id FROM segments g JOIN files f ON f.id = g.file_id WHERE g.series_id = ?
          ORDER BY f.first_wall_time, f.path
          """), arguments: [id])
    for (order, file) in files.enumerated() {
      let starts = try Row.fetchAll(
        database.cachedStatement(
          sql: "SELECT step, wall_time FROM sessions WHERE file_id = ? AND status = 'start' ORDER BY rowid"),
        arguments: [file]
      ).map { (step: $0[0] as Int64, wallTime: $0[1] as Double) }
      try appendBlocks(of: file, order: order, starts: starts, to: &lineage, database, points: points)
    }
    branches = lineage.branches
  }

  private mutating func appendBlocks(
    of file: Int64, order: Int, starts: [(step: Int64, wallTime: Double)], to lineage: inout Lineage,
    _ database: Database, points: (Int64) throws -> PointColumns
  ) throws {
    var starts = starts[...]
    let rows = try Row.fetchCursor(
      database.cachedStatement(
        sql: """
          SELECT id, points, first_step, last_step, min_step, max_step, step_descents, first_wall_time, last_wall_time,
            min_wall_time, max_wall_time, wall_time_descents, first_value, last_value, min_value, max_value, nan,
            positive_infinity, negative_infinity, precision
          FROM blocks WHERE series_id = ? AND file_id = ? ORDER BY id
          """), arguments: [id, file])
    while let row = try rows.next() {
      let summary = BlockSummary(row: row)
      let index = self.blocks.count
      self.blocks.append(BlockReference(id: row[0], file: order, summary: summary))
      switch row[19] as Int {
      case 2: dtype = "float64"
      case 9: dtype = dtype == "float32" && index == 0 || dtype == "int64" ? "int64" : "float64"
      default: if dtype == "int64" { dtype = "float64" }
      }
      // A session that starts makes void what earlier ones logged at its step and later.
      while let start = starts.first, summary.firstWall >= start.wallTime {
        try lineage.restart(at: start.step) { try points(self.blocks[$0].id) }
        starts.removeFirst()
      }
      if summary.stepDescents == 0 {
        let piece = Piece(
          block: index, range: 0..<summary.count, firstStep: summary.firstStep, lastStep: summary.lastStep)
        try lineage.append(piece) { try points(self.blocks[$0].id) }
      } else {
        let steps = try points(self.blocks[index].id).steps
        var start = 0
        for position in 1...steps.count where position == steps.count || steps[position] < steps[position - 1] {
          let piece = Piece(
            block: index, range: start..<position, firstStep: steps[start], lastStep: steps[position - 1])
          try lineage.append(piece) { try points(self.blocks[$0].id) }
          start = position
        }
      }
    }
  }
}

/// Sorts pieces into branches as they come: the newest lineage, and what restarts have cut off it.
struct Lineage {
  private var current: [Piece] = []
  private var abandoned: [[Piece]] = []

  /// Adds the piece logged next. Where its first step is below the last one so far, training was restarted there.
  mutating func append(_ piece: Piece, points: (Int) throws -> PointColumns) throws {
    if let last = current.last, last.lastStep > piece.firstStep { try restart(at: piece.firstStep, points: points) }
    current.append(piece)
  }

  /// Cuts off what was logged at `step` and later.
  mutating func restart(at step: Int64, points: (Int) throws -> PointColumns) throws {
    var cut: [Piece] = []
    while let last = current.last, last.lastStep >= step {
      current.removeLast()
      guard last.firstStep < step else {
        cut.append(last)
        continue
      }
      let steps = try points(last.block).steps
      let position = Self.firstIndex(in: steps, last.range, notBelow: step)
      current.append(
        Piece(
          block: last.block, range: last.range.lowerBound..<position, firstStep: last.firstStep,
          lastStep: steps[position - 1]))
      cut.append(
        Piece(
          block: last.block, range: position..<last.range.upperBound, firstStep: steps[position],
          lastStep: last.lastStep))
      break
    }
    if !cut.isEmpty { abandoned.append(cut.reversed()) }
  }

  /// All branches, the newest last. Of very many abandoned ones the oldest are joined.
  var branches: [Branch] {
    guard !current.isEmpty else { return [] }
    var older = abandoned
    if older.count > SeriesIndex.branchLimit {
      let joined = older.prefix(older.count - SeriesIndex.branchLimit + 1).flatMap { $0 }
      older = [joined] + older.suffix(SeriesIndex.branchLimit - 1)
    }
    return older.map { Branch(superseded: true, pieces: $0) } + [Branch(superseded: false, pieces: current)]
  }

  /// The first position in an ascending stretch whose step is at least `step`.
  private static func firstIndex(in steps: [Int64], _ range: Range<Int>, notBelow step: Int64) -> Int {
    var low = range.lowerBound
    var high = range.upperBound
    while low < high {
      let middle = (low + high) / 2
      if steps[middle] < step { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

extension BlockSummary {
  /// Of a row whose columns 1 to 18 are those of the table `blocks`.
  fileprivate init(row: Row) {
    self.init()
    count = row[1]
    firstStep = row[2]
    lastStep = row[3]
    minStep = row[4]
    maxStep = row[5]
    stepDescents = row[6]
    firstWall = row[7]
    lastWall = row[8]
    minWall = row[9]
    maxWall = row[10]
    wallDescents = row[11]
    first = row[12]
    last = row[13]
    min = row[14]
    max = row[15]
    nan = row[16]
    positiveInfinity = row[17]
    negativeInfinity = row[18]
  }
}
