import Foundation
import Tensors

/// Whole files of this machine, with TensorFlow's errors.
enum LocalFiles {
  static func read(_ path: String) throws -> [UInt8] {
    try check(path)
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw error(path) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    let chunk = 1 << 18
    while true {
      let start = bytes.count
      // A file is read as far as it goes; its size at the start decides nothing.
      bytes.append(contentsOf: repeatElement(0, count: chunk))
      let count = bytes.withUnsafeMutableBytes { Foundation.read(descriptor, $0.baseAddress! + start, chunk) }
      if count < 0, errno == EINTR {
        bytes.removeLast(chunk)
        continue
      }
      guard count >= 0 else { throw error(path) }
      bytes.removeLast(chunk - count)
      if count == 0 { return bytes }
    }
  }

  static func write(_ path: String, _ bytes: [UInt8]) throws {
    try check(path)
    let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
    if !folder.isEmpty, !FileManager.default.fileExists(atPath: folder) {
      do {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      } catch {
        throw EngineError(.notFound, "\(folder); the folder cannot be made")
      }
    }
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw error(path) }
    defer { close(descriptor) }
    var start = 0
    while start < bytes.count {
      let count = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress! + start, $0.count - start) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw error(path) }
      start += count
    }
  }

  /// Files that match a pattern of the shell, sorted.
  static func matching(_ pattern: String) -> [String] {
    var result = glob_t()
    defer { globfree(&result) }
    guard !pattern.utf8.contains(0), glob(pattern, 0, nil, &result) == 0, let paths = result.gl_pathv else { return [] }
    return (0..<Int(result.gl_pathc)).compactMap { paths[$0].map { String(cString: $0) } }
  }

  /// Refuses what no file can be called.
  private static func check(_ path: String) throws {
    guard !path.isEmpty, !path.utf8.contains(0) else { throw EngineError(.notFound, "'\(path)' is no name of a file") }
  }

  private static func error(_ path: String) -> EngineError {
    let reason = String(cString: strerror(errno))
    let code: EngineError.Code =
      switch errno {
      case ENOENT, ENOTDIR: .notFound
      case EACCES, EPERM: .failedPrecondition
      case ENOSPC: .resourceExhausted
      default: .unknown
      }
    return EngineError(code, "\(path); \(reason)")
  }
}
