import ArgumentParser
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

  static func count(_ value: Int) -> ListingValue { .integer(Int64(value)) }

  /// As JSON; what is not finite is a string.
  var json: String {
    switch self {
    case .text(let text): text.map(JSONText.quoted) ?? "null"
    case .integer(let value): value.map { "\($0)" } ?? "null"
    case .number(let value), .time(let value): value.map { JSONText.number($0, "\($0)") } ?? "null"
    case .single(let value): JSONText.number(Double(value), "\(value)")
    case .flag(let value): value ? "true" : "false"
    }
  }

  /// As a field of comma-separated values; nothing where there is no value.
  var csv: String {
    switch self {
    case .text(let text): CSVText.field(text ?? "")
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
    case .text, .time, .flag: false
    }
  }
}

/// Rows with named columns. The names are those of the JSON answer, which scripts rely on.
struct Listing {
  var columns: [String]
  var rows: [[ListingValue]] = []
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
      let header = shown.map { columns[$0].replacing("_", with: " ") }
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
    let objects = rows.map { row in
      "  {" + zip(columns, row).map { "\(JSONText.quoted($0)): \($1.json)" }.joined(separator: ", ") + "}"
    }
    return "[\n" + objects.joined(separator: ",\n") + "\n]"
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

/// Standard output in large pieces; listings may have millions of lines.
struct OutputStream {
  private var bytes: [UInt8] = []

  mutating func write(_ text: String) {
    bytes.append(contentsOf: text.utf8)
    if bytes.count >= 1 << 16 { flush() }
  }

  /// Call when all is written.
  mutating func flush() {
    FileHandle.standardOutput.write(Data(bytes))
    bytes.removeAll(keepingCapacity: true)
  }
}
