import Testing

@testable import Catalog

/// Searches over curves in blocks against plain loops over all points.
@Suite struct BranchScanTests {
  /// A curve with plateaus, spikes, equal values and values that are not finite, and what a restart left of it.
  private func curve(_ seed: UInt64) -> (all: [Double], kept: [(step: Int64, value: Double)], scanned: ScannedCurve) {
    var generator = SeededGenerator(seed: seed)
    var value = 10.0
    let count = Int.random(in: 1...60, using: &generator)
    let values = (0..<count).map { _ -> Double in
      switch Int.random(in: 0..<12, using: &generator) {
      case 0: return [.nan, .infinity, -.infinity].randomElement(using: &generator)!
      case 1: value += Double(Int.random(in: -8...8, using: &generator))
      case 2...5: break
      default: value -= Double(Int.random(in: 0...1, using: &generator))
      }
      return value
    }
    var cut: [Range<Int>] = []
    if Bool.random(using: &generator) {
      let start = Int.random(in: 0..<count, using: &generator)
      cut = [start..<Int.random(in: start...count, using: &generator)]
    }
    let kept = values.indices.filter { index in !cut.contains { $0.contains(index) } }
    let size = Int.random(in: 1...9, using: &generator)
    return (
      values, kept.map { (Int64($0), values[$0]) }, ScannedCurve(values, size: size, cut: cut.filter { !$0.isEmpty })
    )
  }

  private func steps(_ scanned: ScannedCurve, _ search: SeriesSearch) throws -> Int64? {
    try scanned.scan.find(search).point?.step
  }

  @Test(arguments: 0..<40) func `the first points that satisfy a condition are found`(seed: UInt64) throws {
    for seed in seed * 20..<seed * 20 + 20 {
      let (_, kept, scanned) = curve(seed)
      var generator = SeededGenerator(seed: seed &+ 99)
      let conditions: [PointCondition] =
        PointCondition.Comparison.allCases.map { .compares($0, Double(Int.random(in: 0...14, using: &generator))) }
        + [.isOf(.nan), .isOf(.infinite), .isOf(.finite), .isOf([.nan, .infinite]), .compares(.less, .infinity)]
      for condition in conditions {
        for count in 1...4 {
          let wanted = kept.indices.first { start in
            start + count <= kept.count && kept[start..<start + count].allSatisfy { condition.holds($0.value) }
          }
          let found = try steps(scanned, .firstWhere(condition, points: count))
          #expect(found == wanted.map { kept[$0].step }, "\(condition) for \(count), seed \(seed)")
        }
      }
    }
  }

  @Test(arguments: 0..<40) func `ends, extremes and what is not finite are found`(seed: UInt64) throws {
    for seed in seed * 20..<seed * 20 + 20 {
      let (_, kept, scanned) = curve(seed)
      let finite = kept.filter { $0.value.isFinite }
      #expect(try steps(scanned, .first) == finite.first?.step)
      #expect(try steps(scanned, .last) == finite.last?.step)
      let low = finite.map(\.value).min()
      let high = finite.map(\.value).max()
      #expect(try steps(scanned, .minimum) == finite.first { $0.value == low }?.step)
      #expect(try steps(scanned, .maximum) == finite.first { $0.value == high }?.step)
      let (point, detail) = try scanned.scan.find(.nonFinite)
      #expect(point?.step == kept.first { !$0.value.isFinite }?.step)
      let counts = SearchResult.Detail.counts(
        nan: kept.filter(\.value.isNaN).count, positiveInfinity: kept.filter { $0.value == .infinity }.count,
        negativeInfinity: kept.filter { $0.value == -.infinity }.count)
      #expect(detail == counts)
    }
  }

  @Test(arguments: 0..<40, JumpDirection.allCases)
  func `the largest jump is found, of equal ones the first`(seed: UInt64, direction: JumpDirection) throws {
    for seed in seed * 20..<seed * 20 + 20 {
      let (_, kept, scanned) = curve(seed)
      let finite = kept.filter { $0.value.isFinite }
      var best: (size: Double, change: Double, from: Int64, to: Int64)?
      for (before, after) in zip(finite, finite.dropFirst()) {
        let change = after.value - before.value
        let size = direction == .up ? change : direction == .down ? -change : abs(change)
        if size > best?.size ?? 0 { best = (size, change, before.step, after.step) }
      }
      let (point, detail) = try scanned.scan.find(.jump(direction))
      #expect(point?.step == best?.to, "seed \(seed)")
      guard let best, case .jump(let from, let change) = detail else { continue }
      #expect(from.step == best.from && change == best.change)
    }
  }

  @Test(arguments: 0..<40) func `the first plateau is found`(seed: UInt64) throws {
    for seed in seed * 20..<seed * 20 + 20 {
      let (_, kept, scanned) = curve(seed)
      for goal in PlateauRule.Goal.allCases {
        for tolerance in [PlateauRule.Tolerance.absolute(0), .absolute(1), .relative(0.1)] {
          for patience in [PlateauRule.Patience.points(3), .steps(4)] {
            let rule = PlateauRule(goal: goal, tolerance: tolerance, patience: patience)
            let wanted = plainPlateau(kept, rule)
            let (point, detail) = try scanned.scan.find(.plateau(rule))
            #expect(point?.step == wanted?.start, "\(rule), seed \(seed)")
            guard let wanted, case .plateau(let until, let points, let steps) = detail else { continue }
            #expect(until?.step == wanted.end && points == wanted.points && steps == wanted.last - wanted.start)
          }
        }
      }
    }
  }

  private func plainPlateau(
    _ points: [(step: Int64, value: Double)], _ rule: PlateauRule
  ) -> (start: Int64, end: Int64?, points: Int, last: Int64)? {
    guard var start = points.firstIndex(where: { $0.value.isFinite }) else { return nil }
    while true {
      let next = points.indices.first {
        $0 > start && rule.improves(points[$0].value, on: rule.threshold(points[start].value))
      }
      let idle = start + 1..<(next ?? points.count)
      let isLong =
        switch rule.patience {
        case .points(let count): idle.count >= count
        case .steps(let count): !idle.isEmpty && points[idle.upperBound - 1].step - points[start].step >= count
        }
      if isLong, !idle.isEmpty {
        return (points[start].step, next.map { points[$0].step }, idle.count, points[idle.upperBound - 1].step)
      }
      guard let next else { return nil }
      start = next
    }
  }

  @Test(arguments: 0..<20) func `a range of steps narrows what is searched`(seed: UInt64) throws {
    for seed in seed * 20..<seed * 20 + 20 {
      let (_, kept, scanned) = curve(seed)
      var generator = SeededGenerator(seed: seed)
      let from = Int64.random(in: -2...50, using: &generator)
      let to = from + Int64.random(in: 0...30, using: &generator)
      var scan = scanned.scan
      try scan.narrow(from: from, to: to)
      let inside = kept.filter { (from...to).contains($0.step) && $0.value.isFinite }
      #expect(try scan.find(.first).point?.step == inside.first?.step)
      #expect(try scan.find(.last).point?.step == inside.last?.step)
      #expect(try scan.find(.maximum).point?.value == inside.map(\.value).max())
    }
  }

  // MARK: - Reading little

  /// 1,000 blocks of 100 points that fall from 1 to 0, with one spike and one NaN.
  private func long() -> ScannedCurve {
    var values = (0..<100_000).map { 1 - Double($0) / 100_000 }
    values[55_555] = 7
    values[77_777] = .nan
    return ScannedCurve(values, size: 100)
  }

  @Test(
    arguments: [
      (SeriesSearch.firstWhere(.compares(.less, 0.1), points: 1), 90_000, 2),
      (.firstWhere(.compares(.greater, 5), points: 1), 55_555, 2),
      (.firstWhere(.compares(.less, 0.1), points: 5_000), 90_000, 2),
      (.firstWhere(.isOf(.nan), points: 1), 77_777, 2), (.nonFinite, 77_777, 2), (.minimum, 99_999, 2),
      (.maximum, 55_555, 2), (.first, 0, 2), (.last, 99_999, 2), (.jump(.up), 55_555, 4), (.jump(.down), 55_556, 4),
      (.jump(.either), 55_556, 4),
      (.plateau(PlateauRule(tolerance: .absolute(2), patience: .points(1000))), 0, 2),
    ] as [(SeriesSearch, Int64, Int)])
  func `blocks that cannot hold the answer are not read`(search: SeriesSearch, step: Int64, most: Int) throws {
    let curve = long()
    #expect(try curve.scan.find(search).point?.step == step)
    #expect(curve.reads.count <= most && curve.blockCount == 1000, "\(curve.reads)")
  }

  @Test func `a target never reached is known without reading`() throws {
    let curve = long()
    #expect(try curve.scan.find(.firstWhere(.compares(.less, -1), points: 1)).point == nil)
    #expect(try curve.scan.find(.firstWhere(.isOf(.infinite), points: 1)).point == nil)
    #expect(curve.reads.isEmpty)
  }

  // MARK: - Precision

  @Test func `a number is compared in the precision the values were logged in`() throws {
    let single = PointColumns(steps: [1, 2], wallTimes: [1, 2], values: .float32([0.5, 0.9]))
    let double = PointColumns(steps: [1, 2], wallTimes: [1, 2], values: .float64([0.5, Double(Float(0.9))]))
    func find(_ columns: PointColumns, _ comparison: PointCondition.Comparison, _ number: Double) throws -> Int64? {
      try ScannedCurve(columns, size: 10).scan.find(.firstWhere(.compares(comparison, number), points: 1)).point?.step
    }
    #expect(try find(single, .atLeast, 0.9) == 2)
    #expect(try find(single, .equal, 0.9) == 2)
    #expect(try find(single, .greater, 0.9) == nil)
    #expect(try find(double, .atLeast, 0.9) == nil)
    #expect(try find(double, .equal, 0.9) == nil)
    // Too small and too large for float32.
    #expect(try find(single, .greater, 1e-60) == 1)
    #expect(try find(single, .less, 1e300) == 1)
    #expect(try find(single, .greater, 1e300) == nil)
  }

  @Test func `of equal steps only the last counts where the rule says so`() throws {
    let points = PointColumns(
      steps: [1, 1, 2, 2, 2, 3], wallTimes: [1, 2, 3, 4, 5, 6], values: .float64([9, 1, 8, -5, 2, 3]))
    var piece = Piece(block: 0, range: 0..<6, firstStep: 1, lastStep: 3)
    piece = try piece.keepingLastOfStep { _ in points.steps }
    let scan = BranchScan(
      blocks: [BlockReference(id: 0, file: 0, summary: BlockSummary(points, 0..<6))], pieces: [piece]
    ) { _, _ in points }
    func find(_ search: SeriesSearch) throws -> [Double?] {
      let point = try scan.find(search).point
      return [point?.value, point?.wallTime]
    }
    #expect(try find(.minimum) == [1, 2] && find(.maximum) == [3, 6] && find(.first) == [1, 2])
    #expect(try find(.jump(.either)) == [2, 5])
    #expect(try find(.firstWhere(.compares(.greater, 0), points: 3)) == [1, 2])
    #expect(try find(.firstWhere(.compares(.greater, 1), points: 2)) == [2, 5])
  }

  @Test func `NaN satisfies no comparison`() {
    for comparison in PointCondition.Comparison.allCases {
      #expect(!PointCondition.compares(comparison, 1).holds(.nan))
    }
    #expect(PointCondition.compares(.greater, 1).holds(.infinity))
  }

  @Test func `a relative tolerance works for negative values`() throws {
    // From -100 on, -100.5 is no improvement of 1 percent, -102 is.
    let curve = ScannedCurve([-50, -100, -100.5, -100.9, -100.2, -102, -103], size: 2)
    let rule = PlateauRule(goal: .min, tolerance: .relative(0.01), patience: .points(3))
    let (point, detail) = try curve.scan.find(.plateau(rule))
    #expect(point?.step == 1)
    guard case .plateau(let until, let points, let steps) = detail else {
      Issue.record("no plateau")
      return
    }
    #expect(until?.step == 5 && points == 3 && steps == 3)
  }

  @Test func `extreme steps overflow nowhere`() throws {
    let points = PointColumns(
      steps: [.min, 0, .max], wallTimes: [1, 2, 3],
      values: .float64([-.greatestFiniteMagnitude, 0, .greatestFiniteMagnitude]))
    let scan = ScannedCurve(points, size: 2).scan
    for search in [
      SeriesSearch.jump(.either), .plateau(PlateauRule(goal: .max, tolerance: .relative(2), patience: .steps(.max))),
      .plateau(PlateauRule(goal: .min, patience: .steps(5))), .minimum, .maximum,
    ] { #expect(try scan.find(search).point != nil) }
  }
}

@Suite struct NamePatternTests {
  @Test(arguments: [
    ("*", "", true), ("*", "a/b", true), ("a*", "abc", true), ("*/train", "x/y/train", true),
    ("*/train", "train", false),
    ("a?c", "abc", true), ("a?c", "ac", false), ("a*b*c", "a1b2b3c", true), ("a*b*c", "a1c2b", false), ("", "", true),
    ("", "a", false), ("lr=0.1", "lr=0.1", true), ("LR", "lr", false), ("?", "é", true), ("**a**", "bab", true),
    ("a*", "ba", false), ("*a", "ab", false),
  ])
  func `patterns match whole names`(pattern: String, name: String, matches: Bool) {
    #expect(NamePattern(pattern).matches(name) == matches)
  }

  @Test func `a pattern of many stars takes no exponential time`() {
    let pattern = NamePattern(String(repeating: "*a", count: 200) + "b")
    #expect(!pattern.matches(String(repeating: "a", count: 5000)))
  }

  @Test func `a literal name has no special characters`() {
    #expect(NamePattern(literal: "a*").matches("a*") && !NamePattern(literal: "a*").matches("ab"))
    #expect(NamePattern("a*").literal == nil && NamePattern("ab").literal == "ab")
  }
}
