import ArgumentParser

/// `trainscope train`: trainings that come with the program.
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Train a model and log it.", subcommands: [TrainDigitsCommand.self])
}
