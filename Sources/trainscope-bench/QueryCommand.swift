import ArgumentParser
import Catalog
import Events
import Foundation

/// What a person waits for: the first chart after a restart, charts of very long series and of very many runs, and new
/// points of a live run.
struct QueryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "query", abstract: "Answer charts and listings from indexed roots, and take in what is appended.")

  @Option(help: "Points of the one long series.")
  var points = 10_000_000
  @Option(help: "How large the other logs are; 1 is 5,000,000 scalars in 40 runs and 1,000 runs of one tag.")
  var scale = 1.0

  func run() throws {
    var table = Table(columns: ["", "wall ms", "CPU ms"])
    func add(_ name: String, times: Int = 1, _ body: () throws -> Void) throws {
      var least = try Measurement.of(body)
      for _ in 1..<times {
        let next = try Measurement.of(body)
        if next.cpu < least.cpu { least = next }
      }
      table.rows.append([name, (least.wall * 1e3).digits(1), (least.cpu * 1e3).digits(1)])
    }

    let log = try GeneratedLog(.tf1, values: Int(5_000_000 * scale), runs: 40)
    defer { log.remove() }
    let sweepBytes = try Self.index(log.root)
    let sweep = try Catalog.open(root: log.root)
    let names = try sweep.runs().map(\.run)
    let all = SeriesQuery([.init(tag: "loss/train", runs: names)])
    try add("chart of 40 runs, \(log.values / 5) points, first time") { _ = try sweep.series(all) }
    try add("the same again", times: 3) { _ = try sweep.series(all) }
    let file = log.files[0]
    let more = (0..<1000).flatMap { number -> [UInt8] in
      var frame: [UInt8] = []
      let summary = SummaryEncoder.scalar(tag: "loss/train", Float(number))
      GeneratedLog.append(
        GeneratedLog.event(step: 1_000_000 + number, wallTime: 1_800_000_000, field: 5, summary), to: &frame)
      return frame
    }
    try GeneratedLog.append(more, toFile: file)
    try add("1,000 scalars appended to one of 40 runs: look at the root and take them in") { try sweep.refresh() }
    try add("look at the root when nothing has changed", times: 3) { try sweep.refresh() }

    let many = try GeneratedLog(.tf1, values: Int(1_000_000 * scale), runs: 1000, tags: 1)
    defer { many.remove() }
    _ = try Self.index(many.root)
    try add("restart with 1,000 runs: open, look, list runs") {
      let catalog = try Catalog.open(root: many.root)
      try catalog.refresh()
      _ = try catalog.runs()
    }
    let thousand = try Catalog.open(root: many.root)
    let runs = SeriesQuery([.init(tag: "loss/train", runs: try thousand.runs().map(\.run))])
    try add("chart of 1,000 runs, first time") { _ = try thousand.series(runs) }
    try add("the same again", times: 3) { _ = try thousand.series(runs) }
    try add("list of 1,000 runs", times: 3) { _ = try thousand.runs() }

    let long = try GeneratedLog(.tf1, values: points, runs: 1, tags: 1)
    defer { long.remove() }
    let longBytes = try Self.index(long.root)
    let run = "sweep/run_0"
    try add("restart with \(points) points: open, look, list runs, first chart") {
      let catalog = try Catalog.open(root: long.root)
      try catalog.refresh()
      _ = try catalog.runs()
      _ = try catalog.series(SeriesQuery([.init(tag: "loss/train", runs: [run])]))
    }
    let one = try Catalog.open(root: long.root)
    var query = SeriesQuery([.init(tag: "loss/train", runs: [run])])
    try add("chart of \(points) points, first time") { _ = try one.series(query) }
    try add("the same again", times: 3) { _ = try one.series(query) }
    (query.from, query.to) = (Double(points) * 0.3, Double(points) * 0.4)
    try add("a tenth of it") { _ = try one.series(query) }
    (query.from, query.to) = (Double(points) * 0.31, Double(points) * 0.32)
    try add("a hundredth") { _ = try one.series(query) }
    (query.from, query.to) = (Double(points) * 0.31, Double(points) * 0.3101)
    try add("1,000 of its points") { _ = try one.series(query) }
    (query.from, query.to) = (nil, nil)
    query.smoothing = .exponential(weight: 0.9)
    try add("all of it smoothed, first time") { _ = try one.series(query) }
    try add("the same again", times: 3) { _ = try one.series(query) }
    print("### Answering\n\n\(table.printed())\n")
    print(
      "The catalogue takes \((Double(sweepBytes) / Double(log.values)).digits(2)) bytes a point of the 40 runs, and "
        + "\((Double(longBytes) / Double(points)).digits(2)) of the long series, everything included.")
  }

  /// Takes a root in; gives the bytes of the catalogue.
  static func index(_ root: String) throws -> Int {
    let path: String
    do {
      let catalog = try Catalog.open(root: root)
      try catalog.refresh()
      path = catalog.path
    }
    return (try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
  }
}
