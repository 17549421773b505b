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
    #expect(reader.problems.count == 1 && reader.problems[0].contains("\"bad\""))
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

  @Test func theSameHalfTwiceIsNotTheWhole() throws {
    var made = HandMadeCheckpoint()
    made.add("bad", shape: [4], slices: [[(0, 2)], [(0, 2)]])
    made.addPiece(of: "bad", [SliceExtent(start: 0, length: 2)], shape: [2], [1, 2])
    made.add("good", shape: [2], Self.oneTwo)
    try made.write(to: folder, "m")
    let half: (HandMadeCheckpoint.Extents, [Float]) = ([(0, 2)], [1, 2])
    try folder.write(HandMadeCheckpoint.table([("bad", [4], [half, half]), Self.good]), to: "old.ckpt")
    // In another shard of a V1 checkpoint, too.
    for shard in 0..<2 {
      try folder.write(
        HandMadeCheckpoint.table([("bad", [4], [half])] + (shard == 0 ? [Self.good] : [])),
        to: "parts-0000\(shard)-of-00002")
    }
    for path in ["m", "old.ckpt", "parts"] { try expectOverlap(path) }
  }

  /// `bad` overlaps: a sentence tells, no value of it is given, `good` is read.
  private func expectOverlap(_ path: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let reader = try CheckpointReader(path: folder.file(path))
    #expect(reader.entries.map(\.name) == ["bad", "good"], sourceLocation: sourceLocation)
    #expect(
      reader.problems.count == 1 && reader.problems[0].contains("\"bad\"") && reader.problems[0].contains("overlap"),
      "\(reader.problems)", sourceLocation: sourceLocation)
    for slice in [nil, "0:1"] {
      #expect(sourceLocation: sourceLocation) {
        try reader.tensor(named: "bad", slice: slice.map { try SliceRange.parse($0) })
      } throws: { "\($0)".contains("overlap") }
    }
    #expect(throws: CheckpointError.self, sourceLocation: sourceLocation) { try reader.statistics(of: "bad") }
    try expectGood(reader, sourceLocation: sourceLocation)
  }

  @Test func piecesThatOverlapInPartAreRefused() throws {
    // 2×2 of which the lower row is stored in no piece and the upper one twice: the counts add up.
    var made = HandMadeCheckpoint()
    made.add("bad", shape: [2, 2], slices: [[(0, 1), (0, nil)], [(0, 1), (0, 1)], [(0, 1), (1, 1)]])
    made.addPiece(
      of: "bad", [SliceExtent(start: 0, length: 1), SliceExtent(start: 0, length: nil)], shape: [1, 2], [1, 2])
    for column in 0..<2 {
      made.addPiece(
        of: "bad", [SliceExtent(start: 0, length: 1), SliceExtent(start: column, length: 1)], shape: [1, 1], [1])
    }
    made.add("good", shape: [2], Self.oneTwo)
    try made.write(to: folder, "m")
    try expectOverlap("m")
  }

  @Test func overlapsAreFoundExactly() {
    var random = SeededGenerator(21)
    var overlapping = 0
    for _ in 0..<2000 {
      let rank = Int.random(in: 0...3, using: &random)
      let pieces = (0..<Int.random(in: 0...4, using: &random)).map { _ in
        (0..<rank).map { _ -> Range<Int> in
          let start = Int.random(in: 0...3, using: &random)
          return start..<start + Int.random(in: 0...2, using: &random)
        }
      }
      // By counting how often each place is covered.
      var covered: [[Int]: Int] = [:]
      for piece in pieces {
        let places = piece.reduce([[]]) { places, range in places.flatMap { place in range.map { place + [$0] } } }
        for place in places { covered[place, default: 0] += 1 }
      }
      let expected = covered.values.contains { $0 > 1 }
      overlapping += expected ? 1 : 0
      #expect((PieceOverlap.find(among: pieces) != nil) == expected, "\(pieces)")
    }
    #expect((300...1700).contains(overlapping))
  }

  @Test func manyPiecesAreCheckedQuickly() {
    // Along the last axis, where a sweep along the first would compare each with each.
    let pieces = (0..<20_000).map { [0..<1000, $0..<$0 + 1] }
    #expect(PieceOverlap.find(among: pieces) == nil)
    #expect(PieceOverlap.find(among: pieces + [[999..<1000, 10_000..<10_001]]) != nil)
    // Pieces that cannot be told apart in reasonable time are refused rather than believed.
    let corners = (0..<1 << 14).map { corner in (0..<14).map { (corner >> $0 & 1)..<(corner >> $0 & 1) + 1 } }
    #expect(PieceOverlap.find(among: corners) == .tooManyToCompare)
  }
}
