import ArgumentParser
import Catalog
import Events
import Foundation

/// What a person waits for: the first chart after a restart, and charts of one very long series.
struct QueryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "query", abstract: "Open an indexed root and answer charts from it.")

  @Option(help: "Scalars in all.")
  var scalars = 5_000_000
  @Option(help: "Runs they are spread over.")
  var runs = 40
  @Option(help: "Points of the one long series.")
  var points = 10_000_000

  func run() throws {
    var table = Table(columns: ["", "wall ms", "cpu ms"])
    func add(_ name: String, _ body: () throws -> Void) rethrows {
      let measurement = try Measurement.of(body)
      table.rows.append([name, (measurement.wall * 1e3).digits(1), (measurement.cpu * 1e3).digits(1)])
    }

    let log = try GeneratedLog(scalars: scalars, runs: runs, form: .tf1)
    defer { log.remove() }
    let bytes = try index(log.root)
    try add("restart: open, refresh, list runs, first chart") {
      let catalog = try Catalog.open(root: log.root)
      try catalog.refresh()
      let names = try catalog.runs().map(\.run)
      let tag = try catalog.tags(run: names[0])[0].tag
      _ = try catalog.series(SeriesQuery([.init(tag: tag, runs: [names[0]])]))
    }
    let catalog = try Catalog.open(root: log.root)
    let names = try catalog.runs().map(\.run)
    let all = SeriesQuery([.init(tag: "loss/train", runs: names)])
    try add("chart of \(runs) runs, first time") { _ = try catalog.series(all) }
    try add("chart of \(runs) runs, again") { _ = try catalog.series(all) }

    let long = try Self.longSeries(points)
    defer { try? FileManager.default.removeItem(atPath: long) }
    _ = try index(long)
    let one = try Catalog.open(root: long)
    var query = SeriesQuery([.init(tag: "loss", runs: ["run"])])
    try add("series of \(points) points, first chart") { _ = try one.series(query) }
    try add("the same again") { _ = try one.series(query) }
    (query.from, query.to) = (Double(points) * 0.3, Double(points) * 0.4)
    try add("a tenth of it") { _ = try one.series(query) }
    (query.from, query.to) = (Double(points) * 0.31, Double(points) * 0.3101)
    try add("1,000 of its points") { _ = try one.series(query) }
    (query.from, query.to) = (nil, nil)
    query.smoothing = .exponential(weight: 0.9)
    try add("all of it smoothed, first time") { _ = try one.series(query) }
    try add("smoothed again") { _ = try one.series(query) }
    print(table.printed())
    print("The catalogue takes \((Double(bytes) / Double(log.scalars)).digits(2)) bytes a point, everything included.")
  }

  /// Takes a root in; gives the bytes of the catalogue.
  private func index(_ root: String) throws -> Int {
    let path: String
    do {
      let catalog = try Catalog.open(root: root)
      try catalog.refresh()
      path = catalog.path
    }
    return (try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
  }

  /// Writes one series of many points; gives the root.
  private static func longSeries(_ points: Int) throws -> String {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent("trainscope-bench-\(UUID().uuidString)")
      .path
    let writer = try EventFileWriter(directory: "\(root)/run", maxQueue: 100_000)
    for step in 0..<points {
      let value = Float(1 / (1 + Double(step) / 1e5) + 0.05 * sin(Double(step) * 1.7))
      try writer.addScalar(tag: "loss", value: value, step: Int64(step), wallTime: 1_700_000_000 + Double(step) * 0.01)
    }
    try writer.close()
    return root
  }
}
