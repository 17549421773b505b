/// The tables of a query that are made of what the catalogue stores: temporary views with the names of listings. Each hides
/// the stored table of its name, which stays readable as `main.NAME` (docs/catalogue.md).
struct SQLView {
  var name: String
  var summary: String
  var columns: [String]
  var select: String

  var definition: String {
    "CREATE TEMP VIEW \(name) (\(columns.joined(separator: ", "))) AS \(select)"
  }

  /// - Parameters:
  ///   - now: the time in seconds since 1970.
  ///   - grace: seconds for which a file may end inside a record without being damaged.
  static func all(now: Double, grace: Double) -> [SQLView] {
    [
      SQLView(
        name: "runs", summary: "folders with an event file or a checkpoint",
        columns: [
          "run", "first_wall_time", "last_wall_time", "last_step", "tags", "points", "files", "checkpoints",
          "damaged_files",
        ],
        select: """
          SELECT r.name, f.first, f.last,
            (SELECT last_step FROM main.files WHERE run_id = r.id AND last_step IS NOT NULL
              ORDER BY last_wall_time DESC, path DESC LIMIT 1),
            coalesce(s.tags, 0), coalesce(s.points, 0), coalesce(f.files, 0),
            (SELECT count(*) FROM main.checkpoints WHERE run_id = r.id), coalesce(f.damaged, 0)
          FROM main.runs r
          LEFT JOIN (SELECT run_id, min(first_wall_time) AS first, max(last_wall_time) AS last, count(*) AS files,
              sum(state <> 'present' OR skipped_records > 0 OR tail = 'damaged'
                OR tail = 'truncated' AND \(now) - coalesce(tail_since, 0) >= \(grace)) AS damaged
            FROM main.files GROUP BY run_id) f ON f.run_id = r.id
          LEFT JOIN (SELECT run_id, count(DISTINCT id) AS tags, sum(points) AS points
            FROM main.series JOIN main.segments ON series_id = id GROUP BY run_id) s ON s.run_id = r.id
          """),
      SQLView(
        name: "tags", summary: "series: what runs logged under a name",
        columns: [
          "run", "tag", "kind", "dtype", "points", "first_step", "last_step", "min_value", "max_value", "nan", "plugin",
          "display_name", "description",
        ],
        select: """
          SELECT r.name, s.tag, s.kind, s.dtype, (SELECT sum(points) FROM main.segments WHERE series_id = s.id),
            (SELECT g.first_step FROM main.segments g JOIN main.files f ON f.id = g.file_id WHERE g.series_id = s.id
              ORDER BY f.first_wall_time, f.path LIMIT 1),
            (SELECT g.last_step FROM main.segments g JOIN main.files f ON f.id = g.file_id WHERE g.series_id = s.id
              ORDER BY f.first_wall_time DESC, f.path DESC LIMIT 1),
            (SELECT min(min_value) FROM main.segments WHERE series_id = s.id),
            (SELECT max(max_value) FROM main.segments WHERE series_id = s.id),
            (SELECT sum(nan) FROM main.segments WHERE series_id = s.id), s.plugin, s.display_name, s.description
          FROM main.series s JOIN main.runs r ON r.id = s.run_id
          """),
      SQLView(
        name: "files", summary: "event files and how sound they are",
        columns: [
          "run", "path", "state", "message", "size", "bytes_read", "records", "skipped_records", "bytes_lost", "tail",
          "tail_bytes", "file_version", "writer", "compression", "first_wall_time", "last_wall_time", "last_step",
        ],
        select: """
          SELECT r.name, f.path, f.state, f.message, f.size, f.offset, f.records, f.skipped_records, f.bytes_lost,
            f.tail, f.tail_bytes, f.file_version, f.writer, f.compression, f.first_wall_time, f.last_wall_time, f.last_step
          FROM main.files f JOIN main.runs r ON r.id = f.run_id
          """),
      SQLView(
        name: "skips", summary: "damaged stretches of event files",
        columns: ["path", "offset", "length", "reason"],
        select: "SELECT f.path, k.offset, k.length, k.reason FROM main.skips k JOIN main.files f ON f.id = k.file_id"),
      SQLView(
        name: "warnings", summary: "oddities of event files that lost nothing",
        columns: ["path", "offset", "message"],
        select: "SELECT f.path, w.offset, w.message FROM main.warnings w JOIN main.files f ON f.id = w.file_id"),
      SQLView(
        name: "sessions", summary: "session log entries: starts, stops, checkpoints",
        columns: ["run", "path", "status", "step", "wall_time", "checkpoint_path", "message"],
        select: """
          SELECT r.name, f.path, s.status, s.step, s.wall_time, s.checkpoint_path, s.message
          FROM main.sessions s JOIN main.files f ON f.id = s.file_id JOIN main.runs r ON r.id = f.run_id
          """),
      SQLView(
        name: "log_messages", summary: "log messages in event files",
        columns: ["run", "path", "level", "step", "wall_time", "message"],
        select: """
          SELECT r.name, f.path, m.level, m.step, m.wall_time, m.message
          FROM main.log_messages m JOIN main.files f ON f.id = m.file_id JOIN main.runs r ON r.id = f.run_id
          """),
      SQLView(
        name: "checkpoints", summary: "checkpoints on disk; prefix is relative to the root",
        columns: ["run", "prefix", "step", "format", "bytes", "modified", "problem"],
        select: """
          SELECT r.name, c.prefix, c.step, c.format, c.bytes, c.modified, c.problem
          FROM main.checkpoints c JOIN main.runs r ON r.id = c.run_id
          """),
      stored("images", "pictures in event files", kind: "image", ["width", "height", "count", "content_type"]),
      stored("audio", "sound clips in event files", kind: "audio", ["sample_rate", "count", "content_type"]),
      stored("tensors", "tensors in event files, of any plugin", kind: "tensor", ["dtype", "shape", "count"]),
      SQLView(
        name: "graphs", summary: "graphs in event files and graph files",
        columns: ["run", "source", "tag", "path", "bytes"],
        select: """
          SELECT r.name, 'event_file', s.tag, f.path, b.value_length
          FROM main.blobs b JOIN main.series s ON s.id = b.series_id JOIN main.runs r ON r.id = s.run_id
            JOIN main.files f ON f.id = b.file_id WHERE s.kind = 'graph'
          UNION ALL SELECT run, source, NULL, path, bytes FROM main.graph_files
          """),
    ]
  }

  private static func stored(_ name: String, _ summary: String, kind: String, _ columns: [String]) -> SQLView {
    SQLView(
      name: name, summary: summary,
      columns: ["run", "tag", "step", "wall_time"] + columns + ["path", "record_offset", "bytes"],
      select: """
        SELECT r.name, s.tag, b.step, b.wall_time, \(columns.map { "b.\($0)" }.joined(separator: ", ")),
          f.path, b.record_offset, b.value_length
        FROM main.blobs b JOIN main.series s ON s.id = b.series_id JOIN main.runs r ON r.id = s.run_id
          JOIN main.files f ON f.id = b.file_id WHERE s.kind = '\(kind)'
        """)
  }
}

/// A table that queries can read, as a listing of them shows it.
public struct SQLTable: Sendable, Equatable {
  public var name: String
  public var columns: [String]
  /// What a row is.
  public var summary: String
}
