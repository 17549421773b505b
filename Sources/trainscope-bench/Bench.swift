import ArgumentParser
import Foundation

/// Measures Trainscope beside its peers on the same files in the same run, since one machine's figures mean little on
/// another; ratios carry over. `make bench` runs it without arguments; a part's name runs that part alone. What it prints
/// is Markdown, the tables of docs/benchmarks.md.
@main
struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trainscope-bench", abstract: "Measure loading, answering, writing, memory and training steps.",
    subcommands: [
      LoadCommand.self, QueryCommand.self, MemoryCommand.self, WriteCommand.self, StepCommand.self, EveryCommand.self,
      ChildCommand.self,
    ],
    defaultSubcommand: EveryCommand.self)
}

struct EveryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "all", abstract: "Run every measurement.")

  func run() throws {
    let day = Date().formatted(.iso8601.year().month().day())
    print("Measured on \(day) with \(ProcessInfo.processInfo.activeProcessorCount) processors.\n")
    try LoadCommand.parse([]).run()
    try QueryCommand.parse([]).run()
    print()
    try MemoryCommand.parse([]).run()
    print()
    try WriteCommand.parse([]).run()
    print()
    try StepCommand.parse([]).run()
  }
}
