import Events
import Foundation
import Testing

@testable import Catalog

/// Charts against all points, for series that are made to be awkward.
@Suite struct SeriesTests {
  private let folder: TemporaryFolder
  private let catalog: Catalog

  init() throws {
    folder = try TemporaryFolder()
    catalog = try Catalog.open(root: folder.path)
  }

  private struct Point {
    var step: Int64
    var wallTime: Double
    var value: Double
  }

  /// Logs a series, as float32 or float64, and takes it in in two parts.
  private func log(_ points: [Point], run: String = "run", tag: String = "loss", precise: Bool = false) throws {
    let writer = try EventFileWriter(directory: "\(folder.path)/\(run)", maxQueue: 100_000)
    for (index, point) in points.enumerated() {
      if precise {
        try writer.add(summary: Self.double(tag, point.value), step: point.step, wallTime: point.wallTime)
      } else {
        try writer.addScalar(tag: tag, value: Float(point.value), step: point.step, wallTime: point.wallTime)
      }
      if index == points.count / 2 {
        try writer.flush()
        try catalog.refresh()
      }
    }
    try writer.close()
    try catalog.refresh()
  }

  /// A summary of a float64 tensor of rank 0, for the plugin `scalars`.
  private static func double(_ tag: String, _ value: Double) -> [UInt8] {
    let bits = (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> UInt64(8 * $0)) }
    let tensor: [UInt8] = [0x08, 2, 0x12, 0, 0x32, 8] + bits
    let metadata: [UInt8] = [0x0A, 9, 0x0A, 7] + Array("scalars".utf8)
    var content: [UInt8] = [0x0A, UInt8(tag.utf8.count)] + Array(tag.utf8)
    content += [0x42, UInt8(tensor.count)] + tensor
    content += [0x4A, UInt8(metadata.count)] + metadata
    return [0x0A, UInt8(content.count)] + content
  }

  /// A random walk with what charts stumble over: values that are not finite, equal steps, gaps.
  private func walk(_ count: Int, seed: UInt64, nonFinite: Bool = true) -> [Point] {
    var generator = SeededGenerator(seed: seed)
    var point = Point(step: 0, wallTime: 1_700_000_000, value: 1)
    return (0..<count).map { _ in
      point.step += [0, 1, 1, 1, 1, 2, 500].randomElement(using: &generator)!
      point.wallTime += Double.random(in: 0..<0.4, using: &generator)
      point.value += Double.random(in: -0.1..<0.1, using: &generator)
      var drawn = point
      drawn.value = Double(Float(point.value))
      if nonFinite, Int.random(in: 0..<50, using: &generator) == 0 {
        drawn.value = [.nan, .infinity, -.infinity].randomElement(using: &generator)!
      }
      return drawn
    }
  }

  private func x(_ point: Point, _ axis: SeriesAxis, _ origin: Double) -> Double {
    switch axis {
    case .step: Double(point.step)
    case .wall: point.wallTime
    case .relative: point.wallTime - origin
    }
  }

  /// What the rows of an answer should be, from all points.
  private func check(
    _ answer: SeriesAnswer, _ all: [Point], _ query: SeriesQuery, smoothed: [Double]? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let origin = all[0].wallTime
    let xs = all.map { x($0, query.axis, origin) }
    let from = query.from ?? xs.min()!
    let to = query.to ?? xs.max()!
    let columns = PixelColumns(from: from, to: to, width: query.width)
    var rows: [Int: [Int]] = [:]
    var gaps = 0
    var inside = 0
    for index in all.indices where xs[index] >= from && xs[index] <= to {
      inside += 1
      if all[index].value.isFinite { rows[columns.column(xs[index]), default: []].append(index) } else { gaps += 1 }
    }
    #expect(answer.count == inside, sourceLocation: sourceLocation)
    #expect(answer.nonFiniteCount == gaps, sourceLocation: sourceLocation)
    #expect(
      answer.nonFinite.reduce(0) { $0 + $1.nan + $1.positive + $1.negative } == gaps, sourceLocation: sourceLocation)
    let order = answer.raw ? rows.values.flatMap { $0 }.sorted().map { [$0] } : rows.keys.sorted().map { rows[$0]! }
    #expect(answer.x == order.map { xs[$0.last!] }, sourceLocation: sourceLocation)
    func same(_ got: [Float], _ expected: [Double]) -> Bool {
      got.count == expected.count
        && zip(got, expected).allSatisfy { abs(Double($0) + answer.base - $1) <= 1e-6 * max(1, abs($1)) }
    }
    let values = all.map(\.value)
    #expect(same(answer.first, order.map { values[$0.first!] }), sourceLocation: sourceLocation)
    #expect(same(answer.last, order.map { values[$0.last!] }), sourceLocation: sourceLocation)
    #expect(same(answer.min, order.map { $0.map { values[$0] }.min()! }), sourceLocation: sourceLocation)
    #expect(same(answer.max, order.map { $0.map { values[$0] }.max()! }), sourceLocation: sourceLocation)
    if let smoothed, let rows = answer.smoothed {
      #expect(same(rows.first, order.map { smoothed[$0.first!] }), sourceLocation: sourceLocation)
      #expect(same(rows.last, order.map { smoothed[$0.last!] }), sourceLocation: sourceLocation)
      #expect(same(rows.min, order.map { $0.map { smoothed[$0] }.min()! }), sourceLocation: sourceLocation)
      #expect(same(rows.max, order.map { $0.map { smoothed[$0] }.max()! }), sourceLocation: sourceLocation)
    }
  }

  /// TensorBoard's formula, written down plainly.
  private func smooth(_ values: [Double], _ weight: Double) -> [Double] {
    guard !values.allSatisfy({ $0 == values[0] }) else { return values }
    var last = 0.0
    var count = 0
    return values.map { value in
      guard value.isFinite else { return value }
      last = last * weight + (1 - weight) * value
      count += 1
      return last / (1 - pow(weight, Double(count)))
    }
  }

  /// The averages of all points, by a window that slides over them as one piece.
  private func averages(_ all: [Point], _ smoothing: Smoothing) -> [Double] {
    let piece = Piece(block: 0, range: all.indices, firstStep: all[0].step, lastStep: all[all.count - 1].step)
    var smoother = WindowSmoother(smoothing, along: [piece])
    let averages = try? smoother?.averages(of: 0) { _ in (all.map(\.step), all.map(\.value)) }
    return averages ?? []
  }

  @Test(arguments: SeriesAxis.allCases)
  func `the picture of the rows is the picture of all points, at any range and width`(axis: SeriesAxis) throws {
    let all = walk(21_000, seed: 5)
    try log(all)
    let smoothings = [
      Smoothing.exponential(weight: 0.9), .mean(window: 300), .median(window: 300), .gaussian(window: 40),
    ]
    let smoothed = [0: smooth(all.map(\.value), 0.9)].merging(
      (1...3).map { ($0, averages(all, smoothings[$0])) }, uniquingKeysWith: { $1 })
    var generator = SeededGenerator(seed: 77)
    let origin = all[0].wallTime
    for round in 0..<40 {
      var query = SeriesQuery([.init(tag: "loss", runs: ["run"])], axis: axis)
      query.width = [1, 2, 7, 64, 600, 3000].randomElement(using: &generator)!
      if round % 3 > 0 {
        let ends = [all.randomElement(using: &generator)!, all.randomElement(using: &generator)!]
          .map { x($0, axis, origin) }.sorted()
        query.from = ends[0]
        query.to = ends[1] + (round % 3 == 1 ? 0.5 : 0)
      }
      if round % 5 < 4 { query.smoothing = smoothings[round % 5] }
      let answers = try catalog.series(query)
      #expect(answers.count == 1)
      check(answers[0], all, query, smoothed: query.smoothing == nil ? nil : smoothed[round % 5])
    }
  }

  @Test func `a single spike shows at every width and place`() throws {
    var generator = SeededGenerator(seed: 3)
    for round in 0..<4 {
      var all = (0..<9000).map { Point(step: Int64($0), wallTime: Double($0), value: 0.5) }
      let spike = Int.random(in: 0..<all.count, using: &generator)
      all[spike].value = round % 2 == 0 ? 1000 : -1000
      try log(all, run: "run\(round)")
      for width in [1, 3, 100, 599, 600, 4096, 9000] {
        let answer = try catalog.series(SeriesQuery([.init(tag: "loss", runs: ["run\(round)"])], width: width))[0]
        #expect(round % 2 == 0 ? answer.max.contains(1000) : answer.min.contains(-1000))
        let points = try catalog.scalars(run: "run\(round)", tag: "loss", width: width).points
        #expect(points.steps.contains(Int64(spike)))
      }
    }
  }

  @Test func `a wall clock that was set back is drawn in order of time`() throws {
    var all = walk(6000, seed: 8, nonFinite: false)
    for index in 3000..<6000 { all[index].wallTime -= 300 }
    try log(all)
    let sorted = all.enumerated().sorted { ($0.element.wallTime, $0.offset) < ($1.element.wallTime, $1.offset) }
      .map(\.element)
    let query = SeriesQuery([.init(tag: "loss", runs: ["run"])], axis: .wall, width: 50)
    check(try catalog.series(query)[0], sorted, query)
  }

  @Test func `values far from zero keep their differences`() throws {
    let all = (0..<5000).map { number -> Point in
      let value = 1e9 + Double(number % 10) * 0.001
      return Point(step: Int64(number), wallTime: Double(number), value: value)
    }
    try log(all, precise: true)
    let query = SeriesQuery([.init(tag: "loss", runs: ["run"])], width: 20)
    let answer = try catalog.series(query)[0]
    #expect(answer.base != 0)
    #expect(zip(answer.min, answer.max).allSatisfy { abs(Double($1 - $0) - 0.009) < 1e-6 })
  }

  @Test func `smoothing leaves a constant series alone and passes over what is not finite`() throws {
    try log((0..<5000).map { Point(step: Int64($0), wallTime: 0, value: 0.1) }, run: "constant")
    let smoothing = Smoothing.exponential(weight: 0.99)
    let constant = try catalog.series(
      SeriesQuery([.init(tag: "loss", runs: ["constant"])], width: 10, smoothing: smoothing))[0]
    #expect(constant.smoothed?.min.allSatisfy { $0 == 0.1 } == true)
    #expect(constant.smoothed?.first.count == 10)
    let all = walk(300, seed: 21)
    try log(all, run: "walk")
    let query = SeriesQuery([.init(tag: "loss", runs: ["walk"])], smoothing: .exponential(weight: 0.6))
    let answer = try catalog.series(query)[0]
    #expect(answer.raw)
    check(answer, all, query, smoothed: smooth(all.map(\.value), 0.6))
  }

  @Test func `restarts cut branches off, and the newest one goes through`() throws {
    func part(_ steps: Range<Int64>, _ value: Double) -> [Point] {
      let start = 1_700_000_000 + value * 10_000
      return steps.map { step in Point(step: step, wallTime: start + Double(step), value: value) }
    }
    try log(part(0..<5000, 1) + part(3000..<4000, 2) + part(3500..<6000, 3))
    let query = SeriesQuery([.init(tag: "loss", runs: ["run"])], branches: .all)
    let answers = try catalog.series(query)
    #expect(answers.map(\.superseded) == [true, true, false])
    #expect(answers.map(\.branch) == [0, 1, 2])
    #expect(answers.map(\.count) == [2000, 500, 6000])
    #expect(answers.map(\.xMin) == [3000, 3500, 0])
    let newest = try catalog.scalars(run: "run", tag: "loss").points
    #expect(newest.steps == Array(0..<6000))
    #expect(newest.values[2999] == 1 && newest.values[3499] == 2 && newest.values[3500] == 3)
    #expect(try catalog.scalars(run: "run", tag: "loss", branches: .all).points.count == 8500)
    #expect(try catalog.scalars(run: "run", tag: "loss", from: 10, to: 19).points.steps == Array(10...19))
  }

  @Test func `very many restarts are joined, and no point is lost`() throws {
    var all: [Point] = []
    for number in 0..<3000 {
      all.append(Point(step: Int64(number % 10), wallTime: Double(number), value: Double(number / 10)))
    }
    try log(all)
    let answers = try catalog.series(SeriesQuery([.init(tag: "loss", runs: ["run"])], branches: .all))
    #expect(answers.count == SeriesIndex.branchLimit + 1)
    #expect(answers.reduce(0) { $0 + $1.count } == 3000)
    #expect(answers.allSatisfy { $0.x == $0.x.sorted() })
  }

  @Test func `the nearest point is found on every axis`() throws {
    let all = walk(9000, seed: 31)
    try log(all)
    var generator = SeededGenerator(seed: 32)
    for axis in SeriesAxis.allCases {
      let xs = all.map { x($0, axis, all[0].wallTime) }
      for _ in 0..<20 {
        let target = Double.random(in: (xs[0] - 5)...(xs.last! + 5), using: &generator)
        let least = xs.map { abs($0 - target) }.min()!
        let expected = all[xs.lastIndex { abs($0 - target) == least }!]
        let found = try catalog.nearest(tag: "loss", runs: ["run", "missing"], axis: axis, to: target)
        #expect(found.map(\.step) == [expected.step])
        #expect(found.first.map { $0.value == expected.value || $0.value.isNaN && expected.value.isNaN } == true)
      }
    }
  }

  @Test func `all series of a chart share their columns; unknown ones are left out`() throws {
    try log((0..<5000).map { Point(step: Int64($0), wallTime: 0, value: 1) }, run: "a")
    try log((4000..<10_000).map { Point(step: Int64($0), wallTime: 0, value: 2) }, run: "b")
    let answers = try catalog.series(SeriesQuery([.init(tag: "loss", runs: ["b", "none", "a"])], width: 10))
    #expect(answers.map(\.run) == ["b", "a"])
    #expect(answers.map(\.x.count) == [6, 5])
    #expect(throws: CatalogError.unknownTag(run: "a", tag: "x")) { try catalog.scalars(run: "a", tag: "x") }
    #expect(throws: CatalogError.unknownRun(run: "c", known: ["a", "b"])) { try catalog.scalars(run: "c", tag: "x") }
  }

  @Test func `columns never go back as x grows`() {
    var generator = SeededGenerator(seed: 41)
    for _ in 0..<200 {
      let from = Double.random(in: -1e9...1e9, using: &generator)
      let to = from + pow(10, Double.random(in: -6...12, using: &generator))
      let columns = PixelColumns(from: from, to: to, width: Int.random(in: 1...3000, using: &generator))
      let xs = (0..<100).map { _ in Double.random(in: from...to, using: &generator) }.sorted()
      let places = xs.map { columns.column($0) }
      #expect(places == places.sorted() && columns.column(from) == 0 && columns.column(to) == columns.width - 1)
    }
    #expect(PixelColumns(from: 3, to: 3, width: 10).column(3) == 0)
  }
}
