/// One chart of a few curves in characters: title, y axis at the left, x axis at the bottom.
public struct CurveChart: Sendable, Equatable {
  /// One curve, as rows ascending in x: in each the smallest and largest value and the first and last, which are joined
  /// from row to row. Rows of single points have the same value four times.
  public struct Curve: Sendable, Equatable {
    /// What stands for it in the legend and at its end, such as `a`; also its colour.
    public var number: Int
    public var x: [Double]
    public var first: [Double]
    public var low: [Double]
    public var high: [Double]
    public var last: [Double]
    /// Where values are not finite, ascending; the curve is interrupted there.
    public var breaks: [Double]

    public init(
      number: Int, x: [Double], first: [Double], low: [Double], high: [Double], last: [Double], breaks: [Double] = []
    ) {
      self.number = number
      self.x = x
      self.first = first
      self.low = low
      self.high = high
      self.last = last
      self.breaks = breaks
    }

    /// A curve of single points.
    public init(number: Int, points: [(x: Double, y: Double)], breaks: [Double] = []) {
      let values = points.map(\.y)
      self.init(
        number: number, x: points.map(\.x), first: values, low: values, high: values, last: values, breaks: breaks)
    }
  }

  public var title: String
  public var curves: [Curve]

  public init(title: String, curves: [Curve]) {
    self.title = title
    self.curves = curves
  }

  /// The letter of a curve.
  public static func letter(_ number: Int) -> String {
    let letters = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return String(letters[((number % letters.count) + letters.count) % letters.count])
  }

  /// The least a chart needs.
  static let smallest = (columns: 20, rows: 4)

  /// Draws the chart into a part of a grid. Where there is nothing finite, it says so.
  func draw(on grid: inout CellGrid, column: Int, row: Int, columns: Int, rows: Int, style: TerminalStyle) {
    grid.put(SafeText.fitted(SafeText.escaped(title), columns: max(0, columns)), column: column, row: row, ink: .strong)
    let body = rows - 2
    guard body >= 1, columns >= Self.smallest.columns else { return }
    let breaks = curves.flatMap(\.breaks)
    let xs = curves.flatMap { [$0.x.first, $0.x.last] }.compactMap { $0 } + breaks
    guard var low = curves.compactMap({ $0.low.min() }).min(), var high = curves.compactMap({ $0.high.max() }).max(),
      let start = xs.min(), let end = xs.max()
    else {
      grid.put(
        breaks.isEmpty ? "no points yet" : "no finite value yet", column: column + 2, row: row + 1 + body / 2,
        ink: .faint)
      return
    }
    // A constant lies in the middle; so does what no scale could tell from one.
    if high / 2 - low / 2 <= 0 {
      let margin = low == 0 ? 1 : abs(low) * 0.1
      (low, high) = (low - margin, high + margin)
    }
    let labels = [high, low / 2 + high / 2, low].map(NumberText.short)
    let margin = min((labels.map(\.count).max() ?? 0) + 1, columns / 3)
    let plot = (column: column + margin + 1, row: row + 1, columns: columns - margin - 2, rows: body)
    drawAxes(on: &grid, plot, labels: labels, start: start, end: end, style: style)

    var canvas = DotCanvas(columns: plot.columns, rows: plot.rows, unicode: style.unicode)
    let xScale = end > start ? Double(canvas.width - 1) / (end - start) : 0
    // The span of two finite values may be infinite.
    let span = high / 2 - low / 2
    func dot(_ place: Double) -> Int { place.isFinite ? Int(min(max(place, -1e6), 1e6).rounded()) : 0 }
    func place(x: Double) -> Int { dot((x - start) * xScale) }
    func place(y: Double) -> Int { dot((high / 2 - y / 2) / span * Double(canvas.height - 1)) }
    for curve in curves {
      var breaks = curve.breaks[...]
      var previous: (x: Int, y: Int)?
      for index in curve.x.indices {
        while let at = breaks.first, at <= curve.x[index] {
          previous = nil
          breaks.removeFirst()
        }
        let x = place(x: curve.x[index])
        if let previous { canvas.line(previous.x, previous.y, x, place(y: curve.first[index]), ink: curve.number) }
        canvas.line(x, place(y: curve.low[index]), x, place(y: curve.high[index]), ink: curve.number)
        previous = (x, place(y: curve.last[index]))
      }
    }
    canvas.draw(on: &grid, column: plot.column, row: plot.row)
    let perColumn = canvas.width / canvas.columns
    let perRow = canvas.height / canvas.rows
    if curves.count > 1 {
      for curve in curves {
        guard let x = curve.x.last, let y = curve.last.last else { continue }
        grid.put(
          Character(Self.letter(curve.number)), column: plot.column + place(x: x) / perColumn + 1,
          row: plot.row + place(y: y) / perRow, ink: .curve(curve.number))
      }
    }
    for x in breaks { grid.put("!", column: plot.column + place(x: x) / perColumn, row: plot.row, ink: .warning) }
  }

  private func drawAxes(
    on grid: inout CellGrid, _ plot: (column: Int, row: Int, columns: Int, rows: Int), labels: [String], start: Double,
    end: Double, style: TerminalStyle
  ) {
    let (tick, line) = style.unicode ? ("┤", "│") : ("+", "|")
    let last = plot.rows - 1
    for row in 0...last { grid.put(line, column: plot.column - 1, row: plot.row + row, ink: .faint) }
    let places = last >= 4 ? [0, last / 2, last] : last >= 1 ? [0, last] : [0]
    let shown = places.count == 3 ? labels : [labels[0], labels[2]]
    for (place, label) in zip(places, shown) {
      // With an even number of rows the middle is none of them.
      if places.count == 3, place == last / 2, last % 2 == 1 { continue }
      grid.put(label, endingAt: plot.column - 1, row: plot.row + place)
      grid.put(tick, column: plot.column - 1, row: plot.row + place, ink: .faint)
    }
    let row = plot.row + plot.rows
    let ends = [start, end].map(Self.xLabel)
    grid.put(ends[0], column: plot.column, row: row)
    guard end > start else { return }
    grid.put(ends[1], endingAt: plot.column + plot.columns, row: row)
    let isWhole = start == start.rounded() && end == end.rounded()
    let center = start + (end - start) / 2
    let middle = Self.xLabel(isWhole ? center.rounded() : center)
    let column = plot.column + (plot.columns - middle.count) / 2
    if column > plot.column + ends[0].count + 2, column + middle.count + 2 < plot.column + plot.columns - ends[1].count
    {
      grid.put(middle, column: column, row: row, ink: .faint)
    }
  }

  private static func xLabel(_ x: Double) -> String {
    x == x.rounded() && abs(x) < 1e15 ? NumberText.step(Int64(x)) : NumberText.short(x)
  }
}
