import Events
import Foundation
import GRDB
import Testing

@testable import Catalog

/// What the catalogue keeps beside the points: checksums, summaries, log messages.
@Suite struct StoredPointsTests {
  private let folder: TemporaryFolder
  private let file = "run/events.out.tfevents.1700000100.host"

  init() throws { folder = try TemporaryFolder() }

  @Test func `damaged points are told, forgotten and read again`() throws {
    try EventFixture("tf1_nonfinite").copy(to: "\(folder.path)/run")
    try EventFixture("tf1_training").copy(to: "\(folder.path)/sound")
    let catalog = try Catalog.open(root: folder.path)
    try catalog.refresh()
    try catalog.store.write { database in
      let row = try #require(
        try Row.fetchOne(
          database,
          sql: "SELECT b.id, data FROM blocks b JOIN series s ON s.id = series_id WHERE tag = 'loss' LIMIT 1"))
      var data: Data = row[1]
      data[data.count / 2] ^= 4
      try database.execute(sql: "UPDATE blocks SET data = ? WHERE id = ?", arguments: [data, row[0] as Int64])
    }
    let expected = CatalogError.damagedPoints(path: catalog.path, file: file, forgotten: true)
    let damaged = try Catalog.open(root: folder.path, readOnly: true)
    #expect(throws: CatalogError.damagedPoints(path: catalog.path, file: file, forgotten: false)) {
      try damaged.scalars(run: "run", tag: "loss")
    }
    #expect(throws: expected) { try catalog.scalars(run: "run", tag: "loss") }
    #expect(try catalog.allPoints("sound", "train_loss").count == 60)
    try catalog.refresh()
    #expect(try catalog.allPoints("run", "loss").count == 11)
    #expect(try catalog.health().first { $0.path == file }?.message?.contains("damaged") == true)
    #expect(expected.description.contains(file) && expected.description.contains("read again"))
  }

  @Test func `damage met while points are appended stops no file and loses no point`() throws {
    let writers = try ["a", "b", "c"].map {
      try EventFileWriter(directory: "\(folder.path)/\($0)", maxQueue: 1000)
    }
    func log(_ steps: Range<Int>) throws {
      for writer in writers {
        for step in steps { try writer.addScalar(tag: "loss", value: Float(step), step: Int64(step), wallTime: 1e9) }
        try writer.flush()
      }
    }
    let catalog = try Catalog.open(root: folder.path)
    try log(0..<40)
    try catalog.refresh()
    // Two of three files that share a transaction have a last block that what comes is merged with.
    for run in ["a", "b"] {
      try catalog.store.write { database in
        let row = try #require(
          try Row.fetchOne(
            database,
            sql: """
              SELECT b.id, data FROM blocks b JOIN series s ON s.id = series_id JOIN runs r ON r.id = s.run_id
              WHERE r.name = ? ORDER BY b.id DESC LIMIT 1
              """, arguments: [run]))
        var data: Data = row[1]
        data[data.count / 2] ^= 4
        try database.execute(sql: "UPDATE blocks SET data = ? WHERE id = ?", arguments: [data, row[0] as Int64])
      }
    }
    try log(40..<70)
    try catalog.refresh()
    for run in ["a", "b", "c"] {
      #expect(try catalog.allPoints(run, "loss").map(\.step) == (0..<70).map(Int64.init), "\(run)")
      let message = try catalog.health().first { $0.path.hasPrefix("\(run)/") }?.message
      #expect((message?.contains("damaged") == true) == (run != "c"))
    }
    try log(70..<71)
    try catalog.refresh()
    for run in ["a", "b", "c"] { #expect(try catalog.allPoints(run, "loss").count == 71) }
  }

  /// What `segments` says of every series, beside what its points say.
  @Test(arguments: [200, 5000, 1 << 20])
  func `summaries of segments are those of their points`(batchBytes: Int) throws {
    for name in EventFixture.names { try EventFixture(name).copy(to: "\(folder.path)/\(name)") }
    let catalog = try Catalog.open(root: folder.path)
    try Loader.refreshInSmallBatches(catalog, bytes: batchBytes)
    let rows = try catalog.store.read { database in
      try Row.fetchAll(
        database,
        sql: "SELECT g.*, s.tag FROM segments g JOIN series s ON s.id = g.series_id WHERE s.kind = 'scalar'")
    }
    #expect(rows.count > 50)
    for row in rows {
      let points = try catalog.store.read { database in
        var points = PointColumns()
        let blocks = try Row.fetchAll(
          database, sql: "SELECT data, checksum FROM blocks WHERE series_id = ? AND file_id = ? ORDER BY id",
          arguments: [row["series_id"] as Int64, row["file_id"] as Int64])
        for block in blocks {
          points.append(
            try (block[0] as Data).withUnsafeBytes { try PackedBlock.points($0, checksum: block[1], file: 0) })
        }
        return points
      }
      let whole = 0..<points.count
      let expected = SegmentSummary(BlockSummary(points, whole), points, whole)
      var stored = SegmentSummary()
      stored.points = row["points"]
      (stored.firstStep, stored.lastStep) = (row["first_step"], row["last_step"])
      (stored.minStep, stored.maxStep) = (row["min_step"], row["max_step"])
      stored.stepDescents = row["step_descents"]
      (stored.firstWall, stored.lastWall) = (row["first_wall_time"], row["last_wall_time"])
      func value(_ name: String) -> SegmentSummary.Value? {
        (row[name] as Double?).map { SegmentSummary.Value(value: $0, step: row["\(name)_step"]) }
      }
      (stored.first, stored.last) = (value("first_value"), value("last_value"))
      (stored.min, stored.max) = (value("min_value"), value("max_value"))
      stored.nan = row["nan"]
      (stored.positiveInfinity, stored.negativeInfinity) = (row["positive_infinity"], row["negative_infinity"])
      #expect(stored == expected, "\(row["tag"] as String)")
    }
  }

  @Test func `log messages are kept with their place`() throws {
    // Event { step: 4, log_message { level: 30, message: "careful" } }
    let event: [UInt8] = [0x10, 4, 0x32, 11, 0x08, 30, 0x12, 7] + Array("careful".utf8)
    let bytes = EventFixture.frame([0x1A, 13] + Array("brain.Event:2".utf8)) + EventFixture.frame(event)
    try folder.write(bytes, to: file)
    let catalog = try Catalog.open(root: folder.path)
    try catalog.refresh()
    let rows = try catalog.store.read {
      try Row.fetchAll($0, sql: "SELECT offset, level, step, message FROM log_messages")
    }
    #expect(rows.map { [$0[0], $0[1], $0[2]] as [Int64] } == [[31, 30, 4]])
    #expect(rows.first?[3] == "careful")
  }

  @Test func `the pace is the mean over the last seconds`() {
    var pace = LoadingPace()
    #expect(pace.note(0, at: 0) == 0)
    #expect(pace.note(50, at: 0.05) == 0)
    #expect(pace.note(1000, at: 1) == 1000)
    for second in 2...10 { _ = pace.note(Int64(second) * 1000, at: Double(second)) }
    #expect(pace.note(10_000, at: 14) < 600)
    var progress = LoadingProgress()
    (progress.files, progress.bytes, progress.bytesDone, progress.bytesPerSecond) = (3, 1000, 400, 100)
    #expect(progress.secondsLeft == 6 && progress.filesLeft == 3 && progress.bytesLeft == 600)
    progress.bytesPerSecond = 0
    #expect(progress.secondsLeft == nil)
    progress.filesDone = 3
    #expect(progress.secondsLeft == 0 && progress.isDone)
  }
}
