import Records
import Tensors

// How a V2 data file stores a string tensor:
//
//   varint length of each element | masked CRC-32C of the lengths (4 bytes) | the elements' bytes, back to back
//
// Both checksums (this one and the entry's) see each length as a little-endian uint32 (uint64 where it does not fit),
// not as a varint. Source: TensorFlow's tensor_bundle.cc, ReadStringTensor and WriteStringTensor.

enum StringTensor {
  struct Damage: Error {
    var reason: String
  }

  /// Decodes `count` strings and verifies both checksums.
  static func decode(_ bytes: [UInt8], count: Int, maskedChecksum: UInt32?) throws -> [[UInt8]] {
    // Each element takes at least the byte of its length.
    guard count <= bytes.count else {
      throw Damage(reason: "\(bytes.count) bytes are too few for \(count) strings")
    }
    var cursor = ByteCursor(bytes)
    var lengths: [Int] = []
    var checksum: UInt32 = 0
    lengths.reserveCapacity(count)
    for index in 0..<count {
      guard let length = cursor.count() else { throw Damage(reason: "the length of string \(index) is damaged") }
      checksum = extend(checksum, length: length)
      lengths.append(length)
    }
    guard let stored = cursor.fixed32() else { throw Damage(reason: "the data is cut off") }
    guard stored == CRC32C.mask(checksum) else {
      throw Damage(reason: "the checksum of the string lengths does not match; they cannot be trusted")
    }
    checksum = extend(checksum, littleEndian: stored)
    let strings = try lengths.enumerated().map { index, length in
      guard let range = cursor.range(length) else {
        throw Damage(reason: "string \(index) of \(length) bytes passes the end of the data")
      }
      return Array(bytes[range])
    }
    for string in strings { checksum = string.withUnsafeBytes { CRC32C.extend(checksum, $0) } }
    guard cursor.isAtEnd else { throw Damage(reason: "\(cursor.remaining) bytes are left over behind the last string") }
    if let maskedChecksum, maskedChecksum != CRC32C.mask(checksum) {
      throw Damage(reason: "the checksum of the strings does not match")
    }
    return strings
  }

  /// The stored form and the entry's masked checksum.
  static func encode(_ strings: [[UInt8]]) -> (bytes: [UInt8], maskedChecksum: UInt32) {
    var bytes: [UInt8] = []
    var checksum: UInt32 = 0
    for string in strings {
      bytes.appendVarint(UInt64(string.count))
      checksum = extend(checksum, length: string.count)
    }
    let lengths = CRC32C.mask(checksum)
    bytes.appendFixed32(lengths)
    checksum = extend(checksum, littleEndian: lengths)
    for string in strings {
      bytes += string
      checksum = string.withUnsafeBytes { CRC32C.extend(checksum, $0) }
    }
    return (bytes, CRC32C.mask(checksum))
  }

  private static func extend(_ checksum: UInt32, length: Int) -> UInt32 {
    if let short = UInt32(exactly: length) { return extend(checksum, littleEndian: short) }
    return withUnsafeBytes(of: UInt64(length).littleEndian) { CRC32C.extend(checksum, $0) }
  }

  private static func extend(_ checksum: UInt32, littleEndian value: UInt32) -> UInt32 {
    withUnsafeBytes(of: value.littleEndian) { CRC32C.extend(checksum, $0) }
  }
}
