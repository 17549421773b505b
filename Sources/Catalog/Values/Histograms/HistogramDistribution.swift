import Events

/// What TensorBoard's distributions page draws of a histogram: the values below which certain parts of its counts lie.
///
/// Counts are summed up from the left; inside a bar, values are taken to lie evenly. Source:
/// tensorboard/plugins/distribution/compressor.py.
public enum HistogramDistribution {
  /// The parts TensorBoard draws, in basis points (hundredths of a percent): the smallest value, one and a half, one and
  /// half a standard deviation of a normal distribution to both sides of the median, and the largest value.
  public static let basisPoints = [0, 668, 1587, 3085, 5000, 6915, 8413, 9332, 10000]

  /// The value at each of some basis points, ascending ones, of which the last stands for everything. All are 0 where
  /// there are no bars.
  public static func values(of rows: [HistogramRow], at points: [Int] = basisPoints) -> [Double] {
    guard let first = rows.first, let last = rows.last, let whole = points.last else { return points.map { _ in 0 } }
    let total = rows.reduce(0) { $0 + weight($1) }
    var sums: [Double] = []
    sums.reserveCapacity(rows.count)
    var sum = 0.0
    for row in rows {
      sum += weight(row) * Double(whole) / (total == 0 ? 1 : total)
      sums.append(sum)
    }
    var values: [Double] = []
    var bar = 0
    for point in points {
      let point = Double(point)
      // The first bar with which more than this part is reached; bars without counts reach nothing.
      while bar < rows.count, sums[bar] <= point { bar += 1 }
      guard bar < rows.count else {
        values.append(last.right)
        continue
      }
      let before = bar > 0 ? sums[bar - 1] : 0
      let left = before == 0 ? first.left : max(rows[bar - 1].right, first.left)
      let right = min(rows[bar].right, last.right)
      values.append(left + (point - before) * (right - left) / (sums[bar] - before))
    }
    return values
  }

  /// A bar's count; what is no positive number counts nothing.
  private static func weight(_ row: HistogramRow) -> Double { row.count > 0 && row.count.isFinite ? row.count : 0 }
}
