import Events
import Foundation
import Testing

@testable import Catalog

/// Files of TensorFlow 1.15, TensorFlow 2.21 and tensorboardX, through the whole catalogue.
@Suite struct FixtureTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func open(_ name: String) throws -> (EventFixture, Catalog) {
    let fixture = try EventFixture(name)
    let root = "\(folder.path)/\(name)"
    try fixture.copy(to: root)
    let catalog = try Catalog.open(root: root)
    try catalog.refresh()
    return (fixture, catalog)
  }

  /// Tags whose series a damage cuts short in the reference reader, which stops where ours goes on.
  private static let damaged: Set<String> = ["bad_data_crc", "bad_length_crc"]

  @Test(arguments: EventFixture.names) func `every run, tag and scalar is there`(name: String) throws {
    let (fixture, catalog) = try open(name)
    #expect(Set(try catalog.runs().map(\.run)) == Set(fixture.runs.keys))
    for run in fixture.runs.keys {
      let tags = try catalog.tags(run: run)
      for tag in fixture.series(run).keys {
        guard let expected = fixture.scalars(run, tag) else { continue }
        let points = try catalog.allPoints(run, tag)
        if Self.damaged.contains(name) {
          #expect(same(Array(points.prefix(expected.count)), expected), "\(run) \(tag)")
          #expect(points.count > expected.count)
        } else {
          #expect(same(points, expected), "\(run) \(tag)")
          let listed = try #require(tags.first { $0.tag == tag && $0.kind == .scalar })
          #expect(listed.points == expected.count)
          #expect(listed.firstStep == expected.first?.step && listed.lastStep == expected.last?.step)
        }
      }
      let scalars = fixture.series(run).keys.filter { fixture.scalars(run, $0) != nil }
      #expect(Set(tags.filter { $0.kind == .scalar }.map(\.tag)) == Set(scalars))
    }
  }

  @Test(arguments: ["tf1_training", "tf2_summary", "tensorboardx"])
  func `values of other kinds are found in the file again`(name: String) throws {
    let (fixture, catalog) = try open(name)
    for run in fixture.runs.keys {
      for (tag, series) in fixture.series(run) where fixture.scalars(run, tag) == nil {
        let points = series["points"] as? [[String: Any]] ?? []
        let blobs = try catalog.blobs(run: run, tag: tag)
        #expect(blobs.map(\.value.step) == points.map { EventFixture.integer($0["step"]) }, "\(tag)")
        for blob in blobs where blob.value.kind != .metadata {
          _ = try EventFile.summaryValue(at: blob.value, path: blob.path)
        }
      }
    }
  }

  @Test func `histograms come back bucket by bucket`() throws {
    let (fixture, catalog) = try open("tf1_training")
    let points = fixture.series(".")["weights/w1"]?["points"] as? [[String: Any]] ?? []
    let blobs = try catalog.blobs(run: ".", tag: "weights/w1", kind: .histogram)
    #expect(blobs.count == 4)
    for (blob, point) in zip(blobs, points) {
      guard case .histogram(_, let proto) = try EventFile.summaryValue(at: blob.value, path: blob.path),
        let histogram = proto
      else {
        Issue.record("no histogram")
        continue
      }
      #expect(histogram.min == EventFixture.number(point["min"]))
      #expect(histogram.max == EventFixture.number(point["max"]))
      #expect(histogram.num == EventFixture.number(point["num"]))
    }
  }

  @Test func `graphs, run metadata and kinds are listed`() throws {
    let (_, catalog) = try open("tf1_training")
    let kinds = Dictionary(grouping: try catalog.tags(), by: \.kind).mapValues { $0.map(\.tag) }
    #expect(kinds[.graph] == ["__run_graph__"])
    #expect(kinds[.runMetadata] == ["step_60"])
    #expect(kinds[.text] == ["notes"])
    #expect(kinds[.audio] == ["tone/audio/0"])
    #expect(kinds[.image]?.count == 4)
    #expect(try catalog.graphs().map(\.source) == [.eventFile, .eventFile])
    let (_, second) = try open("tf2_summary")
    let other = Dictionary(grouping: try second.tags(), by: \.kind).mapValues { $0.map(\.tag) }
    #expect(Set(other[.histogram] ?? []) == ["w", "constant", "few", "empty"])
    #expect(other[.tensor]?.contains("raw") == true)
  }

  @Test func `a damaged record is left out, said where, and hides nothing else`() throws {
    let (_, catalog) = try open("bad_data_crc")
    let file = try #require(try catalog.health().first)
    #expect(!file.ok)
    #expect(file.skipped.map(\.offset) == [374])
    #expect(file.skipped.first?.reason == "the checksum of the record's data is wrong")
    #expect(file.bytesLost > 0)
    #expect(try catalog.allPoints(".", "loss").map(\.step) == (0..<20).filter { $0 != 8 }.map { Int64($0) })
    #expect(try catalog.runs().first?.damagedFiles == 1)
  }

  @Test func `a damaged length loses one record`() throws {
    let (_, catalog) = try open("bad_length_crc")
    let file = try #require(try catalog.health().first)
    #expect(file.skipped.map(\.offset) == [248])
    #expect(try catalog.allPoints(".", "loss").map(\.step) == (0..<20).filter { $0 != 5 }.map { Int64($0) })
  }

  @Test func `a file cut short says where it ends, and counts as damaged once it has rested`() throws {
    let fixture = try EventFixture("truncated_tail")
    let root = "\(folder.path)/tail"
    try fixture.copy(to: root)
    let written = try #require(FileStatus(path: "\(root)/events.out.tfevents.1700000100.host")).modified
    func look(after seconds: Double) throws -> FileHealth {
      let catalog = try Catalog.open(root: root, now: { written + seconds })
      try catalog.refresh()
      return try #require(try catalog.health().first)
    }
    let fresh = try look(after: 1)
    #expect(fresh.ok && fresh.truncatedTail)
    let old = try look(after: 60)
    #expect(!old.ok && old.truncatedTail)
    #expect(old.message?.contains("byte 836") == true)
  }

  @Test func `an empty file and one of random bytes are listed beside good ones`() throws {
    let (_, catalog) = try open("empty_and_garbage")
    let health = try catalog.health()
    #expect(health.count == 5)
    let byName = Dictionary(uniqueKeysWithValues: health.map { ($0.path, $0) })
    #expect(byName["events.out.tfevents.1700000100.host"]?.ok == true)
    let garbage = try #require(byName["events.out.tfevents.1700000300.host"])
    #expect(!garbage.ok && garbage.bytesLost == 200)
    #expect(garbage.skipped.map(\.offset) == [0])
    #expect(try catalog.allPoints(".", "loss").count == 10)
  }

  @Test func `a restart leaves the newest branch, and the abandoned one beside it`() throws {
    let (fixture, catalog) = try open("restart_session_start")
    let accumulator = fixture.runs["."]?["event_accumulator_steps"] as? [String: [String: [Int64]]]
    for (tag, steps) in accumulator?["scalars"] ?? [:] {
      #expect(try catalog.scalars(run: ".", tag: tag).points.steps == steps, "\(tag)")
    }
    let answers = try catalog.series(SeriesQuery([.init(tag: "loss", runs: ["."])], branches: .all))
    #expect(answers.map(\.superseded) == [true, false])
    #expect(answers.map(\.count) == [15, 60])
    #expect(answers[0].xMin == 25 && answers[0].xMax == 39)
  }

  @Test func `without a marker, steps that go back mark the restart`() throws {
    let (_, catalog) = try open("restart_no_marker")
    let newest = try catalog.scalars(run: ".", tag: "loss").points.steps
    #expect(newest == newest.sorted())
    #expect(Set(newest).count == newest.count)
    let all = try catalog.series(SeriesQuery([.init(tag: "loss", runs: ["."])], branches: .all))
    #expect(all.reduce(0) { $0 + $1.count } == 73)
  }

  @Test func `odd steps and tag names survive`() throws {
    let (_, catalog) = try open("edge_steps")
    #expect(
      try catalog.scalars(run: ".", tag: "t").points.steps
        == [-1, 2_147_483_647, 2_147_483_648, 9_007_199_254_740_992, 9_007_199_254_740_993, 4_611_686_018_427_387_904])
    #expect(try catalog.tags().contains { $0.tag == "no_value" } == false)
    let text = try catalog.tags().first { $0.tag == "损失/训练" }
    #expect(text?.points == 1)
  }
}
