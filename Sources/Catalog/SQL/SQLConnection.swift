// One of the two places that call SQLite's C interface (the other is LazyTableModule.swift); everything beyond them is
// plain Swift. GRDB serves the catalogue itself, but a query of a user needs what GRDB keeps for itself or does not have:
// an authorizer, a progress handler, limits, and tables of our own.

import GRDBSQLite

/// A connection of its own on which one user's query runs: it can read and nothing else, and it stops when it costs more
/// than it may. Used by one thread.
final class SQLConnection {
  private let handle: OpaquePointer
  /// What the callbacks of SQLite need; it must live as long as the connection.
  private let watch: SQLWatch

  /// Opens the database for reading.
  init(path: String, limits: SQLLimits) throws(SQLError) {
    var opened: OpaquePointer?
    let code = sqlite3_open_v2(path, &opened, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nil)
    guard code == SQLITE_OK, let opened else {
      let reason = opened.map { String(cString: sqlite3_errmsg($0)) } ?? String(cString: sqlite3_errstr(code))
      sqlite3_close_v2(opened)
      throw .failed(reason: "\(path): \(reason)")
    }
    handle = opened
    watch = SQLWatch(limits: limits)
    sqlite3_busy_timeout(handle, 5000)
    sqlite3_extended_result_codes(handle, 1)
    // "a" is a column, never text, so that a misspelt column is an error.
    _disableDoubleQuotedStringLiterals(handle)
    sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, Int32(clamping: limits.value))
    sqlite3_limit(handle, SQLITE_LIMIT_SQL_LENGTH, 1 << 20)
    sqlite3_limit(handle, SQLITE_LIMIT_VDBE_OP, 1 << 20)
    sqlite3_limit(handle, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000)
    sqlite3_limit(handle, SQLITE_LIMIT_TRIGGER_DEPTH, 0)
    sqlite3_limit(handle, SQLITE_LIMIT_WORKER_THREADS, 0)
  }

  deinit { sqlite3_close_v2(handle) }

  /// What a query is measured by; tables ask it while they work for long.
  var limit: SQLWatch { watch }

  /// Runs statements of ours, before ``restrict()``.
  func execute(_ sql: String) throws(SQLError) {
    guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else { throw .failed(reason: message) }
  }

  /// Makes a table readable under its name, before ``restrict()``.
  func add(_ table: any LazyTable) throws(SQLError) {
    guard LazyTableModule.register(table, watch: watch, in: handle) == SQLITE_OK else { throw .failed(reason: message) }
  }

  /// From here on only reading is possible.
  func restrict() {
    sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0)
    let context = Unmanaged.passUnretained(watch).toOpaque()
    sqlite3_set_authorizer(
      handle,
      { context, action, first, second, _, _ in
        let refusal = SQLAuthorizer.refusal(
          action, first.map { String(cString: $0) }, second.map { String(cString: $0) })
        guard let refusal, let context else { return SQLITE_OK }
        let watch = Unmanaged<SQLWatch>.fromOpaque(context).takeUnretainedValue()
        watch.refusal = watch.refusal ?? refusal
        return SQLITE_DENY
      }, context)
    // Asked every thousand steps of SQLite's machine, some ten microseconds.
    sqlite3_progress_handler(
      handle, 1000,
      { context in
        guard let context else { return 0 }
        return Unmanaged<SQLWatch>.fromOpaque(context).takeUnretainedValue().isExceeded ? 1 : 0
      }, context)
  }

  /// Runs one statement; `row` gives false to end early. Gives whether all rows were given.
  func run(
    _ query: String, columns: ([String]) throws -> Void, row: ([SQLValue]) throws -> Bool
  ) throws -> Bool {
    let statement = try prepare(query)
    defer { sqlite3_finalize(statement) }
    let count = sqlite3_column_count(statement)
    try columns((0..<count).map { sqlite3_column_name(statement, $0).map { String(cString: $0) } ?? "column" })
    while true {
      switch sqlite3_step(statement) {
      case SQLITE_ROW:
        guard try row((0..<count).map { value(statement, $0) }) else { return false }
      case SQLITE_DONE: return true
      case let code: throw failure(code, query, compiling: false)
      }
    }
  }

  private func prepare(_ query: String) throws -> OpaquePointer {
    guard !query.utf8.contains(0) else {
      throw SQLError.invalid(reason: "it holds a zero byte", query: query, offset: nil)
    }
    return try query.withCString { text in
      var statement: OpaquePointer?
      var rest: UnsafePointer<CChar>?
      let code = sqlite3_prepare_v2(handle, text, -1, &statement, &rest)
      guard code == SQLITE_OK else { throw failure(code, query, compiling: true) }
      guard let statement else { throw SQLError.empty }
      // What comes after may be blanks and comments, of which SQLite makes no statement.
      var next = rest
      while let start = next, start.pointee != 0 {
        var another: OpaquePointer?
        let code = sqlite3_prepare_v2(handle, start, -1, &another, &next)
        sqlite3_finalize(another)
        guard code == SQLITE_OK, another == nil else {
          sqlite3_finalize(statement)
          throw SQLError.severalStatements
        }
        if next == start { break }
      }
      guard sqlite3_stmt_readonly(statement) != 0 else {
        sqlite3_finalize(statement)
        throw SQLError.notAllowed(what: "it is a statement that changes something")
      }
      return statement
    }
  }

  private func value(_ statement: OpaquePointer, _ column: Int32) -> SQLValue {
    switch sqlite3_column_type(statement, column) {
    case SQLITE_INTEGER: return .integer(sqlite3_column_int64(statement, column))
    case SQLITE_FLOAT: return .real(sqlite3_column_double(statement, column))
    case SQLITE_TEXT:
      guard let text = sqlite3_column_text(statement, column) else { return .null }
      let count = Int(sqlite3_column_bytes(statement, column))
      return .text(String(decoding: UnsafeBufferPointer(start: text, count: count), as: UTF8.self))
    case SQLITE_BLOB:
      guard let bytes = sqlite3_column_blob(statement, column) else { return .blob([]) }
      let count = Int(sqlite3_column_bytes(statement, column))
      return .blob([UInt8](UnsafeRawBufferPointer(start: bytes, count: count)))
    default: return .null
    }
  }

  // MARK: - Errors

  private var message: String { String(cString: sqlite3_errmsg(handle)) }

  private func failure(_ code: Int32, _ query: String, compiling: Bool) -> any Error {
    if let refusal = watch.refusal { return SQLError.notAllowed(what: refusal) }
    if let reason = watch.exceeded { return reason }
    if let failure = watch.tableFailure { return failure }
    switch code & 0xff {
    case SQLITE_ERROR where compiling, SQLITE_TOOBIG where compiling:
      let offset = sqlite3_error_offset(handle)
      return SQLError.invalid(reason: message, query: query, offset: offset >= 0 ? Int(offset) : nil)
    case SQLITE_TOOBIG:
      return SQLError.invalid(
        reason: "a value is longer than \(watch.limits.value >> 20) MB", query: query, offset: nil)
    case SQLITE_NOMEM: return SQLError.tooMuchMemory(bytes: watch.limits.memory)
    case SQLITE_AUTH: return SQLError.notAllowed(what: message)
    case SQLITE_ERROR, SQLITE_MISMATCH, SQLITE_RANGE:
      return SQLError.invalid(reason: message, query: query, offset: nil)
    default: return SQLError.failed(reason: message)
    }
  }
}

/// What a running query has used, and why it was stopped. Shared by the connection and the callbacks of SQLite, all on
/// one thread.
final class SQLWatch {
  let limits: SQLLimits
  private let deadline: ContinuousClock.Instant
  private let memoryAtStart: Int64
  /// Why the query was stopped.
  private(set) var exceeded: SQLError?
  /// The first thing the authorizer refused.
  var refusal: String?
  /// What a table of ours threw.
  var tableFailure: (any Error)?
  /// What tables could not read, and left out.
  private(set) var notes: [String] = []

  init(limits: SQLLimits) {
    self.limits = limits
    deadline = .now + .seconds(min(max(limits.seconds, 0), 1e9))
    memoryAtStart = sqlite3_memory_used()
  }

  /// Whether the query has to stop; ``exceeded`` tells why.
  var isExceeded: Bool {
    if exceeded == nil {
      if ContinuousClock.now > deadline {
        exceeded = .tooSlow(seconds: limits.seconds)
      } else if sqlite3_memory_used() - memoryAtStart > Int64(limits.memory) {
        exceeded = .tooMuchMemory(bytes: limits.memory)
      }
    }
    return exceeded != nil
  }

  /// For tables to call while they work between two steps of SQLite.
  func check() throws {
    if isExceeded, let exceeded { throw exceeded }
  }

  func note(_ sentence: String) {
    if notes.count < 20, !notes.contains(sentence) { notes.append(sentence) }
  }
}
