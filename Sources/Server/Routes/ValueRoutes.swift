import Catalog
import Events
import HTTPTypes
import Tensors

/// `GET /values`, `/values/data`, `/logs`: everything that stays in event files, whether a page draws it or not.
func addValueRoutes(to routes: inout RouteTable, context: ServerContext) {
  let catalog = context.catalog

  routes.get(
    "/values", "Values that stay in event files: pictures, sounds, texts, histograms, tensors, graphs, plugin data",
    parameters: [
      Parameter("run", .text, "The run; without it, all"), Parameter("tag", .text, "The tag; without it, all"),
      Parameter("kind", .choice(SeriesKind.allCases.map(\.rawValue)), "Only values of this kind; scalars are points"),
      Parameter("plugin", .text, "Only values of this plugin, such as pr_curves, hparams, mesh or custom_scalars"),
      .fromStep, .toStep, .branches, Parameter("order", .choice(["oldest", "newest"]), "Which come first"), .offset,
      .limit(100, most: 1000),
    ], followsRevision: true
  ) { request in
    let parameters = request.parameters
    let (from, to) = try parameters.steps()
    let selection = ValueSelection(
      run: parameters.optionalText("run"), tag: parameters.optionalText("tag"),
      kind: parameters.optionalText("kind") == nil ? nil : try parameters.choice("kind", default: SeriesKind.image),
      plugin: parameters.optionalText("plugin"), from: from, to: to,
      branches: try parameters.choice("branches", default: BranchSelection.newest))
    let page = try catalog.values(
      selection, offset: parameters.offset(), limit: parameters.int("limit", default: 100, in: 1...1000),
      newestFirst: parameters.choice("order", default: ValueOrder.oldest) == .newest)
    return .json(capacity: 256 * page.values.count + 64) {
      $0.object {
        $0.member("total", page.total)
        $0.member("offset", page.offset)
        $0.member("values") {
          $0.array(zip(page.values, page.superseded)) { json, value in
            json.object {
              writePlace(of: value.0, to: &$0)
              $0.member("superseded", value.1)
              writeForm(of: value.0.value, to: &$0)
            }
          }
        }
      }
    }
  }

  routes.get(
    "/values/data", "One value: a picture or clip as it is, everything else as JSON or as raw bytes",
    parameters: [
      Parameter("id", .integer, required: true, "The value, as /values lists it"),
      Parameter(
        "format", .choice(["json", "raw"]), "Without it, pictures and sounds come raw, everything else as JSON"),
      Parameter("index", .integer, "Which picture, clip, text or string of several, from 0"),
      Parameter("slice", .text, "Which part of a tensor, in Python's notation: 0:10,:,3. Without it, everything."),
      Parameter("values", .integer, "How many values of a tensor at most in JSON, up to 100000. Usually 1000."),
    ],
    contentTypes: [ContentType.json, ContentType.binary, ContentType.text] + MediaType.allCases.map(\.rawValue)
  ) { request in
    let parameters = request.parameters
    let blob = try catalog.listedValue(id: parameters.int64("id"))
    let isMedia = blob.kind == .image || blob.kind == .audio
    let format = try parameters.choice("format", default: isMedia ? DataFormat.raw : .json)
    let index = try parameters.optionalInt("index", in: 0...Int.max)
    let slice = parameters.optionalText("slice")
    try ValueData.check(blob.value, index: index, slice: slice, isRaw: format == .raw)
    let data = ValueData(
      catalog: catalog, blob: blob, value: try readingFile { try catalog.value(at: blob) },
      index: index, slice: slice,
      limit: try parameters.int("values", default: 1000, in: 0...100_000))
    switch format {
    case .raw: return try data.raw()
    case .json: return try data.json()
    }
  }

  routes.get(
    "/logs", "What programs logged beside their summaries: marks of sessions, and messages",
    parameters: [
      Parameter("run", .text, "The run; without it, all"),
      Parameter("kind", .choice(Catalog.LogSelection.allCases.map(\.rawValue)), "Marks of sessions, messages, or all"),
      Parameter("level", .integer, "The lowest level of messages: 10 debug, 20 info, 30 warning, 40 error, 50 fatal"),
      .offset, .limit(1000, most: 10_000),
    ], followsRevision: true
  ) { request in
    let parameters = request.parameters
    let logs = try catalog.logs(
      run: parameters.optionalText("run"), parameters.choice("kind", default: Catalog.LogSelection.all),
      lowestLevel: parameters.int("level", default: 0, in: 0...1000), offset: parameters.offset(),
      limit: parameters.int("limit", default: 1000, in: 1...10_000))
    return .json(capacity: 256 * logs.entries.count + 64) {
      $0.object {
        $0.member("total", logs.total)
        $0.member("entries") { $0.array(logs.entries) { json, entry in write(entry, to: &json) } }
      }
    }
  }
}

/// Runs work on an event file. What goes wrong with the file is no fault of the server: 422, unless it says otherwise.
func readingFile<Value>(_ work: () throws -> Value) throws -> Value {
  do { return try work() } catch {
    if error is any ProblemDescribing || error is Problem || error is CancellationError { throw error }
    throw Problem(.unprocessableContent, "\(error).")
  }
}

private enum ValueOrder: String, CaseIterable {
  case oldest, newest
}

private enum DataFormat: String, CaseIterable {
  case json, raw
}

/// What tells a value from others.
func writePlace(of blob: LocatedBlob, to json: inout JSONWriter) {
  json.member("id", blob.id)
  json.member("run", blob.run)
  json.member("tag", blob.tag)
  json.member("kind", blob.kind.rawValue)
  json.member("plugin", blob.plugin)
  json.member("step", blob.value.step)
  json.member("wall_time", blob.value.wallTime)
}

/// What a list shows of a value without reading it.
private func writeForm(of value: LocatedValue, to json: inout JSONWriter) {
  json.member("dtype", value.dtype?.name)
  json.member("shape") { $0.array(value.shape) { $0.value($1) } }
  json.member("count", value.count)
  json.member("bytes", value.length)
  json.member("width", value.width)
  json.member("height", value.height)
  json.member("sample_rate", value.sampleRate)
  json.member("content_type", value.contentType)
}

private func write(_ entry: LogEntry, to json: inout JSONWriter) {
  json.object {
    $0.member("run", entry.run)
    $0.member("path", entry.path)
    $0.member("offset", entry.offset)
    $0.member("step", entry.step)
    $0.member("wall_time", entry.wallTime)
    switch entry.kind {
    case .session(let status, let path):
      $0.member("kind", "session")
      $0.member("status", status)
      $0.member("checkpoint_path", path)
    case .message(let level):
      $0.member("kind", "message")
      $0.member("level", level)
    }
    $0.member("text", entry.text)
  }
}
