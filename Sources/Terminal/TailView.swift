/// The picture of `trainscope tail`: a line on top, charts, and a table of runs below them; it fits any size.
public struct TailView: Sendable, Equatable {
  public struct Run: Sendable, Equatable {
    public var name: String
    public var step: Int64?
    /// Steps a second.
    public var rate: Double?
    /// The last value of each chart's tag; nil where the run has none.
    public var values: [Double?]

    public init(name: String, step: Int64?, rate: Double?, values: [Double?]) {
      self.name = name
      self.step = step
      self.rate = rate
      self.values = values
    }
  }

  /// At the left and the right end of the first line.
  public var title: String
  public var status: String
  public var charts: [CurveChart]
  /// In the order of the curves' numbers.
  public var runs: [Run]
  /// Runs and tags that were left out.
  public var hiddenRuns: Int
  public var hiddenTags: Int
  /// What should not be overlooked, the most urgent first.
  public var warnings: [String]

  public init(
    title: String, status: String = "", charts: [CurveChart] = [], runs: [Run] = [], hiddenRuns: Int = 0,
    hiddenTags: Int = 0, warnings: [String] = []
  ) {
    self.title = title
    self.status = status
    self.charts = charts
    self.runs = runs
    self.hiddenRuns = hiddenRuns
    self.hiddenTags = hiddenTags
    self.warnings = warnings
  }

  /// How the parts share the rows.
  private struct Layout {
    var warnings: Int
    var runs: Int
    /// Charts beside and below each other.
    var across: Int
    var down: Int
    var chartRows: Int
  }

  private static let comfortableChart = (columns: 56, rows: 8)

  /// How many charts have room beside `runs` runs and some warnings; never none.
  public static func capacity(columns: Int, rows: Int, runs: Int, warnings: Int) -> Int {
    let layout = layout(columns: columns, rows: rows, charts: .max, runs: runs, warnings: warnings)
    return layout.across * layout.down
  }

  private static func layout(columns: Int, rows: Int, charts: Int, runs: Int, warnings: Int) -> Layout {
    let shownWarnings = min(warnings, rows >= 16 ? 3 : rows >= 10 ? 1 : 0)
    // Charts get at least half of the rows.
    let most = max(0, min(rows / 2 - 2 - shownWarnings, 12))
    let shownRuns = min(runs, most)
    let left = rows - 1 - shownWarnings - (shownRuns > 0 ? shownRuns + 1 : 0)
    let across = max(1, min(columns / comfortableChart.columns, charts))
    let needed = charts == .max ? Int.max : (charts + across - 1) / across
    let down = max(1, min(left / comfortableChart.rows, needed))
    return Layout(warnings: shownWarnings, runs: shownRuns, across: across, down: down, chartRows: max(0, left / down))
  }

  /// The picture as a grid of exactly this size.
  public func grid(columns: Int, rows: Int, style: TerminalStyle) -> CellGrid {
    var grid = CellGrid(columns: columns, rows: rows)
    let layout = Self.layout(
      columns: columns, rows: rows, charts: max(1, charts.count), runs: runs.count, warnings: warnings.count)
    let room = columns - SafeText.columns(status) - 2
    grid.put(room > 0 ? SafeText.fitted(SafeText.escaped(title), columns: room) : "", column: 0, row: 0, ink: .strong)
    grid.put(status, endingAt: columns, row: 0, ink: .faint)
    let width = columns / layout.across
    for (number, chart) in charts.prefix(layout.across * layout.down).enumerated() {
      chart.draw(
        on: &grid, column: number % layout.across * width, row: 1 + number / layout.across * layout.chartRows,
        columns: width - (layout.across > 1 ? 1 : 0), rows: layout.chartRows, style: style)
    }
    var row = 1 + layout.down * layout.chartRows
    if layout.runs > 0 {
      drawRuns(on: &grid, row: row, count: layout.runs, charts: min(charts.count, layout.across * layout.down))
      row += layout.runs + 1
    }
    for warning in warnings.prefix(layout.warnings) {
      grid.put(SafeText.fitted("! " + SafeText.escaped(warning), columns: columns), column: 0, row: row, ink: .warning)
      row += 1
    }
    return grid
  }

  private func drawRuns(on grid: inout CellGrid, row: Int, count: Int, charts shown: Int) {
    let cell = 11
    let fixed = 2 + 2 * cell
    let values = max(0, min(shown, (grid.columns - fixed - 16) / cell))
    let nameWidth = max(8, grid.columns - fixed - values * cell)
    let hidden = [
      hiddenRuns + runs.count - count > 0 ? "+ \(hiddenRuns + runs.count - count) runs" : nil,
      hiddenTags > 0 ? "+ \(hiddenTags) tags" : nil,
    ].compactMap { $0 }.joined(separator: ", ")
    let head = "run" + (hidden.isEmpty ? "" : "  (\(hidden))")
    grid.put(SafeText.fitted(head, columns: nameWidth - 1), column: 2, row: row, ink: .faint)
    func column(_ number: Int) -> Int { 2 + nameWidth + (number + 1) * cell }
    grid.put("step", endingAt: column(0), row: row, ink: .faint)
    grid.put("steps/s", endingAt: column(1), row: row, ink: .faint)
    for (number, chart) in charts.prefix(values).enumerated() {
      let title = SafeText.fitted(SafeText.escaped(chart.title), columns: cell - 1)
      grid.put(title.trimmed, endingAt: column(2 + number), row: row, ink: .faint)
    }
    for (number, run) in runs.prefix(count).enumerated() {
      let row = row + 1 + number
      grid.put(CurveChart.letter(number), column: 0, row: row, ink: .curve(number))
      grid.put(SafeText.fitted(SafeText.escaped(run.name), columns: nameWidth - 1), column: 2, row: row)
      grid.put(run.step.map(NumberText.step) ?? "-", endingAt: column(0), row: row)
      grid.put(run.rate.map(Self.rate) ?? "-", endingAt: column(1), row: row)
      for (place, value) in run.values.prefix(values).enumerated() {
        let isOdd = value.map { !$0.isFinite } ?? false
        grid.put(
          value.map(NumberText.short) ?? "-", endingAt: column(2 + place), row: row, ink: isOdd ? .warning : .plain)
      }
    }
  }

  private static func rate(_ rate: Double) -> String {
    rate >= 1000 ? UnitText.count(rate) : NumberText.short((rate * 100).rounded() / 100)
  }
}

extension String {
  /// Without blanks at the end.
  fileprivate var trimmed: String {
    var text = self
    while text.hasSuffix(" ") { text.removeLast() }
    return text
  }
}
