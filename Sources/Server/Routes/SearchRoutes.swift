import Catalog

/// `GET /search`: what is found inside curves.
func addSearchRoutes(to routes: inout RouteTable, context: ServerContext) {
  let catalog = context.catalog

  routes.get(
    "/search", "Where curves do something: reach a value, jump, stop to improve, are not finite",
    parameters: [
      Parameter(
        "find", required: true,
        "What to find in which tags: loss < 0.1 for 5, max(*/accuracy), jump(loss), nonfinite(*), plateau(loss, 1%)"),
      Parameter("run", repeats: true, "A run's name; may be repeated"), .runPatterns, .fromStep, .toStep, .branches,
      .limit(1000, most: 20_000),
    ], followsRevision: true
  ) { request in
    let parameters = request.parameters
    let text = try parameters.text("find")
    let expression = try SearchExpression(text)
    let (from, to) = try parameters.steps()
    let scope = SearchScope(
      runs: parameters.texts("run").map { NamePattern(literal: $0) } + parameters.patterns("run_glob"),
      tags: [expression.tag], from: from, to: to,
      branches: try parameters.choice("branches", default: BranchSelection.newest))
    let answer = try catalog.search(
      expression.search, in: scope, limit: try parameters.int("limit", default: 1000, in: 1...20_000)
    ) { try request.checkCancellation() }
    return .json(capacity: 256 * answer.results.count + 256) {
      $0.object {
        $0.member("find", text)
        $0.member("total", answer.total)
        $0.member("results") { $0.array(answer.results) { json, result in write(result, to: &json) } }
      }
    }
  }
}

private func write(_ result: SearchResult, to json: inout JSONWriter) {
  json.object {
    $0.member("run", result.run)
    $0.member("tag", result.tag)
    $0.member("branch", result.branch)
    $0.member("superseded", result.superseded)
    $0.member("step", result.point?.step)
    $0.member("wall_time", result.point?.wallTime)
    $0.member("value", result.point?.plainValue ?? .null)
    $0.member("seconds", result.seconds)
    $0.member("steps", result.steps)
    switch result.detail {
    case .none: break
    case .jump(let from, let change):
      $0.member("change", change)
      $0.member("from") { json in
        json.object {
          $0.member("step", from.step)
          $0.member("wall_time", from.wallTime)
          $0.member("value", from.plainValue)
        }
      }
    case .counts(let nan, let positive, let negative):
      $0.member("count", nan + positive + negative)
      $0.member("nan", nan)
      $0.member("positive_infinity", positive)
      $0.member("negative_infinity", negative)
    case .plateau(let until, let points, let steps):
      $0.member("until", until?.step)
      $0.member("points", points)
      $0.member("length", steps)
    }
  }
}
