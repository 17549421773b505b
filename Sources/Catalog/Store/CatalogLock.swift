import Glibc

/// A lock between processes, on a file beside the database. Whoever opens the database holds it shared while opening;
/// whoever sets an unusable one aside holds it alone, so that nobody opens a database half of whose files are renamed,
/// and nobody sets aside what another process has just built anew.
///
/// Where the file cannot be made or the file system has no locks, there is no lock, and opening goes on without.
enum CatalogLock {
  enum Mode {
    case shared
    case exclusive
  }

  /// Waits for the lock of the database at `path` and runs `body` under it. Read only, no file is made.
  static func with<T>(_ mode: Mode, path: String, readOnly: Bool = false, _ body: () throws -> T) rethrows -> T {
    let flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | (readOnly ? 0 : O_CREAT)
    let descriptor = open(path + ".lock", flags, 0o644)
    // Closing gives the lock back.
    defer { if descriptor >= 0 { close(descriptor) } }
    while descriptor >= 0, flock(descriptor, mode == .shared ? LOCK_SH : LOCK_EX) != 0, errno == EINTR {}
    return try body()
  }
}
