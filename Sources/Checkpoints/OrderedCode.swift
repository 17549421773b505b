// Keys of tensor slices: under which a partitioned variable's pieces lie in an index, and all values in a V1 file.
//
//   00 | string(name) 00 01 | number(ndims) | for each dimension: signed start, signed length (-1: to the end)
//   string: 00 becomes 00 ff, ff becomes ff 00
//   number: a byte that counts the bytes that follow, then those, big-endian
//   signed: order-preserving, 7 bits a byte: the leading bits say how many bytes follow; negative ones inverted
//
// Format: TensorFlow's saved_tensor_slice_util.cc (EncodeTensorNameSlice) and lib/strings/ordered_code.cc.

/// One dimension of a slice.
struct SliceExtent: Hashable, Sendable {
  var start: Int
  /// nil: the whole dimension.
  var length: Int?
}

enum OrderedCode {
  /// The key of one slice of the tensor `name`.
  static func sliceKey(name: [UInt8], extents: [SliceExtent]) -> [UInt8] {
    var key: [UInt8] = []
    appendNumber(0, to: &key)
    appendString(name, to: &key)
    appendNumber(UInt64(extents.count), to: &key)
    for extent in extents {
      appendSigned(Int64(extent.start), to: &key)
      appendSigned(Int64(extent.length ?? -1), to: &key)
    }
    return key
  }

  /// The name and extents of a slice key; nil for any other key.
  static func parseSliceKey(_ key: [UInt8]) -> (name: [UInt8], extents: [SliceExtent])? {
    var cursor = ByteCursor(key)
    guard number(&cursor) == 0, let name = string(&cursor), let rank = number(&cursor),
      rank <= UInt64(key.count)
    else { return nil }
    var extents: [SliceExtent] = []
    for _ in 0..<rank {
      guard let start = signed(&cursor), let length = signed(&cursor), start >= 0, length >= -1 else { return nil }
      extents.append(SliceExtent(start: Int(start), length: length < 0 ? nil : Int(length)))
    }
    return cursor.isAtEnd ? (name, extents) : nil
  }

  static func appendNumber(_ value: UInt64, to key: inout [UInt8]) {
    let count = (64 - value.leadingZeroBitCount + 7) / 8
    key.append(UInt8(count))
    for index in stride(from: count - 1, through: 0, by: -1) {
      key.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index)))
    }
  }

  static func appendString(_ bytes: [UInt8], to key: inout [UInt8]) {
    for byte in bytes {
      key.append(byte)
      if byte == 0 { key.append(0xff) } else if byte == 0xff { key.append(0) }
    }
    key += [0, 1]
  }

  static func appendSigned(_ value: Int64, to key: inout [UInt8]) {
    let magnitude = value < 0 ? ~value : value
    // `length` bytes hold 7 bits each, one of them the sign.
    let bits = 64 - magnitude.leadingZeroBitCount + 1
    let length = max(1, (bits + 6) / 7)
    // Sign-extended to ten bytes, of which the last `length` are kept; ten are needed from 63 bits on.
    let fill: UInt8 = value < 0 ? 0xff : 0
    var buffer = [fill, fill] + (0..<8).map { UInt8(truncatingIfNeeded: value >> Int64(56 - 8 * $0)) }
    buffer.removeFirst(10 - length)
    let header = headerBits(length)
    buffer[0] ^= header.0
    if length > 1 { buffer[1] ^= header.1 }
    key += buffer
  }

  static func number(_ cursor: inout ByteCursor) -> UInt64? {
    guard let range = cursor.range(1) else { return nil }
    let count = Int(cursor.bytes[range.lowerBound])
    guard count <= 8, let bytes = cursor.range(count) else { return nil }
    return cursor.bytes[bytes].reduce(0) { $0 << 8 | UInt64($1) }
  }

  static func string(_ cursor: inout ByteCursor) -> [UInt8]? {
    var result: [UInt8] = []
    while let range = cursor.range(1) {
      let byte = cursor.bytes[range.lowerBound]
      guard byte == 0 || byte == 0xff else {
        result.append(byte)
        continue
      }
      guard let next = cursor.range(1).map({ cursor.bytes[$0.lowerBound] }) else { return nil }
      switch (byte, next) {
      case (0, 1): return result
      case (0, 0xff), (0xff, 0): result.append(byte)
      default: return nil
      }
    }
    return nil
  }

  static func signed(_ cursor: inout ByteCursor) -> Int64? {
    guard let first = cursor.range(1).map({ cursor.bytes[$0.lowerBound] }) else { return nil }
    let negative = first & 0x80 == 0
    // Leading ones (of the inverted byte for negative numbers) count the bytes.
    var length = (negative ? first : ~first).leadingZeroBitCount
    var bytes = [first]
    if length >= 8 {
      guard let second = cursor.range(1).map({ cursor.bytes[$0.lowerBound] }) else { return nil }
      bytes.append(second)
      let more = (negative ? second : ~second).leadingZeroBitCount
      guard more <= 2 else { return nil }
      length = 8 + more
    }
    guard let rest = cursor.range(length - bytes.count) else { return nil }
    bytes += cursor.bytes[rest]
    let header = headerBits(length)
    bytes[0] ^= header.0
    if length > 1 { bytes[1] ^= header.1 }
    var value: UInt64 = negative ? .max : 0
    for byte in bytes { value = value << 8 | UInt64(byte) }
    return Int64(bitPattern: value)
  }

  /// What is exclusive-ored with the first two bytes: `length` ones, from the top.
  private static func headerBits(_ length: Int) -> (UInt8, UInt8) {
    let bits: UInt16 = length >= 16 ? .max : ~(UInt16.max >> UInt16(length))
    return (UInt8(bits >> 8), UInt8(truncatingIfNeeded: bits))
  }
}
