extension BranchScan {
  /// The first of `count` points one after the other that all satisfy a condition.
  func first(where condition: PointCondition, times count: Int) throws -> Place? {
    var start: Place?
    var streak = 0
    for (number, piece) in pieces.enumerated() {
      let summary = summary(piece)
      guard condition.mayHold(in: summary) else {
        streak = 0
        continue
      }
      if condition.holdsThroughout(summary) {
        if streak == 0 { start = Place(piece: number, position: piece.range.lowerBound) }
        streak += piece.range.count
        if streak >= count { return start }
        continue
      }
      let values = try read(piece.block, false).values
      let exact = condition.rounded(to: values)
      for (offset, value) in values.doubles(piece.range).enumerated() {
        guard exact.holds(value) else {
          streak = 0
          continue
        }
        if streak == 0 { start = Place(piece: number, position: piece.range.lowerBound + offset) }
        streak += 1
        if streak >= count { return start }
      }
    }
    return nil
  }
}
