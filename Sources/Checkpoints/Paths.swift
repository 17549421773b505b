import Foundation

func isAbsolute(_ path: String) -> Bool { path.hasPrefix("/") }

/// `name` below `directory`; `name` itself where it is absolute or there is no directory.
func joined(_ directory: String, _ name: String) -> String {
  if isAbsolute(name) || directory.isEmpty { return name }
  return directory.hasSuffix("/") ? directory + name : directory + "/" + name
}

/// The folder and the last component of a path; the folder is "." where the path names none.
func split(_ path: String) -> (directory: String, name: String) {
  guard let slash = path.lastIndex(of: "/") else { return (".", path) }
  let directory = path[..<slash]
  return (directory.isEmpty ? "/" : String(directory), String(path[path.index(after: slash)...]))
}

/// `path` as seen from `directory`, both relative to the same place; purely by name.
func relativePath(of path: String, to directory: String) -> String {
  func components(_ path: String) -> [Substring] {
    var result: [Substring] = []
    for part in path.split(separator: "/") where part != "." {
      if part == "..", let last = result.last, last != ".." { result.removeLast() } else { result.append(part) }
    }
    return result
  }
  let target = components(path)
  let base = components(directory)
  let shared = zip(target, base).prefix { $0 == $1 }.count
  let parts = base.dropFirst(shared).map { _ in ".." } + target.dropFirst(shared)
  return parts.isEmpty ? "." : parts.joined(separator: "/")
}

/// What the file system says about one path; nil where there is nothing.
struct FileStatus: Equatable {
  var isDirectory: Bool
  var isRegular: Bool
  var size: Int64
  /// Seconds since 1970.
  var modified: Double
  /// Tells a file from another that takes its name.
  var inode: UInt64

  init?(_ path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    isDirectory = status.st_mode & S_IFMT == S_IFDIR
    isRegular = status.st_mode & S_IFMT == S_IFREG
    size = Int64(status.st_size)
    inode = UInt64(status.st_ino)
    modified = Double(status.st_mtim.tv_sec) + Double(status.st_mtim.tv_nsec) / 1e9
  }
}

/// Names in a folder, sorted; empty where it cannot be read.
func names(inDirectory directory: String) -> [String] {
  ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).sorted()
}
