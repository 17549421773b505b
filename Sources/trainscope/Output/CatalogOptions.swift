import ArgumentParser
import Catalog
import Foundation
import Terminal

/// What every command that reads a log root takes.
struct CatalogOptions: ParsableArguments {
  @Argument(help: "The log root: the folder that holds your runs.")
  var root: String

  @Option(
    help: ArgumentHelp(
      "Where the catalogue lies. By default in .trainscope below the root, or in your cache folder where the root cannot be written.",
      valueName: "path"))
  var catalog: String?

  /// Opens the catalogue and brings it up to date. What a person should know goes to standard error, and so does a
  /// progress bar where that is a terminal.
  func refreshed() throws -> Catalog {
    let catalog = try Catalog.open(root: root, at: catalog)
    for message in catalog.messages { Diagnostics.note(message) }
    let line = ProgressLine()
    defer { line.finish() }
    try catalog.refresh { progress in
      line.update(fraction: progress.bytes > 0 ? Double(progress.bytesDone) / Double(progress.bytes) : 1) {
        ProgressText.loading(
          bytesDone: progress.bytesDone, bytes: progress.bytes, files: progress.files, filesLeft: progress.filesLeft,
          bytesPerSecond: progress.bytesPerSecond, secondsLeft: progress.secondsLeft)
      }
    }
    return catalog
  }
}

/// Messages for a person, on standard error.
enum Diagnostics {
  static func note(_ message: String) {
    try? FileHandle.standardError.write(contentsOf: Data("trainscope: \(TerminalText.safe(message))\n".utf8))
  }
}
