import Events

/// Bars of several histograms brought to common edges, so that they can be drawn over each other.
///
/// A bar's count is spread evenly over its width; each bin takes its share. A bar without width goes as a whole to the bin
/// that holds it: bins hold their left edge, the last one also its right edge. Counts are kept: those of all bins, and
/// what lies outside, add up to those of the bars. Source: the histogram charts of TensorBoard, which use 30 bins.
public struct HistogramBinning: Sendable, Equatable {
  /// Ascending; bin i reaches from edge i to edge i + 1.
  public let edges: [Double]

  /// Counts of one histogram.
  public struct Counts: Sendable, Equatable {
    /// One for each bin.
    public var bins: [Double]
    /// What lies left of the first edge and right of the last.
    public var below: Double
    public var above: Double
  }

  /// The number of bins TensorBoard draws.
  public static let usualCount = 30

  /// Nil unless there are two edges or more, finite and ascending.
  public init?(edges: [Double]) {
    guard edges.count >= 2, edges.allSatisfy(\.isFinite), zip(edges, edges.dropFirst()).allSatisfy({ $0 < $1 }) else {
      return nil
    }
    self.edges = edges
  }

  /// Bins of equal width from `low` to `high`. Where the two are equal, the range is widened as TensorBoard does it, but
  /// so that it holds the number whatever its sign.
  /// There may be fewer bins than asked for where float64 has not as many numbers in between.
  public init?(count: Int, from low: Double, to high: Double) {
    guard count >= 1, low.isFinite, high.isFinite, low <= high else { return nil }
    let (low, high) = low == high ? Self.range(around: low) : (low, high)
    var edges: [Double] = []
    for index in 0..<count {
      // Parts of both ends: the difference of the two may be more than float64 holds.
      let part = Double(index) / Double(count)
      let width = high - low
      let edge = width.isFinite ? low + width * part : low * (1 - part) + high * part
      if edge > edges.last ?? -.infinity, edge < high { edges.append(edge) }
    }
    self.init(edges: edges + [high])
  }

  /// From x / 1.1 - 1 to 1.1 x + 1, as TensorBoard has it. Below -10 the second is lower than x, and soon than the first.
  private static func range(around number: Double) -> (low: Double, high: Double) {
    let largest = Double.greatestFiniteMagnitude
    let one = number / 1.1 - 1
    let other = max(-largest, min(largest, number * 1.1 + 1))
    return (min(one, other, number), max(one, other, number))
  }

  /// The range of a number of histograms: from the smallest left edge to the largest right edge.
  public struct Range: Sendable, Equatable {
    public private(set) var low: Double?
    public private(set) var high: Double?

    public init() {}

    /// Takes in a histogram's bars. Edges that are not finite are taken for the largest number of their sign.
    public mutating func add(_ rows: [HistogramRow]) {
      for row in rows {
        guard let (left, right) = HistogramBinning.ends(row) else { continue }
        low = min(low ?? left, left)
        high = max(high ?? right, right)
      }
    }
  }

  /// Sorts bars into the bins.
  public func counts(of rows: [HistogramRow]) -> Counts {
    var counts = Counts(bins: Array(repeating: 0, count: edges.count - 1), below: 0, above: 0)
    for row in rows where row.count > 0 && row.count.isFinite {
      guard let (left, right) = Self.ends(row) else { continue }
      add(row.count, left, right, to: &counts)
    }
    return counts
  }

  private func add(_ count: Double, _ left: Double, _ right: Double, to counts: inout Counts) {
    let last = edges[edges.count - 1]
    if left == right {
      if left < edges[0] {
        counts.below += count
      } else if left > last {
        counts.above += count
      } else {
        counts.bins[bin(of: left)] += count
      }
      return
    }
    // The part of the bar left of a place.
    func part(_ place: Double) -> Double {
      if place <= left { return 0 }
      if place >= right { return 1 }
      let width = right - left
      return width.isFinite ? (place - left) / width : (place / 2 - left / 2) / (right / 2 - left / 2)
    }
    counts.below += count * part(edges[0])
    counts.above += count * (1 - part(last))
    guard left < last, right > edges[0] else { return }
    var index = left <= edges[0] ? 0 : bin(of: left)
    var before = part(edges[index])
    while index < counts.bins.count, edges[index] < right {
      let after = part(edges[index + 1])
      counts.bins[index] += count * (after - before)
      before = after
      index += 1
    }
  }

  /// The bin that holds a number between the outer edges.
  private func bin(of number: Double) -> Int {
    var low = 0
    var high = edges.count - 1
    while high - low > 1 {
      let middle = (low + high) / 2
      if edges[middle] <= number { low = middle } else { high = middle }
    }
    return low
  }

  /// The ends of a bar as finite numbers in order; nil where neither is a number.
  fileprivate static func ends(_ row: HistogramRow) -> (left: Double, right: Double)? {
    func finite(_ edge: Double) -> Double {
      min(max(edge, -Double.greatestFiniteMagnitude), Double.greatestFiniteMagnitude)
    }
    if row.left.isNaN && row.right.isNaN { return nil }
    let left = finite(row.left.isNaN ? row.right : row.left)
    let right = finite(row.right.isNaN ? row.left : row.right)
    return (min(left, right), max(left, right))
  }
}
