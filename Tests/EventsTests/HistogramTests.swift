import CKernels
import Foundation
import Tensors
import Testing

@testable import Events

@Suite struct HistogramTests {
  /// What TensorFlow 1.15's HistogramSummary op wrote for given values, down to the serialized bytes.
  @Test func bucketsAndBytesAreTensorFlows() throws {
    let data = try Data(contentsOf: FixtureCase.fixtures.appendingPathComponent("histograms.json"))
    let root = try #require(JSONDecoder().decode(JSONValue.self, from: data).plain as? [String: Any])
    let cases = try #require(root["cases"] as? [[String: Any]])
    #expect(cases.count >= 3)
    for one in cases {
      let name = try #require(one["name"] as? String)
      let values = try #require(one["values"] as? [String: Any])
      let numbers = try #require(values["data"] as? [Any]).map(number)
      let histogram: Histogram
      switch values["dtype"] as? String {
      case "float32": histogram = Histogram(of: numbers.map { Float($0) })
      default: histogram = Histogram(of: numbers)
      }
      #expect(histogram.min == number(one["min"]) && histogram.max == number(one["max"]), "\(name)")
      #expect(histogram.num == number(one["num"]) && histogram.sum == number(one["sum"]), "\(name)")
      #expect(histogram.sumSquares == number(one["sum_squares"]), "\(name)")
      #expect(histogram.bucketLimits == (one["bucket_limit"] as? [Any])?.map(number), "\(name)")
      #expect(histogram.bucketCounts == (one["bucket"] as? [Any])?.map(number), "\(name)")
      // Long histograms come without their bytes.
      guard let expectedHex = one["proto_hex"] as? String else { continue }
      let hex = histogram.serialized.map { String(format: "%02x", $0) }.joined()
      #expect(hex == expectedHex, "\(name)")
    }
  }

  /// Against the definition: the first limit above the value.
  @Test func everyValueFallsIntoTheBucketOfTheFirstLimitAboveIt() {
    var limits: [Double] = []
    var limit = 1e-12
    while limit < 1e20 {
      limits.append(limit)
      limit *= 1.1
    }
    limits.append(.greatestFiniteMagnitude)
    limits = limits.reversed().map { -$0 } + [0] + limits
    var values: [Double] = [
      0, -0.0, 1e-300, -1e-300, .leastNonzeroMagnitude, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 1e25,
    ]
    for limit in limits { values += [limit, limit.nextUp, limit.nextDown].filter(\.isFinite) }
    var random = SplitMix(state: 11)
    for _ in 0..<2_000 {
      values.append(Double(bitPattern: random.next()))
    }
    var counts = [UInt64](repeating: 0, count: limits.count)
    var totals = ck_histogram_totals()
    for value in values where value.isFinite {
      // Beyond the last limit there is no bucket: the greatest value falls into the last one.
      let expected = limits.firstIndex { $0 > value } ?? limits.count - 1
      ck_histogram_count_f64([value], 1, &counts, &totals)
      #expect(counts[expected] == 1, "\(value)")
      counts[expected] = 0
    }
    #expect(counts.allSatisfy { $0 == 0 })
  }

  @Test func valuesThatAreNotFiniteAreCountedApart() {
    var builder = HistogramBuilder()
    builder.add([1, .nan, .infinity, -.infinity, 2] as [Float])
    #expect(builder.nans == 1 && builder.infinities == 2)
    #expect(builder.histogram == Histogram(of: [1, 2] as [Float]))
  }

  @Test func nothingGivesTensorFlowsEmptyHistogram() {
    let empty = Histogram(of: [] as [Float])
    #expect(empty.min == .greatestFiniteMagnitude && empty.max == -.greatestFiniteMagnitude)
    #expect(empty.bucketLimits == [.greatestFiniteMagnitude] && empty.bucketCounts == [0])
    #expect(empty.rows().isEmpty)
  }

  @Test func aHistogramReadsBackAsWritten() {
    var random = SplitMix(state: 12)
    let histogram = Histogram(of: (0..<500).map { _ in Float.random(in: -3...3, using: &random) })
    let read = histogram.serialized.withUnsafeBytes { Histogram(protobuf: $0) }
    #expect(read == histogram)
    #expect(histogram.serialized.withUnsafeBytes { HistogramProtoForm.bucketCount($0) } == histogram.bucketCounts.count)
  }
}

/// A small generator, so that tests see the same numbers every time.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
