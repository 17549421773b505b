import GRDB

/// Names of runs or of tags that a query is about.
public enum NameSelection: Sendable {
  /// Each of these names, exactly.
  case names([String])
  /// Names that match a pattern with `*` and `?` as a whole.
  case pattern(NamePattern)
  /// Names in which a regular expression is found.
  case expression(NameExpression)
  case all

  /// Whether a name is selected.
  /// - Throws: ``NameExpression/Problem``.
  public func contains(_ name: String) throws -> Bool {
    switch self {
    case .names(let names): names.contains { ExactName($0) == ExactName(name) }
    case .pattern(let pattern): pattern.matches(name)
    case .expression(let expression): try expression.matches(name)
    case .all: true
    }
  }

  /// The one name that can be selected; nil where there may be others.
  fileprivate var literal: String? {
    switch self {
    case .names(let names) where names.count == 1: names[0]
    case .pattern(let pattern): pattern.literal
    default: nil
    }
  }
}

/// The scalar series that a query is about: those of the selected runs with the selected tags.
public struct SeriesSelection: Sendable {
  public var runs: NameSelection
  public var tags: NameSelection

  public init(runs: NameSelection = .all, tags: NameSelection = .all) {
    self.runs = runs
    self.tags = tags
  }
}

/// A scalar series by name.
public struct SeriesName: Sendable, Hashable {
  public var run: String
  public var tag: String

  public init(run: String, tag: String) {
    self.run = run
    self.tag = tag
  }
}

extension Catalog {
  /// The scalar series of a selection: runs by first wall time, then name, tags by name. Names that are not there are left
  /// out.
  /// - Throws: ``NameExpression/Problem`` where an expression takes too long.
  public func scalarSeries(_ selection: SeriesSelection) throws -> [SeriesName] {
    let all = try store.read { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT r.name, s.tag FROM series s JOIN runs r ON r.id = s.run_id
            LEFT JOIN (SELECT run_id, min(first_wall_time) AS first FROM files GROUP BY run_id) f ON f.run_id = r.id
          WHERE s.kind = 'scalar' AND (?1 IS NULL OR r.name = ?1) AND (?2 IS NULL OR s.tag = ?2)
          ORDER BY f.first IS NULL, f.first, r.name, s.tag
          """, arguments: [selection.runs.literal, selection.tags.literal]
      ).map { SeriesName(run: $0[0], tag: $0[1]) }
    }
    // Each name is looked at once.
    var runs: [ExactName: Bool] = [:]
    var tags: [ExactName: Bool] = [:]
    func isSelected(_ name: String, _ selection: NameSelection, _ known: inout [ExactName: Bool]) throws -> Bool {
      if let answer = known[ExactName(name)] { return answer }
      let answer = try selection.contains(name)
      known[ExactName(name)] = answer
      return answer
    }
    return try all.filter {
      try isSelected($0.run, selection.runs, &runs) && isSelected($0.tag, selection.tags, &tags)
    }
  }
}
