import CZlib

/// zlib's decompression at one place of a file: an island of unsafe pointers, owned by `DecompressedSource`.
///
/// It may be copied (about 40 KiB), so that reading can return to the place later.
final class Inflater: @unchecked Sendable {
  // Sendable by inspection: whoever owns one reaches it under the lock of its source only.
  /// What one call came to.
  enum Outcome: Equatable {
    /// Everything that could be done was done: it wants more bytes, or more room.
    case running
    /// The end of a gzip member or of a zlib stream.
    case ended
    case failed(String)
  }

  // zlib keeps the stream's address, so it must not move.
  private let stream: UnsafeMutablePointer<z_stream>
  /// How many decompressed bytes came before this place.
  private(set) var position: UInt64 = 0
  /// Where the next byte to decompress stands in the file.
  private(set) var fileOffset: UInt64 = 0
  /// Where the present member began in the file.
  private(set) var memberStart: UInt64 = 0
  /// Whether nothing of the member was taken in yet.
  var isAtMemberStart: Bool { fileOffset == memberStart }
  /// The file's size when it was found that nothing more can be had here.
  var stuckAtSize: UInt64?

  /// A place at a file's beginning; nil where there is no memory.
  init?() {
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    // 15 bits of window, and 32 for recognizing gzip and zlib.
    guard inflateInit2_(stream, 15 + 32, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      stream.deallocate()
      return nil
    }
  }

  /// The same place once more; nil where there is no memory.
  init?(copying other: Inflater) {
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    guard inflateCopy(stream, other.stream) == Z_OK else {
      stream.deallocate()
      return nil
    }
    position = other.position
    fileOffset = other.fileOffset
    memberStart = other.memberStart
    stuckAtSize = other.stuckAtSize
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
  }

  /// Decompresses from `input`, the file's bytes at ``fileOffset``, into `output`; gives how many bytes were made.
  func inflate(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) -> (count: Int, outcome: Outcome) {
    let available = min(input.count, 1 << 30)
    let room = min(output.count, 1 << 30)
    // zlib does not write to its input; its type only does not say so.
    stream.pointee.next_in = UnsafeMutablePointer(mutating: input.bindMemory(to: UInt8.self).baseAddress)
    stream.pointee.avail_in = UInt32(available)
    stream.pointee.next_out = output.bindMemory(to: UInt8.self).baseAddress
    stream.pointee.avail_out = UInt32(room)
    let result = CZlib.inflate(stream, Z_NO_FLUSH)
    let taken = available - Int(stream.pointee.avail_in)
    let count = room - Int(stream.pointee.avail_out)
    fileOffset += UInt64(taken)
    position += UInt64(count)
    let outcome: Outcome =
      switch result {
      case Z_OK, Z_BUF_ERROR: .running
      case Z_STREAM_END: .ended
      case Z_NEED_DICT: .failed("it needs a dictionary")
      default: .failed(stream.pointee.msg.map { String(cString: $0) } ?? "zlib error \(result)")
      }
    // The pointers are the caller's and must not outlive the call.
    stream.pointee.next_in = nil
    stream.pointee.next_out = nil
    return (count, outcome)
  }

  /// Begins a new member at an offset of the file.
  func beginMember(at offset: UInt64) {
    inflateReset2(stream, 15 + 32)
    fileOffset = offset
    memberStart = offset
    stuckAtSize = nil
  }
}
