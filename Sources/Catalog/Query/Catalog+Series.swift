import GRDB

extension Catalog {
  /// What charts draw: for every selection, run and branch what falls into each pixel column, so that the picture
  /// equals that of all points. Runs without the tag are left out. Selections, then runs come in the order asked for;
  /// branches oldest first.
  public func series(_ query: SeriesQuery) throws -> [SeriesAnswer] {
    try seriesWithRevision(query).series
  }

  /// The same, with the revision of the catalogue it is true of.
  ///
  /// - Parameter check: gets each answer as it is made. How many there are is known only then, since every series may
  ///   have many branches; what it throws ends the query, so that a caller can bound what it takes.
  public func seriesWithRevision(
    _ query: SeriesQuery, check: (SeriesAnswer) throws -> Void = { _ in }
  ) throws -> (revision: Int64, series: [SeriesAnswer]) {
    try store.read { database in
      let answers = try query.selections.flatMap { try answer($0, query, database, check) }
      return (try Revision.current(database), answers)
    }
  }

  private func answer(
    _ selection: SeriesQuery.Selection, _ query: SeriesQuery, _ database: Database,
    _ check: (SeriesAnswer) throws -> Void
  ) throws -> [SeriesAnswer] {
    var readers: [BranchReader] = []
    var low = Double.infinity
    var high = -Double.infinity
    for run in selection.runs {
      let rule = query.branches.rule
      guard let index = try cache.index(run: run, tag: selection.tag, rule: rule, database) else { continue }
      for number in index.branches.indices where query.branches == .all || !index.branches[number].superseded {
        var reader = BranchReader(
          index: index, rule: rule, number: number, axis: query.axis, cache: cache, database: database)
        if let xTag = query.xTag {
          // What TensorBoard's Python reader keeps may go back in steps; x is looked up on the newest branch then.
          let xRule = rule == .tensorBoard ? .lineage : rule
          guard let x = try cache.index(run: run, tag: xTag, rule: xRule, database) else { continue }
          reader.join = StepJoin(x)
        }
        readers.append(reader)
        guard query.from == nil || query.to == nil, let bounds = try reader.bounds() else { continue }
        low = min(low, bounds.low)
        high = max(high, bounds.high)
      }
    }
    let from = query.from ?? low
    let to = query.to ?? high
    let columns = PixelColumns(from: from, to: to, width: query.width)
    return try readers.map {
      let answer = try answer($0, columns, from, to, query.smoothing)
      try check(answer)
      return answer
    }
  }

  private func answer(
    _ reader: BranchReader, _ columns: PixelColumns, _ from: Double, _ to: Double, _ smoothing: Smoothing?
  ) throws -> SeriesAnswer {
    var answer = SeriesAnswer(
      run: reader.index.run, tag: reader.index.tag, branch: reader.number, superseded: reader.branch.superseded,
      count: 0, xMin: nil, xMax: nil, raw: false, base: 0, x: [], first: [], min: [], max: [], last: [],
      smoothed: smoothing == nil ? nil : SeriesAnswer.Rows(), points: [], nonFinite: [], nonFiniteCount: 0)
    let smoothed = try smoothing.map { try SmoothedBranch(reader, $0) }
    guard try reader.isAscending() else {
      try sorted(reader, columns, from, to, smoothed, &answer)
      return answer
    }

    // Stretches inside the range; only those at its ends have to be unpacked to be counted.
    var stretches: [(number: Int, first: Double, last: Double, isInside: Bool)] = []
    var count = 0
    for (number, piece) in reader.branch.pieces.enumerated() {
      let ends = try reader.ends(piece)
      guard ends.last >= from, ends.first <= to else { continue }
      let isInside = ends.first >= from && ends.last <= to
      stretches.append((number, ends.first, ends.last, isInside))
      if isInside {
        count += piece.count
        answer.extend(ends.first, ends.last)
      } else {
        let x = try reader.rows(number, from: from, to: to).x
        count += x.count
        if let first = x.first, let last = x.last { answer.extend(first, last) }
      }
    }
    answer.count = count
    guard count > 0 else { return answer }
    if count <= 2 * columns.width {
      var rows = RawRows()
      for stretch in stretches {
        rows.append(try reader.rows(stretch.number, from: from, to: to, smoothed: smoothed))
      }
      rows.finish(&answer, base: base(reader, stretches.map(\.number)))
      return answer
    }
    var decimator = Decimator(columns, smooths: smoothing != nil)
    for stretch in stretches {
      let piece = reader.branch.pieces[stretch.number]
      let summary = reader.summary(piece)
      if stretch.isInside, summary.finite == summary.count, reader.isWhole(piece),
        decimator.isOneColumn(stretch.first, stretch.last)
      {
        decimator.add(summary, average: try smoothed?.span(of: stretch.number), lastX: stretch.last)
      } else if smoothed == nil, reader.hasFrames(piece) {
        try reader.addFrames(stretch.number, from: from, to: to, to: &decimator)
      } else {
        let rows = try reader.rows(stretch.number, from: from, to: to, smoothed: smoothed)
        decimator.add(x: rows.x, values: rows.values, averages: rows.averages)
      }
    }
    decimator.finish(&answer, base: base(reader, stretches.map(\.number)))
    return answer
  }

  /// The slow way, for branches along which x goes back (a clock was set back, another tag is x): all points are looked
  /// at, and no more of them held than a picture of each one.
  private func sorted(
    _ reader: BranchReader, _ columns: PixelColumns, _ from: Double, _ to: Double,
    _ smoothed: SmoothedBranch?, _ answer: inout SeriesAnswer
  ) throws {
    var rows = RawRows()
    var decimator: Decimator?
    for number in reader.branch.pieces.indices {
      let part = try reader.rows(number, from: from, to: to, smoothed: smoothed, missing: &answer.unmatched)
      answer.count += part.x.count
      if let low = part.x.min(), let high = part.x.max() { answer.extend(low, high) }
      if decimator != nil {
        decimator?.addUnordered(x: part.x, values: part.values, averages: part.averages)
        continue
      }
      rows.append(part)
      if rows.x.count > 2 * columns.width {
        decimator = Decimator(columns, smooths: smoothed != nil)
        decimator?.addUnordered(x: rows.x, values: rows.values, averages: rows.averages)
        rows = RawRows()
      }
    }
    guard answer.count > 0 else { return }
    let base = base(reader, Array(reader.branch.pieces.indices))
    if let decimator {
      decimator.finish(&answer, base: base)
    } else {
      rows.sort()
      rows.finish(&answer, base: base)
    }
  }

  /// What is subtracted from values so that float32 shows their differences: nothing for float32 series.
  private func base(_ reader: BranchReader, _ pieces: [Int]) -> Double {
    guard reader.index.dtype != "float32" else { return 0 }
    var low = Double.infinity
    var high = -Double.infinity
    for piece in pieces {
      let summary = reader.summary(reader.branch.pieces[piece])
      low = min(low, summary.min ?? low)
      high = max(high, summary.max ?? high)
    }
    let middle = low / 2 + high / 2
    return middle.isFinite ? middle : 0
  }
}

/// Points as they are, each a row of its own.
private struct RawRows {
  var x: [Double] = []
  var values: [Double] = []
  var averages: [Double] = []

  mutating func append(_ rows: (x: [Double], values: [Double], averages: [Double])) {
    x += rows.x
    values += rows.values
    averages += rows.averages
  }

  /// By x; points at the same x stay in the order they were logged.
  mutating func sort() {
    let order = x.indices.sorted { (x[$0], $0) < (x[$1], $1) }
    x = order.map { x[$0] }
    values = order.map { values[$0] }
    if !averages.isEmpty { averages = order.map { averages[$0] } }
  }

  func finish(_ answer: inout SeriesAnswer, base: Double) {
    let finite = x.indices.filter { values[$0].isFinite }
    let rows = finite.map { Float(values[$0] - base) }
    answer.raw = true
    answer.base = base
    answer.x = finite.map { x[$0] }
    (answer.first, answer.min, answer.max, answer.last) = (rows, rows, rows, rows)
    answer.points = Array(repeating: 1, count: rows.count)
    if answer.smoothed != nil {
      let smooth = finite.map { Float(averages[$0] - base) }
      answer.smoothed = SeriesAnswer.Rows(first: smooth, min: smooth, max: smooth, last: smooth)
    }
    let gaps = x.indices.filter { !values[$0].isFinite }
    answer.nonFiniteCount = gaps.count
    answer.nonFinite = gaps.prefix(1000).map { index in
      var gap = SeriesAnswer.NonFinite(x: x[index], nan: 0, positive: 0, negative: 0)
      gap.count(values[index])
      return gap
    }
  }
}

extension SeriesAnswer {
  fileprivate mutating func extend(_ low: Double, _ high: Double) {
    xMin = Swift.min(xMin ?? low, low)
    xMax = Swift.max(xMax ?? high, high)
  }
}
