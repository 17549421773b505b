/// One value of an SQL answer, as SQLite has it.
///
/// SQLite knows no NaN: a point whose value is NaN has the value ``null``. Infinities are reals.
public enum SQLValue: Sendable, Hashable {
  case null
  case integer(Int64)
  case real(Double)
  case text(String)
  case blob([UInt8])
}

extension SQLValue {
  init(_ value: String?) { self = value.map(SQLValue.text) ?? .null }
  init(_ value: Int64?) { self = value.map(SQLValue.integer) ?? .null }
  init(_ value: Double?) { self = value.map { $0.isNaN ? .null : .real($0) } ?? .null }

  /// About how many bytes it takes in memory.
  var size: Int {
    switch self {
    case .null, .integer, .real: 16
    case .text(let text): 16 + text.utf8.count
    case .blob(let bytes): 16 + bytes.count
    }
  }
}

/// What one query may cost. Every limit ends the query with a ``SQLError`` or, for rows, cuts the answer short.
public struct SQLLimits: Sendable, Equatable {
  /// Rows given at most.
  public var rows: Int
  /// Seconds the query may run, counted from its start.
  public var seconds: Double
  /// Bytes SQLite may use for sorting, grouping and temporary tables, beyond what it uses already. Nothing is written to
  /// temporary files.
  public var memory: Int
  /// Bytes of all values given together; nil for a caller that keeps none of them.
  public var answer: Int?
  /// Bytes of one value.
  public var value: Int

  public init(
    rows: Int = 100_000, seconds: Double = 30, memory: Int = 512 << 20, answer: Int? = nil, value: Int = 16 << 20
  ) {
    self.rows = rows
    self.seconds = seconds
    self.memory = memory
    self.answer = answer
    self.value = value
  }
}

/// What is to be said of an answer that was given in full or in part.
public struct SQLOutcome: Sendable, Equatable {
  /// Rows given.
  public var rows: Int
  /// Whether there are more rows than ``SQLLimits/rows``.
  public var isCutShort: Bool
  /// Sentences on what could not be read, such as a checkpoint whose index is damaged; at most 20.
  public var notes: [String]
}

/// Why a query gives no answer. Every message says what to do.
public enum SQLError: Error, Equatable, Sendable {
  /// SQLite does not take the query: `reason` is its message, `offset` the byte of the query where it stopped reading.
  /// Correct the query.
  case invalid(reason: String, query: String, offset: Int?)
  /// The query would change something or reach outside the catalogue.
  case notAllowed(what: String)
  /// There is no statement in the query.
  case empty
  /// There is more than one statement in it. Run them one at a time.
  case severalStatements
  /// It ran longer than it may. Ask for less, or give it more time.
  case tooSlow(seconds: Double)
  /// Sorting or grouping needs more memory than it may. Ask for less at a time.
  case tooMuchMemory(bytes: Int)
  /// The answer is larger than its taker can hold. Ask for less at a time.
  case answerTooLarge(bytes: Int)
  /// SQLite failed for another reason than the query, such as a catalogue that is damaged.
  case failed(reason: String)
}

extension SQLError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .invalid(let reason, let query, let offset):
      "The query cannot be run: \(reason)\(Self.place(offset, in: query)).\(Self.hint(reason))"
    case .notAllowed(let what):
      "The query cannot be run: \(what). Queries only read; what they read is listed by `trainscope sql ROOT --tables`."
    case .empty: "There is no query. Give one, such as \"SELECT * FROM runs\"."
    case .severalStatements: "There is more than one statement. Run them one at a time."
    case .tooSlow(let seconds):
      "The query was stopped after \(Self.plain(seconds)) s. Ask for less (a run, a tag, a range of steps), or give it "
        + "more time with --timeout."
    case .tooMuchMemory(let bytes):
      "The query was stopped: sorting and grouping took more than \(bytes >> 20) MB. Ask for less at a time."
    case .answerTooLarge(let bytes):
      "The answer is larger than \(bytes >> 20) MB. Ask for less at a time, or have it as csv or json, which need no memory."
    case .failed(let reason): "The catalogue cannot be queried: \(reason)."
    }
  }

  private static func plain(_ seconds: Double) -> String {
    seconds == seconds.rounded() && abs(seconds) < 1e15 ? "\(Int(seconds))" : "\(seconds)"
  }

  /// The word at which SQLite stopped.
  private static func place(_ offset: Int?, in query: String) -> String {
    guard let offset, offset >= 0, offset < query.utf8.count else { return "" }
    let rest = String(decoding: query.utf8.dropFirst(offset).prefix(200), as: UTF8.self)
    let word = rest.prefix { !$0.isWhitespace }.prefix(40)
    return word.isEmpty ? "" : " (at “\(word)”, character \(offset + 1))"
  }

  private static func hint(_ reason: String) -> String {
    if reason.hasPrefix("no such table") { return " `trainscope sql ROOT --tables` lists all tables." }
    if reason.hasPrefix("no such column") {
      return " `trainscope sql ROOT --tables` lists all columns; text stands in single quotes."
    }
    return ""
  }
}
