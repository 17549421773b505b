import ArgumentParser
import Catalog
import Graphs

/// `trainscope inspect PATH…`
struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Check event files, record files, checkpoints and graph files, and say where they are damaged.",
    discussion: """
      Reads every byte and verifies every checksum; files compressed with gzip or zlib are read like plain ones. A folder \
      stands for the event files, checkpoints and graph files in it and below. --verbose tells what event files hold: of each \
      tag the first, last and highest step, and where steps go back. Exits with 1 where damage was found; a file that ends \
      inside a record counts as damaged.
      """)

  @Argument(help: "Files, checkpoint prefixes or folders.")
  var paths: [String]

  @Flag(name: .shortAndLong, help: "Tell what event files hold, tag by tag.")
  var verbose = false

  @Option(help: "How to print: table, json or csv.")
  var format = OutputFormat.table

  func run() throws {
    let line = ProgressLine()
    let files = try paths.enumerated().flatMap { number, path in
      line.update(done: number, of: paths.count) { path }
      return try FileInspection.inspect(path, graph: Self.readGraph)
    }
    line.finish()
    InspectionReport(files: files, showsTags: verbose).print(as: format)
    if files.isEmpty {
      Diagnostics.note("There are no event files, checkpoints or graph files in \(paths.joined(separator: ", ")).")
    }
    if files.contains(where: { !$0.ok }) { throw ExitCode(1) }
  }

  private static func readGraph(_ path: String) throws -> (nodes: Int, problems: [String]) {
    let model = try GraphModel.load(path: path)
    return (model.nodes.count, model.problems.map(\.message))
  }
}
