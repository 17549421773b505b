import Events
import Foundation
import Records
import Testing

@testable import Catalog

/// Event files compressed as a whole: read as if they were not, by every part of the catalogue.
@Suite struct CompressedFileTests {
  private let folder: TemporaryFolder
  private let file = "packed/events.out.tfevents.1700000100.host.gz"

  init() throws { folder = try TemporaryFolder() }

  /// The records of a fixture, compressed.
  private func compressed(_ bytes: [UInt8], _ compression: Compression) throws -> [UInt8] {
    let path = "\(folder.path)/compressed"
    var writer = try RecordWriter(path: path, compression: compression)
    let reader = RecordReader(MemorySource(bytes))
    while case .record(let record) = try reader.next() { try writer.append(record.payload) }
    try writer.close()
    defer { try? FileManager.default.removeItem(atPath: path) }
    return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
  }

  /// An event file of 300 scalars that hardly compress.
  private func scalars() throws -> [UInt8] {
    var generator = SeededGenerator(seed: 1)
    let writer = try EventFileWriter(directory: "\(folder.path)/plain")
    for step in 0..<300 {
      try writer.addScalar(
        tag: "loss", value: Float.random(in: 0...1, using: &generator), step: Int64(step),
        wallTime: Double.random(in: 1e9...2e9, using: &generator))
    }
    try writer.close()
    return [UInt8](try Data(contentsOf: URL(fileURLWithPath: writer.path)))
  }

  private func expectEqualRuns(_ catalog: Catalog, _ left: String, _ right: String) throws {
    let tags = try catalog.tags(run: left)
    #expect(!tags.isEmpty)
    #expect(
      tags.map { [$0.tag, $0.kind.rawValue] } == (try catalog.tags(run: right)).map { [$0.tag, $0.kind.rawValue] })
    for tag in tags where tag.kind == .scalar {
      #expect(same(try catalog.allPoints(left, tag.tag), try catalog.allPoints(right, tag.tag)), "\(tag.tag)")
    }
    let blobs = zip(try catalog.blobs(run: left), try catalog.blobs(run: right))
    for (plain, packed) in blobs {
      #expect(plain.value.offset == packed.value.offset && plain.value.length == packed.value.length)
      let bytes = try EventFile.bytes(of: plain.value, path: plain.path)
      #expect(try bytes == EventFile.bytes(of: packed.value, path: packed.path))
    }
  }

  @Test(arguments: ["tf1_training", "tf2_summary"], Compression.allCases)
  func `a compressed file gives what the plain one gives, values in it included`(
    name: String, compression: Compression
  ) throws {
    let fixture = try EventFixture(name)
    let source = try #require(
      try FileManager.default.contentsOfDirectory(atPath: fixture.folder).first { $0.contains("tfevents") })
    let bytes = try fixture.bytes(source)
    try folder.write(bytes, to: "plain/\(source)")
    try folder.write(try compressed(bytes, compression), to: file)
    let catalog = try Catalog.open(root: folder.path)
    try catalog.refresh()
    try expectEqualRuns(catalog, "plain", "packed")
    #expect(try catalog.health().map(\.ok) == [true, true])
    // Looking again finds nothing to do.
    let revision = try catalog.revision()
    try catalog.refresh()
    #expect(try catalog.revision() == revision)
    #expect(try FileInspection.inspect("\(folder.path)/\(file)").map(\.ok) == [true])
  }

  @Test func `a compressed file that grows is read on, by this process and by the next`() throws {
    let bytes = try EventFixture("tf1_training").bytes("events.out.tfevents.1700000100.host")
    let packed = try compressed(bytes, .gzip)
    try folder.write(bytes, to: "plain/events.out.tfevents.1.host")
    var catalog = try Catalog.open(root: folder.path)
    var generator = SeededGenerator(seed: 3)
    var position = 0
    while position < packed.count {
      let next = min(packed.count, position + Int.random(in: 1...packed.count / 6, using: &generator))
      try folder.append(packed[position..<next], to: file)
      position = next
      if Bool.random(using: &generator) { catalog = try Catalog.open(root: folder.path) }
      try catalog.refresh()
    }
    try expectEqualRuns(catalog, "plain", "packed")
    #expect(try catalog.health().map(\.ok) == [true, true])
  }

  @Test func `values of a compressed file that was replaced are those of the new one`() throws {
    func text(_ word: String) throws -> [UInt8] {
      let writer = try EventFileWriter(directory: "\(folder.path)/plain", hostName: word)
      try writer.add(summary: SummaryEncoder.text(tag: "note", [word], shape: []), step: 1, wallTime: 1e9)
      try writer.close()
      return [UInt8](try Data(contentsOf: URL(fileURLWithPath: writer.path)))
    }
    for word in ["first", "other"] {
      try folder.write(try compressed(text(word), .gzip), to: file)
      let catalog = try Catalog.open(root: folder.path)
      try catalog.refresh()
      for _ in 0..<3 {
        let blob = try #require(try catalog.blobs(run: "packed", tag: "note").first)
        guard case .text(let words, _) = try EventFile.summaryValue(at: blob.value, path: blob.path) else {
          Issue.record("no text")
          return
        }
        #expect(words == [word])
      }
    }
  }

  @Test func `a compressed file cut short keeps what was there, and says where it ends`() throws {
    let packed = try compressed(scalars(), .zlib)
    try folder.write(Array(packed[..<(packed.count / 2)]), to: file)
    let catalog = try Catalog.open(root: folder.path, now: { 4e9 })
    try catalog.refresh()
    let health = try #require(try catalog.health().first { $0.run == "packed" })
    #expect(health.records > 100 && health.truncatedTail && !health.ok)
    #expect(health.message?.contains("the file ends inside the record at byte") == true)
    #expect(try !catalog.tags(run: "packed").isEmpty)
  }

  @Test func `damaged compressed data is told with its place in the file and its bytes`() throws {
    var packed = try compressed(scalars(), .gzip)
    let place = packed.count / 2
    for index in place..<place + 50 { packed[index] = 0xFF }
    try folder.write(packed, to: file)
    let catalog = try Catalog.open(root: folder.path)
    try catalog.refresh()
    let health = try #require(try catalog.health().first { $0.run == "packed" })
    #expect(!health.ok && health.records > 100 && health.bytesLost > 0)
    #expect(health.message?.contains("the compressed data is damaged at byte") == true, "\(health)")
    let answer = try #require(try FileInspection.inspect("\(folder.path)/\(file)").first)
    #expect(!answer.ok && answer.message?.contains("the compressed data is damaged at byte") == true)
  }

  @Test func `a sound member after a damaged one is read, and the gap is in the list of what was skipped`() throws {
    let good = try compressed(scalars(), .gzip)
    var bad = good
    for index in good.count / 2..<good.count / 2 + 50 { bad[index] = 0xFF }
    try folder.write(bad + good, to: file)
    let catalog = try Catalog.open(root: folder.path)
    try catalog.refresh()
    let health = try catalog.health()
    let packed = try #require(health.first { $0.run == "packed" })
    let plain = try #require(health.first { $0.run == "plain" })
    #expect(packed.records > plain.records)
    #expect(packed.skipped.contains { $0.reason.contains("the compressed data is damaged at byte") })
    #expect(packed.bytesLost > 0)
  }
}
