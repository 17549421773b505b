import Tensors

/// `manifest.json`: which file holds what. It is written as the export goes on and put in its place last, so that a
/// folder with an index is complete.
final class ExportManifest {
  /// One file of the export; what is nil does not print.
  struct Entry {
    var path: String
    var run: String
    var tag: String
    var kind: SeriesKind
    var bytes: Int64
    /// Of a file that holds a series.
    var points: Int?
    var firstStep: Int64?
    var lastStep: Int64?
    /// Of a file that holds one value.
    var step: Int64?
    var wallTime: Double?
    var contentType: String?
    var width: Int?
    var height: Int?
    var sampleRate: Double?
    var dtype: String?
    var shape: [Int]?
  }

  private let file: ExportFile
  private var isFirst = true

  init(_ folder: ExportFolder, root: String, options: ExportOptions) throws {
    file = try folder.file([], "manifest.json")
    try file.write(
      "{\"program\": \(JSONText.quoted(options.program)), \"root\": \(JSONText.quoted(root)), "
        + "\"format\": \"\(options.format.rawValue)\", \"branches\": \"\(options.branches.rawValue)\", \"files\": [")
  }

  func add(_ entry: Entry) throws {
    var fields = [
      ("path", JSONText.quoted(entry.path)), ("run", JSONText.quoted(entry.run)), ("tag", JSONText.quoted(entry.tag)),
      ("kind", "\"\(entry.kind.rawValue)\""), ("bytes", "\(entry.bytes)"),
    ]
    func field(_ name: String, _ value: String?) {
      if let value { fields.append((name, value)) }
    }
    field("points", entry.points.map { "\($0)" })
    field("first_step", entry.firstStep.map { "\($0)" })
    field("last_step", entry.lastStep.map { "\($0)" })
    field("step", entry.step.map { "\($0)" })
    field("wall_time", entry.wallTime.map(JSONText.number))
    field("content_type", entry.contentType.map(JSONText.quoted))
    field("width", entry.width.map { "\($0)" })
    field("height", entry.height.map { "\($0)" })
    field("sample_rate", entry.sampleRate.map(JSONText.number))
    field("dtype", entry.dtype.map(JSONText.quoted))
    field("shape", entry.shape.map { "[\($0.map { "\($0)" }.joined(separator: ", "))]" })
    let text = fields.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", ")
    try file.write("\(isFirst ? "" : ",")\n  {\(text)}")
    isFirst = false
  }

  func finish(_ report: ExportReport) throws {
    let problems = report.problems.map(JSONText.quoted).joined(separator: ",\n  ")
    try file.write("\(isFirst ? "" : "\n")],\n\"problems\": [\(problems)]}\n")
    try file.commit()
  }
}
