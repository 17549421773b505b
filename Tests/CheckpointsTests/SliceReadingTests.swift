import Tensors
import Testing

@testable import Checkpoints

/// Slices and pictures read from the file equal those of the whole tensor in memory.
struct SliceReadingTests {
  @Test func randomSlicesOfEveryStorageEqualThoseInMemory() throws {
    var random = SeededGenerator(11)
    for (path, name) in [
      ("partitioned/part.ckpt", "emb"), ("dtypes/dt.ckpt", "s/rank6"), ("dtypes/dt.ckpt", "t/c128"),
      ("dtypes/dt.ckpt", "t/bool"), ("linear_784x200/model.ckpt", nil), ("v1_format/old.ckpt-12", "emb"),
      ("strings/str.ckpt", "matrix"), ("dtypes/dt.ckpt", "s/scalar_f32"), ("dtypes/dt.ckpt", "s/empty_0x3"),
    ] as [(String, String?)] {
      let reader = try CheckpointReader(path: Fixtures.folder(path))
      let name = name ?? reader.entries.max { $0.byteCount < $1.byteCount }!.name
      let whole = try reader.tensor(named: name)
      for _ in 0..<40 {
        let slice = whole.shape.dimensions.map { size -> SliceRange in
          func end() -> Int? {
            Bool.random(using: &random) ? nil : Int.random(in: -size - 2...size + 2, using: &random)
          }
          if size > 0, Int.random(in: 0..<4, using: &random) == 0 {
            return .index(Int.random(in: -size..<size, using: &random))
          }
          let step = [1, 1, 1, 2, 3, -1, -2].randomElement(using: &random)!
          return .range(start: end(), stop: end(), step: step)
        }
        let expected = whole.sliced(try ResolvedSlice(slice, of: whole.shape))
        #expect(try reader.tensor(named: name, slice: slice) == expected, "\(name) \(slice)")
      }
    }
  }

  @Test func allPartitionedTensorsAssemble() throws {
    let reader = try CheckpointReader(path: Fixtures.folder("partitioned/part.ckpt"))
    #expect(reader.entries.contains { $0.isPartitioned && $0.slices.count == 3 })
  }

  @Test func aSliceThatDoesNotFitIsNamed() throws {
    let reader = try CheckpointReader(path: Fixtures.folder("partitioned/part.ckpt"))
    #expect {
      try reader.tensor(named: "emb", slice: [.index(10)])
    } throws: { "\($0)".contains("emb") && "\($0)".contains("outside of axis 0") }
    #expect(throws: CheckpointError.noSuchTensor(name: "nope", path: reader.prefix)) {
      try reader.tensor(named: "nope")
    }
  }

  @Test func heatMapsShowTheChosenAxes() throws {
    let folder = try TemporaryFolder()
    let writer = try CheckpointWriter(prefix: folder.file("m"))
    try writer.add(name: "cube", tensor: Tensor((0..<60).map(Float.init), shape: [3, 4, 5]))
    try writer.add(name: "scalar", tensor: Tensor(Float(7)))
    try writer.add(name: "empty", tensor: Tensor([Float](), shape: [0, 3]))
    try writer.add(name: "text", tensor: Tensor("x"))
    try writer.finish()
    let reader = try CheckpointReader(path: folder.file("m"))
    func map(_ name: String, _ row: Int?, _ column: Int?, _ at: [Int] = []) throws -> HeatMap {
      try reader.heatMap(
        of: name, .init(row: row, column: column, at: at), maximumHeight: 50, maximumWidth: 50)
    }
    #expect(try map("cube", 1, 2, [1]).mean == (20..<40).map(Float.init))
    let turned = (0..<20).map { (index: Int) -> Float in Float(20 + index % 4 * 5 + index / 4) }
    #expect(try map("cube", 2, 1, [1]).mean == turned)
    #expect(try map("cube", 0, 2, [0, 3]).mean == [15...19, 35...39, 55...59].flatMap { $0.map(Float.init) })
    #expect(try map("cube", nil, 0, [9, 1, 2]).mean == [7, 27, 47])
    #expect(try map("scalar", nil, nil).mean == [7])
    let part = try reader.heatMap(
      of: "cube", .init(row: 2, column: 1, at: [1], rows: 1..<3, columns: 2..<4), maximumHeight: 50, maximumWidth: 50)
    #expect(part.mean == [31, 36, 32, 37] && part.rows == 2 && part.columns == 2)
    #expect(throws: CheckpointError.self) {
      try reader.heatMap(
        of: "cube", .init(row: 1, column: 2, rows: 0..<5), maximumHeight: 50, maximumWidth: 50)
    }
    #expect(try map("empty", 0, 1).mean == [])
    for (name, row, column, at) in [
      ("cube", 0, 0, []), ("cube", 0, 3, []), ("cube", 0, 1, [0, 0, 5]), ("text", nil, nil, []),
    ]
      as [(String, Int?, Int?, [Int])]
    {
      #expect(throws: CheckpointError.self) { try map(name, row, column, at) }
    }
  }

  @Test func aTensorLargerThanAChunkIsStreamed() throws {
    let folder = try TemporaryFolder()
    let count = 700_001
    let values = (0..<count).map { Float($0 % 1000) }
    let writer = try CheckpointWriter(prefix: folder.file("m"))
    try writer.add(name: "x", tensor: Tensor(values))
    try writer.finish()
    let reader = try CheckpointReader(path: folder.file("m"))
    let summary = try reader.summary(of: "x")
    #expect(summary.sha256 == SHA256.hexDigest(values.withUnsafeBytes { Array($0) }))
    #expect(summary.statistics == Tensor(values).statistics())
    #expect(
      try reader.tensor(named: "x", slice: SliceRange.parse("-3:")).scalars(Float.self) == Array(values.suffix(3)))
  }
}
