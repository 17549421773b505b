import Foundation
import Testing

@testable import Catalog

/// Statistics over runs, against numpy and against plain definitions.
@Suite struct GroupTests {
  private let log: SeriesLog

  init() throws { log = try SeriesLog() }

  private func collect(_ query: GroupQuery) throws -> GroupPage {
    var stream = try log.catalog.groupStream(query)
    var all = GroupPage()
    all.statistics = Array(repeating: [], count: query.statistics.count)
    while let page = try stream.nextPage() {
      #expect(!page.steps.isEmpty)
      all.steps += page.steps
      all.counts += page.counts
      all.nonFinite += page.nonFinite
      for place in page.statistics.indices { all.statistics[place] += page.statistics[place] }
    }
    return all
  }

  @Test(arguments: GroupJoin.allCases) func `statistics are those of numpy`(join: GroupJoin) throws {
    let golden = try NumpyFixture().groups
    for (number, run) in golden.runs.enumerated() {
      try log.log(zip(run.steps, run.values).map { .init($0, $1) }, run: "seed\(number)")
    }
    let rows = join == .union ? golden.union : join == .common ? golden.common : golden.linear
    let names = golden.runs.indices.map { SeriesName(run: "seed\($0)", tag: "loss") }
    let statistics: [GroupStatistic] = [.mean, .std, .min, .max, .median] + golden.quantiles.map { .quantile($0) }
    let got = try collect(
      GroupQuery(names + [SeriesName(run: "none", tag: "loss")], statistics: statistics, join: join))
    #expect(got.steps == rows.map(\.step))
    #expect(got.counts == rows.map(\.n))
    if join != .linear { #expect(got.nonFinite == rows.map(\.others)) }
    #expect(close(got.statistics[0], rows.map(\.mean), within: 1e-12))
    #expect(close(got.statistics[1], rows.map(\.std), within: 1e-12))
    #expect(close(got.statistics[2], rows.map(\.min), within: 1e-12))
    #expect(close(got.statistics[3], rows.map(\.max), within: 1e-12))
    #expect(close(got.statistics[4], rows.map(\.median), within: 1e-12))
    for place in golden.quantiles.indices {
      #expect(close(got.statistics[5 + place], rows.map { $0.quantiles[place] }, within: 1e-12))
    }
    let part = try collect(GroupQuery(names, statistics: [.mean], join: join, from: 12, to: 40))
    let inside = rows.filter { $0.step >= 12 && $0.step <= 40 }
    #expect(part.steps == inside.map(\.step))
    #expect(close(part.statistics[0], inside.map(\.mean), within: 1e-12))
  }

  @Test func `a band drawn small keeps every extreme`() throws {
    var all: [[Int64: Double]] = []
    for run in 0..<3 {
      let points = SeriesLog.walk(9000, seed: UInt64(run))
      try log.log(points, run: "run\(run)")
      // The last of a step counts.
      all.append(Dictionary(points.map { ($0.step, $0.value) }, uniquingKeysWith: { $1 }))
    }
    let names = (0..<3).map { SeriesName(run: "run\($0)", tag: "loss") }
    let query = GroupQuery(names, statistics: [.min, .mean, .max])
    for width in [1, 40, 700, 16_000] {
      let answer = try #require(try log.catalog.groups([query], width: width).first)
      var expected: [Int64: [Double]] = [:]
      for run in all { for (step, value) in run where value.isFinite { expected[step, default: []].append(value) } }
      let steps = expected.keys.sorted()
      #expect(answer.count >= steps.count)
      let columns = PixelColumns(
        from: Double(all.compactMap { $0.keys.min() }.min()!), to: Double(all.compactMap { $0.keys.max() }.max()!),
        width: width)
      let rows =
        answer.raw
        ? steps.map { [$0] }
        : Dictionary(grouping: steps, by: { columns.column(Double($0)) }).sorted { $0.key < $1.key }.map(\.value)
      #expect(answer.raw == (answer.count <= 2 * width))
      #expect(answer.x == rows.map { Double($0.last!) })
      for (curve, value) in zip(
        answer.curves, [{ $0.min()! }, { $0.reduce(0, +) / Double($0.count) }, { $0.max()! }] as [([Double]) -> Double])
      {
        let low = rows.map { $0.map { value(expected[$0]!) }.min()! }
        let high = rows.map { $0.map { value(expected[$0]!) }.max()! }
        #expect(close(curve.rows.min.map { Double($0) + answer.base }, low, within: 1e-5), "\(curve.statistic)")
        #expect(close(curve.rows.max.map { Double($0) + answer.base }, high, within: 1e-5), "\(curve.statistic)")
        #expect(
          close(
            curve.rows.first.map { Double($0) + answer.base }, rows.map { value(expected[$0.first!]!) }, within: 1e-5))
        #expect(
          close(curve.rows.last.map { Double($0) + answer.base }, rows.map { value(expected[$0.last!]!) }, within: 1e-5)
        )
      }
      #expect(answer.fewest == rows.map { UInt32($0.map { expected[$0]!.count }.min()!) })
      #expect(answer.most == rows.map { UInt32($0.map { expected[$0]!.count }.max()!) })
    }
  }

  @Test(arguments: ["ema:0.9", "median:200"])
  func `runs are smoothed before they are brought together`(text: String) throws {
    let smoothing = try #require(Smoothing(text))
    let points = (0..<2).map { SeriesLog.walk(700, seed: UInt64(20 + $0), nonFinite: false) }
    for run in 0..<2 { try log.log(points[run], run: "run\(run)") }
    var expected: [Int64: [Double]] = [:]
    for run in points {
      let smooth = SmoothingTests.plain(smoothing, run.map(\.step), run.map(\.value))
      let last = Dictionary(zip(run.map(\.step), smooth), uniquingKeysWith: { $1 })
      for (step, value) in last { expected[step, default: []].append(value) }
    }
    let names = (0..<2).map { SeriesName(run: "run\($0)", tag: "loss") }
    let got = try collect(GroupQuery(names, statistics: [.mean], smoothing: smoothing))
    #expect(got.steps == expected.keys.sorted())
    #expect(close(got.statistics[0], got.steps.map { expected[$0]!.reduce(0, +) / Double(expected[$0]!.count) }))
  }

  @Test func `a stream asks whether to go on while it finds nothing`() throws {
    // No step is common to both.
    for run in 0..<2 { try log.log((0..<5000).map { .init(Int64(2 * $0 + run), 1) }, run: "run\(run)") }
    let names = (0..<2).map { SeriesName(run: "run\($0)", tag: "loss") }
    let query = GroupQuery(names, join: .common)
    var stream = try log.catalog.groupStream(query)
    var asked = 0
    #expect(try stream.nextPage { asked += 1 } == nil)
    #expect(asked == 9)
    asked = 0
    #expect(throws: CancellationError.self) {
      _ = try log.catalog.groups([query], width: 10) {
        asked += 1
        if asked == 3 { throw CancellationError() }
      } take: { _ in
      }
    }
    #expect(asked == 3)
  }

  @Test func `a group too large for memory is refused before it is read`() throws {
    for run in 0..<3 { try log.log((0..<300).map { .init(Int64($0), 1) }, run: "run\(run)") }
    let names = (0..<3).map { SeriesName(run: "run\($0)", tag: "loss") }
    let none = [SeriesName(run: "none", tag: "loss")]
    func stream(_ series: Int, _ points: Int, _ smoothing: String?) throws {
      let query = GroupQuery(none + names, smoothing: smoothing.flatMap { Smoothing($0) })
      _ = try log.catalog.groupStream(query, within: GroupLimits(series: series, points: points))
    }
    try stream(3, 900, nil)
    try stream(3, 900, "ema:0.5")
    try stream(3, 3600, "mean:1e9")
    try stream(3, 5400, "median:4")
    let members = #expect(throws: CatalogError.self) { try stream(2, .max, nil) }
    #expect(members == .tooManyMembers(limit: 2) && members?.description.contains("fewer runs") == true)
    for (points, smoothing) in [(899, nil), (3599, "mean:1e9"), (5399, "median:4")] as [(Int, String?)] {
      let refused = #expect(throws: CatalogError.self) { try stream(3, points, smoothing) }
      #expect(refused == .groupTooLarge(limit: points) && refused?.description.contains("smaller window") == true)
    }
  }

  @Test func `a median window counts with the pieces it touches`() {
    let pieces = (0..<10).map {
      Piece(block: $0, range: 0..<100, firstStep: Int64($0) * 100, lastStep: Int64($0) * 100 + 99)
    }
    #expect(GroupLimits.mostHeld(pieces, .median(window: 1)) == 400 + 2 * 200)
    #expect(GroupLimits.mostHeld(pieces, .median(window: 101)) == 400 + 2 * 300)
    #expect(GroupLimits.mostHeld(pieces, .median(window: 1e300)) == 400 + 2 * 1000)
    #expect(GroupLimits.mostHeld([], .median(window: 5)) == 0)
    let ends = [Piece(block: 0, range: 0..<5, firstStep: .min, lastStep: .max)]
    #expect(GroupLimits.mostHeld(ends, .median(window: 5)) == 30)
  }

  @Test func `names of statistics are read back`() {
    for statistic in [GroupStatistic.mean, .std, .min, .max, .median, .quantile(0.05), .quantile(1)] {
      #expect(GroupStatistic(statistic.name) == statistic)
    }
    for name in ["", "q", "q2", "q-1", "qnan", "sum"] { #expect(GroupStatistic(name) == nil, "\(name)") }
  }

  @Test func `values of any size have a mean and a deviation`() {
    var large = [1e308, 1.5e308, -1e308]
    let found = GroupStatistic.values(of: &large, [.mean, .std, .median])
    #expect(close(found, [0.5e308, 1.3228756555322954e308, 1e308], within: 1e-12))
  }
}
