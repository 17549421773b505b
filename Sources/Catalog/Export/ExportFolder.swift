import Glibc

/// The folder an export writes to. Every path is walked down from it folder by folder without following links, so that
/// nothing in it can lead out; files are written aside and take their places when they are whole.
final class ExportFolder {
  let path: String
  private let descriptor: Int32
  private let replacesFiles: Bool
  /// The folder used last.
  private var opened: (folders: [String], descriptor: Int32)?

  /// Makes the folder where there is none.
  init(path: String, replacesFiles: Bool) throws(ExportError) {
    self.path = path
    self.replacesFiles = replacesFiles
    try Self.makeFolders(path)
    descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .unwritable(path: path, reason: Self.reason()) }
    guard replacesFiles || Self.isEmpty(descriptor) else {
      close(descriptor)
      throw .notEmpty(path: path)
    }
  }

  deinit {
    if let opened { close(opened.descriptor) }
    close(descriptor)
  }

  /// Begins a file; ``ExportFile/commit()`` puts it in its place.
  func file(_ folders: [String], _ name: String) throws(ExportError) -> ExportFile {
    let shown = ([path] + folders + [name]).joined(separator: "/")
    return try ExportFile(
      folder: try enter(folders), name: name, shown: shown, relative: (folders + [name]).joined(separator: "/"),
      replaces: replacesFiles)
  }

  /// A descriptor of a folder below, made where it is missing.
  private func enter(_ folders: [String]) throws(ExportError) -> Int32 {
    if let opened {
      // Compared byte by byte: Swift takes names for equal that a file system tells apart.
      if opened.folders.map({ Array($0.utf8) }) == folders.map({ Array($0.utf8) }) { return opened.descriptor }
      close(opened.descriptor)
      self.opened = nil
    }
    var current = dup(descriptor)
    var shown = path
    for folder in folders {
      shown += "/\(folder)"
      guard current >= 0 else { break }
      if mkdirat(current, folder, 0o755) != 0, errno != EEXIST {
        let reason = Self.reason()
        close(current)
        throw .unwritable(path: shown, reason: reason)
      }
      let next = openat(current, folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
      let code = errno
      close(current)
      guard next >= 0 else {
        // ENOTDIR: a file; ELOOP or ENOTDIR: a link.
        throw code == ENOTDIR || code == ELOOP
          ? .inTheWay(path: shown) : .unwritable(path: shown, reason: String(cString: strerror(code)))
      }
      current = next
    }
    guard current >= 0 else { throw .unwritable(path: shown, reason: Self.reason()) }
    opened = (folders, current)
    return current
  }

  private static func makeFolders(_ path: String) throws(ExportError) {
    var made = path.hasPrefix("/") ? "" : "."
    for folder in path.split(separator: "/") {
      made += "/\(folder)"
      guard mkdir(made, 0o755) != 0, errno != EEXIST, errno != EISDIR else { continue }
      // A folder above may be there and not ours to write to.
      let code = errno
      var status = stat()
      guard stat(made, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
        throw .unwritable(path: path, reason: String(cString: strerror(code)))
      }
    }
  }

  private static func isEmpty(_ descriptor: Int32) -> Bool {
    guard let listing = fdopendir(dup(descriptor)) else { return false }
    defer { closedir(listing) }
    while let entry = readdir(listing) {
      let first = entry.pointee.d_name.0
      let second = entry.pointee.d_name.1
      let third = entry.pointee.d_name.2
      let dot = CChar(UInt8(ascii: "."))
      if !(first == dot && (second == 0 || second == dot && third == 0)) { return false }
    }
    return true
  }

  static func reason() -> String { String(cString: strerror(errno)) }
}

/// A file of an export, written in pieces of 64 KB.
final class ExportFile {
  /// Below the export's folder.
  let relative: String
  private let folder: Int32
  private let name: String
  private let temporary: String
  private let shown: String
  private let replaces: Bool
  private var descriptor: Int32
  private var buffer: [UInt8] = []
  /// Bytes written, or about to be.
  private(set) var size: Int64 = 0

  fileprivate init(folder: Int32, name: String, shown: String, relative: String, replaces: Bool) throws(ExportError) {
    self.folder = dup(folder)
    self.name = name
    self.shown = shown
    self.relative = relative
    self.replaces = replaces
    temporary = ".trainscope-\(getpid()).tmp-\(name)"
    buffer.reserveCapacity(1 << 16)
    // A file of that name can only be one that an interrupted export left behind.
    unlinkat(self.folder, temporary, 0)
    descriptor = openat(self.folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      let reason = ExportFolder.reason()
      close(self.folder)
      throw .unwritable(path: shown, reason: reason)
    }
  }

  deinit {
    if descriptor >= 0 {
      close(descriptor)
      unlinkat(folder, temporary, 0)
    }
    close(folder)
  }

  func write(_ text: String) throws(ExportError) {
    buffer.append(contentsOf: text.utf8)
    if buffer.count >= 1 << 16 { try flush() }
  }

  func write(_ bytes: [UInt8]) throws(ExportError) {
    buffer.append(contentsOf: bytes)
    if buffer.count >= 1 << 16 { try flush() }
  }

  private func flush() throws(ExportError) {
    var done = 0
    while done < buffer.count {
      let wrote = buffer.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + done, $0.count - done) }
      guard wrote >= 0 else {
        if errno == EINTR { continue }
        throw .unwritable(path: shown, reason: ExportFolder.reason())
      }
      done += wrote
    }
    size += Int64(buffer.count)
    buffer.removeAll(keepingCapacity: true)
  }

  /// Puts the file in its place.
  func commit() throws(ExportError) {
    try flush()
    var status = stat()
    guard replaces || fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0 else { throw .inTheWay(path: shown) }
    guard renameat(folder, temporary, folder, name) == 0 else {
      throw errno == EISDIR ? .inTheWay(path: shown) : .unwritable(path: shown, reason: ExportFolder.reason())
    }
    close(descriptor)
    descriptor = -1
  }
}
