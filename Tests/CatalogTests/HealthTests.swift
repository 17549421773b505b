import Events
import Foundation
import Testing

@testable import Catalog

/// What is said of the soundness of files, in lists that stay short.
@Suite struct HealthTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Writes scalars with these wall times into a run; gives the file's name below the root.
  private func write(_ wallTimes: [Double], to run: String) throws -> String {
    let path = "\(folder.path)/\(run)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    let writer = try EventFileWriter(directory: path)
    for (step, time) in wallTimes.enumerated() {
      try writer.addScalar(tag: "loss", value: Float(step), step: Int64(step), wallTime: time)
    }
    try writer.close()
    return "\(run)/\((writer.path as NSString).lastPathComponent)"
  }

  @Test(arguments: [0.0, 4e9]) func `listings count the files health finds damaged`(now: Double) throws {
    for name in EventFixture.names { try EventFixture(name).copy(to: "\(folder.path)/\(name)") }
    // Files are seen as just written, or as having rested for long.
    let catalog = try Catalog.open(root: folder.path, now: { now })
    try catalog.refresh()
    let gone = try #require(try catalog.health().first { $0.run == "tf1_training" }).path
    try FileManager.default.removeItem(atPath: catalog.absolute(gone))
    try catalog.refresh()
    let damaged = try catalog.health().filter { $0.kind == "events" && !$0.ok }
    #expect(damaged.contains { $0.path == gone })
    for run in try catalog.runs() {
      #expect(run.damagedFiles == damaged.count { $0.run == run.run }, "\(run.run)")
    }
  }

  @Test func `of many damaged stretches the first are listed and all are counted`() throws {
    let file = try write([Double](repeating: 1e9, count: 301), to: "run")
    let url = URL(fileURLWithPath: "\(folder.path)/\(file)")
    var bytes = [UInt8](try Data(contentsOf: url))
    // The payload of every second record loses a bit; a record is its length, a checksum, the payload, a checksum.
    var position = 0
    var number = 0
    var damaged: [Int64] = []
    while position < bytes.count {
      let length = bytes[position..<(position + 8)].reversed().reduce(0) { $0 << 8 | Int($1) }
      if number % 2 == 1 {
        bytes[position + 12 + length / 2] ^= 1
        damaged.append(Int64(position))
      }
      number += 1
      position += 16 + length
    }
    try Data(bytes).write(to: url)
    let catalog = try Catalog.open(root: folder.path)
    try catalog.refresh()
    let health = try #require(try catalog.health().first)
    #expect(damaged.count == 151)
    #expect(health.skipped.map(\.offset) == Array(damaged.prefix(100)))
    #expect(health.message?.contains("151 damaged stretches") == true)
    #expect(health.message?.contains("the list names the first 100") == true)
  }

  @Test func `wall times that are no numbers are told, and cost no point`() throws {
    _ = try write([1e9, .nan, .infinity, 1e9 + 3], to: "run")
    let catalog = try Catalog.open(root: folder.path)
    try catalog.refresh()
    #expect(try catalog.allPoints("run", "loss").map(\.wallTime) == [1e9, 1e9, 1e9, 1e9 + 3])
    let health = try #require(try catalog.health().first)
    #expect(health.ok && health.message?.contains("2 events have wall times that are no finite number") == true)
  }
}
