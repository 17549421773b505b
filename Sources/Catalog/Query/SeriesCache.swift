import GRDB
import Synchronization

/// Indices of series and unpacked blocks that were used lately. Bounded; keys are never used again for other content:
/// block ids grow for ever, and an index is valid for one revision of its series.
final class SeriesCache: Sendable {
  /// Points of unpacked blocks kept, at 20 to 24 bytes each.
  private let pointLimit: Int
  /// Blocks of indices kept, at about 200 bytes each.
  private let blockLimit: Int

  private struct Name: Hashable {
    var run: String
    var tag: String
    var rule: BranchRule
  }

  private struct Entry<Value> {
    var value: Value
    var cost: Int
    var used: UInt64
  }

  private struct State {
    var clock: UInt64 = 0
    var blocks: [Int64: Entry<PointColumns>] = [:]
    var points = 0
    var frames: [Int64: Entry<BlockFrames>] = [:]
    var framePoints = 0
    var indices: [Name: Entry<SeriesIndex>] = [:]
    var indexed = 0
  }

  /// Running averages.
  let averages = SmoothingCache()

  private let state = Mutex(State())

  init(pointLimit: Int = 1 << 20, blockLimit: Int = 1 << 17) {
    self.pointLimit = pointLimit
    self.blockLimit = blockLimit
  }

  /// The points of a block; without wall times, unless they are asked for.
  func points(_ id: Int64, wallTimes: Bool, _ database: Database) throws -> PointColumns {
    let cached: PointColumns? = state.withLock { state in
      state.clock += 1
      guard let entry = state.blocks[id], !wallTimes || !entry.value.wallTimes.isEmpty else { return nil }
      state.blocks[id]?.used = state.clock
      return entry.value
    }
    if let cached { return cached }
    let row = try Row.fetchOne(
      database.cachedStatement(sql: "SELECT data, checksum, file_id FROM blocks WHERE id = ?"), arguments: [id])
    guard let row else { throw BlockError.notABlock }
    let columns = try row.withUnsafeData(atIndex: 0) { data in
      try (data ?? .init()).withUnsafeBytes {
        try PackedBlock.points($0, checksum: row[1], file: row[2], wallTimes: wallTimes)
      }
    }
    state.withLock { state in
      if state.blocks.updateValue(Entry(value: columns, cost: columns.count, used: state.clock), forKey: id) == nil {
        state.points += columns.count
      }
      if state.points > pointLimit { state.points = Self.evict(&state.blocks, to: pointLimit / 2) }
    }
    return columns
  }

  /// The frames of a block, with the points of those that are `needed`.
  func frames(
    _ id: Int64, needed: ([BlockFrame]) -> [Int], _ database: Database
  ) throws -> BlockFrames {
    let cached: BlockFrames? = state.withLock { state in
      state.clock += 1
      state.frames[id]?.used = state.clock
      return state.frames[id]?.value
    }
    if let cached, needed(cached.frames).allSatisfy({ cached.points[$0] != nil }) { return cached }
    let row = try Row.fetchOne(
      database.cachedStatement(sql: "SELECT data, checksum, file_id FROM blocks WHERE id = ?"), arguments: [id])
    guard let row else { throw BlockError.notABlock }
    var block = try row.withUnsafeData(atIndex: 0) { data in
      try (data ?? .init()).withUnsafeBytes { bytes in
        try PackedBlock.frames(bytes, checksum: row[1], file: row[2], needed: needed)
      }
    }
    block.points.merge(cached?.points ?? [:]) { new, _ in new }
    state.withLock { state in
      let old = state.frames.updateValue(Entry(value: block, cost: block.cost, used: state.clock), forKey: id)
      state.framePoints += block.cost - (old?.cost ?? 0)
      if state.framePoints > pointLimit { state.framePoints = Self.evict(&state.frames, to: pointLimit / 2) }
    }
    return block
  }

  /// The index of a scalar series, its branches by a rule; nil where there is none.
  func index(run: String, tag: String, rule: BranchRule = .lineage, _ database: Database) throws -> SeriesIndex? {
    let name = Name(run: run, tag: tag, rule: rule)
    let row = try Row.fetchOne(
      database.cachedStatement(
        sql: """
          SELECT s.id, s.revision, r.revision FROM series s JOIN runs r ON r.id = s.run_id
          WHERE r.name = ? AND s.tag = ? AND s.kind = 'scalar'
          """), arguments: [run, tag])
    guard let row else { return nil }
    // The session log may change what TensorBoard keeps of a series that itself has not changed.
    let revision: Int64 = rule == .tensorBoard ? row[2] : row[1]
    let cached: SeriesIndex? = state.withLock { state in
      state.clock += 1
      guard let entry = state.indices[name], entry.value.id == row[0], entry.value.revision == revision else {
        return nil
      }
      state.indices[name]?.used = state.clock
      return entry.value
    }
    if let cached { return cached }
    guard
      let index = try SeriesIndex(
        database, run: run, tag: tag, rule: rule, points: { try points($0, wallTimes: $1, database) })
    else {
      return nil
    }
    state.withLock { state in
      let cost = index.blocks.count + 1
      let old = state.indices.updateValue(Entry(value: index, cost: cost, used: state.clock), forKey: name)
      state.indexed += cost - (old?.cost ?? 0)
      if state.indexed > blockLimit { state.indexed = Self.evict(&state.indices, to: blockLimit / 2) }
    }
    return index
  }

  /// Drops what was not used for longest until at most `limit` is left; gives what is left.
  private static func evict<Key, Value>(_ entries: inout [Key: Entry<Value>], to limit: Int) -> Int {
    var kept = 0
    var left: [Key: Entry<Value>] = [:]
    for (key, entry) in entries.sorted(by: { $0.value.used > $1.value.used }) {
      guard kept + entry.cost <= limit else { break }
      kept += entry.cost
      left[key] = entry
    }
    entries = left
    return kept
  }
}
