import Catalog
import Synchronization

/// `GET /series/group`: several runs taken as one, exact, at every step.
func addGroupRoutes(to routes: inout RouteTable, context: ServerContext) {
  let catalog = context.catalog

  routes.get(
    "/series/group", "Statistics over runs at every step",
    parameters: .selection + [
      Parameter(
        "statistic", repeats: true,
        "mean, std, min, max, median or a quantile, q0.25; may be repeated; without it, mean and std"),
      Parameter("join", .choice(GroupJoin.allCases.map(\.rawValue)), "Which steps; without it, union"),
      Parameter("from", .integer, "The first step wanted"), Parameter("to", .integer, "The last step wanted"),
      Parameter(
        "smoothing", .text, "Smooths each run before: ema:WEIGHT, mean:WINDOW, median:WINDOW or gaussian:WINDOW"),
      Parameter("format", .choice(["json", "csv"]), "How to write them; json without it"),
    ], contentTypes: [ContentType.json, ContentType.csv], followsRevision: true
  ) { request in
    let parameters = request.parameters
    let given = parameters.texts("statistic")
    let statistics = try (given.isEmpty ? ["mean", "std"] : given).map { name in
      guard let statistic = GroupStatistic(name) else {
        throw Problem.badRequest("“\(name.prefix(50))” is no statistic: \(GroupStatistic.usage).")
      }
      return statistic
    }
    guard (1...GroupStatistic.mostOfRequest).contains(statistics.count) else {
      throw Problem.badRequest("“statistic” is given 1 to \(GroupStatistic.mostOfRequest) times.")
    }
    guard Set(statistics).count == statistics.count else {
      throw Problem.badRequest("“statistic” names a statistic twice: \(given.joined(separator: ", ").prefix(200)).")
    }
    let query = GroupQuery(
      try parameters.series(of: catalog), statistics: statistics,
      join: try parameters.choice("join", default: GroupJoin.union), from: try parameters.optionalInt64("from"),
      to: try parameters.optionalInt64("to"), smoothing: try parameters.smoothing("smoothing"))
    let format = try parameters.choice("format", default: GroupWriter.Format.json)
    let pages = GroupPages(GroupWriter(statistics: statistics, format: format), try catalog.groupStream(query))
    let connection = request.connection
    return try .pieces(
      contentType: format == .json ? ContentType.json : ContentType.csv,
      headers: format == .json ? [:] : Answer.savedAs("group.csv")
    ) {
      func check() throws {
        if connection.isClosed { throw CancellationError() }
      }
      try check()
      return try pages.next(check: check)
    }
  }
}

extension GroupStatistic {
  /// Statistics of one group.
  static let mostOfRequest = 20
}

/// Where in a group an answer is. Pieces are made one at a time; the lock only says so to the compiler.
private final class GroupPages: Sendable {
  private let writer: GroupWriter
  private let state: Mutex<(stream: GroupStream?, place: GroupWriter.Place)>

  init(_ writer: GroupWriter, _ stream: GroupStream) {
    self.writer = writer
    state = Mutex((stream, .start))
  }

  func next(check: () throws -> Void) throws -> [UInt8]? {
    try state.withLock { state in
      // Taken out meanwhile, so that its buffers are not copied.
      guard var stream = state.stream else { return nil }
      state.stream = nil
      if case .start = state.place {
        state = (stream, .firstPage)
        return writer.head(stream.series)
      }
      guard let page = try stream.nextPage(check: check) else { return writer.end }
      let bytes = writer.bytes(of: page, isFirst: state.place == .firstPage)
      state = (stream, .laterPage)
      return bytes
    }
  }
}

private struct GroupWriter: Sendable {
  enum Format: String, CaseIterable, Sendable {
    case json, csv
  }

  enum Place: Sendable {
    case start, firstPage, laterPage
  }

  var statistics: [GroupStatistic]
  var format: Format

  func head(_ series: [SeriesName]) -> [UInt8] {
    guard format == .json else {
      return Array("step,n,non_finite,\(statistics.map(\.name).joined(separator: ","))\n".utf8)
    }
    var json = JSONWriter()
    json.object {
      $0.member("series") {
        $0.array(series) { json, series in
          json.object {
            $0.member("run", series.run)
            $0.member("tag", series.tag)
          }
        }
      }
      $0.member("points") { $0.array { _ in } }
    }
    return Array(json.bytes.dropLast(2))
  }

  var end: [UInt8] { format == .json ? Array("]}".utf8) : [] }

  func bytes(of page: GroupPage, isFirst: Bool) -> [UInt8] {
    guard format == .json else {
      let lines = page.steps.indices.map { index in
        let numbers = page.statistics.map { $0[index].isNaN ? "" : $0[index].description }
        return "\(page.steps[index]),\(page.counts[index]),\(page.nonFinite[index]),\(numbers.joined(separator: ","))\n"
      }
      return Array(lines.joined().utf8)
    }
    var json = JSONWriter(capacity: 128 * page.steps.count)
    for index in page.steps.indices {
      json.object {
        $0.member("step", page.steps[index])
        $0.member("n", page.counts[index])
        $0.member("non_finite", page.nonFinite[index])
        for (place, statistic) in statistics.enumerated() {
          let value = page.statistics[place][index]
          $0.member(statistic.name, value.isNaN ? nil : value)
        }
      }
    }
    return isFirst ? json.bytes : [UInt8(ascii: ",")] + json.bytes
  }
}
