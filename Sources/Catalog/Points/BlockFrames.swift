/// What is kept of a block's frames: all their summaries, and the points of those that were unpacked.
struct BlockFrames: Sendable {
  var frames: [BlockFrame]
  var points: [Int: PointColumns] = [:]

  /// About how much memory it takes, in points.
  var cost: Int { 2 * frames.count + points.values.reduce(0) { $0 + $1.count } }
}
