import Foundation
import Glibc

/// Where the catalogue of a log root lies.
enum CatalogLocation {
  /// The file to use: `explicit` if given; in the root where it can be written and is on a local disk; else in the
  /// user's cache folder, named after the root. Read only, nothing is made: where the root cannot be written, its own
  /// catalogue serves unless the user has one.
  static func path(
    root: String, explicit: String?, readOnly: Bool = false,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) -> String {
    if let explicit { return explicit }
    let folder = root + "/.trainscope"
    let inRoot = folder + "/catalog.sqlite"
    let inCache = cachePath(root: root, environment: environment)
    if isOnNetwork(root) { return inCache }
    if readOnly {
      let isUsersOwn = access(folder, W_OK | X_OK) != 0 && access(inCache, F_OK) == 0
      return isUsersOwn ? inCache : inRoot
    }
    let isThere = mkdir(folder, 0o755) == 0 || errno == EEXIST
    return isThere && access(folder, W_OK | X_OK) == 0 ? inRoot : inCache
  }

  /// `~/.cache/trainscope/NAME-HASH.sqlite`, or below `XDG_CACHE_HOME`.
  static func cachePath(root: String, environment: [String: String]) -> String {
    let home = environment["HOME"] ?? NSHomeDirectory()
    let cache = environment["XDG_CACHE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? home + "/.cache"
    let name = root.split(separator: "/").last.map(String.init) ?? "root"
    let hash = String(ContentHash.of(Array(root.utf8)), radix: 16)
    return "\(cache)/trainscope/\(name)-\(hash).sqlite"
  }

  /// Whether a folder is on a file system other machines write too: SQLite's write-ahead log needs shared memory, which
  /// network file systems do not give. `mounts` is the text of `/proc/self/mounts`.
  static func isOnNetwork(
    _ path: String, mounts: String? = try? String(contentsOfFile: "/proc/self/mounts", encoding: .utf8)
  )
    -> Bool
  {
    var best = (length: -1, type: "")
    for line in (mounts ?? "").split(separator: "\n") {
      let fields = line.split(separator: " ")
      guard fields.count >= 3 else { continue }
      let point = fields[1].replacingOccurrences(of: "\\040", with: " ")
      let covers = point == "/" || path == point || path.hasPrefix(point + "/")
      // A later mount on the same point hides the earlier one.
      if covers, point.utf8.count >= best.length { best = (point.utf8.count, String(fields[2])) }
    }
    return networkTypes.contains(best.type) || best.type.hasPrefix("fuse.")
  }

  private static let networkTypes: Set<String> = [
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "ceph", "afs", "lustre", "gpfs", "beegfs", "glusterfs", "ncpfs",
  ]
}

/// FNV-1a with 64 bits: tells whether bytes changed, not meant against an attacker.
enum ContentHash {
  static let seed: UInt64 = 0xcbf2_9ce4_8422_2325

  static func of(_ bytes: some Sequence<UInt8>) -> UInt64 {
    var hash = seed
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return hash
  }

  /// Takes one more word into a hash.
  static func combine(_ hash: UInt64, _ word: UInt64) -> UInt64 {
    var hash = hash
    for shift in stride(from: UInt64(0), to: 64, by: 8) { hash = (hash ^ (word >> shift & 0xff)) &* 0x100_0000_01b3 }
    return hash
  }
}
