import Catalog
import Events
import Foundation
import HTTPTypes
import Tensors

/// One value on its way into an answer of `GET /values/data`.
///
/// What a file calls a picture is sent as one only where its first bytes are those of a format that holds nothing but
/// pixels (``MediaType``); everything else is a file to save. Every answer carries `nosniff` and the strict policy.
struct ValueData {
  let catalog: Catalog
  let blob: LocatedBlob
  let value: SummaryValue
  /// Which of several; nil where none was asked for.
  let index: Int?
  let slice: String?
  /// Elements of a tensor in JSON.
  let limit: Int

  /// Bytes of one answer.
  static let largest = 64_000_000

  /// Refuses what is too large before it is read, by its length in the file, where all of it would be in the answer: where
  /// neither `slice` nor `index` nor a number of values leaves a part.
  static func check(
    _ value: LocatedValue, index: Int?, slice: String?, isRaw: Bool, largest: Int = largest
  ) throws(Problem) {
    let isWhole: Bool
    switch value.kind {
    case .image, .audio: isWhole = false
    // Of several texts or strings the first comes raw, and of a tensor some values as JSON.
    case .text: isWhole = !isRaw && index == nil
    case .tensor: isWhole = isRaw && value.dtype != .string && slice ?? "" == ""
    // JSON tells of a message only its length.
    default: isWhole = isRaw || value.form != .message
    }
    if isWhole { try check(value.length, largest) }
  }

  private static func check(_ bytes: Int, _ largest: Int = largest) throws(Problem) {
    guard bytes <= largest else {
      throw .tooLarge(
        "This value has \(bytes) bytes; at most \(largest) are given at once. Ask for a “slice” of a tensor, "
          + "or read the event file.")
    }
  }

  /// Refuses JSON that is too long while it is written.
  private func check(_ json: JSONWriter) throws(Problem) {
    guard json.bytes.count <= Self.largest else {
      throw .tooLarge(
        "This value has more than 64 MB of JSON. Ask for it with “format=raw”, for one text with “index”, or for fewer "
          + "“values” of a tensor.")
    }
  }

  // MARK: - Raw

  /// The value's own bytes.
  func raw() throws -> Answer {
    switch value {
    case .image(let image): return try media(image.pictures, "picture")
    case .audio(let audio): return try media(audio.clips, "clip")
    case .text(let texts, _):
      let text = Array(try element(of: texts, "text").utf8)
      return named(.bytes(try checked(text), contentType: ContentType.text), "txt")
    case .tensor(let tensor): return try raw(tensor)
    case .message(_, let bytes):
      return .attachment(try checked(bytes), contentType: ContentType.binary, fileName: name("pb"))
    case .metadata: return try content()
    case .histogram, .scalar:
      let bytes = try EventFile.bytes(of: blob.value, path: blob.path)
      return .attachment(try checked(bytes), contentType: ContentType.binary, fileName: name("pb"))
    }
  }

  private func content() throws -> Answer {
    .attachment(try checked(catalog.pluginContent(at: blob)), contentType: ContentType.binary, fileName: name("pb"))
  }

  /// A picture or clip; what is none of the known formats is saved, not shown.
  private func media(_ parts: [[UInt8]], _ what: String) throws -> Answer {
    let bytes = try checked(element(of: parts, what))
    guard let type = MediaType(of: bytes) else {
      return .attachment(bytes, contentType: ContentType.binary, fileName: name("bin"))
    }
    return named(.bytes(bytes, contentType: type.rawValue), type.fileExtension)
  }

  private func raw(_ tensor: Tensor) throws -> Answer {
    if tensor.dtype == .string {
      let bytes = try checked(element(of: try sliced(tensor).strings, "string"))
      return .attachment(bytes, contentType: ContentType.binary, fileName: name("bin"))
    }
    guard tensor.dtype.byteWidth != nil else {
      throw Problem.badRequest("This is a tensor of type \(tensor.dtype.name), which has no raw bytes.")
    }
    let part = try sliced(tensor)
    try Self.check(part.withUnsafeBytes { $0.count })
    var answer = Answer.attachment(
      part.withUnsafeBytes { Array($0) }, contentType: ContentType.binary, fileName: name("bin"))
    answer.headers[.trainscopeDtype] = part.dtype.name
    answer.headers[.trainscopeShape] = part.shape.description
    return answer
  }

  private func sliced(_ tensor: Tensor) throws -> Tensor {
    guard let slice, !slice.isEmpty else { return tensor }
    do {
      return tensor.sliced(try ResolvedSlice(try SliceRange.parse(slice), of: tensor.shape))
    } catch let error as SliceError {
      throw Problem.badRequest("“\(slice.prefix(100))” is no value of “slice” for the shape \(tensor.shape): \(error)")
    }
  }

  private func element<Element>(of elements: [Element], _ what: String) throws(Problem) -> Element {
    let index = index ?? 0
    guard elements.indices.contains(index) else {
      throw .notFound(
        elements.isEmpty
          ? "This value holds no \(what)."
          : "There is no \(what) \(index): this value holds \(elements.count), counted from 0.")
    }
    return elements[index]
  }

  private func checked(_ bytes: [UInt8]) throws(Problem) -> [UInt8] {
    try Self.check(bytes.count)
    return bytes
  }

  /// `TAG-STEP.extension`
  private func name(_ pathExtension: String) -> String { "\(blob.tag)-\(blob.value.step).\(pathExtension)" }

  /// The answer with a name for those who save it.
  private func named(_ answer: Answer, _ pathExtension: String) -> Answer {
    var answer = answer
    let file = Answer.savedAs(name(pathExtension))[.contentDisposition]
    answer.headers[.contentDisposition] = file?.replacing("attachment", with: "inline")
    return answer
  }

  // MARK: - JSON

  func json() throws -> Answer {
    let plugin = try catalog.pluginValue(at: blob)
    let answer = try Answer.json(capacity: 4096) { json in
      try json.object { json in
        writePlace(of: blob, to: &json)
        if let plugin {
          json.member("data", plugin.plain)
        } else {
          try write(value, to: &json)
        }
        try check(json)
      }
    }
    return answer
  }

  private func write(_ value: SummaryValue, to json: inout JSONWriter) throws {
    switch value {
    case .scalar(let number): json.member("value", number)
    case .histogram(let rows, let proto): try write(rows, proto, to: &json)
    case .image(let image):
      json.member("width", image.width)
      json.member("height", image.height)
      json.member("images") { writeParts(image.pictures, labels: [], to: &$0) }
    case .audio(let audio):
      json.member("sample_rate", audio.sampleRate)
      json.member("channels", audio.channels)
      json.member("frames", audio.frames)
      json.member("clips") { writeParts(audio.clips, labels: audio.labels, to: &$0) }
    case .text(let texts, let shape):
      json.member("shape") { $0.array(shape) { $0.value($1) } }
      if let index {
        let text = try element(of: texts, "text")
        json.member("index", index)
        json.member("texts", [text])
      } else {
        try json.member("texts") {
          try $0.array(texts) { json, text in
            json.value(text)
            try check(json)
          }
        }
      }
    case .tensor(let tensor): try write(tensor, to: &json)
    case .message(let kind, let bytes):
      json.member("message", kind.rawValue)
      json.member("bytes", bytes.count)
      if kind == .graph || kind == .metaGraph {
        // /graphs shows it under this id.
        let root = catalog.root.hasSuffix("/") ? catalog.root : catalog.root + "/"
        let path = blob.path.hasPrefix(root) ? String(blob.path.dropFirst(root.count)) : blob.path
        json.member("graph", GraphStore.id(path, offset: blob.value.offset))
      }
    case .metadata: json.member("content", Data(try checked(catalog.pluginContent(at: blob))).base64EncodedString())
    }
  }

  private func write(_ rows: [HistogramRow], _ proto: Histogram?, to json: inout JSONWriter) throws {
    json.member("min", proto?.min ?? rows.first?.left)
    json.member("max", proto?.max ?? rows.last?.right)
    json.member("num", proto?.num ?? rows.reduce(0) { $0 + $1.count })
    json.member("sum", proto?.sum)
    json.member("sum_squares", proto?.sumSquares)
    try json.member("buckets") {
      try $0.array(rows) { json, row in
        json.array([row.left, row.right, row.count]) { $0.value($1) }
        try check(json)
      }
    }
  }

  private func writeParts(_ parts: [[UInt8]], labels: [String], to json: inout JSONWriter) {
    json.array(parts.indices) { json, index in
      json.object {
        $0.member("index", index)
        $0.member("bytes", parts[index].count)
        $0.member("content_type", MediaType(of: parts[index])?.rawValue)
        if index < labels.count { $0.member("label", labels[index]) }
      }
    }
  }

  private func write(_ tensor: Tensor, to json: inout JSONWriter) throws {
    let part = try sliced(tensor)
    let values = part.values(0..<limit)
    json.member("dtype", tensor.dtype.name)
    json.member("shape") { $0.array(tensor.shape.dimensions) { $0.value($1) } }
    json.member("slice", slice ?? "")
    json.member("slice_shape") { $0.array(part.shape.dimensions) { $0.value($1) } }
    try json.member("values") {
      try $0.array(values) { json, value in
        switch value {
        // Through the writer, which escapes what a document could trip over.
        case .bytes(let bytes) where String(validating: bytes, as: UTF8.self) != nil:
          json.value(String(decoding: bytes, as: UTF8.self))
        default: json.raw(value.json)
        }
        try check(json)
      }
    }
    json.member("truncated", values.count < part.elementCount)
  }
}

extension HTTPField.Name {
  static let trainscopeDtype = HTTPField.Name("Trainscope-Dtype")!
  static let trainscopeShape = HTTPField.Name("Trainscope-Shape")!
}
