import Catalog
import Foundation

/// `POST /series`: what charts draw.
func addSeriesRoutes(to routes: inout RouteTable, context: ServerContext) {
  let catalog = context.catalog

  routes.post(
    "/series", "All series of a number of charts, decimated to pixel columns, as one binary frame",
    contentTypes: [ContentType.binary]
  ) { request in
    let body = try SeriesBody(json: Data(request.body.readableBytesView))
    let query = try body.query(catalog)
    let groups = try body.groupQueries(catalog, query)
    var budget = SeriesBudget()
    let (revision, series) = try catalog.seriesWithRevision(query) {
      try request.checkCancellation()
      try budget.take($0)
    }
    let drawn = try catalog.groups(groups.map(\.query), width: query.width, check: request.checkCancellation) {
      try budget.take($0)
    }
    return .bytes(
      SeriesFrame.encode(
        revision: revision, series: series, showsUnmatched: query.xTag != nil,
        groups: zip(groups, drawn).map { (name: $0.name, answer: $1) }))
  }
}

/// What is left of the bytes an answer of `POST /series` may have. A series can have many branches, and raw ones twice
/// as many rows as columns, which shows only while they are read.
struct SeriesBudget {
  static let largestAnswer = 100_000_000
  private(set) var left: Int

  init(_ bytes: Int = largestAnswer) { left = bytes }

  mutating func take(_ series: SeriesAnswer) throws(Problem) {
    try take(bytes: Self.bytes(of: series))
  }

  mutating func take(_ group: GroupAnswer) throws(Problem) { try take(bytes: Self.bytes(of: group)) }

  private mutating func take(bytes: Int) throws(Problem) {
    left -= bytes
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

  /// The same of a group: x, fewest and most, and the rows of each curve. Its own name, which the request brings along,
  /// is not counted.
  static func bytes(of group: GroupAnswer) -> Int {
    let columns = (group.raw ? 1 : 4) * group.curves.count
    let names = group.series.reduce(0) { $0 + 6 * ($1.run.utf8.count + $1.tag.utf8.count) + 24 }
    return group.x.count * (16 + 4 * columns) + names + 400 + 300 * group.curves.count
  }
}

/// The body of `POST /series`.
struct SeriesBody: Decodable {
  /// Tags and runs by name, by pattern or by regular expression.
  struct Selection: Decodable {
    var tag: String?
    var tags: [String]?
    var tagGlob: String?
    var tagRegex: String?
    var runs: [String]?
    var runGlob: String?
    var runRegex: String?

    enum CodingKeys: String, CodingKey {
      case tag, tags
      case tagGlob = "tag_glob"
      case tagRegex = "tag_regex"
      case runs
      case runGlob = "run_glob"
      case runRegex = "run_regex"
    }
  }

  struct SmoothingBody: Decodable {
    var kind: String
    var weight: Double?
    var window: Double?
  }

  /// Runs taken as one.
  struct Group: Decodable {
    var name: String?
    var selection: Selection
    var statistics: [String]?
    var join: String?

    enum CodingKeys: String, CodingKey {
      case name, statistics, join
    }

    init(from decoder: any Decoder) throws {
      selection = try Selection(from: decoder)
      let container = try decoder.container(keyedBy: CodingKeys.self)
      name = try container.decodeIfPresent(String.self, forKey: .name)
      statistics = try container.decodeIfPresent([String].self, forKey: .statistics)
      join = try container.decodeIfPresent(String.self, forKey: .join)
    }
  }

  var queries: [Selection]
  var groups: [Group]?
  var xTag: String?
  var x: String?
  var from: Double?
  var to: Double?
  var width: Int?
  var smoothing: SmoothingBody?
  var branches: String?

  enum CodingKeys: String, CodingKey {
    case queries, groups, x, from, to, width, smoothing, branches
    case xTag = "x_tag"
  }

  /// Series of one request; a page shows some hundreds.
  static let mostSeries = 20_000
  /// Rows of one request; ``SeriesBudget`` bounds the answer.
  static let mostRows = 2_000_000

  init(json: Data) throws(Problem) {
    do { self = try JSONDecoder().decode(SeriesBody.self, from: json) } catch {
      throw .badRequest("The body is no series query: \(Self.reason(error))")
    }
  }

  func query(_ catalog: Catalog) throws -> SeriesQuery {
    guard let axis = SeriesAxis(rawValue: x ?? "step") else {
      throw Problem.badRequest("“x” is one of step, relative and wall.")
    }
    guard let branches = BranchSelection(rawValue: branches ?? "newest") else {
      throw Problem.badRequest(
        "“branches” is one of \(BranchSelection.allCases.map(\.rawValue).joined(separator: ", ")).")
    }
    let width = width ?? 600
    guard (1...16_384).contains(width) else {
      throw Problem.badRequest("“width” is a number of pixels from 1 to 16384.")
    }
    let selections = try queries.flatMap { try $0.selections(catalog) }
    let count = Self.count(selections)
    guard count <= Self.mostSeries, count * width <= Self.mostRows else {
      throw Problem.tooLarge(
        "\(count) series of \(width) columns are too many for one request. Ask for them in several.")
    }
    return SeriesQuery(
      selections, axis: axis, from: from, to: to, width: width,
      smoothing: try smoothingOfQuery(), branches: branches, xTag: xTag)
  }

  /// The groups asked for, each one tag of some runs.
  func groupQueries(_ catalog: Catalog, _ query: SeriesQuery) throws -> [(name: String?, query: GroupQuery)] {
    guard let groups, !groups.isEmpty else { return [] }
    guard query.axis == .step, query.xTag == nil else {
      throw Problem.badRequest("Groups bring runs together by step: leave out “x” and “x_tag”.")
    }
    var members = 0
    var rows = 0
    return try groups.map { group in
      let selections = try group.selection.selections(catalog)
      let statistics = try (group.statistics ?? ["mean", "std"]).map { name in
        guard let statistic = GroupStatistic(name) else {
          throw Problem.badRequest("“\(name.prefix(50))” is no statistic: \(GroupStatistic.usage).")
        }
        return statistic
      }
      guard (1...GroupStatistic.mostOfRequest).contains(statistics.count) else {
        throw Problem.badRequest("“statistics” names 1 to \(GroupStatistic.mostOfRequest) statistics.")
      }
      guard let join = GroupJoin(rawValue: group.join ?? GroupJoin.union.rawValue) else {
        throw Problem.badRequest(
          "“join” is one of \(GroupJoin.allCases.map(\.rawValue).joined(separator: ", ")).")
      }
      // Counted before names are put together: tags times runs can be far more than the request has bytes.
      let count = Self.count(selections)
      if count <= Self.mostSeries { members += count * statistics.count }
      rows += statistics.count * query.width
      guard count <= Self.mostSeries, members <= Self.mostSeries, rows <= Self.mostRows else {
        throw Problem.tooLarge("The groups have too many runs or columns for one request. Ask for them in several.")
      }
      let series = selections.flatMap { selection in
        selection.runs.map { SeriesName(run: $0, tag: selection.tag) }
      }
      return (
        group.name,
        GroupQuery(
          series, statistics: statistics, join: join, from: Self.step(query.from, .up), to: Self.step(query.to, .down),
          smoothing: query.smoothing)
      )
    }
  }

  /// The series of selections; the largest number where they are more than that.
  private static func count(_ selections: [SeriesQuery.Selection]) -> Int {
    selections.reduce(0) {
      let (sum, overflow) = $0.addingReportingOverflow($1.runs.count)
      return overflow ? .max : sum
    }
  }

  /// The step at an end of a range of x.
  private static func step(_ x: Double?, _ rule: FloatingPointRoundingRule) -> Int64? {
    x.map { Int64(exactly: $0.rounded(rule)) ?? ($0 > 0 ? .max : .min) }
  }

  private func smoothingOfQuery() throws(Problem) -> Smoothing? {
    guard let smoothing else { return nil }
    guard Smoothing.kinds.contains(smoothing.kind) else {
      throw Problem.badRequest("“smoothing.kind” is one of \(Smoothing.kinds.joined(separator: ", ")).")
    }
    if smoothing.kind == "ema" {
      guard let weight = smoothing.weight, let found = Smoothing(kind: "ema", weight) else {
        throw .badRequest("“smoothing.weight” is a number from 0 to below 1.")
      }
      return weight == 0 ? nil : found
    }
    guard let window = smoothing.window, let found = Smoothing(kind: smoothing.kind, window) else {
      throw Problem.badRequest("“smoothing.window” is a number of steps above 0.")
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

extension SeriesBody.Selection {
  /// One selection a tag. Where both tags and runs are named, nothing is looked up.
  func selections(_ catalog: Catalog) throws -> [SeriesQuery.Selection] {
    let tags: NameSelection = try Self.names(
      tag.map { [$0] }, tags, tagGlob, tagRegex, "“tag”, “tags”, “tag_glob” and “tag_regex”")
    let runs: NameSelection = try Self.names(nil, runs, runGlob, runRegex, "“runs”, “run_glob” and “run_regex”")
    if case .names(let tags) = tags, case .names(let runs) = runs {
      return tags.map { SeriesQuery.Selection(tag: $0, runs: runs) }
    }
    var selections: [SeriesQuery.Selection] = []
    var places: [SeriesName: Int] = [:]
    for name in try catalog.scalarSeries(SeriesSelection(runs: runs, tags: tags)) {
      let key = SeriesName(run: "", tag: name.tag)
      if let place = places[key] {
        selections[place].runs.append(name.run)
      } else {
        places[key] = selections.count
        selections.append(SeriesQuery.Selection(tag: name.tag, runs: [name.run]))
      }
    }
    return selections.sorted { $0.tag < $1.tag }
  }

  private static func names(
    _ one: [String]?, _ several: [String]?, _ glob: String?, _ regex: String?, _ choices: String
  ) throws -> NameSelection {
    let given: [NameSelection] = try [
      one.map { .names($0) }, several.map { .names($0) }, glob.map { .pattern(NamePattern($0)) },
      regex.map { .expression(try NameExpression($0)) },
    ].compactMap { $0 }
    guard given.count == 1 else { throw Problem.badRequest("A query has one of \(choices).") }
    return given[0]
  }
}
