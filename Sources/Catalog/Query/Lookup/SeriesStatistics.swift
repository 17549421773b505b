import GRDB

/// What one branch of a series amounts to.
public struct SeriesStatistics: Sendable, Equatable {
  public var run: String
  public var tag: String
  /// Branches count from 0, the oldest.
  public var branch: Int
  /// Whether a later branch took the place of this one.
  public var superseded: Bool
  /// Points, those that are not finite included.
  public var count: Int
  public var nan: Int
  public var positiveInfinity: Int
  public var negativeInfinity: Int
  /// The first and last finite point, the first of the smallest and the first of the largest; nil where none is finite.
  public var first: FoundPoint?
  public var last: FoundPoint?
  public var min: FoundPoint?
  public var max: FoundPoint?
  /// The first point that is not finite.
  public var firstNonFinite: FoundPoint?
}

extension Catalog {
  /// First, last, smallest and largest value of series, with the step of each, and how many points there are. Of a long
  /// series the blocks that hold these points are read, and those at the ends of the range.
  ///
  /// - Parameters:
  ///   - axis: what the range is on.
  ///   - from: the lowest x; nil is open.
  ///   - to: the highest x; nil is open.
  ///   - branches: which points where steps go back; one answer a branch.
  ///   - check: called for every series; what it throws ends the query.
  /// - Returns: series in the order given; those that are not there are left out.
  public func statistics(
    of series: [SeriesName], axis: SeriesAxis = .step, from: Double? = nil, to: Double? = nil,
    branches: BranchSelection = .newest, check: () throws -> Void = {}
  ) throws -> [SeriesStatistics] {
    try store.read { database in
      try series.flatMap { name -> [SeriesStatistics] in
        try check()
        return try readers(name, axis: axis, branches, database).map {
          try $0.statistics(from: from ?? -.infinity, to: to ?? .infinity)
        }
      }
    }
  }

  /// A reader of each branch that a selection shows; none where there is no such series.
  func readers(
    _ name: SeriesName, axis: SeriesAxis, _ branches: BranchSelection, _ database: Database
  ) throws -> [BranchReader] {
    guard let index = try cache.index(run: name.run, tag: name.tag, rule: branches.rule, database) else { return [] }
    return index.branches.indices.filter { branches == .all || !index.branches[$0].superseded }.map {
      BranchReader(index: index, rule: branches.rule, number: $0, axis: axis, cache: cache, database: database)
    }
  }
}

extension BranchReader {
  /// Points of a piece, by their positions in its columns.
  private struct Place {
    var piece: Int
    var value: Double
  }

  fileprivate func statistics(from: Double, to: Double) throws -> SeriesStatistics {
    var statistics = SeriesStatistics(
      run: index.run, tag: index.tag, branch: number, superseded: branch.superseded, count: 0, nan: 0,
      positiveInfinity: 0, negativeInfinity: 0)
    var (first, last, low, high, broken): (Int?, Int?, Place?, Place?, Int?)
    for (number, piece) in branch.pieces.enumerated() {
      guard let bounds = try bounds(of: piece), bounds.high >= from, bounds.low <= to else { continue }
      let part: BlockSummary
      if isWhole(piece), bounds.low >= from, bounds.high <= to {
        part = summary(piece)
      } else {
        let (columns, positions) = try places(piece, from, to)
        guard !positions.isEmpty else { continue }
        part = BlockSummary(values: columns.values, positions)
      }
      statistics.count += part.count
      statistics.nan += part.nan
      statistics.positiveInfinity += part.positiveInfinity
      statistics.negativeInfinity += part.negativeInfinity
      if part.finite < part.count, broken == nil { broken = number }
      guard let least = part.min, let most = part.max else { continue }
      if first == nil { first = number }
      last = number
      if low.map({ least < $0.value }) ?? true { low = Place(piece: number, value: least) }
      if high.map({ most > $0.value }) ?? true { high = Place(piece: number, value: most) }
    }

    func point(_ piece: Int?, last: Bool = false, where isWanted: (Double) -> Bool) throws -> FoundPoint? {
      guard let piece else { return nil }
      let (columns, positions) = try places(branch.pieces[piece], from, to)
      let position =
        last
        ? positions.last { isWanted(columns.values[$0]) } : positions.first { isWanted(columns.values[$0]) }
      return position.map { FoundPoint(columns, $0) }
    }
    statistics.first = try point(first) { $0.isFinite }
    statistics.last = try point(last, last: true) { $0.isFinite }
    statistics.min = try point(low?.piece) { $0 == low?.value }
    statistics.max = try point(high?.piece) { $0 == high?.value }
    statistics.firstNonFinite = try point(broken) { !$0.isFinite }
    return statistics
  }

  /// The points of a piece that lie in a range, wall times included.
  private func places(
    _ piece: Piece, _ from: Double, _ to: Double
  ) throws -> (columns: PointColumns, positions: [Int]) {
    let (columns, range) = try points(piece, wallTimes: true)
    return (columns, range.filter { x(columns, $0) >= from && x(columns, $0) <= to })
  }

  /// Smallest and largest x of a piece; nil where it has no points.
  func bounds(of piece: Piece) throws -> (low: Double, high: Double)? {
    if axis == .step { return (Double(piece.firstStep), Double(piece.lastStep)) }
    if isWhole(piece) {
      let origin = axis == .wall ? 0 : index.origin
      return (summary(piece).minWall - origin, summary(piece).maxWall - origin)
    }
    let (columns, range) = try points(piece)
    let all = range.map { x(columns, $0) }
    guard let low = all.min(), let high = all.max() else { return nil }
    return (low, high)
  }
}

extension FoundPoint {
  /// A point of columns that have wall times.
  init(_ columns: PointColumns, _ position: Int) {
    self.init(
      step: columns.steps[position], wallTime: columns.wallTimes[position], value: columns.values[position],
      dtype: columns.values.dtype)
  }
}

extension BlockSummary {
  /// Of some values alone: steps and wall times stay 0.
  fileprivate init(values: SeriesValues, _ positions: [Int]) {
    self.init()
    count = positions.count
    for position in positions {
      let value = values[position]
      if value.isFinite {
        if first == nil { first = value }
        last = value
        min = Swift.min(min ?? value, value)
        max = Swift.max(max ?? value, value)
      } else if value.isNaN {
        nan += 1
      } else if value > 0 {
        positiveInfinity += 1
      } else {
        negativeInfinity += 1
      }
    }
  }
}
