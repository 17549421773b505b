import Foundation
import Records

/// A block as it is stored: a row of the table `blocks`.
struct PackedBlock: Sendable {
  var summary: BlockSummary
  /// TensorFlow's number of the values' type.
  var precision: Int
  var data: Data
  /// CRC-32C of `data`: tells points that the database gives back changed.
  var checksum: UInt32

  /// Packs a range of `columns` (at least one point).
  init(_ columns: PointColumns, _ range: Range<Int>) {
    summary = BlockSummary(columns, range)
    precision = columns.values.precision
    data = Data(BlockCodec.encode(columns, range))
    checksum = Self.checksum(of: data)
  }

  /// Packs all points into as few blocks as hold them, all of about the same size.
  static func pack(_ columns: PointColumns) -> [PackedBlock] {
    guard columns.count > 0 else { return [] }
    let blocks = (columns.count + BlockCodec.pointsPerBlock - 1) / BlockCodec.pointsPerBlock
    return (0..<blocks).map { number in
      PackedBlock(columns, columns.count * number / blocks..<columns.count * (number + 1) / blocks)
    }
  }

  static func checksum(of data: Data) -> UInt32 { data.withUnsafeBytes { CRC32C.checksum($0) } }

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
