/// A pattern of run or tag names: `*` stands for any characters, none included, slashes too; `?` for one character.
/// Everything else stands for itself, case and the way it is composed included.
public struct NamePattern: Sendable, Hashable {
  private enum Part: Hashable {
    case character(Unicode.Scalar)
    case anyCharacter
    case anything
  }

  private let parts: [Part]
  /// The name itself, where the pattern can match no other.
  public let literal: String?

  public static func == (left: Self, right: Self) -> Bool { left.parts == right.parts }

  public func hash(into hasher: inout Hasher) { hasher.combine(parts) }

  public init(_ pattern: String) {
    parts = pattern.unicodeScalars.map { $0 == "*" ? .anything : $0 == "?" ? .anyCharacter : .character($0) }
    literal = pattern.unicodeScalars.contains { $0 == "*" || $0 == "?" } ? nil : pattern
  }

  /// A name in which no character is special.
  public init(literal name: String) {
    parts = name.unicodeScalars.map { .character($0) }
    literal = name
  }

  /// Whether a name matches as a whole. Takes time in proportion to the lengths of both at the most.
  public func matches(_ name: String) -> Bool {
    if let literal { return ExactName(literal) == ExactName(name) }
    let name = Array(name.unicodeScalars)
    var position = 0
    var part = 0
    // Where to go on when what follows the last star does not match: one character more goes to the star.
    var retry: (part: Int, position: Int)?
    while position < name.count {
      if part < parts.count {
        switch parts[part] {
        case .anything:
          part += 1
          retry = (part, position)
          continue
        case .anyCharacter:
          (part, position) = (part + 1, position + 1)
          continue
        case .character(name[position]):
          (part, position) = (part + 1, position + 1)
          continue
        default: break
        }
      }
      guard let star = retry else { return false }
      retry = (star.part, star.position + 1)
      (part, position) = (star.part, star.position + 1)
    }
    return parts[part...].allSatisfy { $0 == .anything }
  }
}
