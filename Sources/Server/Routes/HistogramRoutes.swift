import Catalog
import Events

/// `GET /histograms`: histograms, read again from the event file they were logged to.
func addHistogramRoutes(to routes: inout RouteTable, context: ServerContext) {
  let catalog = context.catalog

  routes.get(
    "/histograms", "Histograms of a series",
    parameters: [
      Parameter("run", required: true, "The run"), Parameter("tag", required: true, "The tag"),
      Parameter("step", .integer, "Only histograms of this step"),
      Parameter(
        "limit", .integer, "At most this many, evenly spread, first and last included: 1 to 1000, 500 without it"),
    ], followsRevision: true
  ) { request in
    let run = try request.parameters.text("run")
    let tag = try request.parameters.text("tag")
    let step = try request.parameters.optionalInt64("step")
    var blobs = try catalog.blobs(run: run, tag: tag, kind: .histogram)
    guard !blobs.isEmpty else {
      throw Problem.notFound(
        "The run “\(run)” has no histogram tag “\(tag)”. /api/v1/tags?run=… lists what it has.")
    }
    if let step { blobs.removeAll { $0.value.step != step } }
    let total = blobs.count
    blobs = evenly(blobs, limit: try request.parameters.int("limit", default: 500, in: 1...1000))
    return try .json(capacity: 2048 * blobs.count) {
      try $0.object {
        $0.member("run", run)
        $0.member("tag", tag)
        $0.member("total", total)
        try $0.member("histograms") {
          try $0.array(blobs) { json, blob in
            try request.checkCancellation()
            try write(blob, to: &json)
            guard json.bytes.count <= largestHistograms else {
              throw Problem.tooLarge(
                "These histograms have so many buckets that the answer would have more than 64 MB. Ask for fewer with "
                  + "“limit”, or for one “step”.")
            }
          }
        }
      }
    }
  }
}

/// Bytes of one answer, to the histogram that exceeds them.
private let largestHistograms = 64_000_000

/// At most `limit` elements at even distances; the first and the last are among them, of one the last.
func evenly<Element>(_ elements: [Element], limit: Int) -> [Element] {
  guard elements.count > limit else { return elements }
  guard limit > 1 else { return Array(elements.suffix(limit)) }
  return (0..<limit).map { elements[$0 * (elements.count - 1) / (limit - 1)] }
}

private func write(_ blob: LocatedBlob, to json: inout JSONWriter) throws {
  guard case .histogram(let rows, let proto) = try EventFile.summaryValue(at: blob.value, path: blob.path) else {
    throw Problem(.internalServerError, "\(blob.path): the value at \(blob.value.offset) is no histogram.")
  }
  json.object {
    $0.member("step", blob.value.step)
    $0.member("wall_time", blob.value.wallTime)
    // A histogram logged as bars alone has no sums; its ends are those of its bars.
    $0.member("min", proto?.min ?? rows.first?.left)
    $0.member("max", proto?.max ?? rows.last?.right)
    $0.member("num", proto?.num ?? rows.reduce(0) { $0 + $1.count })
    $0.member("sum", proto?.sum)
    $0.member("sum_squares", proto?.sumSquares)
    $0.member("buckets") {
      $0.array(rows) { json, row in
        json.array {
          $0.value(row.left)
          $0.value(row.right)
          $0.value(row.count)
        }
      }
    }
  }
}
