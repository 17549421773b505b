import ArgumentParser
import Foundation

/// Measures Trainscope beside its peers on the same files in the same run, since one machine's figures mean little on
/// another; ratios carry over. `make bench` runs it without arguments.
@main
struct Bench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trainscope-bench", abstract: "Measure loading, querying and writing.",
    subcommands: [LoadCommand.self, QueryCommand.self, WriteCommand.self, EveryCommand.self],
    defaultSubcommand: EveryCommand.self)
}

struct EveryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "all", abstract: "Run every measurement.")

  func run() throws {
    try WriteCommand.parse([]).run()
    print()
    try LoadCommand.parse([]).run()
    print()
    try QueryCommand.parse([]).run()
  }
}
