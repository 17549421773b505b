import GRDB
import Tensors

/// Writes the points of one scalar series to a file, block by block.
struct ScalarExporter {
  let options: ExportOptions
  let cache: SeriesCache

  /// What was written.
  struct Outcome {
    var points = 0
    var firstStep: Int64?
    var lastStep: Int64?
  }

  /// A series that has no points any more gives no file: nil.
  func write(
    run: String, tag: String, to makeFile: () throws -> ExportFile, _ database: Database
  ) throws -> (ExportFile, Outcome)? {
    guard let index = try cache.index(run: run, tag: tag, rule: options.branches.rule, database) else { return nil }
    let file = try makeFile()
    var outcome = Outcome()
    try writeHead(run: run, tag: tag, to: file)
    let isAll = options.branches == .all
    for (number, branch) in index.branches.enumerated() where isAll || options.branches != .newest || !branch.superseded
    {
      let suffix = isAll ? (branch: number, superseded: branch.superseded) : nil
      for piece in branch.pieces {
        let (columns, range) = piece.points(
          of: try cache.points(index.blocks[piece.block].id, wallTimes: true, database))
        if let first = range.first, outcome.firstStep == nil { outcome.firstStep = columns.steps[first] }
        if let last = range.last { outcome.lastStep = columns.steps[last] }
        try write(columns, range, suffix, isFirst: outcome.points == 0, to: file)
        outcome.points += range.count
      }
    }
    if options.format == .json { try file.write(outcome.points == 0 ? "]}\n" : "\n]}\n") }
    return (file, outcome)
  }

  private func writeHead(run: String, tag: String, to file: ExportFile) throws {
    switch options.format {
    case .csv: try file.write("step,wall_time,value\(options.branches == .all ? ",branch,superseded" : "")\n")
    case .json:
      try file.write("{\"run\": \(JSONText.quoted(run)), \"tag\": \(JSONText.quoted(tag)), \"points\": [")
    }
  }

  private func write(
    _ columns: PointColumns, _ range: Range<Int>, _ suffix: (branch: Int, superseded: Bool)?, isFirst: Bool,
    to file: ExportFile
  ) throws {
    var isFirst = isFirst
    for position in range {
      let value = Self.text(columns.values, position)
      let time = ScalarValue.double(columns.wallTimes[position])
      switch options.format {
      case .csv:
        let end = suffix.map { ",\($0.branch),\($0.superseded)" } ?? ""
        try file.write("\(columns.steps[position]),\(time.description),\(value.description)\(end)\n")
      case .json:
        let end = suffix.map { ", \"branch\": \($0.branch), \"superseded\": \($0.superseded)" } ?? ""
        try file.write(
          "\(isFirst ? "" : ",")\n  {\"step\": \(columns.steps[position]), \"wall_time\": \(time.json), "
            + "\"value\": \(value.json)\(end)}")
      }
      isFirst = false
    }
  }

  /// In the precision it was logged in, so that it reads back exactly.
  private static func text(_ values: SeriesValues, _ position: Int) -> ScalarValue {
    switch values {
    case .float32(let values): .float(values[position])
    case .float64(let values): .double(values[position])
    case .int64(let values): .integer(values[position])
    }
  }
}
