import Events
import Foundation
import Testing

@testable import Catalog

/// Histograms of real writers against what TensorBoard makes of them.
@Suite struct HistogramFixtureTests {
  private static let cases = ["tf1_training", "tf2_summary", "tensorboardx"]

  private func check(
    _ name: String, _ body: (_ catalog: Catalog, _ run: String, _ tag: String, _ points: [[String: Any]]) throws -> Void
  ) throws {
    let folder = try TemporaryFolder()
    let fixture = try EventFixture(name)
    try fixture.copy(to: "\(folder.path)/logs")
    let catalog = try Catalog.open(root: "\(folder.path)/logs")
    try catalog.refresh()
    var seen = 0
    for run in fixture.runs.keys {
      for (tag, series) in fixture.series(run) {
        let points = (series["points"] as? [[String: Any]] ?? []).filter { $0["tensorboard_buckets"] != nil }
        guard !points.isEmpty else { continue }
        try body(catalog, run, tag, points)
        seen += 1
      }
    }
    #expect(seen >= 3)
  }

  private func rows(_ value: Any?) -> [[Double]] {
    (value as? [[Any]] ?? []).map { $0.map { EventFixture.number($0) } }
  }

  @Test(arguments: cases) func `bars are those of TensorBoard`(name: String) throws {
    try check(name) { catalog, run, tag, points in
      var entries: [HistogramEntry] = []
      let summary = try catalog.histograms(HistogramQuery(run: run, tag: tag)) { entries.append($0) }
      #expect(summary.total == points.count && summary.problems.isEmpty)
      #expect(entries.map(\.step) == points.map { EventFixture.integer($0["step"]) })
      for (entry, point) in zip(entries, points) {
        // TensorBoard rounds to float32.
        let wanted = rows(point["tensorboard_buckets"]).map { $0.map { Float($0) } }
        #expect(entry.rows.map { [Float($0.left), Float($0.right), Float($0.count)] } == wanted, "\(tag)")
      }
    }
  }

  @Test(arguments: cases) func `percentiles are those of TensorBoard`(name: String) throws {
    try check(name) { catalog, run, tag, points in
      var found: [(entry: HistogramEntry, values: [Double])] = []
      try catalog.distributions(HistogramQuery(run: run, tag: tag)) { found.append(($0, $1)) }
      let wanted = points.map { rows($0["distribution"]) }
      #expect(found.count == wanted.count)
      for ((entry, values), pairs) in zip(found, wanted) {
        #expect(pairs.map { Int($0[0]) } == HistogramDistribution.basisPoints)
        // TensorBoard rounds the bars of histograms with limits to float32: of such bars we say the same to the last
        // digits, of exact ones nearly the same.
        let rows = entry.rows
        let rounded =
          entry.proto == nil
          ? rows
          : rows.map {
            HistogramRow(left: Double(Float($0.left)), right: Double(Float($0.right)), count: Double(Float($0.count)))
          }
        let width = (rows.last?.right ?? 0) - (rows.first?.left ?? 0)
        for ((exact, same), pair) in zip(zip(values, HistogramDistribution.values(of: rounded)), pairs) {
          #expect(abs(same - pair[1]) <= 1e-12 * max(1, abs(pair[1])), "\(tag): \(same) \(pair)")
          #expect(abs(exact - pair[1]) <= 1e-6 * max(width, abs(pair[1])), "\(tag): \(exact) \(pair)")
        }
      }
    }
  }

  @Test(arguments: cases) func `thirty bins are those TensorBoard draws`(name: String) throws {
    let url = try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures/histogram_bins.json")
    let drawn = try #require(
      try JSONDecoder().decode(JSONValue.self, from: Data(contentsOf: url)).value as? [String: [[String: Any]]])
    try check(name) { catalog, run, tag, points in
      let wanted = try #require(drawn["\(name) \(run) \(tag)"])
      var counts: [[Double]] = []
      var edges: [Double] = []
      try catalog.binnedHistograms(HistogramQuery(run: run, tag: tag), into: .count(30)) { binning, _, found in
        edges = binning.edges
        counts.append(found.bins)
        #expect(found.below == 0 && found.above == 0)
      }
      #expect(counts.count == wanted.count && edges.count == 31)
      let width = edges[30] - edges[0]
      for (found, histogram) in zip(counts, wanted) {
        let bins = rows(histogram["bins"])
        let total = found.reduce(0, +)
        for (index, bin) in bins.enumerated() {
          #expect(abs(bin[0] - edges[index]) <= 1e-6 * width)
          #expect(abs(bin[1] - found[index]) <= 1e-5 * max(1, total), "\(tag) \(index): \(bin[1]) \(found[index])")
        }
      }
    }
  }

  @Test(arguments: cases) func `the data server's bars are a view`(name: String) throws {
    let url = URL(fileURLWithPath: "\(EventFixture.root)/\(name)/expected.json")
    let expected = try #require(
      try JSONDecoder().decode(JSONValue.self, from: Data(contentsOf: url)).value as? [String: Any])
    let server = try #require(expected["data_server"] as? [String: Any])
    try check(name) { catalog, run, tag, points in
      let series = try #require(
        ((server[run] as? [String: Any])?["tensors"] as? [String: Any])?[tag] as? [String: Any])
      let steps = try #require(series["steps"] as? [Any]).map { EventFixture.integer($0) }
      let buckets = try #require(series["buckets"] as? [Any]).map { rows($0) }
      var query = HistogramQuery(run: run, tag: tag, branches: .dataServer, view: .dataServer)
      var entries: [HistogramEntry] = []
      try catalog.histograms(query) { entries.append($0) }
      #expect(entries.map(\.step) == steps)
      #expect(entries.map { $0.rows.map { [$0.left, $0.right, $0.count] } } == buckets, "\(tag)")
      query.view = .tensorboard
      #expect(try catalog.histograms(query) { _ in }.total == points.count)
    }
  }
}

/// Properties of re-binning and percentiles.
@Suite struct HistogramBinningTests {
  private func rows(_ generator: inout SeededGenerator) -> [HistogramRow] {
    var edge = Double.random(in: -5...5, using: &generator)
    return (0..<Int.random(in: 1...20, using: &generator)).map { _ in
      let left = edge
      edge += [0, 0, 0.001, 0.5, 3].randomElement(using: &generator)!
      return HistogramRow(left: left, right: edge, count: Double([0, 0, 1, 2, 1000].randomElement(using: &generator)!))
    }
  }

  @Test func `re-binning keeps all counts`() throws {
    var generator = SeededGenerator(seed: 1)
    for _ in 0..<500 {
      let rows = rows(&generator)
      let total = rows.reduce(0) { $0 + $1.count }
      var range = HistogramBinning.Range()
      range.add(rows)
      let count = Int.random(in: 1...40, using: &generator)
      let binning = try #require(HistogramBinning(count: count, from: range.low!, to: range.high!))
      let counts = binning.counts(of: rows)
      #expect(abs(counts.bins.reduce(0, +) - total) <= 1e-9 * total && abs(counts.below) + abs(counts.above) <= 1e-9)
      #expect(counts.bins.allSatisfy { $0 >= 0 })
      // Any edges: what lies outside is told.
      let low = Double.random(in: -8...8, using: &generator)
      let edges = [low, low + 0.5, low + 0.75, low + 4]
      let other = try #require(HistogramBinning(edges: edges)).counts(of: rows)
      #expect(abs(other.bins.reduce(0, +) + other.below + other.above - total) <= 1e-9 * max(1, total))
    }
  }

  @Test func `bins that are the bars change nothing`() throws {
    let rows = [HistogramRow(left: 0, right: 1, count: 3), HistogramRow(left: 1, right: 4, count: 5)]
    #expect(try #require(HistogramBinning(edges: [0, 1, 4])).counts(of: rows).bins == [3, 5])
    #expect(try #require(HistogramBinning(edges: [0, 0.5, 2.5, 4])).counts(of: rows).bins == [1.5, 4, 2.5])
  }

  @Test func `bars without width go to one bin`() throws {
    let binning = try #require(HistogramBinning(edges: [0, 1, 2]))
    func bins(_ place: Double) -> [Double] {
      let counts = binning.counts(of: [HistogramRow(left: place, right: place, count: 4)])
      return counts.bins + [counts.below, counts.above]
    }
    #expect(bins(0) == [4, 0, 0, 0] && bins(1) == [0, 4, 0, 0] && bins(2) == [0, 4, 0, 0])
    #expect(bins(-1) == [0, 0, 4, 0] && bins(3) == [0, 0, 0, 4])
  }

  @Test(arguments: [
    HistogramRow(left: -.infinity, right: .infinity, count: 8), HistogramRow(left: 5, right: -5, count: 8),
    HistogramRow(left: .nan, right: 2, count: 8), HistogramRow(left: -.greatestFiniteMagnitude, right: 1e308, count: 8),
    HistogramRow(left: .leastNonzeroMagnitude, right: 0, count: 8),
  ]) func `odd bars lose nothing`(row: HistogramRow) throws {
    var range = HistogramBinning.Range()
    range.add([row])
    let binning = try #require(HistogramBinning(count: 7, from: range.low!, to: range.high!))
    let counts = binning.counts(of: [row])
    #expect(abs(counts.bins.reduce(0, +) + counts.below + counts.above - 8) < 1e-9, "\(counts)")
  }

  @Test func `bars that are nothing count nothing`() throws {
    let binning = try #require(HistogramBinning(edges: [0, 1]))
    let rows = [
      HistogramRow(left: .nan, right: .nan, count: 8), HistogramRow(left: 0, right: 1, count: .nan),
      HistogramRow(left: 0, right: 1, count: -3), HistogramRow(left: 0, right: 1, count: .infinity),
    ]
    #expect(binning.counts(of: rows) == HistogramBinning.Counts(bins: [0], below: 0, above: 0))
  }

  @Test func `edges that make no bins are refused`() {
    for edges in [[], [1], [1, 1], [2, 1], [0, .nan], [0, .infinity]] as [[Double]] {
      #expect(HistogramBinning(edges: edges) == nil)
    }
    #expect(HistogramBinning(count: 0, from: 0, to: 1) == nil && HistogramBinning(count: 3, from: 1, to: 0) == nil)
    // Two neighbours among float64 leave room for one bin.
    #expect(HistogramBinning(count: 30, from: 1, to: 1.0.nextUp)?.edges == [1, 1.0.nextUp])
    #expect(HistogramBinning(count: 2, from: 3, to: 3)?.edges.count == 3)
  }

  @Test(
    arguments: [
      0, -1, -9.99, -10, -10.5, -11, -20, 20, -1e9, 1e9, .greatestFiniteMagnitude, -.greatestFiniteMagnitude,
    ] as [Double])
  func `a histogram of one number is in the bins around it`(number: Double) throws {
    let binning = try #require(HistogramBinning(count: 30, from: number, to: number))
    #expect(binning.edges.allSatisfy { $0.isFinite })
    let counts = binning.counts(of: [HistogramRow(left: number, right: number, count: 4)])
    #expect(counts.bins.reduce(0, +) == 4 && counts.below == 0 && counts.above == 0)
  }

  @Test func `percentiles ascend within the range of the bars`() {
    var generator = SeededGenerator(seed: 2)
    for _ in 0..<500 {
      let rows = rows(&generator)
      let values = HistogramDistribution.values(of: rows)
      #expect(values.count == 9 && values == values.sorted())
      #expect(values.allSatisfy { $0 >= rows[0].left && $0 <= rows[rows.count - 1].right })
    }
    #expect(HistogramDistribution.values(of: []) == Array(repeating: 0, count: 9))
  }

  @Test func `percentiles of evenly spread values are the parts`() {
    let rows = (0..<100).map { HistogramRow(left: Double($0), right: Double($0) + 1, count: 7) }
    for (value, point) in zip(HistogramDistribution.values(of: rows), HistogramDistribution.basisPoints) {
      #expect(abs(value - Double(point) / 100) < 1e-9)
    }
  }
}

/// Histograms through the catalogue.
@Suite struct HistogramCatalogTests {
  private let folder: TemporaryFolder
  private let catalog: Catalog

  init() throws {
    folder = try TemporaryFolder()
    catalog = try Catalog.open(root: folder.path)
  }

  private func log(_ steps: [Int64]) throws {
    let writer = try EventFileWriter(directory: folder.path + "/run")
    for step in steps {
      try writer.addHistogram(
        tag: "w", histogram: Histogram(of: (0...10).map { Double($0) + Double(step) }), step: step, wallTime: 5)
    }
    try writer.close()
    try catalog.refresh()
  }

  private func steps(_ query: HistogramQuery) throws -> [Int64] {
    var steps: [Int64] = []
    try catalog.histograms(query) { steps.append($0.step) }
    return steps
  }

  @Test func `of many, some are kept at even distances`() throws {
    try log((0..<21).map { $0 })
    var query = HistogramQuery(run: "run", tag: "w", limit: 5)
    #expect(try steps(query) == [0, 5, 10, 15, 20])
    query.limit = 1
    #expect(try steps(query) == [20])
    query.limit = 100
    #expect(try steps(query).count == 21)
    query.from = 4
    query.to = 6
    #expect(try steps(query) == [4, 5, 6])
    query.from = 50
    query.to = nil
    #expect(try steps(query) == [])
    #expect(try catalog.histograms(HistogramQuery(run: "run", tag: "w", limit: 2)) { _ in }.total == 21)
  }

  @Test func `a restart hides histograms as it hides points`() throws {
    try log([0, 10, 20, 5, 15])
    #expect(try steps(HistogramQuery(run: "run", tag: "w")) == [0, 5, 15])
    var marks: [Bool] = []
    try catalog.histograms(HistogramQuery(run: "run", tag: "w", branches: .all)) { marks.append($0.superseded) }
    #expect(marks == [false, true, true, false, false])
  }

  @Test func `raw limits are as they were logged`() throws {
    try log([0])
    try catalog.histograms(HistogramQuery(run: "run", tag: "w", view: .raw)) { entry in
      #expect(
        entry.rows.map(\.right) == entry.proto?.bucketLimits && entry.rows.map(\.count) == entry.proto?.bucketCounts)
      #expect(entry.rows.first?.left == -.infinity && entry.num == 11)
    }
  }

  @Test func `names that are not there are told`() throws {
    try log([0])
    #expect(throws: CatalogError.unknownSeries(run: "run", tag: "v", kind: "histogram")) {
      try steps(HistogramQuery(run: "run", tag: "v"))
    }
    #expect(throws: CatalogError.unknownRun(run: "r", known: ["run"])) { try steps(HistogramQuery(run: "r", tag: "w")) }
  }

  @Test func `a histogram that cannot be read hides no other`() throws {
    try log([0, 1, 2])
    let path = try #require(try catalog.values(run: "run").first?.path)
    let place = try #require(try catalog.values(run: "run").dropFirst().first).value
    let handle = try FileHandle(forUpdating: URL(fileURLWithPath: path))
    try handle.seek(toOffset: place.offset)
    try handle.write(contentsOf: Data([0xFF, 0xFF]))
    try handle.close()
    var steps: [Int64] = []
    let summary = try catalog.histograms(HistogramQuery(run: "run", tag: "w")) { steps.append($0.step) }
    #expect(steps == [0, 2] && summary.unreadable == 1 && summary.problems.count == 1 && summary.total == 3)
    try FileManager.default.removeItem(atPath: path)
    #expect(throws: (any Error).self) { try self.steps(HistogramQuery(run: "run", tag: "w")) }
  }
}
