import GRDB

/// What tables of a query read: one state of the catalogue, so that they agree with each other however long it runs.
final class SQLSource {
  let catalog: Catalog
  let watch: SQLWatch
  private let snapshot: DatabaseSnapshot

  init(_ catalog: Catalog, watch: SQLWatch) throws {
    self.catalog = catalog
    self.watch = watch
    snapshot = try catalog.store.snapshot()
  }

  /// A series that may be wanted.
  struct Series {
    var id: Int64
    var run: String
    var tag: String
  }

  /// The series of some kinds whose run and tag agree with what they are compared with, by run, then tag.
  func series(kinds: [SeriesKind], _ constraints: [LazyConstraint], run: Int, tag: Int) throws -> [Series] {
    var conditions = ["s.kind IN (\(kinds.map { "'\($0.rawValue)'" }.joined(separator: ", ")))"]
    var arguments: [String] = []
    for constraint in constraints where constraint.column == run || constraint.column == tag {
      // Anything but text is for SQLite to compare.
      guard case .text(let text) = constraint.value else { continue }
      let column = constraint.column == run ? "r.name" : "s.tag"
      switch constraint.comparison {
      case .equal: conditions.append("\(column) = ?")
      case .like: conditions.append("\(column) LIKE ?")
      case .glob: conditions.append("\(column) GLOB ?")
      default: continue
      }
      arguments.append(text)
    }
    return try catalog.store.read(snapshot) { database in
      try Row.fetchAll(
        database.cachedStatement(
          sql: """
            SELECT s.id, r.name, s.tag FROM series s JOIN runs r ON r.id = s.run_id
            WHERE \(conditions.joined(separator: " AND ")) ORDER BY r.name, s.tag
            """), arguments: StatementArguments(arguments)
      ).map { Series(id: $0[0], run: $0[1], tag: $0[2]) }
    }
  }

  /// The index of a scalar series.
  func index(_ series: Series) throws -> SeriesIndex? {
    try catalog.store.read(snapshot) { try catalog.cache.index(run: series.run, tag: series.tag, $0) }
  }

  /// The points of a block.
  func points(_ block: Int64, wallTimes: Bool) throws -> PointColumns {
    try catalog.store.read(snapshot) { try catalog.cache.points(block, wallTimes: wallTimes, $0) }
  }

  /// A value that stays in its event file.
  struct Stored {
    var id: Int64
    var step: Int64
    var wallTime: Double
  }

  /// The values of a series in the order they were logged.
  func stored(_ series: Series) throws -> [Stored] {
    try catalog.store.read(snapshot) { database in
      try Row.fetchAll(
        database.cachedStatement(
          sql: """
            SELECT b.id, b.step, b.wall_time FROM blobs b JOIN files f ON f.id = b.file_id
            WHERE b.series_id = ? ORDER BY f.first_wall_time, f.path, b.id
            """), arguments: [series.id]
      ).map { Stored(id: $0[0], step: $0[1], wallTime: $0[2]) }
    }
  }
}
