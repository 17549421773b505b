import GRDB

@testable import Catalog

extension Catalog {
  /// Everything the catalogue holds of event files, as text without ids and revisions: two catalogues of the same files
  /// have the same, whoever read them.
  func dump() throws -> [String] {
    try store.read { database in
      let file = "(SELECT path FROM files WHERE files.id = file_id)"
      let series =
        "(SELECT runs.name || '|' || tag || '|' || kind FROM series JOIN runs ON runs.id = run_id WHERE series.id = series_id)"
      let queries = try [
        """
        SELECT 'file', path, state, message, size, head_length, head_hash, tail_hash, offset, records, skipped_records,
          bytes_lost, tail, tail_bytes, tail_expected, file_version, writer, first_wall_time, last_wall_time, last_step
        FROM files ORDER BY path
        """,
        "SELECT 'skip', \(file), offset, length, reason FROM skips ORDER BY 2, 3",
        "SELECT 'warning', \(file), offset, message FROM warnings ORDER BY 2, 3, 4",
        "SELECT 'session', \(file), offset, status, step, wall_time, message FROM sessions ORDER BY 2, 3",
        """
        SELECT 'series', name, tag, kind, dtype, plugin, hex(plugin_content), data_class, display_name, description
        FROM series JOIN runs ON runs.id = run_id ORDER BY 2, 3, 4
        """,
        "SELECT 'segment', \(series), \(file), \(Self.all("segments", database)) FROM segments ORDER BY 2, 3",
        "SELECT 'block', \(series), \(file), \(Self.all("blocks", database)) FROM blocks ORDER BY 2, 3, id",
        "SELECT 'blob', \(series), \(file), \(Self.all("blobs", database)) FROM blobs ORDER BY 2, 3, id",
      ]
      return try queries.flatMap { sql in
        try Row.fetchAll(database, sql: sql).map { row in
          row.databaseValues.map { "\($0)" }.joined(separator: " ")
        }
      }
    }
  }

  /// The columns of a table that are no ids.
  private static func all(_ table: String, _ database: Database) throws -> String {
    try database.columns(in: table).map(\.name).filter { !["id", "series_id", "file_id"].contains($0) }
      .map { $0 == "data" ? "hex(data)" : $0 }.joined(separator: ", ")
  }
}
