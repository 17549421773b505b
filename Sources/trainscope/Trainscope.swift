import ArgumentParser
import Foundation

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

  /// Runs the command that was asked for. Errors may name things that come from files; on the terminal such names are shown
  /// with their control characters escaped.
  static func main() async {
    do {
      var command = try parseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch  where exitCode(for: error) == .failure && !(error is ExitCode) {
      for line in fullMessage(for: error).split(separator: "\n", omittingEmptySubsequences: false) {
        try? FileHandle.standardError.write(contentsOf: Data((TerminalText.safe(String(line)) + "\n").utf8))
      }
      Foundation.exit(ExitCode.failure.rawValue)
    } catch {
      exit(withError: error)
    }
  }
}
