import Tensors
import Testing

@testable import Checkpoints

/// Indexes whose checksums are right and whose contents lie: the tensor concerned fails, the others are read.
struct HostileIndexTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func expectGood(_ reader: CheckpointReader, sourceLocation: SourceLocation = #_sourceLocation) throws {
    #expect(
      try reader.tensor(named: "good").scalars(Float.self) == [1, 2], sourceLocation: sourceLocation)
  }

  private static let good: (name: String, shape: [Int64], slices: [(HandMadeCheckpoint.Extents, [Float])]) = (
    "good", [2], [([(0, nil)], [1, 2])]
  )
  private static let oneTwo: [UInt8] = [0, 0, 0x80, 0x3f, 0, 0, 0, 0x40]

  @Test(arguments: [Int64.min, -1, 5, Int64.max])
  func aSliceThatStartsAnywhereIsRefused(_ start: Int64) throws {
    var made = HandMadeCheckpoint()
    made.add("bad", shape: [4], slices: [[(start, nil)]])
    made.add("good", shape: [2], Self.oneTwo)
    try made.write(to: folder, "m")
    let reader = try CheckpointReader(path: folder.file("m"))
    #expect(reader.problems.count == 1 && reader.problems[0].contains("\"bad\""))
    #expect(throws: CheckpointError.self) { try reader.tensor(named: "bad") }
    try expectGood(reader)

    try folder.write(
      HandMadeCheckpoint.table([("bad", [4], [([(start, nil)], [])]), Self.good]), to: "old.ckpt")
    let old = try CheckpointReader(path: folder.file("old.ckpt"))
    #expect(old.problems.count == 1 && old.problems[0].contains("\"bad\""))
    try expectGood(old)
  }

  @Test(arguments: [1, -1, 100_000, Int64(Int32.max), Int64(Int32.min)])
  func aPieceInADataFileThatDoesNotExistFailsOnlyItsTensor(_ shard: Int64) throws {
    var made = HandMadeCheckpoint()
    made.add("bad", shape: [4], slices: [[(0, 2)], [(2, 2)]])
    made.addPiece(of: "bad", [SliceExtent(start: 0, length: 2)], shape: [2], [1, 2])
    made.addPiece(of: "bad", [SliceExtent(start: 2, length: 2)], shape: [2], [3, 4], shard: shard)
    made.add("good", shape: [2], Self.oneTwo)
    try made.write(to: folder, "m")
    let reader = try CheckpointReader(path: folder.file("m"))
    #expect(reader.problems.count == 1)
    #expect(reader.problems[0].contains("\"bad\"") && reader.problems[0].contains("data file \(shard)"))
    #expect(reader.missingDataFiles.isEmpty)
    #expect(throws: CheckpointError.self) { try reader.tensor(named: "bad") }
    #expect(throws: CheckpointError.self) { try reader.statistics(of: "bad") }
    try expectGood(reader)
  }

  @Test func aPieceLeftAloneIsNotTakenForTheWholeTensor() throws {
    var made = HandMadeCheckpoint()
    made.add("bad", shape: [4], slices: [[(0, 2)], [(2, 2)]])
    made.addPiece(of: "bad", [SliceExtent(start: 0, length: 2)], shape: [2], [1, 2])
    try made.write(to: folder, "m")
    let reader = try CheckpointReader(path: folder.file("m"))
    #expect(reader.problems.count == 1)
    for read in [{ _ = try reader.tensor(named: "bad") }, { _ = try reader.statistics(of: "bad") }] {
      #expect {
        try read()
      } throws: { "\($0)".contains("do not cover shape [4]") }
    }
    // What is there can still be looked at.
    #expect(try reader.tensor(named: "bad", slice: SliceRange.parse(":2")).scalars(Float.self) == [1, 2])
  }

  @Test func sumsOfSizesDoNotOverflow() throws {
    var made = HandMadeCheckpoint()
    made.add("a", shape: [2], size: .max)
    made.add("b", shape: [2], size: .max)
    made.add("good", shape: [2], Self.oneTwo)
    // Two pieces that each claim as many bytes as a number holds.
    made.add("huge", shape: [1 << 58, 2], slices: [[(0, nil), (0, 1)], [(0, nil), (1, 1)]])
    for start in 0..<2 {
      made.addPiece(
        of: "huge", [SliceExtent(start: 0, length: nil), SliceExtent(start: start, length: 1)],
        shape: [1 << 58, 1], [])
    }
    try made.write(to: folder, "m")
    let reader = try CheckpointReader(path: folder.file("m"))
    for name in ["a", "b", "huge"] {
      #expect(throws: CheckpointError.self) { try reader.tensor(named: name) }
      #expect(throws: CheckpointError.self) { try reader.statistics(of: name) }
    }
    #expect(CheckpointReport.listing(reader).contains("\"bytes\":18446744073709551615"))
    try expectGood(reader)
    let found = CheckpointDiscovery.checkpoints(inDirectory: folder.path)
    #expect(found.count == 1 && found[0].tensors == 4)
  }

  @Test func sumsOfSizesInTableFilesDoNotOverflow() throws {
    // Six slices of 2^62 bytes each, all of them the same.
    let slices = (0..<6).map { _ in ([(0, nil)] as HandMadeCheckpoint.Extents, [] as [Float]) }
    try folder.write(
      HandMadeCheckpoint.table([("bad", [1 << 60], slices), Self.good]), to: "old.ckpt")
    let reader = try CheckpointReader(path: folder.file("old.ckpt"))
    #expect(throws: CheckpointError.self) { try reader.tensor(named: "bad") }
    try expectGood(reader)
  }

  @Test func anEmptyTensorMayHaveHugeDimensions() throws {
    let shape: [Int64] = [1 << 62, 4, 0]
    try folder.write(
      HandMadeCheckpoint.table([("empty", shape, [([(0, nil), (0, nil), (0, nil)], [])]), Self.good]), to: "old.ckpt")
    var made = HandMadeCheckpoint()
    made.add("empty", shape: shape)
    // Stored in no piece at all, and as strings.
    made.add("pieces", shape: shape, slices: [[(0, 1), (0, nil), (0, nil)], [(1, nil), (0, nil), (0, nil)]])
    made.add("text", .string, shape: shape, StringTensor.encode([]).bytes)
    made.add("good", shape: [2], Self.oneTwo)
    try made.write(to: folder, "m")
    for (path, names) in [("old.ckpt", ["empty"]), ("m", ["empty", "pieces", "text"])] {
      let reader = try CheckpointReader(path: folder.file(path))
      for name in names {
        #expect(try reader.entry(named: name).shape.elementCount == 0)
        _ = try? reader.tensor(named: name)
        _ = try? reader.tensor(named: name, slice: SliceRange.parse("1:3"))
        _ = try? reader.summary(of: name)
        _ = try? reader.heatMap(of: name, .init(row: 0, column: 1), maximumHeight: 4, maximumWidth: 4)
        _ = try? CheckpointReport.tensor(name, slice: "", maximumValues: 10, in: reader)
      }
      #expect(try reader.tensor(named: "empty").shape.dimensions == [1 << 62, 4, 0])
      #expect(try reader.tensor(named: "empty", slice: SliceRange.parse("1:3")).shape == [2, 4, 0])
      try expectGood(reader)
    }
  }
}
