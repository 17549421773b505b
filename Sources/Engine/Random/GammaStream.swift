#if canImport(Glibc)
  import Glibc
#else
  import Foundation
#endif

extension RandomStream {
  /// `RandomGamma`: `samples` numbers for each shape parameter, a row a sample.
  ///
  /// Marsaglia and Tsang's method (2000) in double precision; each number has 256 blocks of its own, so that redraws in
  /// one do not move the next.
  mutating func gamma(alphas: [Double], samples: Int) -> [Double] {
    let start = advance(outputs: alphas.count * samples)
    var results = [Double](repeating: 0, count: alphas.count * samples)
    for (column, alpha) in alphas.enumerated() {
      for row in 0..<samples {
        var words = GammaWords(philox: philox, block: start &+ UInt64(256 * (column * samples + row)))
        results[row * alphas.count + column] = Self.gamma(alpha, &words)
      }
    }
    return results
  }

  private static func gamma(_ alpha: Double, _ words: inout GammaWords) -> Double {
    guard alpha > 0, alpha.isFinite else { return .nan }
    // The exponential distribution.
    if alpha == 1 { return -log1p(-words.uniform()) }
    let isSmall = alpha < 1
    let d = alpha + (isSmall ? 2.0 / 3 : -1.0 / 3)
    let c = 1.0 / 3 / d.squareRoot()
    // A number is refused once in twenty or less; the limit only keeps a broken parameter from turning for ever.
    for _ in 0..<10_000 {
      let x = words.normal()
      var v = 1 + c * x
      guard v > 0 else { continue }
      v = v * v * v
      let u = words.uniform()
      guard u < 1 - 0.0331 * (x * x) * (x * x) || log(u) < 0.5 * x * x + d * (1 - v + log(v)) else { continue }
      return isSmall ? d * v * pow(words.uniform(), 1 / alpha) : d * v
    }
    return .nan
  }
}

/// Uniform and normal doubles from the blocks of one number: two a block, the second one first.
private struct GammaWords {
  let philox: Philox
  var block: UInt64
  private var uniforms: [Double] = []
  private var normals: [Double] = []

  init(philox: Philox, block: UInt64) {
    self.philox = philox
    self.block = block
  }

  private mutating func next() -> SIMD4<UInt32> {
    defer { block &+= 1 }
    return philox.block(block)
  }

  mutating func uniform() -> Double {
    if let value = uniforms.popLast() { return value }
    let words = next()
    uniforms = [PhiloxDistribution.uniform(words[0], words[1])]
    return PhiloxDistribution.uniform(words[2], words[3])
  }

  mutating func normal() -> Double {
    if let value = normals.popLast() { return value }
    let (first, second) = PhiloxDistribution.normal(next())
    normals = [first]
    return second
  }
}
