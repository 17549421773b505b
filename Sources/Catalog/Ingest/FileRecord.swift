import GRDB

/// A row of `files`: an event file as the catalogue knows it.
struct FileRecord: Sendable {
  /// States a file can be in.
  enum State: String, Sendable {
    /// On disk and readable.
    case present
    /// On disk, but it cannot be opened or read; tried again at every refresh.
    case unreadable
    /// Gone from disk while its folder is still there; its points are kept.
    case deleted
  }

  var id: Int64
  var runID: Int64
  var path: String
  var state: State
  var device: Int64
  var inode: Int64
  var size: Int64
  var modifiedNanoseconds: Int64
  var changedNanoseconds: Int64
  var identity: FileIdentity
  /// Goes up when the file turns out to be another one, so that batches of the old content are refused.
  var generation: Int64
  /// Bytes read so far; every point before it is in the catalogue exactly once.
  var offset: Int64
  /// Of the last event read.
  var lastWallTime: Double?

  /// Of all records before ``offset``.
  var fingerprint: UInt64

  /// Whether nothing about the file changed since it was last read.
  func isCurrent(_ status: FileStatus) -> Bool {
    state == .present && device == status.device && inode == status.inode && size == status.size
      && modifiedNanoseconds == status.modifiedNanoseconds && changedNanoseconds == status.changedNanoseconds
  }

  /// Whether what is different about the file comes of bytes that were added to it. Otherwise it may have been written
  /// over in place, or replaced by something like it.
  func isExplainedByAppending(_ status: FileStatus) -> Bool {
    device == status.device && inode == status.inode && size < status.size
  }

  static let columns = """
    id, run_id, path, state, device, inode, size, modified_ns, changed_ns, head_length, head_hash, tail_hash, generation, offset,
    last_wall_time, fingerprint
    """

  init(row: Row) {
    id = row[0]
    runID = row[1]
    path = row[2]
    state = State(rawValue: row[3]) ?? .present
    device = row[4]
    inode = row[5]
    size = row[6]
    modifiedNanoseconds = row[7]
    changedNanoseconds = row[8]
    identity = FileIdentity(
      headLength: row[9], headHash: UInt64(bitPattern: row[10] as Int64), tailHash: UInt64(bitPattern: row[11] as Int64)
    )
    generation = row[12]
    offset = row[13]
    lastWallTime = row[14]
    fingerprint = UInt64(bitPattern: row[15] as Int64)
  }

  static func all(_ database: Database) throws -> [FileRecord] {
    try Row.fetchAll(database, sql: "SELECT \(columns) FROM files").map(FileRecord.init)
  }

  static func find(_ database: Database, id: Int64) throws -> FileRecord? {
    try Row.fetchOne(database, sql: "SELECT \(columns) FROM files WHERE id = ?", arguments: [id]).map(FileRecord.init)
  }

  static func find(_ database: Database, path: String) throws -> FileRecord? {
    try Row.fetchOne(database, sql: "SELECT \(columns) FROM files WHERE path = ?", arguments: [path])
      .map(FileRecord.init)
  }
}
