import Foundation
import Tensors
import Testing

@testable import Checkpoints

/// Damage gives a clear error and hides nothing else.
struct DamageTests {
  let folder = Fixtures.folder("damaged")

  /// The tensors that can be read, and the errors of the others.
  private func outcome(_ name: String) throws -> [String: CheckpointError?] {
    let reader = try CheckpointReader(path: folder + "/" + name)
    #expect(reader.entries.map(\.name) == ["a", "b", "s"])
    return Dictionary(
      uniqueKeysWithValues: reader.entries.map { entry -> (String, CheckpointError?) in
        do {
          _ = try reader.tensor(named: entry.name)
          return (entry.name, nil)
        } catch { return (entry.name, error as? CheckpointError) }
      })
  }

  private func expect(
    _ error: CheckpointError??, _ part: String, at offset: UInt64, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    guard case .damagedTensor(_, let path, let found, let reason)?? = error else {
      Issue.record("no damaged tensor but \(String(describing: error))", sourceLocation: sourceLocation)
      return
    }
    #expect(reason.contains(part), sourceLocation: sourceLocation)
    #expect(found == offset, sourceLocation: sourceLocation)
    #expect(path.hasSuffix(".data-00000-of-00001"), sourceLocation: sourceLocation)
  }

  @Test func theGoodOneIsGood() throws {
    #expect(try outcome("good").values.allSatisfy { $0 == nil })
  }

  @Test func aFlippedBitFailsOnlyItsTensor() throws {
    let damage = try #require(
      (Fixtures.expected("damaged")["damaged"] as? [[String: Any]])?.first { $0["prefix"] as? String == "flip_data" })
    let expected = damage["tensors"] as! [String: String]
    let outcome = try outcome("flip_data")
    for (name, text) in expected { #expect((outcome[name]! == nil) == (text == "ok"), "\(name): \(text)") }
    #expect(outcome.values.contains { $0 != nil })
  }

  @Test func aDamagedStringLengthFailsOnlyItsTensor() throws {
    let outcome = try outcome("flip_string_len")
    #expect(outcome["a"]! == nil && outcome["b"]! == nil)
    expect(outcome["s"], "string lengths does not match", at: 280)
  }

  @Test func aTruncatedDataFileFailsTheTensorsBeyondItsEnd() throws {
    let outcome = try outcome("trunc_data")
    #expect(outcome["a"]! == nil)
    expect(outcome["b"], "ends at byte 146", at: 120)
    expect(outcome["s"], "ends at byte 146", at: 280)
  }

  @Test func aMissingDataFileStillListsEverything() throws {
    let path = folder + "/no_data.data-00000-of-00001"
    for (name, error) in try outcome("no_data") { #expect(error == .missingShard(name: name, path: path)) }
  }

  @Test(arguments: [
    ("flip_index", 0, "checksum"), ("flip_footer", 161, "magic"), ("trunc_index", 76, "magic"),
    ("short_index", 0, "too few"), ("empty_index", 0, "too few"),
  ]) func aDamagedIndexSaysWhereAndWhy(_ name: String, _ offset: UInt64, _ reason: String) {
    let path = folder + "/\(name).index"
    do {
      _ = try CheckpointReader(path: folder + "/" + name)
      Issue.record("\(name) opened")
    } catch let error as CheckpointError {
      guard case .damagedIndex(path, offset, let text) = error else {
        Issue.record("\(error)")
        return
      }
      #expect(text.contains(reason))
    } catch { Issue.record("\(error)") }
  }

  @Test func aMissingIndexIsNamed() {
    #expect {
      try CheckpointReader(path: folder + "/no_index")
    } throws: { error in
      guard case CheckpointError.notFound(let path, let detail) = error else { return false }
      return path.hasSuffix("no_index.index") && detail.contains("data files are there")
    }
  }

  @Test func oneDamagedBlockOfSeveralHidesOnlyItsNames() throws {
    let folder = try TemporaryFolder()
    var bytes = try Fixtures.bytes(Fixtures.folder("many_keys/many.index"))
    bytes[300_000] ^= 4
    try folder.write(bytes, to: "many.index")
    let reader = try CheckpointReader(path: folder.file("many"))
    #expect(reader.entries.count == 5596)
    #expect(reader.problems.count == 1 && reader.problems[0].contains("262151"))
  }

  @Test func discoveryReportsEachProblemBesideTheGoodOnes() {
    let found = CheckpointDiscovery.checkpoints(inDirectory: folder)
    let problems = Dictionary(
      uniqueKeysWithValues: found.map { (String($0.prefix.split(separator: "/").last!), $0.problem) })
    #expect(problems.count == 11)
    // Damaged tensor bytes are found when they are read, not by listing.
    for name in ["good", "flip_data", "flip_string_len", "trunc_data"] { #expect(problems[name]! == nil, "\(name)") }
    for name in ["flip_index", "flip_footer", "trunc_index", "short_index", "empty_index", "no_data", "no_index"] {
      #expect(problems[name] != nil && problems[name]! != nil, "\(name)")
    }
  }

  @Test func mutatedIndexesNeverTrap() throws {
    var random = SeededGenerator(7)
    for name in [
      "partitioned/part.ckpt.index", "snappy_index/sn.ckpt.index", "v1_v2/my-model-300.index", "v1_format/old.ckpt-12",
    ] {
      let good = try Fixtures.bytes(Fixtures.folder(name))
      for _ in 0..<300 {
        var bytes = good
        for _ in 0..<Int.random(in: 1...3, using: &random) {
          bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
        if Bool.random(using: &random) { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random)) }
        let table = try? TableReader(MemoryBytes(path: "mutated", bytes: bytes))
        if let table { _ = try? BundleIndex(table) }
      }
    }
  }

  /// Blocks behind a valid checksum reach the parsers that a checksum would otherwise protect.
  @Test func mutatedBlocksAndMessagesNeverTrap() throws {
    var random = SeededGenerator(8)
    let table = try TableReader(RandomAccessFile(path: Fixtures.folder("partitioned/part.ckpt.index")))
    let (block, entries) = try table.entries(inBlock: 0)
    var survived = 0
    for _ in 0..<3000 {
      var bytes = block.bytes
      bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      if let mutated = try? TableBlock(bytes, path: "mutated", offset: 0), (try? mutated.entries()) != nil {
        survived += 1
      }
      let range = entries.randomElement(using: &random)!.value
      _ = BundleEntry(bytes, range)
      _ = BundleHeader(bytes, range)
      _ = OrderedCode.parseSliceKey(Array(bytes[range]))
      _ = TableReader.unsnap(Array(bytes[range]))
      _ = try? StringTensor.decode(Array(bytes[range]), count: 3, maskedChecksum: nil)
    }
    #expect(survived > 0)
  }

  @Test func anIndexThatLiesAboutSizesIsRefusedBeforeMemoryIsTaken() throws {
    let folder = try TemporaryFolder()
    var entry = BundleEntry()
    entry.dtype = DataType.float32.rawValue
    entry.shape = [1 << 40]
    entry.size = 1 << 42
    var short = entry
    short.shape = [2]
    short.size = 4
    var overflowing = entry
    overflowing.shape = [1 << 40, 1 << 40]
    var table = TableWriter()
    table.add(key: [], value: BundleHeader(shardCount: 1).serialized)
    table.add(key: Array("huge".utf8), value: entry.serialized)
    table.add(key: Array("overflowing".utf8), value: overflowing.serialized)
    table.add(key: Array("short".utf8), value: short.serialized)
    table.finish()
    try folder.write(table.bytes, to: "lie.index")
    try folder.write([1, 2, 3, 4], to: "lie.data-00000-of-00001")
    let reader = try CheckpointReader(path: folder.file("lie"))
    #expect(reader.entries.map(\.name) == ["huge", "short"])
    #expect(reader.problems.count == 1 && reader.problems[0].contains("overflowing"))
    for name in ["huge", "short"] {
      #expect(throws: CheckpointError.self) { try reader.tensor(named: name) }
      #expect(throws: CheckpointError.self) {
        try reader.tensor(named: name, slice: [.range(start: 0, stop: 1, step: 1)])
      }
      #expect(throws: CheckpointError.self) { try reader.statistics(of: name) }
    }
  }

  @Test func aNewerFormatIsRefusedInWords() throws {
    let folder = try TemporaryFolder()
    var table = TableWriter()
    // version { producer: 3, min_consumer: 2 }
    table.add(key: [], value: [0x08, 1, 0x1a, 4, 0x08, 3, 0x10, 2])
    table.finish()
    try folder.write(table.bytes, to: "new.index")
    #expect {
      try CheckpointReader(path: folder.file("new"))
    } throws: { "\($0)".contains("version 2 or later") }
  }

  @Test func bigEndianTensorsAreSwapped() throws {
    let folder = try TemporaryFolder()
    let bytes: [UInt8] = [0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0]
    var entry = BundleEntry()
    entry.dtype = DataType.float32.rawValue
    entry.shape = [2]
    entry.size = 8
    entry.maskedChecksum = maskedChecksum(bytes)
    var table = TableWriter()
    table.add(key: [], value: [0x08, 1, 0x10, 1])
    table.add(key: Array("x".utf8), value: entry.serialized)
    table.finish()
    try folder.write(table.bytes, to: "big.index")
    try folder.write(bytes, to: "big.data-00000-of-00001")
    let reader = try CheckpointReader(path: folder.file("big"))
    #expect(try reader.tensor(named: "x").scalars(Float.self) == [1, -2])
    #expect(try reader.tensor(named: "x", slice: SliceRange.parse("1")).scalars(Float.self) == [-2])
    #expect(try reader.statistics(of: "x").min == -2)
  }
}
