import GRDB

extension Catalog {
  /// Looks for something in every curve of a scope. Blocks that cannot hold an answer are not read, so that a series of
  /// ten million points takes milliseconds.
  ///
  /// - Parameters:
  ///   - limit: how many series to search at most; ``SearchAnswer/total`` says how many there are.
  ///   - check: called before every block that is read; what it throws ends the search.
  /// - Throws: ``CatalogError/unknownRun(run:known:)`` and ``CatalogError/unknownTag(run:tag:)`` where one run, or one
  ///   tag of one run, is asked for by name and is not there.
  public func search(
    _ search: SeriesSearch, in scope: SearchScope, limit: Int = .max, check: @escaping () throws -> Void = {}
  ) throws -> SearchAnswer {
    try store.read { database in
      let names = try scalarSeries(scope, database)
      if names.isEmpty { try complain(scope, database) }
      let searcher = SeriesSearcher(cache: cache, database: database, check: check)
      let results = try names.prefix(max(0, limit)).flatMap { run, tag in
        try searcher.results(search, run: run, tag: tag, scope)
      }
      return SearchAnswer(total: names.count, results: results)
    }
  }

  /// The scalar series of a scope: runs by first wall time, then name, tags by name.
  private func scalarSeries(_ scope: SearchScope, _ database: Database) throws -> [(run: String, tag: String)] {
    // Where names are given rather than patterns, the database's index finds them.
    let runs = scope.runs.map(\.literal)
    let tags = scope.tags.map(\.literal)
    let run = runs.count == 1 ? runs[0] : nil
    let tag = tags.count == 1 ? tags[0] : nil
    return try Row.fetchAll(
      database,
      sql: """
        SELECT r.name, s.tag FROM series s JOIN runs r ON r.id = s.run_id
          LEFT JOIN (SELECT run_id, min(first_wall_time) AS first FROM files GROUP BY run_id) f ON f.run_id = r.id
        WHERE s.kind = 'scalar' AND (?1 IS NULL OR r.name = ?1) AND (?2 IS NULL OR s.tag = ?2)
        ORDER BY f.first IS NULL, f.first, r.name, s.tag
        """, arguments: [run, tag]
    ).compactMap { row in
      let (run, tag): (String, String) = (row[0], row[1])
      guard scope.runs.isEmpty || scope.runs.contains(where: { $0.matches(run) }),
        scope.tags.isEmpty || scope.tags.contains(where: { $0.matches(tag) })
      else { return nil }
      return (run, tag)
    }
  }

  private func complain(_ scope: SearchScope, _ database: Database) throws {
    guard scope.runs.count == 1, let run = scope.runs[0].literal else { return }
    let runs = try String.fetchAll(database, sql: "SELECT name FROM runs ORDER BY name")
    guard runs.contains(where: { ExactName($0) == ExactName(run) }) else {
      throw CatalogError.unknownRun(run: run, known: runs)
    }
    if scope.tags.count == 1, let tag = scope.tags[0].literal { throw CatalogError.unknownTag(run: run, tag: tag) }
  }
}

/// Searches series within one snapshot of the catalogue.
final class SeriesSearcher {
  private let cache: SeriesCache
  private let database: Database
  private let check: () throws -> Void
  private var firstSteps: [ExactName: Int64?] = [:]

  init(cache: SeriesCache, database: Database, check: @escaping () throws -> Void) {
    self.cache = cache
    self.database = database
    self.check = check
  }

  func index(run: String, tag: String, rule: BranchRule = .lineage) throws -> SeriesIndex? {
    try cache.index(run: run, tag: tag, rule: rule, database)
  }

  /// A result for each branch of a series; none where the run has no such series.
  func results(_ search: SeriesSearch, run: String, tag: String, _ scope: SearchScope) throws -> [SearchResult] {
    guard let index = try index(run: run, tag: tag, rule: scope.branches.rule) else { return [] }
    let numbers = index.branches.indices.filter { scope.branches == .all || !index.branches[$0].superseded }
    return try numbers.map { number in
      let branch = index.branches[number]
      var scan = BranchScan(blocks: index.blocks, pieces: branch.pieces) { [cache, database, check] block, wallTimes in
        try check()
        return try cache.points(index.blocks[block].id, wallTimes: wallTimes, database)
      }
      if scope.from != nil || scope.to != nil { try scan.narrow(from: scope.from, to: scope.to) }
      let found = try scan.find(search)
      return SearchResult(
        run: run, tag: tag, branch: number, superseded: branch.superseded, point: found.point,
        seconds: found.point.map { $0.wallTime - index.origin },
        steps: try found.point.flatMap { point in
          try firstStep(of: run).flatMap { point.step.checkedDistance(from: $0) }
        }, detail: found.detail)
    }
  }

  /// The lowest step of the scalars of a run.
  private func firstStep(of run: String) throws -> Int64? {
    if let known = firstSteps[ExactName(run)] { return known }
    let first = try Int64.fetchOne(
      database.cachedStatement(
        sql: """
          SELECT min(g.min_step) FROM segments g JOIN series s ON s.id = g.series_id JOIN runs r ON r.id = s.run_id
          WHERE r.name = ? AND s.kind = 'scalar'
          """), arguments: [run])
    firstSteps[ExactName(run)] = first
    return first
  }
}

extension BranchScan {
  /// The point searched for, and what is told besides.
  func find(_ search: SeriesSearch) throws -> (point: FoundPoint?, detail: SearchResult.Detail) {
    func point(_ place: Place?) throws -> FoundPoint? { try place.map { try self.point(at: $0) } }
    switch search {
    case .firstWhere(let condition, let count):
      return (try point(try first(where: condition, times: max(1, count))), .none)
    case .first: return (try point(try end(first: true)), .none)
    case .last: return (try point(try end(first: false)), .none)
    case .minimum: return (try point(try extreme(largest: false)), .none)
    case .maximum: return (try point(try extreme(largest: true)), .none)
    case .jump(let direction):
      guard let jump = try largestJump(direction) else { return (nil, .none) }
      return (try self.point(at: jump.to), .jump(from: try self.point(at: jump.from), change: jump.change))
    case .nonFinite:
      let found = try nonFinite()
      return (
        try point(found.first),
        .counts(nan: found.nan, positiveInfinity: found.positive, negativeInfinity: found.negative)
      )
    case .plateau(let rule):
      guard let plateau = try plateau(rule) else { return (nil, .none) }
      let start = try self.point(at: plateau.start)
      return (
        start,
        .plateau(
          until: try point(plateau.end), points: plateau.points,
          steps: plateau.lastStep.checkedDistance(from: start.step) ?? .max)
      )
    }
  }
}

extension Int64 {
  /// How far this is beyond another number; nil where that is more than fits.
  func checkedDistance(from other: Int64) -> Int64? {
    let (distance, overflow) = subtractingReportingOverflow(other)
    return overflow ? nil : distance
  }
}
