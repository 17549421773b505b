/// A matrix shrunk to a picture: each cell holds mean, smallest and largest of the values it stands for.
///
/// Non-finite values stay visible at every size: a cell that holds a NaN has mean NaN, one that holds an infinity has
/// an infinite mean (NaN where it holds both). Smallest and largest leave NaN out, and are NaN where nothing else is there.
public struct HeatMap: Equatable, Sendable {
  /// Rows and columns of the picture.
  public private(set) var height: Int
  public private(set) var width: Int
  /// Row-major, `height × width` each.
  public private(set) var mean: [Float]
  public private(set) var min: [Float]
  public private(set) var max: [Float]

  /// Of the matrix.
  public private(set) var rows: Int
  public private(set) var columns: Int

  private var sums: [Double]
  private var counts: [Int]
  /// The first column of each cell, and the number of columns.
  private let columnEdges: [Int]
  private var added = 0

  /// A picture of a matrix of `rows × columns`, at most `maximumHeight × maximumWidth` cells. Cells hold whole rows and
  /// columns, as evenly as that goes; a matrix that fits has one value a cell. Memory grows with the picture only.
  public init(rows: Int, columns: Int, maximumHeight: Int, maximumWidth: Int) {
    precondition(rows >= 0 && columns >= 0 && maximumHeight > 0 && maximumWidth > 0)
    self.rows = rows
    self.columns = columns
    let (height, width) = (Swift.min(rows, maximumHeight), Swift.min(columns, maximumWidth))
    self.height = height
    self.width = width
    columnEdges = (0...width).map { Self.firstIndex(ofCell: $0, count: columns, cells: width) }
    sums = [Double](repeating: 0, count: height * width)
    counts = [Int](repeating: 0, count: height * width)
    mean = [Float](repeating: .nan, count: height * width)
    min = mean
    max = mean
  }

  /// Where cell `cell` of `cells` begins: at index ⌈cell × count / cells⌉.
  public static func firstIndex(ofCell cell: Int, count: Int, cells: Int) -> Int {
    guard cells > 0 else { return 0 }
    let (quotient, remainder) = UInt(cells).dividingFullWidth(UInt(cell).multipliedFullWidth(by: UInt(count)))
    return Int(quotient) + (remainder > 0 ? 1 : 0)
  }

  /// Which of `cells` index `index` out of `count` falls into.
  public static func cell(of index: Int, count: Int, cells: Int) -> Int {
    Int(UInt(count).dividingFullWidth(UInt(index).multipliedFullWidth(by: UInt(cells))).quotient)
  }

  /// Adds values of one row of the matrix, from `column` on. Each value of the matrix is to be added once.
  public mutating func add(_ values: ArraySlice<Double>, row: Int, column: Int = 0) {
    precondition((0..<rows).contains(row) && column >= 0 && values.count <= columns - column)
    guard !values.isEmpty else { return }
    added += values.count
    let base = Self.cell(of: row, count: rows, cells: height) * width
    var place = Self.cell(of: column, count: columns, cells: width)
    var position = values.startIndex
    while position < values.endIndex {
      // All values that fall into one cell at once.
      let end = Swift.min(values.endIndex, position + columnEdges[place + 1] - (column + position - values.startIndex))
      add(values[position..<end], to: base + place)
      position = end
      place += 1
    }
  }

  private mutating func add(_ values: ArraySlice<Double>, to cell: Int) {
    var (sum, low, high) = (sums[cell], min[cell], max[cell])
    for value in values {
      sum += value
      if !value.isNaN {
        let narrow = Float(value)
        if !(low <= narrow) { low = narrow }
        if !(high >= narrow) { high = narrow }
      }
    }
    sums[cell] = sum
    min[cell] = low
    max[cell] = high
    counts[cell] += values.count
  }

  /// Call once after the last value.
  public mutating func finish() {
    precondition(added == rows * columns)
    for cell in sums.indices where counts[cell] > 0 { mean[cell] = Float(sums[cell] / Double(counts[cell])) }
  }

  /// The picture with rows and columns exchanged. Call after `finish`.
  public func transposed() -> HeatMap {
    var result = self
    (result.rows, result.columns) = (columns, rows)
    (result.height, result.width) = (width, height)
    for row in 0..<height {
      for column in 0..<width {
        let (from, to) = (row * width + column, column * height + row)
        result.mean[to] = mean[from]
        result.min[to] = min[from]
        result.max[to] = max[from]
      }
    }
    return result
  }

  /// Smallest and largest finite value of the matrix, as far as float32 holds them; nil where none is finite.
  public var range: (min: Float, max: Float)? {
    let lows = min.filter(\.isFinite)
    let highs = max.filter(\.isFinite)
    guard let low = (lows + highs).min(), let high = (lows + highs).max() else { return nil }
    return (low, high)
  }
}
