import ArgumentParser
import Catalog
import Foundation

/// The greatest memory a process holds while it takes in a log and answers from it.
struct MemoryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "memory", abstract: "Measure the greatest memory of loading and answering, beside TensorBoard's.")

  @Option(help: "Scalars, once in one file and once in 40 runs.")
  var points = 10_000_000
  @Flag(help: "Measure Trainscope only.")
  var alone = false

  func run() throws {
    var table = Table(columns: ["peak resident MB", "one file", "40 runs"])
    var rows: [String: [String]] = [:]
    var order: [String] = []
    func add(_ name: String, _ measurement: Measurement) {
      if rows[name] == nil { order.append(name) }
      rows[name, default: []].append((measurement.peakMemory ?? 0).digits(0))
    }
    for runs in [1, 40] {
      let log = try GeneratedLog(.tf1, values: points, runs: runs, tags: runs == 1 ? 1 : 5)
      defer { log.remove() }
      let own = [CommandLine.arguments[0], "child", log.root]
      add("Trainscope: loading", try ChildProcess.run(own).measurement)
      add("Trainscope: restart, charts of everything", try ChildProcess.run(own + ["--charts"]).measurement)
      guard !alone, let server = DataServer() else { continue }
      add(DataServer.Mode.byDefault.rawValue, try server.load(log.root, .byDefault))
      add(DataServer.Mode.keepAll.rawValue, try server.load(log.root, .keepAll))
    }
    table.rows = order.map { [$0] + (rows[$0] ?? []) }
    print("### Memory: \(points) scalars\n\n\(table.printed())")
  }
}

/// What ``MemoryCommand`` measures, in a process of its own.
struct ChildCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "child", shouldDisplay: false)

  @Argument var root: String
  @Flag var charts = false

  func run() throws {
    let catalog = try Catalog.open(root: root)
    try catalog.refresh()
    guard charts else { return }
    let runs = try catalog.runs().map(\.run)
    let tags = Set(try catalog.tags(run: runs[0]).map(\.tag))
    for tag in tags.sorted() {
      for width in [300, 600, 2000] {
        _ = try catalog.series(SeriesQuery([.init(tag: tag, runs: runs)], width: width))
        _ = try catalog.series(
          SeriesQuery([.init(tag: tag, runs: runs)], width: width, smoothing: .exponential(weight: 0.6)))
      }
    }
  }
}
