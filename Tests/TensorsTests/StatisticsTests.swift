import Testing

@testable import Tensors

struct StatisticsTests {
  private struct Random: RandomNumberGenerator {
    var state: UInt64 = 42

    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state ^ state >> 29
    }
  }

  @Test func aKnownSetHasKnownStatistics() throws {
    let statistics = Tensor([Float(1), 2, 3, 4, 0, -1, .nan, .infinity, -.infinity, .nan]).statistics()
    #expect(statistics.count == 10)
    #expect(statistics.nan == 2 && statistics.inf == 2 && statistics.zeros == 1)
    #expect(statistics.min == -1 && statistics.max == 4 && statistics.mean == 1.5)
    #expect(abs(try #require(statistics.std) - 1.707825127659933) < 1e-15)
    #expect(abs(try #require(statistics.l2) - 5.5677643628300215) < 1e-14)
    #expect(statistics.histogram?.counts.reduce(0, +) == 6)
    #expect(statistics.histogram?.edges.first == -1 && statistics.histogram?.edges.last == 4)
    #expect(statistics.histogram?.counts.first == 1 && statistics.histogram?.counts.last == 1)
  }

  @Test func blocksJoinToTheWholeWhateverTheirCut() throws {
    var random = Random()
    let values = (0..<20_000).map { _ in Double.random(in: -3...5, using: &random) + 1e6 }
    let mean = values.reduce(0, +) / 20_000
    let variance = values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / 20_000
    for cut in [1, 7, 2048, 5000, 19_999] {
      var accumulator = TensorStatisticsAccumulator(dtype: .float64)
      values.withUnsafeBytes { bytes in
        for pass in 0..<2 {
          if pass == 1 { accumulator.startHistogram() }
          for start in stride(from: 0, to: values.count, by: cut) {
            let part = UnsafeRawBufferPointer(rebasing: bytes[start * 8..<min(start + cut, values.count) * 8])
            if pass == 0 { accumulator.add(part) } else { accumulator.addToHistogram(part) }
          }
        }
      }
      let result = accumulator.finish()
      #expect(result.count == 20_000)
      #expect(abs(try #require(result.mean) - mean) < 1e-9)
      #expect(abs(try #require(result.std) - variance.squareRoot()) < 1e-9)
      #expect(result.min == values.min() && result.max == values.max())
      #expect(result.histogram?.counts.reduce(0, +) == 20_000)
    }
  }

  @Test func everyNumericTypeHasStatistics() throws {
    for dtype in DataType.allCases {
      guard let width = dtype.byteWidth else {
        #expect(Tensor(strings: [], shape: [0]).statistics().min == nil)
        continue
      }
      let zeros = try Tensor(dtype: dtype, shape: [5], bytes: [UInt8](repeating: 0, count: 5 * width)).statistics()
      #expect(zeros.min == 0 && zeros.max == 0 && zeros.zeros == 5 && zeros.std == 0, "\(dtype)")
      #expect(zeros.histogram?.counts.reduce(0, +) == 5)
      #expect(zeros.histogram?.edges.first == -0.5 && zeros.histogram?.edges.last == 0.5)
      let empty = try Tensor(dtype: dtype, shape: [0], bytes: []).statistics()
      #expect(empty.min == nil && empty.mean == nil && empty.histogram == nil && empty.count == 0)
    }
  }

  @Test func largeIntegersAreExact() {
    let signed = Tensor([Int64.max, Int64.max - 1, .min]).statistics()
    #expect(signed.maxValue == .integer(.max) && signed.minValue == .integer(.min))
    let unsigned = Tensor([UInt64.max, UInt64.max - 1]).statistics()
    #expect(unsigned.maxValue == .unsigned(.max) && unsigned.minValue == .unsigned(.max - 1))
  }

  @Test func extremeRangesKeepTheirHistogram() throws {
    for values in [[-Double.greatestFiniteMagnitude, .greatestFiniteMagnitude], [5e-324, 0], [1e300, 1e300]] {
      let histogram = try #require(Tensor(values).statistics().histogram)
      #expect(histogram.counts.reduce(0, +) == 2)
      #expect(!histogram.edges.contains { !$0.isFinite })
      #expect(zip(histogram.edges, histogram.edges.dropFirst()).allSatisfy { $0 <= $1 })
    }
    let onlyNaN = Tensor([Float.nan, .infinity]).statistics()
    #expect(onlyNaN.min == nil && onlyNaN.histogram == nil && onlyNaN.nan == 1 && onlyNaN.inf == 1)
  }

  @Test func bool() {
    let statistics = Tensor([true, false, true, true], shape: [2, 2]).statistics()
    #expect(statistics.mean == 0.75 && statistics.zeros == 1 && statistics.maxValue == .unsigned(1))
  }
}
