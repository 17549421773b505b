import CKernels
import Events
import Foundation
import Records

/// A block as it is stored: a row of the table `blocks`.
struct PackedBlock: Sendable {
  var summary: BlockSummary
  /// The same as part of a segment.
  var segment: SegmentSummary
  var precision: BlockPrecision
  var data: Data
  /// CRC-32C of `data`: tells points that the database gives back changed.
  var checksum: UInt32

  /// Packs all points into as few blocks as hold them, all of about the same size.
  static func pack(_ columns: PointColumns) -> [PackedBlock] {
    guard columns.count > 0 else { return [] }
    let blocks = (columns.count + BlockCodec.pointsPerBlock - 1) / BlockCodec.pointsPerBlock
    let packer = BlockPacker()
    return (0..<blocks).map { number in
      packer.pack(columns, columns.count * number / blocks..<columns.count * (number + 1) / blocks)
    }
  }

  /// The frames of what the catalogue gave, with the points of those that are `needed`.
  static func frames(
    _ bytes: UnsafeRawBufferPointer, checksum: UInt32, file: Int64, needed: ([BlockFrame]) -> [Int]
  ) throws(BlockError) -> BlockFrames {
    guard CRC32C.checksum(bytes) == checksum else { throw .damaged(file: file) }
    do {
      let layout = try BlockLayout(bytes)
      var block = BlockFrames(frames: (0..<layout.frames).map { layout.frame($0, bytes) })
      for number in needed(block.frames) {
        block.points[number] = try BlockCodec.decode(bytes, layout, frames: number..<number + 1, wallTimes: false)
      }
      return block
    } catch {
      throw .damaged(file: file)
    }
  }

  /// Unpacks what the catalogue gave. What does not have the checksum it was stored with is refused.
  static func points(
    _ bytes: UnsafeRawBufferPointer, checksum: UInt32, file: Int64, wallTimes: Bool = true
  ) throws(BlockError) -> PointColumns {
    guard CRC32C.checksum(bytes) == checksum else { throw .damaged(file: file) }
    do {
      return try BlockCodec.decode(bytes, wallTimes: wallTimes)
    } catch {
      throw .damaged(file: file)
    }
  }
}

/// Packs blocks one after the other in one buffer of its own: an island of unsafe memory around `ck_block_pack`.
final class BlockPacker {
  private let output: UnsafeMutablePointer<UInt8>

  init() { output = .allocate(capacity: ck_block_capacity(BlockCodec.pointsPerBlock)) }

  deinit { output.deallocate() }

  /// Packs 1 to 4,096 points.
  func pack(_ points: UnsafeBufferPointer<ScalarPoint>, _ precision: BlockPrecision) -> PackedBlock {
    precondition(!points.isEmpty && points.count <= BlockCodec.pointsPerBlock, "a block holds 1 to 4,096 points")
    var summary = ck_block_summary()
    let bytes = ck_block_pack(
      points.baseAddress, points.count, ck_precision(rawValue: UInt32(precision.rawValue)), output, &summary)
    let packed = UnsafeRawBufferPointer(start: output, count: bytes)
    let block = BlockSummary(summary, count: points.count)
    return PackedBlock(
      summary: block, segment: SegmentSummary(block, summary), precision: precision, data: Data(packed),
      checksum: CRC32C.checksum(packed))
  }

  /// Packs a range of `columns`.
  func pack(_ columns: PointColumns, _ range: Range<Int>) -> PackedBlock {
    let points = range.map { index in
      let bits: UInt64 =
        switch columns.values {
        case .float32(let values): UInt64(values[index].bitPattern)
        case .float64(let values): values[index].bitPattern
        case .int64(let values): UInt64(bitPattern: values[index])
        }
      return ScalarPoint(step: columns.steps[index], wall_time: columns.wallTimes[index], bits: bits)
    }
    return points.withUnsafeBufferPointer { pack($0, columns.values.precision) }
  }
}

extension BlockSummary {
  fileprivate init(_ summary: ck_block_summary, count: Int) {
    self.init()
    self.count = count
    (firstStep, lastStep, minStep, maxStep) =
      (summary.first_step, summary.last_step, summary.min_step, summary.max_step)
    stepDescents = Int(summary.step_descents)
    (firstWall, lastWall, minWall, maxWall) =
      (summary.first_wall, summary.last_wall, summary.min_wall, summary.max_wall)
    wallDescents = Int(summary.wall_descents)
    if summary.finite > 0 { (first, last, min, max) = (summary.first, summary.last, summary.min, summary.max) }
    nan = Int(summary.nan)
    positiveInfinity = Int(summary.positive_infinity)
    negativeInfinity = Int(summary.negative_infinity)
  }
}

extension SegmentSummary {
  fileprivate init(_ block: BlockSummary, _ summary: ck_block_summary) {
    points = block.count
    (firstStep, lastStep, minStep, maxStep) = (block.firstStep, block.lastStep, block.minStep, block.maxStep)
    stepDescents = block.stepDescents
    (firstWall, lastWall) = (block.firstWall, block.lastWall)
    first = block.first.map { Value(value: $0, step: summary.first_at) }
    last = block.last.map { Value(value: $0, step: summary.last_at) }
    min = block.min.map { Value(value: $0, step: summary.min_at) }
    max = block.max.map { Value(value: $0, step: summary.max_at) }
    (nan, positiveInfinity, negativeInfinity) = (block.nan, block.positiveInfinity, block.negativeInfinity)
  }
}
