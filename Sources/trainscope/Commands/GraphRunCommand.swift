import ArgumentParser
import Engine
import Foundation
import Training

/// `trainscope graph run META`: imports a graph, restores a checkpoint, runs calls: a scriptable `session.run`.
struct GraphRunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Import a graph, restore it, and run calls in one session.",
    discussion: """
      Calls are [{"feeds": {"x:0": {"dtype": "float32", "shape": [1], "data": [2]}}, "fetches": ["y:0", "train"]}], run \
      in order. The answer is a list with one object a call: values by name, null for operations.
      """)

  @Argument(help: "A .meta file, binary or text.")
  var meta: String

  @Option(help: "The prefix of a checkpoint to restore first.")
  var checkpoint: String?

  @Option(help: "A JSON file of calls; - reads them from standard input.")
  var calls: String

  func run() throws {
    let data: Data
    if calls == "-" {
      data = FileHandle.standardInput.readDataToEndOfFile()
    } else {
      guard let found = FileManager.default.contents(atPath: calls) else {
        throw ValidationError("\(calls) cannot be read")
      }
      data = found
    }
    let list = try GraphCall.list(data)
    let graph = Graph()
    let saver = try graph.importMetaGraph(meta)
    try graph.withSession { session in
      if let checkpoint {
        guard let saver else {
          throw ValidationError("\(meta) names no saver that could restore a checkpoint")
        }
        try saver.restore(session, from: checkpoint)
      }
      // Answers are printed as they come, so that a later call that fails does not hide them.
      print("[", terminator: "")
      for (index, call) in list.enumerated() {
        do {
          print((index == 0 ? "" : ",\n ") + (try call.run(in: session)), terminator: "")
        } catch let error as EngineError {
          print("]")
          throw EngineError(error.code, "call \(index): \(error.message)", node: error.node)
        }
      }
      print("]")
    }
  }
}
