import ArgumentParser
import Foundation

/// All examples: `trainscope-examples NAME`.
@main
struct Examples: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trainscope-examples",
    abstract: "Short programs that build, train, save and restore models.",
    subcommands: [
      CreateVariables.self, SaveAndRestore.self, RenameVariables.self, VariableScopes.self, SharedFilters.self,
      ExtendImportedGraph.self, SlimNetwork.self, MovingAverages.self, RecordPipeline.self, DebugARun.self,
    ])
}

/// Where an example writes its files.
struct OutputFolder: ParsableArguments {
  @Option(help: "Folder for files; a temporary one that is removed again if not given.")
  var directory: String?

  /// Runs `body` with the folder, which is made where it is missing.
  func use(_ body: (String) throws -> Void) throws {
    let manager = FileManager.default
    let path = directory ?? manager.temporaryDirectory.appendingPathComponent("example-\(UUID().uuidString)").path
    try manager.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { if directory == nil { try? manager.removeItem(atPath: path) } }
    try body(path)
  }
}
