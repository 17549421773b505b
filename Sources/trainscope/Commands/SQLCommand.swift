import ArgumentParser
import Catalog
import Foundation

/// `trainscope sql ROOT QUERY`
struct SQLCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sql",
    abstract: "Ask the catalogue in SQL: runs, tags, points, files, checkpoints, variables and more.",
    discussion: """
      The query can only read, and is stopped when it takes too long. --tables lists what can be asked for. A value that \
      is NaN is NULL in SQL. Exits with 1 where the answer was cut short.

      trainscope sql logs "SELECT run, max(value) FROM points WHERE tag = 'accuracy' GROUP BY run"
      """)

  @OptionGroup var options: CatalogOptions

  @Argument(help: "One SELECT statement; - reads it from standard input.")
  var query: String?

  @Flag(help: "List the tables that a query can read, and their columns.")
  var tables = false

  @Option(help: ArgumentHelp("The most rows to print; 0: all.", valueName: "count"))
  var maxRows = 100_000

  @Option(help: ArgumentHelp("How long the query may run, in seconds; 0: for ever.", valueName: "seconds"))
  var timeout = 30.0

  @Option(help: "How to print: table, json or csv.")
  var format = OutputFormat.table

  func validate() throws {
    guard maxRows >= 0 else { throw ValidationError("--max-rows cannot be negative.") }
    guard timeout >= 0, timeout.isFinite else { throw ValidationError("--timeout takes a number of seconds.") }
    guard tables != (query != nil) else {
      throw ValidationError(
        tables ? "Give a query or --tables, not both." : "Give a query, or --tables to see what can be asked for.")
    }
  }

  func run() throws {
    let query = try queryText()
    let catalog = try options.refreshed()
    guard let query else { return try listTables(catalog) }
    let limits = SQLLimits(
      rows: maxRows == 0 ? .max : maxRows, seconds: timeout == 0 ? 1e9 : timeout,
      answer: format == .table ? 256 << 20 : nil)
    let last = LastResort(seconds: limits.seconds)
    var stream: ListingStream?
    let outcome = try catalog.sql(query, limits: limits) { names in
      stream = ListingStream(columns: Self.distinct(names), format: format)
    } row: { values in
      stream?.add(values.map(Self.value))
    }
    last.cancel()
    stream?.finish()
    for note in outcome.notes { Diagnostics.note(note) }
    if outcome.isCutShort {
      Diagnostics.note("Only the first \(outcome.rows) rows are shown; --max-rows N shows more, --max-rows 0 all.")
      throw ExitCode(1)
    }
  }

  private func queryText() throws -> String? {
    guard query == "-" else { return query }
    let bytes = try FileHandle.standardInput.readToEnd() ?? Data()
    guard let text = String(data: bytes, encoding: .utf8) else {
      throw ValidationError("What was read from standard input is not UTF-8 text.")
    }
    return text
  }

  private func listTables(_ catalog: Catalog) throws {
    var listing = Listing(columns: ["table", "columns", "rows_are"])
    listing.rows = try catalog.sqlTables().map {
      [.text($0.name), .text($0.columns.joined(separator: ", ")), .text($0.summary)]
    }
    if format == .table {
      for table in try catalog.sqlTables() {
        StandardOutput.write("\(table.name): \(table.summary)\n    \(table.columns.joined(separator: ", "))\n")
      }
    } else {
      listing.print(as: format)
    }
  }

  private static func value(_ value: SQLValue) -> ListingValue {
    switch value {
    case .null: .number(nil)
    case .integer(let integer): .integer(integer)
    case .real(let real): .number(real)
    case .text(let text): .text(text)
    case .blob(let bytes): .bytes(bytes)
    }
  }

  /// Names that are used twice get a number, since a JSON object can hold each once.
  private static func distinct(_ names: [String]) -> [String] {
    var used: Set<String> = []
    return names.map { name in
      var candidate = name
      var number = 2
      while !used.insert(candidate).inserted {
        candidate = "\(name)_\(number)"
        number += 1
      }
      return candidate
    }
  }
}

/// Ends the program where a query does not stop by itself: SQLite looks at the clock between its steps, and one step over
/// very long texts can take for ever.
private final class LastResort {
  private let timer: any DispatchSourceTimer

  init(seconds: Double) {
    let timer = DispatchSource.makeTimerSource(queue: .global())
    self.timer = timer
    timer.schedule(deadline: .now() + min(seconds * 1.1 + 2, 1e8))
    timer.setEventHandler {
      Diagnostics.note("\(SQLError.tooSlow(seconds: seconds))")
      _exit(1)
    }
    timer.resume()
  }

  func cancel() { timer.cancel() }
}
