/// The values of a series, each in the precision it was logged in.
public enum SeriesValues: Sendable, Equatable {
  case float32([Float])
  case float64([Double])
  case int64([Int64])

  /// The precision's name as listings show it: `float32`, `float64` or `int64`.
  public var dtype: String {
    switch self {
    case .float32: "float32"
    case .float64: "float64"
    case .int64: "int64"
    }
  }

  /// How many values there are.
  public var count: Int {
    switch self {
    case .float32(let values): values.count
    case .float64(let values): values.count
    case .int64(let values): values.count
    }
  }

  /// The value at `index`; an int64 beyond 2^53 is rounded to the nearest float64.
  public subscript(index: Int) -> Double {
    switch self {
    case .float32(let values): Double(values[index])
    case .float64(let values): values[index]
    case .int64(let values): Double(values[index])
    }
  }

  /// All values as float64; int64 beyond 2^53 are rounded.
  public var doubles: [Double] {
    switch self {
    case .float32(let values): values.map(Double.init)
    case .float64(let values): values
    case .int64(let values): values.map(Double.init)
    }
  }

  /// As `precision` in the table `blocks`.
  var precision: BlockPrecision {
    switch self {
    case .float32: .float32
    case .float64: .float64
    case .int64: .int64
    }
  }

  /// The values of a range of positions as float64.
  func doubles(_ range: Range<Int>) -> [Double] {
    switch self {
    case .float32(let values): values[range].map(Double.init)
    case .float64(let values): Array(values[range])
    case .int64(let values): values[range].map(Double.init)
    }
  }

  /// The values at the given positions, in that order.
  func selecting(_ indices: [Int]) -> SeriesValues {
    switch self {
    case .float32(let values): .float32(indices.map { values[$0] })
    case .float64(let values): .float64(indices.map { values[$0] })
    case .int64(let values): .int64(indices.map { values[$0] })
    }
  }

  /// The values of a range of positions.
  func slice(_ range: Range<Int>) -> SeriesValues {
    switch self {
    case .float32(let values): .float32(Array(values[range]))
    case .float64(let values): .float64(Array(values[range]))
    case .int64(let values): .int64(Array(values[range]))
    }
  }

  /// Appends the values of a range of `other`. Where precisions differ, both become float64 (the widest of them).
  mutating func append(_ other: SeriesValues, _ range: Range<Int>) {
    switch (self, other) {
    case (.float32(var mine), .float32(let theirs)):
      self = .float32([])
      mine.append(contentsOf: theirs[range])
      self = .float32(mine)
    case (.float64(var mine), .float64(let theirs)):
      self = .float64([])
      mine.append(contentsOf: theirs[range])
      self = .float64(mine)
    case (.int64(var mine), .int64(let theirs)):
      self = .int64([])
      mine.append(contentsOf: theirs[range])
      self = .int64(mine)
    default:
      if count == 0 {
        self = other.slice(range)
      } else {
        self = .float64(doubles + other.slice(range).doubles)
      }
    }
  }
}

/// Points of one series as columns of equal length, in the order they were logged.
public struct PointColumns: Sendable, Equatable {
  public var steps: [Int64]
  /// Seconds since 1970, as logged.
  public var wallTimes: [Double]
  public var values: SeriesValues

  public init(steps: [Int64], wallTimes: [Double], values: SeriesValues) {
    precondition(
      steps.count == wallTimes.count && steps.count == values.count, "the columns of a series have equal lengths")
    self.steps = steps
    self.wallTimes = wallTimes
    self.values = values
  }

  /// Points whose wall times were not asked for; only ``steps`` and ``values`` may be looked at.
  init(steps: [Int64], values: SeriesValues) {
    self.steps = steps
    self.wallTimes = []
    self.values = values
  }

  /// No points.
  public init() { self.init(steps: [], wallTimes: [], values: .float32([])) }

  /// How many points there are.
  public var count: Int { steps.count }

  /// The points at the given positions, in that order.
  func selecting(_ positions: [Int]) -> PointColumns {
    var selected = PointColumns(steps: positions.map { steps[$0] }, values: values.selecting(positions))
    if !wallTimes.isEmpty { selected.wallTimes = positions.map { wallTimes[$0] } }
    return selected
  }

  /// The points of a range of positions.
  func slice(_ range: Range<Int>) -> PointColumns {
    PointColumns(
      steps: Array(steps[range]), wallTimes: Array(wallTimes[range]), values: values.slice(range))
  }

  /// Appends a range of `other`'s points.
  mutating func append(_ other: PointColumns, _ range: Range<Int>? = nil) {
    let range = range ?? 0..<other.count
    steps.append(contentsOf: other.steps[range])
    wallTimes.append(contentsOf: other.wallTimes[range])
    values.append(other.values, range)
  }
}
