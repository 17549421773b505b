import ArgumentParser
import Checkpoints
import Foundation
import Tensors

/// `trainscope checkpoint list PREFIX|DIR`: every tensor. Reads the index only.
struct CheckpointListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List the tensors of a checkpoint: name, dtype, shape, bytes, shard, offset.",
    discussion: "Exits with 1 where part of the index is damaged or a data file is missing; the rest is listed.")

  @Argument(help: "A checkpoint's prefix, one of its files, or its folder.")
  var path: String

  @Option(help: "How to print: table, json or csv.")
  var format = CheckpointOutputFormat.table

  func run() throws {
    let reader = try CheckpointReader(path: path)
    let problems = reader.problems + reader.missingDataFiles.map { "\($0): data file missing" }
    switch format {
    case .json: print(CheckpointReport.listing(reader))
    case .csv:
      var lines = ["name,dtype,shape,bytes,shard,offset"]
      for entry in reader.entries {
        let offset = entry.offset.map { String($0) } ?? ""
        lines.append(
          [
            CSVText.field(entry.name), entry.dtype.name, CSVText.field("\(entry.shape)"), "\(entry.byteCount)",
            "\(entry.shard)", offset,
          ].joined(separator: ","))
      }
      print(lines.joined(separator: "\n"))
    case .table:
      let rows = reader.entries.map { entry in
        [
          TerminalText.safe(entry.name), entry.dtype.name, "\(entry.shape)", "\(entry.byteCount)", "\(entry.shard)",
          entry.offset.map { String($0) } ?? "-",
        ]
      }
      print("\(TerminalText.safe(reader.prefix))  (\(reader.format.rawValue))")
      print(
        TextTable.text(
          header: ["name", "dtype", "shape", "bytes", "shard", "offset"], rows: rows, rightAligned: [3, 4, 5]))
      let bytes = reader.entries.reduce(UInt64(0)) { $0 &+ $1.byteCount }
      print("\(reader.entries.count) tensors, \(bytes) bytes")
    }
    for problem in problems { FileHandle.standardError.write(Data("trainscope: \(TerminalText.safe(problem))\n".utf8)) }
    if !problems.isEmpty { throw ExitCode(1) }
  }
}
