/// A canvas of dots finer than characters: braille patterns have two by four in each, ASCII stands in with three rows.
struct DotCanvas {
  /// Dots a character.
  private let across: Int
  private let down: Int
  private let unicode: Bool
  let columns: Int
  let rows: Int
  private var dots: [UInt8]
  private var inks: [Int]

  init(columns: Int, rows: Int, unicode: Bool) {
    self.columns = max(1, columns)
    self.rows = max(1, rows)
    self.unicode = unicode
    (across, down) = unicode ? (2, 4) : (1, 3)
    dots = Array(repeating: 0, count: self.columns * self.rows)
    inks = Array(repeating: 0, count: self.columns * self.rows)
  }

  var width: Int { columns * across }
  var height: Int { rows * down }

  /// Bits of braille patterns (U+2800), by row and column of the dot.
  private static let braille: [[UInt8]] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]]

  /// Sets a dot; y counts downwards. What lies outside is left out.
  mutating func set(_ x: Int, _ y: Int, ink: Int) {
    guard x >= 0, x < width, y >= 0, y < height else { return }
    let cell = y / down * columns + x / across
    dots[cell] |= unicode ? Self.braille[y % down][x % across] : UInt8(1) << UInt8(y % down)
    inks[cell] = ink
  }

  /// A straight line between two dots, both included.
  mutating func line(_ x0: Int, _ y0: Int, _ x1: Int, _ y1: Int, ink: Int) {
    let steps = max(abs(x1 - x0), abs(y1 - y0))
    guard steps > 0 else { return set(x0, y0, ink: ink) }
    for step in 0...steps {
      let part = Double(step) / Double(steps)
      set(
        x0 + Int((Double(x1 - x0) * part).rounded()), y0 + Int((Double(y1 - y0) * part).rounded()), ink: ink)
    }
  }

  /// Draws the dots that are set on a grid.
  func draw(on grid: inout CellGrid, column: Int, row: Int) {
    for y in 0..<rows {
      for x in 0..<columns where dots[y * columns + x] != 0 {
        let mask = dots[y * columns + x]
        let character =
          unicode ? Character(Unicode.Scalar(0x2800 + UInt32(mask)) ?? " ") : Self.ascii[Int(mask & 7)]
        grid.put(character, column: column + x, row: row + y, ink: .curve(inks[y * columns + x]))
      }
    }
  }

  /// By which of the three rows are set: 1 the top one, 2 the middle, 4 the bottom.
  private static let ascii: [Character] = [" ", "'", "-", "|", ".", ":", "|", "|"]
}
