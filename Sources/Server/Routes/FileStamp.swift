import Glibc

/// What tells whether a file, or a record in it, still holds the bytes it held when it was read.
struct FileStamp: Equatable, Sendable {
  private var device: UInt64
  private var inode: UInt64
  /// Of whole files; of a record in a file that grows, what follows it does not matter.
  private var size = 0
  private var seconds = 0
  private var nanoseconds = 0
  /// Of a record: the checksum of its payload, as the file holds it.
  private var checksum: UInt32 = 0

  /// Of a file, by its inode, size and time of change.
  ///
  /// - Returns: nil where there is no plain file at `path`.
  init?(path: String) {
    var status = stat()
    guard stat(path, &status) == 0, let stamp = Self(status) else { return nil }
    self = stamp
    size = Int(status.st_size)
    seconds = status.st_mtim.tv_sec
    nanoseconds = status.st_mtim.tv_nsec
  }

  /// Of a TFRecord, by the file's inode and the record's checksum.
  ///
  /// - Parameters:
  ///   - offset: where its payload begins.
  ///   - length: of its payload, in bytes.
  /// - Returns: nil where the file does not reach as far, or is no plain file.
  init?(path: String, recordAt offset: UInt64, length: Int) {
    // A pipe would let the open wait for its other end.
    let file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0, let stamp = Self(status), let length = UInt64(exactly: length) else { return nil }
    self = stamp
    let (end, overflow) = offset.addingReportingOverflow(length)
    guard !overflow, let end = off_t(exactly: end) else { return nil }
    let count = withUnsafeMutableBytes(of: &checksum) { pread(file, $0.baseAddress, $0.count, end) }
    guard count == MemoryLayout<UInt32>.size else { return nil }
  }

  private init?(_ status: stat) {
    guard status.st_mode & S_IFMT == S_IFREG else { return nil }
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
  }
}
