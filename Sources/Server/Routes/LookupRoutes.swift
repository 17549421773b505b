import Catalog

/// `GET /series/at` and `/series/stats`: single points of series, exact.
func addLookupRoutes(to routes: inout RouteTable, context: ServerContext) {
  let catalog = context.catalog

  routes.get(
    "/series/at", "The point of each series for a place on the x axis, exact",
    parameters: .selection + [
      .axis, Parameter("at", .number, required: true, "The place on the x axis"),
      Parameter(
        "match", .choice(PointMatch.allCases.map(\.rawValue)), "Which point stands for it; without it, nearest"),
      .branches,
    ], followsRevision: true
  ) { request in
    let parameters = request.parameters
    let points = try catalog.points(
      of: parameters.series(of: catalog), at: parameters.double("at"),
      match: parameters.choice("match", default: PointMatch.nearest),
      axis: parameters.choice("x", default: SeriesAxis.step),
      branches: parameters.choice("branches", default: BranchSelection.newest), check: request.checkCancellation)
    return .json(capacity: 160 * points.count) {
      $0.array(points) { json, point in
        json.object {
          $0.member("run", point.run)
          $0.member("tag", point.tag)
          $0.member("branch", point.branch)
          $0.member("step", point.step)
          $0.member("wall_time", point.wallTime)
          $0.member("value") { write(point.value, dtype: point.dtype, to: &$0) }
        }
      }
    }
  }

  routes.get(
    "/series/stats", "First, last, smallest and largest value of each series, with their steps, and how many points",
    parameters: .selection + [
      .axis, Parameter("from", .number, "The lowest x"), Parameter("to", .number, "The highest x"), .branches,
    ], followsRevision: true
  ) { request in
    let parameters = request.parameters
    let statistics = try catalog.statistics(
      of: parameters.series(of: catalog), axis: parameters.choice("x", default: SeriesAxis.step),
      from: parameters.optionalDouble("from"), to: parameters.optionalDouble("to"),
      branches: parameters.choice("branches", default: BranchSelection.newest), check: request.checkCancellation)
    return .json(capacity: 600 * statistics.count) {
      $0.array(statistics) { json, series in
        json.object {
          $0.member("run", series.run)
          $0.member("tag", series.tag)
          $0.member("branch", series.branch)
          $0.member("superseded", series.superseded)
          $0.member("count", series.count)
          $0.member("nan", series.nan)
          $0.member("positive_infinity", series.positiveInfinity)
          $0.member("negative_infinity", series.negativeInfinity)
          $0.member("first") { write(series.first, to: &$0) }
          $0.member("last") { write(series.last, to: &$0) }
          $0.member("min") { write(series.min, to: &$0) }
          $0.member("max") { write(series.max, to: &$0) }
          $0.member("first_non_finite") { write(series.firstNonFinite, to: &$0) }
        }
      }
    }
  }
}

private func write(_ point: FoundPoint?, to json: inout JSONWriter) {
  guard let point else { return json.null() }
  json.object {
    $0.member("step", point.step)
    $0.member("wall_time", point.wallTime)
    $0.member("value") { write(point.value, dtype: point.dtype, to: &$0) }
  }
}

/// A value with the digits its precision needs.
private func write(_ value: Double, dtype: String, to json: inout JSONWriter) {
  switch dtype {
  case "float32": json.value(Float(value))
  case "int64": if let whole = Int64(exactly: value) { json.value(whole) } else { json.value(value) }
  default: json.value(value)
  }
}
