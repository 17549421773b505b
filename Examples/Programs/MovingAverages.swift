import ArgumentParser
import Checkpoints
import Engine
import Tensors
import Training

/// Averages of weights: kept while training, restored in place of the weights.
struct MovingAverages: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Keep moving averages, and evaluate with them.")

  @OptionGroup var output: OutputFolder

  func run() throws {
    try output.use { folder in
      let tf = Graph()
      let w = try tf.variable(0.0, name: "w")
      let step = try tf.globalStep()
      let average = ExponentialMovingAverage(decay: 0.99, updateCount: step)
      let next = try tf.placeholder(.float32, shape: [], name: "next")
      let set = try w.assign(next).node
      let count = try step.assignAdd(1).node
      let update = try tf.controlDependencies([set, count]) { try average.apply([w], in: tf) }
      let saver = try Saver(tf)
      let prefix = try tf.withSession { session in
        try session.run(tf.globalVariablesInitializer())
        for value in [5, 10, 10, 10] as [Float] { try session.run(update, feeds: [next: Tensor(value)]) }
        guard let shadow = average.average(of: w) else { return "" }
        print("\(w.node.name) = \(try session.run(w).scalar(Float.self))")
        print("\(shadow.node.name) = \(try session.run(shadow).scalar(Float.self))")
        return try saver.save(session, to: folder + "/average.ckpt", globalStep: 4)
      }
      print("in the file: \(try CheckpointReader(path: prefix).entries.map(\.name))")

      // Another program evaluates with the averages.
      let other = Graph()
      let same = try other.variable(0.0, name: "w")
      _ = try other.globalStep()
      let names = ExponentialMovingAverage(decay: 0.99).variablesToRestore(in: other)
      try other.withSession { session in
        try Saver(other, variables: .named(names)).restore(session, from: prefix)
        print("w restored from its average: \(try session.run(same).scalar(Float.self))")
      }
    }
  }
}
