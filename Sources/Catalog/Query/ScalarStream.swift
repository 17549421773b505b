import GRDB

/// A part of a scalar series: points in the order a query gives them, and what it computes beside them.
public struct ScalarPage: Sendable, Equatable {
  public var points: PointColumns
  /// Of every point, where smoothing was asked for; of one that is not finite, its value.
  public var smoothed: [Double]?
  /// Of every point, where another tag was asked for: its value at the same step, NaN where it has none.
  public var x: [Double]?

  public init(points: PointColumns, smoothed: [Double]? = nil, x: [Double]? = nil) {
    self.points = points
    self.smoothed = smoothed
    self.x = x
  }
}

/// The points of a scalar series, a block of some thousands at a time, so that a series of any length takes no more memory
/// than a block. It gives the series as it was when the stream was opened: what is logged meanwhile is not in it.
public struct ScalarStream: Sendable {
  public let run: String
  public let tag: String
  /// `float32`, `float64` or `int64`: the widest precision in the series.
  public var dtype: String { parts.first?.index.dtype ?? "float32" }

  /// Points at the end of each file, whose blocks a writer may merge with later ones, are kept from the start: so many of
  /// a file, and so many in all.
  private static let mostKeptOfFile = 2 * BlockCodec.pointsPerBlock
  private static let mostKept = 1 << 18

  private let catalog: Catalog
  private let from: Int64
  private let to: Int64
  private var parts: ArraySlice<ScalarPart>
  private var kept: [Int64: PointColumns] = [:]
  private let join: StepJoin?

  /// The next points; nil behind the last. No page is empty.
  /// - Throws: ``CatalogError/changedMeanwhile(run:tag:)`` where the files the series comes from were replaced since the
  ///   stream was opened.
  public mutating func next() throws -> ScalarPage? {
    while var part = parts.first {
      // The part is taken out meanwhile, so that its window is not copied.
      parts[parts.startIndex] = part.emptied
      if var page = try part.next(from: from, to: to, read: points) {
        // Pages of all branches as they were logged may go back in steps.
        page.x = try join.map { join in
          try page.points.steps.ascendingStretches.flatMap { try join.values(at: $0, read: points) }
        }
        parts[parts.startIndex] = part
        return page
      }
      parts.removeFirst()
    }
    return nil
  }

  private func points(_ block: Int64) throws -> PointColumns {
    if let columns = kept[block] { return columns }
    return try catalog.store.read { database in
      do {
        return try catalog.cache.points(block, wallTimes: true, database)
      } catch BlockError.notABlock {
        throw CatalogError.changedMeanwhile(run: run, tag: tag)
      }
    }
  }
}

extension Catalog {
  /// Opens a stream of the points of a scalar series, exact, in the order they were logged (of the newest branch: by
  /// step).
  ///
  /// - Parameters:
  ///   - from: the lowest step; nil is open.
  ///   - to: the highest step; nil is open.
  ///   - branches: which points where steps go back.
  ///   - smoothing: gives an average beside every point. It runs along a branch; of all branches it runs along each
  ///     stretch in which steps ascend.
  ///   - xTag: a tag of the same run whose value at the step is given beside every point: of several the one logged last,
  ///     on its newest branch.
  /// - Throws: ``CatalogError/unknownRun(run:known:)``, ``CatalogError/unknownTag(run:tag:)``.
  public func scalarStream(
    run: String, tag: String, from: Int64? = nil, to: Int64? = nil, branches: BranchSelection = .newest,
    smoothing: Smoothing? = nil, xTag: String? = nil
  ) throws -> ScalarStream {
    try store.read { database in
      let index = try knownIndex(run: run, tag: tag, branches.rule, database)
      let lists: [[Piece]] =
        switch branches {
        case .newest: index.branches.suffix(1).map(\.pieces)
        case .tensorboard, .dataServer: index.branches.map(\.pieces)
        case .all:
          smoothing == nil
            ? [index.piecesAsLogged]
            : try index.stretchesAsLogged { try cache.points($0, wallTimes: false, database) }
        }
      let xRule = branches.rule == .tensorBoard ? .lineage : branches.rule
      let join = try xTag.map { StepJoin(try knownIndex(run: run, tag: $0, xRule, database)) }
      let (from, to) = (from ?? Int64.min, to ?? Int64.max)
      let parts = try lists.map { pieces in
        try ScalarPart(index: index, pieces: pieces, from: from, to: to, smoothing: smoothing) {
          try cache.points($0, wallTimes: true, database)
        }
      }
      return try ScalarStream(catalog: self, run: run, tag: tag, from: from, to: to, parts: parts, join: join, database)
    }
  }

  /// The index of a series that has to be there.
  func knownIndex(run: String, tag: String, _ rule: BranchRule, _ database: Database) throws -> SeriesIndex {
    if let index = try cache.index(run: run, tag: tag, rule: rule, database) { return index }
    let runs = try String.fetchAll(database, sql: "SELECT name FROM runs ORDER BY name")
    throw runs.contains(run)
      ? CatalogError.unknownTag(run: run, tag: tag) : CatalogError.unknownRun(run: run, known: runs)
  }
}

extension ScalarStream {
  fileprivate init(
    catalog: Catalog, run: String, tag: String, from: Int64, to: Int64, parts: [ScalarPart], join: StepJoin?,
    _ database: Database
  ) throws {
    self.join = join
    self.catalog = catalog
    self.run = run
    self.tag = tag
    self.from = from
    self.to = to
    self.parts = parts[...]
    guard let index = parts.first?.index else { return }
    var count = (all: 0, ofFile: 0, file: -1)
    for block in index.blocks.reversed() {
      if block.file != count.file { (count.ofFile, count.file) = (0, block.file) }
      guard count.ofFile < Self.mostKeptOfFile, count.all < Self.mostKept else { continue }
      count.ofFile += block.summary.count
      count.all += block.summary.count
      kept[block.id] = try catalog.cache.points(block.id, wallTimes: true, database)
    }
  }
}

/// A list of pieces that a stream gives one after the other.
private struct ScalarPart: Sendable {
  let index: SeriesIndex
  let pieces: [Piece]
  private var number: Int
  private let end: Int
  private var smoother: Smoother?

  private enum Smoother: Sendable {
    case exponential(ExponentialAverage)
    case window(WindowSmoother)
  }

  init(
    index: SeriesIndex, pieces: [Piece], from: Int64, to: Int64, smoothing: Smoothing?,
    points: (Int64) throws -> PointColumns
  ) throws {
    self.index = index
    self.pieces = pieces
    end = (pieces.lastIndex { $0.firstStep <= to } ?? -1) + 1
    number = pieces.firstIndex { $0.lastStep >= from } ?? pieces.count
    switch smoothing {
    case nil: smoother = nil
    case .exponential(let weight):
      // There is nothing to draw beside values that are all the same; a weight of 0 leaves values as they are.
      let isConstant = try index.isConstant(pieces) { try $0.points(of: points(index.blocks[$0.block].id)) }
      smoother = .exponential(ExponentialAverage(weight: isConstant ? 0 : weight))
      // It depends on everything before.
      if !isConstant { number = 0 }
    case .mean, .median, .gaussian:
      smoother = smoothing.flatMap { WindowSmoother($0, along: pieces) }.map { .window($0) }
    }
  }

  /// A copy that is at its end.
  var emptied: ScalarPart {
    var part = self
    part.number = end
    part.smoother = nil
    return part
  }

  mutating func next(from: Int64, to: Int64, read: (Int64) throws -> PointColumns) throws -> ScalarPage? {
    while number < end {
      let piece = pieces[number]
      let page = try page(read)
      number += 1
      let steps = page.points.steps
      guard piece.firstStep < from || piece.lastStep > to else { return page }
      let inside = steps.indices.filter { steps[$0] >= from && steps[$0] <= to }
      guard !inside.isEmpty else { continue }
      return ScalarPage(
        points: page.points.selecting(inside), smoothed: page.smoothed.map { all in inside.map { all[$0] } })
    }
    return nil
  }

  /// The piece at hand as a whole.
  private mutating func page(_ read: (Int64) throws -> PointColumns) throws -> ScalarPage {
    let (index, pieces) = (index, pieces)
    func points(_ number: Int) throws -> PointColumns {
      let (columns, range) = pieces[number].points(of: try read(index.blocks[pieces[number].block].id))
      return range.count == columns.count ? columns : columns.slice(range)
    }
    let points = try points(number)
    switch smoother {
    case nil: return ScalarPage(points: points)
    case .exponential(var running):
      let smoothed = points.values.doubles.map { $0.isFinite ? running.next($0) : $0 }
      smoother = .exponential(running)
      return ScalarPage(points: points, smoothed: smoothed)
    case .window(var window):
      smoother = nil
      defer { smoother = .window(window) }
      let smoothed = try window.averages(of: number) { number in
        let (columns, range) = pieces[number].points(of: try read(index.blocks[pieces[number].block].id))
        return (Array(columns.steps[range]), columns.values.doubles(range))
      }
      return ScalarPage(points: points, smoothed: smoothed)
    }
  }
}

extension SeriesIndex {
  /// All blocks as a whole, in the order they were logged; steps may go back inside.
  var piecesAsLogged: [Piece] {
    blocks.enumerated().map { number, block in
      Piece(
        block: number, range: 0..<block.summary.count, firstStep: block.summary.minStep, lastStep: block.summary.maxStep
      )
    }
  }

  /// All points in the order they were logged, parted where steps go back.
  func stretchesAsLogged(points: (Int64) throws -> PointColumns) throws -> [[Piece]] {
    var lists: [[Piece]] = []
    for (number, block) in blocks.enumerated() {
      var pieces: [Piece] = []
      if block.summary.stepDescents == 0 {
        pieces = [
          Piece(
            block: number, range: 0..<block.summary.count, firstStep: block.summary.firstStep,
            lastStep: block.summary.lastStep)
        ]
      } else {
        let steps = try points(block.id).steps
        var start = 0
        for position in 1...steps.count where position == steps.count || steps[position] < steps[position - 1] {
          pieces.append(
            Piece(block: number, range: start..<position, firstStep: steps[start], lastStep: steps[position - 1]))
          start = position
        }
      }
      for piece in pieces {
        if let last = lists.last?.last, last.lastStep <= piece.firstStep {
          lists[lists.count - 1].append(piece)
        } else {
          lists.append([piece])
        }
      }
    }
    return lists
  }
}

extension [Int64] {
  /// The parts between places where the numbers go back.
  fileprivate var ascendingStretches: [ArraySlice<Int64>] {
    var stretches: [ArraySlice<Int64>] = []
    var start = startIndex
    for position in indices.dropFirst() where self[position] < self[position - 1] {
      stretches.append(self[start..<position])
      start = position
    }
    if start < endIndex { stretches.append(self[start...]) }
    return stretches
  }
}
