/// What is wrong with the pieces of a tensor where two of them hold the same element. Then nobody can say which is right,
/// and counting elements no longer tells whether all are there.
enum PieceOverlap: Equatable {
  /// Two pieces that overlap, by their numbers.
  case pair(Int, Int)
  /// So many pieces, and so interleaved, that comparing them would take too long; no program stores tensors so.
  case tooManyToCompare

  /// Comparisons spent on one piece on average. A grid of 60,000 pieces stays below it.
  private static let comparisonsPerPiece = 256

  /// The first overlap found; nil where every element lies in at most one piece. All pieces have the same rank.
  ///
  /// A sweep along the axis with the most different starts: each piece is compared with those begun before it that have
  /// not ended yet.
  static func find(among pieces: [[Range<Int>]]) -> PieceOverlap? {
    // Pieces without elements overlap nothing.
    let numbers = pieces.indices.filter { number in !pieces[number].contains(where: \.isEmpty) }
    guard numbers.count > 1 else { return nil }
    let starts = pieces[numbers[0]].indices.map { axis in Set(numbers.map { pieces[$0][axis].lowerBound }).count }
    // Scalars have one place, which all of them hold.
    guard let axis = starts.indices.max(by: { starts[$0] < starts[$1] }) else { return .pair(numbers[0], numbers[1]) }
    let (comparisonLimit, overflow) = numbers.count.multipliedReportingOverflow(by: comparisonsPerPiece)
    var left = overflow ? Int.max : comparisonLimit
    var open: [Int] = []
    for number in numbers.sorted(by: { pieces[$0][axis].lowerBound < pieces[$1][axis].lowerBound }) {
      open.removeAll { pieces[$0][axis].upperBound <= pieces[number][axis].lowerBound }
      left -= open.count
      if left < 0 { return .tooManyToCompare }
      for other in open where overlap(pieces[number], pieces[other]) { return .pair(other, number) }
      open.append(number)
    }
    return nil
  }

  private static func overlap(_ a: [Range<Int>], _ b: [Range<Int>]) -> Bool {
    for axis in a.indices where !a[axis].overlaps(b[axis]) { return false }
    return true
  }

  /// As the end of a sentence about a tensor.
  func reason(_ pieces: [[Range<Int>]]) -> String {
    func text(_ piece: Int) -> String {
      "[" + pieces[piece].map { "\($0.lowerBound):\($0.upperBound)" }.joined(separator: ",") + "]"
    }
    switch self {
    case .pair(let first, let second):
      return "its stored slices \(text(first)) and \(text(second)) overlap, so its values are ambiguous"
    case .tooManyToCompare:
      return "its \(pieces.count) stored slices are too interleaved to tell whether they overlap"
    }
  }
}
