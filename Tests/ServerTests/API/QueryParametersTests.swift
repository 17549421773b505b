import Testing

@testable import Server

@Suite struct QueryParametersTests {
  private let declared = [
    Parameter("run", .text, "A run"), Parameter("open", .text, repeats: true, "A scope"),
    Parameter("step", .integer, "A step"), Parameter("at", .number, "A place"),
  ]

  private func parse(_ query: String?) throws -> QueryParameters {
    try QueryParameters(query: query, declared: declared)
  }

  private func detail(_ query: String, _ read: (QueryParameters) throws -> Void = { _ in }) -> String? {
    do {
      try read(try parse(query))
      return nil
    } catch let problem as Problem {
      #expect(problem.status == .badRequest)
      return problem.detail
    } catch { return nil }
  }

  @Test(arguments: [
    ("run=a%20b", "a b"), ("run=a+b", "a b"), ("run=a%2Bb", "a+b"), ("run=%F0%9F%99%82", "🙂"), ("run=a=b", "a=b"),
    ("run=", ""), ("run", ""), ("&&run=x&", "x"), ("run=%2e%2e%2f", "../"), ("r%75n=x", "x"),
  ])
  func valuesAreDecoded(query: String, value: String) throws {
    #expect(try parse(query).text("run") == value)
  }

  @Test(arguments: ["run=%", "run=%4", "run=%zz", "run=%ff", "run=%C0%AF", "%=x"])
  func whatCannotBeDecodedIsRefused(query: String) {
    #expect(detail(query)?.contains("encode") == true)
  }

  @Test func repeatedParametersKeepTheirOrder() throws {
    #expect(try parse("open=b&open=a&open=b").texts("open") == ["b", "a", "b"])
    #expect(detail("run=a&run=b")?.contains("once") == true)
  }

  @Test func unknownNamesAreRefusedWithTheKnownOnes() {
    #expect(detail("rnu=a") == "There is no parameter “rnu” here. Known: run, open, step, at.")
  }

  @Test func absentQueriesHaveNoValues() throws {
    #expect(try parse(nil).optionalText("run") == nil)
    #expect(try parse("").texts("open").isEmpty)
    #expect(detail("", { _ = try $0.text("run") }) == "The parameter “run” is missing.")
  }

  @Test func requiredParametersMustBeThere() {
    let required = [Parameter("run", .text, required: true, "A run"), Parameter("tag", .text, "A tag")]
    #expect(throws: Problem.badRequest("The parameter “run” is missing.")) {
      try QueryParameters(query: "tag=a", declared: required)
    }
    #expect(throws: Never.self) { try QueryParameters(query: "run=", declared: required) }
  }

  @Test func numbersAreChecked() throws {
    #expect(try parse("step=-9223372036854775808").optionalInt64("step") == .min)
    #expect(try parse("step=7").optionalInt("step", in: 0...10) == 7)
    #expect(try parse("at=-1.5e3").optionalDouble("at") == -1500)
    for query in ["step=", "step=1.0", "step=9223372036854775808", "step=+", "step=0x10"] {
      #expect(detail(query, { _ = try $0.optionalInt64("step") })?.contains("whole number") == true, "\(query)")
    }
    #expect(detail("step=11", { _ = try $0.optionalInt("step", in: 0...10) })?.contains("from 0 to 10") == true)
    for query in ["at=nan", "at=inf", "at=1e999", "at=one"] {
      #expect(detail(query, { _ = try $0.optionalDouble("at") })?.contains("give a number") == true, "\(query)")
    }
  }

  private enum Order: String, CaseIterable { case up, down }

  @Test func choicesNameWhatThereIs() throws {
    #expect(try parse("run=down").choice("run", default: Order.up) == .down)
    #expect(try parse("").choice("run", default: Order.up) == .up)
    #expect(
      detail("run=left", { _ = try $0.choice("run", default: Order.up) })
        == "“left” is no value of “run”: use up, down.")
  }

  @Test func randomQueriesNeverTrap() {
    var generator = SplitMix(state: 7)
    let alphabet = Array("run=openstep&%+0123456789aF;#é\u{0}".utf8)
    for _ in 0..<20_000 {
      let bytes = (0..<generator.next(below: 24)).map { _ in alphabet[generator.next(below: alphabet.count)] }
      let query = String(decoding: bytes, as: UTF8.self)
      guard let parameters = try? parse(query) else { continue }
      _ = parameters.optionalText("run")
      _ = try? parameters.optionalInt64("step")
      _ = try? parameters.optionalDouble("at")
    }
  }
}

/// Random numbers that are the same on every run.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func next(below limit: Int) -> Int { Int(next() % UInt64(limit)) }
}
