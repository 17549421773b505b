import GRDB

/// Reads the points of one branch for one x axis.
struct BranchReader {
  let index: SeriesIndex
  let rule: BranchRule
  let number: Int
  let axis: SeriesAxis
  let cache: SeriesCache
  let database: Database
  /// Gives x, where that is another tag.
  var join: StepJoin?

  var branch: Branch { index.branches[number] }

  /// The points of a piece, and where they are in the columns given; wall times only where the axis or the caller needs
  /// them.
  func points(_ piece: Piece, wallTimes: Bool = false) throws -> (columns: PointColumns, range: Range<Int>) {
    piece.points(
      of: try cache.points(index.blocks[piece.block].id, wallTimes: wallTimes || axis != .step, database))
  }

  /// Whether a piece is all of its block, so that the block's summary is its own.
  func isWhole(_ piece: Piece) -> Bool { piece.count == summary(piece).count }

  func summary(_ piece: Piece) -> BlockSummary { index.blocks[piece.block].summary }

  @inline(__always)
  func x(_ columns: PointColumns, _ position: Int) -> Double {
    switch axis {
    case .step: Double(columns.steps[position])
    case .wall: columns.wallTimes[position]
    case .relative: columns.wallTimes[position] - index.origin
    }
  }

  /// x of the first and last point of a piece.
  func ends(_ piece: Piece) throws -> (first: Double, last: Double) {
    if axis == .step { return (Double(piece.firstStep), Double(piece.lastStep)) }
    if isWhole(piece) {
      let summary = summary(piece)
      let origin = axis == .wall ? 0 : index.origin
      return (summary.firstWall - origin, summary.lastWall - origin)
    }
    let (columns, range) = try points(piece)
    return (x(columns, range.lowerBound), x(columns, range.upperBound - 1))
  }

  /// Whether x never goes back along the branch, so that stretches can be told by their ends.
  func isAscending() throws -> Bool {
    guard join == nil else { return false }
    var previous = -Double.infinity
    for piece in branch.pieces {
      if axis != .step && summary(piece).wallDescents > 0 { return false }
      let ends = try ends(piece)
      guard ends.first >= previous, ends.last >= ends.first else { return false }
      previous = ends.last
    }
    return true
  }

  /// Smallest and largest x of the branch; nil where it has no points.
  func bounds() throws -> (low: Double, high: Double)? {
    var bounds: (low: Double, high: Double)?
    if join != nil {
      for piece in branch.pieces {
        let (columns, range) = try points(piece)
        for x in try xs(columns, range) where x.isFinite {
          bounds = (min(x, bounds?.low ?? x), max(x, bounds?.high ?? x))
        }
      }
      return bounds
    }
    for piece in branch.pieces {
      var low: Double
      var high: Double
      if axis != .step && isWhole(piece) {
        let origin = axis == .wall ? 0 : index.origin
        (low, high) = (summary(piece).minWall - origin, summary(piece).maxWall - origin)
      } else if axis == .step {
        (low, high) = (Double(piece.firstStep), Double(piece.lastStep))
      } else {
        let (columns, range) = try points(piece)
        let all = range.map { x(columns, $0) }
        (low, high) = (all.min() ?? 0, all.max() ?? 0)
      }
      if let old = bounds { (low, high) = (min(low, old.low), max(high, old.high)) }
      bounds = (low, high)
    }
    return bounds
  }

  /// Whether all values of the branch are finite and the same.
  func isConstant() throws -> Bool { try index.isConstant(branch.pieces) { try points($0) } }

  /// x of a range of points; NaN where it is another tag that has none.
  func xs(_ columns: PointColumns, _ range: Range<Int>) throws -> [Double] {
    if let join {
      return try join.values(at: columns.steps[range]) { try cache.points($0, wallTimes: false, database) }
    }
    return switch axis {
    case .step: columns.steps[range].map(Double.init)
    case .wall: Array(columns.wallTimes[range])
    case .relative: columns.wallTimes[range].map { $0 - index.origin }
    }
  }

  /// x, value and running average of the points of a piece that lie between `from` and `to`.
  func rows(
    _ number: Int, from: Double, to: Double, smoothed: SmoothedBranch? = nil
  ) throws -> (x: [Double], values: [Double], averages: [Double]) {
    var missing = 0
    return try rows(number, from: from, to: to, smoothed: smoothed, missing: &missing)
  }

  /// The same, which adds up how many points have no x.
  func rows(
    _ number: Int, from: Double, to: Double, smoothed: SmoothedBranch?, missing: inout Int
  ) throws -> (x: [Double], values: [Double], averages: [Double]) {
    let (columns, range) = try points(branch.pieces[number])
    var xs = try xs(columns, range)
    if join != nil { missing += xs.count { !$0.isFinite } }
    var values = columns.values.doubles(range)
    var averages = try smoothed?.averages(of: number, values: values) ?? []
    // Most stretches lie inside as a whole, and x ascends in almost all of them.
    if xs.contains(where: { !($0 >= from && $0 <= to) }) {
      let inside = xs.indices.filter { xs[$0] >= from && xs[$0] <= to }
      values = inside.map { values[$0] }
      if smoothed != nil { averages = inside.map { averages[$0] } }
      xs = inside.map { xs[$0] }
    }
    return (xs, values, averages)
  }
}

extension Piece {
  /// The points of the piece in the columns of its block: a range of them, or, where not all of the range count, columns
  /// of those that do.
  func points(of columns: PointColumns) -> (columns: PointColumns, range: Range<Int>) {
    guard keepsLastOfStep else { return (columns, range) }
    let positions = range.filter { $0 + 1 == range.upperBound || columns.steps[$0] != columns.steps[$0 + 1] }
    return (columns.selecting(positions), 0..<positions.count)
  }
}

extension SeriesIndex {
  /// Whether all values of pieces are finite and the same.
  func isConstant(
    _ pieces: [Piece], points: (Piece) throws -> (columns: PointColumns, range: Range<Int>)
  ) rethrows -> Bool {
    var constant: Double?
    for piece in pieces {
      let summary = blocks[piece.block].summary
      if piece.count == summary.count {
        guard summary.finite == summary.count, summary.min == summary.max, constant == nil || summary.min == constant
        else { return false }
        constant = summary.min
      } else {
        let (columns, range) = try points(piece)
        for position in range {
          let value = columns.values[position]
          guard value.isFinite, constant == nil || value == constant else { return false }
          constant = value
        }
      }
    }
    return true
  }
}
