import Foundation
import Testing

@testable import Catalog

/// The picture a chart draws of an answer's rows, pixel by pixel, against the picture of all points.
@Suite struct PixelTests {
  private let log: SeriesLog

  init() throws { log = try SeriesLog() }

  /// Pixels that are covered by lines from point to point, where every x stands at its pixel column.
  private struct Picture: Equatable {
    let width: Int
    let height: Int
    let low: Double
    let high: Double
    private(set) var pixels: [Bool]

    init(width: Int, height: Int, _ low: Double, _ high: Double) {
      (self.width, self.height, self.low, self.high) = (width, height, low, high)
      pixels = Array(repeating: false, count: width * height)
    }

    private func row(_ value: Double) -> Int {
      min(height - 1, max(0, Int(((value - low) / max(high - low, .leastNormalMagnitude)) * Double(height))))
    }

    private mutating func cover(_ column: Int, _ from: Double, _ to: Double) {
      for row in min(row(from), row(to))...max(row(from), row(to)) { pixels[column * height + row] = true }
    }

    mutating func draw(_ points: [(column: Int, value: Double)]) {
      if let first = points.first { cover(first.column, first.value, first.value) }
      for (from, to) in zip(points, points.dropFirst()) {
        guard to.column > from.column else {
          cover(from.column, from.value, to.value)
          continue
        }
        func at(_ column: Int) -> Double {
          let part = Double(column - from.column) / Double(to.column - from.column)
          return from.value * (1 - part) + to.value * part
        }
        for column in from.column..<to.column { cover(column, at(column), at(column + 1)) }
        cover(to.column, to.value, to.value)
      }
    }

    /// Draws rows of first, smallest, largest and last value.
    mutating func draw(_ answer: SeriesAnswer, _ columns: PixelColumns, smoothed: Bool = false) {
      let rows =
        smoothed
        ? answer.smoothed!
        : .init(
          first: answer.first, min: answer.min, max: answer.max, last: answer.last)
      draw(
        answer.x.indices.flatMap { index in
          [rows.first[index], rows.min[index], rows.max[index], rows.last[index]].map {
            (columns.column(answer.x[index]), Double($0) + answer.base)
          }
        })
    }
  }

  @Test(arguments: SeriesAxis.allCases, BranchSelection.allCases)
  func `rows draw the pixels of all points`(axis: SeriesAxis, branches: BranchSelection) throws {
    var all = SeriesLog.walk(15_000, seed: UInt64(axis.rawValue.count), restarts: true)
    all[4321].value = 40
    try log.log(all)
    let raw = SeriesQuery([.init(tag: "loss", runs: ["run"])], axis: axis, width: 16_384, branches: branches)
    let whole = try log.catalog.series(raw)
    #expect(whole.allSatisfy { $0.raw })
    #expect(branches != .all || whole.reduce(0) { $0 + $1.count } == all.count)
    let low = whole.compactMap(\.xMin).min()!
    let high = whole.compactMap(\.xMax).max()!
    var generator = SeededGenerator(seed: 6)
    for round in 0..<8 {
      var query = raw
      query.width = [1, 10, 150, 601].randomElement(using: &generator)!
      if round % 2 == 1 {
        let ends = [Double.random(in: low...high, using: &generator), Double.random(in: low...high, using: &generator)]
        (query.from, query.to) = (ends.min()!, ends.max()!)
      }
      let columns = PixelColumns(from: query.from ?? low, to: query.to ?? high, width: query.width)
      let answers = try log.catalog.series(query)
      #expect(answers.map(\.branch) == whole.map(\.branch))
      for (answer, points) in zip(answers, whole) {
        let inside = points.x.indices.filter {
          points.x[$0] >= query.from ?? -.infinity && points.x[$0] <= query.to ?? .infinity
        }
        let values = inside.map { Double(points.first[$0]) }
        var expected = Picture(width: query.width, height: 97, values.min() ?? 0, values.max() ?? 0)
        var drawn = expected
        expected.draw(zip(inside, values).map { (columns.column(points.x[$0]), $1) })
        drawn.draw(answer, columns)
        #expect(drawn == expected, "\(axis) \(branches) round \(round)")
      }
    }
  }

  @Test(arguments: ["ema:0.8", "mean:900", "median:900", "gaussian:60"])
  func `averages draw the pixels of all averages`(text: String) throws {
    try log.log(SeriesLog.walk(9000, seed: 14))
    var query = SeriesQuery(
      [.init(tag: "loss", runs: ["run"])], width: 16_384, smoothing: try #require(Smoothing(text)))
    let whole = try log.catalog.series(query)[0]
    #expect(whole.raw)
    for width in [1, 33, 700] {
      query.width = width
      let columns = PixelColumns(from: whole.xMin!, to: whole.xMax!, width: width)
      let answer = try log.catalog.series(query)[0]
      let values = whole.smoothed!.first.map(Double.init)
      var expected = Picture(width: width, height: 50, values.min()!, values.max()!)
      var drawn = expected
      expected.draw(zip(whole.x, values).map { (columns.column($0), $1) })
      drawn.draw(answer, columns, smoothed: true)
      #expect(drawn == expected)
    }
  }

  @Test func `a spike among very many points is seen at every zoom`() throws {
    let count: Int64 = 150_000
    let spike: Int64 = 98_765
    try log.log((0..<count).map { .init($0, $0 == spike ? 100 : Double($0 % 10)) })
    var span = Double(count)
    while span > 20 {
      let from = max(0, Double(spike) - span * 0.3)
      for width in [200, 1920] {
        let query = SeriesQuery([.init(tag: "loss", runs: ["run"])], from: from, to: from + span, width: width)
        let answer = try log.catalog.series(query)[0]
        let columns = PixelColumns(from: from, to: from + span, width: width)
        let place = answer.x.indices.first { columns.column(answer.x[$0]) >= columns.column(Double(spike)) }
        #expect(place.map { answer.max[$0...].prefix(2).contains(100) } == true, "\(span) \(width)")
      }
      span /= 3
    }
  }
}
