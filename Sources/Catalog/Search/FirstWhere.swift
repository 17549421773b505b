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
        if streak == 0 { start = Place(piece: number, position: piece.keepsLastOfStep ? 0 : piece.range.lowerBound) }
        streak += piece.count
        if streak >= count { return start }
        continue
      }
      let (columns, range) = try points(piece)
      let exact = condition.rounded(to: columns.values)
      for (offset, value) in columns.values.doubles(range).enumerated() {
        guard exact.holds(value) else {
          streak = 0
          continue
        }
        if streak == 0 { start = Place(piece: number, position: range.lowerBound + offset) }
        streak += 1
        if streak >= count { return start }
      }
    }
    return nil
  }
}
