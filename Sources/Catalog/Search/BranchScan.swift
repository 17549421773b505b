/// The points of one branch of a series for searches, which look at the summaries of blocks first and read only blocks
/// that can hold the answer.
struct BranchScan {
  let blocks: [BlockReference]
  /// Stretches of points in order; their steps do not go back.
  private(set) var pieces: [Piece]
  /// Unpacks a block, given its number; wall times only where they are asked for.
  let read: (_ block: Int, _ wallTimes: Bool) throws -> PointColumns

  init(
    blocks: [BlockReference], pieces: [Piece], read: @escaping (_ block: Int, _ wallTimes: Bool) throws -> PointColumns
  ) {
    self.blocks = blocks
    self.pieces = pieces
    self.read = read
  }

  /// Leaves out points before or after some steps; at most the two blocks at the ends are read.
  mutating func narrow(from: Int64?, to: Int64?) throws {
    let (from, to) = (from ?? .min, to ?? .max)
    pieces = try pieces.compactMap { piece in
      guard piece.lastStep >= from, piece.firstStep <= to else { return nil }
      func steps(_ block: Int) throws -> [Int64] { try read(block, false).steps }
      guard let rest = try piece.split(at: from, steps: steps).rest else { return nil }
      return to == .max ? rest : try rest.split(at: to + 1, steps: steps).below
    }
  }

  func summary(_ piece: Piece) -> BlockSummary { blocks[piece.block].summary }

  /// Whether a piece is all of its block, so that the block's summary is its own.
  func isWhole(_ piece: Piece) -> Bool { piece.count == summary(piece).count }

  /// The points of a piece, and where they are in the columns given.
  func points(_ piece: Piece, wallTimes: Bool = false) throws -> (columns: PointColumns, range: Range<Int>) {
    piece.points(of: try read(piece.block, wallTimes))
  }

  /// The values of a piece, and the position of the first of them.
  func values(_ piece: Piece) throws -> (values: [Double], start: Int) {
    let (columns, range) = try points(piece)
    return (columns.values.doubles(range), range.lowerBound)
  }

  /// A point by its place.
  struct Place: Equatable {
    /// In ``pieces``.
    var piece: Int
    /// In the columns that ``points(_:wallTimes:)`` gives.
    var position: Int
  }

  func point(at place: Place) throws -> FoundPoint {
    let columns = try points(pieces[place.piece], wallTimes: true).columns
    return FoundPoint(
      step: columns.steps[place.position], wallTime: columns.wallTimes[place.position],
      value: columns.values[place.position], dtype: columns.values.dtype)
  }
}

/// A point that a search came upon.
public struct FoundPoint: Sendable, Equatable {
  public var step: Int64
  /// Seconds since 1970.
  public var wallTime: Double
  public var value: Double
  /// `float32`, `float64` or `int64`: how many digits of the value are meant.
  public var dtype: String
}
