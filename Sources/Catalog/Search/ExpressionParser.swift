/// Reads searches (``SearchExpression``), columns (``RunColumn``) and conditions on runs (``RunCondition``).
///
///     search     = condition | function [field]
///     condition  = tag comparison number ["for" count ["points"]]
///                | tag "is" ["not"] class ["for" count ["points"]]      class: finite, nan, infinite
///     function   = name "(" arguments ")"
///     field      = ".step" and the like, without a space before it
///     column     = [run column | tag | function [field]] ["as" name]
///     filter     = comparison of columns, joined by "and", "or", "not" and parentheses
struct ExpressionParser {
  private(set) var lexer: ExpressionLexer
  /// How deep parentheses and `not` are nested.
  private var depth = 0

  init(_ text: String) throws(ExpressionError) { lexer = try ExpressionLexer(text) }

  func error(_ reason: String) -> ExpressionError { lexer.error(reason) }

  mutating func expectEnd() throws(ExpressionError) {
    guard lexer.token == .end else { throw error("nothing was expected here any more") }
  }

  // MARK: - Tokens

  mutating func advance() throws(ExpressionError) { try lexer.advance() }

  /// Takes a symbol if it comes next.
  mutating func take(_ symbol: String) throws(ExpressionError) -> Bool {
    guard lexer.token == .symbol(symbol) else { return false }
    try lexer.advance()
    return true
  }

  /// Takes one of some words if it comes next.
  mutating func take(words: String...) throws(ExpressionError) -> Bool {
    guard case .word(let word) = lexer.token, words.contains(word) else { return false }
    try lexer.advance()
    return true
  }

  mutating func expect(_ symbol: String, _ reason: String) throws(ExpressionError) {
    guard try take(symbol) else { throw error(reason) }
  }

  /// A tag, in which stars are wildcards unless it is in quotes.
  mutating func tag() throws(ExpressionError) -> NamePattern {
    switch lexer.token {
    case .word(let word):
      try lexer.advance()
      return NamePattern(word)
    case .quoted(let name):
      try lexer.advance()
      return NamePattern(literal: name)
    case .symbol, .end: throw error("the name of a tag was expected here")
    }
  }

  /// A pattern, in which stars are wildcards in quotes too: quotes let it hold spaces.
  mutating func pattern() throws(ExpressionError) -> NamePattern {
    guard case .quoted(let text) = lexer.token else { return try tag() }
    try lexer.advance()
    return NamePattern(text)
  }

  private mutating func number() throws(ExpressionError) -> Double {
    guard case .word(let word) = lexer.token, let number = Self.number(word), !number.isNaN else {
      throw error("a number was expected here, such as 0.1, 1e-3 or inf")
    }
    try lexer.advance()
    return number
  }

  static func number(_ word: String) -> Double? {
    switch word.lowercased() {
    case "infinity", "+infinity", "inf", "+inf": .infinity
    case "-infinity", "-inf": -.infinity
    // Double takes hexadecimal numbers and names of its own too; names of tags may look like them.
    default: word.utf8.allSatisfy { "0123456789+-.eE".utf8.contains($0) } ? Double(word) : nil
    }
  }

  private mutating func count() throws(ExpressionError) -> Int {
    guard case .word(let word) = lexer.token, let count = Int(word), (1...1_000_000_000).contains(count) else {
      throw error("a whole number of points was expected here, 1 or more")
    }
    try lexer.advance()
    return count
  }

  // MARK: - Searches

  /// A function, or a condition on the points of a tag.
  mutating func search() throws(ExpressionError) -> SearchExpression {
    if case .word(let name) = lexer.token {
      var ahead = self
      try ahead.lexer.advance()
      if ahead.lexer.token == .symbol("("), ahead.lexer.isAttached {
        self = ahead
        return try function(name)
      }
    }
    return try condition()
  }

  /// `tag < 0.1 for 5`
  mutating func condition() throws(ExpressionError) -> SearchExpression {
    let tag = try tag()
    let condition = try pointCondition()
    return SearchExpression(search: .firstWhere(condition, points: try repetition()), tag: tag)
  }

  private mutating func pointCondition() throws(ExpressionError) -> PointCondition {
    if case .symbol(let symbol) = lexer.token, let comparison = PointCondition.Comparison(rawValue: symbol) {
      try lexer.advance()
      return .compares(comparison, try number())
    }
    if try take(words: "is") { return .isOf(try classes()) }
    throw error("a comparison was expected here: <, <=, >, >=, ==, != and a number, or “is nan”, “is not finite”")
  }

  /// What follows `is`.
  mutating func classes() throws(ExpressionError) -> PointCondition.Classes {
    let isNegated = try take(words: "not")
    let classes: PointCondition.Classes
    if try take(words: "finite") {
      classes = .finite
    } else if try take(words: "nan") {
      classes = .nan
    } else if try take(words: "infinite") {
      classes = .infinite
    } else {
      throw error("“finite”, “nan” or “infinite” was expected here")
    }
    return isNegated ? PointCondition.Classes.all.subtracting(classes) : classes
  }

  private mutating func repetition() throws(ExpressionError) -> Int {
    guard try take(words: "for") else { return 1 }
    let count = try count()
    _ = try take(words: "points", "point")
    return count
  }

  /// A function, its name taken already.
  private mutating func function(_ name: String) throws(ExpressionError) -> SearchExpression {
    let searches: [String: SeriesSearch] = [
      "first": .first, "last": .last, "min": .minimum, "max": .maximum, "jump": .jump(.either), "rise": .jump(.up),
      "drop": .jump(.down), "nonfinite": .nonFinite,
    ]
    guard searches[name] != nil || ["where", "plateau"].contains(name) else {
      throw ExpressionError(
        text: lexer.text, position: max(1, lexer.start - name.count + 1),
        reason: "there is no function “\(name)”; known are "
          + "first, last, min, max, jump, rise, drop, nonfinite, plateau and where")
    }
    try expect("(", "“(” was expected here")
    var result: SearchExpression
    if name == "where" {
      result = try condition()
    } else {
      result = SearchExpression(search: searches[name] ?? .plateau(PlateauRule()), tag: try tag())
      if name == "plateau" { result.search = .plateau(try plateauRule()) }
    }
    try expect(")", "“)” was expected here")
    return result
  }

  /// `, max, 100 steps, 1%` in any order.
  private mutating func plateauRule() throws(ExpressionError) -> PlateauRule {
    var rule = PlateauRule()
    while try take(",") {
      guard case .word(let word) = lexer.token else {
        throw error(
          "“min”, “max”, a patience such as “100 steps” or a tolerance such as “1%” or “0.01” was expected here")
      }
      if let goal = PlateauRule.Goal(rawValue: word) {
        try lexer.advance()
        rule.goal = goal
        continue
      }
      let isPercent = word.hasSuffix("%")
      guard let number = Self.number(isPercent ? String(word.dropLast()) : word), number.isFinite, number >= 0 else {
        throw error(
          "“min”, “max”, a patience such as “100 steps” or a tolerance such as “1%” or “0.01” was expected here")
      }
      var ahead = self
      try ahead.lexer.advance()
      if try ahead.take(words: "steps", "step") {
        guard let steps = Int64(word), steps > 0 else {
          throw error("a patience is a whole number of steps, 1 or more")
        }
        rule.patience = .steps(steps)
      } else if try ahead.take(words: "points", "point") {
        guard let points = Int(word), points > 0 else {
          throw error("a patience is a whole number of points, 1 or more")
        }
        rule.patience = .points(points)
      } else {
        rule.tolerance = isPercent ? .relative(number / 100) : .absolute(number)
      }
      self = ahead
    }
    return rule
  }

  // MARK: - Nesting

  /// Runs `body` one level deeper.
  mutating func nested<T>(
    _ body: (inout ExpressionParser) throws(ExpressionError) -> T
  ) throws(ExpressionError) -> T {
    depth += 1
    defer { depth -= 1 }
    guard depth <= 64 else { throw error("there are more than 64 parentheses or “not” inside each other") }
    return try body(&self)
  }
}
