import Catalog
import HTTPTypes
import Synchronization

/// `GET /scalars`: the points of one series, exact, however many.
func addScalarRoutes(to routes: inout RouteTable, context: ServerContext) {
  let catalog = context.catalog

  routes.get(
    "/scalars", "Points of a scalar series, exact, however many there are",
    parameters: [
      Parameter("run", required: true, "The run"), Parameter("tag", required: true, "The tag"),
      Parameter("from", .integer, "The first step wanted"), Parameter("to", .integer, "The last step wanted"),
      Parameter(
        "width", .integer, "Pixel columns: at most the first, smallest, largest and last point of each are kept"),
      .branches,
      Parameter(
        "smoothing", .text, "Also gives a running average: ema:WEIGHT, mean:WINDOW, median:WINDOW or gaussian:WINDOW"),
      Parameter("x_tag", .text, "Also gives, as x, the value of another tag of the run at the same step"),
      Parameter("format", .choice(["json", "csv"]), "How to write them; json without it"),
    ], contentTypes: [ContentType.json, ContentType.csv], followsRevision: true
  ) { request in
    let parameters = request.parameters
    let (run, tag) = (try parameters.text("run"), try parameters.text("tag"))
    let (from, to) = (try parameters.optionalInt64("from"), try parameters.optionalInt64("to"))
    let branches = try parameters.choice("branches", default: BranchSelection.newest)
    let smoothing = try parameters.smoothing("smoothing")
    let xTag = parameters.optionalText("x_tag")
    let writer = try ScalarWriter(
      run: run, tag: tag, format: parameters.choice("format", default: ScalarWriter.Format.json),
      isSmoothed: smoothing != nil, hasX: xTag != nil)
    let pages: ScalarPages
    if let width = try parameters.optionalInt("width", in: 1...16_384) {
      guard smoothing == nil, xTag == nil else {
        throw Problem.badRequest(
          "“width” goes with neither “smoothing” nor “x_tag” here: POST /series draws such curves small.")
      }
      let answer = try catalog.scalars(run: run, tag: tag, from: from, to: to, width: width, branches: branches)
      pages = ScalarPages(ScalarPage(points: answer.points))
    } else {
      pages = ScalarPages(
        try catalog.scalarStream(
          run: run, tag: tag, from: from, to: to, branches: branches, smoothing: smoothing, xTag: xTag))
    }
    let connection = request.connection
    return try .pieces(contentType: writer.contentType, headers: writer.headers) { try pages.next(connection, writer) }
  }
}

/// Where in a series an answer is. Pieces are made one at a time; the lock only says so to the compiler.
private final class ScalarPages: Sendable {
  private enum Source: Sendable {
    case stream(ScalarStream)
    case page(ScalarPage?)
  }

  private enum Progress: Sendable {
    case start, points, end
  }

  private let state: Mutex<(source: Source, progress: Progress, isFirst: Bool)>

  init(_ stream: ScalarStream) { state = Mutex((.stream(stream), .start, true)) }
  init(_ page: ScalarPage) { state = Mutex((.page(page), .start, true)) }

  func next(_ connection: ConnectionState, _ writer: ScalarWriter) throws -> [UInt8]? {
    if connection.isClosed { throw CancellationError() }
    return try state.withLock { state in
      switch state.progress {
      case .start:
        state.progress = .points
        return writer.head
      case .end: return nil
      case .points:
        let page: ScalarPage?
        switch state.source {
        case .stream(var stream):
          state.source = .page(nil)
          page = try stream.next()
          state.source = .stream(stream)
        case .page(let whole):
          state.source = .page(nil)
          page = whole
        }
        guard let page else {
          state.progress = .end
          return writer.end
        }
        defer { state.isFirst = false }
        return writer.bytes(of: page, isFirst: state.isFirst)
      }
    }
  }
}

/// Writes points as JSON or as comma-separated values.
private struct ScalarWriter: Sendable {
  enum Format: String, CaseIterable, Sendable {
    case json, csv
  }

  var run: String
  var tag: String
  var format: Format
  var isSmoothed: Bool
  var hasX: Bool

  var contentType: String { format == .json ? ContentType.json : ContentType.csv }

  /// A table is for saving; JSON is for programs.
  var headers: HTTPFields { format == .json ? [:] : Answer.savedAs("\(run)-\(tag).csv") }

  /// What comes before the points.
  var head: [UInt8] {
    switch format {
    case .json:
      var json = JSONWriter()
      json.object {
        $0.member("run", run)
        $0.member("tag", tag)
        $0.member("points") { $0.array { _ in } }
      }
      return Array(json.bytes.dropLast(2))
    case .csv: return Array("step,wall_time,value\(isSmoothed ? ",smoothed" : "")\(hasX ? ",x" : "")\n".utf8)
    }
  }

  /// What comes after them.
  var end: [UInt8] { format == .json ? Array("]}".utf8) : [] }

  func bytes(of page: ScalarPage, isFirst: Bool) -> [UInt8] {
    format == .json ? json(page, isFirst: isFirst) : csv(page)
  }

  private func json(_ page: ScalarPage, isFirst: Bool) -> [UInt8] {
    let points = page.points
    var json = JSONWriter(capacity: 96 * points.count)
    for index in 0..<points.count {
      json.object {
        $0.member("step", points.steps[index])
        $0.member("wall_time", points.wallTimes[index])
        $0.member("value") { write(points.values, at: index, to: &$0) }
        if let smoothed = page.smoothed { $0.member("smoothed", smoothed[index]) }
        if let x = page.x { $0.member("x", x[index].isFinite ? x[index] : nil) }
      }
    }
    return isFirst ? json.bytes : [UInt8(ascii: ",")] + json.bytes
  }

  private func csv(_ page: ScalarPage) -> [UInt8] {
    let points = page.points
    var bytes: [UInt8] = []
    bytes.reserveCapacity(64 * points.count)
    func append(_ text: String) { bytes.append(contentsOf: text.utf8) }
    for index in 0..<points.count {
      append(points.steps[index].description)
      append(",")
      append(Self.text(points.wallTimes[index]))
      append(",")
      switch points.values {
      case .float32(let values):
        append(values[index].isFinite ? values[index].description : Self.text(Double(values[index])))
      case .float64(let values): append(Self.text(values[index]))
      case .int64(let values): append(values[index].description)
      }
      if let smoothed = page.smoothed {
        append(",")
        append(Self.text(smoothed[index]))
      }
      if let x = page.x {
        append(",")
        // Nothing where there is no x.
        if x[index].isFinite { append(Self.text(x[index])) }
      }
      bytes.append(UInt8(ascii: "\n"))
    }
    return bytes
  }

  private static func text(_ number: Double) -> String {
    number.isFinite ? number.description : number.isNaN ? "NaN" : number > 0 ? "Infinity" : "-Infinity"
  }
}

/// A value with the digits its precision needs to read back exactly.
private func write(_ values: SeriesValues, at index: Int, to json: inout JSONWriter) {
  switch values {
  case .float32(let values): json.value(values[index])
  case .float64(let values): json.value(values[index])
  case .int64(let values): json.value(values[index])
  }
}
