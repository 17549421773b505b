/// Walks protocol buffer bytes in place. This and the files that use it are the module's island of unsafe pointers:
/// every read compares with `end` first, and a malformed field sets `failed` and jumps to the end instead of throwing,
/// which costs nothing on the way that is taken a hundred million times.
///
/// Wire format: a field is a varint key `number << 3 | type` and its content: type 0 varint, 1 eight bytes,
/// 2 varint length and that many bytes, 5 four bytes (3 and 4 bracket groups). Source: protobuf.dev, "Encoding".
struct WireCursor {
  var at: UnsafeRawPointer
  let end: UnsafeRawPointer
  var failed = false

  @inline(__always)
  init(_ at: UnsafeRawPointer, _ end: UnsafeRawPointer) {
    self.at = at
    self.end = end
  }

  @inline(__always)
  init(_ bytes: UnsafeRawBufferPointer) {
    // An empty buffer may have no address; any will do, since nothing is read.
    let start = bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 1)!
    self.init(start, start + bytes.count)
  }

  @inline(__always)
  var hasMore: Bool { at < end }

  @inline(__always)
  private var left: Int { end - at }

  @inline(never)
  mutating func fail() {
    failed = true
    at = end
  }

  @inline(__always)
  mutating func varint() -> UInt64 {
    guard at < end else {
      fail()
      return 0
    }
    let byte = at.load(as: UInt8.self)
    if byte < 0x80 {
      at += 1
      return UInt64(byte)
    }
    return longVarint()
  }

  @inline(never)
  private mutating func longVarint() -> UInt64 {
    var result: UInt64 = 0
    var shift: UInt64 = 0
    while at < end, shift < 70 {
      let byte = at.load(as: UInt8.self)
      at += 1
      result |= UInt64(byte & 0x7F) << shift  // bits beyond 64 fall away, as in every decoder
      if byte < 0x80 { return result }
      shift += 7
    }
    fail()
    return 0
  }

  @inline(__always)
  mutating func fixed64() -> UInt64 {
    guard left >= 8 else {
      fail()
      return 0
    }
    defer { at += 8 }
    return UInt64(littleEndian: at.loadUnaligned(as: UInt64.self))
  }

  @inline(__always)
  mutating func fixed32() -> UInt32 {
    guard left >= 4 else {
      fail()
      return 0
    }
    defer { at += 4 }
    return UInt32(littleEndian: at.loadUnaligned(as: UInt32.self))
  }

  /// The content of a length-delimited field.
  @inline(__always)
  mutating func bytes() -> UnsafeRawBufferPointer {
    let length = varint()
    guard length <= UInt64(left) else {
      fail()
      return UnsafeRawBufferPointer(start: nil, count: 0)
    }
    defer { at += Int(length) }
    return UnsafeRawBufferPointer(start: at, count: Int(length))
  }

  /// Passes over the content of the field whose key was just read.
  @inline(never)
  mutating func skip(_ key: UInt64, depth: Int = 0) {
    switch key & 7 {
    case 0: _ = varint()
    case 1: _ = fixed64()
    case 2: _ = bytes()
    case 5: _ = fixed32()
    case 3 where depth < 64:
      while at < end {
        let inner = varint()
        if inner & 7 == 4 {
          if inner >> 3 != key >> 3 { fail() }
          return
        }
        skip(inner, depth: depth + 1)
      }
      fail()
    default: fail()
    }
    if key >> 3 == 0 { fail() }
  }
}

extension UnsafeRawBufferPointer {
  /// The bytes as text; what is not valid UTF-8 becomes U+FFFD.
  var text: String { String(decoding: self, as: UTF8.self) }
}
