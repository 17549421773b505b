/// At which steps the runs of a group are brought together.
public enum GroupJoin: String, Sendable, Codable, CaseIterable {
  /// Every step that any run has logged, of the runs that have.
  case union
  /// Steps that every run has logged.
  case common
  /// Every step that any run has logged; a run that has not takes the value on the line between its finite points before
  /// and behind, and none beyond its ends.
  case linear
}

/// A number that stands for the values of several runs at a step.
public enum GroupStatistic: Sendable, Hashable {
  case mean
  /// Of a sample: the squares of the differences to the mean are divided by n - 1. 0 where n is 1.
  case std
  case min
  case max
  case median
  /// Between the two values around place q (n - 1) in order, linearly; q from 0 to 1.
  case quantile(Double)
}

extension GroupStatistic {
  /// `mean`, `std`, `min`, `max`, `median`, or `q0.25` for a quantile.
  public var name: String {
    switch self {
    case .mean: "mean"
    case .std: "std"
    case .min: "min"
    case .max: "max"
    case .median: "median"
    case .quantile(let place): "q\(place)"
    }
  }

  /// The statistic of a name; nil where there is none.
  public init?(_ name: String) {
    switch name {
    case "mean": self = .mean
    case "std": self = .std
    case "min": self = .min
    case "max": self = .max
    case "median": self = .median
    default:
      guard name.hasPrefix("q"), let place = Double(name.dropFirst()), place >= 0, place <= 1 else { return nil }
      self = .quantile(place)
    }
  }

  /// What to tell of a name that is none.
  public static let usage = "use mean, std, min, max, median, or q and a number from 0 to 1, such as q0.25"
}

/// Several runs taken as one, such as the same training with different seeds.
public struct GroupQuery: Sendable {
  /// Each run counts once at a step, with the point it logged there last; where that is not finite, it does not count.
  public var series: [SeriesName]
  public var statistics: [GroupStatistic]
  public var join: GroupJoin
  /// Range of steps, inclusive; nil is open.
  public var from: Int64?
  public var to: Int64?
  /// Runs over each series before they are brought together.
  public var smoothing: Smoothing?

  public init(
    _ series: [SeriesName], statistics: [GroupStatistic] = [.mean, .std], join: GroupJoin = .union, from: Int64? = nil,
    to: Int64? = nil, smoothing: Smoothing? = nil
  ) {
    self.series = series
    self.statistics = statistics
    self.join = join
    self.from = from
    self.to = to
    self.smoothing = smoothing
  }
}

/// Statistics of a group at some steps, one after the other.
public struct GroupPage: Sendable, Equatable {
  public var steps: [Int64] = []
  /// How many runs count at each step.
  public var counts: [Int] = []
  /// How many runs have a value there that is not finite.
  public var nonFinite: [Int] = []
  /// The statistics in the order asked for, each with a number a step.
  public var statistics: [[Double]] = []
}

/// What is drawn of a group.
public struct GroupAnswer: Sendable, Equatable {
  /// One statistic, as ``SeriesAnswer`` draws a series: a row a pixel column.
  public struct Curve: Sendable, Equatable {
    public var statistic: GroupStatistic
    public var rows: SeriesAnswer.Rows
  }

  /// Series that are there.
  public var series: [SeriesName]
  /// Steps in the range.
  public var count: Int
  /// Whether every step is a row of its own.
  public var raw: Bool
  /// Add to every y.
  public var base: Double
  /// Of the last step of each row.
  public var x: [Double]
  public var curves: [Curve]
  /// Least and most runs that count at a step of each row.
  public var fewest: [UInt32]
  public var most: [UInt32]
}
