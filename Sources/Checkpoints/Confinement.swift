import Glibc

/// The folder that the files of a checkpoint may not leave. Links are followed inside of it only, by the rule of the log
/// root: the real path counts, whatever links lead to it.
struct Confinement: Equatable, Sendable {
  /// nil where the folder has no real path; then nothing is in it.
  private let root: String?

  init(to folder: String) { root = Self.realPath(folder) }

  /// Whether `path` leads out of the folder. A path that leads nowhere does not: opening it says what is wrong.
  func isOutside(_ path: String) -> Bool {
    guard let real = Self.realPath(path) else { return errno != ENOENT && errno != ENOTDIR }
    guard let root else { return true }
    return real != root && !real.hasPrefix(root.hasSuffix("/") ? root : root + "/")
  }

  private static func realPath(_ path: String) -> String? {
    guard let real = realpath(path, nil) else { return nil }
    defer { free(real) }
    return String(validatingCString: real)
  }
}
