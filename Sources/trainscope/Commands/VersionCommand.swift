import ArgumentParser

/// `trainscope version`: prints the version.
struct VersionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the version.")

  func run() {
    print("trainscope \(Version.number)")
  }
}
