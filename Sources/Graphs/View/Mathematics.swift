import Foundation

/// The one function of the C library that pictures need.
enum Mathematics {
  static func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }

  /// Rounds to a tenth of a pixel: enough for a picture, and short in JSON.
  static func tenth(_ value: Double) -> Double { (value * 10).rounded() / 10 }
}
