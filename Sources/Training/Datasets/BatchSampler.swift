/// Draws batches of row numbers: every row once an epoch, in an order that is shuffled anew for each epoch.
///
/// The order depends on the seed and the row count alone, on every machine. The last rows of an epoch that do not fill
/// a batch are left out, as the usual TensorFlow 1 loop over `num_examples // batch_size` batches does.
public struct BatchSampler: Sendable {
  public let rowCount: Int
  public let batchSize: Int
  /// Whole batches in an epoch.
  public var batchesPerEpoch: Int { rowCount / batchSize }

  private var generator: SplitMix64
  private var order: [Int]
  private var next: Int

  /// - Parameters:
  ///   - rowCount: rows of the data set; at least 1.
  ///   - batchSize: rows of a batch; at least 1. A batch larger than the data set is cut to all rows.
  public init(rowCount: Int, batchSize: Int, seed: UInt64) {
    precondition(rowCount > 0 && batchSize > 0, "a batch needs rows")
    self.rowCount = rowCount
    self.batchSize = min(batchSize, rowCount)
    generator = SplitMix64(seed: seed)
    order = Array(0..<rowCount)
    next = rowCount
  }

  /// The rows of the next batch.
  public mutating func nextBatch() -> [Int] {
    if next + batchSize > batchesPerEpoch * batchSize { shuffle() }
    defer { next += batchSize }
    return Array(order[next..<next + batchSize])
  }

  /// Fisher–Yates with an unbiased choice of index. The standard library's `shuffle(using:)` would do, but its use of
  /// the generator is not fixed between versions, and batches must stay the same.
  private mutating func shuffle() {
    for last in stride(from: rowCount - 1, to: 0, by: -1) {
      order.swapAt(last, generator.next(below: last + 1))
    }
    next = 0
  }
}

/// SplitMix64 (G. Steele, D. Lea, C. Flood: "Fast splittable pseudorandom number generators", 2014): 64 bits of state,
/// a period of 2⁶⁴, and good enough to order examples.
struct SplitMix64: Sendable {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A number in `0..<bound`, each equally likely: the high half of a 128-bit product, with the few products that would
  /// favour some numbers drawn again (D. Lemire: "Fast random integer generation in an interval", 2019).
  mutating func next(below bound: Int) -> Int {
    let range = UInt64(bound)
    var product = next().multipliedFullWidth(by: range)
    if product.low < range {
      let threshold = (0 &- range) % range
      while product.low < threshold { product = next().multipliedFullWidth(by: range) }
    }
    return Int(product.high)
  }
}
