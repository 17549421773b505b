/// Widths of text without a font: the advance widths of Helvetica, which the usual sans-serif fonts stay close to, plus
/// a margin of 8 %.
enum TextMetrics {
  /// Thousandths of the font size for the characters 32 to 126 (Adobe's font metrics for Helvetica).
  private static let advances: [Int] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
    556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833,
    722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556,
    556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334,
    260, 334, 584,
  ]

  /// Width of `text` in pixels at a font size in pixels.
  static func width(_ text: String, size: Double) -> Double {
    var total = 0
    for scalar in text.unicodeScalars {
      let value = Int(scalar.value)
      total += value < 32 ? 0 : value < 127 ? advances[value - 32] : value < 0x1100 ? 584 : 1000
    }
    return Double(total) / 1000 * size * 1.08
  }

  /// `text`, or its beginning and end with an ellipsis between, at most `limit` pixels wide.
  static func shortened(_ text: String, size: Double, limit: Double) -> String {
    // Nothing that long fits; do not measure megabytes.
    let characters = text.utf8.count > 512 ? Array(text.prefix(128)) + Array(text.suffix(128)) : Array(text)
    let whole = String(characters)
    if text.utf8.count <= 512, width(whole, size: size) <= limit { return text }
    var keep = characters.count - 1
    while keep > 2 {
      let head = (keep + 1) / 2
      let short = String(characters[..<head]) + "…" + String(characters[(characters.count - (keep - head))...])
      if width(short, size: size) <= limit { return short }
      keep -= 1
    }
    return String(characters.prefix(1)) + "…"
  }
}
