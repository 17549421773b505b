import Engine
import Foundation
import Tensors
import Training

/// A model whose training step is measured: a graph in a `.meta` file, what to feed and what to run.
struct StepModel: Codable {
  /// An input: random numbers, or random classes below `classes`.
  struct Feed: Codable {
    var name: String
    var shape: [Int]
    var classes: Int?

    /// The same numbers in every process that makes them this way (a linear congruential generator, as in the peer).
    var tensor: Tensor {
      var state: UInt32 = 12345
      func next() -> UInt32 {
        state = state &* 1_664_525 &+ 1_013_904_223
        return state >> 8
      }
      let count = shape.reduce(1, *)
      if let classes {
        return Tensor((0..<count).map { _ in Int64(next() % UInt32(classes)) }, shape: Shape(shape))
      }
      return Tensor((0..<count).map { _ in Float(next()) / 16_777_216 }, shape: Shape(shape))
    }
  }

  var name: String
  var title: String
  var feeds: [Feed]
  var initialize: String
  var train: String
  var loss: String
  var summary: String?
  /// Steps in one measurement.
  var steps: Int

  /// Builds the models and writes them to `folder`.
  static func write(to folder: String) throws {
    try save(folder, "scalar", "scalar model, SGD", steps: 4000) { tf in
      let x = try tf.placeholder(.float32, shape: [], name: "x")
      let y = try tf.placeholder(.float32, shape: [], name: "y")
      let w = try tf.variable(0.5, name: "w")
      let b = try tf.variable(0.0, name: "b")
      let loss = try tf.square(tf.subtract(tf.add(tf.multiply(w, x), b), y), name: "loss")
      return (
        loss, try GradientDescentOptimizer(learningRate: 0.01).minimize(loss), [feed("x:0", []), feed("y:0", [])]
      )
    }
    try save(folder, "softmax", "softmax regression 784-10, batch 128, SGD", steps: 400) { tf in
      let (x, labels) = try inputs(tf, [nil, 784])
      let logits = try tf.dense(x, units: 10, name: "logits")
      let loss = try tf.reduceMean(tf.sparseSoftmaxCrossEntropy(labels: labels, logits: logits), name: "loss")
      return (
        loss, try GradientDescentOptimizer(learningRate: 0.01).minimize(loss),
        [feed("x:0", [128, 784]), feed("labels:0", [128], 10)]
      )
    }
    for (name, title) in [("mlp_sgd", "SGD"), ("mlp_adam", "Adam")] {
      try save(folder, name, "MLP 784-200-10, batch 128, \(title)", steps: 200) { tf in
        let (x, labels) = try inputs(tf, [nil, 784])
        let hidden = try tf.dense(x, units: 200, activation: .relu, name: "hidden")
        let logits = try tf.dense(hidden, units: 10, name: "logits")
        let loss = try tf.reduceMean(tf.sparseSoftmaxCrossEntropy(labels: labels, logits: logits), name: "loss")
        let optimizer: Optimizer =
          name == "mlp_sgd" ? GradientDescentOptimizer(learningRate: 0.01) : AdamOptimizer(learningRate: 0.001)
        return (loss, try optimizer.minimize(loss), [feed("x:0", [128, 784]), feed("labels:0", [128], 10)])
      }
    }
    try save(folder, "cnn", "CNN of two layers 28x28, 32 and 64 filters, batch 64, SGD", steps: 8) { tf in
      let (x, labels) = try inputs(tf, [nil, 28, 28, 1])
      var y = try tf.conv2d(x, filters: 32, kernelSize: 5, padding: .same, activation: .relu, name: "conv1")
      y = try tf.maxPooling2d(y, poolSize: 2, strides: 2, name: "pool1")
      y = try tf.conv2d(y, filters: 64, kernelSize: 5, padding: .same, activation: .relu, name: "conv2")
      y = try tf.maxPooling2d(y, poolSize: 2, strides: 2, name: "pool2")
      let logits = try tf.dense(tf.reshape(y, to: [-1, 7 * 7 * 64]), units: 10, name: "logits")
      let loss = try tf.reduceMean(tf.sparseSoftmaxCrossEntropy(labels: labels, logits: logits), name: "loss")
      return (
        loss, try GradientDescentOptimizer(learningRate: 0.01).minimize(loss),
        [feed("x:0", [64, 28, 28, 1]), feed("labels:0", [64], 10)]
      )
    }
  }

  private static func feed(_ name: String, _ shape: [Int], _ classes: Int? = nil) -> Feed {
    Feed(name: name, shape: shape, classes: classes)
  }

  private static func inputs(_ tf: Graph, _ shape: PartialShape) throws -> (Output, Output) {
    (
      try tf.placeholder(.float32, shape: shape, name: "x"), try tf.placeholder(.int64, shape: [nil], name: "labels")
    )
  }

  private static func save(
    _ folder: String, _ name: String, _ title: String, steps: Int,
    _ build: (Graph) throws -> (loss: Output, train: Node, feeds: [Feed])
  ) throws {
    let tf = Graph()
    tf.setRandomSeed(7)
    let (loss, train, feeds) = try build(tf)
    try tf.scalarSummary("loss", loss)
    let summary = try tf.mergeAllSummaries()
    let initialize = try tf.globalVariablesInitializer()
    let model = StepModel(
      name: name, title: title, feeds: feeds, initialize: initialize.name, train: train.name, loss: loss.name,
      summary: summary?.name, steps: steps)
    try MetaGraph.export(tf).write(to: "\(folder)/\(name).meta")
    try JSONEncoder().encode(model).write(to: URL(fileURLWithPath: "\(folder)/\(name).json"))
  }

  /// The models of a folder, in the order of the table.
  static func read(from folder: String) throws -> [StepModel] {
    try ["scalar", "softmax", "mlp_sgd", "mlp_adam", "cnn", "lstm"].compactMap { name in
      guard let data = FileManager.default.contents(atPath: "\(folder)/\(name).json") else { return nil }
      return try JSONDecoder().decode(StepModel.self, from: data)
    }
  }
}
