#if canImport(Glibc)
  import Glibc
#else
  import Foundation
#endif

/// The stream of one random op in one session: fills outputs as TensorFlow's kernels do, and moves on.
///
/// A run that makes n numbers reads blocks from the stream's position on and then skips 256 blocks a number, as
/// TensorFlow reserves them. So the numbers of a run do not depend on how many threads made the ones before.
struct RandomStream: Sendable {
  let philox: Philox
  private var position: UInt64 = 0

  /// Blocks reserved for each output number.
  private static let blocksPerOutput: UInt64 = 256

  init(seed: UInt64, seed2: UInt64) {
    philox = Philox(seed: seed, seed2: seed2)
  }

  mutating func advance(outputs count: Int) -> UInt64 {
    defer { position &+= UInt64(count) &* Self.blocksPerOutput }
    return position
  }

  /// Calls `body` with each block and the index of its first word among `count` outputs of `perBlock` a block.
  @inline(__always)
  private func blocks(from start: UInt64, count: Int, perBlock: Int, _ body: (Int, SIMD4<UInt32>) -> Void) {
    var index = 0
    var block = start
    while index < count {
      body(index, philox.block(block))
      index += perBlock
      block &+= 1
    }
  }

  /// `RandomUniform`: in [0, 1).
  mutating func uniform(into output: UnsafeMutableBufferPointer<Float>) {
    blocks(from: advance(outputs: output.count), count: output.count, perBlock: 4) { index, words in
      for lane in 0..<min(4, output.count - index) { output[index + lane] = PhiloxDistribution.uniform(words[lane]) }
    }
  }

  mutating func uniform(into output: UnsafeMutableBufferPointer<Double>) {
    blocks(from: advance(outputs: output.count), count: output.count, perBlock: 2) { index, words in
      output[index] = PhiloxDistribution.uniform(words[0], words[1])
      if index + 1 < output.count { output[index + 1] = PhiloxDistribution.uniform(words[2], words[3]) }
    }
  }

  /// `RandomUniformInt`: in [low, high). The remainder of a word is slightly biased, as TensorFlow's is.
  /// - Precondition: `low < high`.
  mutating func uniform(into output: UnsafeMutableBufferPointer<Int32>, low: Int32, high: Int32) {
    let range = UInt32(bitPattern: high) &- UInt32(bitPattern: low)
    blocks(from: advance(outputs: output.count), count: output.count, perBlock: 4) { index, words in
      for lane in 0..<min(4, output.count - index) {
        output[index + lane] = low &+ Int32(bitPattern: words[lane] % range)
      }
    }
  }

  mutating func uniform(into output: UnsafeMutableBufferPointer<Int64>, low: Int64, high: Int64) {
    let range = UInt64(bitPattern: high) &- UInt64(bitPattern: low)
    blocks(from: advance(outputs: output.count), count: output.count, perBlock: 2) { index, words in
      for lane in 0..<min(2, output.count - index) {
        let wide = UInt64(words[2 * lane]) | UInt64(words[2 * lane + 1]) << 32
        output[index + lane] = low &+ Int64(bitPattern: wide % range)
      }
    }
  }

  /// `RandomStandardNormal`: mean 0, standard deviation 1.
  mutating func normal(into output: UnsafeMutableBufferPointer<Float>) {
    blocks(from: advance(outputs: output.count), count: output.count, perBlock: 4) { index, words in
      let (a, b) = PhiloxDistribution.normal(words[0], words[1])
      let (c, d) = PhiloxDistribution.normal(words[2], words[3])
      let four = SIMD4(a, b, c, d)
      for lane in 0..<min(4, output.count - index) { output[index + lane] = four[lane] }
    }
  }

  mutating func normal(into output: UnsafeMutableBufferPointer<Double>) {
    blocks(from: advance(outputs: output.count), count: output.count, perBlock: 2) { index, words in
      let (a, b) = PhiloxDistribution.normal(words)
      output[index] = a
      if index + 1 < output.count { output[index + 1] = b }
    }
  }

  /// `TruncatedNormal`: standard normal numbers, those beyond two standard deviations drawn again.
  ///
  /// Each group of four outputs has its own 256 blocks, so that redraws in one do not move the next.
  mutating func truncatedNormal(into output: UnsafeMutableBufferPointer<Float>) {
    var start = advance(outputs: output.count)
    var index = 0
    while index < output.count {
      var words = PhiloxWords(philox, from: start)
      let end = min(index + 4, output.count)
      while index < end {
        let first = words.word()
        let (a, b) = PhiloxDistribution.normal(first, words.word())
        if abs(a) < 2 {
          output[index] = a
          index += 1
        }
        if index < end, abs(b) < 2 {
          output[index] = b
          index += 1
        }
      }
      start &+= 256
    }
  }

  /// In double precision a group is two outputs with 128 blocks.
  mutating func truncatedNormal(into output: UnsafeMutableBufferPointer<Double>) {
    var start = advance(outputs: output.count)
    var index = 0
    while index < output.count {
      var block = start
      let end = min(index + 2, output.count)
      while index < end {
        let (a, b) = PhiloxDistribution.normal(philox.block(block))
        block &+= 1
        if abs(a) < 2 {
          output[index] = a
          index += 1
        }
        if index < end, abs(b) < 2 {
          output[index] = b
          index += 1
        }
      }
      start &+= 128
    }
  }

  /// `RandomShuffle`: the order in which `count` rows come out (Fisher and Yates).
  mutating func shuffledIndices(count: Int) -> [Int] {
    var order = Array(0..<count)
    var words = PhiloxWords(philox, from: position)
    position &+= UInt64((count + 3) / 4)
    for index in 0..<max(count - 1, 0) {
      order.swapAt(index, index + Int(words.word() % UInt32(truncatingIfNeeded: count - index)))
    }
    return order
  }

  /// `Multinomial`: `samples` class indices for each row of unnormalised log-probabilities, row after row.
  mutating func multinomial(logits: [[Double]], samples: Int) -> [Int64] {
    var words = PhiloxWords(philox, from: position)
    position &+= UInt64(logits.count) &* UInt64((samples + 3) / 4 * 4) &* 2 &* Self.blocksPerOutput
    var drawn: [Int64] = []
    drawn.reserveCapacity(logits.count * samples)
    for row in logits {
      // Classes that cannot occur (-infinity, NaN) have no share.
      let largest = row.lazy.filter(\.isFinite).max() ?? 0
      var total = 0.0
      let cumulative = row.map { logit in
        if logit.isFinite { total += exp(logit - largest) }
        return total
      }
      for _ in 0..<samples {
        let first = words.word()
        let target = PhiloxDistribution.uniform(first, words.word()) * total
        drawn.append(Int64(cumulative.firstIndex { $0 > target } ?? max(row.count - 1, 0)))
      }
    }
    return drawn
  }
}
