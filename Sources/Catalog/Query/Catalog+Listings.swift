import Events
import GRDB
import Tensors

extension Catalog {
  /// All runs, by first wall time, then name; runs without events come last.
  public func runs() throws -> [RunSummary] {
    try store.read { database in
      let damaged = try damagedFiles(database)
      return try Row.fetchAll(
        database,
        sql: """
          SELECT r.name, f.first, f.last,
            (SELECT last_step FROM files WHERE run_id = r.id AND last_step IS NOT NULL
              ORDER BY last_wall_time DESC, path DESC LIMIT 1),
            coalesce(s.tags, 0), coalesce(s.points, 0), coalesce(f.files, 0),
            (SELECT count(*) FROM checkpoints WHERE run_id = r.id)
          FROM runs r
          LEFT JOIN (SELECT run_id, min(first_wall_time) AS first, max(last_wall_time) AS last, count(*) AS files
            FROM files GROUP BY run_id) f ON f.run_id = r.id
          LEFT JOIN (SELECT run_id, count(DISTINCT id) AS tags, sum(points) AS points
            FROM series JOIN segments ON series_id = id GROUP BY run_id) s ON s.run_id = r.id
          ORDER BY f.first IS NULL, f.first, r.name
          """
      ).map {
        RunSummary(
          run: $0[0], firstWallTime: $0[1], lastWallTime: $0[2], lastStep: $0[3], tags: $0[4], points: $0[5],
          files: $0[6], checkpoints: $0[7], damagedFiles: damaged[ExactName($0[0])] ?? 0)
      }
    }
  }

  /// The series of a run, or of all runs where `run` is nil: runs in the order of ``runs()``, series by tag, then kind.
  /// - Throws: ``CatalogError/unknownRun(run:known:)``.
  public func tags(run: String? = nil) throws -> [TagSummary] {
    let order = try runs().map(\.run)
    if let run, !order.contains(run) { throw CatalogError.unknownRun(run: run, known: order) }
    let rank = Dictionary(uniqueKeysWithValues: order.enumerated().map { (ExactName($1), $0) })
    let rows = try store.read { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT r.name, s.tag, s.kind, s.dtype, g.points, g.first_step, g.last_step, s.display_name, s.description,
            s.plugin, s.id
          FROM series s JOIN runs r ON r.id = s.run_id JOIN segments g ON g.series_id = s.id
            JOIN files f ON f.id = g.file_id
          WHERE (?1 IS NULL OR r.name = ?1)
          ORDER BY s.tag, s.kind, s.id, f.first_wall_time, f.path
          """, arguments: [run])
    }
    var tags: [TagSummary] = []
    var previous: Int64?
    for row in rows {
      if row[10] == previous {
        tags[tags.count - 1].points += row[4] as Int
        tags[tags.count - 1].lastStep = row[6]
      } else {
        previous = row[10]
        tags.append(
          TagSummary(
            run: row[0], tag: row[1], kind: SeriesKind(rawValue: row[2]) ?? .tensor, dtype: row[3], points: row[4],
            firstStep: row[5], lastStep: row[6], displayName: row[7], description: row[8], plugin: row[9]))
      }
    }
    // The sort is stable, so tags keep the database's order within a run.
    return tags.sorted { rank[ExactName($0.run)] ?? 0 < rank[ExactName($1.run)] ?? 0 }
  }

  /// Values that stay in event files, in the order they were logged (files by first wall time). Nil for `run`, `tag` or
  /// `kind` means all.
  public func blobs(run: String? = nil, tag: String? = nil, kind: SeriesKind? = nil) throws -> [LocatedBlob] {
    try store.read { database in
      try blobs(
        database, "(?1 IS NULL OR r.name = ?1) AND (?2 IS NULL OR s.tag = ?2) AND (?3 IS NULL OR s.kind = ?3)",
        [run, tag, kind?.rawValue])
    }
  }

  /// The value with an id that ``blobs(run:tag:kind:)`` gave; nil where it is gone.
  public func blob(id: Int64) throws -> LocatedBlob? {
    try store.read { try blobs($0, "b.id = ?", [id]).first }
  }

  /// Values whose rows meet a condition on runs `r`, series `s`, files `f` and blobs `b`.
  func blobs(
    _ database: Database, _ condition: String, _ arguments: StatementArguments
  ) throws -> [LocatedBlob] {
    try Row.fetchAll(
      database,
      sql: """
        SELECT b.id, r.name, s.tag, s.kind, f.path, b.value_kind, b.form, b.record_offset, b.record_length,
          b.value_offset, b.value_length, b.step, b.wall_time, b.dtype, b.shape, b.count, b.width, b.height,
          b.sample_rate, b.content_type, s.plugin
        FROM blobs b JOIN series s ON s.id = b.series_id JOIN runs r ON r.id = s.run_id
          JOIN files f ON f.id = b.file_id
        WHERE \(condition)
        ORDER BY r.name, s.tag, s.kind, f.first_wall_time, f.path, b.id
        """, arguments: arguments
    ).map { row in
      var value = LocatedValue(
        kind: ValueKind(rawValue: row[5]) ?? .tensor, form: ValueForm(rawValue: row[6]) ?? .none,
        recordOffset: UInt64(row[7] as Int64), recordLength: row[8], offset: UInt64(row[9] as Int64), length: row[10])
      value.step = row[11]
      value.wallTime = row[12]
      value.dtype = (row[13] as String?).flatMap(DataType.init(name:))
      value.shape = (row[14] as String).split(separator: ",").compactMap { Int($0) }
      value.count = row[15]
      value.width = row[16]
      value.height = row[17]
      value.sampleRate = row[18]
      value.contentType = row[19]
      return LocatedBlob(
        id: row[0], run: row[1], tag: row[2], kind: SeriesKind(rawValue: row[3]) ?? .tensor, path: absolute(row[4]),
        value: value, plugin: row[20])
    }
  }

  /// Graphs of event files and graph files on disk, by run, event files first.
  public func graphs() throws -> [GraphSource] {
    let logged = try blobs(kind: .graph).map { blob in
      GraphSource(
        id: "e\(blob.id)", run: blob.run, source: .eventFile, path: blob.path, blob: blob,
        bytes: Int64(blob.value.length))
    }
    let files = try store.read { database in
      try Row.fetchAll(database, sql: "SELECT id, run, path, source, bytes FROM graph_files ORDER BY run, path").map {
        GraphSource(
          id: "f\($0[0] as Int64)", run: $0[1], source: GraphSource.Source(rawValue: $0[3]) ?? .pb,
          path: absolute($0[2]), blob: nil, bytes: $0[4])
      }
    }
    return (logged + files).enumerated()
      .sorted { ($0.element.run, $0.offset) < ($1.element.run, $1.offset) }.map(\.element)
  }

  /// Checkpoints by run, step and prefix; those without a step come first.
  public func checkpoints(run: String? = nil) throws -> [CheckpointSummary] {
    try store.read { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT c.id, r.name, c.prefix, c.step, c.format, c.bytes, c.modified, c.problem
          FROM checkpoints c JOIN runs r ON r.id = c.run_id
          WHERE (?1 IS NULL OR r.name = ?1) ORDER BY r.name, c.step, c.prefix
          """, arguments: [run]
      ).map {
        CheckpointSummary(
          id: $0[0], run: $0[1], prefix: $0[2], step: $0[3], format: $0[4], bytes: $0[5], modified: $0[6],
          problem: $0[7])
      }
    }
  }

  /// What changed after a revision, by whichever process. With an older or unknown revision, everything may be named.
  public func changes(since revision: Int64) throws -> CatalogChange {
    try store.read { database in
      let listChanged = try Revision.of(.runs, database) > revision
      let runs = try String.fetchAll(
        database, sql: "SELECT name FROM runs WHERE ? OR revision > ? ORDER BY name",
        arguments: [listChanged, revision])
      var series: [CatalogChange.Series] = []
      let rows = try Row.fetchAll(
        database,
        sql: """
          SELECT DISTINCT r.name, s.tag FROM series s JOIN runs r ON r.id = s.run_id
          WHERE s.revision > ? ORDER BY r.name, s.tag
          """, arguments: [revision])
      for row in rows {
        if series.last?.run != row[0] { series.append(CatalogChange.Series(run: row[0], tags: [])) }
        series[series.count - 1].tags.append(row[1])
      }
      return CatalogChange(
        revision: try Revision.current(database), runs: runs, series: series,
        checkpoints: try Revision.of(.checkpoints, database) > revision,
        graphs: try Revision.of(.graphs, database) > revision,
        health: try Revision.of(.health, database) > revision)
    }
  }
}
