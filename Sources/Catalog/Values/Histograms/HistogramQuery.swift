import Events

/// Which histograms of a series, and in which of the forms they have had.
public struct HistogramQuery: Sendable, Equatable {
  /// How a histogram with upper limits becomes bars. Those logged as bars are the same in all views.
  public enum View: String, Sendable, CaseIterable {
    /// Empty bars at both ends go, the outer edges are the smallest and the largest value: TensorBoard's Python reader.
    case tensorboard
    /// All bars stay, so that an outer one may have its left edge right of its right one: TensorBoard's data server.
    case dataServer = "data-server"
    /// Upper limits and counts as they were logged; the first bar begins at negative infinity.
    case raw
  }

  public var run: String
  public var tag: String
  /// The lowest and the highest step; nil is open.
  public var from: Int64?
  public var to: Int64?
  /// Of more histograms, as many at even distances are given, the first and the last among them; of one, the last.
  public var limit: Int
  public var branches: BranchSelection
  public var view: View

  public init(
    run: String, tag: String, from: Int64? = nil, to: Int64? = nil, limit: Int = .max,
    branches: BranchSelection = .newest, view: View = .tensorboard
  ) {
    self.run = run
    self.tag = tag
    self.from = from
    self.to = to
    self.limit = limit
    self.branches = branches
    self.view = view
  }
}

/// A histogram of a series.
public struct HistogramEntry: Sendable {
  public var step: Int64
  /// Seconds since 1970.
  public var wallTime: Double
  /// Whether a restart made it void.
  public var superseded: Bool
  /// Bars, left to right.
  public var rows: [HistogramRow]
  /// With sums, where the file has them; histograms that were logged as bars have none.
  public var proto: Histogram?

  /// The smallest and the largest value, and how many there are: as logged, or of the bars.
  public var min: Double? { proto?.min ?? rows.first?.left }
  public var max: Double? { proto?.max ?? rows.last?.right }
  public var num: Double { proto?.num ?? rows.reduce(0) { $0 + $1.count } }
}

/// What there is to say about histograms that were read.
public struct HistogramSummary: Sendable, Equatable {
  /// Histograms of the series, or of the range of steps.
  public var total: Int
  /// Sentences on those that could not be read, at most ten, and how many these are.
  public var problems: [String]
  public var unreadable: Int

  public init(total: Int = 0, problems: [String] = [], unreadable: Int = 0) {
    self.total = total
    self.problems = problems
    self.unreadable = unreadable
  }
}
