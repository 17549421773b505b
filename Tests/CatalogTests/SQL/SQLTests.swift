import Events
import Foundation
import GRDB
import Testing

@testable import Catalog

/// What SQL answers, against what other calls of the catalogue answer.
@Suite struct SQLTests {
  private let folder: TemporaryFolder
  private let catalog: Catalog

  init() throws {
    folder = try TemporaryFolder()
    catalog = try Catalog.open(root: folder.path, now: { 2_000_000_000 })
  }

  private func log(_ run: String, _ body: (EventFileWriter) throws -> Void) throws {
    let writer = try EventFileWriter(directory: "\(folder.path)/\(run)", maxQueue: 100_000)
    try body(writer)
    try writer.close()
    try catalog.refresh()
  }

  private func rows(_ query: String, _ limits: SQLLimits = SQLLimits()) throws -> [[SQLValue]] {
    try catalog.sql(query, limits: limits).rows
  }

  /// Two runs with two tags of 10,000 points each, so that a series has several blocks.
  private func logTwoRuns() throws {
    for run in ["a", "b"] {
      try log(run) { writer in
        for step in 0..<10_000 {
          let value = step == 7000 ? 1e6 : Float(step % 100)
          try writer.addScalar(tag: "loss", value: value, step: Int64(step), wallTime: 1e9 + Double(step))
          try writer.addScalar(tag: "accuracy", value: Float(step) / 3, step: Int64(step), wallTime: 1e9 + Double(step))
        }
      }
    }
  }

  @Test func `points are those of scalars, in number and to the bit`() throws {
    try logTwoRuns()
    let wanted = try catalog.scalars(run: "b", tag: "accuracy").points
    let found = try rows("SELECT step, wall_time, value FROM points WHERE run = 'b' AND tag = 'accuracy'")
    #expect(found.count == wanted.count)
    #expect(
      found
        == (0..<wanted.count).map {
          [.integer(wanted.steps[$0]), .real(wanted.wallTimes[$0]), .real(wanted.values[$0])]
        })
    #expect(try rows("SELECT count(*) FROM points") == [[.integer(40_000)]])
  }

  @Test func `what is asked of one series does not read the others`() throws {
    try logTwoRuns()
    try catalog.store.write { database in
      try database.execute(
        sql: """
          UPDATE blocks SET data = x'00' WHERE series_id NOT IN
            (SELECT s.id FROM series s JOIN runs r ON r.id = s.run_id WHERE r.name = 'a' AND s.tag = 'loss')
          """)
    }
    let one = "FROM points WHERE run = 'a' AND tag = 'loss'"
    #expect(try rows("SELECT count(*), max(value) \(one)") == [[.integer(10_000), .real(1e6)]])
    #expect(try rows("SELECT count(*) FROM points WHERE run IN ('a') AND tag GLOB 'lo*'") == [[.integer(10_000)]])
    #expect(try rows("SELECT count(*) FROM points WHERE run LIKE 'A' AND tag = 'loss'") == [[.integer(10_000)]])
    #expect(
      try rows("SELECT count(*) FROM runs JOIN points USING (run) WHERE run = 'a' AND tag = 'loss'")
        == [[.integer(10_000)]])
    #expect(throws: (any Error).self) { try rows("SELECT count(value) FROM points") }
  }

  @Test func `ranges of steps, times and values read the blocks that meet them`() throws {
    try logTwoRuns()
    // All but the block that holds step 7000 are broken.
    try catalog.store.write { database in
      try database.execute(sql: "UPDATE blocks SET data = x'00' WHERE NOT 7000 BETWEEN min_step AND max_step")
    }
    let one = "FROM points WHERE run = 'a' AND tag = 'loss' AND"
    #expect(try rows("SELECT step \(one) value > 1000") == [[.integer(7000)]])
    #expect(try rows("SELECT value \(one) step = 7000") == [[.real(1e6)]])
    #expect(try rows("SELECT count(*) \(one) step >= 6999 AND step < 7002") == [[.integer(3)]])
    #expect(try rows("SELECT step \(one) wall_time BETWEEN 1000006999 AND 1000007000").count == 2)
    #expect(throws: (any Error).self) { try rows("SELECT count(*) \(one) step >= 0") }
  }

  @Test func `comparisons mean in points what they mean in any table`() throws {
    try logTwoRuns()
    try log("c") { writer in
      let values: [Float] = [1, .nan, .infinity, -.infinity, -2]
      for (step, value) in values.enumerated() {
        try writer.addScalar(tag: "odd", value: value, step: Int64(step - 2), wallTime: 1e9)
      }
    }
    let one = "tag = 'odd'"
    let stored = """
      (SELECT CAST('c' AS TEXT) AS run, CAST('odd' AS TEXT) AS tag, CAST(column1 AS INTEGER) AS step,
        CAST(1e9 AS REAL) AS wall_time, CAST(column2 AS REAL) AS value
      FROM (VALUES (-2, 1.0), (-1, NULL), (0, 9e999), (1, -9e999), (2, -2.0)))
      """
    let conditions = [
      "value IS NULL", "value IS NOT NULL", "value > 0", "value >= 9e999", "value < 0", "value = 1", "value = '1'",
      "value > 'a'", "value < 'a'", "value = NULL", "step = '0'", "step > 0.5", "step >= 0.5 AND step <= 1.5",
      "step = 1.0",
      "step IN (-2, 2, 7)", "step < -9223372036854775807", "run = 'C' COLLATE NOCASE", "run = 'C'", "run > 'b'",
      "run LIKE '_'", "tag NOT LIKE 'o%'", "tag GLOB '[a-o]*'", "wall_time = 1000000000", "run IS 'c'",
      "value = 1 OR step = 2", "run = 5", "NOT step = 0", "step BETWEEN -1 AND 1 AND value > -1e300",
    ]
    for condition in conditions {
      let query = "SELECT step, value FROM %@ WHERE \(one) AND (\(condition)) ORDER BY step"
      let found = try rows(query.replacing("%@", with: "points"))
      #expect(found == (try rows(query.replacing("%@", with: stored))), "\(condition)")
      #expect(found == (try rows(query.replacing("%@", with: "newest_points"))), "\(condition)")
    }
  }

  @Test func `rows come in the order asked for`() throws {
    try logTwoRuns()
    for order in ["step", "step DESC", "value, step", "run, tag, step", "tag, run, step", "run DESC, step, tag"] {
      let query = "SELECT step, run, tag, value FROM newest_points WHERE step % 100 < 2"
      let found = try rows("\(query) ORDER BY \(order)")
      // A table that SQLite sorts itself.
      let sorted = try rows("SELECT * FROM (\(query) LIMIT -1 OFFSET 0) ORDER BY \(order)")
      #expect(found.count == 800)
      #expect(found == sorted, "\(order)")
    }
    let plan = try rows(
      "EXPLAIN QUERY PLAN SELECT step, value FROM newest_points WHERE run = 'a' AND tag = 'loss' ORDER BY step")
    #expect(plan.count == 1, "a series is in the order of its steps already")
  }

  @Test func `a restart marks what it made void`() throws {
    try log("a") { writer in
      for step in 0..<10 { try writer.addScalar(tag: "loss", value: Float(step), step: Int64(step), wallTime: 1e9) }
      for step in 6..<12 {
        try writer.addScalar(tag: "loss", value: Float(100 + step), step: Int64(step), wallTime: 1e9 + 60)
      }
    }
    #expect(
      try rows("SELECT count(*), sum(superseded), max(branch) FROM points") == [[16, 4, 1].map(SQLValue.integer)])
    #expect(try rows("SELECT step FROM points WHERE superseded ORDER BY step") == (6...9).map { [.integer($0)] })
    #expect(try rows("SELECT step FROM points WHERE superseded = 1 AND branch = 0").count == 4)
    #expect(try rows("SELECT count(*) FROM points WHERE branch = 1") == [[.integer(12)]])
    #expect(try rows("SELECT step FROM newest_points ORDER BY step") == (0...11).map { [.integer($0)] })
  }

  @Test func `runs, tags, files and checkpoints have what listings have`() throws {
    for name in EventFixture.names { try EventFixture(name).copy(to: "\(folder.path)/\(name)") }
    try catalog.refresh()
    let runs = try catalog.runs()
    let found = try rows("SELECT * FROM runs ORDER BY first_wall_time IS NULL, first_wall_time, run")
    #expect(
      found
        == runs.map { run in
          [
            .text(run.run), SQLValue(run.firstWallTime), SQLValue(run.lastWallTime), SQLValue(run.lastStep),
            .integer(Int64(run.tags)), .integer(Int64(run.points)), .integer(Int64(run.files)),
            .integer(Int64(run.checkpoints)), .integer(Int64(run.damagedFiles)),
          ]
        })
    #expect(runs.count > 10)
    let tags = try catalog.tags()
    let named = try rows("SELECT run, tag, kind, dtype, points, first_step, last_step FROM tags")
    #expect(
      Set(named)
        == Set(
          tags.map { tag in
            [
              .text(tag.run), .text(tag.tag), .text(tag.kind.rawValue), SQLValue(tag.dtype),
              .integer(Int64(tag.points)),
              SQLValue(tag.firstStep), SQLValue(tag.lastStep),
            ]
          }))
    #expect(try rows("SELECT offset FROM skips WHERE path GLOB 'bad_data_crc/*'") == [[.integer(374)]])
    #expect(try rows("SELECT count(*) FROM images WHERE bytes > 0") != [[.integer(0)]])
    for table in try catalog.sqlTables() {
      let answer = try catalog.sql("SELECT * FROM \(table.name) LIMIT 3")
      #expect(answer.columns == table.columns, "\(table.name)")
    }
  }

  @Test func `histograms and texts are read from their files`() throws {
    try log("a") { writer in
      for step in [3, 5] {
        let histogram = Histogram(
          min: -1, max: 2, num: 4, sum: 3, sumSquares: 5, bucketLimits: [0, 1, 2], bucketCounts: [1, 0, 3])
        try writer.addHistogram(tag: "weights", histogram: histogram, step: Int64(step), wallTime: 1e9)
      }
    }
    try EventFixture("tf2_summary").copy(to: "\(folder.path)/tf2")
    try catalog.refresh()
    let found = try rows("SELECT step, min, max, num, sum, sum_squares FROM histograms WHERE run = 'a' AND step > 3")
    #expect(found == [[.integer(5), .real(-1), .real(2), .real(4), .real(3), .real(5)]])
    let sum = try rows(
      "SELECT sum(json_extract(b.value, '$[2]')) FROM histograms h, json_each(h.buckets) b WHERE h.run = 'a' AND step = 3"
    )
    #expect(sum == [[.real(4)]])
    let texts = try catalog.tags().filter { $0.kind == .text }
    #expect(!texts.isEmpty)
    let wanted = Int64(texts.reduce(0) { $0 + $1.points })
    #expect(try rows("SELECT count(*) FROM texts WHERE length(text) > 0") == [[.integer(wanted)]])
  }

  @Test func `a value whose file is gone is NULL, with a note`() throws {
    try log("a") { writer in
      try writer.addHistogram(
        tag: "weights",
        histogram: Histogram(min: 0, max: 1, num: 1, sum: 1, sumSquares: 1, bucketLimits: [1], bucketCounts: [1]),
        step: 1, wallTime: 1e9)
    }
    for file in try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/a") {
      try FileManager.default.removeItem(atPath: "\(folder.path)/a/\(file)")
    }
    let answer = try catalog.sql("SELECT step, min FROM histograms")
    #expect(answer.rows == [[.integer(1), .null]])
    #expect(answer.outcome.notes.count == 1)
  }

  @Test func `a query for what is not there is empty`() throws {
    for table in try catalog.sqlTables() { #expect(try rows("SELECT * FROM \(table.name)") == []) }
    #expect(try rows("SELECT * FROM points WHERE run = 'a' AND tag = 'b' AND step = 1") == [])
  }

  @Test func `answers are cut short at the most rows`() throws {
    try logTwoRuns()
    let answer = try catalog.sql("SELECT * FROM points", limits: SQLLimits(rows: 10))
    #expect(answer.rows.count == 10 && answer.outcome.isCutShort && answer.outcome.rows == 10)
    let whole = try catalog.sql("SELECT * FROM points LIMIT 10", limits: SQLLimits(rows: 10))
    #expect(whole.rows.count == 10 && !whole.outcome.isCutShort)
  }
}
