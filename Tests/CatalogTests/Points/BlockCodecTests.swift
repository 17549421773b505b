import CKernels
import Testing

@testable import Catalog

/// Bit patterns, so that NaN payloads and signed zeros count.
private func bits(_ columns: PointColumns) -> [[UInt64]] {
  let values: [UInt64] =
    switch columns.values {
    case .float32(let values): values.map { UInt64($0.bitPattern) }
    case .float64(let values): values.map(\.bitPattern)
    case .int64(let values): values.map { UInt64(bitPattern: $0) }
    }
  return [columns.steps.map { UInt64(bitPattern: $0) }, columns.wallTimes.map(\.bitPattern), values]
}

private func roundTrip(_ columns: PointColumns) throws -> PointColumns {
  try decoded(packed(columns, 0..<columns.count))
}

private func packed(_ columns: PointColumns, _ range: Range<Int>) -> [UInt8] {
  [UInt8](BlockPacker().pack(columns, range).data)
}

private func decoded(_ bytes: [UInt8]) throws -> PointColumns {
  try bytes.withUnsafeBytes { try BlockCodec.decode($0) }
}

@Suite struct BlockCodecTests {
  @Test(arguments: [1, 2, 3, 255, 256, 257, 511, 4096])
  func `points of a training run survive, and take few bytes`(count: Int) throws {
    var generator = SeededGenerator(seed: UInt64(count))
    var wall = 1_795_217_403.1958866
    var columns = PointColumns()
    for step in 0..<count {
      wall += 0.01 + Double.random(in: 0..<0.002, using: &generator)
      let value = 2 / Float(step + 1) + Float.random(in: 0..<0.05, using: &generator)
      columns.append(PointColumns(steps: [Int64(step) * 10], wallTimes: [wall], values: .float32([value])))
    }
    let back = try roundTrip(columns)
    #expect(bits(back) == bits(columns))
    if count == 4096 {
      let size = packed(columns, 0..<count).count
      #expect(Double(size) / Double(count) < 7, "\(size) bytes")
    }
  }

  @Test func `any 64-bit lanes survive`() throws {
    var generator = SeededGenerator(seed: 7)
    let nasty: [UInt64] = [
      0, 1, .max, 1 << 63, (1 << 63) - 1, Double.nan.bitPattern, Double.signalingNaN.bitPattern,
      (-Double.nan).bitPattern | 0xdead, Double.infinity.bitPattern, (-Double.infinity).bitPattern,
      (-0.0).bitPattern, Double.leastNonzeroMagnitude.bitPattern, Double.greatestFiniteMagnitude.bitPattern,
    ]
    for round in 0..<300 {
      let count = Int.random(in: 1...700, using: &generator)
      let width = Int.random(in: 0...64, using: &generator)
      let shift = Int.random(in: 0...63, using: &generator)
      func lane() -> UInt64 {
        if round % 3 == 0 { return nasty.randomElement(using: &generator)! }
        let value = generator.next()
        return (width == 64 ? value : value & ((1 << UInt64(width)) - 1)) << UInt64(shift)
      }
      let steps = (0..<count).map { _ in Int64(bitPattern: lane()) }
      let walls = (0..<count).map { _ in Double(bitPattern: lane()) }
      let lanes = (0..<count).map { _ in lane() }
      let values: SeriesValues =
        switch round % 4 {
        case 0: .float64(lanes.map { Double(bitPattern: $0) })
        case 1: .int64(lanes.map { Int64(bitPattern: $0) })
        default: .float32(lanes.map { Float(bitPattern: UInt32(truncatingIfNeeded: $0)) })
        }
      let columns = PointColumns(steps: steps, wallTimes: walls, values: values)
      let back = try roundTrip(columns)
      #expect(bits(back) == bits(columns), "round \(round)")
    }
  }

  @Test func `a part of the columns can be packed`() throws {
    let columns = PointColumns(
      steps: [1, 2, 3, 4], wallTimes: [1, 2, 3, 4], values: .float64([0.1, 0.2, 0.3, 0.4]))
    let bytes = packed(columns, 1..<3)
    let back = try decoded(bytes)
    #expect(back == columns.slice(1..<3))
  }

  @Test func `damaged blocks are refused or decode to something, never trap`() throws {
    var generator = SeededGenerator(seed: 99)
    let count = 600
    let columns = PointColumns(
      steps: (0..<count).map { Int64($0 * $0) }, wallTimes: (0..<count).map { Double($0) * 1.1 },
      values: .float32((0..<count).map { Float($0).squareRoot() }))
    let good = packed(columns, 0..<count)
    var refused = 0
    for _ in 0..<5000 {
      var bytes = good
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        let position =
          Bool.random(using: &generator)
          ? Int.random(in: 0..<40, using: &generator) : Int.random(in: 0..<bytes.count, using: &generator)
        bytes[position] = UInt8.random(in: 0...255, using: &generator)
      }
      if Int.random(in: 0..<4, using: &generator) == 0 {
        bytes.removeLast(Int.random(in: 1..<bytes.count, using: &generator))
      }
      do {
        _ = try bytes.withUnsafeBytes { try BlockCodec.decode($0) }
      } catch {
        refused += 1
      }
    }
    #expect(refused > 1000)
    #expect(throws: BlockError.notABlock) { try BlockCodec.decode(UnsafeRawBufferPointer(start: nil, count: 0)) }
  }

  @Test func `a summary counts what is not finite and keeps extremes of the rest`() {
    let columns = PointColumns(
      steps: [0, 5, 3, 9], wallTimes: [1, 3, 2, 4], values: .float32([.nan, 4, -2, .infinity]))
    let summary = BlockPacker().pack(columns, 0..<4).summary
    #expect(summary.minStep == 0 && summary.maxStep == 9 && summary.stepDescents == 1)
    #expect(summary.wallDescents == 1 && summary.minWall == 1 && summary.maxWall == 4)
    #expect(summary.first == 4 && summary.last == -2 && summary.min == -2 && summary.max == 4)
    #expect(summary.nan == 1 && summary.positiveInfinity == 1 && summary.finite == 2)
  }

  /// Columns in which anything may happen: constant, ascending, random, huge steps and values that are no numbers.
  private func anyColumns(_ count: Int, _ generator: inout SeededGenerator) -> PointColumns {
    let kind = Int.random(in: 0..<6, using: &generator)
    var step = Int64.random(in: -1000...1000, using: &generator)
    var wall = Double.random(in: -10...2e9, using: &generator)
    var columns = PointColumns(steps: [], wallTimes: [], values: [.float32([]), .float64([]), .int64([])][kind % 3])
    for _ in 0..<count {
      switch kind {
      case 0: step += 1
      case 1, 2:
        step += Int64.random(in: 0...5, using: &generator)
        wall += Double.random(in: 0...2, using: &generator)
      case 3:
        step = Int64(bitPattern: generator.next())
        wall = Double.random(in: -1e300...1e300, using: &generator)
      default:
        step += Int64.random(in: -1...40, using: &generator)
        wall += Double.random(in: -0.01...2, using: &generator)
      }
      var value = Double.random(in: -2...2, using: &generator)
      if kind > 2, Int.random(in: 0..<200, using: &generator) == 0 {
        value = [.nan, .infinity, -.infinity, 0, -0.0].randomElement(using: &generator)!
      }
      let values: SeriesValues =
        switch kind % 3 {
        case 0: .float32([Float(value)])
        case 1: .float64([value])
        default: .int64([Int64(bitPattern: generator.next())])
        }
      columns.append(PointColumns(steps: [step], wallTimes: [wall], values: values))
    }
    return columns
  }

  @Test func `summaries of blocks and frames are those of their points`() throws {
    var generator = SeededGenerator(seed: 5)
    for round in 0..<120 {
      let count = [1, 2, 255, 256, 257, 1000, 4096][round % 7]
      let columns = anyColumns(count, &generator)
      let block = BlockPacker().pack(columns, 0..<count)
      #expect(block.summary == BlockSummary(columns, 0..<count), "round \(round)")
      #expect(block.segment == SegmentSummary(block.summary, columns, 0..<count), "round \(round)")
      try block.data.withUnsafeBytes { bytes in
        let layout = try BlockLayout(bytes)
        for number in 0..<layout.frames {
          let range = number * 256..<min(count, number * 256 + 256)
          let expected = BlockSummary(columns, range)
          let frame = layout.frame(number, bytes)
          #expect(frame.lastStep == expected.lastStep)
          #expect(frame.isFinite == (expected.finite == range.count))
          if frame.isFinite {
            #expect(
              [frame.first, frame.last, frame.min, frame.max] == [
                expected.first, expected.last, expected.min, expected.max,
              ])
          }
          let points = try BlockCodec.decode(bytes, layout, frames: number..<number + 1, wallTimes: true)
          #expect(bits(points) == bits(columns.slice(range)))
        }
      }
    }
  }

  @Test(arguments: [1, 2])
  func `all instructions pack the same bytes`(level: Int32) throws {
    var generator = SeededGenerator(seed: 17)
    for round in 0..<60 {
      let columns = anyColumns([1, 300, 4096][round % 3], &generator)
      let points = (0..<columns.count).map { index in
        let bits: UInt64 =
          switch columns.values {
          case .float32(let values): UInt64(values[index].bitPattern)
          case .float64(let values): values[index].bitPattern
          case .int64(let values): UInt64(bitPattern: values[index])
          }
        return ck_point(step: columns.steps[index], wall_time: columns.wallTimes[index], bits: bits)
      }
      func packed(_ level: Int32) -> [UInt8]? {
        var summary = ck_block_summary()
        var output = [UInt8](repeating: 0, count: ck_block_capacity(points.count))
        let precision = ck_precision(rawValue: UInt32(columns.values.precision.rawValue))
        let bytes = ck_block_pack_with(level, points, points.count, precision, &output, &summary)
        guard bytes > 0 else { return nil }
        return Array(output[..<bytes]) + withUnsafeBytes(of: summary) { Array($0) }
      }
      // A processor without the instructions has nothing to compare.
      guard let special = packed(level) else { return }
      #expect(special == packed(0), "round \(round)")
    }
  }
}
