import ArgumentParser
import Catalog
import Foundation
import Synchronization
import Training

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
    let bar = RefreshProgress()
    defer { bar.finish() }
    try catalog.refresh { bar.update($0) }
    return catalog
  }
}

/// Messages for a person, on standard error.
enum Diagnostics {
  static func note(_ message: String) {
    try? FileHandle.standardError.write(contentsOf: Data("trainscope: \(TerminalText.safe(message))\n".utf8))
  }
}

/// Shows how far a refresh is, once it has taken a moment.
private final class RefreshProgress: Sendable {
  private let bar = Mutex<ProgressBar?>(nil)
  private let started = ContinuousClock.now
  private let isTerminal = isatty(STDERR_FILENO) == 1

  func update(_ progress: LoadingProgress) {
    guard isTerminal, ContinuousClock.now - started > .milliseconds(300) else { return }
    bar.withLock { bar in
      if bar == nil { bar = ProgressBar(total: max(1, Int(progress.bytes >> 20))) }
      bar?.update(Int(progress.bytesDone >> 20), detail: "MB, \(progress.filesDone) of \(progress.files) files")
    }
  }

  func finish() {
    bar.withLock { $0?.finish() }
  }
}
