import GRDB

extension Catalog {
  /// The points of a scalar series, exact, in the order they were logged (of the newest branch: by step).
  /// ``scalarStream(run:tag:from:to:branches:smoothing:)`` gives series of any length.
  ///
  /// - Parameters:
  ///   - from: the lowest step; nil is open.
  ///   - to: the highest step; nil is open.
  ///   - width: at most this many pixel columns: of each, the first, smallest, largest and last point stay, and the
  ///     first of each kind that is not finite. Of a long series only the blocks are read that hold these.
  ///   - limit: without `width`, the most points to give.
  ///   - branches: which points where steps go back.
  /// - Throws: ``CatalogError/unknownRun(run:known:)``, ``CatalogError/unknownTag(run:tag:)``,
  ///   ``CatalogError/tooManyPoints(run:tag:limit:)``.
  public func scalars(
    run: String, tag: String, from: Int64? = nil, to: Int64? = nil, width: Int? = nil, limit: Int = .max,
    branches: BranchSelection = .newest
  ) throws -> ScalarAnswer {
    if let width {
      return try picture(run: run, tag: tag, from: from, to: to, width: max(width, 1), branches: branches)
    }
    var stream = try scalarStream(run: run, tag: tag, from: from, to: to, branches: branches)
    var points = PointColumns()
    while let page = try stream.next() {
      points.append(page.points)
      guard points.count <= limit else { throw CatalogError.tooManyPoints(run: run, tag: tag, limit: limit) }
    }
    return ScalarAnswer(run: run, tag: tag, points: points)
  }

  /// The points that draw the picture of all of them at one column a pixel, in the order they were logged.
  private func picture(
    run: String, tag: String, from: Int64?, to: Int64?, width: Int, branches: BranchSelection
  ) throws -> ScalarAnswer {
    try store.read { database in
      let index = try knownIndex(run: run, tag: tag, branches.rule, database)
      let pieces: [Piece] =
        switch branches {
        case .newest: index.branches.last?.pieces ?? []
        case .all: index.piecesAsLogged
        case .tensorboard, .dataServer: index.branches.flatMap(\.pieces)
        }
      func points(_ piece: Piece) throws -> (columns: PointColumns, range: Range<Int>) {
        piece.points(of: try cache.points(index.blocks[piece.block].id, wallTimes: true, database))
      }

      let inside = pieces.filter { $0.lastStep >= from ?? .min && $0.firstStep <= to ?? .max }
      guard var bounds = inside.first.map({ ($0.firstStep, $0.lastStep) }) else {
        return ScalarAnswer(run: run, tag: tag, points: PointColumns())
      }
      for piece in inside { bounds = (min(bounds.0, piece.firstStep), max(bounds.1, piece.lastStep)) }
      let low = max(bounds.0, from ?? .min)
      let high = min(bounds.1, to ?? .max)
      guard low <= high else { return ScalarAnswer(run: run, tag: tag, points: PointColumns()) }

      var picture = PointPicture(PixelColumns(from: Double(low), to: Double(high), width: width))
      var summarised: [Int: [PointPicture.Stretch]] = [:]
      for (number, piece) in inside.enumerated() {
        let summary = index.blocks[piece.block].summary
        let columns = (picture.columns.column(Double(piece.firstStep)), picture.columns.column(Double(piece.lastStep)))
        if piece.count == summary.count, summary.finite == summary.count, columns.0 == columns.1,
          piece.firstStep >= low, piece.lastStep <= high
        {
          summarised[columns.0, default: []].append(PointPicture.Stretch(number: number, summary: summary))
        } else {
          let (columns, range) = try points(piece)
          picture.add(columns, range, number, low...high)
        }
      }
      // Of the stretches that lie in one column, those that cannot hold a point of the picture are not read.
      for (column, stretches) in summarised {
        for stretch in picture.needed(of: stretches, in: column) {
          let (columns, range) = try points(inside[stretch.number])
          picture.add(columns, range, stretch.number, low...high)
        }
      }
      return ScalarAnswer(run: run, tag: tag, points: picture.points)
    }
  }
}

/// Gathers the points of a picture, whatever order its stretches come in.
private struct PointPicture {
  /// A stretch of finite points in one column, by its number in the order the points were logged.
  struct Stretch {
    var number: Int
    var summary: BlockSummary
  }

  struct Point {
    var number: Int
    var position: Int
    var step: Int64
    var wallTime: Double
    var value: Double
    /// Of int64 values, exactly.
    var integer: Int64

    /// Whether it was logged before another.
    static func < (left: Point, right: Point) -> Bool { (left.number, left.position) < (right.number, right.position) }
  }

  private struct Kept {
    var first: Point?
    var last: Point?
    var low: Point?
    var high: Point?
    var nan: Point?
    var positive: Point?
    var negative: Point?

    var all: [Point] { [first, last, low, high, nan, positive, negative].compactMap { $0 } }
  }

  let columns: PixelColumns
  private var kept: [Kept]
  private var precisions: Set<BlockPrecision> = []

  init(_ columns: PixelColumns) {
    self.columns = columns
    kept = Array(repeating: Kept(), count: columns.width)
  }

  mutating func add(_ points: PointColumns, _ range: Range<Int>, _ number: Int, _ steps: ClosedRange<Int64>) {
    precisions.insert(points.values.precision)
    func point(_ position: Int) -> Point {
      var integer: Int64 = 0
      if case .int64(let integers) = points.values { integer = integers[position] }
      return Point(
        number: number, position: position, step: points.steps[position], wallTime: points.wallTimes[position],
        value: points.values[position], integer: integer)
    }
    func earliest(_ old: Point?, _ position: Int) -> Point {
      guard let old, (old.number, old.position) < (number, position) else { return point(position) }
      return old
    }
    for position in range where steps.contains(points.steps[position]) {
      let value = points.values[position]
      let column = columns.column(Double(points.steps[position]))
      if value.isFinite {
        kept[column].first = earliest(kept[column].first, position)
        if kept[column].last.map({ ($0.number, $0.position) < (number, position) }) ?? true {
          kept[column].last = point(position)
        }
        kept[column].low = Self.better(kept[column].low, value, number, position, <).map(point) ?? kept[column].low
        kept[column].high = Self.better(kept[column].high, value, number, position, >).map(point) ?? kept[column].high
      } else if value.isNaN {
        kept[column].nan = earliest(kept[column].nan, position)
      } else if value > 0 {
        kept[column].positive = earliest(kept[column].positive, position)
      } else {
        kept[column].negative = earliest(kept[column].negative, position)
      }
    }
  }

  /// The position where its value goes before the one kept: of equal ones the first that was logged stays.
  private static func better(
    _ old: Point?, _ value: Double, _ number: Int, _ position: Int, _ precedes: (Double, Double) -> Bool
  ) -> Int? {
    guard let old else { return position }
    if precedes(value, old.value) { return position }
    return value == old.value && (number, position) < (old.number, old.position) ? position : nil
  }

  /// Those of a column's stretches that hold its first, its last, its smallest or its largest point.
  func needed(of stretches: [Stretch], in column: Int) -> [Stretch] {
    guard let first = stretches.first, let last = stretches.last else { return [] }
    let low = stretches.min { ($0.summary.min ?? .infinity) < ($1.summary.min ?? .infinity) } ?? first
    let high = stretches.min { ($0.summary.max ?? -.infinity) > ($1.summary.max ?? -.infinity) } ?? first
    var numbers: Set<Int> = []
    return [first, last, low, high].filter { numbers.insert($0.number).inserted }
  }

  /// In the order they were logged; in their own precision, or where they differ as float64.
  var points: PointColumns {
    var points: [Point] = []
    for point in kept.flatMap(\.all).sorted(by: { $0 < $1 }) {
      if let last = points.last, last.number == point.number, last.position == point.position { continue }
      points.append(point)
    }
    let values: SeriesValues =
      switch precisions {
      case [.float32], []: .float32(points.map { Float($0.value) })
      case [.int64]: .int64(points.map(\.integer))
      default: .float64(points.map(\.value))
      }
    return PointColumns(steps: points.map(\.step), wallTimes: points.map(\.wallTime), values: values)
  }
}
