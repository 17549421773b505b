import Foundation

/// A folder that is gone when the value is released.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    let template = NSTemporaryDirectory() + "/trainscope-test-XXXXXX"
    path = try template.withCString { pointer in
      let copy = strdup(pointer)!
      defer { free(copy) }
      guard mkdtemp(copy) != nil else { throw CocoaError(.fileWriteUnknown) }
      return String(cString: copy)
    }
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a file, with the folders above it.
  func write(_ bytes: [UInt8], to name: String) throws {
    try Self.write(bytes, to: "\(path)/\(name)")
  }

  /// Writes a file with a full path, with the folders above it.
  static func write(_ bytes: [UInt8], to full: String) throws {
    try FileManager.default.createDirectory(
      atPath: (full as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try Data(bytes).write(to: URL(fileURLWithPath: full))
  }

  /// Appends to a file, in place.
  func append(_ bytes: some Collection<UInt8>, to name: String) throws {
    let full = "\(path)/\(name)"
    if !FileManager.default.fileExists(atPath: full) { try write([], to: name) }
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: full))
    defer { try? handle.close() }
    try handle.seekToEnd()
    try handle.write(contentsOf: Data(bytes))
  }
}
