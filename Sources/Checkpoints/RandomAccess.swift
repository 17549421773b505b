import Glibc

/// Bytes that can be read at any offset. Files in use, arrays in tests.
protocol RandomAccess: Sendable {
  /// The path shown in errors.
  var path: String { get }
  /// Size in bytes when it was opened.
  var size: UInt64 { get }
  /// Reads exactly `count` bytes from `offset`, fewer only where the bytes end.
  func read(at offset: UInt64, count: Int) throws -> [UInt8]
}

extension RandomAccess {
  /// The bytes from `offset` that exist, out of `count`.
  fileprivate func available(at offset: UInt64, count: Int) -> Int {
    guard offset < size, count > 0 else { return 0 }
    return Int(min(UInt64(count), size - offset))
  }
}

/// A file opened for reading. `pread` keeps no position, so one file serves many tasks.
final class RandomAccessFile: RandomAccess {
  let path: String
  let size: UInt64
  private let descriptor: Int32

  /// Throws `CheckpointError.notFound` where there is no file, `.fileAccess` for every other refusal, such as of a pipe
  /// or device, and `.outside` for one that is not within `confinement`.
  init(path: String, within confinement: Confinement? = nil) throws {
    if confinement?.isOutside(path) == true { throw CheckpointError.outside(path: path) }
    // Without O_NONBLOCK a pipe would hold the caller here until somebody writes to it.
    descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    self.path = path
    guard descriptor >= 0 else {
      if errno == ENOENT || errno == ENOTDIR { throw CheckpointError.notFound(path: path, detail: "no such file") }
      throw CheckpointError.fileAccess(path: path, action: "open", reason: systemReason())
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let reason = systemReason()
      close(descriptor)
      throw CheckpointError.fileAccess(path: path, action: "read the size", reason: reason)
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw CheckpointError.fileAccess(path: path, action: "read", reason: "it is not a regular file")
    }
    size = UInt64(max(0, status.st_size))
  }

  deinit { close(descriptor) }

  func read(at offset: UInt64, count: Int) throws -> [UInt8] {
    let wanted = available(at: offset, count: count)
    // The one unsafe island here: the buffer holds `wanted` bytes and `filled` never passes that.
    return try [UInt8](unsafeUninitializedCapacity: wanted) { buffer, filled in
      while filled < wanted {
        let got = pread(descriptor, buffer.baseAddress! + filled, wanted - filled, off_t(offset) + off_t(filled))
        if got < 0 {
          if errno == EINTR { continue }
          throw CheckpointError.fileAccess(path: path, action: "read", reason: systemReason())
        }
        if got == 0 { break }
        filled += got
      }
    }
  }
}

/// Bytes in memory that behave like a file.
struct MemoryBytes: RandomAccess {
  let path: String
  let bytes: [UInt8]
  var size: UInt64 { UInt64(bytes.count) }

  func read(at offset: UInt64, count: Int) -> [UInt8] {
    let wanted = available(at: offset, count: count)
    return wanted == 0 ? [] : Array(bytes[Int(offset)..<Int(offset) + wanted])
  }
}

/// The text of the last failed system call.
func systemReason(_ code: Int32 = errno) -> String { String(cString: strerror(code)) }
