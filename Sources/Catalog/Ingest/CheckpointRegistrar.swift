import Checkpoints
import GRDB

/// Brings the table `checkpoints` in line with the folders on disk. A folder whose files are as they were is not looked
/// into again.
struct CheckpointRegistrar {
  let root: String
  let store: CatalogStore

  /// The folders looked into, with their signatures. To be taken before the walk, as ``Registrar/known()``.
  func known() throws -> [ExactName: UInt64] {
    try store.read { database in
      Dictionary(
        uniqueKeysWithValues: try Row.fetchAll(database, sql: "SELECT path, signature FROM folders")
          .map { (ExactName($0[0]), UInt64(bitPattern: $0[1] as Int64)) })
    }
  }

  func register(_ discovery: Discovery, known: [ExactName: UInt64]) throws {
    let changed = discovery.folders.filter {
      $0.mayHoldCheckpoints ? known[ExactName($0.path)] != $0.signature : known[ExactName($0.path)] != nil
    }
    let present = Set(discovery.folders.map { ExactName($0.path) })
    let gone = known.keys.filter { !present.contains($0) && !discovery.isUnknown($0.text) }
    guard !changed.isEmpty || !gone.isEmpty else { return }

    for folder in changed {
      let found = folder.mayHoldCheckpoints ? try look(into: folder) : []
      try store.write { database in
        let before = try Self.rows(folder.path, database)
        var after = found.map { row($0) }
        if !folder.isComplete {
          // What cannot be looked at just now stays as it was known.
          let known = Set(before.map { ExactName($0.prefix) })
          after =
            before.map { row in after.first { $0.prefix == row.prefix && $0.problem == nil } ?? row }
            + after.filter { !known.contains(ExactName($0.prefix)) }
        }
        if before != after {
          let revision = try Revision.advance(database)
          try database.execute(sql: "DELETE FROM checkpoints WHERE folder = ?", arguments: [folder.path])
          if !after.isEmpty {
            let run = try Registrar.runID(folder.path, revision, database)
            for row in after { try insert(row, run, folder.path, database) }
            try database.execute(sql: "UPDATE runs SET revision = ? WHERE id = ?", arguments: [revision, run])
          }
          try Revision.mark(.checkpoints, revision, database)
        }
        if folder.mayHoldCheckpoints {
          try database.execute(
            sql: "INSERT OR REPLACE INTO folders VALUES (?, ?)",
            arguments: [folder.path, Int64(bitPattern: folder.signature)])
        } else {
          try database.execute(sql: "DELETE FROM folders WHERE path = ?", arguments: [folder.path])
        }
      }
    }
    if !gone.isEmpty {
      try store.write { database in
        for path in gone {
          // Another process may have met it since the walk, with other files.
          try database.execute(
            sql: "DELETE FROM folders WHERE path = ? AND signature = ?",
            arguments: [path.text, known[path].map { Int64(bitPattern: $0) }])
          try database.execute(
            sql: "DELETE FROM checkpoints WHERE folder = ? AND folder NOT IN (SELECT path FROM folders)",
            arguments: [path.text])
        }
        try Revision.mark(.checkpoints, try Revision.advance(database), database)
      }
    }
    try removeEmptyRuns(discovery)
  }

  /// A run is a folder with an event file or a checkpoint; one that has lost its last is none any more.
  private func removeEmptyRuns(_ discovery: Discovery) throws {
    let sql = """
      FROM runs WHERE NOT EXISTS (SELECT 1 FROM files WHERE run_id = runs.id)
        AND NOT EXISTS (SELECT 1 FROM checkpoints WHERE run_id = runs.id)
      """
    guard try store.read({ try Int.fetchOne($0, sql: "SELECT count(*) \(sql)") ?? 0 }) > 0 else { return }
    try store.write { database in
      try database.execute(sql: "DELETE \(sql)")
      try Revision.mark(.runs, try Revision.advance(database), database)
    }
  }

  private func look(into folder: FoundFolder) throws -> [FoundCheckpoint] {
    let path = folder.path == "." ? root : "\(root)/\(folder.path)"
    var found = CheckpointDiscovery.checkpoints(inDirectory: path, confinedTo: root)
    if let variables = folder.savedModelVariables {
      found += CheckpointDiscovery.checkpoints(inDirectory: "\(root)/\(variables)", confinedTo: root)
    }
    return found
  }

  private struct CheckpointRow: Equatable {
    var prefix: String
    var step: Int64?
    var format: String
    var bytes: Int64
    var modified: Double
    var problem: String?
  }

  private func row(_ found: FoundCheckpoint) -> CheckpointRow {
    let prefix = found.prefix.hasPrefix(root + "/") ? String(found.prefix.dropFirst(root.count + 1)) : found.prefix
    return CheckpointRow(
      prefix: prefix, step: found.step, format: found.format.rawValue, bytes: Int64(clamping: found.bytes),
      modified: found.modified, problem: found.problem.map { $0.replacing(root + "/", with: "") })
  }

  private static func rows(_ folder: String, _ database: Database) throws -> [CheckpointRow] {
    try Row.fetchAll(
      database,
      sql: "SELECT prefix, step, format, bytes, modified, problem FROM checkpoints WHERE folder = ? ORDER BY id",
      arguments: [folder]
    ).map {
      CheckpointRow(prefix: $0[0], step: $0[1], format: $0[2], bytes: $0[3], modified: $0[4], problem: $0[5])
    }
  }

  private func insert(_ row: CheckpointRow, _ run: Int64, _ folder: String, _ database: Database) throws {
    try database.execute(
      sql: """
        INSERT OR REPLACE INTO checkpoints (run_id, folder, prefix, step, format, bytes, modified, problem)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [run, folder, row.prefix, row.step, row.format, row.bytes, row.modified, row.problem])
  }
}
