import Terminal

/// Columns of text, padded so that they line up.
enum TextTable {
  static func text(header: [String]?, rows: [[String]], rightAligned: Set<Int>) -> String {
    let all = (header.map { [$0] } ?? []) + rows
    var widths: [Int] = []
    for row in all {
      for (column, cell) in row.enumerated() {
        if column == widths.count { widths.append(0) }
        widths[column] = max(widths[column], SafeText.columns(cell))
      }
    }
    return all.map { row in
      var line = ""
      for (column, cell) in row.enumerated() {
        if column > 0 { line += "  " }
        let padding = String(repeating: " ", count: widths[column] - SafeText.columns(cell))
        // Nothing is padded at the end of a line.
        line += rightAligned.contains(column) ? padding + cell : column == row.count - 1 ? cell : cell + padding
      }
      return line
    }.joined(separator: "\n")
  }
}

/// Fields of comma-separated values (RFC 4180).
enum CSVText {
  /// The field, in quotes where it needs them.
  static func field(_ text: String) -> String {
    guard text.contains(where: { ",\"\n\r".contains($0) }) || text.contains("\r\n") else { return text }
    return "\"" + text.replacing("\"", with: "\"\"") + "\""
  }
}

/// Text from files on its way to a terminal.
enum TerminalText {
  /// Control characters as escapes, so that a name cannot move the cursor or change colours.
  static func safe(_ text: String) -> String { SafeText.escaped(text) }
}
