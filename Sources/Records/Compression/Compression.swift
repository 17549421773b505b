import CKernels

/// How a record file may be compressed as a whole.
public enum Compression: String, Sendable, Hashable, Codable, CaseIterable {
  /// RFC 1952; files made with `gzip`, or TFRecords written with the option GZIP. May have several members.
  case gzip
  /// RFC 1950; TFRecords written with the option ZLIB.
  case zlib

  /// How many bytes ``detected(in:)`` wants to see of a file's beginning.
  public static let headLength = RecordFrame.headerLength

  /// What a file that begins with `head` is compressed with; nil where it is not, or where too little of it is there to
  /// tell. A sound record header that happens to begin like a compressed file is a record header.
  public static func detected(in head: UnsafeRawBufferPointer) -> Compression? {
    guard head.count >= headLength else {
      // The empty stream is the only one that is shorter.
      return isZlibHeader(head) && head[2...].elementsEqual(emptyZlibEnd) ? .zlib : nil
    }
    var length: UInt64 = 0
    switch ck_frame_check(head.baseAddress!, headLength, &length) {
    case CK_FRAME_GOOD, CK_FRAME_SHORT_PAYLOAD, CK_FRAME_BAD_PAYLOAD: return nil
    default: break
    }
    if isGzipHeader(head) { return .gzip }
    return isZlibHeader(head) ? .zlib : nil
  }

  /// What a zlib stream of nothing consists of, after its header.
  private static let emptyZlibEnd: [UInt8] = [3, 0, 0, 0, 0, 1]

  /// Whether a gzip member may begin here: mark, method, no reserved flags.
  static func isGzipHeader(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.count >= 4 && bytes[0] == 0x1F && bytes[1] == 0x8B && bytes[2] == 8 && bytes[3] & 0xE0 == 0
  }

  /// Whether a zlib stream of a 32 KiB window may begin here; two bytes or more.
  static func isZlibHeader(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.count >= 2 && bytes[0] == 0x78 && (Int(bytes[0]) << 8 | Int(bytes[1])) % 31 == 0
  }
}

/// A stretch of a compressed file that could not be decompressed.
public struct CompressionGap: Sendable, Hashable {
  /// The offset in the decompressed bytes at which something is missing.
  public var offset: UInt64
  /// Where in the file itself the damage was noticed.
  public var fileOffset: UInt64
  /// Bytes of the file that were passed over.
  public var fileBytes: UInt64
  /// In zlib's words, or ours.
  public var reason: String

  /// As a person is told of it.
  public var message: String { "the compressed data is damaged at byte \(fileOffset) of the file: \(reason)" }
}

/// Whether a source ends where its writer ended it.
public enum SourceEnding: Sendable, Hashable {
  /// Yes, or there is no telling.
  case whole
  /// The compressed data ends early: it was cut, or is still being written.
  case unfinished
  /// What follows cannot be decompressed.
  case damaged(CompressionGap)
}
