// Columns of the list of runs, and conditions on them.

extension ExpressionParser {
  /// A column without its name.
  mutating func columnSource() throws(ExpressionError) -> RunColumn.Source {
    guard case .word(let word) = lexer.token else { return try lastValue() }
    var ahead = self
    try ahead.advance()
    guard ahead.lexer.token == .symbol("("), ahead.lexer.isAttached else {
      guard let attribute = RunAttribute(rawValue: word) else { return try lastValue() }
      self = ahead
      return .attribute(attribute)
    }
    switch word {
    case "count", "hparam":
      self = ahead
      try advance()
      let name = word == "count" ? try oneTag() : try plainName()
      try expect(")", "“)” was expected here")
      return word == "count" ? .count(tag: name) : .hyperparameter(name)
    case "step_where", "time_to", "steps_to":
      self = ahead
      try advance()
      let condition = try condition()
      try expect(")", "“)” was expected here")
      let field: RunColumn.Field = word == "step_where" ? .step : word == "time_to" ? .seconds : .steps
      return .finding(condition.search, tag: try literal(condition.tag), field)
    default:
      let expression: SearchExpression
      do { expression = try search() } catch {
        guard error.reason.hasPrefix("there is no function") else { throw error }
        throw ExpressionError(
          text: error.text, position: error.position,
          reason: error.reason + "; and count, hparam, step_where, time_to, steps_to")
      }
      return .finding(
        expression.search, tag: try literal(expression.tag),
        try field(of: expression.search) ?? expression.search.defaultField)
    }
  }

  /// A tag alone stands for its last value.
  private mutating func lastValue() throws(ExpressionError) -> RunColumn.Source {
    .finding(.last, tag: try oneTag(), .value)
  }

  private mutating func oneTag() throws(ExpressionError) -> String { try literal(try tag()) }

  private func literal(_ tag: NamePattern) throws(ExpressionError) -> String {
    guard let name = tag.literal else {
      throw error("a column is of one tag; put the name in quotes where it has a “*” or “?”")
    }
    return name
  }

  private mutating func plainName() throws(ExpressionError) -> String {
    switch lexer.token {
    case .word(let name), .quoted(let name):
      try advance()
      return name
    case .symbol, .end: throw error("a name was expected here")
    }
  }

  /// `.step` right after a function.
  private mutating func field(of search: SeriesSearch) throws(ExpressionError) -> RunColumn.Field? {
    guard case .word(let word) = lexer.token, lexer.isAttached, word.hasPrefix(".") else { return nil }
    guard let field = RunColumn.Field(rawValue: String(word.dropFirst())), search.fields.contains(field) else {
      throw error("this has no “\(word)”; it has " + search.fields.map { "." + $0.rawValue }.joined(separator: ", "))
    }
    try advance()
    return field
  }

  /// `as best`
  mutating func name() throws(ExpressionError) -> String? { try take(words: "as") ? try plainName() : nil }

  // MARK: - Conditions

  /// Conditions joined by `or`.
  mutating func runCondition() throws(ExpressionError) -> RunCondition {
    var condition = try conjunction()
    while try take(words: "or") { condition = .either(condition, try conjunction()) }
    return condition
  }

  private mutating func conjunction() throws(ExpressionError) -> RunCondition {
    var condition = try negation()
    while try take(words: "and") { condition = .both(condition, try negation()) }
    return condition
  }

  private mutating func negation() throws(ExpressionError) -> RunCondition {
    if try take(words: "not") { return try nested { parser throws(ExpressionError) in .not(try parser.negation()) } }
    guard try take("(") else { return try comparison() }
    return try nested { parser throws(ExpressionError) in
      let condition = try parser.runCondition()
      try parser.expect(")", "“)” was expected here")
      return condition
    }
  }

  private mutating func comparison() throws(ExpressionError) -> RunCondition {
    let column = try columnSource()
    if try take(words: "is") {
      var ahead = self
      let isNegated = try ahead.take(words: "not")
      if try ahead.take(words: "missing") {
        self = ahead
        return isNegated ? .not(.isMissing(column)) : .isMissing(column)
      }
      return .isOf(column, try classes())
    }
    guard case .symbol(let symbol) = lexer.token else {
      throw error("a comparison was expected here: <, <=, >, >=, ==, !=, ~ and a pattern, or “is missing”, “is finite”")
    }
    if symbol == "~" || symbol == "!~" {
      try advance()
      let pattern = try pattern()
      return symbol == "~" ? .matches(column, pattern) : .not(.matches(column, pattern))
    }
    guard let comparison = PointCondition.Comparison(rawValue: symbol) else {
      throw error("a comparison was expected here: <, <=, >, >=, ==, != or ~")
    }
    try advance()
    return .compares(column, comparison, try operand())
  }

  /// What a column is compared with: a number, a text, or a column that is written as a function.
  private mutating func operand() throws(ExpressionError) -> RunCondition.Operand {
    switch lexer.token {
    case .quoted(let text):
      try advance()
      return .text(text)
    case .word(let word):
      var ahead = self
      try ahead.advance()
      if ahead.lexer.token == .symbol("("), ahead.lexer.isAttached { return .column(try columnSource()) }
      self = ahead
      return Self.number(word).map { .number($0) } ?? .text(word)
    case .symbol, .end: throw error("a number or a name was expected here")
    }
  }
}
