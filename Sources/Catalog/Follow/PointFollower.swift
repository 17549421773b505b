import GRDB

/// Gives the points of scalar series as they come: each point once, whatever branch it is on, in the order its file has
/// them. It counts what it gave of each file, so that a file that was written before a newer one and still grows is
/// followed as well. Where a file was replaced, or for another reason read again from its start, its points are given from
/// the start, however many there are.
public struct PointFollower {
  private struct Key: Hashable {
    var series: Int64
    var file: Int64
    /// Another one whenever the file is read again from its start.
    var generation: Int64
  }

  private let catalog: Catalog
  private var seen: [Key: Int] = [:]

  public init(_ catalog: Catalog) { self.catalog = catalog }

  /// Points that came since the last call, at first all of them, as columns of one precision each.
  public mutating func newPoints(run: String, tag: String) throws -> [PointColumns] {
    try read(run: run, tag: tag, skipping: 0)
  }

  /// Passes over all points there are but the last `count`; gives those.
  public mutating func skip(run: String, tag: String, keeping count: Int) throws -> [PointColumns] {
    let total = try catalog.store.read { database in
      try Self.blocks(run: run, tag: tag, database).reduce(0) { $0 + $1.points }
    }
    return try read(run: run, tag: tag, skipping: max(0, total - max(0, count)))
  }

  private struct Block {
    var id: Int64
    var key: Key
    var points: Int
  }

  private mutating func read(run: String, tag: String, skipping: Int) throws -> [PointColumns] {
    let before = seen
    let (found, after) = try catalog.store.read { database in
      var seen = before
      var totals: [Key: Int] = [:]
      let blocks = try Self.blocks(run: run, tag: tag, database)
      for block in blocks { totals[block.key, default: 0] += block.points }
      // What was given of files that were replaced since counts no longer.
      let series = Set(totals.keys.map(\.series))
      seen = seen.filter { !series.contains($0.key.series) || totals[$0.key] != nil }
      var passed: [Key: Int] = [:]
      var left = skipping
      var found: [PointColumns] = []
      for block in blocks {
        let start = passed[block.key, default: 0]
        passed[block.key] = start + block.points
        let known = min(block.points, max(0, seen[block.key, default: 0] - start))
        let skipped = min(left, block.points - known)
        left -= skipped
        let first = known + skipped
        guard first < block.points else { continue }
        let columns = try catalog.cache.points(block.id, wallTimes: true, database)
        found.append(columns.slice(min(first, columns.count)..<columns.count))
      }
      for (key, total) in totals { seen[key] = total }
      return (found, seen)
    }
    seen = after
    return found
  }

  private static func blocks(run: String, tag: String, _ database: Database) throws -> [Block] {
    try Row.fetchAll(
      database.cachedStatement(
        sql: """
          SELECT b.id, b.series_id, b.file_id, b.points, f.generation FROM blocks b JOIN files f ON f.id = b.file_id
          WHERE b.series_id = (SELECT s.id FROM series s JOIN runs r ON r.id = s.run_id
            WHERE r.name = ? AND s.tag = ? AND s.kind = 'scalar')
          ORDER BY f.first_wall_time, f.path, b.id
          """), arguments: [run, tag]
    ).map { Block(id: $0[0], key: Key(series: $0[1], file: $0[2], generation: $0[4]), points: $0[3]) }
  }
}
