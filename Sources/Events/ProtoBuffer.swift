/// Writes protocol buffer fields one after the other, in the order of their numbers and without default values, as
/// TensorFlow's own serializer does: its readers do not care, comparisons of files do.
struct ProtoBuffer {
  var bytes: [UInt8] = []

  @inline(__always)
  mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  @inline(__always)
  mutating func key(_ field: UInt64, _ type: UInt64) { varint(field << 3 | type) }

  /// An integer field; 0 is left out.
  mutating func integer(_ field: UInt64, _ value: Int64) {
    guard value != 0 else { return }
    key(field, 0)
    varint(UInt64(bitPattern: value))
  }

  @inline(__always)
  mutating func fixed64(_ bits: UInt64) {
    withUnsafeBytes(of: bits.littleEndian) { bytes.append(contentsOf: $0) }
  }

  @inline(__always)
  mutating func fixed32(_ bits: UInt32) {
    withUnsafeBytes(of: bits.littleEndian) { bytes.append(contentsOf: $0) }
  }

  /// A double field; 0 is left out.
  mutating func double(_ field: UInt64, _ value: Double) {
    guard value != 0 else { return }
    key(field, 1)
    fixed64(value.bitPattern)
  }

  /// A float field; 0 is left out.
  mutating func float(_ field: UInt64, _ value: Float) {
    guard value != 0 else { return }
    key(field, 5)
    fixed32(value.bitPattern)
  }

  /// A bytes or message field, written even when empty.
  mutating func message(_ field: UInt64, _ content: [UInt8]) {
    key(field, 2)
    varint(UInt64(content.count))
    bytes.append(contentsOf: content)
  }

  /// A string field; the empty one is left out.
  mutating func string(_ field: UInt64, _ text: String) {
    guard !text.isEmpty else { return }
    key(field, 2)
    varint(UInt64(text.utf8.count))
    bytes.append(contentsOf: text.utf8)
  }

  /// A packed field of doubles; without values it is left out.
  mutating func packed(_ field: UInt64, _ values: [Double]) {
    guard !values.isEmpty else { return }
    key(field, 2)
    varint(UInt64(values.count * 8))
    for value in values { fixed64(value.bitPattern) }
  }

  /// How many bytes a varint takes.
  @inline(__always)
  static func size(_ value: UInt64) -> Int { (max(1, 64 - value.leadingZeroBitCount) + 6) / 7 }
}
