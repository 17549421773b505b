/// What the series of a group may hold in memory together.
struct GroupLimits {
  /// Series of a group.
  let series: Int
  /// Points at a time over all series, at 16 bytes each: 256 MB.
  let points: Int

  private var seriesLeft: Int
  private var pointsLeft: Int

  init(series: Int = 2000, points: Int = 1 << 24) {
    self.series = series
    self.points = points
    seriesLeft = series
    pointsLeft = points
  }

  /// Counts another series.
  mutating func take(_ pieces: [Piece], _ smoothing: Smoothing?) throws(CatalogError) {
    seriesLeft -= 1
    guard seriesLeft >= 0 else { throw .tooManyMembers(limit: series) }
    pointsLeft -= Self.mostHeld(pieces, smoothing)
    guard pointsLeft >= 0 else { throw .groupTooLarge(limit: points) }
  }

  /// The points a ``GroupMember`` holds at most: a piece; with a window three more, where points enter and leave and where
  /// values are wanted; and what is inside a median window, as often again in entries that have left it.
  static func mostHeld(_ pieces: [Piece], _ smoothing: Smoothing?) -> Int {
    let largest = pieces.lazy.map(\.range.count).max() ?? 0
    switch smoothing {
    case nil, .exponential: return largest
    case .mean, .gaussian: return 4 * largest
    case .median(let window):
      return 4 * largest + 2 * min(widest(window, pieces), MedianWindow.mostPoints)
    }
  }

  /// Points in the pieces that one window can touch.
  private static func widest(_ window: Double, _ pieces: [Piece]) -> Int {
    var first = 0
    var inside = 0
    var most = 0
    for piece in pieces {
      inside += piece.range.count
      while pieces[first].lastStep < piece.firstStep,
        Double(piece.firstStep) - Double(pieces[first].lastStep) > window
      {
        inside -= pieces[first].range.count
        first += 1
      }
      most = max(most, inside)
    }
    return most
  }
}
