import Foundation
import Records
import Tensors
import Testing

@testable import Checkpoints

func maskedChecksum(_ bytes: [UInt8]) -> UInt32 { CRC32C.mask(CRC32C.checksum(bytes)) }

struct WriterTests {
  /// Re-saves a checkpoint in the order its data lies in.
  private func copy(_ source: String, to folder: TemporaryFolder, _ name: String) throws {
    let reader = try CheckpointReader(path: source)
    let writer = try CheckpointWriter(prefix: folder.file(name))
    for entry in reader.entries.sorted(by: { ($0.offset ?? 0, $0.byteCount) < ($1.offset ?? 0, $1.byteCount) }) {
      try writer.add(name: entry.name, tensor: reader.tensor(named: entry.name))
    }
    try writer.finish()
  }

  @Test(arguments: [
    "dtypes/dt.ckpt", "strings/str.ckpt", "v1_v2/my-model-300", "ema/ema.ckpt", "mlp_adam/model.ckpt-40",
    "linear_784x200/model.ckpt", "optimizer_slots/opt", "many_keys/many",
  ]) func aSavedCopyHasTensorFlowsBytes(_ name: String) throws {
    let folder = try TemporaryFolder()
    try copy(Fixtures.folder(name), to: folder, "copy")
    for end in [".data-00000-of-00001", ".index"] {
      #expect(try Fixtures.bytes(folder.file("copy" + end)) == Fixtures.bytes(Fixtures.folder(name) + end), "\(end)")
    }
  }

  @Test func randomTensorsSurviveARoundTrip() throws {
    var random = SeededGenerator(1)
    let folder = try TemporaryFolder()
    for round in 0..<20 {
      var tensors: [String: Tensor] = [:]
      for _ in 0..<Int.random(in: 0..<60, using: &random) {
        let length = Int.random(in: 1..<40, using: &random)
        let name = String((0..<length).map { _ in "ab/_é\u{1}".randomElement(using: &random)! })
        let shape = Shape(
          (0..<Int.random(in: 0..<4, using: &random)).map { _ in Int.random(in: 0..<5, using: &random) })
        let dtype = DataType.allCases.filter { $0 != .resource && $0 != .variant }.randomElement(using: &random)!
        func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) } }
        if let width = dtype.byteWidth {
          tensors[name] = try Tensor(dtype: dtype, shape: shape, bytes: bytes(width * shape.elementCount))
        } else {
          let strings = (0..<shape.elementCount).map { _ in bytes(Int.random(in: 0..<300, using: &random)) }
          tensors[name] = Tensor(strings: strings, shape: shape)
        }
      }
      // The same prefix each time, so that every save but the first replaces one.
      let writer = try CheckpointWriter(prefix: folder.file("model"))
      for (name, tensor) in tensors { try writer.add(name: name, tensor: tensor) }
      try writer.finish()
      let reader = try CheckpointReader(path: folder.file("model"))
      #expect(reader.problems == [])
      #expect(reader.entries.count == tensors.count)
      for (name, tensor) in tensors { #expect(try reader.tensor(named: name) == tensor, "round \(round), \(name)") }
    }
  }

  @Test func aSaveThatIsNotFinishedLeavesTheOldCheckpointWhole() throws {
    let folder = try TemporaryFolder()
    let save = { (value: Float, finish: Bool) in
      let writer = try CheckpointWriter(prefix: folder.file("model"))
      try writer.add(name: "x", tensor: Tensor([value, value]))
      if finish { try writer.finish() }
    }
    try save(1, true)
    try save(2, false)
    #expect(try CheckpointReader(path: folder.file("model")).tensor(named: "x").scalars(Float.self) == [1, 1])
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 2)
    try save(3, true)
    #expect(try CheckpointReader(path: folder.file("model")).tensor(named: "x").scalars(Float.self) == [3, 3])
    try save(4, true)
    #expect(try CheckpointReader(path: folder.file("model")).tensor(named: "x").scalars(Float.self) == [4, 4])
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        == ["model.data-00000-of-00001", "model.index"])
  }

  /// What a process killed just before the last step leaves: new data in place, the index still the old one.
  @Test func newDataBesideTheOldIndexChangesNothing() throws {
    let folder = try TemporaryFolder()
    let writer = try CheckpointWriter(prefix: folder.file("model"))
    try writer.add(name: "x", tensor: Tensor([Float(1), 2]))
    try writer.finish()
    try folder.write([9, 9, 9, 9, 9, 9, 9, 9], to: "model.data-00000-of-00002")
    #expect(try CheckpointReader(path: folder.file("model")).tensor(named: "x").scalars(Float.self) == [1, 2])
    let next = try CheckpointWriter(prefix: folder.file("model"))
    try next.add(name: "x", tensor: Tensor([Float(3), 4]))
    try next.finish()
    #expect(try CheckpointReader(path: folder.file("model")).tensor(named: "x").scalars(Float.self) == [3, 4])
  }

  @Test func aReaderOpenedBeforeAReplacementReadsTheOldValues() throws {
    let folder = try TemporaryFolder()
    let save = { (value: Float) in
      let writer = try CheckpointWriter(prefix: folder.file("model"))
      try writer.add(name: "x", tensor: Tensor(value))
      try writer.finish()
    }
    try save(1)
    let reader = try CheckpointReader(path: folder.file("model"))
    #expect(try reader.tensor(named: "x").scalar(Float.self) == 1)
    try save(2)
    #expect(try reader.tensor(named: "x").scalar(Float.self) == 1)
  }

  @Test func namesThatCannotBeSavedAreRefused() throws {
    let folder = try TemporaryFolder()
    let writer = try CheckpointWriter(prefix: folder.file("model"))
    try writer.add(name: "x", tensor: Tensor(Float(1)))
    for name in ["", "x", "\0"] {
      #expect(throws: CheckpointError.self) { try writer.add(name: name, tensor: Tensor(Float(1))) }
    }
    #expect(throws: CheckpointError.self) { try CheckpointWriter(prefix: folder.file("missing/model")) }
  }

  @Test func separatorsAreShortAndInOrder() {
    var random = SeededGenerator(2)
    for _ in 0..<2000 {
      let keys = (0..<2).map { _ in
        (0..<Int.random(in: 1..<5, using: &random)).map { _ in
          [UInt8(0), 1, 2, 0xfe, 0xff].randomElement(using: &random)!
        }
      }.sorted { precedes($0, $1) }
      guard keys[0] != keys[1] else { continue }
      let separator = TableWriter.separator(keys[0], keys[1])
      #expect(!precedes(separator, keys[0]) && precedes(separator, keys[1]) && separator.count <= keys[0].count)
      let successor = TableWriter.successor(keys[1])
      #expect(!precedes(successor, keys[1]) && successor.count <= keys[1].count)
    }
  }

  @Test func slicesOfAPartitionedKeyEncodeAsTensorFlowDoes() throws {
    let expected = try Fixtures.expected("partitioned")
    for tensor in expected["tensors"] as! [[String: Any]] {
      for slice in tensor["slices"] as? [[String: Any]] ?? [] {
        let extents = (slice["start_length"] as! [[Int]]).map { SliceExtent(start: $0[0], length: $0[1]) }
        let key = OrderedCode.sliceKey(name: Array((tensor["name"] as! String).utf8), extents: extents)
        // A whole dimension is stored as -1 or as its length; both occur.
        let hex = slice["key_hex"] as! String
        let stored = stride(from: 0, to: hex.count, by: 2).map { UInt8(hex.dropFirst($0).prefix(2), radix: 16)! }
        let parsed = try #require(OrderedCode.parseSliceKey(stored))
        #expect(parsed.name == Array((tensor["name"] as! String).utf8))
        #expect(
          key == stored
            || OrderedCode.sliceKey(name: parsed.name, extents: parsed.extents) == stored)
      }
    }
  }

  @Test func orderedNumbersRoundTripAndKeepTheirOrder() {
    var values: [Int64] = [.min, .max, 0, -1, 1]
    for bit in 0..<63 {
      for delta in -1...1 as ClosedRange<Int64> { values += [1 << Int64(bit) + delta, -(1 << Int64(bit)) + delta] }
    }
    let encoded = values.sorted().map { value -> [UInt8] in
      var bytes: [UInt8] = []
      OrderedCode.appendSigned(value, to: &bytes)
      var cursor = ByteCursor(bytes)
      #expect(OrderedCode.signed(&cursor) == value)
      #expect(cursor.isAtEnd)
      return bytes
    }
    #expect(zip(encoded, encoded.dropFirst()).allSatisfy { !precedes($1, $0) })
    for string in [[], [0], [0xff], [0, 0xff, 1, 0]] as [[UInt8]] {
      var bytes: [UInt8] = []
      OrderedCode.appendString(string, to: &bytes)
      var cursor = ByteCursor(bytes)
      #expect(OrderedCode.string(&cursor) == string)
    }
  }
}
