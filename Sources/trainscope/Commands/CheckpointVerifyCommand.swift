import ArgumentParser
import Catalog

/// `trainscope checkpoint verify PREFIX…`: reads every tensor and compares every checksum.
struct CheckpointVerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Read every tensor of checkpoints and compare every checksum.",
    discussion: "Exits with 1 where a tensor is damaged or a data file is missing; the message names it.")

  @Argument(
    help: "Prefixes of checkpoints, files of theirs, or folders; of folders, all checkpoints in them and below.")
  var paths: [String]

  @Option(help: "How to print: table, json or csv.")
  var format = OutputFormat.table

  func run() throws {
    let line = ProgressLine()
    let files = try paths.enumerated().flatMap { number, path in
      line.update(done: number, of: paths.count) { path }
      return try FileInspection.inspect(path)
    }.filter { $0.kind == "checkpoint" }
    line.finish()
    InspectionReport(files: files, showsTags: false).print(as: format)
    if files.isEmpty {
      Diagnostics.note("There is no checkpoint at \(paths.joined(separator: ", ")).")
      throw ExitCode(1)
    }
    if files.contains(where: { !$0.ok }) { throw ExitCode(1) }
  }
}
