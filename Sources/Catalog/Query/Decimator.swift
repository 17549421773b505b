/// How x falls into pixel columns: `floor((x - from) / (to - from) * width)`, the last column closed at its right end.
/// The rounding is the same for every caller and never decreases with x, so a stretch whose ends fall into one column
/// lies in it as a whole.
struct PixelColumns: Sendable {
  let from: Double
  let width: Int
  private let scale: Double

  init(from: Double, to: Double, width: Int) {
    self.from = from
    self.width = width
    let scale = Double(width) / (to - from)
    // A range of one point, or one too wide for its width to be a number.
    self.scale = scale.isFinite ? scale : 0
  }

  @inline(__always)
  func column(_ x: Double) -> Int {
    let position = (x - from) * scale
    guard position > 0 else { return 0 }
    return position >= Double(width) ? width - 1 : Int(position)
  }
}

/// First, smallest, largest and last of the finite values met so far.
struct Extent: Sendable {
  var first = Double.nan
  var last = Double.nan
  var min = Double.infinity
  var max = -Double.infinity

  var isEmpty: Bool { min > max }

  @inline(__always)
  mutating func add(_ value: Double) {
    if isEmpty { first = value }
    last = value
    min = value < min ? value : min
    max = value > max ? value : max
  }

  /// Adds a stretch of values if all of them are finite; otherwise adds nothing and gives false. About half a
  /// nanosecond a value: a long series has millions.
  mutating func add(_ values: [Double], _ range: Range<Int>) -> Bool {
    var low = Double.infinity
    var high = -Double.infinity
    var unordered = 0.0
    values.withUnsafeBufferPointer { values in
      for index in range {
        let value = values[index]
        low = value < low ? value : low
        high = value > high ? value : high
        // Stays 0 as long as values are finite: their difference to themselves is 0, of others NaN.
        unordered += value - value
      }
    }
    guard unordered == 0, let first = range.first, let last = range.last else { return false }
    add(first: values[first], last: values[last], min: low, max: high)
    return true
  }

  /// Adds a value whose place among the others is known.
  mutating func add(_ value: Double, isFirst: Bool, isLast: Bool) {
    if isFirst { first = value }
    if isLast { last = value }
    min = value < min ? value : min
    max = value > max ? value : max
  }

  mutating func add(first: Double, last: Double, min: Double, max: Double) {
    if isEmpty { self.first = first }
    self.last = last
    self.min = Swift.min(self.min, min)
    self.max = Swift.max(self.max, max)
  }
}

/// Gathers the points of one branch into pixel columns (M4: first, smallest, largest and last value of each), from
/// summaries where a whole stretch falls into one column and from points elsewhere. The picture drawn of the rows, one
/// column a pixel, is the picture of all points.
struct Decimator {
  private let columns: PixelColumns
  private let smooths: Bool
  private var values: [Extent]
  private var averages: [Extent]
  /// Of the last point of each column that is finite, or of its stretch.
  private var lastX: [Double]
  private var counts: [UInt32]
  private var gaps: [Int: SeriesAnswer.NonFinite] = [:]
  private(set) var nonFiniteCount = 0
  /// Of the first and last finite point of each column, where points come in any order.
  private var ends: [(low: Double, high: Double)] = []

  init(_ columns: PixelColumns, smooths: Bool) {
    self.columns = columns
    self.smooths = smooths
    values = Array(repeating: Extent(), count: columns.width)
    averages = smooths ? values : []
    lastX = Array(repeating: 0, count: columns.width)
    counts = Array(repeating: 0, count: columns.width)
  }

  /// Whether a stretch from one x to another can be added by its summary.
  func isOneColumn(_ low: Double, _ high: Double) -> Bool { columns.column(low) == columns.column(high) }

  /// Adds a stretch of finite values that lies in one column.
  mutating func add(_ summary: BlockSummary, average: SmoothedPiece?, lastX x: Double) {
    guard let first = summary.first, let last = summary.last, let low = summary.min, let high = summary.max else {
      return
    }
    let column = columns.column(x)
    values[column].add(first: first, last: last, min: low, max: high)
    lastX[column] = x
    counts[column] &+= UInt32(clamping: summary.count)
    if let average, let first = average.first, let last = average.last, let low = average.min, let high = average.max {
      averages[column].add(first: first, last: last, min: low, max: high)
    }
  }

  /// Adds a frame of finite values that lies in one column.
  mutating func add(_ frame: BlockFrame, points: Int) {
    let x = Double(frame.lastStep)
    let column = columns.column(x)
    values[column].add(first: frame.first, last: frame.last, min: frame.min, max: frame.max)
    lastX[column] = x
    counts[column] &+= UInt32(clamping: points)
  }

  /// Adds points, ascending in x; `averages` stand beside the values where there is smoothing.
  mutating func add(x: [Double], values: [Double], averages: [Double]) {
    var start = 0
    while start < x.count {
      let column = columns.column(x[start])
      let end = self.end(of: column, in: x, from: start)
      if self.values[column].add(values, start..<end) {
        lastX[column] = x[end - 1]
        if smooths { _ = self.averages[column].add(averages, start..<end) }
      } else {
        for index in start..<end {
          guard values[index].isFinite else {
            addGap(values[index], x[index], column)
            continue
          }
          self.values[column].add(values[index])
          lastX[column] = x[index]
          if smooths { self.averages[column].add(averages[index]) }
        }
      }
      counts[column] &+= UInt32(clamping: end - start)
      start = end
    }
  }

  /// Adds points in any order: first and last of a column are those by x, of equal x those that come first and last.
  /// Not to be mixed with what is added in order.
  mutating func addUnordered(x: [Double], values: [Double], averages: [Double]) {
    if ends.isEmpty { ends = Array(repeating: (.infinity, -.infinity), count: columns.width) }
    for index in x.indices {
      let column = columns.column(x[index])
      counts[column] &+= 1
      guard values[index].isFinite else {
        addGap(values[index], x[index], column)
        continue
      }
      let isFirst = x[index] < ends[column].low
      let isLast = x[index] >= ends[column].high
      self.values[column].add(values[index], isFirst: isFirst, isLast: isLast)
      if smooths { self.averages[column].add(averages[index], isFirst: isFirst, isLast: isLast) }
      if isFirst { ends[column].low = x[index] }
      if isLast {
        ends[column].high = x[index]
        lastX[column] = x[index]
      }
    }
  }

  /// Where the stretch of a column that begins at `start` ends.
  private func end(of column: Int, in x: [Double], from start: Int) -> Int {
    var low = start + 1
    var high = x.count
    while low < high {
      let middle = (low + high) / 2
      if columns.column(x[middle]) == column { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private mutating func addGap(_ value: Double, _ x: Double, _ column: Int) {
    nonFiniteCount += 1
    var gap = gaps[column] ?? SeriesAnswer.NonFinite(x: x, nan: 0, positive: 0, negative: 0)
    gap.x = ends.isEmpty ? x : Swift.max(gap.x, x)
    gap.count(value)
    gaps[column] = gap
  }

  /// Smallest and largest finite value.
  var range: (low: Double, high: Double) {
    (values.map(\.min).min() ?? .infinity, values.map(\.max).max() ?? -.infinity)
  }

  /// Writes the rows into an answer.
  func finish(_ answer: inout SeriesAnswer, base: Double) {
    let rows = (0..<columns.width).filter { !values[$0].isEmpty }
    answer.raw = false
    answer.base = base
    answer.x = rows.map { lastX[$0] }
    answer.first = rows.map { Float(values[$0].first - base) }
    answer.min = rows.map { Float(values[$0].min - base) }
    answer.max = rows.map { Float(values[$0].max - base) }
    answer.last = rows.map { Float(values[$0].last - base) }
    answer.points = rows.map { counts[$0] }
    if smooths {
      answer.smoothed = SeriesAnswer.Rows(
        first: rows.map { Float(averages[$0].first - base) }, min: rows.map { Float(averages[$0].min - base) },
        max: rows.map { Float(averages[$0].max - base) }, last: rows.map { Float(averages[$0].last - base) })
    }
    answer.nonFinite = gaps.sorted { $0.key < $1.key }.prefix(1000).map(\.value)
    answer.nonFiniteCount = nonFiniteCount
  }
}

extension SeriesAnswer.NonFinite {
  mutating func count(_ value: Double) {
    if value.isNaN { nan += 1 } else if value > 0 { positive += 1 } else { negative += 1 }
  }
}
