import Events
import Foundation
import Testing

@testable import Catalog

/// What queries may not do, and how they are stopped.
@Suite struct SQLSafetyTests {
  private let folder: TemporaryFolder
  private let catalog: Catalog

  init() throws {
    folder = try TemporaryFolder()
    catalog = try Catalog.open(root: folder.path)
    let writer = try EventFileWriter(directory: "\(folder.path)/run", maxQueue: 1000)
    for step in 0..<100 { try writer.addScalar(tag: "loss", value: Float(step), step: Int64(step), wallTime: 1e9) }
    try writer.close()
    try catalog.refresh()
  }

  @Test(arguments: [
    "DELETE FROM main.runs", "DELETE FROM runs", "UPDATE main.files SET offset = 0",
    "INSERT INTO main.runs VALUES (1, 'x', 1)",
    "DROP TABLE main.runs", "DROP VIEW runs", "CREATE TABLE x (a)", "CREATE TEMP TABLE x (a)",
    "CREATE TEMP VIEW x AS SELECT 1",
    "CREATE VIRTUAL TABLE temp.x USING fts5(a)", "CREATE TEMP TRIGGER t INSTEAD OF DELETE ON runs BEGIN SELECT 1; END",
    "ALTER TABLE main.runs ADD COLUMN x", "ATTACH '/tmp/x.sqlite' AS x", "DETACH main", "VACUUM",
    "VACUUM INTO '/tmp/x.sqlite'",
    "REINDEX", "ANALYZE", "BEGIN", "COMMIT", "SAVEPOINT x", "PRAGMA journal_mode = DELETE",
    "PRAGMA writable_schema = ON",
    "PRAGMA temp_store_directory = '/tmp'", "PRAGMA query_only", "SELECT load_extension('x')",
    "SELECT fts3_tokenizer('x')",
    "EXPLAIN DELETE FROM main.runs", "WITH x AS (SELECT 1) DELETE FROM main.runs", "SELECT * FROM pragma_database_list",
    "DELETE FROM points", "UPDATE points SET value = 0", "INSERT INTO points VALUES ('a', 'b', 1, 1, 1, 0, 0)",
  ])
  func `nothing but reading is possible`(_ query: String) throws {
    let before = try catalog.sql("SELECT * FROM main.runs, main.files, main.meta").rows
    #expect(throws: SQLError.self) { _ = try catalog.sql(query) }
    #expect(try catalog.sql("SELECT * FROM main.runs, main.files, main.meta").rows == before)
    #expect(try catalog.sql("SELECT count(*) FROM points").rows == [[.integer(100)]])
  }

  @Test func `functions and tables that would touch files are not there`() throws {
    for query in [
      "SELECT readfile('/etc/passwd')", "SELECT writefile('/tmp/x', 'x')", "SELECT edit('x')",
      "SELECT * FROM fsdir('/')", "SELECT * FROM sqlite_dbpage", "SELECT * FROM sqlite_stmt",
    ] {
      #expect(throws: SQLError.self) { _ = try catalog.sql(query) }
    }
  }

  @Test func `what would run for ever is stopped, and says after how long`() throws {
    let limits = SQLLimits(seconds: 0.2)
    for query in [
      "WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c",
      "SELECT count(*) FROM points a, points b, points c, points d, points e",
    ] {
      #expect(throws: SQLError.tooSlow(seconds: 0.2)) { _ = try catalog.sql(query, limits: limits) }
    }
  }

  @Test func `what takes too much memory is stopped`() throws {
    let limits = SQLLimits(rows: .max, seconds: 60, memory: 8 << 20)
    let numbers = "WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c)"
    #expect(throws: SQLError.tooMuchMemory(bytes: 8 << 20)) {
      _ = try catalog.sql("\(numbers) SELECT hex(randomblob(500)) AS h FROM c ORDER BY h", limits: limits)
    }
    #expect(throws: SQLError.tooMuchMemory(bytes: 8 << 20)) {
      _ = try catalog.sql("\(numbers) SELECT DISTINCT hex(randomblob(500)) FROM c LIMIT 1000000", limits: limits) { _ in
      } row: { _ in
      }
    }
    let answer = SQLLimits(rows: .max, answer: 1 << 20)
    #expect(throws: SQLError.answerTooLarge(bytes: 1 << 20)) {
      _ = try catalog.sql("\(numbers) SELECT hex(randomblob(5000)) FROM c", limits: answer)
    }
  }

  @Test func `one value is bounded`() throws {
    for query in [
      "SELECT randomblob(1000000000)", "SELECT replace(hex(zeroblob(1000000)), '0', 'aaaaaaaaaaaaaaaaaaaa')",
      "WITH RECURSIVE c (x) AS (SELECT 'a' UNION ALL SELECT x || x FROM c) SELECT max(length(x)) FROM c",
    ] {
      #expect(throws: SQLError.self) { _ = try catalog.sql(query) }
    }
  }

  @Test func `errors say where and what to do`() throws {
    func message(_ query: String) -> String {
      do {
        _ = try catalog.sql(query)
        return ""
      } catch { return "\(error)" }
    }
    #expect(message("SELECT nope FROM runs").contains("no such column: nope (at “nope”, character 8)"))
    #expect(message("SELECT * FROM nope").contains("--tables"))
    #expect(message("SELECT * FROM runs WHERE run = \"run\" || nope").contains("single quotes"))
    #expect(message("SELEC 1").contains("syntax error (at “SELEC”, character 1)"))
    #expect(message("") == SQLError.empty.description)
    #expect(message("-- nothing") == SQLError.empty.description)
    #expect(message("SELECT 1; SELECT 2") == SQLError.severalStatements.description)
    #expect(message("SELECT 1; DROP TABLE runs") == SQLError.severalStatements.description)
    #expect(message("SELECT 1; -- done\n ;").isEmpty)
    #expect(message("SELECT 1\u{0}").contains("zero byte"))
    #expect(message("ATTACH 'x' AS y").contains("no other database can be attached"))
    #expect(message("SELECT ?1").isEmpty, "what is not bound is NULL")
  }

  @Test func `a taker that throws ends the query`() throws {
    struct Enough: Error {}
    var taken = 0
    #expect(throws: Enough.self) {
      try catalog.sql("SELECT * FROM points") { _ in
      } row: { _ in
        taken += 1
        if taken == 3 { throw Enough() }
      }
    }
    #expect(taken == 3)
  }

  @Test func `queries may run while the catalogue grows`() throws {
    let writer = try EventFileWriter(directory: "\(folder.path)/later", maxQueue: 1000)
    var seen = 0
    _ = try catalog.sql("SELECT * FROM points") { _ in
    } row: { _ in
      if seen == 10 {
        for step in 0..<100 { try writer.addScalar(tag: "loss", value: Float(1), step: Int64(step), wallTime: 1e9) }
        try writer.close()
        try catalog.refresh()
      }
      seen += 1
    }
    #expect(seen == 100, "a query sees the state it began with")
    #expect(try catalog.sql("SELECT count(*) FROM points").rows == [[.integer(200)]])
  }

  @Test func `a read-only catalogue can be queried`() throws {
    let other = try Catalog.open(root: folder.path, readOnly: true)
    #expect(try other.sql("SELECT max(value) FROM points").rows == [[.real(99)]])
  }

  @Test func `a damaged block is an error, not a crash`() throws {
    try catalog.store.write { try $0.execute(sql: "UPDATE blocks SET data = x'0101'") }
    let fresh = try Catalog.open(root: folder.path, readOnly: true)
    #expect(throws: CatalogError.self) { _ = try fresh.sql("SELECT sum(value) FROM points") }
  }
}
