/// How the points of a series are sorted into branches.
enum BranchRule: Hashable, Sendable {
  /// The newest branch, and beside it what restarts have cut off.
  case lineage
  /// What TensorBoard's Python reader keeps.
  case tensorBoard
  /// What TensorBoard's data server keeps.
  case dataServer
}

extension BranchSelection {
  var rule: BranchRule {
    switch self {
    case .newest, .all: .lineage
    case .tensorboard: .tensorBoard
    case .dataServer: .dataServer
    }
  }
}

/// Sorts the pieces of a series into branches, in the order they were logged. `steps` gives the steps of a block.
protocol BranchBuilder {
  /// What follows is in this file.
  mutating func begin(_ file: SeriesFile)
  /// A session log entry that was logged before the piece that comes next.
  mutating func session(_ session: SeriesFile.Session, steps: (Int) throws -> [Int64]) throws
  /// One that no point of the file follows.
  mutating func sessionAfterAllPoints(_ session: SeriesFile.Session, steps: (Int) throws -> [Int64]) throws
  mutating func append(_ piece: Piece, steps: (Int) throws -> [Int64]) throws
  /// Oldest first.
  var branches: [Branch] { get }
}

extension Piece {
  /// Parts the piece at a step: what lies below it, and the rest; nil where there is none of it.
  func split(at step: Int64, steps: (Int) throws -> [Int64]) throws -> (below: Piece?, rest: Piece?) {
    if lastStep < step { return (self, nil) }
    if firstStep >= step { return (nil, self) }
    let steps = try steps(block)
    let position = firstIndex(in: steps, notBelow: step)
    return (part(range.lowerBound..<position, steps), part(position..<range.upperBound, steps))
  }

  /// A copy of which only the last point of each step counts.
  func keepingLastOfStep(steps: (Int) throws -> [Int64]) throws -> Piece {
    let steps = try steps(block)
    var repeats = 0
    for position in range.dropLast() where steps[position] == steps[position + 1] { repeats += 1 }
    var piece = self
    piece.keepsLastOfStep = repeats > 0
    piece.count = range.count - repeats
    return piece
  }

  private func part(_ range: Range<Int>, _ steps: [Int64]) -> Piece {
    var piece = Piece(
      block: block, range: range, firstStep: steps[range.lowerBound], lastStep: steps[range.upperBound - 1])
    if keepsLastOfStep {
      // All points of a step lie on one side, so that what is the last of it stays so.
      piece.keepsLastOfStep = true
      for position in range.dropLast() where steps[position] == steps[position + 1] { piece.count -= 1 }
    }
    return piece
  }

  /// The first position whose step is at least `step`.
  private func firstIndex(in steps: [Int64], notBelow step: Int64) -> Int {
    var low = range.lowerBound
    var high = range.upperBound
    while low < high {
      let middle = (low + high) / 2
      if steps[middle] < step { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
