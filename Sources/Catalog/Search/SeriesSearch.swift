/// What to look for in a curve.
public enum SeriesSearch: Sendable, Hashable {
  /// The first of so many points one after the other (1 or more) that all satisfy a condition.
  case firstWhere(PointCondition, points: Int)
  /// The first or the last finite value.
  case first, last
  /// The smallest or the largest finite value; of equal ones the first.
  case minimum, maximum
  /// The largest difference between a finite value and the finite value before it; of equal ones the first.
  case jump(JumpDirection)
  /// The first value that is not finite.
  case nonFinite
  /// Where the curve stops to improve.
  case plateau(PlateauRule)
}

/// What a search came upon in one branch of a series.
public struct SearchResult: Sendable, Equatable {
  /// What some searches tell besides a point.
  public enum Detail: Sendable, Equatable {
    case none
    /// The point before the jump, and the value after it minus the value before it.
    case jump(from: FoundPoint, change: Double)
    /// How many values are not finite.
    case counts(nan: Int, positiveInfinity: Int, negativeInfinity: Int)
    /// The point that improves again, nil where the plateau lasts to the end; how many points and steps it has.
    case plateau(until: FoundPoint?, points: Int, steps: Int64)
  }

  public var run: String
  public var tag: String
  /// Branches count from 0, the oldest.
  public var branch: Int
  /// Whether a later branch took the place of this one.
  public var superseded: Bool
  /// The point asked for: of a jump the one after it, of a plateau the last one that improved. Nil where there is none.
  public var point: FoundPoint?
  /// Seconds from the first scalar of the run to the point, as on the relative axis of charts.
  public var seconds: Double?
  /// Steps from the lowest step of the run's scalars to the point; nil also where there are more than an Int64 counts.
  public var steps: Int64?
  public var detail: Detail
}

/// Which series to search.
public struct SearchScope: Sendable, Equatable {
  /// Patterns of which a run has to match one; no patterns match every run.
  public var runs: [NamePattern]
  /// Patterns of which a tag has to match one; no patterns match every tag.
  public var tags: [NamePattern]
  /// Range of steps, inclusive; nil is open.
  public var from: Int64?
  public var to: Int64?
  /// With `.newest`, what a restart made void is not looked at; otherwise each branch is searched by itself.
  public var branches: BranchSelection

  public init(
    runs: [NamePattern] = [], tags: [NamePattern] = [], from: Int64? = nil, to: Int64? = nil,
    branches: BranchSelection = .newest
  ) {
    self.runs = runs
    self.tags = tags
    self.from = from
    self.to = to
    self.branches = branches
  }
}

/// The answer of a search over many series.
public struct SearchAnswer: Sendable, Equatable {
  /// Series that match, whether they are among the results or not.
  public var total: Int
  /// Runs in the order of ``Catalog/runs()``, tags by name, branches oldest first.
  public var results: [SearchResult]
}
