/// The mean of a window.
///
/// The sum is kept in two doubles (106 bits), so that what is added and removed later leaves next to nothing behind. Where
/// a value has left that was 2^40 times as large as all that is inside, the rest is added anew.
struct MeanWindow: WindowFilter {
  /// Keeps sums of the largest numbers finite.
  private static let scale = 0x1p-40

  let reach: Int64
  private var high = 0.0
  private var low = 0.0
  private var count = 0
  /// Of the absolute values.
  private var size = 0.0
  /// The largest absolute value since all was added.
  private var largest = 0.0

  init(reach: Int64) { self.reach = reach }

  mutating func add(_ value: Double, step: Int64) {
    let scaled = value * Self.scale
    accumulate(scaled)
    count += 1
    size += abs(scaled)
    largest = max(largest, abs(scaled))
  }

  mutating func remove(_ value: Double, step: Int64) {
    guard count > 1 else { return removeAll() }
    let scaled = value * Self.scale
    accumulate(-scaled)
    count -= 1
    size -= abs(scaled)
  }

  mutating func removeAll() { self = MeanWindow(reach: reach) }

  func output(at step: Int64) -> Double { (high / Double(count) + low / Double(count)) / Self.scale }

  var isWornOut: Bool { !(size >= largest * 0x1p-40) }

  /// Knuth's two-sum, then the error into the low part.
  private mutating func accumulate(_ value: Double) {
    let sum = high + value
    let part = sum - high
    let error = (high - (sum - part)) + (value - part)
    let rest = low + error
    high = sum + rest
    low = rest - (high - sum)
  }
}
