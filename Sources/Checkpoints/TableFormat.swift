// A table is a sorted list of (key, value) in one file: the index of a V2 checkpoint, or a whole V1 checkpoint.
//
//   data block, type, crc | data block, type, crc | … | meta-index block, type, crc | index block, type, crc | footer
//   block:   entries, uint32 restart offset × n, uint32 n
//   entry:   varint shared, varint unshared, varint value size, the key's last `unshared` bytes, value
//   type:    1 byte, 0 plain or 1 snappy;  crc: masked crc32c of block and type
//   footer:  varint (offset, size) of meta-index, then of index, zeros up to 40, magic (8 bytes)
//
// Format: LevelDB's doc/table_format.md; TensorFlow's tensorflow/core/lib/io/format.h and table_builder.cc.

enum TableFormat {
  static let footerSize = 48
  /// Two handles, padded.
  static let footerHandlesSize = 40
  static let magic: UInt64 = 0xdb47_7524_8b80_fb57
  /// Type byte and checksum behind each block.
  static let blockTrailerSize = 5
  static let plain: UInt8 = 0
  static let snappy: UInt8 = 1
  /// A full key stands at least every so many entries of a data block. Index blocks restart at each.
  static let restartInterval = 16
  /// TensorFlow cuts a data block once it has grown to this.
  static let dataBlockSize = 262_144
  /// A snappy copy element makes at most 64 bytes out of 3, so a larger claim is damage.
  static let snappyMaximumRatio = 22
}

/// Where a block lies in its file, trailer excluded.
struct BlockHandle: Equatable, Sendable {
  var offset: UInt64
  var size: UInt64
}

/// Order of keys: as unsigned bytes, a prefix first.
@inline(__always)
func precedes(_ a: some Collection<UInt8>, _ b: some Collection<UInt8>) -> Bool { a.lexicographicallyPrecedes(b) }

/// Reads base-128 numbers and little-endian words from an array, never past its end.
struct ByteCursor {
  let bytes: [UInt8]
  private(set) var position: Int
  let end: Int

  init(_ bytes: [UInt8]) { self.init(bytes, 0..<bytes.count) }

  init(_ bytes: [UInt8], _ range: Range<Int>) {
    precondition(range.upperBound <= bytes.count)
    self.bytes = bytes
    position = range.lowerBound
    end = range.upperBound
  }

  var isAtEnd: Bool { position >= end }
  var remaining: Int { end - position }

  /// A varint of up to 64 bits; nil where it is cut off or longer than ten bytes.
  mutating func varint() -> UInt64? {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while position < end {
      let byte = bytes[position]
      position += 1
      if shift == 63 && byte > 1 { return nil }
      value |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return value }
      shift += 7
      if shift > 63 { return nil }
    }
    return nil
  }

  /// A varint that counts bytes or elements, so must fit `Int`.
  mutating func count() -> Int? { varint().flatMap { Int(exactly: $0) } }

  mutating func fixed32() -> UInt32? {
    guard remaining >= 4 else { return nil }
    defer { position += 4 }
    return littleEndian32(bytes, position)
  }

  mutating func fixed64() -> UInt64? {
    guard let low = fixed32(), let high = fixed32() else { return nil }
    return UInt64(low) | UInt64(high) << 32
  }

  /// The range of the next `count` bytes; nil where there are fewer.
  mutating func range(_ count: Int) -> Range<Int>? {
    guard count >= 0, count <= remaining else { return nil }
    defer { position += count }
    return position..<position + count
  }
}

/// The little-endian word at `offset`, which must lie inside.
func littleEndian32(_ bytes: [UInt8], _ offset: Int) -> UInt32 {
  UInt32(bytes[offset]) | UInt32(bytes[offset + 1]) << 8 | UInt32(bytes[offset + 2]) << 16
    | UInt32(bytes[offset + 3]) << 24
}

extension [UInt8] {
  mutating func appendVarint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    append(UInt8(rest))
  }

  mutating func appendFixed32(_ value: UInt32) {
    for shift in stride(from: UInt32(0), to: 32, by: 8) { append(UInt8(truncatingIfNeeded: value >> shift)) }
  }

  mutating func appendFixed64(_ value: UInt64) {
    appendFixed32(UInt32(truncatingIfNeeded: value))
    appendFixed32(UInt32(truncatingIfNeeded: value >> 32))
  }
}
