import GRDB

extension BranchReader {
  /// Whether a piece may be added to a picture frame by frame: a whole block along which steps are the x axis.
  func hasFrames(_ piece: Piece) -> Bool {
    axis == .step && isWhole(piece) && piece.count > BitPacking.frameLanes
  }

  /// Adds a piece that several pixel columns share. Frames that lie in one column are added by what the block says of
  /// them; only those that a column's border or an end of the range cuts are unpacked.
  func addFrames(_ number: Int, from: Double, to: Double, to decimator: inout Decimator) throws {
    let piece = branch.pieces[number]
    var previous = piece.firstStep
    /// Of each frame: a step at or before its first, and its last.
    func bounds(_ frames: [BlockFrame]) -> [(low: Double, high: Double)] {
      previous = piece.firstStep
      return frames.map { frame in
        defer { previous = frame.lastStep }
        return (Double(previous), Double(frame.lastStep))
      }
    }
    func isCut(_ frame: BlockFrame, _ bounds: (low: Double, high: Double)) -> Bool {
      guard bounds.high >= from, bounds.low <= to else { return false }
      return !frame.isFinite || bounds.low < from || bounds.high > to
        || !decimator.isOneColumn(bounds.low, bounds.high)
    }
    let block = try cache.frames(
      index.blocks[piece.block].id,
      needed: { frames in
        let bounds = bounds(frames)
        return frames.indices.filter { isCut(frames[$0], bounds[$0]) }
      }, database)
    for (index, (frame, bounds)) in zip(block.frames, bounds(block.frames)).enumerated() {
      guard bounds.high >= from, bounds.low <= to else { continue }
      guard isCut(frame, bounds), let points = block.points[index] else {
        let count = min(BitPacking.frameLanes, piece.count - index * BitPacking.frameLanes)
        decimator.add(frame, points: count)
        continue
      }
      var xs = points.steps.map(Double.init)
      var values = points.values.doubles
      if bounds.low < from || bounds.high > to {
        let inside = xs.indices.filter { xs[$0] >= from && xs[$0] <= to }
        values = inside.map { values[$0] }
        xs = inside.map { xs[$0] }
      }
      decimator.add(x: xs, values: values, averages: [])
    }
  }
}
