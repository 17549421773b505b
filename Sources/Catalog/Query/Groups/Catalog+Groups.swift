import GRDB

extension Catalog {
  /// Opens a stream of the statistics of a group. Series that are not there are left out.
  ///
  /// - Throws: ``CatalogError/tooManyMembers(limit:)`` or ``CatalogError/groupTooLarge(limit:)`` before any point is read.
  public func groupStream(_ query: GroupQuery) throws -> GroupStream {
    try groupStream(query, within: GroupLimits())
  }

  func groupStream(_ query: GroupQuery, within limits: GroupLimits) throws -> GroupStream {
    try store.read { try groupStream(query, within: limits, $0) }
  }

  private func groupStream(
    _ query: GroupQuery, within limits: GroupLimits = GroupLimits(), _ database: Database
  ) throws -> GroupStream {
    var series: [SeriesName] = []
    var members: [GroupMember] = []
    var limits = limits
    for name in query.series {
      guard let index = try cache.index(run: name.run, tag: name.tag, database), let branch = index.branches.last else {
        continue
      }
      try limits.take(branch.pieces, query.smoothing)
      let isConstant = try index.isConstant(branch.pieces) {
        $0.points(of: try cache.points(index.blocks[$0.block].id, wallTimes: false, database))
      }
      series.append(name)
      members.append(
        GroupMember(index, from: query.from ?? .min, smoothing: query.smoothing, isConstant: isConstant))
    }
    let first = series.first
    return GroupStream(query, series: series, members: members) { [self] block in
      try store.read { database in
        do {
          return try cache.points(block, wallTimes: false, database)
        } catch BlockError.notABlock {
          throw CatalogError.changedMeanwhile(run: first?.run ?? "", tag: first?.tag ?? "")
        }
      }
    }
  }

  /// What is drawn of groups: each statistic is a curve, of which every pixel column has first, smallest, largest and last
  /// value, as of a series. Open ends of the range are those of all groups together.
  ///
  /// - Parameters:
  ///   - width: pixel columns, 1...16,384.
  ///   - check: called for every page, and while none is found; what it throws ends the query.
  ///   - take: called with every answer as soon as it is there; what it throws ends the query.
  public func groups(
    _ queries: [GroupQuery], width: Int, check: () throws -> Void = {}, take: (GroupAnswer) throws -> Void = { _ in }
  ) throws -> [GroupAnswer] {
    try store.read { database in
      var ends: (low: Int64, high: Int64)?
      for name in queries.lazy.flatMap(\.series) {
        guard let pieces = try cache.index(run: name.run, tag: name.tag, database)?.branches.last?.pieces,
          let first = pieces.first?.firstStep, let last = pieces.last?.lastStep
        else { continue }
        ends = (min(ends?.low ?? first, first), max(ends?.high ?? last, last))
      }
      let (low, high) = ends ?? (0, 0)
      return try queries.map { query in
        let columns = PixelColumns(
          from: Double(query.from ?? low), to: Double(query.to ?? high), width: min(max(width, 1), 16_384))
        var stream = try groupStream(query, database)
        var picture = GroupPicture(columns, statistics: query.statistics)
        while let page = try stream.nextPage(check: check, read: { try cache.points($0, wallTimes: false, database) }) {
          try check()
          picture.add(page)
        }
        let answer = picture.answer(series: stream.series)
        try take(answer)
        return answer
      }
    }
  }
}

/// Gathers statistics into pixel columns: all steps as long as they are few, then rows.
private struct GroupPicture {
  private let columns: PixelColumns
  private let names: [GroupStatistic]
  private var few = GroupPage()
  private var curves: [Decimator]?
  private var fewest: [UInt32]
  private var most: [UInt32]
  private var count = 0

  init(_ columns: PixelColumns, statistics: [GroupStatistic]) {
    self.columns = columns
    names = statistics
    few.statistics = Array(repeating: [], count: names.count)
    fewest = Array(repeating: .max, count: columns.width)
    most = Array(repeating: 0, count: columns.width)
  }

  mutating func add(_ page: GroupPage) {
    count += page.steps.count
    guard curves == nil else { return decimate(page) }
    few.steps += page.steps
    few.counts += page.counts
    for place in few.statistics.indices { few.statistics[place] += page.statistics[place] }
    guard few.steps.count > 2 * columns.width else { return }
    curves = names.map { _ in Decimator(columns, smooths: false) }
    let all = few
    few = GroupPage()
    decimate(all)
  }

  private mutating func decimate(_ page: GroupPage) {
    let x = page.steps.map(Double.init)
    for place in names.indices { curves?[place].add(x: x, values: page.statistics[place], averages: []) }
    for (x, runs) in zip(x, page.counts) where runs > 0 {
      let column = columns.column(x)
      fewest[column] = min(fewest[column], UInt32(clamping: runs))
      most[column] = max(most[column], UInt32(clamping: runs))
    }
  }

  func answer(series: [SeriesName]) -> GroupAnswer {
    var answer = GroupAnswer(
      series: series, count: count, raw: curves == nil, base: 0, x: [], curves: [], fewest: [], most: [])
    guard let curves else {
      let kept = few.steps.indices.filter { few.counts[$0] > 0 }
      answer.base = base(of: few.statistics.map { all in kept.map { all[$0] } })
      answer.x = kept.map { Double(few.steps[$0]) }
      answer.fewest = kept.map { UInt32(clamping: few.counts[$0]) }
      answer.most = answer.fewest
      answer.curves = zip(names, few.statistics).map { name, values in
        let rows = kept.map { Float(values[$0] - (name == .std ? 0 : answer.base)) }
        return GroupAnswer.Curve(statistic: name, rows: .init(first: rows, min: rows, max: rows, last: rows))
      }
      return answer
    }
    var shapes = curves.map { _ in SeriesAnswer.empty }
    // The middle of the mean, or of what there is, keeps float32 exact enough.
    let middle = curves.indices.first { names[$0] != .std }.map { curves[$0].middle } ?? 0
    for place in curves.indices { curves[place].finish(&shapes[place], base: names[place] == .std ? 0 : middle) }
    answer.base = middle
    answer.x = shapes.first?.x ?? []
    let rows = (0..<columns.width).filter { most[$0] > 0 }
    answer.fewest = rows.map { fewest[$0] }
    answer.most = rows.map { most[$0] }
    answer.curves = zip(names, shapes).map { name, shape in
      GroupAnswer.Curve(
        statistic: name, rows: .init(first: shape.first, min: shape.min, max: shape.max, last: shape.last))
    }
    return answer
  }

  private func base(of statistics: [[Double]]) -> Double {
    guard let place = names.indices.first(where: { names[$0] != .std }), let low = statistics[place].min(),
      let high = statistics[place].max()
    else { return 0 }
    return Self.rounded(low / 2 + high / 2, spread: high - low)
  }

  /// 0 unless the values are so far from it that float32 would blur their differences.
  fileprivate static func rounded(_ middle: Double, spread: Double) -> Double {
    middle.isFinite && abs(middle) > 1024 * spread ? middle : 0
  }
}

extension Decimator {
  /// What to subtract from values so that float32 shows their differences.
  fileprivate var middle: Double {
    let (low, high) = range
    return GroupPicture.rounded(low / 2 + high / 2, spread: high - low)
  }
}
