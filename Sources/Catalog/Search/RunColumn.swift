/// A column of the list of runs, as people write it:
///
///     last_step  duration           what the list knows of every run (``RunAttribute``)
///     loss                          the last value of a tag; the same as last(loss)
///     min(loss)  max(loss)  first(loss)  last(loss)  count(loss)
///     min(loss).step                where that is: step, wall_time, seconds and steps since the run's start
///     step_where(loss < 0.1 for 5)  the first step of five points that are all below 0.1
///     time_to(loss < 0.1)  steps_to(loss < 0.1)   how long that took from the run's start
///     jump(loss)  rise(loss)  drop(loss)  jump(loss).step  jump(loss).from
///     nonfinite(loss)  nonfinite(loss).step  nonfinite(loss).nan
///     plateau(loss, 100 steps, 1%)  plateau(loss).until  plateau(loss).length  plateau(loss).points
///     hparam(lr)                    a hyperparameter the session was started with
///     min(loss) as best             under another name
public struct RunColumn: Sendable, Hashable {
  public enum Source: Sendable, Hashable {
    case attribute(RunAttribute)
    /// A field of what a search finds in the newest branch of a tag.
    case finding(SeriesSearch, tag: String, Field)
    /// How many points the newest branch of a tag has.
    case count(tag: String)
    case hyperparameter(String)
  }

  /// What of a search's result a column shows.
  public enum Field: String, Sendable, Hashable, CaseIterable {
    /// Of the point found.
    case value, step
    case wallTime = "wall_time"
    /// From the run's start to the point found.
    case seconds, steps
    /// Of a jump: the value after it minus the one before, and the step before.
    case change, from
    /// Of values that are not finite: how many, and how many of them are NaN.
    case count, nan
    /// Of a plateau: the step that improves again, and how many points and steps it has.
    case until, points, length
  }

  public var source: Source
  /// What the column is called in listings: as it was written, unless a name was given with `as`.
  public var label: String

  public init(source: Source, label: String) {
    self.source = source
    self.label = label
  }

  /// - Throws: ``ExpressionError``.
  public init(_ text: String) throws(ExpressionError) {
    var parser = try ExpressionParser(text)
    source = try parser.columnSource()
    label = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    if let name = try parser.name() { label = name }
    try parser.expectEnd()
  }

  /// Whether values are seconds since 1970.
  public var isTime: Bool {
    switch source {
    case .attribute(.firstWallTime), .attribute(.lastWallTime), .finding(_, _, .wallTime): true
    default: false
    }
  }
}

/// What the list of runs tells of every run.
public enum RunAttribute: String, Sendable, Hashable, CaseIterable {
  case run
  case firstWallTime = "first_wall_time"
  case lastWallTime = "last_wall_time"
  case lastStep = "last_step"
  case tags, points, files, checkpoints
  case damagedFiles = "damaged_files"
  /// Seconds from the first event to the last; not among the columns that are always there.
  case duration
}

extension RunAttribute {
  func value(of run: RunSummary) -> PlainValue {
    switch self {
    case .run: .text(run.run)
    case .firstWallTime: run.firstWallTime.map { .number($0) } ?? .null
    case .lastWallTime: run.lastWallTime.map { .number($0) } ?? .null
    case .lastStep: run.lastStep.map { .integer($0) } ?? .null
    case .tags: .integer(Int64(run.tags))
    case .points: .integer(Int64(run.points))
    case .files: .integer(Int64(run.files))
    case .checkpoints: .integer(Int64(run.checkpoints))
    case .damagedFiles: .integer(Int64(run.damagedFiles))
    case .duration:
      run.firstWallTime.flatMap { first in run.lastWallTime.map { .number($0 - first) } } ?? .null
    }
  }
}

extension SeriesSearch {
  /// What a column shows where no field is named.
  var defaultField: RunColumn.Field {
    switch self {
    case .firstWhere, .plateau: .step
    case .first, .last, .minimum, .maximum: .value
    case .jump: .change
    case .nonFinite: .count
    }
  }

  /// The fields a result has.
  public var fields: [RunColumn.Field] {
    let common: [RunColumn.Field] = [.value, .step, .wallTime, .seconds, .steps]
    return switch self {
    case .firstWhere, .first, .last, .minimum, .maximum: common
    case .jump: common + [.change, .from]
    case .nonFinite: common + [.count, .nan]
    case .plateau: common + [.until, .points, .length]
    }
  }
}

extension SearchResult {
  /// A field as a value of a column.
  public func plain(_ field: RunColumn.Field) -> PlainValue {
    switch (field, detail) {
    case (.count, .counts(let nan, let positive, let negative)): return .integer(Int64(nan + positive + negative))
    case (.nan, .counts(let nan, _, _)): return .integer(Int64(nan))
    default: break
    }
    guard let point else { return .null }
    switch field {
    case .value: return point.plainValue
    case .step: return .integer(point.step)
    case .wallTime: return .number(point.wallTime)
    case .seconds: return seconds.map { .number($0) } ?? .null
    case .steps: return steps.map { .integer($0) } ?? .null
    case .count, .nan: return .null
    case .change, .from:
      guard case .jump(let from, let change) = detail else { return .null }
      return field == .from ? .integer(from.step) : .number(change)
    case .until, .points, .length:
      guard case .plateau(let until, let points, let steps) = detail else { return .null }
      if field == .until { return until.map { .integer($0.step) } ?? .null }
      return .integer(field == .points ? Int64(points) : steps)
    }
  }
}

extension FoundPoint {
  /// The value, with the digits of its precision.
  public var plainValue: PlainValue { PlainValue(value, dtype: dtype) }
}

extension PlainValue {
  /// A scalar that was logged in a precision.
  init(_ value: Double, dtype: String?) {
    switch dtype {
    case "float32", "float16", "bfloat16":
      // A series that mixes precisions has values that float32 does not hold.
      let single = Float(value)
      self = Double(single) == value || value.isNaN ? .single(single) : .number(value)
    case "float64", nil: self = .number(value)
    default: self = Int64(exactly: value).map { .integer($0) } ?? .number(value)
    }
  }
}
