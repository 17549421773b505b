import Catalog

extension Parameter {
  static let axis = Parameter(
    "x", .choice(SeriesAxis.allCases.map(\.rawValue)), "What the x axis shows; without it, steps")
  /// Which points where steps go back.
  static let branches = Parameter(
    "branches", .choice(BranchSelection.allCases.map(\.rawValue)),
    "Which points are wanted where steps go back: of the newest branch, all, or what a TensorBoard keeps")
}

extension [Parameter] {
  /// Which series a call is about.
  static let selection = [
    Parameter("run", repeats: true, "A run; may be repeated. Without any of the three, all runs"),
    Parameter("run_glob", .text, "Runs whose name matches a pattern with * and ?"),
    Parameter("run_regex", .text, "Runs in whose name a regular expression is found"),
    Parameter("tag", repeats: true, "A tag; may be repeated. Without any of the three, all tags"),
    Parameter("tag_glob", .text, "Tags that match a pattern with * and ?"),
    Parameter("tag_regex", .text, "Tags in which a regular expression is found"),
  ]
}

extension QueryParameters {
  /// The series that are there of those selected; more than one answer may be about are refused.
  func series(of catalog: Catalog, atMost limit: Int = 20_000) throws -> [SeriesName] {
    let names = try catalog.scalarSeries(SeriesSelection(runs: names("run"), tags: names("tag")))
    guard names.count <= limit else {
      throw Problem.tooLarge("\(names.count) series are more than one answer holds (\(limit)). Select fewer.")
    }
    return names
  }

  private func names(_ name: String) throws -> NameSelection {
    let literal = texts(name)
    let (glob, regex) = (optionalText("\(name)_glob"), optionalText("\(name)_regex"))
    guard (literal.isEmpty ? 0 : 1) + (glob == nil ? 0 : 1) + (regex == nil ? 0 : 1) <= 1 else {
      throw Problem.badRequest("Give one of “\(name)”, “\(name)_glob” and “\(name)_regex”.")
    }
    if let glob { return .pattern(NamePattern(glob)) }
    if let regex { return .expression(try NameExpression(regex)) }
    return literal.isEmpty ? .all : .names(literal)
  }

  /// A running average, `mean:100`; nil where none is asked for.
  func smoothing(_ name: String) throws(Problem) -> Smoothing? {
    guard let text = optionalText(name), !text.isEmpty else { return nil }
    guard let smoothing = Smoothing(text) else {
      throw .badRequest("“\(text.prefix(100))” is no value of “\(name)”: \(Smoothing.usage).")
    }
    return smoothing
  }
}
