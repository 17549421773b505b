import ArgumentParser
import Engine
import Tensors
import Training

/// A graph from a file, run and built upon.
struct ExtendImportedGraph: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Import a .meta file, restore, run, add to it.")

  @OptionGroup var output: OutputFolder

  func run() throws {
    try output.use { folder in
      let prefix = try write(to: folder)
      let tf = Graph()
      guard let saver = try tf.importMetaGraph(prefix + ".meta") else {
        print("the file has no variables")
        return
      }
      let x = try tf.output(named: "x:0")
      let y = try tf.output(named: "y:0")
      let stored = try tf.output(named: "op_to_store:0")
      // New ops take the imported ones as inputs.
      let doubled = try tf.multiply(stored, 2.0, name: "doubled")
      try tf.withSession { session in
        try saver.restore(session, from: prefix)
        let feeds = [x: Tensor(5 as Float), y: Tensor(5 as Float)]
        print("(5 + 5) * 1.5 = \(try session.run(stored, feeds: feeds).scalar(Float.self))")
        print("doubled: \(try session.run(doubled, feeds: feeds).scalar(Float.self))")
      }
      do {
        _ = try tf.output(named: "op_to_store")
      } catch {
        print("a name without a number: \(error)")
      }
    }
  }

  /// The program of another day: builds a model and saves it.
  private func write(to folder: String) throws -> String {
    let tf = Graph()
    let x = try tf.placeholder(.float32, shape: [], name: "x")
    let y = try tf.placeholder(.float32, shape: [], name: "y")
    let factor = try tf.variable(1.5, name: "factor")
    _ = try tf.multiply(x + y, factor, name: "op_to_store")
    return try tf.withSession { session in
      try session.run(tf.globalVariablesInitializer())
      return try Saver(tf).save(session, to: folder + "/model", globalStep: 1000)
    }
  }
}
