/// The averages along one branch, piece by piece, for the length of a query.
final class SmoothedBranch {
  private enum Method {
    /// The values are their own averages.
    case none
    case exponential(ExponentialPieces)
    case window
  }

  private let reader: BranchReader
  private let smoothing: Smoothing
  private let method: Method
  /// Pieces whose steps ascend, from one to the next too: a window runs along these.
  private var stretch: Range<Int> = 0..<0
  private var window: WindowSmoother?

  init(_ reader: BranchReader, _ smoothing: Smoothing) throws {
    self.reader = reader
    self.smoothing = smoothing
    switch smoothing {
    case .exponential(let weight):
      // There is nothing to draw beside values that are all the same, and a rounded average would.
      if try reader.isConstant() {
        method = .none
      } else {
        let key = SmoothingCache.ExponentialKey(
          series: reader.index.id, rule: reader.rule, branch: reader.number, weight: weight)
        let pieces = reader.branch.pieces
        method = .exponential(
          try reader.cache.averages.exponential(key) {
            try $0.run(along: pieces.map { PieceIdentity($0, reader.index) }) { try reader.points(pieces[$0]) }
          })
      }
    case .mean, .median, .gaussian: method = .window
    }
  }

  /// What the averages over a piece span.
  func span(of number: Int) throws -> SmoothedPiece {
    switch method {
    case .none: return SmoothedPiece(unsmoothed: reader.summary(reader.branch.pieces[number]))
    case .exponential(let pieces): return pieces.spans[number]
    case .window:
      let key = key(of: number)
      if let span = reader.cache.averages.span(key) { return span }
      return try compute(number, key).span
    }
  }

  /// The averages over a piece; of a value that is not finite, itself.
  func averages(of number: Int, values: [Double]) throws -> [Double] {
    switch method {
    case .none: return values
    case .exponential(let pieces):
      var averages = values
      var running = pieces.before[number]
      for position in averages.indices where averages[position].isFinite {
        averages[position] = running.next(averages[position])
      }
      return averages
    case .window:
      let key = key(of: number)
      return try reader.cache.averages.averages(key) ?? compute(number, key).averages
    }
  }

  // MARK: Windows

  private func compute(
    _ number: Int, _ key: SmoothingCache.WindowKey
  ) throws -> (averages: [Double], span: SmoothedPiece) {
    func read(_ number: Int) throws -> (steps: [Int64], values: [Double]) {
      let (columns, range) = try reader.points(reader.branch.pieces[stretch.lowerBound + number])
      return (Array(columns.steps[range]), columns.values.doubles(range))
    }
    let averages = try window?.averages(of: number - stretch.lowerBound, read: read) ?? []
    let span = SmoothedPiece(averages, beside: try read(number - stretch.lowerBound).values)
    reader.cache.averages.set(averages, asSingle: reader.index.dtype == "float32", span, for: key)
    return (averages, span)
  }

  private func key(of number: Int) -> SmoothingCache.WindowKey {
    let pieces = reader.branch.pieces
    if !stretch.contains(number) {
      stretch = Self.stretch(around: number, pieces)
      window = WindowSmoother(smoothing, along: Array(pieces[stretch]))
    }
    let near = window?.neighbourhood(of: number - stretch.lowerBound) ?? 0...0
    return SmoothingCache.WindowKey(
      smoothing: smoothing, rule: reader.rule, piece: PieceIdentity(pieces[number], reader.index),
      first: PieceIdentity(pieces[stretch.lowerBound + near.lowerBound], reader.index),
      last: PieceIdentity(pieces[stretch.lowerBound + near.upperBound], reader.index), neighbours: near.count)
  }

  /// Old branches that were joined go back in steps where one ends.
  private static func stretch(around number: Int, _ pieces: [Piece]) -> Range<Int> {
    var low = number
    var high = number + 1
    while low > 0, pieces[low - 1].lastStep <= pieces[low].firstStep { low -= 1 }
    while high < pieces.count, pieces[high - 1].lastStep <= pieces[high].firstStep { high += 1 }
    return low..<high
  }
}
