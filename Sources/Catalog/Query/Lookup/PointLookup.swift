import GRDB

/// Which point stands for a place on the x axis.
public enum PointMatch: String, Sendable, Codable, CaseIterable {
  /// The nearest one: of two as near, the one logged later.
  case nearest
  /// The one at the place itself.
  case exact
  /// The last one at the place or before.
  case previous
  /// The first one at the place or behind.
  case next
  /// On the line between the last finite point at the place or before and the first one at it or behind; none beyond the
  /// ends of a curve.
  case interpolated
}

/// The point of a series for a place on the x axis.
public struct SeriesPoint: Sendable, Equatable {
  public var run: String
  public var tag: String
  public var branch: Int
  /// Nil between two points.
  public var step: Int64?
  public var wallTime: Double
  public var value: Double
  /// `float32`, `float64` or `int64`: how many digits of the value are meant.
  public var dtype: String
}

extension Catalog {
  /// The point of each series for a place on the x axis. Of several points at one place the one logged last counts. Two
  /// blocks of a series are read, however long it is.
  ///
  /// - Parameters:
  ///   - branches: which points where steps go back; of several branches each has its point.
  ///   - check: called for every series; what it throws ends the query.
  /// - Returns: series in the order given; those that have no such point are left out.
  public func points(
    of series: [SeriesName], at x: Double, match: PointMatch = .nearest, axis: SeriesAxis = .step,
    branches: BranchSelection = .newest, check: () throws -> Void = {}
  ) throws -> [SeriesPoint] {
    try store.read { database in
      try series.flatMap { name -> [SeriesPoint] in
        try check()
        return try readers(name, axis: axis, branches, database).compactMap { try $0.point(at: x, match) }
      }
    }
  }

  /// The point of each run nearest to `x` on its newest branch: of two as near, the one logged later.
  public func nearest(
    tag: String, runs: [String], axis: SeriesAxis = .step, to x: Double
  ) throws -> [NearestPoint] {
    try points(of: runs.map { SeriesName(run: $0, tag: tag) }, at: x, axis: axis).compactMap { point in
      point.step.map {
        NearestPoint(
          run: point.run, branch: point.branch, step: $0, wallTime: point.wallTime, value: point.value,
          dtype: point.dtype)
      }
    }
  }
}

extension BranchReader {
  private struct Found {
    var x: Double
    var distance: Double
    var piece: Int
    var position: Int
    var point: FoundPoint
  }

  fileprivate func point(at target: Double, _ match: PointMatch) throws -> SeriesPoint? {
    func answer(_ point: FoundPoint) -> SeriesPoint {
      SeriesPoint(
        run: index.run, tag: index.tag, branch: number, step: point.step, wallTime: point.wallTime, value: point.value,
        dtype: point.dtype)
    }
    switch match {
    case .nearest: return try find(target, before: true, behind: true, finite: false).map { answer($0.point) }
    case .previous: return try find(target, before: true, behind: false, finite: false).map { answer($0.point) }
    case .next: return try find(target, before: false, behind: true, finite: false).map { answer($0.point) }
    case .exact:
      return try find(target, before: true, behind: false, finite: false).flatMap {
        $0.distance == 0 ? answer($0.point) : nil
      }
    case .interpolated:
      guard let low = try find(target, before: true, behind: false, finite: true) else { return nil }
      if low.distance == 0 { return answer(low.point) }
      guard let high = try find(target, before: false, behind: true, finite: true) else { return nil }
      let part = (target - low.x) / (high.x - low.x)
      var point = answer(low.point)
      point.step = nil
      point.wallTime += (high.point.wallTime - point.wallTime) * part
      // In two parts, so that the difference of the largest numbers does not overflow.
      point.value = point.value * (1 - part) + high.point.value * part
      if point.dtype != "float32" { point.dtype = "float64" }
      return point
    }
  }

  /// The nearest point on the sides asked for; of several as near the one logged last.
  private func find(_ target: Double, before: Bool, behind: Bool, finite: Bool) throws -> Found? {
    func distance(_ x: Double) -> Double? {
      x <= target ? (before || x == target ? target - x : nil) : behind ? x - target : nil
    }
    // Nearest pieces first: what lies farther than the best point is not read.
    var pieces: [(gap: Double, number: Int)] = []
    for (number, piece) in branch.pieces.enumerated() {
      guard let bounds = try bounds(of: piece), !finite || !isWhole(piece) || summary(piece).finite > 0 else {
        continue
      }
      let inside = bounds.low <= target && target <= bounds.high
      guard let gap = inside ? 0 : distance(target < bounds.low ? bounds.low : bounds.high) else { continue }
      pieces.append((gap, number))
    }
    pieces.sort { ($0.gap, -$0.number) < ($1.gap, -$1.number) }
    var best: Found?
    for (gap, number) in pieces {
      if let best, gap > best.distance { break }
      let (columns, range) = try points(branch.pieces[number], wallTimes: true)
      for position in range {
        let x = x(columns, position)
        guard let distance = distance(x), !finite || columns.values[position].isFinite else { continue }
        if let best,
          distance > best.distance
            || distance == best.distance
              && (number, position) < (best.piece, best.position)
        {
          continue
        }
        best = Found(
          x: x, distance: distance, piece: number, position: position, point: FoundPoint(columns, position))
      }
    }
    return best
  }
}
