extension Catalog {
  /// Answers one SQL query; it can only read, and it stops at its limits.
  ///
  /// Beside the stored tables (docs/catalogue.md) a query sees those of ``sqlTables()``: views with the names and columns
  /// of listings, and tables whose rows are made on the fly: `points` (all scalar points ever logged), `newest_points`
  /// (those that no restart made void), `histograms`, `texts` and `variables`. All show one state of the catalogue.
  ///
  /// - Parameters:
  ///   - query: one SELECT, WITH, VALUES or EXPLAIN statement.
  ///   - columns: told the columns' names once, before the first row.
  ///   - row: told each row as it comes.
  /// - Throws: ``SQLError``, ``CatalogError``, and what `columns` and `row` throw.
  public func sql(
    _ query: String, limits: SQLLimits = SQLLimits(), columns: ([String]) throws -> Void,
    row: ([SQLValue]) throws -> Void
  ) throws -> SQLOutcome {
    let connection = try SQLConnection(path: path, limits: limits)
    let source = try SQLSource(self, watch: connection.limit)
    try prepare(connection, source)
    var rows = 0
    var bytes = 0
    let isComplete = try connection.run(query, columns: columns) { values in
      guard rows < limits.rows else { return false }
      if let most = limits.answer {
        bytes += values.reduce(0) { $0 + $1.size }
        guard bytes <= most else { throw SQLError.answerTooLarge(bytes: most) }
      }
      rows += 1
      try row(values)
      return true
    }
    return SQLOutcome(rows: rows, isCutShort: !isComplete, notes: connection.limit.notes)
  }

  /// The rows of a query as a whole; for answers known to be small.
  public func sql(
    _ query: String, limits: SQLLimits = SQLLimits()
  ) throws -> (columns: [String], rows: [[SQLValue]], outcome: SQLOutcome) {
    var names: [String] = []
    var rows: [[SQLValue]] = []
    let outcome = try sql(query, limits: limits, columns: { names = $0 }, row: { rows.append($0) })
    return (names, rows, outcome)
  }

  /// The tables a query sees, the most useful first.
  public func sqlTables() throws -> [SQLTable] {
    let source = try SQLSource(self, watch: SQLWatch(limits: SQLLimits()))
    let lazy = Self.lazyTables(source).map { table, summary in
      SQLTable(name: table.name, columns: table.columns.map(\.name), summary: summary)
    }
    let views = SQLView.all(now: time, grace: Self.truncationGrace).map {
      SQLTable(name: $0.name, columns: $0.columns, summary: $0.summary)
    }
    let order = ["runs", "tags", "points", "newest_points", "histograms", "texts"]
    return (views + lazy).enumerated().sorted { left, right in
      let ranks = (order.firstIndex(of: left.element.name), order.firstIndex(of: right.element.name))
      return (ranks.0 ?? order.count, left.offset) < (ranks.1 ?? order.count, right.offset)
    }.map(\.element)
  }

  private func prepare(_ connection: SQLConnection, _ source: SQLSource) throws {
    // Sorting stays in memory, where it is counted; nothing in the database file is trusted to call functions.
    try connection.execute("PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON")
    for view in SQLView.all(now: time, grace: Self.truncationGrace) { try connection.execute(view.definition) }
    for (table, _) in Self.lazyTables(source) { try connection.add(table) }
    // SQLite makes such tables when they are first named, which it counts as a change of the schema; so all are named now.
    let named = Self.lazyTables(source).map(\.table.name) + ["json_each", "json_tree", "pragma_table_info"]
    for name in named { try connection.execute("SELECT 1 FROM \(name) LIMIT 0") }
    connection.restrict()
  }

  private static func lazyTables(_ source: SQLSource) -> [(table: any LazyTable, summary: String)] {
    [
      (
        PointsTable(source, onlyNewest: false),
        "every scalar point ever logged; superseded is 1 where a restart made it void"
      ),
      (PointsTable(source, onlyNewest: true), "scalar points without those that a restart made void"),
      (StoredValuesTable.histograms(source), "histograms; buckets is JSON: [[left, right, count], …]"),
      (StoredValuesTable.texts(source), "texts"),
      (VariablesTable(source), "tensors of checkpoints, from the checkpoints' indices"),
    ]
  }
}
