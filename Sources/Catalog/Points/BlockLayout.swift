// The entry of a frame:
//
//   bytes 0-11   where its steps, wall times and values begin in their columns
//   bytes 12-19  step of its last point
//   then         first, last, smallest and largest value, as float32 in a block of float32 values, else as float64;
//                all four NaN where not all values are finite
//
// They serve zooms at which a pixel column is narrower than a block: only frames that a column's border cuts are unpacked.

/// The type of a block's values; TensorFlow's numbers.
enum BlockPrecision: Int, Sendable {
  case float32 = 1
  case float64 = 2
  case int64 = 9
}

/// Where the parts of a block stand. Makes sure of everything but what stands in the columns.
struct BlockLayout: Sendable {
  let precision: BlockPrecision
  let points: Int
  /// How many frames there are.
  let frames: Int
  /// Where the columns begin and, fourth, end.
  private let columns: [Int]

  private static let headerBytes = 20
  private var entryBytes: Int { Self.entryBytes(precision) }

  private static func entryBytes(_ precision: BlockPrecision) -> Int { precision == .float32 ? 36 : 52 }

  init(_ bytes: UnsafeRawBufferPointer) throws(BlockError) {
    guard bytes.count >= Self.headerBytes + BitPacking.readSlack, bytes[0] == 2,
      let precision = BlockPrecision(rawValue: Int(bytes[1]))
    else { throw .notABlock }
    func number(_ index: Int) -> Int {
      Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 + 4 * index, as: UInt32.self)))
    }
    self.precision = precision
    points = number(0)
    frames = (points + BitPacking.frameLanes - 1) / BitPacking.frameLanes
    let start = Self.headerBytes + frames * Self.entryBytes(precision)
    columns = [start, start + number(1), start + number(1) + number(2), start + number(1) + number(2) + number(3)]
    // Entries stand in the bytes, so the count of points is bounded by the bytes present.
    guard points >= 1, columns[3] == bytes.count - BitPacking.readSlack else { throw .notABlock }
  }

  /// Where the lanes of a frame begin in the block, and where their column ends.
  func column(_ number: Int, from frame: Int, _ bytes: UnsafeRawBufferPointer) -> (start: Int, end: Int) {
    guard frame > 0 else { return (columns[number], columns[number + 1]) }
    let entry = Self.headerBytes + frame * entryBytes
    let offset = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: entry + 4 * number, as: UInt32.self))
    return (columns[number] + Int(offset), columns[number + 1])
  }

  /// What is known of a frame without unpacking it.
  func frame(_ number: Int, _ bytes: UnsafeRawBufferPointer) -> BlockFrame {
    let entry = Self.headerBytes + number * entryBytes
    func value(_ index: Int) -> Double {
      precision == .float32
        ? Double(Float(bitPattern: bytes.loadUnaligned(fromByteOffset: entry + 20 + 4 * index, as: UInt32.self)))
        : Double(bitPattern: bytes.loadUnaligned(fromByteOffset: entry + 20 + 8 * index, as: UInt64.self))
    }
    return BlockFrame(
      lastStep: bytes.loadUnaligned(fromByteOffset: entry + 12, as: Int64.self), first: value(0), last: value(1),
      min: value(2), max: value(3))
  }
}

/// 256 points in a row, the last of a block perhaps fewer. All values are NaN where not all are finite.
struct BlockFrame: Sendable, Equatable {
  var lastStep: Int64
  var first: Double
  var last: Double
  var min: Double
  var max: Double

  /// Whether all values are finite.
  var isFinite: Bool { !first.isNaN }
}
