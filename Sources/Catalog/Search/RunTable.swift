/// The list of runs with more columns: which runs, in which order.
public struct RunTableQuery: Sendable, Equatable {
  /// Patterns of which a run's name has to match one; no patterns match every run.
  public var runs: [NamePattern]
  public var columns: [RunColumn]
  public var condition: RunCondition?
  /// Nil leaves the order of ``Catalog/runs()``, which also decides between equals.
  public var sort: RunColumn?
  public var descending: Bool

  public init(
    runs: [NamePattern] = [], columns: [RunColumn] = [], condition: RunCondition? = nil, sort: RunColumn? = nil,
    descending: Bool = false
  ) {
    self.runs = runs
    self.columns = columns
    self.condition = condition
    self.sort = sort
    self.descending = descending
  }
}

/// A row of the list of runs.
public struct RunRow: Sendable, Equatable {
  public var summary: RunSummary
  /// Of the columns asked for, in their order; `.null` where a run does not have what a column shows.
  public var values: [PlainValue]
}

extension RunTableQuery {
  /// Refuses columns of the same name, also as one that every listing has.
  /// - Throws: ``ExpressionError`` that names the column.
  public func checkLabels() throws(ExpressionError) {
    var seen = Set(RunAttribute.allCases.filter { $0 != .duration }.map(\.rawValue))
    for column in columns where !seen.insert(column.label).inserted {
      throw ExpressionError(
        text: column.label, position: 1,
        reason:
          "there are two columns of this name; give one another name with “as”, such as “\(column.label) as other”")
    }
  }
}
