// SQLite's virtual tables (https://sqlite.org/vtab.html) for any `LazyTable`. The second of the two places that call C.
//
// SQLite owns two structures of ours, each beginning with SQLite's own: one a table, one a reading. Each holds one retained
// reference, released when SQLite says so. A constraint that a table makes use of is told by its position in `idxStr`,
// two characters each: column and comparison.

import GRDBSQLite

enum LazyTableModule {
  /// Makes a table known to a connection under its name. It needs no CREATE statement (it is "eponymous").
  static func register(_ table: any LazyTable, watch: SQLWatch, in connection: OpaquePointer) -> Int32 {
    sqlite3_create_module_v2(
      connection, table.name, &Self.module.pointee, Unmanaged.passRetained(TableState(table, watch)).toOpaque()
    ) {
      $0.map { Unmanaged<TableState>.fromOpaque($0).release() }
    }
  }

  private final class TableState {
    let table: any LazyTable
    let watch: SQLWatch

    init(_ table: any LazyTable, _ watch: SQLWatch) {
      self.table = table
      self.watch = watch
    }
  }

  private final class RowsState {
    let table: TableState
    var rows: (any LazyRows)?
    var isAtEnd = true

    init(_ table: TableState) { self.table = table }
  }

  /// Begins with SQLite's structure, as it wants it.
  private struct TableBox {
    var base = sqlite3_vtab()
    var state: Unmanaged<TableState>
  }

  private struct RowsBox {
    var base = sqlite3_vtab_cursor()
    var state: Unmanaged<RowsState>
  }

  private static func state(_ table: UnsafeMutablePointer<sqlite3_vtab>?) -> TableState {
    UnsafeMutableRawPointer(table!).assumingMemoryBound(to: TableBox.self).pointee.state.takeUnretainedValue()
  }

  private static func state(_ rows: UnsafeMutablePointer<sqlite3_vtab_cursor>?) -> RowsState {
    UnsafeMutableRawPointer(rows!).assumingMemoryBound(to: RowsBox.self).pointee.state.takeUnretainedValue()
  }

  /// SQLite's own text, which it frees.
  private static func copy(_ text: String) -> UnsafeMutablePointer<CChar>? {
    let bytes = text.utf8CString
    guard let memory = sqlite3_malloc(Int32(clamping: bytes.count)) else { return nil }
    bytes.withUnsafeBytes { memory.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
    return memory.assumingMemoryBound(to: CChar.self)
  }

  /// Runs what may throw; an error is kept for the connection and told to SQLite.
  private static func attempt(
    _ state: TableState, _ vtab: UnsafeMutablePointer<sqlite3_vtab>?, _ body: () throws -> Void
  ) -> Int32 {
    do {
      try body()
      return SQLITE_OK
    } catch {
      state.watch.tableFailure = state.watch.tableFailure ?? error
      if let vtab {
        sqlite3_free(vtab.pointee.zErrMsg)
        vtab.pointee.zErrMsg = copy("\(error)")
      }
      return SQLITE_ERROR
    }
  }

  /// The callbacks; made once, never changed, and alive as long as the program, as SQLite asks.
  private nonisolated(unsafe) static let module: UnsafeMutablePointer<sqlite3_module> = {
    let module = UnsafeMutablePointer<sqlite3_module>.allocate(capacity: 1)
    module.initialize(to: sqlite3_module())
    module.pointee.xConnect = { connection, aux, _, _, made, _ in
      guard let aux, let made else { return SQLITE_ERROR }
      let state = Unmanaged<TableState>.fromOpaque(aux)
      let columns = state.takeUnretainedValue().table.columns
        .map { "\"\($0.name)\" \($0.affinity.rawValue)" }.joined(separator: ", ")
      let code = sqlite3_declare_vtab(connection, "CREATE TABLE x(\(columns))")
      guard code == SQLITE_OK else { return code }
      let box = UnsafeMutablePointer<TableBox>.allocate(capacity: 1)
      box.initialize(to: TableBox(state: state.retain()))
      made.pointee = UnsafeMutableRawPointer(box).assumingMemoryBound(to: sqlite3_vtab.self)
      return SQLITE_OK
    }
    module.pointee.xDisconnect = { table in
      guard let table else { return SQLITE_OK }
      let box = UnsafeMutableRawPointer(table).assumingMemoryBound(to: TableBox.self)
      box.pointee.state.release()
      box.deinitialize(count: 1)
      box.deallocate()
      return SQLITE_OK
    }
    module.pointee.xBestIndex = { table, info in
      guard let info else { return SQLITE_ERROR }
      LazyTableModule.plan(LazyTableModule.state(table).table, info)
      return SQLITE_OK
    }
    module.pointee.xOpen = { table, made in
      guard let made else { return SQLITE_ERROR }
      let state = RowsState(LazyTableModule.state(table))
      let box = UnsafeMutablePointer<RowsBox>.allocate(capacity: 1)
      box.initialize(to: RowsBox(state: Unmanaged.passRetained(state)))
      made.pointee = UnsafeMutableRawPointer(box).assumingMemoryBound(to: sqlite3_vtab_cursor.self)
      return SQLITE_OK
    }
    module.pointee.xClose = { cursor in
      guard let cursor else { return SQLITE_OK }
      let box = UnsafeMutableRawPointer(cursor).assumingMemoryBound(to: RowsBox.self)
      box.pointee.state.release()
      box.deinitialize(count: 1)
      box.deallocate()
      return SQLITE_OK
    }
    module.pointee.xFilter = { cursor, used, plan, count, arguments in
      let state = LazyTableModule.state(cursor)
      return LazyTableModule.attempt(state.table, cursor?.pointee.pVtab) {
        let constraints = LazyTableModule.constraints(plan, count, arguments)
        let columns = state.table.table.columns.indices.filter { $0 < 31 ? used >> Int32($0) & 1 == 1 : true }
        let rows = try state.table.table.rows(matching: constraints, used: Set(columns))
        state.rows = rows
        state.isAtEnd = try !rows.next()
      }
    }
    module.pointee.xNext = { cursor in
      let state = LazyTableModule.state(cursor)
      return LazyTableModule.attempt(state.table, cursor?.pointee.pVtab) {
        state.isAtEnd = try !(state.rows?.next() ?? false)
      }
    }
    module.pointee.xEof = { LazyTableModule.state($0).isAtEnd ? 1 : 0 }
    module.pointee.xColumn = { cursor, context, column in
      let state = LazyTableModule.state(cursor)
      return LazyTableModule.attempt(state.table, cursor?.pointee.pVtab) {
        LazyTableModule.give(try state.rows?.value(Int(column)) ?? .null, context)
      }
    }
    module.pointee.xRowid = { cursor, row in
      row?.pointee = LazyTableModule.state(cursor).rows?.rowID ?? 0
      return SQLITE_OK
    }
    return module
  }()

  /// Tells SQLite which of its comparisons the table makes use of, and what a reading then costs.
  private static func plan(_ table: any LazyTable, _ info: UnsafeMutablePointer<sqlite3_index_info>) {
    let columns = table.columns
    var plan: [UInt8] = []
    var rows = table.estimatedRows
    var fixed: Set<Int> = []
    for index in 0..<Int(info.pointee.nConstraint) {
      let constraint = info.pointee.aConstraint[index]
      let column = Int(constraint.iColumn)
      guard constraint.usable != 0, columns.indices.contains(column),
        let comparison = LazyComparison(rawValue: constraint.op),
        columns[column].comparisons.contains(comparison),
        // Other collations find more than the same bytes equal.
        comparison != .equal || columns[column].affinity != .text || isBinary(info, index)
      else { continue }
      // Positions are told in printable characters; there are few columns.
      plan += [UInt8(column) + 48, comparison.rawValue + 48]
      info.pointee.aConstraintUsage[index].argvIndex = Int32(plan.count / 2)
      switch comparison {
      case .equal:
        rows *= columns[column].selectivity
        fixed.insert(column)
      case .greater, .atLeast, .less, .atMost, .glob, .like, .isNull: rows *= 0.3
      }
    }
    info.pointee.idxStr = copy(String(decoding: plan, as: UTF8.self))
    info.pointee.needToFreeIdxStr = 1
    info.pointee.idxNum = Int32(truncatingIfNeeded: info.pointee.colUsed & 0x7fff_ffff)
    info.pointee.estimatedRows = Int64(max(1, min(rows, 1e15)))
    // Finding a series costs something even where it has few points.
    info.pointee.estimatedCost = rows + 100
    info.pointee.orderByConsumed = ascends(table, fixed, info) ? 1 : 0
  }

  private static func isBinary(_ info: UnsafeMutablePointer<sqlite3_index_info>, _ index: Int) -> Bool {
    sqlite3_vtab_collation(info, Int32(index)).map { String(cString: $0) } == "BINARY"
  }

  /// Whether rows come in the order that is asked for.
  private static func ascends(
    _ table: any LazyTable, _ fixed: Set<Int>, _ info: UnsafeMutablePointer<sqlite3_index_info>
  ) -> Bool {
    let order = table.order(fixed: fixed).filter { !fixed.contains($0) }
    var position = 0
    for index in 0..<Int(info.pointee.nOrderBy) {
      let term = info.pointee.aOrderBy[index]
      if fixed.contains(Int(term.iColumn)) { continue }
      guard term.desc == 0, position < order.count, order[position] == Int(term.iColumn) else { return false }
      position += 1
    }
    return info.pointee.nOrderBy > 0
  }

  private static func constraints(
    _ plan: UnsafePointer<CChar>?, _ count: Int32, _ arguments: UnsafeMutablePointer<OpaquePointer?>?
  ) -> [LazyConstraint] {
    guard let plan, let arguments else { return [] }
    return (0..<Int(count)).compactMap { index in
      guard let comparison = LazyComparison(rawValue: UInt8(bitPattern: plan[2 * index + 1]) &- 48) else { return nil }
      return LazyConstraint(
        column: Int(plan[2 * index]) - 48, comparison: comparison, value: value(arguments[index]))
    }
  }

  private static func value(_ value: OpaquePointer?) -> SQLValue {
    switch sqlite3_value_type(value) {
    case SQLITE_INTEGER: return .integer(sqlite3_value_int64(value))
    case SQLITE_FLOAT: return .real(sqlite3_value_double(value))
    case SQLITE_TEXT:
      guard let text = sqlite3_value_text(value) else { return .null }
      let count = Int(sqlite3_value_bytes(value))
      return .text(String(decoding: UnsafeBufferPointer(start: text, count: count), as: UTF8.self))
    // No table compares with bytes.
    default: return .null
    }
  }

  private static func give(_ value: SQLValue, _ context: OpaquePointer?) {
    // -1 tells SQLite to copy the bytes.
    let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
    switch value {
    case .null: sqlite3_result_null(context)
    case .integer(let integer): sqlite3_result_int64(context, integer)
    case .real(let real): sqlite3_result_double(context, real)
    // Nothing at no address would be NULL.
    case .text(""): sqlite3_result_text(context, "", 0, copied)
    case .blob([]): sqlite3_result_zeroblob(context, 0)
    case .text(var text):
      text.withUTF8 { bytes in
        bytes.withMemoryRebound(to: CChar.self) {
          sqlite3_result_text64(context, $0.baseAddress, UInt64($0.count), copied, UInt8(SQLITE_UTF8))
        }
      }
    case .blob(let bytes):
      bytes.withUnsafeBytes { sqlite3_result_blob64(context, $0.baseAddress, UInt64($0.count), copied) }
    }
  }
}
