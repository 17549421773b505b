import Events
import GRDB

extension Catalog {
  /// One page of the values selected. Only what the page shows is held in memory, and a few words a value selected.
  ///
  /// - Parameters:
  ///   - offset: the number of the first value wanted, from 0.
  ///   - limit: how many at most.
  ///   - newestFirst: the list runs the other way, from the last series' last value.
  /// - Throws: ``CatalogError/unknownRun(run:known:)`` where a run is asked for that is not there. A tag that is not
  ///   there has no values.
  public func values(
    _ selection: ValueSelection, offset: Int = 0, limit: Int = .max, newestFirst: Bool = false
  ) throws -> ValuePage {
    try store.read { database in
      var places = try places(selection, database)
      if newestFirst { places.reverse() }
      let start = min(max(0, offset), places.count)
      let (values, superseded) = try listed(places[start...].prefix(max(0, limit)), database)
      return ValuePage(total: places.count, offset: start, values: values, superseded: superseded)
    }
  }

  /// At most `limit` of the values selected, at even distances, the first and the last among them; of one, the last.
  public func values(_ selection: ValueSelection, keeping limit: Int) throws -> ValuePage {
    try store.read { database in
      let places = try places(selection, database)
      var chosen = places[...]
      if places.count > limit {
        chosen =
          limit > 1
          ? (0..<limit).map { number in
            // The product may be more than an Int holds.
            let product = number.multipliedFullWidth(by: places.count - 1)
            return places[(limit - 1).dividingFullWidth(product).quotient]
          }[...] : places.suffix(max(0, limit))
      }
      let (values, superseded) = try listed(chosen, database)
      return ValuePage(total: places.count, offset: 0, values: values, superseded: superseded)
    }
  }

  private func listed(
    _ places: ArraySlice<ValuePlace>, _ database: Database
  ) throws -> (values: [LocatedBlob], superseded: [Bool]) {
    var found: [Int64: LocatedBlob] = [:]
    // SQLite takes some thousands of arguments, and a statement of them all would be parsed anew each time.
    for chunk in stride(from: places.startIndex, to: places.endIndex, by: 500) {
      let part = places[chunk..<min(chunk + 500, places.endIndex)]
      let marks = part.map { _ in "?" }.joined(separator: ",")
      for blob in try blobs(database, "b.id IN (\(marks))", StatementArguments(part.map(\.id))) {
        found[blob.id] = blob
      }
    }
    let present = places.filter { found[$0.id] != nil }
    return (present.compactMap { found[$0.id] }, present.map(\.superseded))
  }

  /// The values of one series, in the order they were logged.
  ///
  ///     for blob in try catalog.values(run: "train", tag: "input", kind: .image) {
  ///       if case .image(let image) = try catalog.value(at: blob) { … }
  ///     }
  public func values(
    run: String? = nil, tag: String? = nil, kind: SeriesKind? = nil, branches: BranchSelection = .all
  ) throws -> [LocatedBlob] {
    try values(ValueSelection(run: run, tag: tag, kind: kind, branches: branches)).values
  }

  /// The value with an id that a listing gave.
  /// - Throws: ``CatalogError/unknownValue(id:)`` where there is none, or no longer.
  public func listedValue(id: Int64) throws -> LocatedBlob {
    guard let blob = try blob(id: id) else { throw CatalogError.unknownValue(id: id) }
    return blob
  }

  /// Reads a value from its event file and verifies the checksums of the record around it.
  /// - Throws: `EventError` or `RecordError` where the file has changed since it was taken in, or cannot be read.
  public func value(at blob: LocatedBlob) throws -> SummaryValue {
    try EventFile.summaryValue(at: blob.value, path: blob.path)
  }

  /// A value as far as choosing it needs.
  struct ValuePlace: Equatable {
    var id: Int64
    var step: Int64
    /// Whether a restart made it void.
    var superseded = false
  }

  /// The values selected, in the order of ``ValuePage/values``.
  func places(_ selection: ValueSelection, _ database: Database) throws -> [ValuePlace] {
    if let run = selection.run {
      let runs = try String.fetchAll(database, sql: "SELECT name FROM runs ORDER BY name")
      guard runs.contains(where: { ExactName($0) == ExactName(run) }) else {
        throw CatalogError.unknownRun(run: run, known: runs)
      }
    }
    let series = try Int64.fetchAll(
      database,
      sql: """
        SELECT s.id FROM series s JOIN runs r ON r.id = s.run_id
        WHERE (?1 IS NULL OR r.name = ?1) AND (?2 IS NULL OR s.tag = ?2) AND (?3 IS NULL OR s.kind = ?3)
          AND (?4 IS NULL OR s.plugin = ?4) AND s.kind <> 'scalar'
        ORDER BY r.name, s.tag, s.kind
        """, arguments: [selection.run, selection.tag, selection.kind?.rawValue, selection.plugin])
    var places: [ValuePlace] = []
    for id in series { try append(seriesID: id, selection, to: &places, database) }
    return places
  }

  private func append(
    seriesID: Int64, _ selection: ValueSelection, to places: inout [ValuePlace], _ database: Database
  ) throws {
    let files = try SeriesIndex.files(of: seriesID, selection.branches.rule, database)
    let found: [ValuePlace] =
      switch selection.branches.rule {
      case .lineage: try sort(seriesID, files, by: Lineage(), database)
      case .tensorBoard: try sort(seriesID, files, by: SessionPurge(), database)
      case .dataServer: try sort(seriesID, files, by: Preemption(), database)
      }
    places += found.lazy.filter { place in
      (!place.superseded || selection.branches == .all) && place.step >= selection.from ?? .min
        && place.step <= selection.to ?? .max
    }
  }

  /// The values of a series that a rule keeps or tells to be superseded, in the order they were logged. A value counts as
  /// a block of one point.
  private func sort<Rule: BranchBuilder>(
    _ series: Int64, _ files: [SeriesFile], by rule: Rule, _ database: Database
  ) throws -> [ValuePlace] {
    var rule = rule
    var places: [ValuePlace] = []
    for file in files {
      rule.begin(file)
      var sessions = file.sessions[...]
      let rows = try Row.fetchCursor(
        database.cachedStatement(
          sql: "SELECT id, step, wall_time FROM blobs WHERE series_id = ? AND file_id = ? ORDER BY id"),
        arguments: [series, file.id])
      while let row = try rows.next() {
        let place = ValuePlace(id: row[0], step: row[1])
        while let session = sessions.first, row[2] >= session.wallTime {
          try rule.session(session) { [places[$0].step] }
          sessions.removeFirst()
        }
        places.append(place)
        try rule.append(
          Piece(block: places.count - 1, range: 0..<1, firstStep: place.step, lastStep: place.step)
        ) { [places[$0].step] }
      }
      for session in sessions { try rule.sessionAfterAllPoints(session) { [places[$0].step] } }
    }
    var kept = Array(repeating: false, count: places.count)
    for branch in rule.branches {
      for piece in branch.pieces {
        kept[piece.block] = true
        places[piece.block].superseded = branch.superseded
      }
    }
    return zip(places, kept).filter(\.1).map(\.0)
  }
}
