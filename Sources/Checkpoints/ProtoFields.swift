/// Walks the fields of one protobuf message in place. An index of 10,000 tensors is listed in milliseconds this way;
/// generated messages would allocate several times an entry.
struct ProtoFields {
  enum Value {
    case number(UInt64)
    case fixed32(UInt32)
    case fixed64(UInt64)
    /// Bytes, a string or a message: where it lies.
    case bytes(Range<Int>)
  }

  private var cursor: ByteCursor
  /// Whether the message ended inside of a field, or held a wire type that does not exist.
  private(set) var isDamaged = false

  init(_ bytes: [UInt8], _ range: Range<Int>) { cursor = ByteCursor(bytes, range) }

  mutating func next() -> (field: Int, value: Value)? {
    guard !cursor.isAtEnd, !isDamaged else { return nil }
    if let key = cursor.varint(), let field = Int(exactly: key >> 3), field > 0 {
      switch key & 7 {
      case 0: if let value = cursor.varint() { return (field, .number(value)) }
      case 1: if let value = cursor.fixed64() { return (field, .fixed64(value)) }
      case 2: if let count = cursor.count(), let range = cursor.range(count) { return (field, .bytes(range)) }
      case 5: if let value = cursor.fixed32() { return (field, .fixed32(value)) }
      default: break
      }
    }
    isDamaged = true
    return nil
  }
}
