import Foundation
import GRDB
import Protos

extension Catalog {
  /// The list of runs with more columns, only those runs that satisfy a condition, sorted. Columns that segments tell
  /// (first, last, smallest and largest value) cost one query for all runs, others a search in each.
  ///
  /// - Parameter check: called before every block that is read; what it throws ends the query.
  public func runTable(_ query: RunTableQuery, check: @escaping () throws -> Void = {}) throws -> [RunRow] {
    let summaries = try runs().filter { run in
      query.runs.isEmpty || query.runs.contains { $0.matches(run.run) }
    }
    return try store.read { database in
      let values = RunValues(
        searcher: SeriesSearcher(cache: cache, database: database, check: check), database: database)
      var rows: [(row: RunRow, key: PlainValue)] = []
      for summary in summaries {
        if let condition = query.condition, try !condition.holds({ try values.value($0, of: summary) }) { continue }
        let row = RunRow(summary: summary, values: try query.columns.map { try values.value($0.source, of: summary) })
        rows.append((row, try query.sort.map { try values.value($0.source, of: summary) } ?? .null))
      }
      guard query.sort != nil else { return rows.map(\.row) }
      return rows.enumerated().sorted { left, right in
        PlainValue.sortsBefore(left.element.key, right.element.key, descending: query.descending)
          ?? (left.offset < right.offset)
      }.map(\.element.row)
    }
  }
}

/// The values of columns, run by run; what several columns or a condition need is computed once.
private final class RunValues {
  private let searcher: SeriesSearcher
  private let database: Database
  private var digests: [ExactName: [ExactName: SeriesDigest]] = [:]
  private var results: [Wanted: SearchResult?] = [:]
  private var hyperparameters: [ExactName: PlainValue]?

  private struct Wanted: Hashable {
    var run: ExactName
    var tag: ExactName
    var search: SeriesSearch
  }

  init(searcher: SeriesSearcher, database: Database) {
    self.searcher = searcher
    self.database = database
  }

  func value(_ source: RunColumn.Source, of run: RunSummary) throws -> PlainValue {
    switch source {
    case .attribute(let attribute): return attribute.value(of: run)
    case .hyperparameter(let name): return try hyperparameters(of: run.run)?[name] ?? .null
    case .count(let tag):
      if let digest = try digests(of: tag)[ExactName(run.run)] { return .integer(Int64(digest.summary.points)) }
      return try searcher.pointCount(run: run.run, tag: tag).map { .integer(Int64($0)) } ?? .null
    case .finding(let search, let tag, let field):
      if let known = try digests(of: tag)[ExactName(run.run)]?.plain(search, field) { return known }
      let wanted = Wanted(run: ExactName(run.run), tag: ExactName(tag), search: search)
      let result: SearchResult?
      if let known = results[wanted] {
        result = known
      } else {
        result = try searcher.results(search, run: run.run, tag: tag, SearchScope()).last
        results[wanted] = .some(result)
      }
      return result?.plain(field) ?? .null
    }
  }

  private func digests(of tag: String) throws -> [ExactName: SeriesDigest] {
    if let known = digests[ExactName(tag)] { return known }
    let found = try SeriesDigest.all(tag: tag, database)
    digests[ExactName(tag)] = found
    return found
  }

  /// What a run's session was started with; nil where it says nothing.
  private func hyperparameters(of run: String) throws -> PlainValue? {
    if hyperparameters == nil {
      var found: [ExactName: PlainValue] = [:]
      let rows = try Row.fetchAll(
        database,
        sql: """
          SELECT r.name, s.plugin_content FROM series s JOIN runs r ON r.id = s.run_id
          WHERE s.plugin = ? AND s.tag = '_hparams_/session_start_info' AND s.plugin_content IS NOT NULL
          """, arguments: [PluginName.hparams])
      for row in rows {
        guard let data = try? PluginValue(plugin: PluginName.hparams, content: Array(row[1] as Data), tensor: nil)
        else { continue }
        found[ExactName(row[0])] = data.plain["session_start_info"]?["hparams"]
      }
      hyperparameters = found
    }
    return hyperparameters?[ExactName(run)]
  }
}

extension SeriesSearcher {
  /// How many points the newest branch of a series has; nil where there is no such series.
  func pointCount(run: String, tag: String) throws -> Int? {
    try index(run: run, tag: tag)?.branches.last.map { branch in branch.pieces.reduce(0) { $0 + $1.count } }
  }
}
