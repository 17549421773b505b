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
  /// The cell of each column of the matrix.
  private let cellOfColumn: [Int]
  private var rowsAdded = 0

  /// A picture of a matrix of `rows × columns`, at most `maximumHeight × maximumWidth` cells. Cells hold whole rows and
  /// columns, as evenly as that goes; a matrix that fits has one value a cell.
  public init(rows: Int, columns: Int, maximumHeight: Int, maximumWidth: Int) {
    precondition(rows >= 0 && columns >= 0 && maximumHeight > 0 && maximumWidth > 0)
    self.rows = rows
    self.columns = columns
    let (height, width) = (Swift.min(rows, maximumHeight), Swift.min(columns, maximumWidth))
    self.height = height
    self.width = width
    cellOfColumn = (0..<columns).map { Self.cell(of: $0, count: columns, cells: width) }
    sums = [Double](repeating: 0, count: height * width)
    counts = [Int](repeating: 0, count: height * width)
    mean = [Float](repeating: .nan, count: height * width)
    min = mean
    max = mean
  }

  /// Which of `cells` index `index` out of `count` falls into: cell k begins at index ⌈k × count / cells⌉.
  public static func cell(of index: Int, count: Int, cells: Int) -> Int {
    let product = UInt(index).multipliedFullWidth(by: UInt(cells))
    return Int(UInt(count).dividingFullWidth(product).quotient)
  }

  /// Adds the next row of the matrix.
  public mutating func addRow(_ values: some RandomAccessCollection<Double>) {
    precondition(rowsAdded < rows && values.count == columns)
    let base = Self.cell(of: rowsAdded, count: rows, cells: height) * width
    for (value, column) in zip(values, cellOfColumn) {
      let cell = base + column
      sums[cell] += value
      counts[cell] += 1
      if !value.isNaN {
        let narrow = Float(value)
        if !(min[cell] <= narrow) { min[cell] = narrow }
        if !(max[cell] >= narrow) { max[cell] = narrow }
      }
    }
    rowsAdded += 1
  }

  /// Call once after the last row.
  public mutating func finish() {
    precondition(rowsAdded == rows)
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
