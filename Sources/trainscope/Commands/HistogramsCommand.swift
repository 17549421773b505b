import ArgumentParser
import Catalog
import Events
import Terminal

/// `trainscope histograms ROOT --run R --tag T [--step S]`
struct HistogramsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "histograms",
    abstract: "Show the histograms of a tag: bars of one step, or a line for each step.",
    discussion: """
      A table draws bins of equal width over all histograms shown; JSON and CSV give the bars as they were logged, unless \
      --bins or --edges ask for bins, which keep every count. --percentiles gives the values at TensorBoard's nine \
      percentiles instead: the smallest, 1.5, 1 and 0.5 standard deviations of a normal distribution below and above the \
      median, and the largest.
      """)

  @OptionGroup var options: CatalogOptions

  @Option(name: .customLong("run"), help: "The run.")
  var selectedRun: String

  @Option(help: "The tag.")
  var tag: String

  @Option(help: "Only this step.")
  var step: Int64?

  @Option(help: "The first step.")
  var from: Int64?

  @Option(help: "The last step.")
  var to: Int64?

  @Option(help: "Of more histograms, show so many at even distances. A table shows 50 without it.")
  var limit: Int?

  @Option(help: "Count in so many bins of equal width. A table has 30 without it, as TensorBoard.")
  var bins: Int?

  @Option(help: "Count between these edges: ascending numbers separated by commas.")
  var edges: String?

  @Option(help: "How limits become bars: tensorboard (Python reader), data-server, or raw as they were logged.")
  var view = HistogramQuery.View.tensorboard

  @Option(help: "Where steps go back: newest, all, tensorboard or data-server.")
  var branches = BranchSelection.newest

  @Flag(help: "Show the values at TensorBoard's nine percentiles.")
  var percentiles = false

  @Option(help: "How to print: table, json or csv.")
  var format = OutputFormat.table

  func validate() throws {
    if step != nil, from != nil || to != nil { throw ValidationError("Give either --step, or --from and --to.") }
    if let from, let to, from > to { throw ValidationError("--from \(from) is behind --to \(to).") }
    if let limit, limit < 1 { throw ValidationError("--limit takes 1 or more histograms.") }
    if let bins, !(1...10_000).contains(bins) { throw ValidationError("--bins takes 1 to 10000 bins.") }
    if bins != nil, edges != nil { throw ValidationError("Give either --bins or --edges.") }
    if percentiles, bins != nil || edges != nil { throw ValidationError("--percentiles has no bins.") }
    _ = try givenBins()
  }

  private func givenBins() throws -> HistogramBins? {
    guard let edges else { return bins.map { .count($0) } }
    let numbers = edges.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) ?? .nan }
    guard let binning = HistogramBinning(edges: numbers) else {
      throw ValidationError("--edges takes two numbers or more, separated by commas, each above the last.")
    }
    return .edges(binning)
  }

  func run() throws {
    let bins = try givenBins()
    let catalog = try options.refreshed()
    let query = HistogramQuery(
      run: selectedRun, tag: tag, from: step ?? from, to: step ?? to,
      limit: limit ?? (format == .table && !percentiles ? 50 : .max), branches: branches, view: view)
    let summary: HistogramSummary
    switch (format, percentiles) {
    case (.json, true):
      summary = try printJSON(catalog, query, named: "distributions", [basisPoints]) { write in
        try catalog.distributions(query) { write($0.plain(percentiles: $1)) }
      }
    case (_, true): summary = try printPercentiles(catalog, query)
    case (.json, false): summary = try printJSON(catalog, query, bins)
    case (.csv, false): summary = try printCSV(catalog, query, bins)
    case (.table, false): summary = try HistogramTable(catalog: catalog, query: query, bins: bins).print()
    }
    for problem in summary.problems { Diagnostics.note(problem) }
    if summary.unreadable > summary.problems.count {
      Diagnostics.note("\(summary.unreadable) histograms cannot be read")
    }
    if summary.total == 0 { Diagnostics.note("there is no histogram of these steps") }
  }

  // MARK: - Percentiles

  private var basisPoints: String {
    "\"basis_points\": [\(HistogramDistribution.basisPoints.map(String.init).joined(separator: ", "))]"
  }

  private func printPercentiles(_ catalog: Catalog, _ query: HistogramQuery) throws -> HistogramSummary {
    var listing = ListingStream(
      columns: ["step", "wall_time"] + HistogramDistribution.basisPoints.map { "p\(Double($0) / 100)" }, format: format)
    let summary = try catalog.distributions(query) { entry, values in
      let time: ListingValue = format == .table ? .time(entry.wallTime) : .number(entry.wallTime)
      // Six digits are enough to look at.
      let cells = values.map { ListingValue.number(format == .table ? Double(HistogramTable.short($0)) : $0) }
      listing.add([.integer(entry.step), time] + cells)
    }
    listing.finish()
    return summary
  }

  // MARK: - JSON and CSV

  private func printJSON(
    _ catalog: Catalog, _ query: HistogramQuery, _ bins: HistogramBins?
  ) throws -> HistogramSummary {
    guard let bins else {
      return try printJSON(catalog, query, named: "histograms", []) { write in
        try catalog.histograms(query) { write($0.plain) }
      }
    }
    var binning: HistogramBinning?
    return try printJSON(catalog, query, named: "histograms", []) { write in
      let (found, summary) = try catalog.binnedHistograms(query, into: bins) { write($1.plain($2)) }
      binning = found
      return summary
    } tail: {
      "\"edges\": \(PlainValue.list((binning?.edges ?? []).map { .number($0) }).json), "
    }
  }

  private func printJSON(
    _ catalog: Catalog, _ query: HistogramQuery, named name: String, _ head: [String],
    _ read: ((PlainValue) -> Void) throws -> HistogramSummary, tail: () -> String = { "" }
  ) throws -> HistogramSummary {
    var output = OutputStream()
    let members = ["\"run\": \(JSONText.quoted(query.run))", "\"tag\": \(JSONText.quoted(query.tag))"] + head
    output.write("{\(members.joined(separator: ", ")), \"\(name)\": [")
    var isFirst = true
    let summary = try read {
      output.write((isFirst ? "\n  " : ",\n  ") + $0.json)
      isFirst = false
    }
    output.write("\(isFirst ? "" : "\n")], \(tail())\"total\": \(summary.total)}\n")
    output.flush()
    return summary
  }

  private func printCSV(
    _ catalog: Catalog, _ query: HistogramQuery, _ bins: HistogramBins?
  ) throws -> HistogramSummary {
    var listing = ListingStream(columns: ["step", "wall_time", "left", "right", "count"], format: .csv)
    func add(_ entry: HistogramEntry, _ left: Double, _ right: Double, _ count: Double) {
      listing.add([.integer(entry.step), .number(entry.wallTime), .number(left), .number(right), .number(count)])
    }
    let summary: HistogramSummary
    if let bins {
      summary = try catalog.binnedHistograms(query, into: bins) { binning, entry, counts in
        for (index, count) in counts.bins.enumerated() {
          add(entry, binning.edges[index], binning.edges[index + 1], count)
        }
      }.summary
    } else {
      summary = try catalog.histograms(query) { entry in
        for row in entry.rows { add(entry, row.left, row.right, row.count) }
      }
    }
    listing.finish()
    return summary
  }
}

extension HistogramQuery.View: ExpressibleByArgument {}
