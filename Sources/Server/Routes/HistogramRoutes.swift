import Catalog

/// `GET /histograms`, `/distributions`: histograms, read again from the event file they were logged to.
func addHistogramRoutes(to routes: inout RouteTable, context: ServerContext) {
  let catalog = context.catalog
  let selection: [Parameter] = [
    Parameter("run", required: true, "The run"), Parameter("tag", required: true, "The tag"),
    Parameter("step", .integer, "Only histograms of this step"), .fromStep, .toStep, .branches,
    Parameter(
      "limit", .integer, "At most this many, evenly spread, first and last included: 1 to 1000, 500 without it"),
  ]

  routes.get(
    "/histograms", "Histograms of a series: as they were logged, or brought to common edges",
    parameters: selection + [
      Parameter(
        "view", .choice(HistogramQuery.View.allCases.map(\.rawValue)),
        "How limits become bars: as TensorBoard's Python reader or its data server has it, or as they were logged"),
      Parameter(
        "bins", .integer, "Counts in so many bins of equal width over all histograms: 1 to 1000; TensorBoard: 30"),
      Parameter("edges", .text, "Counts between these edges, numbers separated by commas"),
    ], followsRevision: true
  ) { request in
    let query = try histogramQuery(request.parameters)
    let bins = try histogramBins(request.parameters)
    return try readingFile {
      try bins.map { try counts(query, $0, catalog, request) } ?? bars(query, catalog, request)
    }
  }

  routes.get(
    "/distributions", "Values of a histogram series at TensorBoard's nine percentiles", parameters: selection,
    followsRevision: true
  ) { request in
    let query = try histogramQuery(request.parameters)
    return try readingFile { try distributions(query, catalog, request) }
  }
}

/// Bytes of one answer, to the histogram that exceeds them.
private let largestHistograms = 64_000_000

private func histogramQuery(_ parameters: QueryParameters) throws -> HistogramQuery {
  var query = HistogramQuery(
    run: try parameters.text("run"), tag: try parameters.text("tag"),
    limit: try parameters.int("limit", default: 500, in: 1...1000),
    branches: try parameters.choice("branches", default: BranchSelection.newest),
    view: try parameters.choice("view", default: HistogramQuery.View.tensorboard))
  (query.from, query.to) = try parameters.steps()
  if let step = try parameters.optionalInt64("step") {
    guard query.from == nil, query.to == nil else {
      throw Problem.badRequest("Give either “step” or “from” and “to”, not both.")
    }
    (query.from, query.to) = (step, step)
  }
  return query
}

private func histogramBins(_ parameters: QueryParameters) throws(Problem) -> HistogramBins? {
  let count = try parameters.optionalInt("bins", in: 1...1000)
  guard let text = parameters.optionalText("edges") else { return count.map { .count($0) } }
  guard count == nil else { throw .badRequest("Give either “bins” or “edges”, not both.") }
  let edges = text.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
  guard edges.count <= 1001, let binning = HistogramBinning(edges: edges.map { $0 ?? .nan }) else {
    throw .badRequest(
      "“\(text.prefix(100))” is no value of “edges”: give 2 to 1001 numbers separated by commas, each above the last.")
  }
  return .edges(binning)
}

private func write(_ summary: HistogramSummary, to json: inout JSONWriter) {
  json.member("total", summary.total)
  if summary.unreadable > 0 {
    json.member("unreadable", summary.unreadable)
    json.member("problems", summary.problems)
  }
}

private func checkSize(_ json: JSONWriter, _ request: APIRequest) throws {
  try request.checkCancellation()
  guard json.bytes.count <= largestHistograms else {
    throw Problem.tooLarge(
      "These histograms have so many buckets that the answer would have more than 64 MB. Ask for fewer with “limit”, "
        + "for one “step”, or for “bins”.")
  }
}

/// `{"run","tag","histograms":[{…,"buckets":[[left,right,count]]}],"total"}`
private func bars(_ query: HistogramQuery, _ catalog: Catalog, _ request: APIRequest) throws -> Answer {
  try .json(capacity: 65_536) { json in
    try json.object { json in
      json.member("run", query.run)
      json.member("tag", query.tag)
      var summary = HistogramSummary()
      try json.member("histograms") {
        try $0.array { json in
          summary = try catalog.histograms(query) { entry in
            json.value(entry.plain)
            try checkSize(json, request)
          }
        }
      }
      write(summary, to: &json)
    }
  }
}

/// `{"run","tag","histograms":[{…,"counts":[…],"below","above"}],"edges","total"}`
private func counts(
  _ query: HistogramQuery, _ bins: HistogramBins, _ catalog: Catalog, _ request: APIRequest
) throws -> Answer {
  try .json(capacity: 65_536) { json in
    try json.object { json in
      json.member("run", query.run)
      json.member("tag", query.tag)
      var binning: HistogramBinning?
      var summary = HistogramSummary()
      try json.member("histograms") {
        try $0.array { json in
          (binning, summary) = try catalog.binnedHistograms(query, into: bins) { _, entry, counts in
            json.value(entry.plain(counts))
            try checkSize(json, request)
          }
        }
      }
      json.member("edges") { $0.array(binning?.edges ?? []) { $0.value($1) } }
      write(summary, to: &json)
    }
  }
}

/// `{"run","tag","basis_points":[…],"distributions":[{"step","wall_time","superseded","values":[…]}],"total"}`
private func distributions(_ query: HistogramQuery, _ catalog: Catalog, _ request: APIRequest) throws -> Answer {
  try .json(capacity: 16_384) { json in
    try json.object { json in
      json.member("run", query.run)
      json.member("tag", query.tag)
      json.member("basis_points") { $0.array(HistogramDistribution.basisPoints) { $0.value($1) } }
      var summary = HistogramSummary()
      try json.member("distributions") {
        try $0.array { json in
          summary = try catalog.distributions(query) { entry, values in
            try request.checkCancellation()
            json.value(entry.plain(percentiles: values))
          }
        }
      }
      write(summary, to: &json)
    }
  }
}
