import Catalog
import Checkpoints
import HTTPTypes
import NIOCore
import Tensors

/// `GET /checkpoints…`: checkpoints below the root, their variables, values and pictures.
///
/// A checkpoint is named by the id its listing gives; an id that is not listed is refused, so no request can name a file.
func addCheckpointRoutes(to routes: inout RouteTable, context: ServerContext) {
  let shelf = CheckpointShelf(catalog: context.catalog)
  let id = Parameter("id", required: true, "The checkpoint, as /checkpoints lists it")
  let name = Parameter("name", required: true, "The tensor")
  let slice = Parameter("slice", .text, "Which part, in Python's notation: 0:10,:,3. Without it, everything.")

  routes.get(
    "/checkpoints", "Checkpoints below the root, by run and step",
    parameters: [Parameter("run", .text, "Only this run's")], followsRevision: true
  ) { request in
    let checkpoints = try context.catalog.checkpoints(run: request.parameters.optionalText("run"))
    return .json(capacity: 256 * checkpoints.count) {
      $0.array(checkpoints) { json, checkpoint in
        json.object {
          $0.member("id", CheckpointShelf.id(of: checkpoint))
          $0.member("run", checkpoint.run)
          $0.member("prefix", checkpoint.prefix)
          $0.member("step", checkpoint.step)
          $0.member("format", checkpoint.format)
          $0.member("bytes", checkpoint.bytes)
          $0.member("modified", checkpoint.modified)
          $0.member("problem", checkpoint.problem)
        }
      }
    }
  }

  routes.get("/checkpoints/variables", "Tensors of a checkpoint, from its index alone", parameters: [id]) { request in
    let (reader, prefix) = try shelf.reader(id: request.parameters.text("id"))
    return .json { $0.raw(CheckpointReport.listing(reader, prefix: prefix)) }
  }

  routes.get(
    "/checkpoints/tensor", "Digest, statistics and histogram of a tensor, and values of a slice",
    parameters: [id, name, slice, Parameter("values", .integer, "How many values at most, up to 10000. Usually 1000.")]
  ) { request in
    let parameters = request.parameters
    let (reader, _) = try shelf.reader(id: parameters.text("id"))
    let report = try CheckpointReport.tensor(
      parameters.text("name"), slice: parameters.optionalText("slice") ?? "",
      maximumValues: parameters.int("values", default: 1000, in: 0...10_000), in: reader,
      summary: { try shelf.summary(of: $0, in: reader, request: request) })
    return .json { $0.raw(report.json) }
  }

  routes.get(
    "/checkpoints/slice", "A slice's raw little-endian bytes, row-major, at most 4 MB",
    parameters: [id, name, slice], contentTypes: [ContentType.binary]
  ) { request in
    let (reader, _) = try shelf.reader(id: request.parameters.text("id"))
    let entry = try reader.entry(named: request.parameters.text("name"))
    let slice = try reader.resolve(
      CheckpointReport.parse(request.parameters.optionalText("slice") ?? "", of: entry), of: entry)
    guard let width = entry.dtype.byteWidth else {
      throw Problem.badRequest(
        "“\(entry.name)” is of type \(entry.dtype.name), which has no raw bytes. /checkpoints/tensor gives its values.")
    }
    let limit = 4_000_000
    guard slice.shape.elementCount <= limit / width else {
      throw Problem.tooLarge(
        "This slice of shape \(slice.shape) has \(slice.shape.elementCount) elements of \(width) bytes; at most "
          + "\(limit) bytes are given at once. Ask for a smaller slice, or for /checkpoints/heatmap.")
    }
    let tensor = try reader.tensor(named: entry.name, slice: slice)
    var headers = HTTPFields()
    headers[.trainscopeDtype] = tensor.dtype.name
    headers[.trainscopeShape] = tensor.shape.description
    return tensor.withUnsafeBytes { .bytes($0, headers: headers) }
  }

  routes.get(
    "/checkpoints/heatmap", "Two axes of a tensor as a picture: mean, min and max of each cell",
    parameters: [
      id, name, Parameter("row", .integer, "The axis that runs down. Without it, a picture of one row."),
      Parameter("column", .integer, "The axis that runs to the right"),
      Parameter("at", .text, "The place on each axis, separated by commas; those of row and column are not looked at"),
      Parameter("rows", .text, "The part of the row axis, as first:end. Without it, all of it."),
      Parameter("columns", .text, "The part of the column axis, as first:end"),
      Parameter("width", .integer, "Most cells across, up to 2048"),
      Parameter("height", .integer, "Most cells down, up to 2048"),
    ], contentTypes: [ContentType.binary]
  ) { request in
    let parameters = request.parameters
    let (reader, _) = try shelf.reader(id: parameters.text("id"))
    let map = try reader.heatMap(
      of: parameters.text("name"),
      .init(
        row: parameters.optionalInt("row", in: 0...254), column: parameters.optionalInt("column", in: 0...254),
        at: places(parameters.optionalText("at") ?? ""), rows: part("rows", parameters),
        columns: part("columns", parameters)),
      maximumHeight: parameters.int("height", default: 512, in: 1...2048),
      maximumWidth: parameters.int("width", default: 512, in: 1...2048),
      whileTrue: { !request.connection.isClosed })
    var arrays = BinaryArrays()
    let json = Answer.headerJSON {
      $0.object {
        $0.member("rows", map.rows)
        $0.member("columns", map.columns)
        $0.member("height", map.height)
        $0.member("width", map.width)
        $0.member("min") { if let low = map.range?.min { $0.value(low) } else { $0.null() } }
        $0.member("max") { if let high = map.range?.max { $0.value(high) } else { $0.null() } }
        $0.member("cells") {
          $0.object {
            $0.member("mean", arrays.append(map.mean))
            $0.member("min", arrays.append(map.min))
            $0.member("max", arrays.append(map.max))
          }
        }
      }
    }
    return .bytes(BinaryFrame.encode(header: json, arrays: arrays))
  }
}

/// `0,3,1`, empty places as 0.
private func places(_ text: String) throws(Problem) -> [Int] {
  if text.isEmpty { return [] }
  var result: [Int] = []
  for part in text.split(separator: ",", omittingEmptySubsequences: false) {
    guard let index = part.isEmpty ? 0 : Int(part), index >= 0, result.count < 255 else {
      throw .badRequest("“\(text.prefix(100))” is no value of “at”: give indices separated by commas.")
    }
    result.append(index)
  }
  return result
}

/// `first:end`.
private func part(_ name: String, _ parameters: QueryParameters) throws(Problem) -> Range<Int>? {
  guard let text = parameters.optionalText(name) else { return nil }
  let ends = text.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
  guard ends.count == 2, let first = ends[0], let end = ends[1], first >= 0, first < end else {
    throw .badRequest("“\(text.prefix(100))” is no value of “\(name)”: give first:end, such as 0:64.")
  }
  return first..<end
}

extension Answer {
  /// The bytes of a binary frame's header.
  fileprivate static func headerJSON(_ write: (inout JSONWriter) -> Void) -> [UInt8] {
    var json = JSONWriter()
    write(&json)
    return json.bytes
  }
}

extension CheckpointError: ProblemDescribing {
  var problem: Problem {
    switch self {
    case .notFound, .noSuchTensor: Problem(.notFound, description)
    case .invalidSlice, .undecodable, .invalidName: Problem(.badRequest, description)
    case .tooLarge: Problem(.contentTooLarge, description)
    // The request is fine, the file is not: no retry helps until somebody repairs it.
    case .outside, .damagedIndex, .damagedTensor, .damagedState, .missingShard, .unsupported:
      Problem(.unprocessableContent, description)
    case .fileAccess: Problem(.internalServerError, description)
    }
  }
}
