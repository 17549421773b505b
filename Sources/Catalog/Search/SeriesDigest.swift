import GRDB

/// What the segments of a series say of it as a whole, where no restart cut anything off: enough for many a column of
/// the list of runs without looking at blocks.
struct SeriesDigest {
  var dtype: String?
  var summary: SegmentSummary

  /// The digests of a tag by run. Series that have restarts are left out; only blocks can tell what is left of them.
  static func all(tag: String, _ database: Database) throws -> [ExactName: SeriesDigest] {
    let starts = Set(
      try String.fetchAll(
        database,
        sql: """
          SELECT r.name FROM sessions x JOIN files f ON f.id = x.file_id JOIN runs r ON r.id = f.run_id
          WHERE x.status = 'start' GROUP BY r.id
          """
      ).map { ExactName($0) })
    let rows = try Row.fetchCursor(
      database,
      sql: """
        SELECT r.name, s.dtype, g.points, g.first_step, g.last_step, g.min_step, g.max_step, g.step_descents,
          g.first_wall_time, g.last_wall_time, g.first_value, g.first_value_step, g.last_value, g.last_value_step,
          g.min_value, g.min_value_step, g.max_value, g.max_value_step, g.nan, g.positive_infinity, g.negative_infinity
        FROM series s JOIN runs r ON r.id = s.run_id JOIN segments g ON g.series_id = s.id JOIN files f ON f.id = g.file_id
        WHERE s.tag = ? AND s.kind = 'scalar'
        ORDER BY s.id, f.first_wall_time, f.path
        """, arguments: [tag])
    var digests: [ExactName: SeriesDigest] = [:]
    var segments: [ExactName: Int] = [:]
    while let row = try rows.next() {
      let run = ExactName(row[0])
      digests[run, default: SeriesDigest(dtype: row[1], summary: SegmentSummary())].summary.append(
        SegmentSummary(row: row))
      segments[run, default: 0] += 1
    }
    // A session that starts makes points void even where steps do not go back, but not those of its own file's
    // beginning.
    return digests.filter { run, digest in
      digest.summary.stepDescents == 0 && (segments[run] == 1 || !starts.contains(run))
    }
  }

  /// A column's value, where the segments tell it.
  func plain(_ search: SeriesSearch, _ field: RunColumn.Field) -> PlainValue? {
    let found: SegmentSummary.Value?
    switch search {
    case .first: found = summary.first
    case .last: found = summary.last
    case .minimum: found = summary.min
    case .maximum: found = summary.max
    case .nonFinite:
      switch field {
      case .count: return .integer(Int64(summary.nan + summary.positiveInfinity + summary.negativeInfinity))
      case .nan: return .integer(Int64(summary.nan))
      default: return nil
      }
    case .firstWhere, .jump, .plateau: return nil
    }
    guard let found else { return .null }
    switch field {
    case .value: return PlainValue(found.value, dtype: dtype)
    case .step: return .integer(found.step)
    default: return nil
    }
  }
}

extension SegmentSummary {
  /// Of a row whose columns from the third on are those of the table `segments`.
  fileprivate init(row: Row) {
    self.init()
    func value(_ index: Int) -> Value? {
      (row[index] as Double?).flatMap { value in (row[index + 1] as Int64?).map { Value(value: value, step: $0) } }
    }
    points = row[2]
    firstStep = row[3]
    lastStep = row[4]
    minStep = row[5]
    maxStep = row[6]
    stepDescents = row[7]
    firstWall = row[8]
    lastWall = row[9]
    first = value(10)
    last = value(12)
    min = value(14)
    max = value(16)
    nan = row[18]
    positiveInfinity = row[19]
    negativeInfinity = row[20]
  }
}
