/// A picture made of characters, `columns` wide and `rows` high. What does not fit is cut off.
public struct CellGrid: Sendable, Equatable {
  private struct Cell: Sendable, Equatable {
    /// A character with what combines with it; empty for the right half of a wide one.
    var text = " "
    var ink = Ink.plain
  }

  public let columns: Int
  public let rows: Int
  private var cells: [Cell]

  public init(columns: Int, rows: Int) {
    self.columns = max(0, columns)
    self.rows = max(0, rows)
    cells = Array(repeating: Cell(), count: self.columns * self.rows)
  }

  /// Puts text on a row, from a column on. Control characters are shown as escapes.
  public mutating func put(_ text: String, column: Int, row: Int, ink: Ink = .plain) {
    guard row >= 0, row < rows else { return }
    var column = column
    for character in SafeText.escaped(text) {
      let text = String(character)
      let width = SafeText.columns(text)
      guard column + width <= columns else { return }
      if column >= 0, width > 0 {
        cells[row * columns + column] = Cell(text: text, ink: ink)
        if width == 2 { cells[row * columns + column + 1] = Cell(text: "", ink: ink) }
      }
      column += width
    }
  }

  /// Puts text so that it ends before a column.
  public mutating func put(_ text: String, endingAt column: Int, row: Int, ink: Ink = .plain) {
    put(text, column: column - SafeText.columns(SafeText.escaped(text)), row: row, ink: ink)
  }

  /// Puts one character; the fast way for curves.
  mutating func put(_ character: Character, column: Int, row: Int, ink: Ink) {
    guard column >= 0, column < columns, row >= 0, row < rows else { return }
    cells[row * columns + column] = Cell(text: String(character), ink: ink)
  }

  /// The rows as text, without blanks at their ends.
  public func lines(_ style: TerminalStyle) -> [String] {
    (0..<rows).map { row in
      let cells = cells[row * columns..<(row + 1) * columns]
      let used = (cells.lastIndex { $0.text != " " } ?? cells.startIndex - 1) + 1
      var line = ""
      var ink = Ink.plain
      for cell in cells[cells.startIndex..<max(used, cells.startIndex)] {
        if cell.ink != ink, cell.text != " " {
          line += style.end(ink) + style.begin(cell.ink)
          ink = cell.ink
        }
        line += cell.text
      }
      return line + style.end(ink)
    }
  }
}
