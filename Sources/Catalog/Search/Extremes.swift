extension BranchScan {
  /// The first of the smallest, or of the largest, finite values. One block is read, and those a restart cut.
  func extreme(largest: Bool) throws -> Place? {
    func isBetter(_ value: Double, than other: Double) -> Bool { largest ? value > other : value < other }
    var best: (value: Double, piece: Int)?
    for (number, piece) in pieces.enumerated() {
      let summary = summary(piece)
      guard let bound = largest ? summary.max : summary.min, best.map({ isBetter(bound, than: $0.value) }) ?? true
      else { continue }
      guard !isWhole(piece) else {
        best = (bound, number)
        continue
      }
      // What is left of a block may be less extreme than all of it.
      let finite = try values(piece).values.filter(\.isFinite)
      guard let value = largest ? finite.max() : finite.min(), best.map({ isBetter(value, than: $0.value) }) ?? true
      else { continue }
      best = (value, number)
    }
    guard let best else { return nil }
    return try place(in: best.piece, first: true) { $0 == best.value }
  }

  /// The first or the last finite value.
  func end(first: Bool) throws -> Place? {
    for number in first ? Array(pieces.indices) : pieces.indices.reversed() where summary(pieces[number]).finite > 0 {
      if let place = try place(in: number, first: first, where: \.isFinite) { return place }
    }
    return nil
  }

  /// The first or last value of a piece that is as asked.
  func place(in number: Int, first: Bool, where isWanted: (Double) -> Bool) throws -> Place? {
    let (values, start) = try values(pieces[number])
    let offset = first ? values.firstIndex(where: isWanted) : values.lastIndex(where: isWanted)
    return offset.map { Place(piece: number, position: start + $0) }
  }

  /// Where the first value that is not finite is, and how many of each kind there are. Of whole blocks the summaries
  /// tell; one block is read, and those a restart cut.
  func nonFinite() throws -> (first: Place?, nan: Int, positive: Int, negative: Int) {
    var counts = (nan: 0, positive: 0, negative: 0)
    var firstPiece: Int?
    for (number, piece) in pieces.enumerated() {
      let summary = summary(piece)
      guard summary.finite < summary.count else { continue }
      var found = (summary.nan, summary.positiveInfinity, summary.negativeInfinity)
      if !isWhole(piece) {
        found = (0, 0, 0)
        for value in try values(piece).values where !value.isFinite {
          if value.isNaN { found.0 += 1 } else if value > 0 { found.1 += 1 } else { found.2 += 1 }
        }
      }
      if firstPiece == nil, found != (0, 0, 0) { firstPiece = number }
      counts = (counts.nan + found.0, counts.positive + found.1, counts.negative + found.2)
    }
    let first = try firstPiece.flatMap { try place(in: $0, first: true) { !$0.isFinite } }
    return (first, counts.nan, counts.positive, counts.negative)
  }
}
