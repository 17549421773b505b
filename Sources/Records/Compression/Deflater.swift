import CZlib

/// zlib's compression of one file: an island of unsafe pointers, owned by `RecordWriter`.
final class Deflater {
  /// How far what was taken in must come out.
  enum End {
    /// As zlib likes.
    case running
    /// All of it: a reader that has the bytes so far can decompress every byte taken in.
    case flushed
    /// All of it, and the end mark.
    case ended
  }

  // zlib keeps the stream's address, so it must not move.
  private let stream: UnsafeMutablePointer<z_stream>
  private let output: UnsafeMutableRawBufferPointer
  /// Whether anything was taken in since the last flush.
  private var isDirty = false

  /// Nil where there is no memory.
  init?(_ compression: Compression, level: Int?) {
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    // 15 bits of window; 16 more for gzip's header and checksum.
    let window: Int32 = compression == .gzip ? 15 + 16 : 15
    let level = level.map { Int32(min(9, max(0, $0))) } ?? Z_DEFAULT_COMPRESSION
    let result = deflateInit2_(
      stream, level, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard result == Z_OK else {
      stream.deallocate()
      return nil
    }
    output = .allocate(byteCount: 1 << 16, alignment: 16)
  }

  deinit {
    deflateEnd(stream)
    stream.deallocate()
    output.deallocate()
  }

  /// Compresses `bytes` and gives what comes out to `write`, piece by piece. After `.ended` nothing more may follow.
  func deflate(
    _ bytes: UnsafeRawBufferPointer, _ end: End, _ write: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    isDirty = isDirty || bytes.count > 0
    if end == .running && bytes.count == 0 || end == .flushed && !isDirty { return }
    var done = 0
    while true {
      let count = min(bytes.count - done, 1 << 30)
      let isLast = done + count == bytes.count
      let piece = UnsafeRawBufferPointer(rebasing: bytes[done..<done + count])
      // zlib does not write to its input; its type only does not say so.
      stream.pointee.next_in = UnsafeMutablePointer(mutating: piece.bindMemory(to: UInt8.self).baseAddress)
      stream.pointee.avail_in = UInt32(count)
      let flush = !isLast || end == .running ? Z_NO_FLUSH : end == .flushed ? Z_SYNC_FLUSH : Z_FINISH
      repeat {
        stream.pointee.next_out = output.bindMemory(to: UInt8.self).baseAddress
        stream.pointee.avail_out = UInt32(output.count)
        _ = CZlib.deflate(stream, flush)
        let made = output.count - Int(stream.pointee.avail_out)
        if made > 0 { try write(UnsafeRawBufferPointer(rebasing: output[..<made])) }
      } while stream.pointee.avail_out == 0
      done += count
      if isLast { break }
    }
    if end != .running { isDirty = false }
    // The pointers are the caller's and must not outlive the call.
    stream.pointee.next_in = nil
    stream.pointee.next_out = nil
  }
}
