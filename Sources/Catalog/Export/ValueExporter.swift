import Events
import Tensors

/// Writes the values of one series that stay in event files: histograms and texts into one file, everything else into one
/// file a value. One value is in memory at a time.
struct ValueExporter {
  let catalog: Catalog
  let options: ExportOptions
  let folder: ExportFolder
  let manifest: ExportManifest

  struct Series {
    var run: String
    var tag: String
    var kind: SeriesKind
  }

  /// - Parameter ids: of the values, in the order they were logged.
  func write(_ series: Series, ids: [Int64], report: inout ExportReport) throws {
    switch series.kind {
    case .histogram, .text: try writeTogether(series, ids, &report)
    default: try writeEach(series, ids, &report)
    }
  }

  /// Reads a value; nil, and a problem in the report, where its file does not hold it any more.
  private func read(_ id: Int64, _ series: Series, _ report: inout ExportReport) -> (LocatedBlob, SummaryValue)? {
    do {
      let blob = try catalog.listedValue(id: id)
      return (blob, try catalog.value(at: blob))
    } catch {
      report.note("\(series.run), \(series.tag): \(error)")
      return nil
    }
  }

  // MARK: - One file a series

  private func writeTogether(_ series: Series, _ ids: [Int64], _ report: inout ExportReport) throws {
    let isText = series.kind == .text
    let file = try folder.file(
      ExportName.folders(run: series.run) + [isText ? "text" : "histograms"],
      "\(ExportName.component(series.tag)).\(options.format.rawValue)")
    switch options.format {
    case .csv: try file.write(isText ? "step,wall_time,index,text\n" : "step,wall_time,left,right,count\n")
    case .json:
      try file.write(
        "{\"run\": \(JSONText.quoted(series.run)), \"tag\": \(JSONText.quoted(series.tag)), "
          + "\"\(isText ? "texts" : "histograms")\": [")
    }
    var entry = ExportManifest.Entry(path: file.relative, run: series.run, tag: series.tag, kind: series.kind, bytes: 0)
    var count = 0
    for id in ids {
      guard let (blob, value) = read(id, series, &report) else { continue }
      switch value {
      case .histogram(let rows, let proto): try write(rows, proto, blob.value, isFirst: count == 0, to: file)
      case .text(let texts, let shape): try write(texts, shape, blob.value, isFirst: count == 0, to: file)
      default:
        report.note("\(series.run), \(series.tag): the value of step \(blob.value.step) is no \(series.kind.rawValue)")
        continue
      }
      count += 1
      entry.firstStep = entry.firstStep ?? blob.value.step
      entry.lastStep = blob.value.step
    }
    if options.format == .json { try file.write(count == 0 ? "]}\n" : "\n]}\n") }
    try file.commit()
    entry.bytes = file.size
    entry.points = count
    try note(entry, &report)
  }

  private func write(
    _ rows: [HistogramRow], _ proto: Histogram?, _ place: LocatedValue, isFirst: Bool, to file: ExportFile
  ) throws {
    switch options.format {
    case .csv:
      for row in rows {
        let numbers = [place.wallTime, row.left, row.right, row.count].map { ScalarValue.double($0).description }
        try file.write("\(place.step),\(numbers.joined(separator: ","))\n")
      }
    case .json:
      let numbers: [(String, Double?)] = [
        ("min", proto?.min ?? rows.first?.left), ("max", proto?.max ?? rows.last?.right),
        ("num", proto?.num ?? rows.reduce(0) { $0 + $1.count }), ("sum", proto?.sum),
        ("sum_squares", proto?.sumSquares),
      ]
      try file.write("\(isFirst ? "" : ",")\n  {\(Self.head(place))")
      for (name, number) in numbers { try file.write(", \"\(name)\": \(JSONText.number(number))") }
      try file.write(", \"buckets\": [")
      for (index, row) in rows.enumerated() {
        let bucket = [row.left, row.right, row.count].map { JSONText.number($0) }.joined(separator: ", ")
        try file.write("\(index == 0 ? "" : ", ")[\(bucket)]")
      }
      try file.write("]}")
    }
  }

  private func write(
    _ texts: [String], _ shape: [Int], _ place: LocatedValue, isFirst: Bool, to file: ExportFile
  ) throws {
    switch options.format {
    case .csv:
      for (index, text) in texts.enumerated() {
        let time = ScalarValue.double(place.wallTime)
        try file.write("\(place.step),\(time),\(index),\(CSVField.quoted(text))\n")
      }
    case .json:
      try file.write(
        "\(isFirst ? "" : ",")\n  {\(Self.head(place)), \"shape\": [\(shape.map(String.init).joined(separator: ", "))], "
          + "\"text\": [\(texts.map(JSONText.quoted).joined(separator: ", "))]}")
    }
  }

  private static func head(_ place: LocatedValue) -> String {
    "\"step\": \(place.step), \"wall_time\": \(JSONText.number(place.wallTime))"
  }

  // MARK: - One file a value

  private func writeEach(_ series: Series, _ ids: [Int64], _ report: inout ExportReport) throws {
    let kindFolder =
      switch series.kind {
      case .image: "images"
      case .audio: "audio"
      case .graph: "graphs"
      case .runMetadata: "run_metadata"
      default: "tensors"
      }
    let folders = ExportName.folders(run: series.run) + [kindFolder, ExportName.folder(series.tag)]
    var occurrences: [Int64: Int] = [:]
    for id in ids {
      guard let (blob, value) = read(id, series, &report) else { continue }
      let step = blob.value.step
      let occurrence = occurrences[step, default: 0]
      occurrences[step] = occurrence + 1
      do {
        for (index, part) in try parts(value).enumerated() {
          let name = ExportName.value(step: step, occurrence: occurrence, part: part.isOnly ? nil : index)
          let file = try folder.file(folders, "\(name).\(part.ending)")
          try file.write(part.bytes)
          try file.commit()
          try note(entry(series, blob.value, value, part, file), &report)
        }
      } catch let error as ExportError {
        throw error
      } catch {
        report.note("\(series.run), \(series.tag), step \(step): \(error)")
      }
    }
  }

  private struct Part {
    var bytes: [UInt8]
    var ending: String
    var isOnly = true
  }

  /// The files of a value.
  private func parts(_ value: SummaryValue) throws -> [Part] {
    func media(_ items: [[UInt8]]) -> [Part] {
      items.map { Part(bytes: $0, ending: MediaType(of: $0)?.fileExtension ?? "bin", isOnly: items.count == 1) }
    }
    switch value {
    case .image(let image): return media(image.pictures)
    case .audio(let audio): return media(audio.clips)
    case .tensor(let tensor):
      if let bytes = NumPyFile.bytes(tensor) { return [Part(bytes: bytes, ending: "npy")] }
      // Strings have no fixed size, so they are no array of NumPy's: one JSON value a line.
      let lines = tensor.strings.map { ScalarValue.bytes($0).json + "\n" }
      return [Part(bytes: Array(lines.joined().utf8), ending: "jsonl")]
    case .message(let kind, let bytes):
      guard kind == .graph || kind == .metaGraph, let text = options.graphText else {
        return [Part(bytes: bytes, ending: "pb")]
      }
      return [Part(bytes: try text(bytes, kind), ending: "pbtxt")]
    // A series' metadata says everything there.
    case .metadata: return []
    // Kinds that are not written here.
    case .scalar, .histogram, .text: return []
    }
  }

  private func entry(
    _ series: Series, _ place: LocatedValue, _ value: SummaryValue, _ part: Part, _ file: ExportFile
  ) -> ExportManifest.Entry {
    var entry = ExportManifest.Entry(
      path: file.relative, run: series.run, tag: series.tag, kind: series.kind, bytes: file.size)
    entry.step = place.step
    entry.wallTime = place.wallTime
    switch value {
    case .image(let image):
      (entry.width, entry.height) = (image.width, image.height)
      entry.contentType = MediaType(of: part.bytes)?.rawValue
    case .audio(let audio):
      entry.sampleRate = audio.sampleRate
      entry.contentType = MediaType(of: part.bytes)?.rawValue
    case .tensor(let tensor): (entry.dtype, entry.shape) = (tensor.dtype.name, tensor.shape.dimensions)
    default: break
    }
    return entry
  }

  private func note(_ entry: ExportManifest.Entry, _ report: inout ExportReport) throws {
    try manifest.add(entry)
    report.files += 1
    report.bytes += entry.bytes
  }
}

/// Fields of comma-separated values (RFC 4180).
enum CSVField {
  static func quoted(_ text: String) -> String {
    guard text.utf8.contains(where: { $0 == 0x22 || $0 == 0x2c || $0 == 0x0a || $0 == 0x0d }) else { return text }
    return "\"" + text.replacing("\"", with: "\"\"") + "\""
  }
}
