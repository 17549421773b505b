import GRDB

/// Scalar points as a table. A query for one series reads that series alone; comparisons of step, wall time and value
/// leave out blocks that cannot hold what is wanted.
final class PointsTable: LazyTable {
  enum Column {
    static let run = 0
    static let tag = 1
    static let step = 2
    static let wallTime = 3
    static let value = 4
    static let branch = 5
    static let superseded = 6
  }

  let name: String
  let columns: [LazyColumn]
  let estimatedRows = 1e7
  private let source: SQLSource
  private let onlyNewest: Bool

  /// - Parameter onlyNewest: leave out points that a restart made void, and the columns that tell them.
  init(_ source: SQLSource, onlyNewest: Bool) {
    self.source = source
    self.onlyNewest = onlyNewest
    name = onlyNewest ? "newest_points" : "points"
    let all: [LazyColumn] = [
      .text("run", LazyComparison.names, selectivity: 0.02), .text("tag", LazyComparison.names, selectivity: 0.02),
      .integer("step", LazyComparison.ordered, selectivity: 0.001), .real("wall_time", LazyComparison.ordered),
      .real("value", LazyComparison.ordered.union([.isNull])), .integer("branch", [.equal], selectivity: 0.5),
      .integer("superseded", [.equal], selectivity: 0.5),
    ]
    columns = onlyNewest ? Array(all.prefix(5)) : all
  }

  /// Branch by branch, and by step in each.
  func order(fixed: Set<Int>) -> [Int] {
    let isOneBranch = onlyNewest || fixed.contains(Column.branch)
    return isOneBranch
      ? [Column.run, Column.tag, Column.step] : [Column.run, Column.tag, Column.branch, Column.step]
  }

  func rows(matching constraints: [LazyConstraint], used: Set<Int>) throws -> any LazyRows {
    let series = try source.series(kinds: [.scalar], constraints, run: Column.run, tag: Column.tag)
    return PointRows(source, series, constraints, used: used, onlyNewest: onlyNewest)
  }
}

/// A reading of points: series by series, block by block.
private final class PointRows: LazyRows {
  private let source: SQLSource
  private var series: ArraySlice<SQLSource.Series>
  private let steps: LazyRange
  private let wallTimes: LazyRange
  private let values: LazyRange
  private let comparesValue: Bool
  private let wantsNaN: Bool
  private let branches: LazyRange
  private let superseded: LazyRange
  private let needsWallTimes: Bool

  private var index: SeriesIndex?
  private var branch = 0
  private var piece = 0
  private var block: Int64 = 0
  private var columns = PointColumns()
  private var position = 0
  private var end = 0

  init(
    _ source: SQLSource, _ series: [SQLSource.Series], _ constraints: [LazyConstraint], used: Set<Int>,
    onlyNewest: Bool
  ) {
    typealias Column = PointsTable.Column
    self.source = source
    self.series = series[...]
    steps = LazyRange(constraints, column: Column.step)
    wallTimes = LazyRange(constraints, column: Column.wallTime)
    values = LazyRange(constraints, column: Column.value)
    wantsNaN = constraints.contains { $0.column == Column.value && $0.comparison == .isNull }
    comparesValue = constraints.contains {
      $0.column == Column.value && $0.comparison != .isNull && $0.value != .null
    }
    branches = LazyRange(constraints, column: Column.branch)
    superseded =
      onlyNewest
      ? LazyRange([LazyConstraint(column: 0, comparison: .equal, value: .integer(0))], column: 0)
      : LazyRange(constraints, column: Column.superseded)
    needsWallTimes = used.contains(Column.wallTime)
  }

  func next() throws -> Bool {
    position += 1
    while position >= end {
      guard try nextPiece() else { return false }
    }
    return true
  }

  /// Block and position in it, which is below 4,096.
  var rowID: Int64 { block << 16 | Int64(position) }

  func value(_ column: Int) throws -> SQLValue {
    switch column {
    case PointsTable.Column.run: return .text(index?.run ?? "")
    case PointsTable.Column.tag: return .text(index?.tag ?? "")
    case PointsTable.Column.step: return .integer(columns.steps[position])
    case PointsTable.Column.wallTime:
      return columns.wallTimes.isEmpty ? .null : SQLValue(columns.wallTimes[position])
    case PointsTable.Column.value:
      if case .int64(let values) = columns.values { return .integer(values[position]) }
      return SQLValue(columns.values[position])
    case PointsTable.Column.branch: return .integer(Int64(branch))
    default: return .integer(index?.branches[branch].superseded == true ? 1 : 0)
    }
  }

  /// Goes to the next stretch that may hold wanted points, and unpacks it.
  private func nextPiece() throws -> Bool {
    while true {
      try source.watch.check()
      guard let index else {
        guard let series = series.popFirst() else { return false }
        (index, branch, piece) = (try source.index(series), 0, 0)
        continue
      }
      guard branch < index.branches.count else {
        self.index = nil
        continue
      }
      let pieces = index.branches[branch].pieces
      guard piece < pieces.count, branches.contains(Double(branch)),
        superseded.contains(index.branches[branch].superseded ? 1 : 0)
      else {
        (branch, piece) = (branch + 1, 0)
        continue
      }
      let candidate = pieces[piece]
      piece += 1
      let summary = index.blocks[candidate.block].summary
      guard steps.meets(Double(candidate.firstStep), Double(candidate.lastStep)),
        wallTimes.meets(summary.minWall, summary.maxWall), mayHold(summary)
      else { continue }
      block = index.blocks[candidate.block].id
      columns = try source.points(block, wallTimes: needsWallTimes)
      // Steps ascend inside a piece.
      position = partition(candidate.range) { Double(columns.steps[$0]) >= steps.low }
      end = partition(position..<candidate.range.upperBound) { Double(columns.steps[$0]) > steps.high }
      if position < end { return true }
    }
  }

  /// Whether a block has values in the range asked for.
  private func mayHold(_ summary: BlockSummary) -> Bool {
    if wantsNaN { return summary.nan > 0 }
    guard comparesValue else { return true }
    if summary.positiveInfinity > 0, values.high == .infinity { return true }
    if summary.negativeInfinity > 0, values.low == -.infinity { return true }
    guard let low = summary.min, let high = summary.max else { return false }
    return values.meets(low, high)
  }

  /// The first position at which a condition that stays true is true.
  private func partition(_ range: Range<Int>, _ condition: (Int) -> Bool) -> Int {
    var (low, high) = (range.lowerBound, range.upperBound)
    while low < high {
      let middle = (low + high) / 2
      if condition(middle) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
