import GRDB

/// The counter that tells readers what changed: every transaction that changes anything takes the next number and marks
/// what it touched with it.
enum Revision {
  /// Listings that have a mark of their own in `meta`; runs and series carry theirs in their rows.
  enum Topic: String {
    case runs = "runs_revision"
    case checkpoints = "checkpoints_revision"
    case graphs = "graphs_revision"
    case health = "health_revision"
  }

  static func current(_ database: Database) throws -> Int64 {
    try value("revision", database)
  }

  /// Takes the next revision; only inside a transaction that writes.
  static func advance(_ database: Database) throws -> Int64 {
    try database.cachedStatement(sql: "UPDATE meta SET value = value + 1 WHERE key = 'revision'").execute()
    return try current(database)
  }

  static func mark(_ topic: Topic, _ revision: Int64, _ database: Database) throws {
    try database.cachedStatement(sql: "UPDATE meta SET value = ? WHERE key = ?")
      .execute(arguments: [revision, topic.rawValue])
  }

  static func of(_ topic: Topic, _ database: Database) throws -> Int64 {
    try value(topic.rawValue, database)
  }

  private static func value(_ key: String, _ database: Database) throws -> Int64 {
    try Int64.fetchOne(
      database.cachedStatement(sql: "SELECT value FROM meta WHERE key = ?"), arguments: [key]) ?? 0
  }
}
