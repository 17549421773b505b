/// The words of an expression.
///
/// A word is anything between spaces, quotes and `( ) , < > = ! ~`: `loss/train`, `-0.5`, `sweep/*`. In double or single
/// quotes every character stands for itself; a backslash takes the special meaning from the quote and from itself.
struct ExpressionLexer {
  enum Token: Equatable {
    case word(String)
    case quoted(String)
    /// One of `( ) ,` and `< <= > >= == = != ~ !~`.
    case symbol(String)
    case end
  }

  let text: String
  private let characters: [Character]
  private var position = 0
  /// The token looked at, and where it starts.
  private(set) var token = Token.end
  private(set) var start = 0
  /// Whether no space lies between the token before and this one.
  private(set) var isAttached = false

  /// Texts longer than this are refused.
  static let longest = 10_000

  init(_ text: String) throws(ExpressionError) {
    self.text = text
    characters = Array(text)
    guard characters.count <= Self.longest else {
      throw ExpressionError(
        text: text, position: Self.longest, reason: "an expression has at most \(Self.longest) characters")
    }
    try advance()
  }

  func error(_ reason: String) -> ExpressionError {
    ExpressionError(text: text, position: start + 1, reason: reason)
  }

  /// Goes on to the next token.
  mutating func advance() throws(ExpressionError) {
    let before = position
    while position < characters.count, characters[position].isWhitespace { position += 1 }
    isAttached = position == before
    start = position
    guard position < characters.count else {
      token = .end
      return
    }
    let character = characters[position]
    switch character {
    case "\"", "'": try quoted(by: character)
    case "(", ")", ",", "~":
      position += 1
      token = .symbol(String(character))
    case "<", ">", "=", "!":
      position += 1
      var symbol = String(character)
      if position < characters.count, characters[position] == "=" || character == "!" && characters[position] == "~" {
        symbol.append(characters[position])
        position += 1
      }
      guard symbol != "!" else { throw error("“!” stands before “=” or “~” only; write “not” for the contrary") }
      token = .symbol(symbol == "=" ? "==" : symbol)
    default:
      while position < characters.count, !Self.endsWord(characters[position]) { position += 1 }
      token = .word(String(characters[start..<position]))
    }
  }

  private mutating func quoted(by quote: Character) throws(ExpressionError) {
    var content = ""
    position += 1
    while position < characters.count, characters[position] != quote {
      if characters[position] == "\\", position + 1 < characters.count,
        characters[position + 1] == quote || characters[position + 1] == "\\"
      {
        position += 1
      }
      content.append(characters[position])
      position += 1
    }
    guard position < characters.count else { throw error("the quote is not closed") }
    position += 1
    token = .quoted(content)
  }

  private static func endsWord(_ character: Character) -> Bool {
    character.isWhitespace || "\"'(),<>=!~".contains(character)
  }

  /// A name as it has to be written: in quotes where it is no plain word.
  static func written(_ name: String) -> String {
    let isPlain = !name.isEmpty && !name.contains { endsWord($0) || $0 == "*" || $0 == "?" }
    return isPlain && Double(name) == nil
      ? name : "\"" + name.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
  }
}
