import Glibc
import Records

/// inotify(7) on a set of folders. An island: one descriptor, bytes parsed by hand.
///
/// An event is 16 bytes (watch, mask, cookie, length of the name) and the name, padded with zeros.
final class FolderNotifications {
  /// What happened below the root.
  struct Events: Sendable {
    /// Event files that were written to; paths relative to the root.
    var modified: Set<ExactName> = []
    /// Whether anything came, went or changed in a way that needs a full look.
    var needsWalk = false

    var isEmpty: Bool { modified.isEmpty && !needsWalk }

    mutating func add(_ other: Events) {
      modified.formUnion(other.modified)
      needsWalk = needsWalk || other.needsWalk
    }
  }

  let descriptor: Int32
  private let root: String
  private var folders: [Int32: String] = [:]
  private var watches: [ExactName: Int32] = [:]

  /// Nil where the system gives no more instances.
  init?(root: String) {
    self.root = root
    descriptor = inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC))
    guard descriptor >= 0 else { return nil }
  }

  deinit { close(descriptor) }

  /// Watches exactly these folders. `isComplete` is false where one cannot be watched: the system's limit is reached.
  /// `isNew` tells that there is one that was not watched before, in which things may have happened unseen since it was
  /// listed.
  func watch(_ paths: [String]) -> (isComplete: Bool, isNew: Bool) {
    let wanted = Set(paths.map { ExactName($0) })
    for (path, watch) in watches where !wanted.contains(path) {
      inotify_rm_watch(descriptor, watch)
      watches[path] = nil
      folders[watch] = nil
    }
    var complete = true
    var new = false
    let mask = UInt32(
      IN_MODIFY | IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF
        | IN_ONLYDIR)
    for path in wanted where watches[path] == nil {
      let watch = ByteText.withFileName(path.text == "." ? root : "\(root)/\(path.text)") {
        inotify_add_watch(descriptor, $0, mask)
      }
      if watch >= 0 {
        watches[path] = watch
        folders[watch] = path.text
        new = true
      } else if errno == ENOSPC || errno == ENOMEM {
        complete = false
      }
    }
    return (complete, new)
  }

  /// What has happened since the last call; does not wait.
  func take() -> Events {
    var events = Events()
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else { return events }
      buffer.withUnsafeBytes { parse(UnsafeRawBufferPointer(rebasing: $0[..<count]), into: &events) }
    }
  }

  private func parse(_ bytes: UnsafeRawBufferPointer, into events: inout Events) {
    var position = 0
    while position + 16 <= bytes.count {
      let watch = bytes.loadUnaligned(fromByteOffset: position, as: Int32.self)
      let mask = bytes.loadUnaligned(fromByteOffset: position + 4, as: UInt32.self)
      let length = Int(bytes.loadUnaligned(fromByteOffset: position + 12, as: UInt32.self))
      let end = position + 16 + length
      guard end <= bytes.count else { return }
      let name = ByteText.text(bytes[(position + 16)..<end].prefix { $0 != 0 })
      position = end
      note(watch, mask, name, &events)
    }
  }

  private func note(_ watch: Int32, _ mask: UInt32, _ name: String, _ events: inout Events) {
    if mask & UInt32(IN_IGNORED) != 0 {
      if let path = folders.removeValue(forKey: watch) { watches[ExactName(path)] = nil }
      return
    }
    if mask & UInt32(IN_Q_OVERFLOW) != 0 {
      events.needsWalk = true
      return
    }
    guard let folder = folders[watch], name != ".trainscope" else { return }
    let isWrite = mask & UInt32(IN_MODIFY | IN_CLOSE_WRITE) != 0
    if isWrite && Discovery.isEventFileName(name) {
      events.modified.insert(ExactName(folder == "." ? name : "\(folder)/\(name)"))
    } else if mask & UInt32(IN_MODIFY) == 0 {
      // Other files count when they are complete.
      events.needsWalk = true
    }
  }
}
