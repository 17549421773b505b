import Catalog
import Foundation

/// `POST /series` and `GET /series/at`: what charts draw.
func addSeriesRoutes(to routes: inout RouteTable, context: ServerContext) {
  let catalog = context.catalog

  routes.post(
    "/series", "All series of a number of charts, decimated to pixel columns, as one binary frame",
    contentTypes: [ContentType.binary]
  ) { request in
    let body = try SeriesBody(json: Data(request.body.readableBytesView))
    let query = try body.query()
    var budget = SeriesBudget()
    let (revision, series) = try catalog.seriesWithRevision(query) {
      try request.checkCancellation()
      try budget.take($0)
    }
    return .bytes(SeriesFrame.encode(revision: revision, series: series))
  }

  routes.get(
    "/series/at", "The point of each run nearest to a place on the x axis, exact",
    parameters: [
      Parameter("tag", required: true, "The tag"),
      Parameter("run", required: true, repeats: true, "A run; may be repeated"),
      Parameter("x", .choice(SeriesAxis.allCases.map(\.rawValue)), "What the x axis shows"),
      Parameter("at", .number, required: true, "The place on the x axis"),
    ], followsRevision: true
  ) { request in
    let parameters = request.parameters
    let runs = parameters.texts("run")
    let points = try catalog.nearest(
      tag: parameters.text("tag"), runs: runs, axis: parameters.choice("x", default: SeriesAxis.step),
      to: parameters.double("at"))
    return .json {
      $0.array(points) { json, point in
        json.object {
          $0.member("run", point.run)
          $0.member("branch", point.branch)
          $0.member("step", point.step)
          $0.member("wall_time", point.wallTime)
          // A float32 prints with the digits of a float32.
          $0.member("value") {
            if point.dtype == "float32" { $0.value(Float(point.value)) } else { $0.value(point.value) }
          }
        }
      }
    }
  }
}

/// What is left of the bytes an answer of `POST /series` may have. A series can have many branches, and raw ones twice
/// as many rows as columns, which shows only while they are read.
struct SeriesBudget {
  static let largestAnswer = 100_000_000
  private(set) var left: Int

  init(_ bytes: Int = largestAnswer) { left = bytes }

  mutating func take(_ series: SeriesAnswer) throws(Problem) {
    left -= Self.bytes(of: series)
    guard left >= 0 else {
      throw .tooLarge(
        "The answer would have more than 100 MB. Ask for fewer series at a time, for a smaller “width”, or leave out "
          + "abandoned branches with “branches”: “newest”.")
    }
  }

  /// At least what ``SeriesFrame`` writes of a series: x and points, the values (one array where each is a row of its
  /// own, else four), each padded to 8 bytes; and JSON, where a number has at most 25 bytes and a byte of a name six.
  static func bytes(of series: SeriesAnswer) -> Int {
    let columns = (series.raw ? 1 : 4) * (series.smoothed == nil ? 1 : 2)
    let names = 6 * (series.run.utf8.count + series.tag.utf8.count)
    return series.x.count * (12 + 4 * columns) + 80 + 800 + names + 140 * series.nonFinite.count
  }
}

/// The body of `POST /series`.
struct SeriesBody: Decodable {
  struct Selection: Decodable {
    var tag: String
    var runs: [String]
  }

  struct SmoothingBody: Decodable {
    var kind: String
    var weight: Double?
    var window: Double?
  }

  var queries: [Selection]
  var x: String?
  var from: Double?
  var to: Double?
  var width: Int?
  var smoothing: SmoothingBody?
  var branches: String?

  /// Series of one request; a page shows some hundreds.
  static let mostSeries = 20_000
  /// Rows of one request; ``SeriesBudget`` bounds the answer.
  static let mostRows = 2_000_000

  init(json: Data) throws(Problem) {
    do { self = try JSONDecoder().decode(SeriesBody.self, from: json) } catch {
      throw .badRequest("The body is no series query: \(Self.reason(error))")
    }
  }

  func query() throws(Problem) -> SeriesQuery {
    guard let axis = SeriesAxis(rawValue: x ?? "step") else {
      throw .badRequest("“x” is one of step, relative and wall.")
    }
    guard let branches = BranchSelection(rawValue: branches ?? "newest") else {
      throw .badRequest("“branches” is one of \(BranchSelection.allCases.map(\.rawValue).joined(separator: ", ")).")
    }
    let width = width ?? 600
    guard (1...16_384).contains(width) else { throw .badRequest("“width” is a number of pixels from 1 to 16384.") }
    let count = queries.reduce(0) { $0 + $1.runs.count }
    guard count <= Self.mostSeries, count * width <= Self.mostRows else {
      throw .tooLarge("\(count) series of \(width) columns are too many for one request. Ask for them in several.")
    }
    return SeriesQuery(
      queries.map { SeriesQuery.Selection(tag: $0.tag, runs: $0.runs) }, axis: axis, from: from, to: to, width: width,
      smoothing: try smoothingOfQuery(), branches: branches)
  }

  private func smoothingOfQuery() throws(Problem) -> Smoothing? {
    guard let smoothing else { return nil }
    guard Smoothing.kinds.contains(smoothing.kind) else {
      throw .badRequest("“smoothing.kind” is one of \(Smoothing.kinds.joined(separator: ", ")).")
    }
    if smoothing.kind == "ema" {
      guard let weight = smoothing.weight, let found = Smoothing(kind: "ema", weight) else {
        throw .badRequest("“smoothing.weight” is a number from 0 to below 1.")
      }
      return weight == 0 ? nil : found
    }
    guard let window = smoothing.window, let found = Smoothing(kind: smoothing.kind, window) else {
      throw .badRequest("“smoothing.window” is a number of steps above 0.")
    }
    return found
  }

  private static func reason(_ error: any Error) -> String {
    func path(_ context: DecodingError.Context) -> String {
      context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }.joined()
    }
    switch error {
    case DecodingError.keyNotFound(let key, let context): return "\(path(context)).\(key.stringValue) is missing."
    case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
      return "\(path(context)) has another type than it should have."
    default: return "it is not JSON."
    }
  }
}
