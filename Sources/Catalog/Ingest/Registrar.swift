import GRDB

/// Brings the tables `runs`, `files`, `folders`, `graph_files` and `notices` in line with what is on disk, before
/// anything is read.
struct Registrar {
  let store: CatalogStore

  /// An event file that has bytes the catalogue does not hold, or whose identity has to be checked.
  struct Task: Sendable {
    var record: FileRecord
    var status: FileStatus
  }

  /// Registers what was found; gives the files to look at. Writes, and so takes the lock, only where something differs.
  func register(_ discovery: Discovery) throws -> [Task] {
    let known = try store.read { database in
      KnownState(
        files: Dictionary(uniqueKeysWithValues: try FileRecord.all(database).map { ($0.path, $0) }),
        runs: try Set(String.fetchAll(database, sql: "SELECT name FROM runs")),
        graphs: Set(
          try Row.fetchAll(database, sql: "SELECT path, bytes, modified_ns FROM graph_files")
            .map { GraphKey(path: $0[0], bytes: $0[1], modified: $0[2]) }),
        notices: Dictionary(
          uniqueKeysWithValues: try Row.fetchAll(database, sql: "SELECT path, kind, message FROM notices")
            .map { ($0[0] as String, "\($0[1] as String)\n\($0[2] as String)") }))
    }
    let folders = Dictionary(uniqueKeysWithValues: discovery.folders.map { ($0.path, $0) })
    let found = Dictionary(
      discovery.folders.flatMap(\.eventFiles).map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })

    // A run whose folder is gone goes; a file gone from a folder that is still there stays, marked.
    // Of what cannot be looked at just now, nothing can be said.
    let goneRuns = known.runs.filter { folders[$0] == nil && !discovery.isUnknown($0) }
    let goneFiles = known.files.values.filter { file in
      found[file.path] == nil && file.state != .deleted && !goneRuns.contains(Self.folder(of: file.path))
        && !discovery.isUnknown(file.path)
    }
    let newFiles = discovery.folders.flatMap { folder in
      folder.eventFiles.filter { known.files[$0.path] == nil }.map { (folder.path, $0) }
    }
    let graphs = Set(
      discovery.folders.flatMap(\.graphFiles).map {
        GraphKey(path: $0.path, bytes: $0.status.size, modified: $0.status.modifiedNanoseconds)
      }
    ).union(known.graphs.filter { discovery.isUnknown($0.path) })
    let notices = Dictionary(
      discovery.notices.map { ($0.path, "\($0.kind.rawValue)\n\($0.message)") }, uniquingKeysWith: { first, _ in first }
    )

    var files = known.files
    if !goneRuns.isEmpty || !goneFiles.isEmpty || !newFiles.isEmpty || graphs != known.graphs
      || notices != known.notices
    {
      try store.write { database in
        let revision = try Revision.advance(database)
        for run in goneRuns {
          try database.execute(sql: "DELETE FROM runs WHERE name = ?", arguments: [run])
          try Revision.mark(.checkpoints, revision, database)
        }
        for file in goneFiles {
          try database.execute(
            sql: "UPDATE files SET state = 'deleted', message = ?, revision = ? WHERE id = ?",
            arguments: ["the file is gone; its points are kept in the catalogue", revision, file.id])
        }
        for (run, file) in newFiles {
          let runID = try Self.runID(run, revision, database)
          try insert(file, runID, revision, database)
        }
        if graphs != known.graphs {
          try replaceGraphFiles(discovery, keeping: graphs.intersection(known.graphs), database)
          try Revision.mark(.graphs, revision, database)
        }
        if notices != known.notices {
          try database.execute(sql: "DELETE FROM notices")
          for notice in discovery.notices {
            try database.execute(
              sql: "INSERT OR IGNORE INTO notices VALUES (?, ?, ?)",
              arguments: [notice.path, notice.kind.rawValue, notice.message])
          }
        }
        if !goneRuns.isEmpty || !newFiles.isEmpty { try Revision.mark(.runs, revision, database) }
        try Revision.mark(.health, revision, database)
        files = Dictionary(uniqueKeysWithValues: try FileRecord.all(database).map { ($0.path, $0) })
      }
    }
    return found.values.compactMap { file in
      guard let record = files[file.path], !record.isCurrent(file.status) else { return nil }
      return Task(record: record, status: file.status)
    }
  }

  /// The id of a run, which is made where it is new.
  static func runID(_ name: String, _ revision: Int64, _ database: Database) throws -> Int64 {
    if let id = try Int64.fetchOne(database, sql: "SELECT id FROM runs WHERE name = ?", arguments: [name]) { return id }
    try database.execute(sql: "INSERT INTO runs (name, revision) VALUES (?, ?)", arguments: [name, revision])
    try Revision.mark(.runs, revision, database)
    return database.lastInsertedRowID
  }

  /// The folder of a path below the root; `.` for the root itself.
  static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return String(path[..<slash])
  }

  // MARK: -

  private struct KnownState {
    var files: [String: FileRecord]
    var runs: Set<String>
    var graphs: Set<GraphKey>
    var notices: [String: String]
  }

  private struct GraphKey: Hashable {
    var path: String
    var bytes: Int64
    var modified: Int64
  }

  private func insert(_ file: FoundFile, _ run: Int64, _ revision: Int64, _ database: Database) throws {
    // Size and times stay at zero until the file was read, so that an interrupted first reading goes on.
    try database.execute(
      sql: """
        INSERT OR IGNORE INTO files (run_id, path, state, device, inode, size, modified_ns, head_length, head_hash,
          tail_hash, generation, offset, records, skipped_records, bytes_lost, tail, tail_bytes, revision)
        VALUES (?, ?, 'present', ?, ?, 0, 0, 0, ?, ?, 1, 0, 0, 0, 0, 'clean', 0, ?)
        """,
      arguments: [
        run, file.path, file.status.device, file.status.inode, Int64(bitPattern: ContentHash.seed),
        Int64(bitPattern: ContentHash.seed), revision,
      ])
  }

  /// Rows that are still true keep their ids.
  private func replaceGraphFiles(
    _ discovery: Discovery, keeping kept: Set<GraphKey>, _ database: Database
  ) throws {
    let rows = try Row.fetchAll(database, sql: "SELECT path, bytes, modified_ns FROM graph_files")
    let stored = Set(rows.map { GraphKey(path: $0[0], bytes: $0[1], modified: $0[2]) })
    for key in stored.subtracting(kept) {
      try database.execute(sql: "DELETE FROM graph_files WHERE path = ?", arguments: [key.path])
    }
    for folder in discovery.folders {
      for file in folder.graphFiles {
        let name = file.path.split(separator: "/").last.map(String.init) ?? file.path
        let source =
          name == "saved_model.pb"
          ? "saved_model" : name.hasSuffix(".meta") ? "meta" : name.hasSuffix(".pbtxt") ? "pbtxt" : "pb"
        try database.execute(
          sql: "INSERT OR IGNORE INTO graph_files (run, path, source, bytes, modified_ns) VALUES (?, ?, ?, ?, ?)",
          arguments: [folder.path, file.path, source, file.status.size, file.status.modifiedNanoseconds])
      }
    }
  }
}
