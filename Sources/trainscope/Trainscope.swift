import ArgumentParser

@main
struct Trainscope: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trainscope",
    abstract: "Look inside a training run: curves, graphs and checkpoints.",
    version: Version.number,
    subcommands: [
      CheckpointCommand.self,
      ExportCommand.self,
      GraphCommand.self,
      HistogramsCommand.self,
      InspectCommand.self,
      RunsCommand.self,
      ScalarsCommand.self,
      SearchCommand.self,
      ServeCommand.self,
      SQLCommand.self,
      TagsCommand.self,
      TailCommand.self,
      TrainCommand.self,
      VersionCommand.self,
    ])
}
