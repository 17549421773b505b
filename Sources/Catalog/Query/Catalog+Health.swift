import GRDB

extension Catalog {
  /// How long a file may end inside a record before that counts as damage: a writer may be in the middle of it.
  static let truncationGrace = 10.0

  /// Damaged stretches of one file that are listed; its message tells how many there are.
  static let skipsShown = 100

  /// The soundness of every event file, by path, followed by what below the root is left out.
  public func health() throws -> [FileHealth] {
    let notices = try store.read { database in
      try Row.fetchAll(database, sql: "SELECT path, kind, message FROM notices ORDER BY path").map { row in
        let kind = DiscoveryNotice.Kind(rawValue: row[1])
        return FileHealth(
          run: Registrar.folder(of: row[0]), path: row[0], kind: kind == .unreadable ? "folder" : row[1], records: 0,
          skipped: [], bytesLost: 0, truncatedTail: false, ok: kind == .link, message: row[2])
      }
    }
    return try fileHealth() + notices
  }

  /// How many files of each run are damaged, by the run's name; what ``health()`` calls not `ok`.
  func damagedFiles(_ database: Database) throws -> [ExactName: Int] {
    try Dictionary(
      uniqueKeysWithValues: Row.fetchAll(
        database,
        sql: """
          SELECT r.name, count(*) FROM files f JOIN runs r ON r.id = f.run_id
          WHERE f.state <> 'present' OR f.skipped_records > 0 OR f.tail = 'damaged'
            OR f.tail = 'truncated' AND ? - coalesce(f.tail_since, 0) >= ?
          GROUP BY r.id
          """, arguments: [time, Self.truncationGrace]
      ).map { (ExactName($0[0]), $0[1]) })
  }

  private func fileHealth() throws -> [FileHealth] {
    try store.read { database in
      func skips(_ file: Int64) throws -> [FileHealth.Skip] {
        try Row.fetchAll(
          database.cachedStatement(
            sql: "SELECT offset, reason, length FROM skips WHERE file_id = ? ORDER BY offset LIMIT \(Self.skipsShown)"),
          arguments: [file]
        ).map { FileHealth.Skip(offset: $0[0], reason: $0[1], bytes: $0[2]) }
      }
      func warning(_ file: Int64) throws -> String? {
        try Row.fetchOne(
          database.cachedStatement(
            sql: "SELECT offset, message FROM warnings WHERE file_id = ? ORDER BY rowid LIMIT 1"), arguments: [file]
        ).map { "byte \($0[0] as Int64): \($0[1] as String)" }
      }
      return try Row.fetchAll(
        database,
        sql: """
          SELECT f.id, r.name, f.path, f.records, f.skipped_records, f.bytes_lost, f.tail, f.tail_bytes,
            f.tail_expected, f.tail_since, f.offset, f.state, f.message
          FROM files f JOIN runs r ON r.id = f.run_id ORDER BY f.path
          """
      ).map { row in
        let state = FileRecord.State(rawValue: row[11]) ?? .present
        let tail = FileTail(
          state: FileTail.State(rawValue: row[6]) ?? .clean, bytes: row[7], expected: row[8])
        let fresh = tail.state == .truncated && time - (row[9] as Double? ?? 0) < Self.truncationGrace
        let offset: Int64 = row[10]
        let skipped: Int = row[4]
        let damagedTail = tail.state == .damaged
        var entries = skipped > 0 ? try skips(row[0]) : []
        var sentences: [String] = []
        if let message = row[12] as String? { sentences.append(message) }
        if skipped > 0 {
          let first = entries.first.map { " (byte \($0.offset): \($0.reason)\(skipped > 1 ? ", …" : ""))" } ?? ""
          let more = skipped > entries.count ? "; the list names the first \(entries.count)" : ""
          sentences.append(
            "\(skipped) damaged \(skipped == 1 ? "stretch was" : "stretches were") left out\(first)\(more)")
        }
        if let sentence = tail.sentence(at: offset) { sentences.append(sentence) }
        if let warning = try warning(row[0]) { sentences.append(warning) }
        if damagedTail {
          entries.append(
            FileHealth.Skip(
              offset: offset, reason: "no record starts here, and no good one follows", bytes: tail.bytes))
        }
        return FileHealth(
          run: row[1], path: row[2], kind: "events", records: row[3], skipped: entries,
          bytesLost: (row[5] as Int64) + (damagedTail ? tail.bytes : 0), truncatedTail: tail.state == .truncated,
          ok: state == .present && skipped == 0 && !damagedTail && (tail.state == .clean || fresh),
          message: sentences.isEmpty ? nil : sentences.joined(separator: "; "))
      }
    }
  }
}

extension FileTail {
  /// What to tell a person of the end of a file, whose last good record ends at `offset`.
  func sentence(at offset: Int64) -> String? {
    switch state {
    case .clean: nil
    case .truncated:
      if let expected {
        "the file ends inside the record at byte \(offset), after \(bytes) of its \(expected) bytes; "
          + "reading goes on when the rest is written"
      } else if bytes == 0 {
        "the compressed data ends after byte \(offset) without its end mark; reading goes on when more is written"
      } else {
        "the file ends inside the record at byte \(offset); reading goes on when the rest is written"
      }
    case .damaged:
      "from byte \(offset) on nothing is a record: \(bytes) bytes cannot be read"
    }
  }
}
