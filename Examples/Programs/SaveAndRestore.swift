import ArgumentParser
import Checkpoints
import Engine
import Training

/// A model that is saved while it is trained, and restored.
struct SaveAndRestore: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Train a line, save it, restore it.")

  @OptionGroup var output: OutputFolder

  @Option(help: "Steps to train.")
  var steps = 60

  func run() throws {
    try output.use { folder in
      let tf = Graph()
      let w = try tf.variable(0.0, name: "w")
      let b = try tf.variable(0.0, name: "b")
      let x = try tf.constant([1.0, 2.0, 3.0, 4.0])
      let y = try tf.constant([3.0, 5.0, 7.0, 9.0])
      let loss = try tf.reduceMean(tf.square(w * x + b - y), name: "loss")
      let step = try tf.globalStep()
      let train = try GradientDescentOptimizer(learningRate: 0.05).minimize(loss, globalStep: step)
      let saver = try Saver(tf, maxToKeep: 2)
      try tf.withSession { session in
        try session.run(tf.globalVariablesInitializer())
        for i in 1...max(1, steps) {
          try session.run(train)
          if i % 20 == 0 { try saver.save(session, to: folder + "/line.ckpt", globalStep: Int64(i)) }
        }
        print("trained: \(try session.run(w).scalar(Float.self)) x + \(try session.run(b).scalar(Float.self))")
      }
      guard let latest = latestCheckpoint(in: folder) else {
        print("no checkpoint: fewer than 20 steps")
        return
      }
      // A session of its own knows nothing of the training; nothing needs to be initialized either.
      try tf.withSession { session in
        try saver.restore(session, from: latest)
        print(
          "restored at step \(try session.run(step).scalar(Int64.self)): loss \(try session.run(loss).scalar(Float.self))"
        )
      }
      print("kept: \(saver.lastCheckpoints.count) checkpoints")
    }
  }
}
