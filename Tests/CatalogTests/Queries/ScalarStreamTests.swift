import Foundation
import Testing

@testable import Catalog

/// Points of series of any length, block by block.
@Suite struct ScalarStreamTests {
  private let log: SeriesLog

  init() throws { log = try SeriesLog() }

  private func collect(_ stream: ScalarStream) throws -> (points: PointColumns, smoothed: [Double], pages: Int) {
    var stream = stream
    var points = PointColumns()
    var smoothed: [Double] = []
    var pages = 0
    while let page = try stream.next() {
      #expect(page.points.count > 0)
      points.append(page.points)
      smoothed += page.smoothed ?? []
      pages += 1
    }
    #expect(try stream.next() == nil)
    return (points, smoothed, pages)
  }

  @Test(arguments: BranchSelection.allCases)
  func `pages together are the points, at any range`(branches: BranchSelection) throws {
    let all = SeriesLog.walk(20_000, seed: 1, restarts: true)
    try log.log(all)
    let whole = try log.catalog.scalars(run: "run", tag: "loss", branches: branches).points
    if branches == .all { #expect(whole.steps == all.map(\.step)) }
    var generator = SeededGenerator(seed: 2)
    for round in 0..<12 {
      let ends = [all.randomElement(using: &generator)!.step, all.randomElement(using: &generator)!.step].sorted()
      let from = round % 3 == 0 ? nil : Optional(ends[0])
      let to = round % 4 == 0 ? nil : Optional(ends[1])
      let stream = try log.catalog.scalarStream(run: "run", tag: "loss", from: from, to: to, branches: branches)
      let got = try collect(stream)
      let inside = whole.steps.indices.filter { whole.steps[$0] >= from ?? .min && whole.steps[$0] <= to ?? .max }
      #expect(got.points.steps == inside.map { whole.steps[$0] })
      #expect(got.points.wallTimes == inside.map { whole.wallTimes[$0] })
      #expect(close(got.points.values.doubles, inside.map { whole.values[$0] }, within: 0))
      #expect(got.smoothed.isEmpty)
      if from == nil && to == nil { #expect(got.pages >= 3) }
    }
  }

  @Test(arguments: ["ema:0.9", "mean:3000", "median:3000", "gaussian:500"])
  func `averages are those of the whole branch, at any range`(text: String) throws {
    let smoothing = try #require(Smoothing(text))
    let all = SeriesLog.walk(1200, seed: 4)
    try log.log(all)
    let expected = SmoothingTests.plain(smoothing, all.map(\.step), all.map(\.value))
    for (from, to) in [(nil, nil), (all[300].step, nil), (all[300].step, all[900].step)] as [(Int64?, Int64?)] {
      let got = try collect(
        log.catalog.scalarStream(run: "run", tag: "loss", from: from, to: to, smoothing: smoothing))
      let inside = all.indices.filter { all[$0].step >= from ?? .min && all[$0].step <= to ?? .max }
      #expect(got.points.count == inside.count)
      #expect(close(got.smoothed, inside.map { expected[$0] }, within: 1e-6), "\(text)")
    }
  }

  @Test func `of all branches averages run along each stretch that ascends`() throws {
    try log.log((0..<10).map { .init($0, Double($0)) } + (5..<8).map { .init($0, 100, wallTime: 1_700_000_100) })
    let got = try collect(
      log.catalog.scalarStream(run: "run", tag: "loss", branches: .all, smoothing: .mean(window: 100)))
    #expect(got.smoothed == Array(repeating: 4.5, count: 10) + [100, 100, 100])
  }

  @Test func `a constant series is its own exponential average`() throws {
    try log.log((0..<5000).map { .init($0, 0.1) })
    let got = try collect(log.catalog.scalarStream(run: "run", tag: "loss", smoothing: .exponential(weight: 0.97)))
    #expect(got.smoothed.allSatisfy { $0 == Double(Float(0.1)) })
  }

  @Test func `a stream gives the series as it was when it was opened`() throws {
    try log.log((0..<9000).map { .init($0, 1) })
    var stream = try log.catalog.scalarStream(run: "run", tag: "loss")
    let first = try #require(try stream.next()).points.count
    // What trickles in is merged into the last block, which makes a new one of it.
    for part in 0..<4 { try log.log((0..<50).map { .init(Int64(9000 + 50 * part + $0), 2) }) }
    var rest = 0
    while let page = try stream.next() { rest += page.points.count }
    #expect(first + rest == 9000)
    #expect(try log.catalog.scalars(run: "run", tag: "loss").points.count == 9200)
  }

  @Test func `what is not there is named`() throws {
    try log.log([.init(0, 1)])
    #expect(throws: CatalogError.unknownTag(run: "run", tag: "x")) {
      _ = try log.catalog.scalarStream(run: "run", tag: "x")
    }
  }

  /// First, last, smallest and largest point of each column, and the first of each kind that is not finite.
  private func picture(_ points: PointColumns, _ low: Int64, _ high: Int64, _ width: Int) -> [Int] {
    let columns = PixelColumns(from: Double(low), to: Double(high), width: width)
    var kept: Set<Int> = []
    let inside = (0..<points.count).filter { points.steps[$0] >= low && points.steps[$0] <= high }
    for (_, column) in Dictionary(grouping: inside, by: { columns.column(Double(points.steps[$0])) }) {
      let finite = column.filter { points.values[$0].isFinite }
      let low = finite.map { points.values[$0] }.min()
      let high = finite.map { points.values[$0] }.max()
      let wanted = [
        finite.first, finite.last, finite.first { points.values[$0] == low },
        finite.first { points.values[$0] == high }, column.first { points.values[$0].isNaN },
        column.first { points.values[$0] == .infinity }, column.first { points.values[$0] == -.infinity },
      ]
      kept.formUnion(wanted.compactMap { $0 })
    }
    return kept.sorted()
  }

  @Test(arguments: BranchSelection.allCases)
  func `a width leaves the points of the picture, in order`(branches: BranchSelection) throws {
    for (run, nonFinite) in [("a", true), ("b", false)] {
      try log.log(SeriesLog.walk(60_000, seed: 9, nonFinite: nonFinite, restarts: true), run: run)
      let whole = try log.catalog.scalars(run: run, tag: "loss", branches: branches).points
      let steps = whole.steps.sorted()
      for (from, to) in [(nil, nil), (steps[steps.count / 9], steps[steps.count * 4 / 5])] as [(Int64?, Int64?)] {
        let inside = steps.filter { $0 >= from ?? .min && $0 <= to ?? .max }
        for width in [1, 3, 50, 1000] {
          let got = try log.catalog.scalars(
            run: run, tag: "loss", from: from, to: to, width: width, branches: branches
          ).points
          // The columns reach over the range asked for, as far as there are points.
          let low = from ?? inside[0]
          let high = to ?? inside[inside.count - 1]
          let expected = picture(whole, low, high, width)
          #expect(got.steps == expected.map { whole.steps[$0] }, "\(run) \(branches) \(width)")
          #expect(got.wallTimes == expected.map { whole.wallTimes[$0] })
        }
      }
    }
  }
}
