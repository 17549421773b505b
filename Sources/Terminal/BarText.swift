/// Bars of block characters.
public enum BarText {
  private static let eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
  private static let heights = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

  /// A bar to the right, in eighths of a character: all of `width` for a fraction of 1. What is there at all shows at
  /// least an eighth.
  public static func bar(_ fraction: Double, width: Int) -> String {
    guard fraction > 0, width > 0 else { return "" }
    let parts = max(1, Int((min(fraction, 1) * Double(8 * width)).rounded()))
    return String(repeating: "█", count: parts / 8) + eighths[parts % 8]
  }

  /// Bars side by side, one character each, as high as their part of the highest. What is there at all shows at least an
  /// eighth; what is not finite or below 0 counts nothing.
  public static func columns(_ values: [Double]) -> String {
    let high = values.filter(\.isFinite).max() ?? 0
    guard high > 0 else { return String(repeating: " ", count: values.count) }
    return values.map { value in
      value.isFinite && value > 0 ? heights[max(1, Int((value / high * 8).rounded()))] : " "
    }.joined()
  }
}
