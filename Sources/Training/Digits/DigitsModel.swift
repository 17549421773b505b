import Engine
import Tensors

/// Which classifier of handwritten digits is trained.
public enum DigitsModelKind: String, Sendable, CaseIterable {
  /// One layer: softmax regression.
  case softmax
  /// A hidden layer of 32 rectified units, then softmax.
  case mlp
}

/// Which optimizer trains it, and how fast it learns unless told otherwise.
public enum DigitsOptimizerKind: String, Sendable, CaseIterable {
  case sgd, momentum, nesterov, adam

  /// Other names people use, TensorFlow's class names among them; nil for none of them. Case does not count.
  public init?(name: String) {
    switch name.lowercased() {
    case "sgd", "gradientdescent", "gradient-descent", "gradientdescentoptimizer": self = .sgd
    case "momentum", "momentumoptimizer": self = .momentum
    case "nesterov": self = .nesterov
    case "adam", "adamoptimizer": self = .adam
    default: return nil
    }
  }

  public var defaultLearningRate: Double {
    switch self {
    case .sgd: 0.3
    case .momentum, .nesterov: 0.05
    case .adam: 0.01
    }
  }

  func make(learningRate: Output) -> Optimizer {
    switch self {
    case .sgd: GradientDescentOptimizer(learningRate: learningRate)
    case .momentum: MomentumOptimizer(learningRate: learningRate, momentum: 0.9)
    case .nesterov: MomentumOptimizer(learningRate: learningRate, momentum: 0.9, useNesterov: true)
    case .adam: AdamOptimizer(learningRate: learningRate)
    }
  }
}

/// The graph of `trainscope train digits`: a classifier, its loss and accuracy, a training step, summaries and a saver.
///
/// `tools/make_graph_goldens.py` builds the same graph in TensorFlow; a test compares every node.
public struct DigitsModel {
  public let graph: Graph
  /// float32 `[n, 64]`, fed.
  public let images: Output
  /// int64 `[n]`, fed.
  public let labels: Output
  public let loss: Output
  public let accuracy: Output
  public let globalStep: Variable
  /// Makes one step.
  public let train: Node
  /// Loss and accuracy.
  public let evaluationSummary: Output
  /// Loss, accuracy and learning rate.
  public let stepSummary: Output
  /// All of that, and histograms of all weights and gradients.
  public let fullSummary: Output
  public let initializer: Node
  public let saver: Saver

  /// Each epoch the learning rate falls to this part of what it was.
  public static let decayPerEpoch = 0.95

  /// - Parameters:
  ///   - seed: of the initial weights; the same seed gives TensorFlow's numbers.
  ///   - stepsPerEpoch: after so many steps the learning rate falls.
  ///   - clock: for the saver.
  public init(
    _ kind: DigitsModelKind, optimizer: DigitsOptimizerKind, learningRate: Double, stepsPerEpoch: Int, seed: Int64,
    maxToKeep: Int = 5, clock: (@Sendable () -> Double)? = nil
  ) throws {
    let tf = Graph()
    tf.setRandomSeed(seed)
    let images = try tf.placeholder(.float32, shape: [nil, DigitsDataset.pixelCount], name: "images")
    let labels = try tf.placeholder(.int64, shape: [nil], name: "labels")
    var features = images
    if kind == .mlp { features = try tf.dense(features, units: 32, activation: .relu, name: "hidden") }
    let logits = try tf.dense(features, units: DigitsDataset.classCount, name: "logits")
    let loss = try tf.nameScope("cross_entropy") {
      try tf.reduceMean(tf.sparseSoftmaxCrossEntropy(labels: labels, logits: logits), name: "mean")
    }
    let accuracy = try tf.nameScope("evaluation") {
      _ = try tf.softmax(logits, name: "probabilities")
      let predictions = try tf.argmax(logits, axis: 1, name: "predictions")
      let correct = try tf.equal(predictions, labels, name: "correct")
      return try tf.reduceMean(tf.cast(correct, to: .float32), name: "accuracy")
    }
    let step = try tf.globalStep()
    let rate = try tf.exponentialDecay(
      learningRate, globalStep: step, decaySteps: stepsPerEpoch, decayRate: Self.decayPerEpoch, staircase: true,
      name: "schedule")
    let (pairs, train) = try tf.nameScope("train") {
      let chosen = optimizer.make(learningRate: rate)
      let pairs = try chosen.computeGradients(loss)
      return (pairs, try chosen.applyGradients(pairs, globalStep: step))
    }
    let scalars = [try tf.scalarSummary("loss", loss), try tf.scalarSummary("accuracy", accuracy)]
    evaluationSummary = try tf.mergeSummaries(scalars, name: "evaluation_summary")
    stepSummary = try tf.mergeSummaries(
      scalars + [tf.scalarSummary("learning_rate", rate)], name: "step_summary")
    for (gradient, variable) in pairs {
      try tf.histogramSummary("weights/" + variable.node.name, variable)
      if let gradient { try tf.histogramSummary("gradients/" + variable.node.name, gradient) }
    }
    guard let everything = try tf.mergeAllSummaries(name: "full_summary") else {
      throw BuildError.runtime("The model has no summaries.")
    }
    fullSummary = everything
    initializer = try tf.globalVariablesInitializer()
    saver = try Saver(tf, maxToKeep: maxToKeep, clock: clock)
    graph = tf
    self.images = images
    self.labels = labels
    self.loss = loss
    self.accuracy = accuracy
    globalStep = step
    self.train = train
  }

  /// What to feed for these images.
  public func feeds(_ data: LabelledImages) -> [Output: Tensor] { [images: data.images, labels: data.labels] }
}
