/// What a terminal can show.
public struct TerminalStyle: Sendable, Equatable {
  public enum Color: Sendable, Equatable {
    case none
    /// The eight colours of every terminal.
    case basic
    /// xterm's 256 colours.
    case indexed
    /// Any colour.
    case direct
  }

  public var color: Color
  /// Whether characters beyond ASCII show: finer curves, and lines for axes.
  public var unicode: Bool

  public init(color: Color = .none, unicode: Bool = true) {
    self.color = color
    self.unicode = unicode
  }

  /// What the environment says. `NO_COLOR` (https://no-color.org) and `TERM=dumb` mean none; `COLORTERM` and `TERM` tell
  /// how many there are. Characters are those of the locale.
  public static func of(_ environment: [String: String], isTerminal: Bool) -> TerminalStyle {
    // An empty variable is one that is not set.
    func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
    let locale = (value("LC_ALL") ?? value("LC_CTYPE") ?? value("LANG") ?? "").lowercased()
    let term = value("TERM") ?? "dumb"
    let color: Color
    if !isTerminal || value("NO_COLOR") != nil || term == "dumb" {
      color = .none
    } else if ["truecolor", "24bit"].contains(value("COLORTERM")?.lowercased()) || term.hasSuffix("-direct") {
      color = .direct
    } else {
      color = term.contains("256color") ? .indexed : .basic
    }
    return TerminalStyle(color: color, unicode: locale.contains("utf-8") || locale.contains("utf8"))
  }

  /// The escape sequence that begins an ink; empty where it is shown as it is.
  func begin(_ ink: Ink) -> String {
    guard color != .none else { return "" }
    switch ink {
    case .plain: return ""
    case .faint: return "\u{1b}[2m"
    case .strong: return "\u{1b}[1m"
    case .warning:
      return color == .basic ? "\u{1b}[31m" : color == .indexed ? "\u{1b}[38;5;167m" : "\u{1b}[38;2;207;83;80m"
    case .curve(let number):
      let shade = Self.palette[number % Self.palette.count]
      switch color {
      case .none: return ""
      case .basic: return "\u{1b}[\(shade.basic)m"
      case .indexed: return "\u{1b}[38;5;\(shade.indexed)m"
      case .direct: return "\u{1b}[38;2;\(shade.red);\(shade.green);\(shade.blue)m"
      }
    }
  }

  func end(_ ink: Ink) -> String { color == .none || ink == .plain ? "" : "\u{1b}[0m" }

  private struct Shade {
    var red: Int
    var green: Int
    var blue: Int
    var indexed: Int
    var basic: Int
  }

  /// Middle tones that stand out on light and on dark, far from each other.
  private static let palette: [Shade] = [
    Shade(red: 79, green: 134, blue: 222, indexed: 68, basic: 34),
    Shade(red: 224, green: 142, blue: 54, indexed: 172, basic: 33),
    Shade(red: 63, green: 173, blue: 121, indexed: 72, basic: 32),
    Shade(red: 180, green: 116, blue: 207, indexed: 134, basic: 35),
    Shade(red: 31, green: 168, blue: 190, indexed: 37, basic: 36),
    Shade(red: 214, green: 100, blue: 158, indexed: 168, basic: 31),
    Shade(red: 164, green: 148, blue: 48, indexed: 142, basic: 37),
    Shade(red: 134, green: 116, blue: 222, indexed: 98, basic: 94),
  ]
}

/// What a character is drawn with.
public enum Ink: Sendable, Equatable, Hashable {
  case plain
  case faint
  case strong
  case warning
  /// One of the curves, by its number.
  case curve(Int)
}
