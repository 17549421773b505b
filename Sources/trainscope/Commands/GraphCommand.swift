import ArgumentParser

/// `trainscope graph …`: computation graphs on the command line.
struct GraphCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "graph", abstract: "Show, export or run a computation graph.",
    subcommands: [GraphShowCommand.self, GraphExportCommand.self, GraphRunCommand.self])
}
