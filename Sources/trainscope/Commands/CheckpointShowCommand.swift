import ArgumentParser
import Checkpoints
import Foundation
import Tensors

/// `trainscope checkpoint show PREFIX NAME`: one tensor's digest, statistics and values.
struct CheckpointShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show one tensor of a checkpoint: digest, statistics, values.",
    discussion: "Statistics are of the whole tensor, values of the slice, row by row.")

  @Argument(help: "A checkpoint's prefix, one of its files, or its folder.")
  var path: String

  @Argument(help: "The tensor's name, or the name its variable had in its program.")
  var name: String

  @Option(help: "Which part to show, in Python's notation: 0:10,:,3")
  var slice = ""

  @Option(help: "How many values to show at most.")
  var values = 1000

  @Option(help: "How to print: table, json or csv.")
  var format = CheckpointOutputFormat.table

  func validate() throws {
    guard values >= 0 else { throw ValidationError("--values cannot be negative.") }
  }

  func run() throws {
    let reader = try CheckpointReader(path: path)
    let report = try CheckpointReport.tensor(
      key(in: reader), slice: slice, maximumValues: min(values, 100_000_000), in: reader)
    switch format {
    case .json: print(report.json)
    case .csv:
      var lines = ["index,value"]
      for (index, value) in report.values.enumerated() {
        lines.append("\(CSVText.field(Self.place(index, in: report.sliceShape))),\(CSVText.field(value.description))")
      }
      print(lines.joined(separator: "\n"))
    case .table: printTable(report)
    }
  }

  /// The tensor's key, where `name` is what an object graph calls it.
  private func key(in reader: CheckpointReader) throws -> String {
    if (try? reader.entry(named: name)) != nil { return name }
    return try reader.fullNames.first { $0.value == name }?.key ?? name
  }

  private func printTable(_ report: CheckpointReport.TensorReport) {
    let entry = report.summary.entry
    let statistics = report.summary.statistics
    print("\(TerminalText.safe(entry.name))  \(entry.dtype.name) \(entry.shape)  \(entry.byteCount) bytes")
    var facts = [("sha256", report.summary.sha256)]
    if let low = statistics.minValue, let high = statistics.maxValue {
      facts += [("min", low.description), ("max", high.description)]
      for (name, value) in [("mean", statistics.mean), ("std", statistics.std), ("l2", statistics.l2)] {
        facts.append((name, value.map { "\($0)" } ?? "-"))
      }
    }
    facts += [("nan", "\(statistics.nan)"), ("inf", "\(statistics.inf)"), ("zeros", "\(statistics.zeros)")]
    print(TextTable.text(header: nil, rows: facts.map { [$0.0, $0.1] }, rightAligned: []))
    let shape = report.sliceShape
    print("values\(slice.isEmpty ? "" : " of [\(slice)]")  \(shape)")
    // A row of the tensor is a line; a vector is broken into lines of eight.
    let columns = shape.rank < 2 ? 8 : max(1, shape.dimensions[shape.rank - 1])
    let rows = stride(from: 0, to: report.values.count, by: columns).map { start in
      report.values[start..<min(start + columns, report.values.count)].map { TerminalText.safe($0.description) }
    }
    print(TextTable.text(header: nil, rows: rows, rightAligned: Set(0..<columns)))
    if report.isTruncated {
      print("… \(report.values.count) of \(shape.elementCount) values; see --slice and --values")
    }
  }

  /// The index along each axis of a flat position: `3,0`.
  private static func place(_ index: Int, in shape: Shape) -> String {
    zip(shape.dimensions, shape.strides).map { String(index / $1 % max(1, $0)) }.joined(separator: ",")
  }
}
