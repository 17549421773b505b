import GRDBSQLite

/// What a query may do: read. SQLite asks for every part of a statement while it compiles it; what is not named here is
/// refused, so that nothing a later SQLite brings gets through unasked.
enum SQLAuthorizer {
  /// Functions that reach outside the database or into SQLite itself, where the library was built with them.
  private static let refusedFunctions: Set<String> = [
    "load_extension", "readfile", "writefile", "edit", "fts3_tokenizer", "fsdir", "lsmode", "sqlite_offset",
  ]

  /// Pragmas that tell what tables there are; no other is of use to a reader.
  private static let allowedPragmas: Set<String> = ["table_info", "table_xinfo", "table_list", "index_list"]

  /// Modules whose tables could be made from a name alone and read files or internals.
  private static let refusedTables: Set<String> = ["sqlite_dbpage", "sqlite_stmt", "bytecode", "tables_used", "fsdir"]

  /// Why an action (`SQLITE_READ`, …) with its two arguments is refused; nil where it is allowed.
  static func refusal(_ action: Int32, _ first: String?, _ second: String?) -> String? {
    switch action {
    case SQLITE_SELECT, SQLITE_RECURSIVE: nil
    case SQLITE_READ:
      first.map { refusedTables.contains($0.lowercased()) } == true ? "the table \(first ?? "") cannot be read" : nil
    case SQLITE_FUNCTION:
      second.map { refusedFunctions.contains($0.lowercased()) } == true
        ? "the function \(second ?? "") is not allowed" : nil
    case SQLITE_PRAGMA:
      first.map { allowedPragmas.contains($0.lowercased()) } == true
        ? nil : "PRAGMA \(first ?? "") is not allowed"
    case SQLITE_ATTACH, SQLITE_DETACH: "no other database can be attached"
    case SQLITE_INSERT, SQLITE_UPDATE, SQLITE_DELETE: "rows cannot be changed"
    case SQLITE_TRANSACTION, SQLITE_SAVEPOINT: "a query is a transaction of its own"
    default: "only SELECT is allowed"
    }
  }
}
