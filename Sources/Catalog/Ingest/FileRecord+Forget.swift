import GRDB

extension FileRecord {
  /// Deletes everything the catalogue holds of the file, which will be read again from its start. `reason` is told to
  /// people as the file's message.
  func forget(_ reason: String, _ database: Database) throws {
    let revision = try Revision.advance(database)
    for table in ["blocks", "blobs", "segments"] {
      try database.execute(
        sql: "UPDATE series SET revision = ? WHERE id IN (SELECT series_id FROM \(table) WHERE file_id = ?)",
        arguments: [revision, id])
      try database.execute(sql: "DELETE FROM \(table) WHERE file_id = ?", arguments: [id])
    }
    for table in ["skips", "warnings", "sessions", "log_messages"] {
      try database.execute(sql: "DELETE FROM \(table) WHERE file_id = ?", arguments: [id])
    }
    try database.execute(
      sql: """
        UPDATE files SET generation = generation + 1, offset = 0, size = 0, modified_ns = 0, changed_ns = 0, fingerprint = 0,
          head_length = 0,
          records = 0, skipped_records = 0, bytes_lost = 0, tail = 'clean', tail_bytes = 0, tail_expected = NULL,
          tail_since = NULL, file_version = NULL, writer = NULL, compression = NULL, first_wall_time = NULL,
          last_wall_time = NULL, last_step = NULL, state = 'present', message = ?, revision = ? WHERE id = ?
        """,
      arguments: [reason, revision, id])
    try database.execute(sql: "UPDATE runs SET revision = ? WHERE id = ?", arguments: [revision, runID])
    try Revision.mark(.health, revision, database)
  }
}
