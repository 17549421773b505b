/// Walks the protocol buffer wire format in place.
///
/// A message is a sequence of fields; a field is a varint key (number << 3 | wire type) and a value: 0 varint, 1 eight
/// bytes, 2 length and bytes, 5 four bytes (https://protobuf.dev/programming-guides/encoding). Types 3 and 4 (groups) do
/// not occur in the messages read here and count as damage. Nothing is copied and nothing is trusted: every length is
/// checked against the message it lies in.
struct WireReader {
  /// A field: where its bytes lie for wire type 2, its number for the others.
  struct Field {
    let number: Int
    let type: UInt8
    let value: UInt64
    let range: Range<Int>
  }

  /// What is wrong, and at which byte of the whole buffer.
  struct Failure: Error {
    let offset: Int
    let reason: String
  }

  let bytes: [UInt8]
  var position: Int
  let end: Int

  init(_ bytes: [UInt8]) {
    self.init(bytes, 0..<bytes.count)
  }

  init(_ bytes: [UInt8], _ range: Range<Int>) {
    self.bytes = bytes
    position = range.lowerBound
    end = range.upperBound
  }

  /// The next field, or nil at the end of the message.
  mutating func next() throws -> Field? {
    guard position < end else { return nil }
    let start = position
    let key = try varint()
    let number = key >> 3
    guard number > 0, number < 1 << 29 else {
      throw Failure(offset: start, reason: "field number \(number) is not valid")
    }
    let type = UInt8(key & 7)
    switch type {
    case 0:
      let value = try varint()
      return Field(number: Int(number), type: type, value: value, range: position..<position)
    case 2:
      let lengthAt = position
      let length = try varint()
      guard length <= UInt64(end - position) else {
        throw Failure(
          offset: lengthAt, reason: "field \(number) says it is \(length) bytes long, but only \(end - position) remain"
        )
      }
      let range = position..<position + Int(length)
      position = range.upperBound
      return Field(number: Int(number), type: type, value: length, range: range)
    case 1, 5:
      let width = type == 1 ? 8 : 4
      guard end - position >= width else {
        throw Failure(offset: position, reason: "field \(number) ends after \(end - position) of \(width) bytes")
      }
      var value: UInt64 = 0
      for index in 0..<width { value |= UInt64(bytes[position + index]) << (8 * UInt64(index)) }
      position += width
      return Field(number: Int(number), type: type, value: value, range: position - width..<position)
    default:
      throw Failure(offset: start, reason: "field \(number) has wire type \(type), which no graph uses")
    }
  }

  private mutating func varint() throws -> UInt64 {
    let start = position
    var result: UInt64 = 0
    var shift: UInt64 = 0
    while position < end {
      let byte = bytes[position]
      position += 1
      if shift == 63, byte > 1 { break }
      result |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return result }
      shift += 7
      if shift > 63 { break }
    }
    throw Failure(offset: start, reason: "a variable-length number does not end")
  }

  /// The text of a field; bytes that are not UTF-8 become replacement characters.
  func string(_ field: Field) -> String {
    String(decoding: bytes[field.range], as: UTF8.self)
  }

  /// Whether a field's bytes are this text.
  func equals(_ field: Field, _ text: StaticString) -> Bool {
    guard field.range.count == text.utf8CodeUnitCount else { return false }
    return text.withUTF8Buffer { expected in
      for (index, byte) in expected.enumerated() where bytes[field.range.lowerBound + index] != byte { return false }
      return true
    }
  }
}
