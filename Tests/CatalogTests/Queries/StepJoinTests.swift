import Foundation
import Testing

@testable import Catalog

/// Curves whose x axis is another tag.
@Suite struct StepJoinTests {
  private let log: SeriesLog

  init() throws { log = try SeriesLog() }

  /// x of each point by the rules: the last value at its step, where that is finite.
  private func join(_ ys: [SeriesLog.Point], _ xs: [SeriesLog.Point]) -> [Double?] {
    let last = Dictionary(xs.map { ($0.step, $0.value) }, uniquingKeysWith: { $1 })
    return ys.map { last[$0.step].flatMap { $0.isFinite ? $0 : nil } }
  }

  @Test(arguments: [0, 1, 2]) func `points stand at the x of their step`(round: Int) throws {
    let ys = SeriesLog.walk(round == 0 ? 900 : 9000, seed: 1)
    var generator = SeededGenerator(seed: 2)
    // x rises, or wanders; some steps are missing, some come twice, some are not finite.
    var value = 0.0
    let xs: [SeriesLog.Point] = ys.flatMap { point -> [SeriesLog.Point] in
      value += Double.random(in: (round == 2 ? -1 : 0)...1, using: &generator)
      let at = SeriesLog.Point(point.step, Double(Float(value)), wallTime: point.wallTime)
      switch Int.random(in: 0..<12, using: &generator) {
      case 0: return []
      case 1: return [SeriesLog.Point(point.step, .nan, wallTime: point.wallTime)]
      case 2: return [SeriesLog.Point(point.step, -5, wallTime: point.wallTime), at]
      default: return [at]
      }
    }
    try log.log(ys)
    try log.log(xs, tag: "epoch")
    let joined = join(ys, xs)
    for (width, from, to) in [(50, nil, nil), (700, nil, nil), (50, 20.5, 300), (5000, nil, nil)]
      as [(Int, Double?, Double?)]
    {
      let query = SeriesQuery(
        [.init(tag: "loss", runs: ["run"])], from: from, to: to, width: width, xTag: "epoch")
      let answer = try #require(try log.catalog.series(query).first)
      #expect(answer.unmatched == joined.count { $0 == nil })
      let low = from ?? joined.compactMap { $0 }.min()!
      let high = to ?? joined.compactMap { $0 }.max()!
      let inside = ys.indices.filter { (joined[$0] ?? -.infinity) >= low && (joined[$0] ?? .infinity) <= high }
        .sorted { (joined[$0]!, $0) < (joined[$1]!, $1) }
      #expect(answer.count == inside.count)
      let finite = inside.filter { ys[$0].value.isFinite }
      #expect(answer.nonFiniteCount == inside.count - finite.count)
      #expect(answer.raw == (inside.count <= 2 * width))
      let columns = PixelColumns(from: low, to: high, width: width)
      let rows =
        answer.raw
        ? finite.map { [$0] }
        : Dictionary(grouping: finite, by: { columns.column(joined[$0]!) }).sorted { $0.key < $1.key }.map(\.value)
      #expect(answer.x == rows.map { joined[$0.last!]! })
      #expect(answer.first.map(Double.init) == rows.map { ys[$0.first!].value })
      #expect(answer.last.map(Double.init) == rows.map { ys[$0.last!].value })
      #expect(answer.min.map(Double.init) == rows.map { $0.map { ys[$0].value }.min()! })
      #expect(answer.max.map(Double.init) == rows.map { $0.map { ys[$0].value }.max()! })
    }
    var stream = try log.catalog.scalarStream(run: "run", tag: "loss", xTag: "epoch")
    var streamed: [Double] = []
    while let page = try stream.next() { streamed += page.x ?? [] }
    #expect(close(streamed, joined.map { $0 ?? .nan }, within: 0))
  }

  @Test func `x is that of the newest branch, for all points too`() throws {
    try log.log((0..<6).map { .init($0, 1) } + (3..<6).map { .init($0, 2, wallTime: 1_700_000_100) })
    try log.log((0..<6).map { .init($0, 10) } + (3..<6).map { .init($0, 20, wallTime: 1_700_000_100) }, tag: "epoch")
    var stream = try log.catalog.scalarStream(run: "run", tag: "loss", branches: .all, xTag: "epoch")
    #expect(try stream.next()?.x == [10, 10, 10, 20, 20, 20, 20, 20, 20])
    let query = SeriesQuery([.init(tag: "loss", runs: ["run"])], branches: .tensorboard, xTag: "epoch")
    #expect(try log.catalog.series(query).map(\.count) == [6, 3])
  }

  @Test func `a run without the x tag is left out of charts and named in listings`() throws {
    try log.log([.init(0, 1)])
    #expect(try log.catalog.series(SeriesQuery([.init(tag: "loss", runs: ["run"])], xTag: "epoch")).isEmpty)
    #expect(throws: CatalogError.unknownTag(run: "run", tag: "epoch")) {
      _ = try log.catalog.scalarStream(run: "run", tag: "loss", xTag: "epoch")
    }
  }
}
