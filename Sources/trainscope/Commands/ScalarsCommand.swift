import ArgumentParser
import Catalog

/// `trainscope scalars ROOT --run R --tag T [--from S] [--to S] [--width W | --at X] [--branches B | --all-branches]
/// [--smoothing A] [--x-tag T]`
struct ScalarsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scalars",
    abstract: "Print the points of a scalar: step, wall time, value.",
    discussion: """
      Values print so that they read back exactly. Where training was restarted, points that the newest session logged \
      again are left out, unless --branches asks for others.
      """)

  @OptionGroup var options: CatalogOptions

  @Option(name: .customLong("run"), help: "The run.")
  var selectedRun: String

  @Option(help: "The tag.")
  var tag: String

  @Option(help: "The first step.")
  var from: Int64?

  @Option(help: "The last step.")
  var to: Int64?

  @Option(
    help:
      "Keep what a chart of so many pixel columns needs: first, smallest, largest and last point of each, and what is not finite."
  )
  var width: Int?

  @Option(help: "Print the point for this place on the x axis alone.")
  var at: Double?

  @Option(help: "Which point stands for --at: nearest, exact, previous, next or interpolated.")
  var match = PointMatch.nearest

  @Option(help: "What --at is on: step, relative (seconds since the run's first point) or wall (seconds since 1970).")
  var axis = SeriesAxis.step

  @Option(
    help:
      "Which points where steps go back: of the newest branch, all, or what TensorBoard's Python reader (tensorboard) or its data server (data-server) keeps."
  )
  var branches: BranchSelection?

  @Flag(help: "The same as --branches all: also points that a restart made void, in the order they were logged.")
  var allBranches = false

  @Option(
    help: ArgumentHelp(
      "Print a running average beside each value: ema:WEIGHT, or mean:STEPS, median:STEPS or gaussian:STEPS with the width of the window.",
      valueName: "kind:number"))
  var smoothing: Smoothing?

  @Option(help: "Print, as x, the value of another tag at the same step.")
  var xTag: String?

  @Option(help: "How to print: table, json or csv.")
  var format = OutputFormat.table

  func validate() throws {
    if let width, !(1...100_000).contains(width) { throw ValidationError("--width takes 1 to 100000 columns.") }
    if let from, let to, from > to { throw ValidationError("--from \(from) is behind --to \(to).") }
    if allBranches, let branches, branches != .all {
      throw ValidationError("--all-branches and --branches \(branches.rawValue) contradict one another.")
    }
    if width != nil, smoothing != nil || xTag != nil {
      throw ValidationError("--width goes with neither --smoothing nor --x-tag.")
    }
    if let at {
      guard at.isFinite else { throw ValidationError("--at takes a number.") }
      if width != nil || from != nil || to != nil || smoothing != nil || xTag != nil {
        throw ValidationError("--at goes with --match, --axis and --branches alone.")
      }
    }
  }

  func run() throws {
    let catalog = try options.refreshed()
    let branches = allBranches ? .all : branches ?? .newest
    if let at { return try printPoint(of: catalog, at: at, branches) }
    var printer = ScalarPrinter(
      run: selectedRun, tag: tag, format: format, isSmoothed: smoothing != nil, hasX: xTag != nil)
    if let width {
      let answer = try catalog.scalars(run: selectedRun, tag: tag, from: from, to: to, width: width, branches: branches)
      printer.print(ScalarPage(points: answer.points))
    } else {
      var stream = try catalog.scalarStream(
        run: selectedRun, tag: tag, from: from, to: to, branches: branches, smoothing: smoothing, xTag: xTag)
      while let page = try stream.next() { printer.print(page) }
    }
    printer.finish()
  }

  /// One row a branch; none where there is no such point.
  private func printPoint(of catalog: Catalog, at x: Double, _ branches: BranchSelection) throws {
    let series = SeriesName(run: selectedRun, tag: tag)
    let points = try catalog.points(of: [series], at: x, match: match, axis: axis, branches: branches)
    if points.isEmpty {
      // Names what is not there.
      _ = try catalog.scalarStream(run: selectedRun, tag: tag, branches: branches)
    }
    var listing = Listing(columns: ["step", "wall_time", "value"])
    listing.rows = points.map { point in
      let value: ListingValue =
        switch point.dtype {
        case "float32": .single(Float(point.value))
        case "int64": Int64(exactly: point.value).map { .integer($0) } ?? .number(point.value)
        default: .number(point.value)
        }
      return [.integer(point.step), format == .table ? .time(point.wallTime) : .number(point.wallTime), value]
    }
    listing.print(as: format)
  }
}

/// Prints points as they come, so that a series of any length takes no memory. Columns of a table are as wide as the
/// points of its first part need.
private struct ScalarPrinter {
  let run: String
  let tag: String
  let format: OutputFormat
  let columns: [String]
  private var output = OutputStream()
  private var widths: [Int] = []
  private var isFirst = true

  init(run: String, tag: String, format: OutputFormat, isSmoothed: Bool, hasX: Bool) {
    self.run = run
    self.tag = tag
    self.format = format
    columns = ["step", "wall_time", "value"] + (isSmoothed ? ["smoothed"] : []) + (hasX ? ["x"] : [])
  }

  mutating func print(_ page: ScalarPage) {
    let points = page.points
    let rows = (0..<points.count).map { index -> [ListingValue] in
      let time = points.wallTimes[index]
      var row: [ListingValue] = [
        .integer(points.steps[index]), format == .table ? .time(time) : .number(time),
        Self.value(points.values, index),
      ]
      if let smoothed = page.smoothed { row.append(.number(smoothed[index])) }
      if let x = page.x { row.append(.number(x[index].isFinite ? x[index] : nil)) }
      return row
    }
    if isFirst { begin(rows) }
    for (number, row) in rows.enumerated() {
      switch format {
      case .json:
        let members = zip(columns, row).map { "\(JSONText.quoted($0)): \($1.json)" }.joined(separator: ", ")
        output.write("\(isFirst && number == 0 ? "" : ",")\n  {\(members)}")
      case .csv: output.write(row.map(\.csv).joined(separator: ",") + "\n")
      case .table: write(row.map(\.cell))
      }
    }
    isFirst = false
  }

  mutating func finish() {
    if isFirst { begin([]) }
    if format == .json { output.write("\(isFirst ? "" : "\n")]}\n") }
    output.flush()
  }

  private mutating func begin(_ rows: [[ListingValue]]) {
    switch format {
    case .json: output.write("{\"run\": \(JSONText.quoted(run)), \"tag\": \(JSONText.quoted(tag)), \"points\": [")
    case .csv: output.write(columns.joined(separator: ",") + "\n")
    case .table:
      let header = columns.map { $0.replacing("_", with: " ") }
      widths = columns.indices.map { column in
        max(header[column].count, rows.map { $0[column].cell.count }.max() ?? 0)
      }
      write(header)
    }
  }

  /// Numbers line up at their right, times at their left.
  private mutating func write(_ cells: [String]) {
    var line = ""
    for (column, cell) in cells.enumerated() {
      let padding = String(repeating: " ", count: max(0, widths[column] - cell.count))
      line += (column > 0 ? "  " : "") + (column == 1 ? cell + padding : padding + cell)
    }
    output.write(line + "\n")
  }

  /// In the precision it was logged in.
  private static func value(_ values: SeriesValues, _ index: Int) -> ListingValue {
    switch values {
    case .float32(let values): .single(values[index])
    case .float64(let values): .number(values[index])
    case .int64(let values): .integer(values[index])
    }
  }
}
