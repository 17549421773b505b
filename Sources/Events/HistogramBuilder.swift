import CKernels
import Tensors

/// Counts values into TensorFlow's buckets: limits grow by 1.1 from 1e-12 to 1e20, mirrored for negative values. The
/// result is equal to what TensorFlow's HistogramSummary op writes, to the last bit when values come in the same order.
///
/// Values that are not finite are left out and counted apart. About 2 ns a value.
public struct HistogramBuilder: Sendable {
  private var counts = [UInt64](repeating: 0, count: Int(CK_HISTOGRAM_LIMITS))
  private var totals = ck_histogram_totals(
    min: .greatestFiniteMagnitude, max: -.greatestFiniteMagnitude, sum: 0, sum_squares: 0, nans: 0, infinities: 0)

  public init() {}

  /// Values met that were NaN.
  public var nans: Int { Int(totals.nans) }
  /// Values met that were infinite.
  public var infinities: Int { Int(totals.infinities) }

  public mutating func add(_ values: UnsafeBufferPointer<Float>) {
    guard let base = values.baseAddress else { return }
    ck_histogram_count_f32(base, values.count, &counts, &totals)
  }

  public mutating func add(_ values: UnsafeBufferPointer<Double>) {
    guard let base = values.baseAddress else { return }
    ck_histogram_count_f64(base, values.count, &counts, &totals)
  }

  public mutating func add(_ values: [Float]) { values.withUnsafeBufferPointer { add($0) } }
  public mutating func add(_ values: [Double]) { values.withUnsafeBufferPointer { add($0) } }

  /// The histogram of everything added. A run of empty buckets is one bucket with the run's last limit.
  public var histogram: Histogram {
    let limits = UnsafeBufferPointer(start: ck_histogram_limits(), count: counts.count)
    var kept: (limits: [Double], counts: [Double]) = ([], [])
    var total: UInt64 = 0
    for index in counts.indices {
      let count = counts[index]
      total += count
      let isInsideEmptyRun = count == 0 && index + 1 < counts.count && counts[index + 1] == 0
      if isInsideEmptyRun { continue }
      kept.limits.append(limits[index])
      kept.counts.append(Double(count))
    }
    return Histogram(
      min: totals.min, max: totals.max, num: Double(total), sum: totals.sum, sumSquares: totals.sum_squares,
      bucketLimits: kept.limits, bucketCounts: kept.counts)
  }
}

extension Histogram {
  /// The histogram TensorFlow makes of values; what is not finite is left out.
  public init(of values: [Float]) {
    var builder = HistogramBuilder()
    builder.add(values)
    self = builder.histogram
  }

  /// The histogram TensorFlow makes of values; what is not finite is left out.
  public init(of values: [Double]) {
    var builder = HistogramBuilder()
    builder.add(values)
    self = builder.histogram
  }
}
