/// Sizes and times as a person reads them, in a few characters.
public enum UnitText {
  /// `0 B`, `999 B`, `1.2 kB`, `34 MB`: powers of 1,000, at most three digits.
  public static func bytes(_ count: Int64) -> String {
    var value = Double(max(0, count))
    var unit = 0
    let units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"]
    // 999.5 would print as 1000.
    while value >= 999.5, unit < units.count - 1 {
      value /= 1000
      unit += 1
    }
    return unit > 0 && value < 9.95
      ? "\(decimal(value, places: 1)) \(units[unit])" : "\(Int(value.rounded())) \(units[unit])"
  }

  /// `0.4 s`, `59 s`, `4 min`, `3 h`, `12 d`.
  public static func seconds(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0 else { return "-" }
    switch seconds {
    case ..<9.95: return "\(decimal(seconds, places: 1)) s"
    case ..<99.5: return "\(Int(seconds.rounded())) s"
    case ..<5970: return "\(Int((seconds / 60).rounded())) min"
    case ..<356_400: return "\(Int((seconds / 3600).rounded())) h"
    default: return seconds < 1e11 ? "\(Int((seconds / 86_400).rounded())) d" : "-"
    }
  }

  /// A count with a decimal prefix in at most five characters: `812`, `12.3k`, `4.1M`.
  public static func count(_ count: Double) -> String {
    guard count.isFinite else { return "-" }
    let sign = count < 0 ? "-" : ""
    var value = abs(count)
    var unit = 0
    let units = ["", "k", "M", "G", "T", "P", "E"]
    while value >= 999.5, unit < units.count - 1 {
      value /= 1000
      unit += 1
    }
    if unit == 0 { return sign + (value == value.rounded() ? "\(Int(value))" : decimal(value, places: 1)) }
    return sign + (value < 99.95 ? decimal(value, places: 1) : "\(Int(value.rounded()))") + units[unit]
  }

  /// A finite number below 10^15 with so many places after the point.
  static func decimal(_ value: Double, places: Int) -> String {
    var scale = 1.0
    for _ in 0..<places { scale *= 10 }
    let scaled = (abs(value) * scale).rounded()
    guard scaled < 1e15 else { return "\(value)" }
    let whole = Int(scaled)
    let divisor = Int(scale)
    let fraction = "\(whole % divisor)"
    let sign = value < 0 && whole != 0 ? "-" : ""
    guard places > 0 else { return "\(sign)\(whole)" }
    return "\(sign)\(whole / divisor)." + String(repeating: "0", count: places - fraction.count) + fraction
  }
}
