/// What a chart's x axis shows.
public enum SeriesAxis: String, Sendable, Codable, CaseIterable {
  case step
  /// Seconds since the first scalar of the run.
  case relative
  /// Seconds since 1970.
  case wall
}

/// Which points of a series whose steps went back: a run that crashed at step 1,000 and was started again from the
/// checkpoint of step 800 has points of 800 to 1,000 twice.
public enum BranchSelection: String, Sendable, Codable, CaseIterable {
  /// The points that led to the newest one: where steps go back to n, what was logged before at n and later is left out.
  case newest
  /// Every point ever logged.
  case all
  /// What TensorBoard's Python reader keeps: in files of version 2 and later, a session that starts at step n drops what
  /// was logged before at n and later, in all series of the run, and steps that go back drop nothing; in older files, a
  /// step that goes back to n drops what its series holds at n and later.
  case tensorboard
  /// What TensorBoard's data server keeps: a point at step n drops what its series holds at n and later, the point of an
  /// equal step included.
  case dataServer = "data-server"
}

/// The series of one or several charts.
public struct SeriesQuery: Sendable, Equatable {
  /// A tag in a number of runs: one chart. Open ends of the range are those of all its series together, so that their
  /// pixel columns agree.
  public struct Selection: Sendable, Equatable {
    public var tag: String
    public var runs: [String]

    public init(tag: String, runs: [String]) {
      self.tag = tag
      self.runs = runs
    }
  }

  public var selections: [Selection]
  public var axis: SeriesAxis
  /// A tag of the same run whose values are the x axis, joined by step; `axis` then does not count. Of several values of
  /// it at a step the one logged last counts, on its newest branch. Points at whose step it has no finite value are left
  /// out, and counted as ``SeriesAnswer/unmatched``. Where its values go back, points are drawn in order of x.
  public var xTag: String?
  /// Range of x, inclusive; nil is open.
  public var from: Double?
  public var to: Double?
  /// Pixel columns, 1...16,384.
  public var width: Int
  public var smoothing: Smoothing?
  public var branches: BranchSelection

  public init(
    _ selections: [Selection], axis: SeriesAxis = .step, from: Double? = nil, to: Double? = nil, width: Int = 600,
    smoothing: Smoothing? = nil, branches: BranchSelection = .newest, xTag: String? = nil
  ) {
    self.xTag = xTag
    self.selections = selections
    self.axis = axis
    self.from = from
    self.to = to
    self.width = min(max(width, 1), 16_384)
    self.smoothing = smoothing
    self.branches = branches
  }
}

/// What is drawn of one branch of a series: rows, one for every pixel column that holds a finite point, ascending in x;
/// or with `raw` one for every finite point.
public struct SeriesAnswer: Sendable, Equatable {
  /// Points at one place that are not finite.
  public struct NonFinite: Sendable, Equatable, Codable {
    /// Of the last of them.
    public var x: Double
    public var nan: Int
    public var positive: Int
    public var negative: Int
  }

  public var run: String
  public var tag: String
  /// Branches count from 0, the oldest.
  public var branch: Int
  /// Whether a later branch took the place of this one.
  public var superseded: Bool
  /// Points of the branch inside the range.
  public var count: Int
  /// Smallest and largest x of them; nil where there is none.
  public var xMin: Double?
  public var xMax: Double?
  public var raw: Bool
  /// Add to every y; keeps float32 exact enough for values far from 0. It is 0 for float32 series.
  public var base: Double
  /// Of the last point of each row.
  public var x: [Double]
  /// Of the finite values of each row, minus `base`. With `raw`, all four are the value.
  public var first: [Float]
  public var min: [Float]
  public var max: [Float]
  public var last: [Float]
  /// The same of the running average; nil without smoothing.
  public var smoothed: Rows?
  /// Points in each row, not finite ones included.
  public var points: [UInt32]
  /// By x, at most 1,000.
  public var nonFinite: [NonFinite]
  /// How many points are not finite.
  public var nonFiniteCount: Int
  /// With an x tag, how many points of the branch have no x.
  public var unmatched = 0

  /// One that shows nothing.
  static let empty = SeriesAnswer(
    run: "", tag: "", branch: 0, superseded: false, count: 0, xMin: nil, xMax: nil, raw: false, base: 0, x: [],
    first: [], min: [], max: [], last: [], smoothed: nil, points: [], nonFinite: [], nonFiniteCount: 0)

  /// First, smallest, largest and last value of each row.
  public struct Rows: Sendable, Equatable {
    public var first: [Float] = []
    public var min: [Float] = []
    public var max: [Float] = []
    public var last: [Float] = []
  }
}

/// Points of a scalar series, exact.
public struct ScalarAnswer: Sendable, Equatable {
  public var run: String
  public var tag: String
  public var points: PointColumns
}

/// The point of a series nearest to some x.
public struct NearestPoint: Sendable, Equatable {
  public var run: String
  public var branch: Int
  public var step: Int64
  public var wallTime: Double
  public var value: Double
  /// `float32`, `float64` or `int64`: how many digits of the value are meant.
  public var dtype: String
}
