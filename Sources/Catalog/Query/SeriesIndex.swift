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
  /// Of points at one step only the last belongs to the branch; ``count`` is then lower than the range is long.
  var keepsLastOfStep = false
  /// Points of the branch.
  var count: Int

  init(block: Int, range: Range<Int>, firstStep: Int64, lastStep: Int64) {
    self.block = block
    self.range = range
    self.firstStep = firstStep
    self.lastStep = lastStep
    count = range.count
  }
}

/// An event file as the rules see it that sort points into branches.
struct SeriesFile: Sendable {
  /// An entry of the session log.
  struct Session: Sendable {
    var isStart: Bool
    var step: Int64
    var wallTime: Double
  }

  var id: Int64
  /// Text of its version record, `brain.Event:2`; nil where it has none.
  var version: String?
  /// In the order they were logged.
  var sessions: [Session]
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
  /// Unpacks a block, by its id; with wall times where they are asked for.
  typealias Unpacking = (_ block: Int64, _ wallTimes: Bool) throws -> PointColumns

  /// Reads the index of a series, its points sorted into branches by a rule. `points` is asked only for blocks inside
  /// which steps go back, for those a restart cuts, and by rules that have to see every step.
  init?(
    _ database: Database, run: String, tag: String, rule: BranchRule = .lineage, points: Unpacking
  ) throws {
    guard
      let row = try Row.fetchOne(
        database.cachedStatement(
          sql: """
            SELECT s.id, s.revision, (SELECT min(g.first_wall_time) FROM segments g JOIN series o ON o.id = g.series_id
              WHERE o.run_id = s.run_id AND o.kind = 'scalar'), r.revision
            FROM series s JOIN runs r ON r.id = s.run_id WHERE r.name = ? AND s.tag = ? AND s.kind = 'scalar'
            """), arguments: [run, tag])
    else { return nil }
    id = row[0]
    revision = rule == .tensorBoard ? row[3] : row[1]
    origin = row[2] ?? 0
    self.run = run
    self.tag = tag
    dtype = "float32"
    blocks = []
    branches = []

    let files = try Self.files(of: id, rule, database)
    switch rule {
    case .lineage: branches = try sort(files, by: Lineage(), database, points)
    case .tensorBoard: branches = try sort(files, by: SessionPurge(), database, points)
    case .dataServer: branches = try sort(files, by: Preemption(), database, points)
    }
  }

  /// The files that have a say in the branches of a series, in the order they count. TensorBoard takes files by name, and
  /// sees the session log of those too in which the series has no points.
  static func files(of series: Int64, _ rule: BranchRule, _ database: Database) throws -> [SeriesFile] {
    let sql =
      rule == .tensorBoard
      ? """
      SELECT f.id, f.file_version FROM files f JOIN series s ON s.run_id = f.run_id WHERE s.id = ? ORDER BY f.path
      """
      : """
      SELECT f.id, f.file_version FROM segments g JOIN files f ON f.id = g.file_id WHERE g.series_id = ?
      ORDER BY \(rule == .lineage ? "f.first_wall_time, f.path" : "f.path")
      """
    return try Row.fetchAll(database.cachedStatement(sql: sql), arguments: [series]).map { row in
      let sessions = try Row.fetchAll(
        database.cachedStatement(
          sql: "SELECT status = 'start', step, wall_time FROM sessions WHERE file_id = ? ORDER BY rowid"),
        arguments: [row[0] as Int64])
      return SeriesFile(
        id: row[0], version: row[1],
        sessions: sessions.map { SeriesFile.Session(isStart: $0[0], step: $0[1], wallTime: $0[2]) })
    }
  }

  private mutating func sort<Rule: BranchBuilder>(
    _ files: [SeriesFile], by rule: Rule, _ database: Database, _ points: Unpacking
  ) throws -> [Branch] {
    var rule = rule
    for (order, file) in files.enumerated() { try appendBlocks(of: file, order: order, to: &rule, database, points) }
    return rule.branches
  }

  private mutating func appendBlocks<Rule: BranchBuilder>(
    of file: SeriesFile, order: Int, to rule: inout Rule, _ database: Database, _ points: Unpacking
  ) throws {
    var sessions = file.sessions[...]
    rule.begin(file)
    let rows = try Row.fetchCursor(
      database.cachedStatement(
        sql: """
          SELECT id, points, first_step, last_step, min_step, max_step, step_descents, first_wall_time, last_wall_time,
            min_wall_time, max_wall_time, wall_time_descents, first_value, last_value, min_value, max_value, nan,
            positive_infinity, negative_infinity, precision
          FROM blocks WHERE series_id = ? AND file_id = ? ORDER BY id
          """), arguments: [id, file.id])
    while let row = try rows.next() {
      let summary = BlockSummary(row: row)
      let number = self.blocks.count
      self.blocks.append(BlockReference(id: row[0], file: order, summary: summary))
      switch row[19] as Int {
      case 2: dtype = "float64"
      case 9: dtype = dtype == "float32" && number == 0 || dtype == "int64" ? "int64" : "float64"
      default: if dtype == "int64" { dtype = "float64" }
      }
      func steps(_ block: Int) throws -> [Int64] { try points(self.blocks[block].id, false).steps }

      // A session comes before the first point that was not logged earlier than it.
      var start = 0
      while let session = sessions.first, session.wallTime <= summary.maxWall {
        if session.wallTime > summary.firstWall {
          let times = try points(self.blocks[number].id, true).wallTimes
          guard let place = times[start...].firstIndex(where: { $0 >= session.wallTime }) else { break }
          if place > start { try append(number, start..<place, summary, to: &rule, steps) }
          start = place
        }
        try rule.session(session, steps: steps)
        sessions.removeFirst()
      }
      try append(number, start..<summary.count, summary, to: &rule, steps)
    }
    for session in sessions { try rule.sessionAfterAllPoints(session) { try points(self.blocks[$0].id, false).steps } }
  }

  /// Hands on a stretch of a block, in pieces where steps go back in it.
  private func append<Rule: BranchBuilder>(
    _ block: Int, _ range: Range<Int>, _ summary: BlockSummary, to rule: inout Rule, _ steps: (Int) throws -> [Int64]
  ) throws {
    guard !range.isEmpty else { return }
    if summary.stepDescents == 0 && range.count == summary.count {
      let piece = Piece(block: block, range: range, firstStep: summary.firstStep, lastStep: summary.lastStep)
      return try rule.append(piece, steps: steps)
    }
    let all = try steps(block)
    var start = range.lowerBound
    for position in (range.lowerBound + 1)...range.upperBound
    where position == range.upperBound || all[position] < all[position - 1] {
      let piece = Piece(
        block: block, range: start..<position, firstStep: all[start], lastStep: all[position - 1])
      try rule.append(piece, steps: steps)
      start = position
    }
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
