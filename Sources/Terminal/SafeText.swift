/// Text from files on its way to a terminal.
public enum SafeText {
  /// Control characters as escapes, so that a name cannot move the cursor, change colours or reverse what follows.
  public static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator: result += "\\u{\(String(scalar.value, radix: 16))}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// Columns a terminal needs for text: two for East Asian wide characters and emoji, none for marks that combine.
  public static func columns(_ text: String) -> Int { text.unicodeScalars.reduce(0) { $0 + columns($1) } }

  static func columns(_ scalar: Unicode.Scalar) -> Int {
    if scalar.value < 0x300 { return 1 }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format: return 0
    default: break
    }
    switch scalar.value {
    case 0x1100...0x115f, 0x2e80...0x303e, 0x3041...0x33ff, 0x3400...0x4dbf, 0x4e00...0x9fff, 0xa000...0xa4cf,
      0xac00...0xd7a3, 0xf900...0xfaff, 0xfe30...0xfe6f, 0xff00...0xff60, 0xffe0...0xffe6, 0x1f300...0x1f64f,
      0x1f680...0x1f6ff, 0x1f900...0x1f9ff, 0x20000...0x3fffd:
      return 2
    default: return 1
    }
  }

  /// The text in exactly so many columns: padded with blanks, or cut in its middle, where names differ least.
  public static func fitted(_ text: String, columns width: Int, ellipsis: String = "…") -> String {
    let have = columns(text)
    if have <= width { return text + String(repeating: " ", count: width - have) }
    let dots = columns(ellipsis)
    guard width > dots else { return String(repeating: ".", count: max(0, width)) }
    let head = prefix(text, columns: (width - dots) / 2)
    let tail = String(prefix(String(text.reversed()), columns: width - dots - columns(head)).reversed())
    let fitted = head + ellipsis + tail
    return fitted + String(repeating: " ", count: max(0, width - columns(fitted)))
  }

  private static func prefix(_ text: String, columns width: Int) -> String {
    var result = ""
    var used = 0
    for character in text {
      let needed = columns(String(character))
      guard used + needed <= width else { break }
      result.append(character)
      used += needed
    }
    return result
  }
}
