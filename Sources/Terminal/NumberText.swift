import Foundation

/// Numbers for axes and tables: four significant digits, at most ten characters.
public enum NumberText {
  public static func short(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value > 0 ? "Infinity" : "-Infinity" }
    if value == 0 { return "0" }
    if abs(value) >= 9999.5, abs(value) < 1e7 { return "\(Int(value.rounded()))" }
    let text = String(format: "%.4g", value)
    // 1.2e-07 is told as 1.2e-7.
    guard let exponent = text.firstIndex(of: "e") else { return text }
    let power = Int(text[text.index(after: exponent)...]) ?? 0
    return "\(text[..<exponent])e\(power)"
  }

  /// Whole numbers in full up to eight characters, then with a prefix.
  public static func step(_ step: Int64) -> String {
    let text = "\(step)"
    return text.count <= 8 ? text : UnitText.count(Double(step))
  }
}
