#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Bytes that can be read at any offset and may grow while they are read. Readers get their bytes through this, so
/// that tests can feed them in awkward pieces.
public protocol ByteSource {
  /// What messages call the source: a file's path.
  var path: String { get }

  /// How many bytes there are at present.
  func size() throws -> UInt64

  /// Reads bytes from `offset` into `buffer`; returns how many, 0 only at the present end.
  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws -> Int

  /// How many bytes there are from `offset` on, `limit` where there are as many or more; nil where there are fewer than
  /// `offset` bytes at all. Where asking for the size is dear, this is not.
  func available(from offset: UInt64, upTo limit: UInt64) throws -> UInt64?

  /// How the bytes are compressed where they are stored; offsets are then those of the decompressed ones.
  func compression() throws -> Compression?

  /// What could not be decompressed, by the offset it is missing at. Complete for what was read.
  func gaps(in range: Range<UInt64>) -> [CompressionGap]

  /// How the source ends; to be asked after its end was met.
  func ending() -> SourceEnding
}

extension ByteSource {
  public func available(from offset: UInt64, upTo limit: UInt64) throws -> UInt64? {
    let size = try size()
    return size < offset ? nil : min(size - offset, limit)
  }

  public func compression() throws -> Compression? { nil }
  public func gaps(in range: Range<UInt64>) -> [CompressionGap] { [] }
  public func ending() -> SourceEnding { .whole }

  /// Reads until `buffer` is full or the source ends; returns how many bytes it has.
  func readFully(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws -> Int {
    var done = 0
    while done < buffer.count {
      let got = try read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[done...]), at: offset + UInt64(done))
      if got == 0 { break }
      done += got
    }
    return done
  }
}

/// A source as the bytes its writer wrote: decompressed, where it is compressed.
public func decompressed(_ source: some ByteSource) -> any ByteSource {
  source is any AlreadyDecompressed ? source : DecompressedSource(source)
}

/// Marks sources that need no further look.
protocol AlreadyDecompressed {}
extension DecompressedSource: AlreadyDecompressed {}

/// A file read with `pread`. It is never mapped: a file that is cut under a mapping ends the process.
public final class FileSource: ByteSource, @unchecked Sendable {
  // Sendable by inspection: both properties are constant, and pread keeps no state in the descriptor.
  public let path: String
  private let descriptor: Int32

  /// Throws ``RecordError/cannotOpen(path:errno:)``, or ``RecordError/notAFile(path:)`` for a pipe, device or folder.
  public init(path: String) throws {
    self.path = path
    // Without O_NONBLOCK a pipe would hold the caller here until somebody writes to it.
    descriptor = ByteText.withFileName(path) { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
    guard descriptor >= 0 else { throw RecordError.cannotOpen(path: path, errno: errno) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw RecordError.notAFile(path: path)
    }
    #if os(Linux)
      posix_fadvise(descriptor, 0, 0, Int32(POSIX_FADV_SEQUENTIAL))
    #endif
  }

  deinit { close(descriptor) }

  /// What tells the file's content at present from others, without reading it.
  public struct Identity: Sendable, Hashable {
    var device: UInt64
    var inode: UInt64
    var size: Int64
    var modified: Int64
    var changed: Int64
  }

  /// Nil where the system does not say.
  public var identity: Identity? {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return nil }
    #if canImport(Darwin)
      let (modified, changed) = (status.st_mtimespec, status.st_ctimespec)
    #else
      let (modified, changed) = (status.st_mtim, status.st_ctim)
    #endif
    return Identity(
      device: UInt64(truncatingIfNeeded: status.st_dev), inode: UInt64(truncatingIfNeeded: status.st_ino),
      size: Int64(status.st_size), modified: Int64(modified.tv_sec) &* 1_000_000_000 &+ Int64(modified.tv_nsec),
      changed: Int64(changed.tv_sec) &* 1_000_000_000 &+ Int64(changed.tv_nsec))
  }

  public func size() throws -> UInt64 {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw RecordError.cannotRead(path: path, offset: 0, errno: errno) }
    return UInt64(max(0, status.st_size))
  }

  public func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws -> Int {
    guard buffer.count > 0, let signedOffset = off_t(exactly: offset) else { return 0 }
    while true {
      let count = pread(descriptor, buffer.baseAddress, buffer.count, signedOffset)
      if count >= 0 { return count }
      if errno != EINTR { throw RecordError.cannotRead(path: path, offset: offset, errno: errno) }
    }
  }
}

/// Bytes in memory as a source, for records that did not come from a file.
public struct MemorySource: ByteSource, Sendable {
  public let path: String
  public var bytes: [UInt8]

  public init(_ bytes: [UInt8], path: String = "memory") {
    self.bytes = bytes
    self.path = path
  }

  public func size() -> UInt64 { UInt64(bytes.count) }

  public func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) -> Int {
    guard offset < UInt64(bytes.count) else { return 0 }
    let start = Int(offset)
    let count = min(buffer.count, bytes.count - start)
    bytes.withUnsafeBytes { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[start..<start + count])) }
    return count
  }
}

/// The operating system's words for an error number.
func systemMessage(_ code: Int32) -> String {
  guard let text = strerror(code) else { return "error \(code)" }
  return String(cString: text)
}
