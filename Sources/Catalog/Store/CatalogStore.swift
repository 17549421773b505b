import Foundation
import GRDB
import Glibc

/// The database file: opened, checked for version and damage, and every error of it named.
final class CatalogStore: Sendable {
  let path: String
  let readOnly: Bool
  /// What a person should know about opening: a catalogue set aside, a place chosen.
  let messages: [String]
  private let pool: DatabasePool

  /// Opens or creates the database. One that is damaged or of another version is renamed to
  /// `NAME.set-aside-SECONDS` and a new one is made; a database of another program is refused.
  init(path: String, readOnly: Bool) throws(CatalogError) {
    self.path = path
    self.readOnly = readOnly
    var messages: [String] = []
    if readOnly {
      guard access(path, F_OK) == 0 else { throw .nothingToRead(path: path) }
    } else {
      try Self.makeParent(of: path)
    }
    do {
      do {
        pool = try CatalogLock.with(.shared, path: path, readOnly: readOnly) {
          try Self.open(path, readOnly: readOnly)
        }
      } catch let problem as Unusable {
        guard !readOnly else { throw CatalogError.damaged(path: path, reason: problem.reason) }
        (pool, messages) = try CatalogLock.with(.exclusive, path: path) { try Self.openAnew(path) }
      }
    } catch {
      throw Self.named(error, path)
    }
    self.messages = messages
  }

  /// Runs `body` on a snapshot; many may read at once, also while one writes.
  ///
  /// Points that come back other than they were stored are forgotten, with all that was read of their event file: the
  /// next look reads it again.
  func read<T>(_ body: (Database) throws -> T) throws -> T { try read(pool, body) }

  /// One state of the database that stays as it is, for as long as it is held.
  func snapshot() throws -> DatabaseSnapshot {
    do { return try pool.makeSnapshot() } catch { throw Self.translated(error, path) }
  }

  /// Runs `body` on a snapshot that is held, as ``read(_:)`` does on a new one.
  func read<T>(_ reader: some DatabaseReader, _ body: (Database) throws -> T) throws -> T {
    do {
      return try reader.read(body)
    } catch BlockError.damaged(let file) {
      throw try forget(damagedFile: file)
    } catch { throw Self.translated(error, path) }
  }

  private func forget(damagedFile id: Int64) throws -> CatalogError {
    if readOnly {
      let name = try read { try FileRecord.find($0, id: id)?.path }
      return .damagedPoints(path: path, file: name ?? "", forgotten: false)
    }
    let name = try write { database in
      guard let record = try FileRecord.find(database, id: id) else { return String?.none }
      try record.forget("the catalogue's copy of it was damaged; it was read again from the start", database)
      return record.path
    }
    return .damagedPoints(path: path, file: name ?? "", forgotten: true)
  }

  /// Runs `body` in one transaction that holds the write lock from its start, so that what it reads is still true when
  /// it writes, whatever other processes do.
  ///
  /// Points that come back other than they were stored are forgotten as by ``read(_:)``, once the transaction was
  /// rolled back.
  func write<T>(_ body: (Database) throws -> T) throws -> T {
    do {
      return try pool.writeWithoutTransaction { database in
        var result: T?
        try database.inTransaction(.immediate) {
          result = try body(database)
          return .commit
        }
        return result!
      }
    } catch BlockError.damaged(let file) {
      throw try forget(damagedFile: file)
    } catch { throw Self.translated(error, path) }
  }

  // MARK: - Opening

  /// Opens a database that was found unusable, under the lock; only if it still is unusable it is set aside.
  private static func openAnew(_ path: String) throws -> (DatabasePool, messages: [String]) {
    do {
      return (try open(path, readOnly: false), [])
    } catch let problem as Unusable {
      let kept = try setAside(path)
      let message =
        "The catalogue \(path) could not be used (\(problem.reason)). It was set aside as \(kept); "
        + "a new one is built from the files."
      return (try open(path, readOnly: false), [message])
    }
  }

  /// Why an existing file is not a catalogue of this version.
  private struct Unusable: Error { var reason: String }

  private static func open(_ path: String, readOnly: Bool) throws -> DatabasePool {
    var configuration = Configuration()
    configuration.readonly = readOnly
    configuration.label = "catalog"
    configuration.busyMode = .timeout(60)
    configuration.maximumReaderCount = 8
    configuration.prepareDatabase { database in
      if !readOnly {
        try database.execute(sql: "PRAGMA page_size = 8192")
        try database.execute(sql: "PRAGMA synchronous = NORMAL")
        try database.execute(sql: "PRAGMA wal_autocheckpoint = 2000")
      }
      try database.execute(sql: "PRAGMA cache_size = -16000")
    }
    do {
      let pool = try DatabasePool(path: path, configuration: configuration)
      if readOnly {
        try pool.read { try check($0, path) }
      } else {
        try pool.writeWithoutTransaction { database in
          try database.inTransaction(.immediate) {
            if try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_master") == 0 {
              try database.execute(sql: Schema.tables)
              try database.execute(sql: "PRAGMA application_id = \(Schema.applicationID)")
              try database.execute(sql: "PRAGMA user_version = \(Schema.version)")
            }
            try check(database, path)
            return .commit
          }
        }
      }
      return pool
    } catch let error as DatabaseError where isDamage(error) {
      throw Unusable(reason: error.message ?? "damaged")
    }
  }

  private static func check(_ database: Database, _ path: String) throws {
    guard try Int.fetchOne(database, sql: "PRAGMA application_id") == Schema.applicationID else {
      throw CatalogError.foreignDatabase(path: path)
    }
    let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
    guard version == Schema.version else {
      throw Unusable(reason: "its schema is version \(version), this program's is \(Schema.version)")
    }
    // Reads a row of each table that every command needs, so that a broken file shows here.
    guard try Int.fetchOne(database, sql: "SELECT value FROM meta WHERE key = 'revision'") != nil else {
      throw Unusable(reason: "it holds no revision")
    }
    for table in ["runs", "files", "series", "segments", "blocks"] {
      _ = try Row.fetchOne(database, sql: "SELECT rowid FROM \(table == "segments" ? "skips" : table) LIMIT 1")
    }
  }

  private static func makeParent(of path: String) throws(CatalogError) {
    let parent = (path as NSString).deletingLastPathComponent
    guard !parent.isEmpty else { return }
    do {
      try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
    } catch {
      throw .unwritable(path: path, reason: "the folder \(parent) cannot be created")
    }
  }

  private static func setAside(_ path: String) throws(CatalogError) -> String {
    let seconds = Int(Date().timeIntervalSince1970)
    var kept = "\(path).set-aside-\(seconds)"
    var number = 1
    while access(kept, F_OK) == 0 {
      number += 1
      kept = "\(path).set-aside-\(seconds)-\(number)"
    }
    guard rename(path, kept) == 0 else {
      throw .unwritable(
        path: path, reason: "a damaged catalogue cannot be renamed: \(String(cString: strerror(errno)))")
    }
    for suffix in ["-wal", "-shm"] where access(path + suffix, F_OK) == 0 { rename(path + suffix, kept + suffix) }
    return kept
  }

  // MARK: - Errors

  private static func isDamage(_ error: DatabaseError) -> Bool {
    [.SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_FORMAT].contains(error.resultCode)
      || (error.resultCode == .SQLITE_ERROR && error.message?.contains("no such") == true)
  }

  private static func translated(_ error: any Error, _ path: String) -> any Error {
    error is DatabaseError || error is BlockError ? named(error, path) : error
  }

  private static func named(_ error: any Error, _ path: String) -> CatalogError {
    switch error {
    case let error as CatalogError: return error
    case let error as Unusable: return .damaged(path: path, reason: error.reason)
    case BlockError.damaged: return .damagedPoints(path: path, file: "", forgotten: false)
    case is BlockError: return .damaged(path: path, reason: "a block of points cannot be unpacked")
    case let error as DatabaseError:
      if isDamage(error) { return .damaged(path: path, reason: error.message ?? "SQLite cannot read it") }
      switch error.resultCode {
      case .SQLITE_BUSY, .SQLITE_LOCKED: return .busy(path: path)
      case .SQLITE_FULL: return .unwritable(path: path, reason: "the disk is full")
      case .SQLITE_READONLY: return .unwritable(path: path, reason: "it is read-only")
      case .SQLITE_IOERR:
        return .unwritable(path: path, reason: "reading or writing failed (\(error.message ?? "I/O error"))")
      case .SQLITE_CANTOPEN: return .unwritable(path: path, reason: "it cannot be opened")
      default: return .unwritable(path: path, reason: error.message ?? "SQLite error \(error.resultCode.rawValue)")
      }
    default: return .unwritable(path: path, reason: String(describing: error))
    }
  }
}
