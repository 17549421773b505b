import ArgumentParser
import Foundation
import Graphs

/// `trainscope graph show SOURCE`: counts of nodes, edges and ops, and the name scopes.
struct GraphShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Count a graph's nodes, edges and ops, and list its name scopes.")

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case table, json, csv
  }

  @Argument(help: "An event file, a run folder, a .meta, .pb or .pbtxt file, or a SavedModel folder.")
  var source: String

  @Option(help: "How to print: table, json or csv.")
  var format: Format = .table

  func run() throws {
    let summary = GraphStructure(try GraphFiles.open(source)).summary
    GraphFiles.report(summary.problems, source: source)
    switch format {
    case .json:
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      print(String(decoding: try encoder.encode(summary), as: UTF8.self))
    case .csv:
      print("op,count")
      for (op, count) in ordered(summary.ops) { print("\(CSVText.field(op)),\(count)") }
    case .table: printTable(summary)
    }
  }

  private func printTable(_ summary: GraphSummary) {
    print("nodes      \(summary.nodes)")
    print("edges      \(summary.edges), \(summary.controlEdges) of them control edges")
    print("scopes     \(summary.scopes.count)")
    if summary.functions > 0 { print("functions  \(summary.functions)") }
    if let version = summary.tensorflowVersion, !version.isEmpty {
      print(TerminalText.safe("written by TensorFlow \(version)"))
    }
    print()
    let ops = ordered(summary.ops)
    let rows = ops.map { [TerminalText.safe($0.0), "\($0.1)"] }
    print(TextTable.text(header: nil, rows: rows, rightAligned: [1]))
  }

  private func ordered(_ ops: [String: Int]) -> [(String, Int)] {
    ops.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { ($0.key, $0.value) }
  }
}
