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
    /// The points of the piece at hand, once they are read.
    var known: (steps: ArraySlice<Int64>, values: [Double])?
    var position = 0
    /// The last point met: at or before the step at hand.
    var latest: (step: Int64, value: Double)?
    for (place, step) in zip(values.indices, steps) {
      while piece < pieces.count, pieces[piece].firstStep <= step {
        if known == nil {
          let (columns, range) = try pieces[piece].points(of: read(index.blocks[pieces[piece].block].id))
          let its = (steps: columns.steps[range], values: columns.values.doubles(range))
          // Most tags are logged at the same steps, once each, and lie in blocks of the same bounds.
          let isAlone = piece + 1 == pieces.count || pieces[piece + 1].firstStep > its.steps[range.upperBound - 1]
          if step == first, isAlone, its.steps == steps, steps.isStrictlyAscending {
            return its.values.map { $0.isFinite ? $0 : .nan }
          }
          known = its
          position = 0
        }
        guard let (its, values) = known else { break }
        let start = its.startIndex
        while position < values.count, its[start + position] <= step {
          latest = (its[start + position], values[position])
          position += 1
        }
        guard position == values.count else { break }
        piece += 1
        known = nil
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

extension ArraySlice<Int64> {
  fileprivate var isStrictlyAscending: Bool {
    withUnsafeBufferPointer { numbers in
      for index in 1..<Swift.max(numbers.count, 1) where numbers[index] <= numbers[index - 1] { return false }
      return true
    }
  }
}
