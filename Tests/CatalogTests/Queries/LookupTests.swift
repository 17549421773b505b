import Foundation
import Testing

@testable import Catalog

/// Statistics and single points of series, against all points.
@Suite struct LookupTests {
  private let log: SeriesLog

  init() throws { log = try SeriesLog() }

  private let name = SeriesName(run: "run", tag: "loss")

  private func x(_ point: SeriesLog.Point, _ axis: SeriesAxis, _ origin: Double) -> Double {
    switch axis {
    case .step: Double(point.step)
    case .wall: point.wallTime
    case .relative: point.wallTime - origin
    }
  }

  private func expect(
    _ found: FoundPoint?, _ point: SeriesLog.Point?, _ comment: Comment,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(found?.step == point?.step, comment, sourceLocation: sourceLocation)
    #expect(found?.wallTime == point?.wallTime, comment, sourceLocation: sourceLocation)
    #expect(close([found?.value ?? 0], [point?.value ?? 0], within: 0), comment, sourceLocation: sourceLocation)
  }

  @Test(arguments: SeriesAxis.allCases) func `statistics are those of all points in the range`(axis: SeriesAxis) throws
  {
    var all = SeriesLog.walk(20_000, seed: 3)
    // A clock that was set back.
    for index in 9000..<all.count { all[index].wallTime -= 60 }
    try log.log(all)
    let origin = all[0].wallTime
    var generator = SeededGenerator(seed: 8)
    for round in 0..<20 {
      var ends = [all.randomElement(using: &generator)!, all.randomElement(using: &generator)!]
        .map { x($0, axis, origin) }.sorted()
      if round == 1 { ends = [-10, -5] }
      let from = round % 3 == 0 ? nil : Optional(ends[0])
      let to = round % 4 == 0 ? nil : Optional(ends[1])
      let inside = all.filter { x($0, axis, origin) >= from ?? -.infinity && x($0, axis, origin) <= to ?? .infinity }
      let found = try #require(try log.catalog.statistics(of: [name], axis: axis, from: from, to: to).first)
      let finite = inside.filter(\.value.isFinite)
      #expect(found.count == inside.count)
      #expect(found.nan == inside.count { $0.value.isNaN })
      #expect(found.positiveInfinity == inside.count { $0.value == .infinity })
      #expect(found.negativeInfinity == inside.count { $0.value == -.infinity })
      let low = finite.map(\.value).min()
      let high = finite.map(\.value).max()
      expect(found.first, finite.first, "first \(round)")
      expect(found.last, finite.last, "last \(round)")
      expect(found.min, finite.first { $0.value == low }, "min \(round)")
      expect(found.max, finite.first { $0.value == high }, "max \(round)")
      expect(found.firstNonFinite, inside.first { !$0.value.isFinite }, "not finite \(round)")
    }
  }

  @Test func `each branch that is shown has its statistics`() throws {
    try log.log((0..<10).map { .init($0, Double($0)) } + (5..<8).map { .init($0, 100, wallTime: 1_700_000_100) })
    let newest = try log.catalog.statistics(of: [name, SeriesName(run: "none", tag: "loss")])
    #expect(newest.map(\.count) == [8] && newest[0].max?.value == 100)
    let all = try log.catalog.statistics(of: [name], branches: .all)
    #expect(all.map(\.count) == [5, 8] && all.map(\.superseded) == [true, false])
    #expect(all[0].min?.step == 5 && all[0].max?.step == 9)
    #expect(try log.catalog.statistics(of: [name], branches: .tensorboard).map(\.count) == [10, 3])
    #expect(try log.catalog.statistics(of: [name], branches: .dataServer).map(\.count) == [8])
  }

  /// The point a match stands for, found by looking at all of them.
  private func plain(
    _ all: [SeriesLog.Point], _ match: PointMatch, _ target: Double, _ x: (SeriesLog.Point) -> Double
  ) -> SeriesLog.Point? {
    func last(_ points: [SeriesLog.Point], at place: Double?) -> SeriesLog.Point? { points.last { x($0) == place } }
    switch match {
    case .nearest:
      let least = all.map { abs(x($0) - target) }.min()
      return all.last { abs(x($0) - target) == least }
    case .exact: return last(all, at: target)
    case .previous: return last(all, at: all.map(x).filter { $0 <= target }.max())
    case .next: return last(all, at: all.map(x).filter { $0 >= target }.min())
    case .interpolated:
      let finite = all.filter(\.value.isFinite)
      guard let low = plain(finite, .previous, target, x), let high = plain(finite, .next, target, x) else {
        return nil
      }
      if x(low) == target { return low }
      let part = (target - x(low)) / (x(high) - x(low))
      return .init(
        -1, low.value + (high.value - low.value) * part, wallTime: low.wallTime + (high.wallTime - low.wallTime) * part)
    }
  }

  @Test(arguments: SeriesAxis.allCases, PointMatch.allCases)
  func `points are found on every axis`(axis: SeriesAxis, match: PointMatch) throws {
    let all = SeriesLog.walk(9000, seed: 31)
    try log.log(all)
    func place(_ point: SeriesLog.Point) -> Double { x(point, axis, all[0].wallTime) }
    var generator = SeededGenerator(seed: 32)
    for round in 0..<16 {
      let target =
        round % 2 == 0
        ? place(all.randomElement(using: &generator)!)
        : Double.random(in: (place(all[0]) - 5)...(place(all[8999]) + 5), using: &generator)
      let expected = plain(all, match, target, place)
      let found = try log.catalog.points(of: [name], at: target, match: match, axis: axis)
      #expect(found.count == (expected == nil ? 0 : 1), "\(target)")
      guard let expected, let found = found.first else { continue }
      #expect(found.step == (expected.step == -1 ? nil : expected.step), "\(target)")
      #expect(close([found.value, found.wallTime], [expected.value, expected.wallTime], within: 1e-12))
    }
  }

  @Test func `series are selected by names, patterns and expressions`() throws {
    for run in ["a/1", "a/2", "b"] {
      for tag in ["loss", "acc"] { try log.log([.init(0, 1)], run: run, tag: tag) }
    }
    func names(_ runs: NameSelection, _ tags: NameSelection = .names(["loss"])) throws -> [String] {
      try log.catalog.scalarSeries(SeriesSelection(runs: runs, tags: tags)).map { "\($0.run) \($0.tag)" }
    }
    #expect(try names(.all) == ["a/1 loss", "a/2 loss", "b loss"])
    #expect(try names(.names(["b", "none"]), .all) == ["b acc", "b loss"])
    #expect(try names(.names(["b"]), .pattern(NamePattern("*c"))) == ["b acc"])
    #expect(try names(.pattern(NamePattern("a/?"))) == ["a/1 loss", "a/2 loss"])
    #expect(try names(.expression(NameExpression("^A".lowercased()))) == ["a/1 loss", "a/2 loss"])
    #expect(
      try names(.expression(NameExpression("[2b]$")), .expression(NameExpression("c{2}"))) == ["a/2 acc", "b acc"])
    #expect(try names(.names([])).isEmpty)
  }

  @Test func `an expression that takes too long is refused, and one that is none`() throws {
    let expression = try NameExpression("^(a+)+$")
    #expect(try expression.matches("aaaa"))
    #expect(throws: NameExpression.Problem.self) { _ = try expression.matches(String(repeating: "a", count: 60) + "b") }
    #expect(throws: NameExpression.Problem.self) { _ = try NameExpression("(a") }
    #expect(throws: NameExpression.Problem.self) { _ = try NameExpression(String(repeating: "a", count: 1001)) }
    #expect(try NameExpression("é|日").matches("日本"))
  }
}
