import ArgumentParser
import Engine
import Training

/// Variables, their initial values, and how they get them.
struct CreateVariables: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Make variables and initialize them.")

  @Option(help: "Seed of random initial values; the same seed gives the same numbers as TensorFlow.")
  var seed: Int64 = 1

  func run() throws {
    let tf = Graph()
    tf.setRandomSeed(seed)
    let weights = try tf.variable(tf.randomNormal([784, 200], stddev: 0.35), name: "weights")
    let biases = try tf.variable(tf.zeros([200]), name: "biases")
    // The initial value of one variable from that of another, whatever the order they are initialized in.
    let halved = try tf.variable(weights.initializedValue() * 0.5, name: "halved")
    let steps = try tf.variable(0, name: "steps", trainable: false)
    let ramp = try tf.getVariable("ramp", shape: [4], initializer: .constant([1, 2, 3]))
    let turned = try tf.getVariable("turned", shape: [3, 3], initializer: .orthogonal())

    let missing = try tf.reportUninitializedVariables()
    let count = try steps.assignAdd(1)
    try tf.withSession { session in
      let before = try session.run(missing).strings.map { String(decoding: $0, as: UTF8.self) }
      print("not initialized: \(before.joined(separator: ", "))")
      try session.run(tf.globalVariablesInitializer())
      print("not initialized: \(try session.run(missing).elementCount) variables")
      let (w, h): ([Float], [Float]) = (try session.run(weights).scalars(), try session.run(halved).scalars())
      print("weights \(weights.shape) begin with \(w[0]), halved with \(h[0])")
      print("biases are all 0: \(try session.run(biases).scalars(Float.self).allSatisfy { $0 == 0 })")
      print("ramp: \(try session.run(ramp).scalars(Float.self)), the last value repeats")
      print("turned: \(try session.run(turned).scalars(Float.self))")
      for _ in 0..<3 { try session.run(count.node) }
      print("steps counted: \(try session.run(steps).scalar(Int32.self))")
    }
  }
}
