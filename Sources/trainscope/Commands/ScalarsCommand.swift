import ArgumentParser
import Catalog

/// `trainscope scalars ROOT --run R --tag T [--from S] [--to S] [--width W] [--all-branches]`
struct ScalarsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scalars",
    abstract: "Print the points of a scalar: step, wall time, value.",
    discussion: """
      Values print so that they read back exactly. Where training was restarted, points that the newest session logged \
      again are left out, unless --all-branches asks for all.
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

  @Flag(help: "Print also points that a restart made void, in the order they were logged.")
  var allBranches = false

  @Option(help: "How to print: table, json or csv.")
  var format = OutputFormat.table

  func validate() throws {
    if let width, !(1...1_000_000).contains(width) { throw ValidationError("--width takes 1 to 1000000 columns.") }
    if let from, let to, from > to { throw ValidationError("--from \(from) is behind --to \(to).") }
  }

  func run() throws {
    let catalog = try options.refreshed()
    let answer = try catalog.scalars(
      run: selectedRun, tag: tag, from: from, to: to, width: width, branches: allBranches ? .all : .newest)
    let points = answer.points
    switch format {
    case .json:
      var output = OutputStream()
      output.write(
        "{\"run\": \(JSONText.quoted(answer.run)), \"tag\": \(JSONText.quoted(answer.tag)), \"points\": [")
      for index in 0..<points.count {
        let value = Self.value(points.values, index).json
        let wallTime = ListingValue.number(points.wallTimes[index]).json
        output.write(
          "\(index == 0 ? "" : ",")\n  {\"step\": \(points.steps[index]), \"wall_time\": \(wallTime), \"value\": \(value)}"
        )
      }
      output.write("\(points.count == 0 ? "" : "\n")]}\n")
      output.flush()
    case .csv, .table:
      var listing = Listing(columns: ["step", "wall_time", "value"])
      listing.rows = (0..<points.count).map { index in
        let time = points.wallTimes[index]
        return [
          .integer(points.steps[index]), format == .csv ? .number(time) : .time(time), Self.value(points.values, index),
        ]
      }
      listing.print(as: format)
    }
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
