/// Which runs are wanted, as people write it:
///
///     last(loss) < 0.1 and nonfinite(loss) == 0
///     accuracy >= 0.9 or run ~ "baseline/*"       a tag alone stands for its last value
///     not (hparam(optimizer) == adam) and max(val/acc) > max(acc)
///     step_where(loss < 0.1) is not missing
///
/// What a run does not have is missing: it satisfies no comparison, and `is missing`.
public indirect enum RunCondition: Sendable, Hashable {
  public enum Operand: Sendable, Hashable {
    case number(Double)
    case text(String)
    case column(RunColumn.Source)
  }

  case both(RunCondition, RunCondition)
  case either(RunCondition, RunCondition)
  case not(RunCondition)
  case compares(RunColumn.Source, PointCondition.Comparison, Operand)
  /// Texts, or numbers as they print.
  case matches(RunColumn.Source, NamePattern)
  case isMissing(RunColumn.Source)
  case isOf(RunColumn.Source, PointCondition.Classes)

  /// - Throws: ``ExpressionError``.
  public init(_ text: String) throws(ExpressionError) {
    var parser = try ExpressionParser(text)
    self = try parser.runCondition()
    try parser.expectEnd()
  }

  /// Whether a run is wanted, given the values of its columns.
  func holds(_ value: (RunColumn.Source) throws -> PlainValue) rethrows -> Bool {
    switch self {
    case .both(let left, let right): return try left.holds(value) && right.holds(value)
    case .either(let left, let right): return try left.holds(value) || right.holds(value)
    case .not(let condition): return try !condition.holds(value)
    case .isMissing(let column): return try value(column) == .null
    case .isOf(let column, let classes):
      return try value(column).number.map { classes.contains(.init(of: $0)) } ?? false
    case .matches(let column, let pattern): return try value(column).shown.map { pattern.matches($0) } ?? false
    case .compares(let column, let comparison, let operand):
      let left = try value(column)
      switch operand {
      case .number(let number): return left.compares(comparison, .number(number))
      case .text(let text): return left.compares(comparison, .text(text))
      case .column(let other): return left.compares(comparison, try value(other))
      }
    }
  }
}

extension PlainValue {
  /// As a number, where it is one; a flag is 0 or 1.
  var number: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    case .single(let value): Double(value)
    case .flag(let value): value ? 1 : 0
    case .null, .text, .list, .fields: nil
    }
  }

  /// As a person reads it; nil where there is nothing.
  var shown: String? {
    switch self {
    case .null: nil
    case .text(let text): text
    default: json
    }
  }

  /// Whether the value stands to another as asked. Numbers compare as numbers, everything else as it is shown.
  fileprivate func compares(_ comparison: PointCondition.Comparison, _ other: PlainValue) -> Bool {
    if case .integer(let left) = self, case .integer(let right) = other { return comparison.holds(left, right) }
    if let left = number, let right = other.number {
      if case .single = self, case .number(let exact) = other {
        return PointCondition.compares(comparison, exact).rounded(to: .float32([])).holds(left)
      }
      return !left.isNaN && !right.isNaN && comparison.holds(left, right)
    }
    guard let left = shown, let right = other.shown else { return false }
    return comparison.holds(left, right)
  }

  /// The order of a sorted column: numbers, NaN, texts; what is missing comes last, whichever way is sorted.
  static func sortsBefore(_ left: PlainValue, _ right: PlainValue, descending: Bool) -> Bool? {
    func rank(_ value: PlainValue) -> Int {
      if value == .null { return 3 }
      guard let number = value.number else { return 2 }
      return number.isNaN ? 1 : 0
    }
    let ranks = (rank(left), rank(right))
    guard ranks.0 == ranks.1 else { return ranks.0 < ranks.1 }
    switch (left, right) {
    case (.integer(let left), .integer(let right)) where left != right: return (left < right) != descending
    case (.integer, .integer): return nil
    default: break
    }
    if ranks.0 == 0, let left = left.number, let right = right.number, left != right {
      return (left < right) != descending
    }
    if ranks.0 == 2, let left = left.shown, let right = right.shown, left != right {
      return (left < right) != descending
    }
    return nil
  }
}

extension PointCondition.Comparison {
  /// Whether something stands to something else as asked.
  func holds<T: Comparable>(_ left: T, _ right: T) -> Bool {
    switch self {
    case .less: left < right
    case .atMost: left <= right
    case .greater: left > right
    case .atLeast: left >= right
    case .equal: left == right
    case .different: left != right
    }
  }
}
