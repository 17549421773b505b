/// Summary.Image: 1 height, 2 width, 3 colorspace (1 gray, 2 gray and alpha, 3 RGB, 4 RGBA), 4 encoded picture.
struct ImageProtoForm {
  var width = 0
  var height = 0
  var colorspace = 0
  var encoded = UnsafeRawBufferPointer(start: nil, count: 0)

  /// Nil when the bytes do not parse.
  init?(_ bytes: UnsafeRawBufferPointer) {
    var cursor = WireCursor(bytes)
    while cursor.hasMore {
      let key = cursor.varint()
      switch key {
      case 0x08: height = Int(Int32(truncatingIfNeeded: cursor.varint()))
      case 0x10: width = Int(Int32(truncatingIfNeeded: cursor.varint()))
      case 0x18: colorspace = Int(Int32(truncatingIfNeeded: cursor.varint()))
      case 0x22: encoded = cursor.bytes()
      default: cursor.skip(key)
      }
    }
    if cursor.failed { return nil }
  }
}

/// Summary.Audio: 1 sample rate float, 2 channels, 3 length in frames, 4 encoded sound, 5 content type.
struct AudioProtoForm {
  var sampleRate = 0.0
  var channels = 0
  var frames = 0
  var encoded = UnsafeRawBufferPointer(start: nil, count: 0)
  var contentType = ""

  /// Nil when the bytes do not parse.
  init?(_ bytes: UnsafeRawBufferPointer) {
    var cursor = WireCursor(bytes)
    while cursor.hasMore {
      let key = cursor.varint()
      switch key {
      case 0x0D: sampleRate = Double(Float(bitPattern: cursor.fixed32()))
      case 0x10: channels = Int(truncatingIfNeeded: cursor.varint())
      case 0x18: frames = Int(truncatingIfNeeded: cursor.varint())
      case 0x22: encoded = cursor.bytes()
      case 0x2A: contentType = cursor.bytes().text
      default: cursor.skip(key)
      }
    }
    if cursor.failed { return nil }
  }
}
