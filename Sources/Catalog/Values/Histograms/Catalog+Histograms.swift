import Events

extension Catalog {
  /// Reads histograms one after the other, in the order they were logged; one is in memory at a time. What cannot be read
  /// is told and hides nothing else.
  ///
  /// - Parameter body: gets each histogram; what it throws ends the reading.
  /// - Throws: ``CatalogError/unknownRun(run:known:)``, ``CatalogError/unknownSeries(run:tag:kind:)``; where none of the
  ///   histograms can be read, the error of the first.
  @discardableResult
  public func histograms(
    _ query: HistogramQuery, _ body: (HistogramEntry) throws -> Void
  ) throws -> HistogramSummary {
    try HistogramReader(catalog: self, query).read(body)
  }

  /// Histograms brought to common edges: `count` bins of equal width over the range of all of them, or the edges given.
  /// The files are read twice where the range has to be found first.
  ///
  /// - Returns: the binning; nil where the histograms have no bars at all. `body` gets each histogram and its counts.
  @discardableResult
  public func binnedHistograms(
    _ query: HistogramQuery, into bins: HistogramBins,
    _ body: (HistogramBinning, HistogramEntry, HistogramBinning.Counts) throws -> Void
  ) throws -> (binning: HistogramBinning?, summary: HistogramSummary) {
    let reader = try HistogramReader(catalog: self, query)
    let binning: HistogramBinning?
    switch bins {
    case .edges(let given): binning = given
    case .count(let count):
      var range = HistogramBinning.Range()
      try reader.read { range.add($0.rows) }
      binning = range.low.flatMap { low in
        range.high.flatMap { HistogramBinning(count: count, from: low, to: $0) }
      }
    }
    let summary = try reader.read { entry in
      guard let binning else { return }
      try body(binning, entry, binning.counts(of: entry.rows))
    }
    return (binning, summary)
  }

  /// The values at TensorBoard's nine basis points of each histogram; see ``HistogramDistribution``.
  @discardableResult
  public func distributions(
    _ query: HistogramQuery, _ body: (HistogramEntry, [Double]) throws -> Void
  ) throws -> HistogramSummary {
    try histograms(query) { try body($0, HistogramDistribution.values(of: $0.rows)) }
  }
}

/// Which bins histograms are brought to.
public enum HistogramBins: Sendable, Equatable {
  /// So many of equal width over the range of all histograms.
  case count(Int)
  case edges(HistogramBinning)
}

/// The histograms of a query, found once and read as often as needed.
private struct HistogramReader {
  let catalog: Catalog
  let query: HistogramQuery
  let total: Int
  let chosen: [(blob: LocatedBlob, superseded: Bool)]

  init(catalog: Catalog, _ query: HistogramQuery) throws {
    self.catalog = catalog
    self.query = query
    let selection = ValueSelection(
      run: query.run, tag: query.tag, kind: .histogram, from: query.from, to: query.to, branches: query.branches)
    let page = try catalog.values(selection, keeping: query.limit)
    if page.total == 0 {
      let any = try catalog.values(ValueSelection(run: query.run, tag: query.tag, kind: .histogram), limit: 0)
      guard any.total > 0 else {
        throw CatalogError.unknownSeries(run: query.run, tag: query.tag, kind: SeriesKind.histogram.rawValue)
      }
    }
    total = page.total
    chosen = Array(zip(page.values, page.superseded))
  }

  @discardableResult
  func read(_ body: (HistogramEntry) throws -> Void) throws -> HistogramSummary {
    var summary = HistogramSummary(total: total, problems: [], unreadable: 0)
    var first: (any Error)?
    for (blob, superseded) in chosen {
      let value: SummaryValue
      do { value = try catalog.value(at: blob) } catch {
        if first == nil { first = error }
        summary.unreadable += 1
        if summary.problems.count < 10 { summary.problems.append("\(error)") }
        continue
      }
      guard case .histogram(let rows, let proto) = value else { continue }
      try body(
        HistogramEntry(
          step: blob.value.step, wallTime: blob.value.wallTime, superseded: superseded,
          rows: proto.map { bars($0, rows) } ?? rows, proto: proto))
    }
    if let first, summary.unreadable == chosen.count { throw first }
    return summary
  }

  private func bars(_ proto: Histogram, _ rows: [HistogramRow]) -> [HistogramRow] {
    switch query.view {
    case .tensorboard: rows
    case .dataServer: proto.rows(droppingEmptyEnds: false)
    case .raw:
      proto.bucketLimits.indices.map { index in
        HistogramRow(
          left: index == 0 ? -.infinity : proto.bucketLimits[index - 1], right: proto.bucketLimits[index],
          count: proto.bucketCounts[index])
      }
    }
  }
}
