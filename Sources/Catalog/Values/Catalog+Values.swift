import Events
import GRDB

extension Catalog {
  /// One page of the values selected. Only what the page shows is held in memory, and 16 bytes a value selected.
  ///
  /// - Parameters:
  ///   - offset: the number of the first value wanted, from 0.
  ///   - limit: how many at most.
  /// - Throws: ``CatalogError/unknownRun(run:known:)`` where a run is asked for that is not there. A tag that is not
  ///   there has no values.
  public func values(_ selection: ValueSelection, offset: Int = 0, limit: Int = .max) throws -> ValuePage {
    try store.read { database in
      let places = try places(selection, database)
      let start = min(max(0, offset), places.count)
      let page = places[start...].prefix(max(0, limit))
      var found: [Int64: LocatedBlob] = [:]
      // SQLite takes some thousands of arguments, and a statement of them all would be parsed anew each time.
      for chunk in stride(from: page.startIndex, to: page.endIndex, by: 500) {
        let part = page[chunk..<min(chunk + 500, page.endIndex)]
        let marks = part.map { _ in "?" }.joined(separator: ",")
        for blob in try blobs(database, "b.id IN (\(marks))", StatementArguments(part.map(\.id))) {
          found[blob.id] = blob
        }
      }
      return ValuePage(total: places.count, offset: start, values: page.compactMap { found[$0.id] })
    }
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
  }

  /// The values selected, in the order of ``ValuePage/values``.
  func places(_ selection: ValueSelection, _ database: Database) throws -> [ValuePlace] {
    if let run = selection.run {
      let runs = try String.fetchAll(database, sql: "SELECT name FROM runs ORDER BY name")
      guard runs.contains(run) else { throw CatalogError.unknownRun(run: run, known: runs) }
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
    let files = try Int64.fetchAll(
      database.cachedStatement(
        sql: """
          SELECT f.id FROM segments g JOIN files f ON f.id = g.file_id WHERE g.series_id = ?
          ORDER BY f.first_wall_time, f.path
          """), arguments: [seriesID])
    let first = places.count
    var restarts = ValueRestarts()
    for file in files {
      let starts = try Row.fetchAll(
        database.cachedStatement(
          sql: "SELECT step, wall_time FROM sessions WHERE file_id = ? AND status = 'start' ORDER BY rowid"),
        arguments: [file]
      ).map { (step: $0[0] as Int64, wallTime: $0[1] as Double) }
      var pending = starts[...]
      let rows = try Row.fetchCursor(
        database.cachedStatement(
          sql: "SELECT id, step, wall_time FROM blobs WHERE series_id = ? AND file_id = ? ORDER BY id"),
        arguments: [seriesID, file])
      while let row = try rows.next() {
        let place = ValuePlace(id: row[0], step: row[1])
        while let start = pending.first, row[2] >= start.wallTime {
          restarts.note(at: places.count - first, step: start.step)
          pending.removeFirst()
        }
        restarts.note(at: places.count - first, loggedAt: place.step)
        places.append(place)
      }
    }
    let kept: [Bool]? = selection.branches == .newest ? restarts.kept(places[first...].map(\.step)) : nil
    guard kept != nil || selection.from != nil || selection.to != nil else { return }
    let chosen = places[first...].enumerated().filter { position, place in
      kept?[position] ?? true && place.step >= selection.from ?? .min && place.step <= selection.to ?? .max
    }.map(\.element)
    places.replaceSubrange(first..., with: chosen)
  }
}

/// Where the values of a series were taken up again at an earlier step. As with scalars, what was logged before at that
/// step and later is void then; equal steps one after the other are no restart.
struct ValueRestarts {
  private var restarts: [(position: Int, step: Int64)] = []
  private var previous: Int64?

  /// A session started at `step` before the value at `position` was logged.
  mutating func note(at position: Int, step: Int64) { restarts.append((position, step)) }

  /// The value at `position` was logged at `step`.
  mutating func note(at position: Int, loggedAt step: Int64) {
    if let previous, step < previous { note(at: position, step: step) }
    previous = step
  }

  /// Which of the values with these steps no later restart made void.
  func kept(_ steps: [Int64]) -> [Bool] {
    var kept = Array(repeating: true, count: steps.count)
    var next = restarts.count
    // The lowest step at which training was taken up again after the value looked at.
    var lowest = Int64.max
    for position in steps.indices.reversed() {
      while next > 0, restarts[next - 1].position > position {
        next -= 1
        lowest = min(lowest, restarts[next].step)
      }
      kept[position] = steps[position] < lowest || lowest == .max
    }
    return kept
  }
}
