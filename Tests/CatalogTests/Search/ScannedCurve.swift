@testable import Catalog

/// A curve in small blocks, and how many of them were read.
final class ScannedCurve {
  let points: PointColumns
  private(set) var reads: [Int] = []
  private let blocks: [BlockReference]
  private let pieces: [Piece]
  private let starts: [Int]

  /// - Parameters:
  ///   - size: points a block.
  ///   - cut: points that a restart made void, as ranges of positions.
  init(_ points: PointColumns, size: Int, cut: [Range<Int>] = []) {
    self.points = points
    starts = Array(stride(from: 0, to: points.count, by: size))
    var blocks: [BlockReference] = []
    var pieces: [Piece] = []
    for (number, start) in starts.enumerated() {
      let range = start..<min(start + size, points.count)
      blocks.append(BlockReference(id: Int64(number), file: 0, summary: BlockSummary(points, range)))
      var position = range.lowerBound
      while position < range.upperBound {
        let isCut = { (position: Int) in cut.contains { $0.contains(position) } }
        let end = (position..<range.upperBound).first { isCut($0) != isCut(position) } ?? range.upperBound
        if !isCut(position) {
          pieces.append(
            Piece(
              block: number, range: position - start..<end - start, firstStep: points.steps[position],
              lastStep: points.steps[end - 1]))
        }
        position = end
      }
    }
    (self.blocks, self.pieces) = (blocks, pieces)
  }

  var scan: BranchScan {
    BranchScan(blocks: blocks, pieces: pieces) { [self] number, _ in
      reads.append(number)
      let range = starts[number]..<(number + 1 < starts.count ? starts[number + 1] : points.count)
      return points.slice(range)
    }
  }

  var blockCount: Int { blocks.count }

  func forget() { reads = [] }

  /// Values at steps 0, 1, 2, …, a second apart.
  convenience init(_ values: [Double], size: Int, cut: [Range<Int>] = []) {
    self.init(Self.columns(values), size: size, cut: cut)
  }

  static func columns(_ values: [Double]) -> PointColumns {
    PointColumns(
      steps: values.indices.map { Int64($0) }, wallTimes: values.indices.map { 100 + Double($0) },
      values: .float64(values))
  }
}
