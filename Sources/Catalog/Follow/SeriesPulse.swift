import GRDB

/// How a scalar series goes at present: its newest branch alone.
public struct SeriesPulse: Sendable, Equatable {
  public struct Point: Sendable, Equatable {
    public var step: Int64
    public var wallTime: Double
    public var value: Double
  }

  public var run: String
  public var tag: String
  public var points: Int
  public var last: Point
  /// From the last points that took time, at most 200; nil where none did.
  public var stepsPerSecond: Double?
  /// Values that are NaN or infinite, and the first of them.
  public var nonFinite: Int
  public var firstNonFinite: Point?
}

extension Catalog {
  /// How a scalar series goes; nil where there is none, or it has no points. Reads the last blocks, and those in which
  /// values are not finite for the first time.
  public func pulse(run: String, tag: String) throws -> SeriesPulse? {
    try store.read { database in
      guard let index = try cache.index(run: run, tag: tag, database), let branch = index.branches.last else {
        return nil
      }
      func points(_ piece: Piece) throws -> (columns: PointColumns, range: Range<Int>) {
        piece.points(of: try cache.points(index.blocks[piece.block].id, wallTimes: true, database))
      }
      func point(_ columns: PointColumns, _ position: Int) -> SeriesPulse.Point {
        SeriesPulse.Point(
          step: columns.steps[position], wallTime: columns.wallTimes[position], value: columns.values[position])
      }
      var latest: [SeriesPulse.Point] = []
      for piece in branch.pieces.reversed() where latest.count < 200 {
        let (columns, range) = try points(piece)
        latest = range.suffix(200 - latest.count).map { point(columns, $0) } + latest
      }
      guard let last = latest.last else { return nil }
      var pulse = SeriesPulse(run: run, tag: tag, points: 0, last: last, nonFinite: 0)
      if let first = latest.first, last.wallTime > first.wallTime {
        let steps = Double(last.step) - Double(first.step)
        pulse.stepsPerSecond = steps / (last.wallTime - first.wallTime)
      }
      for piece in branch.pieces {
        pulse.points += piece.count
        let summary = index.blocks[piece.block].summary
        guard summary.finite < summary.count else { continue }
        if piece.count == summary.count, pulse.firstNonFinite != nil {
          pulse.nonFinite += summary.count - summary.finite
          continue
        }
        let (columns, range) = try points(piece)
        for position in range where !columns.values[position].isFinite {
          pulse.nonFinite += 1
          pulse.firstNonFinite = pulse.firstNonFinite ?? point(columns, position)
        }
      }
      return pulse
    }
  }
}
