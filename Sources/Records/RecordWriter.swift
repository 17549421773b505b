#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Writes a TFRecord file through a buffer, compressed if so wished.
///
/// A record is in the file after ``flush()`` or ``close()``, which hand it to the operating system: it then survives
/// the end of the process, by whatever signal. Each flush of a compressed file costs some of the compression. Not safe
/// to share between threads.
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
  private let deflater: Deflater?
  /// Set when part of a compressed stream could not be written: nothing that follows it could be read.
  private var failure: RecordError?
  /// Bytes handed to the operating system so far, and the file's length at the start when appending.
  public private(set) var writtenOffset: UInt64
  /// Bytes of records before the buffer, as they are before compression.
  private var flushedOffset: UInt64

  /// Where the next record will start: in the file, or, where it is compressed, in what was written with this writer.
  public var position: UInt64 { flushedOffset + UInt64(used) }

  /// - Parameters:
  ///   - path: the file.
  ///   - mode: what to do with one that exists.
  ///   - compression: of the file as a whole; nil for none. What is appended to a gzip file is a new member of it, which
  ///     every reader of gzip takes as its continuation; to a zlib file nothing can be appended.
  ///   - level: from 0, fast, to 9, small; zlib's usual 6 by default.
  ///   - bufferSize: how many bytes of records are gathered before they go on.
  public init(
    path: String, mode: Mode = .overwrite, compression: Compression? = nil, level: Int? = nil,
    bufferSize: Int = 1 << 18
  ) throws {
    // Nothing is stored before the last failure: a value that cannot be copied is made whole or not at all.
    if compression == .zlib, mode == .append, access(path, F_OK) == 0 { throw RecordError.cannotAppend(path: path) }
    let deflater = compression.flatMap { Deflater($0, level: level) }
    if compression != nil, deflater == nil { throw RecordError.cannotOpen(path: path, errno: ENOMEM) }
    let flags: Int32 =
      switch mode {
      case .createNew: O_CREAT | O_EXCL
      case .overwrite: O_CREAT | O_TRUNC
      case .append: O_CREAT | O_APPEND
      }
    let opened = open(path, O_WRONLY | O_CLOEXEC | flags, 0o644)
    guard opened >= 0 else { throw RecordError.cannotOpen(path: path, errno: errno) }
    var start: UInt64 = 0
    if mode == .append {
      let end = lseek(opened, 0, SEEK_END)
      start = end > 0 ? UInt64(end) : 0
    }
    self.path = path
    self.deflater = deflater
    descriptor = opened
    writtenOffset = start
    flushedOffset = compression == nil ? start : 0
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
      try drain()
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
      try drain()
      if frames.count > buffer.count {
        return try frames.withUnsafeBytes { try send($0) }
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
    try drain()
    try finish(.flushed)
  }

  /// Flushes, asks the disk to keep the bytes through a loss of power, and closes. Closing twice does nothing.
  public mutating func close() throws {
    guard descriptor >= 0 else { return }
    defer {
      _ = closeDescriptor(descriptor)
      descriptor = -1
    }
    try drain()
    try finish(.ended)
    _ = fsync(descriptor)
  }

  /// Hands on what is in the buffer.
  private mutating func drain() throws {
    let count = used
    used = 0
    try send(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
  }

  /// Writes records, through the compressor where there is one.
  private mutating func send(_ bytes: UnsafeRawBufferPointer) throws {
    if let deflater {
      try compress(deflater, bytes, .running)
    } else {
      try write(bytes)
    }
    flushedOffset += UInt64(bytes.count)
  }

  private mutating func finish(_ end: Deflater.End) throws {
    if let deflater { try compress(deflater, UnsafeRawBufferPointer(start: nil, count: 0), end) }
  }

  private mutating func compress(
    _ deflater: Deflater, _ bytes: UnsafeRawBufferPointer, _ end: Deflater.End
  ) throws {
    if let failure { throw failure }
    do {
      try deflater.deflate(bytes, end) { try write($0) }
    } catch let error as RecordError {
      failure = error
      throw error
    }
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
