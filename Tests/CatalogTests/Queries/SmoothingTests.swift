import Events
import Foundation
import Testing

@testable import Catalog

/// Running averages against their definitions written down plainly, and against numpy.
@Suite struct SmoothingTests {
  /// A smoothing as its definition says, over all points.
  static func plain(_ smoothing: Smoothing, _ steps: [Int64], _ values: [Double]) -> [Double] {
    func near(_ position: Int, _ half: Double) -> [Double] {
      steps.indices.filter { abs(Double(steps[$0] - steps[position])) <= half && values[$0].isFinite }.map {
        values[$0]
      }
    }
    var last = 0.0
    var count = 0
    return values.indices.map { position in
      guard values[position].isFinite else { return values[position] }
      switch smoothing {
      case .exponential(let weight):
        last = last * weight + (1 - weight) * values[position]
        count += 1
        return last / (1 - pow(weight, Double(count)))
      case .mean(let window):
        let near = near(position, window / 2)
        return near.reduce(0, +) / Double(near.count)
      case .median(let window):
        let near = near(position, window / 2).sorted()
        return near.count % 2 == 1 ? near[near.count / 2] : (near[near.count / 2 - 1] + near[near.count / 2]) / 2
      case .gaussian(let window):
        var (sum, weights) = (0.0, 0.0)
        for other in steps.indices where values[other].isFinite {
          let distance = Double(steps[other] - steps[position]) / (window / 4)
          let weight = exp(-distance * distance / 2)
          sum += weight * values[other]
          weights += weight
        }
        return sum / weights
      }
    }
  }

  /// Runs a window along pieces of a few points each, in an order given.
  private func run(
    _ smoothing: Smoothing, _ steps: [Int64], _ values: [Double], pieceSize: Int, order: ([Int]) -> [Int]
  ) throws -> [Double] {
    let ranges = stride(from: 0, to: steps.count, by: pieceSize).map { $0..<min($0 + pieceSize, steps.count) }
    let pieces = ranges.enumerated().map { number, range in
      Piece(
        block: number, range: 0..<range.count, firstStep: steps[range.lowerBound], lastStep: steps[range.upperBound - 1]
      )
    }
    var smoother = try #require(WindowSmoother(smoothing, along: pieces))
    var averages = values
    for number in order(Array(ranges.indices)) {
      let part = try smoother.averages(of: number) { (Array(steps[ranges[$0]]), Array(values[ranges[$0]])) }
      averages.replaceSubrange(ranges[number], with: part)
    }
    return averages
  }

  private func expectSame(
    _ got: [Double], _ expected: [Double], within tolerance: Double, _ comment: Comment,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(got.count == expected.count, comment, sourceLocation: sourceLocation)
    let scale = expected.filter(\.isFinite).map { abs($0) }.max() ?? 1
    let wrong = zip(got, expected).enumerated().first { _, pair in
      !(pair.0 == pair.1 || pair.0.isNaN && pair.1.isNaN || abs(pair.0 - pair.1) <= tolerance * scale)
    }
    #expect(wrong == nil, comment, sourceLocation: sourceLocation)
  }

  @Test(arguments: ["mean", "median", "gaussian"])
  func `windows give what their definitions say, piece by piece, in any order`(kind: String) throws {
    var generator = SeededGenerator(seed: 11)
    for round in 0..<40 {
      let count = Int.random(in: 1...300, using: &generator)
      var step = Int64.random(in: -50...50, using: &generator)
      var steps: [Int64] = []
      var values: [Double] = []
      for _ in 0..<count {
        step += [0, 1, 1, 1, 3, 40].randomElement(using: &generator)!
        steps.append(step)
        let value = Double.random(in: -1...1, using: &generator)
        values.append(
          round % 2 == 0 && Int.random(in: 0..<9, using: &generator) == 0
            ? [.nan, .infinity, -.infinity].randomElement(using: &generator)! : round % 3 == 0 ? value.rounded() : value
        )
      }
      let window = [1.0, 2, 5, 60, 5000].randomElement(using: &generator)!
      let smoothing = try #require(Smoothing(kind: kind, window))
      let size = Int.random(in: 1...40, using: &generator)
      let expected = Self.plain(smoothing, steps, values)
      var orders = generator
      let got = try run(smoothing, steps, values, pieceSize: size) { round % 4 == 3 ? $0.shuffled(using: &orders) : $0 }
      expectSame(got, expected, within: kind == "gaussian" ? 1e-7 : 1e-12, "\(smoothing) round \(round)")
    }
  }

  @Test func `a huge value leaves nothing behind in a running mean`() throws {
    let steps = (0..<400).map { Int64($0) }
    var values = steps.map { Double($0 % 7) }
    values[100] = 1e300
    values[101] = -1e290
    values[200] = 3e38
    let got = try run(.mean(window: 20), steps, values, pieceSize: 33) { $0 }
    let expected = Self.plain(.mean(window: 20), steps, values)
    for position in steps.indices {
      #expect(abs(got[position] - expected[position]) <= 1e-12 * max(1, abs(expected[position])), "\(position)")
    }
  }

  @Test func `steps at the ends of what a step can be`() throws {
    let steps: [Int64] = [.min, .min + 1, -1, 0, 1, .max - 1, .max]
    let values = [1.0, 2, 3, 4, 5, 6, 7]
    for pieceSize in [1, 3, 7] {
      let mean = try run(.mean(window: 2), steps, values, pieceSize: pieceSize) { $0 }
      #expect(mean == [1.5, 1.5, 3.5, 4, 4.5, 6.5, 6.5])
      let median = try run(.median(window: 1e300), steps, values, pieceSize: pieceSize) { $0 }
      #expect(median == Array(repeating: 4, count: 7))
      let gaussian = try run(.gaussian(window: 2), steps, values, pieceSize: pieceSize) { $0 }
      #expect(gaussian.allSatisfy { $0.isFinite })
    }
  }

  /// Counts what is inside; its value is the sum of the steps.
  private struct CountingWindow: WindowFilter {
    let reach: Int64
    var inside: [Int64] = []
    var most = 0

    mutating func add(_ value: Double, step: Int64) {
      inside.append(step)
      most = max(most, inside.count)
    }
    mutating func remove(_ value: Double, step: Int64) {
      let first = inside.removeFirst()
      #expect(first == step)
    }
    mutating func removeAll() { inside = [] }
    mutating func output(at step: Int64) -> Double {
      #expect(inside.allSatisfy { abs($0 - step) <= reach })
      return Double(most)
    }
  }

  @Test(arguments: [1, 3, 10, 50]) func `no more is inside than one window holds`(pieceSize: Int) throws {
    // Steps that jump by more than a window, so that all of one leaves and the points between never enter.
    var steps = (0..<200).map { (place: Int) -> Int64 in Int64(place % 10) + Int64(place / 10) * 1000 }
    steps.append(1_000_000)
    let ranges = stride(from: 0, to: steps.count, by: pieceSize).map { $0..<min($0 + pieceSize, steps.count) }
    let pieces = ranges.enumerated().map { number, range in
      Piece(
        block: number, range: 0..<range.count, firstStep: steps[range.lowerBound], lastStep: steps[range.upperBound - 1]
      )
    }
    for kept in [1, 7] {
      var run = WindowRun(CountingWindow(reach: 4), along: pieces)
      // Where most values are not finite, windows pass over points that never entered.
      let values = steps.indices.map { $0 % kept == 0 ? 1.0 : .nan }
      for number in ranges.indices {
        let got = try run.averages(of: number) { (Array(steps[ranges[$0]]), Array(values[ranges[$0]])) }
        for (place, most) in zip(ranges[number], got) where values[place].isFinite {
          #expect(most >= 1 && most <= (kept == 1 ? 9 : 2))
        }
      }
    }
  }

  @Test(arguments: [1e-307, 1e-9, 0.01, 0.4]) func `a narrow bell leaves points as they are`(window: Double) throws {
    let steps: [Int64] = [-5, -4, -4, 0, 1, 7, 1_000_003, 1_700_000_000_123, 1 << 60]
    let values = [1.0, 2, 4, 5, 6, 7, 8, 9, 10]
    let got = try run(.gaussian(window: window), steps, values, pieceSize: 3) { $0 }
    expectSame(got, [1, 3, 3, 5, 6, 7, 8, 9, 10], within: 1e-9, "\(window)")
  }

  @Test func `a median window that holds too much is refused with a sentence`() {
    var window = MedianWindow(reach: .max)
    var refused: CatalogError?
    do {
      for step in 0...Int64(MedianWindow.mostPoints) { try window.add(1, step: step) }
    } catch { refused = error }
    #expect(refused == .windowTooWide(limit: MedianWindow.mostPoints))
    #expect(refused?.description.contains("smaller window") == true)
  }

  @Test func `a median window forgets what has left`() throws {
    // A series that falls leaves its old values at the bottom of the lower half.
    var window = MedianWindow(reach: 5)
    for step in 0..<100_000 {
      try window.add(-Double(step), step: Int64(step))
      if step >= 10 { window.remove(-Double(step - 10), step: Int64(step - 10)) }
      if step % 1000 == 999 { #expect(window.output(at: 0) == -Double(step) + 4.5) }
    }
    #expect(window.size < 500)
  }

  @Test func `averages are those of numpy`() throws {
    let golden = try NumpyFixture()
    let (steps, values) = (golden.smoothing.steps, golden.smoothing.values)
    for (name, expected) in golden.smoothing.averages {
      let smoothing = try #require(Smoothing(name))
      expectSame(Self.plain(smoothing, steps, values), expected, within: 1e-12, "\(name), plainly")
      if case .exponential = smoothing { continue }
      let got = try run(smoothing, steps, values, pieceSize: 9) { $0 }
      expectSame(got, expected, within: 1e-7, "\(name)")
    }
  }

  @Test func `what is no smoothing is nil`() {
    for text in ["", "ema", "ema:", "ema:1", "ema:-0.1", "mean:0", "median:nan", "gaussian:inf", "box:3", "ema:0.5:1"] {
      #expect(Smoothing(text) == nil, "\(text)")
    }
    #expect(Smoothing("ema:0.5") == .exponential(weight: 0.5))
    #expect(Smoothing("median:10") == .median(window: 10))
  }

  @Test func `averages of what stays are not computed again when points are appended`() throws {
    let weights = ExponentialAverage(weight: 0.9)
    var pieces = ExponentialPieces(weight: weights.weight)
    let columns = PointColumns(
      steps: [1, 2, 3, 4], wallTimes: [1, 2, 3, 4], values: .float64([1, 5, .nan, 2]))
    func identity(_ block: Int64) -> PieceIdentity { PieceIdentity(block: block, start: 0, count: 4) }
    var read: [Int] = []
    func run(_ blocks: [Int64]) {
      read = []
      pieces.run(along: blocks.map(identity)) { number -> (columns: PointColumns, range: Range<Int>) in
        read.append(number)
        return (columns, 0..<4)
      }
    }
    run([7, 8])
    #expect(read == [0, 1])
    let first = pieces.spans
    run([7, 8, 9])
    #expect(read == [2] && Array(pieces.spans.prefix(2)) == first && pieces.count == 3)
    run([7, 10])
    #expect(read == [1] && pieces.count == 2)
    #expect(pieces.spans == first)
  }
}
