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

  /// What the catalogue holds now. To be taken before the walk: only what was known before it can be said to be gone
  /// when the walk does not meet it; what other processes add meanwhile is none of its business.
  func known() throws -> KnownState {
    try store.read { database in
      KnownState(
        files: Dictionary(uniqueKeysWithValues: try FileRecord.all(database).map { (ExactName($0.path), $0) }),
        runs: Dictionary(
          uniqueKeysWithValues: try Row.fetchAll(database, sql: "SELECT name, id FROM runs").map {
            (ExactName($0[0]), $0[1])
          }),
        graphs: Set(
          try Row.fetchAll(database, sql: "SELECT path, bytes, modified_ns FROM graph_files")
            .map { GraphKey(path: ExactName($0[0]), bytes: $0[1], modified: $0[2]) }),
        notices: Dictionary(
          uniqueKeysWithValues: try Row.fetchAll(database, sql: "SELECT path, kind, message FROM notices")
            .map { (ExactName($0[0]), "\($0[1] as String)\n\($0[2] as String)") }))
    }
  }

  /// Registers what a walk found; gives the files to look at. Writes, and so takes the lock, only where something
  /// differs from what was `known` before the walk.
  func register(_ discovery: Discovery, known: KnownState) throws -> [Task] {
    let folders = Dictionary(uniqueKeysWithValues: discovery.folders.map { (ExactName($0.path), $0) })
    let found = Dictionary(
      discovery.folders.flatMap(\.eventFiles).map { (ExactName($0.path), $0) }, uniquingKeysWith: { first, _ in first })

    // A run whose folder is gone goes; a file gone from a folder that is still there stays, marked.
    // Of what cannot be looked at just now, nothing can be said.
    let goneRuns = known.runs.filter { folders[$0.key] == nil && !discovery.isUnknown($0.key.text) }
    let goneFiles = known.files.values.filter { file in
      found[ExactName(file.path)] == nil && file.state != .deleted
        && goneRuns[ExactName(Self.folder(of: file.path))] == nil
        && !discovery.isUnknown(file.path)
    }
    let newFiles = discovery.folders.flatMap { folder in
      folder.eventFiles.filter { known.files[ExactName($0.path)] == nil }.map { (folder.path, $0) }
    }
    let graphs = Set(
      discovery.folders.flatMap(\.graphFiles).map {
        GraphKey(path: ExactName($0.path), bytes: $0.status.size, modified: $0.status.modifiedNanoseconds)
      }
    ).union(known.graphs.filter { discovery.isUnknown($0.path.text) })
    let notices = Dictionary(
      discovery.notices.map { (ExactName($0.path), "\($0.kind.rawValue)\n\($0.message)") },
      uniquingKeysWith: { first, _ in first }
    )

    var files = known.files
    if !goneRuns.isEmpty || !goneFiles.isEmpty || !newFiles.isEmpty || graphs != known.graphs
      || notices != known.notices
    {
      try store.write { database in
        let revision = try Revision.advance(database)
        for (name, id) in goneRuns {
          // Its folder may have come back since, and another process may have seen that.
          guard try !hasNewFiles(run: id, known: known, database) else { continue }
          try database.execute(sql: "DELETE FROM runs WHERE id = ? AND name = ?", arguments: [id, name.text])
          // So that its checkpoints are looked for again should it come back.
          try database.execute(sql: "DELETE FROM folders WHERE path = ?", arguments: [name.text])
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
          try replaceGraphFiles(discovery, gone: known.graphs.subtracting(graphs), database)
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
        files = Dictionary(uniqueKeysWithValues: try FileRecord.all(database).map { (ExactName($0.path), $0) })
      }
    }
    return found.values.compactMap { file in
      guard let record = files[ExactName(file.path)], !record.isCurrent(file.status) else { return nil }
      return Task(record: record, status: file.status)
    }
  }

  /// The id of a run, which is made where it is new.
  static func runID(_ name: String, _ revision: Int64, _ database: Database) throws -> Int64 {
    let known = try Int64.fetchOne(
      database.cachedStatement(sql: "SELECT id FROM runs WHERE name = ?"), arguments: [name])
    if let known { return known }
    try database.cachedStatement(sql: "INSERT INTO runs (name, revision) VALUES (?, ?)")
      .execute(arguments: [name, revision])
    try Revision.mark(.runs, revision, database)
    return database.lastInsertedRowID
  }

  /// The folder of a path below the root; `.` for the root itself.
  static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return String(path[..<slash])
  }

  // MARK: -

  /// What the catalogue held at one moment.
  struct KnownState: Sendable {
    fileprivate var files: [ExactName: FileRecord]
    fileprivate var runs: [ExactName: Int64]
    fileprivate var graphs: Set<GraphKey>
    fileprivate var notices: [ExactName: String]
  }

  fileprivate struct GraphKey: Hashable {
    var path: ExactName
    var bytes: Int64
    var modified: Int64
  }

  /// Whether a run has a file that was not known before the walk, or one that was read on since.
  private func hasNewFiles(run: Int64, known: KnownState, _ database: Database) throws -> Bool {
    try Row.fetchAll(database, sql: "SELECT path, id, generation, offset FROM files WHERE run_id = ?", arguments: [run])
      .contains { row in
        guard let file = known.files[ExactName(row[0])] else { return true }
        return file.id != row[1] || file.generation != row[2] || file.offset != row[3]
      }
  }

  private func insert(_ file: FoundFile, _ run: Int64, _ revision: Int64, _ database: Database) throws {
    // Size and times stay at zero until the file was read, so that an interrupted first reading goes on.
    try database.cachedStatement(
      sql: """
        INSERT OR IGNORE INTO files (run_id, path, state, device, inode, size, modified_ns, changed_ns, head_length,
          head_hash, tail_hash, fingerprint, generation, offset, records, skipped_records, bytes_lost, tail, tail_bytes, revision)
        VALUES (?, ?, 'present', ?, ?, 0, 0, 0, 0, ?, ?, 0, 1, 0, 0, 0, 0, 'clean', 0, ?)
        """
    ).execute(
      arguments: [
        run, file.path, file.status.device, file.status.inode, Int64(bitPattern: ContentHash.seed),
        Int64(bitPattern: ContentHash.seed), revision,
      ])
  }

  /// Rows that are still true keep their ids.
  private func replaceGraphFiles(
    _ discovery: Discovery, gone: Set<GraphKey>, _ database: Database
  ) throws {
    for key in gone {
      try database.execute(
        sql: "DELETE FROM graph_files WHERE path = ? AND bytes = ? AND modified_ns = ?",
        arguments: [key.path.text, key.bytes, key.modified])
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
