import CKernels

/// What a tensor's values look like as a whole.
///
/// Everything but `nan` and `inf` is over the finite values, so one NaN hides nothing. Bool counts as 0 and 1; of
/// complex tensors the statistics are of the magnitudes; string, resource and variant tensors have none (`count` only).
public struct TensorStatistics: Equatable, Sendable {
  /// Equal bins from the smallest to the largest finite value.
  public struct Histogram: Equatable, Sendable {
    /// One more than there are bins, ascending.
    public var edges: [Double]
    public var counts: [UInt64]

    public init(edges: [Double], counts: [UInt64]) {
      self.edges = edges
      self.counts = counts
    }
  }

  public static let histogramBins = 64

  /// Elements, whatever their values.
  public var count = 0
  /// nil where no value is finite.
  public var min: Double?
  public var max: Double?
  public var mean: Double?
  /// Standard deviation of the values themselves (divided by n, as NumPy's `std`).
  public var std: Double?
  /// Euclidean length.
  public var l2: Double?
  public var nan = 0
  public var inf = 0
  public var zeros = 0
  /// The extremes in the tensor's own type, exact where a double is not (64-bit integers).
  public var minValue: ScalarValue?
  public var maxValue: ScalarValue?
  /// nil where no value is finite.
  public var histogram: Histogram?

  public init() {}
}

/// Takes a tensor's bytes in pieces and makes its statistics, with memory for one block.
///
/// Use: `add` all bytes; then, for the histogram, call `startHistogram` and `addToHistogram` all bytes once more; then
/// `finish`. Pieces hold whole elements.
public struct TensorStatisticsAccumulator: Sendable {
  /// Elements converted at a time: 16 KiB of doubles, which stay in the first-level cache.
  private static let blockSize = 2048

  private let dtype: DataType
  private var statistics = TensorStatistics()
  private var finite = 0
  private var low = Double.infinity
  private var high = -Double.infinity
  private var sum = CompensatedSum()
  /// Mean and squared deviations of the blocks so far (Chan, Golub and LeVeque's way to join two sets).
  private var runningMean = 0.0
  private var deviations = 0.0
  private var exact: ExactIntegers?
  private var histogramScale = 0.0
  private var counts: [UInt64]?

  public init(dtype: DataType) {
    self.dtype = dtype
    if dtype == .int64 || dtype == .uint64 { exact = ExactIntegers() }
  }

  /// Whether values of this type have statistics.
  public static func hasStatistics(_ dtype: DataType) -> Bool { dtype.byteWidth != nil }

  public mutating func add(_ bytes: UnsafeRawBufferPointer) {
    if exact != nil { exact?.add(bytes, isSigned: dtype == .int64) }
    var blocks = self
    Self.forEachBlock(of: bytes, dtype: dtype) { blocks.addBlock($0) }
    self = blocks
  }

  private mutating func addBlock(_ values: UnsafeBufferPointer<Double>) {
    var block = ck_block_statistics()
    ck_block_statistics_f64(values.baseAddress, values.count, &block)
    statistics.count += values.count
    statistics.nan += block.nans
    statistics.inf += block.infinities
    statistics.zeros += block.zeros
    guard block.finite > 0 else { return }
    low = Swift.min(low, block.min)
    high = Swift.max(high, block.max)
    sum.add(block.sum)
    let joined = finite + block.finite
    let blockMean = block.sum / Double(block.finite)
    let difference = blockMean - runningMean
    let share = Double(block.finite) / Double(joined)
    deviations += block.deviations + difference * difference * Double(finite) * share
    runningMean += difference * share
    finite = joined
  }

  /// Ends the first pass. A histogram needs the extremes, so the values have to come once more.
  public mutating func startHistogram() {
    guard finite > 0 else { return }
    counts = [UInt64](repeating: 0, count: TensorStatistics.histogramBins)
    let (first, last) = histogramRange
    let width = last / Double(TensorStatistics.histogramBins) - first / Double(TensorStatistics.histogramBins)
    histogramScale = width > 0 && width.isFinite ? 1 / width : 0
    if !histogramScale.isFinite { histogramScale = 0 }
  }

  public mutating func addToHistogram(_ bytes: UnsafeRawBufferPointer) {
    guard var counts else { return }
    self.counts = nil
    let first = histogramRange.first
    let scale = histogramScale
    Self.forEachBlock(of: bytes, dtype: dtype) {
      ck_linear_histogram_f64($0.baseAddress, $0.count, first, scale, counts.count, &counts)
    }
    self.counts = counts
  }

  public func finish() -> TensorStatistics {
    var result = statistics
    guard finite > 0 else { return result }
    let mean = exact.map { Double($0.sum) / Double(finite) } ?? sum.total / Double(finite)
    result.min = low
    result.max = high
    result.mean = mean
    result.std = (deviations / Double(finite)).squareRoot()
    result.l2 = (deviations + Double(finite) * runningMean * runningMean).squareRoot()
    result.minValue = exact?.value(\.min, isSigned: dtype == .int64) ?? value(low)
    result.maxValue = exact?.value(\.max, isSigned: dtype == .int64) ?? value(high)
    if let counts {
      let (first, last) = histogramRange
      let bins = Double(counts.count)
      let edges = (0...counts.count).map { index -> Double in
        // Weighted ends, so that a range wider than the largest double does not overflow.
        let part = Double(index) / bins
        return index == counts.count ? last : first * (1 - part) + last * part
      }
      result.histogram = TensorStatistics.Histogram(edges: edges, counts: counts)
    }
    return result
  }

  /// The extremes; where all values are equal, half a unit to either side (more where that is too little to tell apart).
  private var histogramRange: (first: Double, last: Double) {
    guard low == high else { return (low, high) }
    let margin = Swift.max(0.5, low.ulp * Double(TensorStatistics.histogramBins))
    return (low - margin, high + margin)
  }

  /// A value that came from this type, in this type.
  private func value(_ number: Double) -> ScalarValue {
    switch dtype {
    case .float32, .float16, .bfloat16, .complex64: .float(Float(number))
    case .int8, .int16, .int32, .int64, .qint8, .qint16, .qint32: .integer(Int64(number))
    case .uint8, .uint16, .uint32, .uint64, .quint8, .quint16: .unsigned(UInt64(number))
    case .bool: .unsigned(UInt64(number))
    case .float64, .complex128, .string, .resource, .variant: .double(number)
    }
  }

  /// Calls `body` with the elements as doubles, a block at a time.
  static func forEachBlock(
    of bytes: UnsafeRawBufferPointer, dtype: DataType, _ body: (UnsafeBufferPointer<Double>) -> Void
  ) {
    guard let width = dtype.byteWidth else { return }
    let count = bytes.count / width
    withUnsafeTemporaryAllocation(of: Double.self, capacity: blockSize) { block in
      block.initialize(repeating: 0)
      var start = 0
      while start < count {
        let size = Swift.min(blockSize, count - start)
        let part = UnsafeRawBufferPointer(rebasing: bytes[start * width..<(start + size) * width])
        let target = UnsafeMutableBufferPointer(rebasing: block[..<size])
        DoubleConversion.convert(part, dtype: dtype, to: target)
        body(UnsafeBufferPointer(target))
        start += size
      }
    }
  }
}

extension Tensor {
  /// The statistics of the tensor's values, with a histogram.
  public func statistics() -> TensorStatistics {
    guard dtype.byteWidth != nil else {
      var statistics = TensorStatistics()
      statistics.count = elementCount
      return statistics
    }
    var accumulator = TensorStatisticsAccumulator(dtype: dtype)
    withUnsafeBytes {
      accumulator.add($0)
      accumulator.startHistogram()
      accumulator.addToHistogram($0)
    }
    return accumulator.finish()
  }
}

/// Neumaier's sum: carries what each addition rounds away.
struct CompensatedSum: Sendable {
  private var sum = 0.0
  private var lost = 0.0

  mutating func add(_ value: Double) {
    let next = sum + value
    lost += abs(sum) >= abs(value) ? (sum - next) + value : (value - next) + sum
    sum = next
  }

  /// After an overflow the carried part is meaningless, so the plain sum is given.
  var total: Double { sum.isFinite && lost.isFinite ? sum + lost : sum }
}

/// Sum and extremes of 64-bit integers, which doubles would round.
private struct ExactIntegers: Sendable {
  var sum: Int128 = 0
  var min: Int128 = .max
  var max: Int128 = .min

  mutating func add(_ bytes: UnsafeRawBufferPointer, isSigned: Bool) {
    for offset in stride(from: 0, to: bytes.count - 7, by: 8) {
      let bits = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      let value = isSigned ? Int128(Int64(bitPattern: bits)) : Int128(bits)
      sum += value
      min = Swift.min(min, value)
      max = Swift.max(max, value)
    }
  }

  func value(_ field: KeyPath<ExactIntegers, Int128>, isSigned: Bool) -> ScalarValue {
    isSigned ? .integer(Int64(self[keyPath: field])) : .unsigned(UInt64(self[keyPath: field]))
  }
}
