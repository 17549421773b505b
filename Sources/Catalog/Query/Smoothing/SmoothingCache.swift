import Synchronization

/// What is the same of a piece whatever was appended to its series: blocks never change, and their ids are never used
/// again.
struct PieceIdentity: Hashable, Sendable {
  var block: Int64
  var start: Int
  var count: Int

}

extension PieceIdentity {
  init(_ piece: Piece, _ index: SeriesIndex) {
    self.init(block: index.blocks[piece.block].id, start: piece.range.lowerBound, count: piece.count)
  }
}

/// Averages computed lately. Bounded: of exponential averages the states between pieces are kept, of windows the averages
/// themselves, some 16 MB of them: enough for the pieces that the borders of 900 pixel columns cut.
final class SmoothingCache: Sendable {
  struct ExponentialKey: Hashable {
    var series: Int64
    var rule: BranchRule
    var branch: Int
    var weight: Double
  }

  /// A piece, and the ends of what its windows reach.
  struct WindowKey: Hashable {
    var smoothing: Smoothing
    var rule: BranchRule
    var piece: PieceIdentity
    var first: PieceIdentity
    var last: PieceIdentity
    var neighbours: Int
  }

  /// Averages of float32 values need no more than float32, in which they are drawn.
  private enum Averages {
    case single([Float])
    case double([Double])

    /// In units of four bytes.
    var cost: Int {
      switch self {
      case .single(let averages): averages.count
      case .double(let averages): 2 * averages.count
      }
    }
  }

  private struct State {
    var exponential = LeastRecent<ExponentialKey, ExponentialPieces>(limit: 1 << 17)
    var averages = LeastRecent<WindowKey, Averages>(limit: 1 << 22)
    var spans = LeastRecent<WindowKey, SmoothedPiece>(limit: 1 << 17)
  }

  private let state = Mutex(State())

  /// The exponential average along a branch as it was last left; `run` brings it up to date.
  func exponential(
    _ key: ExponentialKey, run: (inout ExponentialPieces) throws -> Void
  ) rethrows -> ExponentialPieces {
    var pieces = state.withLock { $0.exponential[key] } ?? ExponentialPieces(weight: key.weight)
    try run(&pieces)
    state.withLock { $0.exponential.set(pieces, for: key, cost: pieces.count + 1) }
    return pieces
  }

  func averages(_ key: WindowKey) -> [Double]? {
    switch state.withLock({ $0.averages[key] }) {
    case .single(let averages): averages.map(Double.init)
    case .double(let averages): averages
    case nil: nil
    }
  }

  func span(_ key: WindowKey) -> SmoothedPiece? { state.withLock { $0.spans[key] } }

  func set(_ averages: [Double], asSingle: Bool, _ span: SmoothedPiece, for key: WindowKey) {
    let averages = asSingle ? Averages.single(averages.map { Float($0) }) : .double(averages)
    state.withLock {
      $0.averages.set(averages, for: key, cost: averages.cost)
      $0.spans.set(span, for: key, cost: 1)
    }
  }
}

/// A dictionary that forgets what was not used for longest once its entries cost more than a limit.
struct LeastRecent<Key: Hashable, Value> {
  private struct Entry {
    var value: Value
    var cost: Int
    var used: UInt64
  }

  private let limit: Int
  private var entries: [Key: Entry] = [:]
  private var cost = 0
  private var clock: UInt64 = 0

  init(limit: Int) { self.limit = limit }

  subscript(key: Key) -> Value? {
    mutating get {
      clock += 1
      entries[key]?.used = clock
      return entries[key]?.value
    }
  }

  mutating func set(_ value: Value, for key: Key, cost: Int) {
    clock += 1
    let old = entries.updateValue(Entry(value: value, cost: cost, used: clock), forKey: key)
    self.cost += cost - (old?.cost ?? 0)
    guard self.cost > limit else { return }
    // Half is dropped at a time, so that sorting is paid for by many additions.
    for (key, entry) in entries.sorted(by: { $0.value.used < $1.value.used }) where self.cost > limit / 2 {
      entries[key] = nil
      self.cost -= entry.cost
    }
  }
}
