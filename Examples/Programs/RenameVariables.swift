import ArgumentParser
import Checkpoints
import Engine
import Training

/// Checkpoints hold names, and a saver can give variables others.
struct RenameVariables: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Save a part of a model, and restore it under new names.")

  @OptionGroup var output: OutputFolder

  func run() throws {
    try output.use { folder in
      let old = Graph()
      let v1 = try old.variable([1.0, 2.0, 3.0], name: "v1")
      _ = try old.variable([10.0, 20.0], name: "v2")
      let prefix = try old.withSession { session in
        try session.run(old.globalVariablesInitializer())
        return try Saver(old, variables: .list([v1])).save(session, to: folder + "/part.ckpt")
      }
      print("saved: \(try CheckpointReader(path: prefix).entries.map(\.name))")

      let new = Graph()
      let encoder = try new.getVariable("encoder/weights", shape: [3], initializer: .zeros)
      let extra = try new.getVariable("extra", shape: [2], initializer: .ones)
      // "v1" of the file becomes "encoder/weights" of this graph.
      let saver = try Saver(new, variables: .named(["v1": encoder]))
      try new.withSession { session in
        try saver.restore(session, from: prefix)
        try session.run(extra.initializer)
        print("encoder/weights: \(try session.run(encoder).scalars(Float.self))")
        print("extra: \(try session.run(extra).scalars(Float.self))")
        do {
          try Saver(new).restore(session, from: prefix)
        } catch let error as EngineError {
          print("all variables by their own names: \(error.code)")
        }
      }
    }
  }
}
