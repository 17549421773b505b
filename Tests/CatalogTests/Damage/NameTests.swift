import Events
import Foundation
import Glibc
import Records
import Testing

@testable import Catalog

/// Names of folders, files and tags: whatever bytes they are, they are told apart, and what is under them is read.
@Suite struct NameTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// An event of one scalar, its tag given in bytes.
  private func scalar(_ tag: [UInt8], step: UInt8, value: UInt8 = 0) -> [UInt8] {
    func field(_ number: UInt8, _ content: [UInt8]) -> [UInt8] {
      precondition(content.count < 1 << 21)
      let length = [
        UInt8(content.count & 0x7F) | 0x80, UInt8(content.count >> 7 & 0x7F) | 0x80, UInt8(content.count >> 14),
      ]
      return [number << 3 | 2] + length + content
    }
    return [0x09, 0, 0, 0, 0, 0, 0, 0x59, 0x40, 0x10, step]
      + field(5, field(1, field(1, tag) + [0x15, 0, 0, value, 0x40]))
  }

  private func framed(_ events: [[UInt8]]) -> [UInt8] {
    var bytes: [UInt8] = []
    for event in events { appendRecordFrame(event, to: &bytes) }
    return bytes
  }

  /// Writes a file whose path below the root is given in bytes.
  private func write(_ bytes: [UInt8], to path: [UInt8]) throws {
    var parts = path.split(separator: UInt8(ascii: "/")).map(Array.init)
    let name = parts.removeLast()
    var full = Array(folder.path.utf8)
    func withName<R>(_ name: [UInt8], _ body: (UnsafePointer<CChar>) -> R) -> R {
      (name + [0]).map { CChar(bitPattern: $0) }.withUnsafeBufferPointer { body($0.baseAddress!) }
    }
    for part in parts {
      full += [UInt8(ascii: "/")] + part
      _ = withName(full) { mkdir($0, 0o755) }
    }
    full += [UInt8(ascii: "/")] + name
    let descriptor = withName(full) { open($0, O_CREAT | O_WRONLY | O_APPEND, 0o644) }
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    try #require(Glibc.write(descriptor, bytes, bytes.count) == bytes.count)
  }

  @Test func `folders whose names look the same are two runs`() throws {
    let names = ["caf\u{E9}", "cafe\u{301}"]
    try #require(names[0] == names[1])
    for (number, name) in names.enumerated() {
      try folder.write(
        framed([scalar(Array("loss".utf8), step: UInt8(number))]), to: "\(name)/events.out.tfevents.1.host")
      try folder.write([1], to: "\(name)/model-\(number).index")
    }
    let catalog = try Catalog.open(root: folder.path)
    for _ in 0..<2 {
      try catalog.refresh()
      let runs = try catalog.runs().map { Array($0.run.utf8) }
      #expect(Set(runs) == Set(names.map { Array($0.utf8) }))
      for (number, name) in names.enumerated() {
        #expect(try catalog.allPoints(name, "loss").map(\.step) == [Int64(number)])
      }
      #expect(try catalog.tags().map { Array($0.run.utf8) } == runs)
      #expect(try catalog.checkpoints().count == 2)
      #expect(try catalog.health().count { $0.kind == "events" && $0.ok } == 2)
    }
    try FileManager.default.removeItem(atPath: "\(folder.path)/\(names[1])")
    try catalog.refresh()
    #expect(try catalog.runs().map { Array($0.run.utf8) } == [Array(names[0].utf8)])
    try catalog.refresh()
  }

  @Test func `tags that look the same are two series, and stay so when the file grows`() throws {
    let tags = ["caf\u{E9}", "cafe\u{301}"].map { Array($0.utf8) }
    for step in UInt8(0)..<3 {
      try write(framed(tags.map { scalar($0, step: step) }), to: Array("events.out.tfevents.1.host".utf8))
      let catalog = try Catalog.open(root: folder.path)
      try catalog.refresh()
      #expect(Set(try catalog.tags().map { Array($0.tag.utf8) }) == Set(tags))
      #expect(try catalog.tags().map(\.points) == [Int(step) + 1, Int(step) + 1])
    }
  }

  @Test func `tags of any bytes are told apart, shown, and stay so when the file grows`() throws {
    let tags: [[UInt8]] = [[0x61, 0xFF], [0x61, 0xFE], [0x61, 0], [0x61, 0, 0x62], [0x61], Array("a\u{FFFD}".utf8)]
    for step in UInt8(0)..<3 {
      try write(framed(tags.map { scalar($0, step: step) }), to: Array("events.out.tfevents.1.host".utf8))
      let catalog = try Catalog.open(root: folder.path)
      try catalog.refresh()
      let listed = try catalog.tags()
      #expect(listed.map(\.points) == tags.map { _ in Int(step) + 1 })
      #expect(Set(listed.map { ByteText.bytes($0.tag) }) == Set(tags))
      for tag in listed { #expect(try catalog.allPoints(".", tag.tag).map(\.step) == (0...Int64(step)).map { $0 }) }
      #expect(try catalog.health().first?.message?.contains("is not valid UTF-8") == true)
    }
  }

  @Test func `folders and files whose names are not UTF-8 are read, watched and found again`() throws {
    let names: [[UInt8]] = [[0x63, 0x61, 0x66, 0xE9], [0x63, 0x61, 0x66, 0xE8]]
    let file: [UInt8] = Array("/events.out.tfevents.1.".utf8) + [0xFC]
    let training = try EventFixture("tf1_training").bytes("events.out.tfevents.1700000100.host")
    for name in names { try write(Array(training[..<9000]), to: name + file) }
    var catalog = try Catalog.open(root: folder.path)
    try catalog.refresh()
    #expect(Set(try catalog.runs().map { ByteText.bytes($0.run) }) == Set(names))
    for name in names { try write(Array(training[9000...]), to: name + file) }
    catalog = try Catalog.open(root: folder.path)
    try catalog.refresh()
    for run in try catalog.runs().map(\.run) {
      #expect(try catalog.allPoints(run, "train_loss").count == 60)
      for blob in try catalog.blobs(run: run) { _ = try EventFile.bytes(of: blob.value, path: blob.path) }
    }
    #expect(try catalog.health().allSatisfy(\.ok))
    #expect(try FileInspection.inspect(folder.path).map(\.ok) == [true, true])
    // Anything else under such a name is told.
    try write([1], to: names[0] + Array("/model-1.index".utf8))
    try catalog.refresh()
    #expect(try catalog.health().filter { !$0.ok }.map(\.kind) == ["name"])
  }

  @Test func `odd names are names`() throws {
    let names = [
      "with space", "quo\"te", "semi;colon", "new\nline", "tab\t", "per%cent", "back\\slash", "ünï/cödé", "訓練", "🏃‍♀️",
      "-dash",
      "\u{202E}right to left", "%s%n", "'; DROP TABLE runs; --", "caf\u{FFFD}E9", String(repeating: "d", count: 255),
    ]
    let bytes = framed([scalar(Array("loss".utf8), step: 1)])
    for name in names { try folder.write(bytes, to: "\(name)/events.out.tfevents.1.host") }
    try folder.write(bytes, to: "long/" + "tfevents".padding(toLength: 255, withPad: "x", startingAt: 0))
    let catalog = try Catalog.open(root: folder.path)
    try catalog.refresh()
    #expect(Set(try catalog.runs().map { ByteText.bytes($0.run) }) == Set((names + ["long"]).map { Array($0.utf8) }))
    for run in try catalog.runs().map(\.run) { #expect(try catalog.allPoints(run, "loss").count == 1) }
  }

  @Test func `very long tags and very many parts of one are kept`() throws {
    let tags = [
      [UInt8](repeating: UInt8(ascii: "t"), count: 1 << 20), Array(String(repeating: "a/", count: 50_000).utf8), [],
    ]
    try folder.write(framed(tags.map { scalar($0, step: 1) }), to: "events.out.tfevents.1.host")
    let catalog = try Catalog.open(root: folder.path)
    try catalog.refresh()
    #expect(Set(try catalog.tags().map { Array($0.tag.utf8) }) == Set(tags))
    #expect(try catalog.health().map(\.ok) == [true])
  }
}
