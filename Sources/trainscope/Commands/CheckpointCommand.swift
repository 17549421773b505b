import ArgumentParser

/// `trainscope checkpoint …`: what is in a checkpoint, without loading it.
struct CheckpointCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "checkpoint",
    abstract: "Look into checkpoints.",
    discussion: """
      A checkpoint is named by its prefix (logs/run/model.ckpt-200), by one of its files, or by its folder, in which \
      case the newest one is taken.
      """,
    subcommands: [
      CheckpointListCommand.self, CheckpointShowCommand.self, CheckpointStatsCommand.self,
      CheckpointVerifyCommand.self,
    ])
}

/// How an answer is printed.
enum CheckpointOutputFormat: String, ExpressibleByArgument, CaseIterable {
  case table
  case json
  case csv
}
