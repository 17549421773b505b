/// Which jumps count.
public enum JumpDirection: String, Sendable, CaseIterable {
  case up, down, either
}

extension BranchScan {
  /// The largest difference between a finite value and the finite value before it.
  struct Jump: Equatable {
    /// The value after the jump minus the one before.
    var change: Double
    var from: Place
    var to: Place
  }

  /// What a piece says without being read: no jump inside is larger than `span`.
  private struct Ends {
    var piece: Int
    var first: Double
    var last: Double
    var span: Double
  }

  /// The largest jump, of equal ones the first; nil where no value differs from the one before it in the direction asked
  /// for. Blocks are read in the order of the largest jump they can hold, until none can beat what was found.
  func largestJump(_ direction: JumpDirection) throws -> Jump? {
    func size(_ change: Double) -> Double {
      switch direction {
      case .up: change
      case .down: -change
      case .either: abs(change)
      }
    }
    let ends = try ends()
    var best: (size: Double, change: Double, piece: Int, from: Place?, to: Place?)?
    // Between one piece and the next.
    for (before, after) in zip(ends, ends.dropFirst()) {
      let change = after.first - before.last
      if size(change) > best?.size ?? 0 { best = (size(change), change, after.piece, nil, nil) }
    }
    for piece in ends.sorted(by: { ($0.span, $1.piece) > ($1.span, $0.piece) }) {
      if piece.span < best?.size ?? .leastNonzeroMagnitude { break }
      // The jump into a piece comes before those inside it.
      if let best, piece.span == best.size, piece.piece >= best.piece { continue }
      let (values, start) = try values(pieces[piece.piece])
      var previous: (value: Double, position: Int)?
      for (offset, value) in values.enumerated() where value.isFinite {
        let position = start + offset
        if let previous {
          let change = value - previous.value
          let isEarlier = best.map { size(change) == $0.size && piece.piece < $0.piece } ?? false
          if size(change) > best?.size ?? 0 || isEarlier {
            best = (
              size(change), change, piece.piece, Place(piece: piece.piece, position: previous.position),
              Place(piece: piece.piece, position: position)
            )
          }
        }
        previous = (value, position)
      }
    }
    guard let best else { return nil }
    if let from = best.from, let to = best.to { return Jump(change: best.change, from: from, to: to) }
    guard let index = ends.firstIndex(where: { $0.piece == best.piece }), index > 0,
      let from = try place(in: ends[index - 1].piece, first: false, where: \.isFinite),
      let to = try place(in: best.piece, first: true, where: \.isFinite)
    else { return nil }
    return Jump(change: best.change, from: from, to: to)
  }

  /// First and last finite value of every piece that has one, and how far its values lie apart.
  private func ends() throws -> [Ends] {
    try pieces.enumerated().compactMap { number, piece in
      let summary = summary(piece)
      if isWhole(piece) {
        guard let first = summary.first, let last = summary.last, let low = summary.min, let high = summary.max else {
          return nil
        }
        return Ends(piece: number, first: first, last: last, span: high - low)
      }
      guard summary.finite > 0 else { return nil }
      let finite = try values(piece).values.filter(\.isFinite)
      guard let first = finite.first, let last = finite.last, let low = finite.min(), let high = finite.max() else {
        return nil
      }
      return Ends(piece: number, first: first, last: last, span: high - low)
    }
  }
}
