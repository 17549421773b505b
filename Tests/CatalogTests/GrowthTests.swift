import Foundation
import Testing

@testable import Catalog

/// Files that grow, are replaced, shrink and vanish, and processes that come and go.
@Suite struct GrowthTests {
  private let folder: TemporaryFolder
  private let file = "run/events.out.tfevents.1700000100.host"

  init() throws { folder = try TemporaryFolder() }

  private func open() throws -> Catalog { try Catalog.open(root: folder.path) }

  @Test(arguments: ["tf1_training", "tf2_summary", "edge_steps", "bad_data_crc", "many_tags"])
  func `a file that grows in odd pieces gives what the whole gives`(name: String) throws {
    let fixture = try EventFixture(name)
    let source = try #require(
      try FileManager.default.contentsOfDirectory(atPath: fixture.folder).first { $0.contains("tfevents") })
    let bytes = try fixture.bytes(source)
    try folder.write(bytes, to: "whole/events.out.tfevents.1.host")
    var generator = SeededGenerator(seed: 11)
    var position = 0
    var catalog = try open()
    while position < bytes.count {
      let next = min(bytes.count, position + Int.random(in: 1...max(2, bytes.count / 9), using: &generator))
      try folder.append(bytes[position..<next], to: file)
      position = next
      // Every other time by a process that starts anew.
      if Bool.random(using: &generator) { catalog = try open() }
      try catalog.refresh()
    }
    let tags = try catalog.tags(run: "whole")
    #expect(
      tags.map { [$0.tag, $0.kind.rawValue] } == (try catalog.tags(run: "run").map { [$0.tag, $0.kind.rawValue] }))
    for tag in tags where tag.kind == .scalar {
      #expect(same(try catalog.allPoints("run", tag.tag), try catalog.allPoints("whole", tag.tag)), "\(tag.tag)")
    }
    #expect(
      try catalog.blobs(run: "run").map { [$0.value.step, Int64($0.value.offset)] }
        == (try catalog.blobs(run: "whole").map { [$0.value.step, Int64($0.value.offset)] }))
    let health = try catalog.health()
    #expect(health[0].skipped.map(\.offset) == health[1].skipped.map(\.offset))
    #expect(health[0].records == health[1].records)
  }

  @Test func `points that trickle in are merged into few blocks`() throws {
    let bytes = try EventFixture("tf1_training").bytes("events.out.tfevents.1700000100.host")
    let catalog = try open()
    var position = 0
    while position < bytes.count {
      let next = min(bytes.count, position + 500)
      try folder.append(bytes[position..<next], to: file)
      position = next
      try catalog.refresh()
    }
    let counts = try catalog.blockCounts()
    #expect(counts.values.allSatisfy { $0 <= 7 }, "\(counts)")
    #expect(try catalog.allPoints("run", "train_loss").count == 60)
  }

  @Test func `a second start reads nothing again`() throws {
    try EventFixture("tf1_training").copy(to: "\(folder.path)/run")
    try open().refresh()
    let again = try open()
    let before = try again.revision()
    let change = try again.refresh { Issue.record("something was read: \($0)") }
    #expect(change.isEmpty && change.revision == before)
    #expect(try again.allPoints("run", "train_loss").count == 60)
  }

  @Test func `a file replaced by another of the same size is read anew`() throws {
    let first = try EventFixture("bad_data_crc").bytes("events.out.tfevents.1700000100.host")
    let second = try EventFixture("bad_length_crc").bytes("events.out.tfevents.1700000100.host")
    #expect(first.count == second.count)
    let catalog = try open()
    try folder.write(first, to: file)
    try catalog.refresh()
    #expect(try catalog.allPoints("run", "loss").contains { $0.step == 8 } == false)
    try folder.write(second, to: file)
    let change = try catalog.refresh()
    #expect(change.series == [CatalogChange.Series(run: "run", tags: ["loss"])])
    #expect(try catalog.allPoints("run", "loss").map(\.step) == (0..<20).filter { $0 != 5 }.map { Int64($0) })
    #expect(try catalog.health().first?.message?.contains("replaced") == true)
    #expect(try catalog.health().first?.skipped.map(\.offset) == [248])
  }

  @Test func `a file that shrank is read anew`() throws {
    let bytes = try EventFixture("tf1_nonfinite").bytes("events.out.tfevents.1700000100.host")
    let catalog = try open()
    try folder.write(bytes, to: file)
    try catalog.refresh()
    #expect(try catalog.runs().first?.points == 15)
    try folder.write(Array(bytes[..<200]), to: file)
    try catalog.refresh()
    #expect(try catalog.runs().first?.points ?? 0 < 15)
    #expect(try catalog.health().first?.message?.contains("shrank") == true)
    try folder.write(bytes, to: file)
    try catalog.refresh()
    #expect(try catalog.runs().first?.points == 15)
  }

  @Test func `a file that is gone keeps its points, a folder that is gone takes its run along`() throws {
    try EventFixture("restart_no_marker").copy(to: "\(folder.path)/run")
    let catalog = try open()
    try catalog.refresh()
    let path = "\(folder.path)/run/events.out.tfevents.1700000300.host"
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    try FileManager.default.removeItem(atPath: path)
    try catalog.refresh()
    #expect(try catalog.allPoints("run", "loss").count == 73)
    #expect(try catalog.health().filter { !$0.ok }.map(\.path) == ["run/events.out.tfevents.1700000300.host"])
    try bytes.write(to: URL(fileURLWithPath: path))
    try catalog.refresh()
    #expect(try catalog.allPoints("run", "loss").count == 73)
    #expect(try catalog.health().allSatisfy(\.ok))
    try FileManager.default.removeItem(atPath: "\(folder.path)/run")
    let change = try catalog.refresh()
    #expect(try catalog.runs().isEmpty && catalog.health().isEmpty)
    #expect(!change.isEmpty)
  }

  @Test func `two processes that read the same files double nothing`() async throws {
    for name in EventFixture.names { try EventFixture(name).copy(to: "\(folder.path)/\(name)") }
    let root = folder.path
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<4 {
        group.addTask {
          let catalog = try Catalog.open(root: root)
          try Loader.refreshInSmallBatches(catalog)
        }
      }
      try await group.waitForAll()
    }
    let catalog = try open()
    try catalog.refresh()
    for name in EventFixture.names {
      let fixture = try EventFixture(name)
      for run in fixture.runs.keys where !name.hasPrefix("bad_") {
        for tag in fixture.series(run).keys {
          guard let expected = fixture.scalars(run, tag) else { continue }
          let full = run == "." ? name : "\(name)/\(run)"
          #expect(same(try catalog.allPoints(full, tag), expected), "\(full) \(tag)")
        }
      }
    }
  }

  @Test func `a damaged catalogue is set aside and built anew`() throws {
    try EventFixture("tf1_nonfinite").copy(to: "\(folder.path)/run")
    // Never open before: who still had it open could write it anew.
    let path = "\(folder.path)/.trainscope/catalog.sqlite"
    try TemporaryFolder.write([UInt8](repeating: 0x55, count: 20_000), to: path)
    let catalog = try open()
    #expect(catalog.path == path)
    #expect(catalog.messages.count == 1 && catalog.messages[0].contains("set aside"))
    try catalog.refresh()
    #expect(try catalog.allPoints("run", "loss").count == 11)
    #expect(try open().messages.isEmpty)
  }

  @Test func `of many that find a catalogue damaged, one sets it aside`() async throws {
    try EventFixture("tf1_nonfinite").copy(to: "\(folder.path)/run")
    let root = folder.path
    let place = try TemporaryFolder()
    for round in 0..<8 {
      let path = "\(place.path)/\(round).sqlite"
      try Data(repeating: 0x55, count: 20_000).write(to: URL(fileURLWithPath: path))
      let told = try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<6 {
          group.addTask {
            let catalog = try Catalog.open(root: root, at: path)
            try catalog.refresh()
            return catalog.messages.count
          }
        }
        return try await group.reduce(0, +)
      }
      #expect(told == 1)
      let names = try FileManager.default.contentsOfDirectory(atPath: place.path)
      #expect(
        names.count { $0.hasPrefix("\(round).sqlite.set-aside-") && !$0.hasSuffix("-wal") && !$0.hasSuffix("-shm") }
          == 1)
      #expect(try Catalog.open(root: root, at: path).allPoints("run", "loss").count == 11)
    }
  }

  @Test func `a catalogue of another version is set aside, a foreign database refused`() throws {
    let path = "\(folder.path)/other.sqlite"
    do {
      let catalog = try Catalog.open(root: folder.path, at: path)
      try catalog.store.write { try $0.execute(sql: "PRAGMA user_version = 99") }
    }
    #expect(try Catalog.open(root: folder.path, at: path).messages.first?.contains("version 99") == true)
    let foreign = "\(folder.path)/foreign.sqlite"
    try ForeignDatabase.make(at: foreign)
    #expect(throws: CatalogError.foreignDatabase(path: foreign)) { try Catalog.open(root: folder.path, at: foreign) }
  }

  @Test func `roots that cannot be used are named`() throws {
    #expect(throws: CatalogError.rootMissing(path: "/no/such/folder")) { try Catalog.open(root: "/no/such/folder") }
    try folder.write([1], to: "file")
    #expect(throws: CatalogError.rootNotADirectory(path: "\(folder.path)/file")) {
      try Catalog.open(root: "\(folder.path)/file")
    }
    #expect(throws: CatalogError.nothingToRead(path: "\(folder.path)/none.sqlite")) {
      try Catalog.open(root: folder.path, at: "\(folder.path)/none.sqlite", readOnly: true)
    }
  }
}
