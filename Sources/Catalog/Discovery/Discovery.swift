import Glibc
import Records

/// An event file met below the root.
struct FoundFile: Sendable {
  /// Relative to the root.
  var path: String
  var status: FileStatus
}

/// A folder below the root, with what in it concerns the catalogue.
struct FoundFolder: Sendable {
  /// Relative to the root; `.` is the root. It is also the run's name.
  var path: String
  var eventFiles: [FoundFile] = []
  /// `.meta`, `.pb` and `.pbtxt` files.
  var graphFiles: [FoundFile] = []
  /// Changes whenever a file that is no event file comes, goes, grows or is rewritten: checkpoints are looked for again
  /// only then.
  var signature: UInt64 = 0
  /// Whether there is any file a checkpoint could consist of.
  var mayHoldCheckpoints = false
  /// The folder of variables, where this one holds a SavedModel; relative to the root.
  var savedModelVariables: String?
  /// False where something in it could not be looked at: what is not met may still be there.
  var isComplete = true
}

/// Something below the root that is left out, and why.
struct DiscoveryNotice: Equatable, Sendable {
  enum Kind: String, Sendable {
    /// A folder that cannot be listed, or a name in one that cannot be looked at.
    case unreadable
    /// A link that leads out of the root or to nothing; it is not followed.
    case link
    /// A file whose name is not UTF-8, and which is no event file.
    case name
    /// A thing named like an event file that is no regular file.
    case notAFile = "not_a_file"
  }

  var path: String
  var kind: Kind
  var message: String
}

/// Walks the log root. Event files are regular files whose name contains `tfevents` (TensorBoard's rule); links are
/// followed only inside the root, and every folder and file is met once, under its real name if it has one there, so
/// loops end and nothing counts twice. Nothing is opened, so pipes and devices cannot hang the walk.
struct Discovery {
  private(set) var folders: [FoundFolder] = []
  private(set) var notices: [DiscoveryNotice] = []

  private let root: String
  private let realRoot: String
  /// Names that cannot be looked at.
  private var unreadable: Set<ExactName> = []
  private var visitedFolders: Set<Identity> = []
  private var visitedFiles: Set<Identity> = []
  /// Apart, so that another name of an event file does not hide it.
  private var visitedEventFiles: Set<Identity> = []
  /// Links wait until all real names are known.
  private var links: [(folder: String, name: String)] = []

  private struct Identity: Hashable {
    var device: Int64
    var inode: Int64
  }

  /// Walks all of `root`. Folders come sorted by name, files in them too.
  static func walk(root: String) throws(CatalogError) -> Discovery {
    let status = FileStatus(path: root, followingLinks: true)
    let reason = errno
    guard let status else {
      if FileStatus.isGone(reason) { throw .rootMissing(path: root) }
      throw .rootUnreadable(path: root, reason: String(cString: strerror(reason)))
    }
    guard status.kind == .folder else { throw .rootNotADirectory(path: root) }
    var discovery = Discovery(root: root)
    do {
      try discovery.visit(".", status)
    } catch {
      if FileStatus.isGone(error.code) { throw .rootMissing(path: root) }
      throw .rootUnreadable(path: root, reason: error.reason)
    }
    discovery.followLinks()
    discovery.folders.sort { ExactName($0.path) < ExactName($1.path) }
    return discovery
  }

  private init(root: String) {
    self.root = root
    realRoot = Self.realPath(root) ?? root
  }

  /// A system call's error.
  private struct Refusal: Error {
    var code: Int32
    var reason: String { String(cString: strerror(code)) }
  }

  /// Whether nothing can be said of what is at `path` or below it: it is there, or may be, but cannot be looked at.
  func isUnknown(_ path: String) -> Bool {
    var path = path
    while true {
      if unreadable.contains(ExactName(path)) { return true }
      guard path != "." else { return false }
      path = Registrar.folder(of: path)
    }
  }

  private mutating func refuse(_ path: String, _ message: String) {
    unreadable.insert(ExactName(path))
    notices.append(DiscoveryNotice(path: path, kind: .unreadable, message: message))
  }

  /// Lists one folder and those in it. Gives the error where it cannot be listed, which is also noted, unless the
  /// folder is gone.
  private mutating func visit(_ path: String, _ status: FileStatus) throws(Refusal) {
    guard visitedFolders.insert(Identity(device: status.device, inode: status.inode)).inserted else { return }
    let names: [String]
    do {
      names = try list(path)
    } catch {
      if !FileStatus.isGone(error.code) { refuse(path, "the folder cannot be listed: \(error.reason)") }
      throw error
    }
    var folder = FoundFolder(path: path)
    var hash = ContentHash.seed
    var subfolders: [(String, FileStatus)] = []
    let holdsSavedModel = names.contains("saved_model.pb")
    for name in names {
      let child = path == "." ? name : "\(path)/\(name)"
      guard let status = look(at: child, in: &folder) else { continue }
      switch status.kind {
      case .link: links.append((path, name))
      case .folder:
        if name == ".trainscope" { continue }
        if holdsSavedModel && name == "variables" {
          addVariables(child, to: &folder, &hash)
        } else {
          subfolders.append((child, status))
        }
      case .file: add(name, child, status, to: &folder, &hash)
      case .other:
        if Self.isEventFileName(name) {
          notices.append(
            DiscoveryNotice(
              path: child, kind: .notAFile, message: "named like an event file, but it is a pipe, socket or device"))
        }
      }
    }
    folder.signature = hash
    folders.append(folder)
    for (child, status) in subfolders { try? visit(child, status) }
  }

  /// The status of a name met in a folder; nil where it is gone meanwhile, or where it is refused, which is noted.
  private mutating func look(at path: String, in folder: inout FoundFolder) -> FileStatus? {
    let status = FileStatus(path: "\(root)/\(path)")
    let reason = errno
    if status == nil, !FileStatus.isGone(reason) {
      refuse(path, "it cannot be looked at: \(String(cString: strerror(reason)))")
      folder.isComplete = false
    }
    return status
  }

  private mutating func add(
    _ name: String, _ path: String, _ status: FileStatus, to folder: inout FoundFolder, _ hash: inout UInt64
  ) {
    let identity = Identity(device: status.device, inode: status.inode)
    let isNew =
      Self.isEventFileName(name)
      ? visitedEventFiles.insert(identity).inserted : visitedFiles.insert(identity).inserted
    guard isNew else { return }
    let file = FoundFile(path: path, status: status)
    if Self.isEventFileName(name) {
      folder.eventFiles.append(file)
      return
    }
    if ByteText.isEscaped(path) {
      notices.append(
        DiscoveryNotice(
          path: path, kind: .name, message: "under a name that is not UTF-8 only event files are read; rename it"))
      return
    }
    folder.mayHoldCheckpoints = true
    for part in [
      name.utf8.count, Int(truncatingIfNeeded: status.size), Int(truncatingIfNeeded: status.modifiedNanoseconds),
    ] {
      hash = ContentHash.combine(hash, UInt64(bitPattern: Int64(part)))
    }
    hash = ContentHash.combine(hash, ContentHash.of(name.utf8))
    if Self.isGraphFileName(name) { folder.graphFiles.append(file) }
  }

  /// Takes the variables of a SavedModel as part of the folder that holds the model.
  private mutating func addVariables(_ path: String, to folder: inout FoundFolder, _ hash: inout UInt64) {
    folder.savedModelVariables = path
    let names: [String]
    do {
      names = try list(path)
    } catch {
      guard !FileStatus.isGone(error.code) else { return }
      refuse(path, "the folder cannot be listed: \(error.reason)")
      folder.isComplete = false
      return
    }
    for name in names {
      guard let status = look(at: "\(path)/\(name)", in: &folder), status.kind == .file else { continue }
      add(name, "\(path)/\(name)", status, to: &folder, &hash)
    }
  }

  /// Follows the links met, those that links lead to included, in order of name.
  private mutating func followLinks() {
    while !links.isEmpty {
      let batch = links.sorted { ExactName("\($0.folder)/\($0.name)") < ExactName("\($1.folder)/\($1.name)") }
      links = []
      for (folder, name) in batch {
        let child = folder == "." ? name : "\(folder)/\(name)"
        let full = "\(root)/\(child)"
        let found = Self.realPath(full)
        let status = found.flatMap { _ in FileStatus(path: full, followingLinks: true) }
        let reason = errno
        guard let real = found, let status else {
          // A link in a loop leads nowhere, too.
          if !FileStatus.isGone(reason), reason != ELOOP {
            refuse(child, "what the link leads to cannot be looked at: \(String(cString: strerror(reason)))")
            if let index = folders.firstIndex(where: { ExactName($0.path) == ExactName(folder) }) {
              folders[index].isComplete = false
            }
            continue
          }
          notices.append(DiscoveryNotice(path: child, kind: .link, message: "the link leads nowhere"))
          continue
        }
        guard real == realRoot || real.hasPrefix(realRoot == "/" ? "/" : realRoot + "/") else {
          if status.kind == .folder || Self.isEventFileName(name) {
            notices.append(
              DiscoveryNotice(path: child, kind: .link, message: "the link leads out of the root; it is not followed"))
          }
          continue
        }
        switch status.kind {
        case .folder: try? visit(child, status)
        case .file:
          guard let index = folders.firstIndex(where: { ExactName($0.path) == ExactName(folder) }) else { continue }
          var holder = folders[index]
          var hash = holder.signature
          add(name, child, status, to: &holder, &hash)
          holder.signature = hash
          folders[index] = holder
        case .link, .other: continue
        }
      }
    }
  }

  /// The names in a folder, sorted by their bytes.
  private func list(_ path: String) throws(Refusal) -> [String] {
    let opened = ByteText.withFileName(path == "." ? root : "\(root)/\(path)") { opendir($0) }
    guard let handle = opened else { throw Refusal(code: errno) }
    defer { closedir(handle) }
    var names: [String] = []
    while true {
      // Only errno tells the end of a folder from a failure in the middle of it.
      errno = 0
      guard let entry = readdir(handle) else {
        if errno != 0 { throw Refusal(code: errno) }
        break
      }
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        ByteText.text(UnsafeRawBufferPointer(rebasing: bytes.prefix { $0 != 0 }))
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// TensorBoard's rule: the name contains `tfevents`; profiles of TensorFlow 2 are not event data.
  static func isEventFileName(_ name: String) -> Bool {
    name.contains("tfevents") && !name.hasSuffix(".profile-empty")
  }

  /// Files that may hold a graph. Of a SavedModel's files, only `saved_model.pb` does.
  static func isGraphFileName(_ name: String) -> Bool {
    if name == "fingerprint.pb" || name == "keras_metadata.pb" { return false }
    return name.hasSuffix(".meta") || name.hasSuffix(".pb") || name.hasSuffix(".pbtxt")
  }

  private static func realPath(_ path: String) -> String? {
    guard let real = ByteText.withFileName(path, { realpath($0, nil) }) else { return nil }
    defer { free(real) }
    return ByteText.text(UnsafeRawBufferPointer(start: real, count: strlen(real)))
  }
}
