import GRDB

/// What a program wrote into an event file beside its summaries: marks of its sessions, and lines of text.
public struct LogEntry: Sendable, Equatable {
  public enum Kind: Sendable, Equatable {
    /// `start`, `stop`, `checkpoint` or `unspecified`; the checkpoint written, where the mark is of one.
    case session(status: String, checkpointPath: String?)
    /// 10 debug, 20 info, 30 warning, 40 error, 50 fatal.
    case message(level: Int)
  }

  public var run: String
  /// The event file, relative to the root.
  public var path: String
  /// Of the record in the file.
  public var offset: Int64
  public var step: Int64
  /// Seconds since 1970.
  public var wallTime: Double
  public var kind: Kind
  public var text: String
}

extension Catalog {
  /// Which entries of logs are meant.
  public enum LogSelection: String, Sendable, CaseIterable {
    case all, sessions, messages
  }

  /// Session marks and log messages of a run, or of all runs: by run, file (first wall time) and place in it.
  ///
  /// - Parameters:
  ///   - lowestLevel: leaves out messages of lower levels.
  ///   - offset: the number of the first entry wanted, from 0.
  ///   - limit: how many at most.
  /// - Returns: the entries, and how many there are in all.
  /// - Throws: ``CatalogError/unknownRun(run:known:)``.
  public func logs(
    run: String? = nil, _ selection: LogSelection = .all, lowestLevel: Int = 0, offset: Int = 0, limit: Int = .max
  ) throws -> (total: Int, entries: [LogEntry]) {
    try store.read { database in
      if let run {
        let runs = try String.fetchAll(database, sql: "SELECT name FROM runs ORDER BY name")
        guard runs.contains(where: { ExactName($0) == ExactName(run) }) else {
          throw CatalogError.unknownRun(run: run, known: runs)
        }
      }
      let entries = """
        FROM (
          SELECT file_id, offset, step, wall_time, status, NULL AS level, checkpoint_path, message FROM sessions
            WHERE ?2 <> 'messages'
          UNION ALL
          SELECT file_id, offset, step, wall_time, NULL, level, NULL, message FROM log_messages
            WHERE ?2 <> 'sessions' AND level >= ?3
        ) e JOIN files f ON f.id = e.file_id JOIN runs r ON r.id = f.run_id
        WHERE (?1 IS NULL OR r.name = ?1)
        """
      let arguments: StatementArguments = [run, selection.rawValue, lowestLevel]
      let total = try Int.fetchOne(database, sql: "SELECT count(*) \(entries)", arguments: arguments) ?? 0
      let rows = try Row.fetchAll(
        database,
        sql: """
          SELECT r.name, f.path, e.offset, e.step, e.wall_time, e.status, e.level, e.checkpoint_path, e.message \(entries)
          ORDER BY r.name, f.first_wall_time, f.path, e.offset LIMIT ?4 OFFSET ?5
          """, arguments: arguments + [max(0, limit), max(0, offset)])
      return (
        total,
        rows.map { row in
          let path: String? = row[7]
          return LogEntry(
            run: row[0], path: row[1], offset: row[2], step: row[3], wallTime: row[4],
            kind: (row[5] as String?).map {
              .session(status: $0, checkpointPath: path.flatMap { $0.isEmpty ? nil : $0 })
            } ?? .message(level: row[6]), text: row[8])
        }
      )
    }
  }
}
