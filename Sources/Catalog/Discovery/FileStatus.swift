import Glibc
import Records

/// What `lstat` or `stat` says of a file.
struct FileStatus: Equatable, Sendable {
  enum Kind: Sendable { case file, folder, link, other }

  var kind: Kind
  var device: Int64
  var inode: Int64
  var size: Int64
  var modifiedNanoseconds: Int64
  /// When anything about the file changed last; unlike the time of modification, nobody can set it.
  var changedNanoseconds: Int64

  /// Whether the error of a failed look says that there is nothing, and not merely that it cannot be looked at.
  static func isGone(_ code: Int32) -> Bool { code == ENOENT || code == ENOTDIR }

  /// Nil where there is nothing at `path` or it cannot be looked at; `errno` tells which. Links are followed only on
  /// request.
  init?(path: String, followingLinks: Bool = false) {
    var status = stat()
    let result = ByteText.withFileName(path) { followingLinks ? stat($0, &status) : lstat($0, &status) }
    guard result == 0 else { return nil }
    self.init(status)
  }

  /// Of an open file.
  init?(descriptor: Int32) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return nil }
    self.init(status)
  }

  private init(_ status: stat) {
    switch status.st_mode & S_IFMT {
    case S_IFREG: kind = .file
    case S_IFDIR: kind = .folder
    case S_IFLNK: kind = .link
    default: kind = .other
    }
    device = Int64(bitPattern: UInt64(status.st_dev))
    inode = Int64(bitPattern: UInt64(status.st_ino))
    size = Int64(status.st_size)
    modifiedNanoseconds = Self.nanoseconds(status.st_mtim)
    changedNanoseconds = Self.nanoseconds(status.st_ctim)
  }

  private static func nanoseconds(_ time: timespec) -> Int64 {
    Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
  }

  /// Seconds since 1970.
  var modified: Double { Double(modifiedNanoseconds) / 1e9 }
}
