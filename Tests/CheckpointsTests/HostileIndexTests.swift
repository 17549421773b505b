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
}
