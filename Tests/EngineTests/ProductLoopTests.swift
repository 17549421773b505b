import CKernels
import COpenBLAS
import Testing

@testable import Engine

/// The quick matrix product and the shared convolution, against plain loops and with any number of threads.
@Suite(.serialized) struct ProductLoopTests {
  private static func floats(_ count: Int, _ generator: inout SteadyGenerator) -> [Float] {
    (0..<count).map { _ in Float(Int.random(in: -1000...1000, using: &generator)) / 1000 }
  }

  @Test(arguments: [(1, 1, 1), (5, 3, 2), (13, 65, 17), (7, 300, 30), (300, 7, 90), (6, 64, 2100), (130, 70, 40)])
  func productsAgreeWithPlainLoops(m: Int, n: Int, k: Int) {
    var generator = SteadyGenerator(seed: UInt64(m * n + k))
    let a = Self.floats(m * k, &generator)
    let b = Self.floats(k * n, &generator)
    for (transposeA, transposeB) in [(0, 0), (1, 0), (0, 1)] as [(Int32, Int32)] {
      var (quick, plain) = ([Float](repeating: .nan, count: m * n), [Float](repeating: .nan, count: m * n))
      #expect(ck_product_f32(a, b, &quick, m, n, k, transposeA, transposeB) == 1)
      ck_matmul_plain_f32(a, b, &plain, m, n, k, transposeA, transposeB)
      let worst = zip(quick, plain).map { abs($0 - $1) }.max() ?? 0
      #expect(worst < 1e-4 * Float(k).squareRoot(), "\(m)×\(n)×\(k), transposed \(transposeA) \(transposeB)")
    }
  }

  @Test func resultsDoNotDependOnTheNumberOfThreads() {
    let before = ComputeThreads.count
    defer { ComputeThreads.count = before }
    var generator = SteadyGenerator(seed: 5)
    let (m, n, k) = (200, 150, 130)
    let (a, b) = (Self.floats(m * k, &generator), Self.floats(k * n, &generator))
    var sizes = ck_convolution(
      in_rows: 12, in_columns: 12, in_channels: 8, filter_rows: 3, filter_columns: 3, out_channels: 20, out_rows: 12,
      out_columns: 12, row_stride: 1, column_stride: 1, row_dilation: 1, column_dilation: 1, pad_top: 1, pad_left: 1)
    let images = 9
    let x = Self.floats(images * 12 * 12 * 8, &generator)
    let w = Self.floats(3 * 3 * 8 * 20, &generator)
    let g = Self.floats(images * 12 * 12 * 20, &generator)
    var results: [[[Float]]] = []
    for threads in [1, 2, 5] {
      ComputeThreads.count = threads
      #expect(ComputeThreads.count == threads)
      var product = [Float](repeating: .nan, count: m * n)
      #expect(ck_product_f32(a, b, &product, m, n, k, 0, 0) == 1)
      var transposed = [Float](repeating: .nan, count: k * n)
      #expect(ck_product_f32(a, product, &transposed, k, n, m, 1, 0) == 1)
      let parts = ck_convolution_parts(&sizes, images)
      var (y, dx, dw) = (g, x, w)
      func scratch(_ count: Int) -> [Float] { [Float](repeating: .nan, count: count * parts) }
      var memory = scratch(ck_convolution_scratch(&sizes))
      ck_convolution_shared_f32(CK_CONVOLUTION, &sizes, x, w, &y, images, &memory)
      memory = scratch(ck_convolution_input_scratch(&sizes))
      ck_convolution_shared_f32(CK_CONVOLUTION_INPUT, &sizes, w, g, &dx, images, &memory)
      memory = scratch(ck_convolution_filter_scratch(&sizes))
      ck_convolution_shared_f32(CK_CONVOLUTION_FILTER, &sizes, x, g, &dw, images, &memory)
      results.append([product, transposed, y, dx, dw])
    }
    #expect(results[0] == results[1] && results[0] == results[2])
    #expect(results[0].allSatisfy { $0.allSatisfy(\.isFinite) })
  }

  /// Runs in several threads: whoever finds the pool busy works alone.
  @Test func productsInSeveralThreadsAreRight() async {
    let (m, n, k) = (150, 150, 150)
    var generator = SteadyGenerator(seed: 6)
    let (a, b) = (Self.floats(m * k, &generator), Self.floats(k * n, &generator))
    var expected = [Float](repeating: 0, count: m * n)
    _ = ck_product_f32(a, b, &expected, m, n, k, 0, 0)
    let reference = expected
    let before = ComputeThreads.count
    ComputeThreads.count = 4
    await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<4 {
        group.addTask {
          (0..<20).allSatisfy { _ in
            var result = [Float](repeating: .nan, count: m * n)
            return ck_product_f32(a, b, &result, m, n, k, 0, 0) == 1 && result == reference
          }
        }
      }
      for await isRight in group { #expect(isRight) }
    }
    ComputeThreads.count = before
  }
}
