#if canImport(Glibc)
  import Glibc
#else
  import Foundation
#endif

/// The counter-based generator behind TensorFlow's random ops: Philox 4x32 with ten rounds.
///
/// A block is four 32-bit words computed from its index, so a stream can start anywhere. TensorFlow keys the generator
/// with an op's `seed` and puts `seed2` into the upper half of the counter; equal seeds give equal numbers.
///
/// Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3" (2011).
struct Philox: Sendable {
  private let key0: UInt32
  private let key1: UInt32
  private let counter2: UInt32
  private let counter3: UInt32

  /// A generator for an op with the attributes `seed` and `seed2`.
  init(seed: UInt64, seed2: UInt64) {
    key0 = UInt32(truncatingIfNeeded: seed)
    key1 = UInt32(truncatingIfNeeded: seed >> 32)
    counter2 = UInt32(truncatingIfNeeded: seed2)
    counter3 = UInt32(truncatingIfNeeded: seed2 >> 32)
  }

  /// The four words of block `index`.
  @inline(__always)
  func block(_ index: UInt64) -> SIMD4<UInt32> {
    var c0 = UInt32(truncatingIfNeeded: index)
    var c1 = UInt32(truncatingIfNeeded: index >> 32)
    var c2 = counter2
    var c3 = counter3
    var k0 = key0
    var k1 = key1
    for round in 0..<10 {
      if round > 0 {
        k0 &+= 0x9E37_79B9
        k1 &+= 0xBB67_AE85
      }
      let first = (0xD251_1F53 as UInt32).multipliedFullWidth(by: c0)
      let second = (0xCD9E_8D57 as UInt32).multipliedFullWidth(by: c2)
      (c0, c1, c2, c3) = (second.high ^ c1 ^ k0, second.low, first.high ^ c3 ^ k1, first.low)
    }
    return SIMD4(c0, c1, c2, c3)
  }
}

/// The words of a generator one after the other, from a given block on.
struct PhiloxWords {
  private let philox: Philox
  private var next: UInt64
  private var words = SIMD4<UInt32>()
  private var used = 4

  init(_ philox: Philox, from block: UInt64) {
    self.philox = philox
    next = block
  }

  mutating func word() -> UInt32 {
    if used == 4 {
      words = philox.block(next)
      next &+= 1
      used = 0
    }
    defer { used += 1 }
    return words[used]
  }
}

/// How words become numbers, as TensorFlow's distributions do it.
enum PhiloxDistribution {
  /// In [0, 1): the low 23 bits as the mantissa of a number in [1, 2), minus 1.
  @inline(__always)
  static func uniform(_ word: UInt32) -> Float {
    Float(bitPattern: (word & 0x7F_FFFF) | (127 << 23)) - 1
  }

  /// In [0, 1): 52 bits of two words as the mantissa of a number in [1, 2), minus 1.
  @inline(__always)
  static func uniform(_ first: UInt32, _ second: UInt32) -> Double {
    let mantissa = UInt64(first & 0xF_FFFF) << 32 | UInt64(second)
    return Double(bitPattern: mantissa | (1023 << 52)) - 1
  }

  /// Two independent standard normal numbers (Box and Muller).
  @inline(__always)
  static func normal(_ first: UInt32, _ second: UInt32) -> (Float, Float) {
    // No logarithm of 0.
    let radius = (-2 * log(max(uniform(first), 1e-7))).squareRoot()
    let angle = 2 * Float.pi * uniform(second)
    return (sin(angle) * radius, cos(angle) * radius)
  }

  /// Two independent standard normal numbers in double precision, from four words.
  @inline(__always)
  static func normal(_ words: SIMD4<UInt32>) -> (Double, Double) {
    let radius = (-2 * log(max(uniform(words[0], words[1]), 1e-7))).squareRoot()
    let angle = 2 * Double.pi * uniform(words[2], words[3])
    return (sin(angle) * radius, cos(angle) * radius)
  }
}
