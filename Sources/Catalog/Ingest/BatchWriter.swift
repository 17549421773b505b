import Foundation
import GRDB

/// Commits batches: blocks, blob locations, health and the new offset of a file in one transaction.
final class BatchWriter: Sendable {
  private let store: CatalogStore

  init(store: CatalogStore) { self.store = store }

  /// Commits `batches` together. Gives the ids of files whose batch was refused, because another process read that
  /// stretch first, the file was replaced, or the catalogue's copy of it was damaged and is forgotten: read on from the
  /// offset the catalogue has now.
  func commit(_ batches: [FileBatch]) throws -> Set<Int64> {
    // A file that was forgotten is of another generation, so that its batch is refused and cannot meet damage twice.
    for _ in batches {
      do { return try commitOnce(batches) } catch CatalogError.damagedPoints(_, _, forgotten: true) {}
    }
    return try commitOnce(batches)
  }

  private func commitOnce(_ batches: [FileBatch]) throws -> Set<Int64> {
    try store.write { database in
      var refused: Set<Int64> = []
      let revision = try Revision.advance(database)
      for batch in batches where try !self.apply(batch, revision, database) { refused.insert(batch.fileID) }
      return refused
    }
  }

  private func apply(_ batch: FileBatch, _ revision: Int64, _ database: Database) throws -> Bool {
    let current = try Row.fetchOne(
      database.cachedStatement(
        sql: "SELECT offset, generation, tail, state, fingerprint FROM files WHERE id = ? AND run_id = ?"),
      arguments: [batch.fileID, batch.runID])
    guard let current, current[0] == batch.start, current[1] == batch.generation else { return false }
    for series in batch.series { try append(series, batch, revision, database) }
    for skip in batch.skips {
      try database.cachedStatement(sql: "INSERT INTO skips VALUES (?, ?, ?, ?)")
        .execute(arguments: [batch.fileID, skip.offset, skip.length, skip.reason])
    }
    for warning in batch.warnings {
      try database.cachedStatement(sql: "INSERT INTO warnings VALUES (?, ?, ?)")
        .execute(arguments: [batch.fileID, warning.offset, warning.message])
    }
    for session in batch.sessions {
      try database.cachedStatement(sql: "INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?)")
        .execute(arguments: [
          batch.fileID, Int64(clamping: session.offset), session.status.name, session.step, session.wallTime,
          session.checkpointPath, session.message,
        ])
    }
    for entry in batch.logMessages {
      try database.cachedStatement(sql: "INSERT INTO log_messages VALUES (?, ?, ?, ?, ?, ?)")
        .execute(arguments: [
          batch.fileID, Int64(clamping: entry.offset), entry.level, entry.step, entry.wallTime, entry.message,
        ])
    }
    let isUnfinished = batch.tail.state != .clean
    try database.cachedStatement(
      sql: """
        UPDATE files SET state = 'present', device = ?, inode = ?, size = ?, modified_ns = ?, changed_ns = ?,
          fingerprint = ?, compression = ?,
          head_length = ?, head_hash = ?, tail_hash = ?, offset = ?, records = records + ?,
          skipped_records = skipped_records + ?, bytes_lost = bytes_lost + ?,
          tail = ?, tail_bytes = ?, tail_expected = ?,
          tail_since = CASE WHEN ? THEN coalesce(CASE WHEN offset = ? THEN tail_since END, ?) END, file_version = coalesce(file_version, ?),
          writer = coalesce(writer, ?),
          first_wall_time = min(coalesce(first_wall_time, ?), coalesce(?, first_wall_time)),
          last_wall_time = max(coalesce(last_wall_time, ?), coalesce(?, last_wall_time)),
          last_step = max(coalesce(last_step, ?), coalesce(?, last_step)),
          message = CASE state WHEN 'present' THEN message END, revision = ?
        WHERE id = ?
        """
    ).execute(arguments: [
      batch.status.device, batch.status.inode, batch.reachedEnd ? batch.status.size : 0,
      batch.reachedEnd ? batch.status.modifiedNanoseconds : 0, batch.reachedEnd ? batch.status.changedNanoseconds : 0,
      (current[4] as Int64) &+ Int64(bitPattern: batch.fingerprint),
      batch.compression?.rawValue,
      batch.identity.headLength, Int64(bitPattern: batch.identity.headHash),
      Int64(bitPattern: batch.identity.tailHash), batch.end, batch.records,
      batch.skips.count, batch.skips.reduce(0) { $0 + $1.length },
      batch.tail.state.rawValue, batch.tail.bytes, batch.tail.expected,
      isUnfinished, batch.end, batch.status.modified, batch.fileVersion, batch.writer,
      batch.firstWallTime, batch.firstWallTime, batch.lastWallTime, batch.lastWallTime, batch.lastStep, batch.lastStep,
      revision, batch.fileID,
    ])
    if batch.end > batch.start {
      try database.cachedStatement(sql: "UPDATE runs SET revision = ? WHERE id = ?")
        .execute(arguments: [revision, batch.runID])
    }
    if !batch.skips.isEmpty || !batch.warnings.isEmpty || current[2] != batch.tail.state.rawValue
      || current[3] != FileRecord.State.present.rawValue
    {
      try Revision.mark(.health, revision, database)
    }
    if batch.series.contains(where: { $0.key.kind == .graph }) { try Revision.mark(.graphs, revision, database) }
    return true
  }

  private func append(_ series: SeriesBatch, _ batch: FileBatch, _ revision: Int64, _ database: Database) throws {
    let id = try seriesID(series, batch.runID, revision, database)
    try appendBlocks(of: series, series: id, file: batch.fileID, isFirst: batch.start == 0, database)
    for value in series.blobs {
      try database.cachedStatement(
        sql: """
          INSERT INTO blobs (series_id, file_id, step, wall_time, record_offset, record_length, value_offset,
            value_length, value_kind, form, dtype, shape, count, width, height, sample_rate, content_type)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          """
      ).execute(arguments: [
        id, batch.fileID, value.step, value.wallTime, Int64(clamping: value.recordOffset), value.recordLength,
        Int64(clamping: value.offset), value.length, value.kind.rawValue, value.form.rawValue, value.dtype?.name,
        value.shape.map(String.init).joined(separator: ","), value.count, value.width, value.height,
        value.sampleRate, value.contentType,
      ])
    }

    try append(series.segment, series: id, file: batch.fileID, database)
  }

  private func append(_ segment: SegmentSummary, series: Int64, file: Int64, _ database: Database) throws {
    guard segment.points > 0 else { return }
    try database.cachedStatement(
      sql: """
        INSERT INTO segments VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (series_id, file_id) DO UPDATE SET points = points + excluded.points,
          step_descents = step_descents + excluded.step_descents + (excluded.first_step < last_step),
          last_step = excluded.last_step,
          min_step = min(min_step, excluded.min_step), max_step = max(max_step, excluded.max_step),
          last_wall_time = excluded.last_wall_time,
          first_value_step = coalesce(first_value_step, excluded.first_value_step),
          first_value = coalesce(first_value, excluded.first_value),
          last_value_step = coalesce(excluded.last_value_step, last_value_step),
          last_value = coalesce(excluded.last_value, last_value),
          min_value_step = CASE WHEN min_value <= excluded.min_value OR excluded.min_value IS NULL THEN min_value_step
            ELSE excluded.min_value_step END,
          min_value = min(coalesce(min_value, excluded.min_value), coalesce(excluded.min_value, min_value)),
          max_value_step = CASE WHEN max_value >= excluded.max_value OR excluded.max_value IS NULL THEN max_value_step
            ELSE excluded.max_value_step END,
          max_value = max(coalesce(max_value, excluded.max_value), coalesce(excluded.max_value, max_value)),
          nan = nan + excluded.nan, positive_infinity = positive_infinity + excluded.positive_infinity,
          negative_infinity = negative_infinity + excluded.negative_infinity
        """
    ).execute(arguments: [
      series, file, segment.points, segment.firstStep, segment.lastStep, segment.minStep, segment.maxStep,
      segment.stepDescents, segment.firstWall, segment.lastWall, segment.first?.value, segment.first?.step,
      segment.last?.value, segment.last?.step, segment.min?.value, segment.min?.step, segment.max?.value,
      segment.max?.step, segment.nan, segment.positiveInfinity, segment.negativeInfinity,
    ])
  }

  /// The series' id; the first metadata met wins.
  private func seriesID(
    _ series: SeriesBatch, _ run: Int64, _ revision: Int64, _ database: Database
  ) throws -> Int64 {
    let id = try Int64.fetchOne(
      database.cachedStatement(
        sql: """
          INSERT INTO series (run_id, tag, kind, dtype, plugin, plugin_content, data_class, display_name, description,
            revision) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          ON CONFLICT (run_id, tag, kind) DO UPDATE SET revision = excluded.revision,
            dtype = coalesce(dtype, excluded.dtype), plugin = coalesce(plugin, excluded.plugin),
            plugin_content = coalesce(plugin_content, excluded.plugin_content),
            data_class = CASE data_class WHEN 0 THEN excluded.data_class ELSE data_class END,
            display_name = coalesce(display_name, excluded.display_name),
            description = coalesce(description, excluded.description)
          RETURNING id
          """),
      arguments: [
        run, series.key.tag, series.key.kind.rawValue, series.dtype, series.tag?.pluginName,
        series.tag.flatMap { $0.hasMetadata ? Data($0.pluginContent) : nil }, series.tag?.dataClass.rawValue ?? 0,
        series.tag?.displayName, series.tag?.description, revision,
      ])
    return id!
  }

  // MARK: - Blocks

  /// Appends points to the file's part of a series. Small blocks at its end are merged with what comes, as long as they
  /// are at most twice as large: a point is then rewritten about log2(4096) times at the most, however slowly it
  /// trickles in, and a part never has more than a dozen small blocks. Many points are blocks of their own: nothing is
  /// packed again for the sake of a small block before them.
  private func appendBlocks(
    of batch: SeriesBatch, series: Int64, file: Int64, isFirst: Bool, _ database: Database
  ) throws {
    // The first batch of a file meets nothing to merge with.
    guard let points = batch.mergeable, !isFirst else {
      for block in batch.blocks { try insert(block, series: series, file: file, database) }
      return
    }
    var merged = points
    var replaced: [Int64] = []
    let tail = try Row.fetchCursor(
      database.cachedStatement(
        sql: "SELECT id, points, data, checksum FROM blocks WHERE series_id = ? AND file_id = ? ORDER BY id DESC"),
      arguments: [series, file])
    while let row = try tail.next() {
      let count: Int = row[1]
      guard count < BlockCodec.pointsPerBlock / 2, count <= 2 * merged.count else { break }
      var block = try row.withUnsafeData(atIndex: 2) { data in
        try (data ?? .init()).withUnsafeBytes { try PackedBlock.points($0, checksum: row[3], file: file) }
      }
      guard block.values.dtype == merged.values.dtype else { break }
      block.append(merged)
      merged = block
      replaced.append(row[0])
      if merged.count - count >= BlockCodec.pointsPerBlock { break }
    }
    for block in replaced.isEmpty ? batch.blocks : PackedBlock.pack(merged) {
      try insert(block, series: series, file: file, database)
    }
    for id in replaced {
      try database.cachedStatement(sql: "DELETE FROM blocks WHERE id = ?").execute(arguments: [id])
    }
  }

  private func insert(_ block: PackedBlock, series: Int64, file: Int64, _ database: Database) throws {
    let summary = block.summary
    try database.cachedStatement(
      sql: """
        INSERT INTO blocks (series_id, file_id, points, precision, first_step, last_step, min_step, max_step, step_descents,
          first_wall_time, last_wall_time, min_wall_time, max_wall_time, wall_time_descents,
          first_value, last_value, min_value, max_value, nan, positive_infinity, negative_infinity, checksum, data)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
    ).execute(arguments: [
      series, file, summary.count, block.precision.rawValue, summary.firstStep, summary.lastStep, summary.minStep,
      summary.maxStep, summary.stepDescents, summary.firstWall, summary.lastWall, summary.minWall, summary.maxWall,
      summary.wallDescents, summary.first, summary.last, summary.min, summary.max, summary.nan,
      summary.positiveInfinity, summary.negativeInfinity, block.checksum, block.data,
    ])
  }
}
