import Events

// What the command line prints and the server answers about histograms, in one place, so that their shapes cannot drift
// apart.

extension HistogramEntry {
  /// `{"step","wall_time","superseded","min","max","num","sum","sum_squares","buckets":[[left,right,count]]}`; sums are
  /// null where the histogram was logged as bars.
  public var plain: PlainValue {
    .fields(
      figures + [.init("buckets", .list(rows.map { .list([.number($0.left), .number($0.right), .number($0.count)]) }))])
  }

  /// The same with `"counts":[…],"below","above"` in place of the bars.
  public func plain(_ counts: HistogramBinning.Counts) -> PlainValue {
    .fields(
      figures + [
        .init("counts", .list(counts.bins.map { .number($0) })), .init("below", .number(counts.below)),
        .init("above", .number(counts.above)),
      ])
  }

  /// `{"step","wall_time","superseded","values":[…]}`
  public func plain(percentiles values: [Double]) -> PlainValue {
    .fields(place + [.init("values", .list(values.map { .number($0) }))])
  }

  private var place: [PlainValue.Field] {
    [
      .init("step", .integer(step)), .init("wall_time", .number(wallTime)), .init("superseded", .flag(superseded)),
    ]
  }

  private var figures: [PlainValue.Field] {
    func number(_ value: Double?) -> PlainValue { value.map { .number($0) } ?? .null }
    return place + [
      .init("min", number(min)), .init("max", number(max)), .init("num", .number(num)),
      .init("sum", number(proto?.sum)), .init("sum_squares", number(proto?.sumSquares)),
    ]
  }
}
