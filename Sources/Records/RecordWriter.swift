#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Writes a TFRecord file through a buffer.
///
/// A record is in the file after ``flush()`` or ``close()``, which hand it to the operating system: it then survives
/// the end of the process, by whatever signal. Not safe to share between threads.
public struct RecordWriter: ~Copyable, @unchecked Sendable {
  // Sendable by inspection: it cannot be copied, so its buffer has one owner at any time.
  /// What to do with a file that exists.
  public enum Mode: Sendable {
    /// Fail with `cannotOpen` and EEXIST: never overwrites.
    case createNew
    /// Empty it.
    case overwrite
    /// Write after its end.
    case append
  }

  public let path: String
  private var descriptor: Int32
  private var buffer: UnsafeMutableRawBufferPointer
  private var used = 0
  /// Bytes handed to the operating system so far, and the file's length at the start when appending.
  public private(set) var writtenOffset: UInt64

  /// Where the next record will start in the file.
  public var position: UInt64 { writtenOffset + UInt64(used) }

  public init(path: String, mode: Mode = .overwrite, bufferSize: Int = 1 << 18) throws {
    self.path = path
    let flags: Int32 =
      switch mode {
      case .createNew: O_CREAT | O_EXCL
      case .overwrite: O_CREAT | O_TRUNC
      case .append: O_CREAT | O_APPEND
      }
    let opened = open(path, O_WRONLY | O_CLOEXEC | flags, 0o644)
    guard opened >= 0 else { throw RecordError.cannotOpen(path: path, errno: errno) }
    descriptor = opened
    var start: UInt64 = 0
    if mode == .append {
      let end = lseek(opened, 0, SEEK_END)
      start = end > 0 ? UInt64(end) : 0
    }
    writtenOffset = start
    buffer = .allocate(byteCount: max(bufferSize, 64), alignment: 64)
  }

  deinit {
    // Closing without a flush loses what was buffered, as the end of the process would; `close` is for callers.
    if descriptor >= 0 { _ = closeDescriptor(descriptor) }
    buffer.deallocate()
  }

  /// Adds one record.
  public mutating func append(_ payload: UnsafeRawBufferPointer) throws {
    guard descriptor >= 0 else { throw RecordError.closed(path: path) }
    let whole = payload.count + RecordFrame.overhead
    if used + whole > buffer.count {
      try flush()
      if whole > buffer.count { try reserve(whole) }
    }
    let frame = UnsafeMutableRawBufferPointer(rebasing: buffer[used..<used + whole])
    RecordFrame.write(payload, into: frame)
    used += whole
  }

  /// Adds one record.
  public mutating func append(_ payload: [UInt8]) throws {
    try payload.withUnsafeBytes { try append($0) }
  }

  /// Adds records that are framed already, as ``appendRecordFrame(_:to:)`` makes them.
  public mutating func appendFrames(_ frames: [UInt8]) throws {
    guard descriptor >= 0 else { throw RecordError.closed(path: path) }
    if used + frames.count > buffer.count {
      try flush()
      if frames.count > buffer.count {
        return try frames.withUnsafeBytes { try write($0) }
      }
    }
    frames.withUnsafeBytes {
      UnsafeMutableRawBufferPointer(rebasing: buffer[used..<used + $0.count]).copyMemory(from: $0)
    }
    used += frames.count
  }

  /// Hands everything buffered to the operating system.
  public mutating func flush() throws {
    guard descriptor >= 0 else { throw RecordError.closed(path: path) }
    let count = used
    used = 0
    try write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
  }

  /// Flushes, asks the disk to keep the bytes through a loss of power, and closes. Closing twice does nothing.
  public mutating func close() throws {
    guard descriptor >= 0 else { return }
    defer {
      _ = closeDescriptor(descriptor)
      descriptor = -1
    }
    try flush()
    _ = fsync(descriptor)
  }

  private mutating func reserve(_ count: Int) throws {
    buffer.deallocate()
    buffer = .allocate(byteCount: count, alignment: 64)
  }

  private mutating func write(_ bytes: UnsafeRawBufferPointer) throws {
    var done = 0
    let start = writtenOffset
    while done < bytes.count {
      let count = writeDescriptor(descriptor, bytes.baseAddress! + done, bytes.count - done)
      if count < 0 {
        if errno == EINTR { continue }
        let code = errno
        // A full disk: leave whole records alone behind, as far as that can be had.
        // The next write goes on there: beyond the end it would leave a hole of zeros.
        if ftruncate(descriptor, off_t(start)) == 0, lseek(descriptor, off_t(start), SEEK_SET) == off_t(start) {
          writtenOffset = start
        }
        throw RecordError.cannotWrite(path: path, offset: start, errno: code)
      }
      done += count
      writtenOffset += UInt64(count)
    }
  }
}

// Inside the writer these names would be its own methods.
private func closeDescriptor(_ descriptor: Int32) -> Int32 { close(descriptor) }
private func writeDescriptor(_ descriptor: Int32, _ bytes: UnsafeRawPointer, _ count: Int) -> Int {
  write(descriptor, bytes, count)
}

extension RecordFrame {
  /// Completes a frame whose payload is in place: writes length and checksums around it.
  public static func seal(_ frame: UnsafeMutableRawBufferPointer) {
    let length = frame.count - overhead
    precondition(length >= 0, "a frame has at least \(overhead) bytes")
    frame.storeBytes(of: UInt64(length).littleEndian, as: UInt64.self)
    let lengthChecksum = CRC32C.mask(CRC32C.checksum(UnsafeRawBufferPointer(rebasing: frame[..<8])))
    frame.storeBytes(of: lengthChecksum.littleEndian, toByteOffset: 8, as: UInt32.self)
    let payload = UnsafeRawBufferPointer(rebasing: frame[headerLength..<headerLength + length])
    let checksum = CRC32C.mask(CRC32C.checksum(payload))
    frame.storeBytes(of: checksum.littleEndian, toByteOffset: headerLength + length, as: UInt32.self)
  }

  /// Frames `payload` into `frame`, which has exactly 16 bytes more.
  static func write(_ payload: UnsafeRawBufferPointer, into frame: UnsafeMutableRawBufferPointer) {
    UnsafeMutableRawBufferPointer(rebasing: frame[headerLength..<headerLength + payload.count]).copyMemory(
      from: payload)
    seal(frame)
  }
}

/// Appends one framed record to bytes in memory.
public func appendRecordFrame(_ payload: UnsafeRawBufferPointer, to bytes: inout [UInt8]) {
  let start = bytes.count
  bytes.append(contentsOf: repeatElement(0, count: payload.count + RecordFrame.overhead))
  bytes.withUnsafeMutableBytes {
    RecordFrame.write(payload, into: UnsafeMutableRawBufferPointer(rebasing: $0[start...]))
  }
}

/// Appends one framed record to bytes in memory.
public func appendRecordFrame(_ payload: [UInt8], to bytes: inout [UInt8]) {
  payload.withUnsafeBytes { appendRecordFrame($0, to: &bytes) }
}
