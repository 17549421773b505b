/// Gives the values of one series at the steps of another. Rules: of several points at a step the one logged last counts;
/// where it is not finite, or there is none at the step, there is no value.
struct StepJoin: Sendable {
  private let index: SeriesIndex
  private let pieces: [Piece]

  /// - Parameter index: of the series whose values are wanted; its newest branch counts.
  init(_ index: SeriesIndex) {
    self.index = index
    pieces = index.branches.last?.pieces ?? []
  }

  /// The values at steps that do not go back; NaN where there is none. `read` unpacks a block by its id.
  func values(at steps: ArraySlice<Int64>, read: (Int64) throws -> PointColumns) throws -> [Double] {
    guard let first = steps.first else { return [] }
    var values = Array(repeating: Double.nan, count: steps.count)
    var piece = firstPiece(reaching: first)
    var loaded: (columns: PointColumns, range: Range<Int>)?
    var position = 0
    /// The last point met: at or before the step at hand.
    var latest: (step: Int64, value: Double)?
    for (place, step) in zip(values.indices, steps) {
      while piece < pieces.count, pieces[piece].firstStep <= step {
        let (columns, range) = try loaded ?? pieces[piece].points(of: read(index.blocks[pieces[piece].block].id))
        if loaded == nil {
          loaded = (columns, range)
          position = range.lowerBound
        }
        while position < range.upperBound, columns.steps[position] <= step {
          latest = (columns.steps[position], columns.values[position])
          position += 1
        }
        guard position == range.upperBound else { break }
        piece += 1
        loaded = nil
      }
      if let latest, latest.step == step, latest.value.isFinite { values[place] = latest.value }
    }
    return values
  }

  /// The first piece that does not lie before a step.
  private func firstPiece(reaching step: Int64) -> Int {
    var low = 0
    var high = pieces.count
    while low < high {
      let middle = (low + high) / 2
      if pieces[middle].lastStep < step { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
