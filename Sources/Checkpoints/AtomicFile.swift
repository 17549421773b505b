import Glibc

/// A file that is written aside and takes its place in one step.
///
/// Until `commit`, what stood at `path` is untouched: a full disk, an error or a killed process leaves at worst a file
/// whose name ends in `.tmp` and the process's number.
struct AtomicFile: ~Copyable {
  let path: String
  private let temporaryPath: String
  private var descriptor: Int32
  /// Bytes written so far.
  private(set) var size: UInt64 = 0

  init(path: String) throws {
    self.path = path
    temporaryPath = "\(path).\(getpid()).tmp"
    descriptor = open(temporaryPath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw CheckpointError.fileAccess(path: temporaryPath, action: "create", reason: systemReason())
    }
  }

  deinit {
    if descriptor >= 0 {
      close(descriptor)
      unlink(temporaryPath)
    }
  }

  mutating func write(_ bytes: UnsafeRawBufferPointer) throws {
    var done = 0
    while done < bytes.count {
      // The kernel takes at most 2 GiB a call anyway.
      let wrote = Glibc.write(descriptor, bytes.baseAddress! + done, min(bytes.count - done, 1 << 30))
      if wrote < 0 {
        if errno == EINTR { continue }
        throw CheckpointError.fileAccess(path: temporaryPath, action: "write", reason: systemReason())
      }
      done += wrote
    }
    size += UInt64(bytes.count)
  }

  mutating func write(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try write($0) } }

  /// Puts the file in its place once its bytes have reached the disk.
  mutating func commit() throws {
    guard fsync(descriptor) == 0 else {
      throw CheckpointError.fileAccess(path: temporaryPath, action: "write", reason: systemReason())
    }
    guard rename(temporaryPath, path) == 0 else {
      throw CheckpointError.fileAccess(path: path, action: "replace", reason: systemReason())
    }
    close(descriptor)
    descriptor = -1
  }

  /// Writes a whole file in one step.
  static func write(_ bytes: [UInt8], to path: String) throws {
    var file = try AtomicFile(path: path)
    try file.write(bytes)
    try file.commit()
  }
}
