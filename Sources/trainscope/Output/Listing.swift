import ArgumentParser
import Catalog
import Foundation

/// How a listing prints.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
  case table, json, csv
}

/// A value of a listing.
enum ListingValue {
  case text(String?)
  case integer(Int64?)
  /// A number that prints so that it reads back exactly as float64.
  case number(Double?)
  /// One that was logged as float32, and reads back exactly as such.
  case single(Float)
  /// Seconds since 1970.
  case time(Double?)
  case flag(Bool)
  /// Bytes that are no text.
  case bytes([UInt8])

  static func count(_ value: Int) -> ListingValue { .integer(Int64(value)) }

  /// A point's value, in the precision it was logged in.
  static func scalar(_ values: SeriesValues, _ position: Int) -> ListingValue {
    switch values {
    case .float32(let values): .single(values[position])
    case .float64(let values): .number(values[position])
    case .int64(let values): .integer(values[position])
    }
  }

  /// As JSON; what is not finite is a string.
  var json: String {
    switch self {
    case .text(let text): text.map(JSONText.quoted) ?? "null"
    case .integer(let value): value.map { "\($0)" } ?? "null"
    case .number(let value), .time(let value): value.map { JSONText.number($0, "\($0)") } ?? "null"
    case .single(let value): JSONText.number(Double(value), "\(value)")
    case .flag(let value): value ? "true" : "false"
    case .bytes(let bytes): "{\"base64\": \"\(Data(bytes).base64EncodedString())\"}"
    }
  }

  /// As a field of comma-separated values; nothing where there is no value.
  var csv: String {
    switch self {
    case .text(let text): CSVText.field(text ?? "")
    case .bytes(let bytes): "x'\(Self.hexadecimal(bytes))'"
    case .integer, .number, .time, .single, .flag:
      json == "null" ? "" : json.replacing("\"", with: "")
    }
  }

  /// For people.
  var cell: String {
    switch self {
    case .text(let text): TerminalText.safe(text ?? "-")
    case .integer(nil), .number(nil), .time(nil): "-"
    case .time(.some(let seconds)) where seconds.isFinite && abs(seconds) < 1e11:
      Date(timeIntervalSince1970: seconds).formatted(
        .verbatim(
          "\(year: .defaultDigits)-\(month: .twoDigits)-\(day: .twoDigits) \(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased)):\(minute: .twoDigits):\(second: .twoDigits)",
          timeZone: .current, calendar: Calendar(identifier: .gregorian)))
    default: csv
    }
  }

  fileprivate var isNumber: Bool {
    switch self {
    case .integer, .number, .single: true
    case .text, .time, .flag, .bytes: false
    }
  }

  private static func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}

/// Rows with named columns. The names are those of the JSON answer, which scripts rely on.
struct Listing {
  var columns: [String]
  var rows: [[ListingValue]] = []
  /// Whether a table shows the names as they are; otherwise with spaces for underscores.
  var keepsNames = false
  /// Columns that only JSON and CSV show.
  var hiddenInTable: Set<String> = []

  func print(as format: OutputFormat) {
    var output = OutputStream()
    switch format {
    case .json: output.write(json + "\n")
    case .csv:
      output.write(columns.map(CSVText.field).joined(separator: ",") + "\n")
      for row in rows { output.write(row.map(\.csv).joined(separator: ",") + "\n") }
    case .table:
      let shown = columns.indices.filter { !hiddenInTable.contains(columns[$0]) }
      let header = shown.map { keepsNames ? TerminalText.safe(columns[$0]) : columns[$0].replacing("_", with: " ") }
      let right = Set(
        shown.indices.filter { position in !rows.isEmpty && rows.allSatisfy { $0[shown[position]].isNumber } })
      output.write(
        TextTable.text(header: header, rows: rows.map { row in shown.map { row[$0].cell } }, rightAligned: right) + "\n"
      )
    }
    output.flush()
  }

  /// An array of objects.
  var json: String {
    guard !rows.isEmpty else { return "[]" }
    return "[\n" + rows.map { Self.object(columns, $0) }.joined(separator: ",\n") + "\n]"
  }

  /// A row as an object on a line of its own.
  static func object(_ columns: [String], _ row: [ListingValue]) -> String {
    "  {" + zip(columns, row).map { "\(JSONText.quoted($0)): \($1.json)" }.joined(separator: ", ") + "}"
  }
}

/// A listing whose rows are printed as they come, so that it may have any number of them. Only a table keeps its rows: it
/// cannot be drawn before the widest cell is known.
struct ListingStream {
  private let format: OutputFormat
  private var listing: Listing
  private var output = OutputStream()
  private var isFirst = true

  init(columns: [String], format: OutputFormat) {
    self.format = format
    listing = Listing(columns: columns)
    listing.keepsNames = true
    switch format {
    case .json: output.write("[")
    case .csv: output.write(columns.map(CSVText.field).joined(separator: ",") + "\n")
    case .table: break
    }
  }

  mutating func add(_ row: [ListingValue]) {
    switch format {
    case .json: output.write((isFirst ? "\n" : ",\n") + Listing.object(listing.columns, row))
    case .csv: output.write(row.map(\.csv).joined(separator: ",") + "\n")
    case .table: listing.rows.append(row)
    }
    isFirst = false
  }

  /// Call when all rows were added.
  mutating func finish() {
    switch format {
    case .json: output.write(isFirst ? "]\n" : "\n]\n")
    case .csv: break
    case .table: listing.print(as: .table)
    }
    output.flush()
  }
}

/// The few pieces of JSON that listings are made of.
enum JSONText {
  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      case _ where scalar.value < 0x20 || scalar.value == 0x7f:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  /// `text` where the value is finite, else the name of what it is, quoted.
  static func number(_ value: Double, _ text: @autoclosure () -> String) -> String {
    if value.isNaN { return "\"NaN\"" }
    if value.isInfinite { return value > 0 ? "\"Infinity\"" : "\"-Infinity\"" }
    return text()
  }
}
