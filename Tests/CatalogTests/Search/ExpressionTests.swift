import Testing

@testable import Catalog

@Suite struct ExpressionTests {
  private func tag(_ name: String) -> NamePattern { NamePattern(literal: name) }

  @Test(
    arguments: [
      ("loss < 0.1", SeriesSearch.firstWhere(.compares(.less, 0.1), points: 1)),
      ("loss<0.1", .firstWhere(.compares(.less, 0.1), points: 1)),
      ("loss >= -1e-3 for 5", .firstWhere(.compares(.atLeast, -1e-3), points: 5)),
      ("loss == inf for 1 point", .firstWhere(.compares(.equal, .infinity), points: 1)),
      ("loss = 2 for 3 points", .firstWhere(.compares(.equal, 2), points: 3)),
      ("loss != +2", .firstWhere(.compares(.different, 2), points: 1)),
      ("where(loss > 5)", .firstWhere(.compares(.greater, 5), points: 1)),
      ("loss is nan", .firstWhere(.isOf(.nan), points: 1)),
      ("loss is not finite for 2", .firstWhere(.isOf([.nan, .infinite]), points: 2)),
      ("loss is infinite", .firstWhere(.isOf(.infinite), points: 1)), ("first(loss)", .first), ("last(loss)", .last),
      ("min(loss)", .minimum), ("max( loss )", .maximum), ("jump(loss)", .jump(.either)), ("rise(loss)", .jump(.up)),
      ("drop(loss)", .jump(.down)), ("nonfinite(loss)", .nonFinite), ("plateau(loss)", .plateau(PlateauRule())),
      (
        "plateau(loss, 100 steps, 1%)",
        .plateau(PlateauRule(goal: .min, tolerance: .relative(0.01), patience: .steps(100)))
      ),
      (
        "plateau(loss, 0.5, max, 7 points)",
        .plateau(PlateauRule(goal: .max, tolerance: .absolute(0.5), patience: .points(7)))
      ),
    ] as [(String, SeriesSearch)])
  func `searches are understood`(text: String, search: SeriesSearch) throws {
    #expect(try SearchExpression(text) == SearchExpression(search: search, tag: tag("loss")))
  }

  @Test(
    arguments: [
      ("val/loss-1.2 < 1", "val/loss-1.2"), ("\"val loss\" < 1", "val loss"), ("'a\"b' < 1", "a\"b"),
      ("\"a\\\"b\\\\\" < 1", "a\"b\\"), ("\"loss*\" < 1", "loss*"), ("\"é < 1\" < 1", "é < 1"), ("first < 1", "first"),
      ("1 < 2", "1"), ("min (loss)", nil), ("max(\"a b\")", "a b"), ("損失 < 1", "損失"),
    ] as [(String, String?)])
  func `tags are names, in quotes where they need them`(text: String, name: String?) throws {
    if let name {
      #expect(try SearchExpression(text).tag == tag(name))
    } else {
      #expect(throws: ExpressionError.self) { try SearchExpression(text) }
    }
  }

  @Test func `stars are wildcards outside of quotes`() throws {
    let pattern = try SearchExpression("*/loss? is nan").tag
    #expect(pattern.matches("a/b/loss1") && !pattern.matches("loss1"))
  }

  @Test(arguments: [
    ("", 1), ("loss", 5), ("loss <", 7), ("loss < x", 8), ("loss < 0.1 for", 15), ("loss < 0.1 for 0", 16),
    ("loss < 0.1 extra", 12), ("loss ! 3", 6), ("\"loss < 3", 1), ("median(loss)", 1), ("min(loss", 9), ("min()", 5),
    ("loss is odd", 9), ("plateau(loss, -5)", 15), ("plateau(loss, 1.5 steps)", 15), ("loss < nan", 8),
    ("loss < 0x10", 8), ("plateau(loss, max(1))", 18), ("(", 1), ("min(loss))", 10),
  ])
  func `what cannot be understood is told with its place`(text: String, position: Int) {
    do {
      _ = try SearchExpression(text)
      Issue.record("understood")
    } catch {
      #expect(error.position == position, "\(error)")
      #expect(error.text == text && "\(error)".hasSuffix("."))
    }
  }

  @Test(
    arguments: [
      ("last_step", RunColumn.Source.attribute(.lastStep)), ("duration", .attribute(.duration)),
      ("loss", .finding(.last, tag: "loss", .value)), ("\"last_step\"", .finding(.last, tag: "last_step", .value)),
      ("min(loss)", .finding(.minimum, tag: "loss", .value)),
      ("min(loss).step", .finding(.minimum, tag: "loss", .step)),
      ("max(loss).wall_time", .finding(.maximum, tag: "loss", .wallTime)),
      ("jump(loss)", .finding(.jump(.either), tag: "loss", .change)),
      ("nonfinite(loss)", .finding(.nonFinite, tag: "loss", .count)),
      ("plateau(loss).until", .finding(.plateau(PlateauRule()), tag: "loss", .until)),
      ("step_where(loss < 1)", .finding(.firstWhere(.compares(.less, 1), points: 1), tag: "loss", .step)),
      ("time_to(loss < 1 for 2)", .finding(.firstWhere(.compares(.less, 1), points: 2), tag: "loss", .seconds)),
      ("steps_to(loss < 1)", .finding(.firstWhere(.compares(.less, 1), points: 1), tag: "loss", .steps)),
      ("where(loss < 1).value", .finding(.firstWhere(.compares(.less, 1), points: 1), tag: "loss", .value)),
      ("count(loss)", .count(tag: "loss")), ("hparam(lr)", .hyperparameter("lr")),
      ("hparam(\"learning rate\")", .hyperparameter("learning rate")),
    ] as [(String, RunColumn.Source)])
  func `columns are understood`(text: String, source: RunColumn.Source) throws {
    #expect(try RunColumn(text) == RunColumn(source: source, label: text))
    let named = try RunColumn("  \(text)   as \"a name\"")
    #expect(named.source == source && named.label == "a name")
  }

  @Test(arguments: [
    "loss*", "min(*)", "min(loss).change", "min(loss).nothing", "min(loss) .step", "median(loss)", "step_where(loss)",
    "loss as", "count()", "hparam", "jump(loss).count", "min(loss) best",
  ]) func `columns that make no sense are refused`(text: String) {
    // A word alone is a tag.
    if text == "hparam" { return #expect((try? RunColumn(text))?.source == .finding(.last, tag: "hparam", .value)) }
    #expect(throws: ExpressionError.self) { try RunColumn(text) }
  }

  @Test func `an unknown function is told with those there are`() {
    do {
      _ = try RunColumn("mean(loss)")
    } catch {
      #expect(error.reason.contains("“mean”") && error.reason.contains("min") && error.reason.contains("hparam"))
    }
  }

  @Test func `conditions nest`() throws {
    let loss = RunColumn.Source.finding(.last, tag: "loss", .value)
    let condition = try RunCondition("not (loss < 1 or loss > 5) and run ~ \"a*\" or points is missing")
    #expect(
      condition
        == .either(
          .both(
            .not(.either(.compares(loss, .less, .number(1)), .compares(loss, .greater, .number(5)))),
            .matches(.attribute(.run), NamePattern("a*"))), .isMissing(.attribute(.points))))
    #expect(throws: ExpressionError.self) {
      try RunCondition(String(repeating: "(", count: 100) + "a < 1" + String(repeating: ")", count: 100))
    }
    #expect(throws: ExpressionError.self) { try RunCondition(String(repeating: "not ", count: 5000) + "a < 1") }
    #expect(throws: ExpressionError.self) { try RunCondition(String(repeating: "a", count: 20_000)) }
  }

  @Test func `written names read back`() throws {
    var generator = SeededGenerator(seed: 4)
    let alphabet = Array("ab/ \"'\\()<=!~*?,.1é")
    for _ in 0..<500 {
      let name = String(
        (0..<Int.random(in: 1...6, using: &generator)).map { _ in alphabet.randomElement(using: &generator)! })
      #expect(try SearchExpression("min(\(ExpressionLexer.written(name)))").tag == tag(name), "\(name)")
    }
  }

  @Test func `random texts never trap`() {
    var generator = SeededGenerator(seed: 5)
    let pieces = [
      "loss", "<", ">=", "(", ")", ",", "min", "plateau", "for", "is", "not", "nan", "1", "9e999", "-", "%", "5%", "as",
      " ", "\"", "'", "\\", "~", "and", "or", ".step", "steps", "*", "\u{0}", "é", "hparam(", "step_where(",
    ]
    for _ in 0..<5000 {
      let text = (0..<Int.random(in: 0...12, using: &generator)).map { _ in
        pieces.randomElement(using: &generator)! + (Bool.random(using: &generator) ? " " : "")
      }.joined()
      _ = try? SearchExpression(text)
      _ = try? RunColumn(text)
      _ = try? RunCondition(text)
    }
  }
}
