import GRDB

extension Catalog {
  /// The points of a scalar series, exact, in the order they were logged (of the newest branch: by step).
  ///
  /// - Parameters:
  ///   - from: the lowest step; nil is open.
  ///   - to: the highest step; nil is open.
  ///   - width: at most this many pixel columns: of each, the first, smallest, largest and last point stay, and the
  ///     first of each kind that is not finite.
  ///   - limit: without `width`, the most points to give.
  ///   - branches: with `.newest`, points that a restart made void are left out.
  /// - Throws: ``CatalogError/unknownRun(run:known:)``, ``CatalogError/unknownTag(run:tag:)``,
  ///   ``CatalogError/tooManyPoints(run:tag:limit:)``.
  public func scalars(
    run: String, tag: String, from: Int64? = nil, to: Int64? = nil, width: Int? = nil, limit: Int = .max,
    branches: BranchSelection = .newest
  ) throws -> ScalarAnswer {
    try store.read { database in
      guard let index = try cache.index(run: run, tag: tag, rule: branches.rule, database) else {
        let runs = try String.fetchAll(database, sql: "SELECT name FROM runs ORDER BY name")
        throw runs.contains(run)
          ? CatalogError.unknownTag(run: run, tag: tag) : CatalogError.unknownRun(run: run, known: runs)
      }
      var points = PointColumns()
      for piece in try pieces(index, branches, database) {
        guard piece.lastStep >= from ?? .min, piece.firstStep <= to ?? .max else { continue }
        let (columns, range) = piece.points(
          of: try cache.points(index.blocks[piece.block].id, wallTimes: true, database))
        let inside = range.filter {
          columns.steps[$0] >= from ?? .min && columns.steps[$0] <= to ?? .max
        }
        if inside.count == range.count {
          points.append(columns, range)
        } else if !inside.isEmpty {
          points.append(columns.selecting(inside))
        }
        guard width != nil || points.count <= limit else {
          throw CatalogError.tooManyPoints(run: run, tag: tag, limit: limit)
        }
      }
      if let width { points = points.selecting(Self.decimated(points, width: max(width, 1))) }
      return ScalarAnswer(run: run, tag: tag, points: points)
    }
  }

  /// What to read, in order. Where everything is asked for, blocks as a whole, in the order they were logged.
  private func pieces(
    _ index: SeriesIndex, _ branches: BranchSelection, _ database: Database
  ) throws -> [Piece] {
    switch branches {
    case .newest: return index.branches.last?.pieces ?? []
    case .tensorboard, .dataServer: return index.branches.flatMap(\.pieces)
    case .all:
      return index.blocks.enumerated().map { number, block in
        Piece(
          block: number, range: 0..<block.summary.count, firstStep: block.summary.minStep,
          lastStep: block.summary.maxStep)
      }
    }
  }

  /// Positions of the points that draw the picture of all of them at one column a pixel, ascending.
  private static func decimated(_ points: PointColumns, width: Int) -> [Int] {
    guard let low = points.steps.min(), let high = points.steps.max() else { return [] }
    let columns = PixelColumns(from: Double(low), to: Double(high), width: width)
    struct Kept {
      var first = -1
      var last = -1
      var low = -1
      var high = -1
      var nan = -1
      var positive = -1
      var negative = -1
    }
    var kept = Array(repeating: Kept(), count: width)
    for position in 0..<points.count {
      let value = points.values[position]
      let column = columns.column(Double(points.steps[position]))
      if value.isFinite {
        if kept[column].first < 0 { kept[column].first = position }
        kept[column].last = position
        if kept[column].low < 0 || value < points.values[kept[column].low] { kept[column].low = position }
        if kept[column].high < 0 || value > points.values[kept[column].high] { kept[column].high = position }
      } else if value.isNaN {
        if kept[column].nan < 0 { kept[column].nan = position }
      } else if value > 0 {
        if kept[column].positive < 0 { kept[column].positive = position }
      } else if kept[column].negative < 0 {
        kept[column].negative = position
      }
    }
    let positions = kept.flatMap { [$0.first, $0.last, $0.low, $0.high, $0.nan, $0.positive, $0.negative] }
    return Set(positions.filter { $0 >= 0 }).sorted()
  }
}
