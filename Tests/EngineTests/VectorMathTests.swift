import CKernels
import Foundation
import Testing

/// The C loops against plain double arithmetic.
struct VectorMathTests {
  private func unary(_ op: ck_unary, _ values: [Float]) -> [Float] {
    var output = [Float](repeating: 0, count: values.count)
    ck_unary_f32(op, values, &output, values.count)
    return output
  }

  /// Distance in units of the last place.
  private func distance(_ found: Float, _ wanted: Double) -> Double {
    let nearest = Float(wanted)
    if found == nearest || (found.isNaN && nearest.isNaN) { return 0 }
    return abs(Double(found) - wanted) / Double(max(nearest.magnitude, .leastNormalMagnitude).ulp)
  }

  @Test func transcendentalFunctionsAreWithinAFewUnitsOfTheLastPlace() {
    let functions: [(ck_unary, ClosedRange<Float>, @Sendable (Double) -> Double)] = [
      (CK_EXP, -87...88, { exp($0) }), (CK_LOG, 1e-6...1e6, { log($0) }), (CK_TANH, -10...10, { tanh($0) }),
      (CK_SIGMOID, -80...80, { 1 / (1 + exp(-$0)) }), (CK_SOFTPLUS, -80...80, { max($0, 0) + log1p(exp(-abs($0))) }),
    ]
    for (op, range, function) in functions {
      let count = 20_001
      let values = (0..<count).map {
        range.lowerBound + (range.upperBound - range.lowerBound) * Float($0) / Float(count - 1)
      }
      let worst = zip(unary(op, values), values).map { distance($0, function(Double($1))) }.max()
      #expect(worst! <= 4, "op \(op.rawValue)")
    }
  }

  @Test func extremesOfTheExponentialAndTheLogarithm() {
    #expect(unary(CK_EXP, [.infinity, -.infinity, 0, -0.0, 200, -200]) == [.infinity, 0, 1, 1, .infinity, 0])
    #expect(unary(CK_LOG, [.infinity, 0, -0.0, 1]) == [.infinity, -.infinity, -.infinity, 0])
    #expect(unary(CK_LOG, [-1])[0].isNaN)
    for op in [CK_EXP, CK_LOG, CK_TANH, CK_SIGMOID, CK_RELU] { #expect(unary(op, [.nan])[0].isNaN) }
    #expect(unary(CK_TANH, [.infinity, -.infinity, 1e-20]) == [1, -1, 1e-20])
  }

  @Test func sumsDoNotDependOnTheLengthOfTheTail() {
    for count in 0..<70 {
      let values = (0..<count).map { Float($0) }
      #expect(ck_sum_f32(values, count) == Float(count * max(count - 1, 0) / 2))
    }
  }

  @Test func softmaxOfLargeLogitsDoesNotOverflow() {
    var output = [Float](repeating: 0, count: 6)
    ck_softmax_f32([1000, 1001, 1002, -1000, -1000, -1000], &output, 2, 3)
    #expect(abs(output[2] - 0.665241) < 1e-5)
    #expect(Array(output[3...]) == [Float](repeating: 1 / 3, count: 3))
  }

  @Test func crossEntropyAgreesWithItsSparseForm() {
    let logits: [Float] = [1, 2, 3, 0.5, -1, 4]
    var dense = ([Float](repeating: 0, count: 2), [Float](repeating: 0, count: 6))
    var sparse = dense
    ck_softmax_cross_entropy_f32(logits, [0, 0, 1, 1, 0, 0], &dense.0, &dense.1, 2, 3)
    ck_sparse_softmax_cross_entropy_f32(logits, [2, 0], &sparse.0, &sparse.1, 2, 3)
    for (a, b) in zip(dense.0 + dense.1, sparse.0 + sparse.1) { #expect(abs(a - b) < 1e-6) }
    #expect(abs(dense.0[0] - 0.40760595) < 1e-6)
    ck_sparse_softmax_cross_entropy_f32(logits, [3, -1], &sparse.0, &sparse.1, 2, 3)
    #expect(sparse.0[0].isNaN && sparse.0[1].isNaN)
  }

  @Test func transposingTwiceGivesTheMatrixBack() {
    let values = (0..<(37 * 19)).map(Double.init)
    var once = values
    var twice = values
    ck_transpose_f64(values, &once, 37, 19)
    ck_transpose_f64(once, &twice, 19, 37)
    #expect(once[1] == values[19] && twice == values)
  }

  @Test func largestAndSmallestOfARowPassNaNOn() {
    var output = [Float](repeating: 0, count: 3)
    ck_row_max_f32([1, 5, 2, .nan, 7, 1, -3, -2, -9], &output, 3, 3)
    #expect(output[0] == 5 && output[1].isNaN && output[2] == -2)
    ck_row_min_f32([1, 5, 2, 8, .nan, 1, -3, -2, -9], &output, 3, 3)
    #expect(output[0] == 1 && output[1].isNaN && output[2] == -9)
  }
}
