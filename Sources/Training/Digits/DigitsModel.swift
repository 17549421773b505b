import Engine
import Tensors

/// Which classifier of handwritten digits is trained.
public enum DigitsModelKind: String, Sendable, CaseIterable {
  /// One layer: softmax regression.
  case softmax
  /// A hidden layer of 32 rectified units, then softmax.
  case mlp
  /// Two convolutions of 16 and 32 filters with batch normalization, each with pooling, then softmax.
  case cnn
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
  /// Of a batch, as it is trained on.
  public let loss: Output
  public let accuracy: Output
  /// Of images that are only looked at. Batch normalization takes its moving means then; otherwise the same as `loss`.
  public let evaluationLoss: Output
  public let evaluationAccuracy: Output
  public let globalStep: Variable
  /// Makes one step.
  public let train: Node
  /// Gradients, as the optimizer gets them.
  public let gradients: [GradientAndVariable]
  /// Loss and accuracy of evaluation; nil for a model that computes them apart, whose values are logged as they are.
  public let evaluationSummary: Output?
  /// Loss, accuracy and learning rate.
  public let stepSummary: Output
  /// All of that, and histograms of all weights and gradients.
  public let fullSummary: Output
  public let initializer: Node
  public let saver: Saver

  /// Each epoch the learning rate falls to this part of what it was.
  public static let decayPerEpoch = 0.95

  /// - Parameters:
  ///   - schedule: how the learning rate changes.
  ///   - stepsPerEpoch: so many steps see all images once.
  ///   - totalSteps: when schedules end that have an end.
  ///   - seed: of the initial weights; the same seed gives TensorFlow's numbers.
  ///   - clock: for the saver.
  public init(
    _ kind: DigitsModelKind, optimizer: DigitsOptimizerKind, learningRate: Double,
    schedule: DigitsSchedule = .exponential, stepsPerEpoch: Int, totalSteps: Int = 900, seed: Int64,
    maxToKeep: Int = 5, clock: (@Sendable () -> Double)? = nil
  ) throws {
    let tf = Graph()
    tf.setRandomSeed(seed)
    let images = try tf.placeholder(.float32, shape: [nil, DigitsDataset.pixelCount], name: "images")
    let labels = try tf.placeholder(.int64, shape: [nil], name: "labels")
    let tower = try Tower(kind, tf, images: images, labels: labels, training: true)
    let evaluation =
      kind == .cnn
      ? try tf.nameScope("inference") { try Tower(kind, tf, images: images, labels: labels, training: false) }
      : tower
    let step = try tf.globalStep()
    let rate = try schedule.make(
      tf, learningRate: learningRate, globalStep: step, stepsPerEpoch: stepsPerEpoch, totalSteps: totalSteps)
    let updates = tf.collection(GraphKeys.updateOps).compactMap { $0 as? Node }
    let (pairs, train) = try tf.controlDependencies(updates) {
      try tf.nameScope("train") {
        let chosen = try optimizer.make(learningRate: rate, globalStep: step)
        let pairs = try chosen.computeGradients(tower.loss)
        return (pairs, try chosen.applyGradients(pairs, globalStep: step))
      }
    }
    let scalars = [try tf.scalarSummary("loss", tower.loss), try tf.scalarSummary("accuracy", tower.accuracy)]
    evaluationSummary = kind == .cnn ? nil : try tf.mergeSummaries(scalars, name: "evaluation_summary")
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
    gradients = pairs
    self.images = images
    self.labels = labels
    loss = tower.loss
    accuracy = tower.accuracy
    evaluationLoss = evaluation.loss
    evaluationAccuracy = evaluation.accuracy
    globalStep = step
    self.train = train
  }

  /// What to feed for these images.
  public func feeds(_ data: LabelledImages) -> [Output: Tensor] { [images: data.images, labels: data.labels] }
}

/// The network from images to its loss and accuracy.
private struct Tower {
  let loss: Output
  let accuracy: Output

  /// - Parameter training: whether variables are made and batches normalized by themselves; otherwise those that exist
  ///   are taken.
  init(_ kind: DigitsModelKind, _ tf: Graph, images: Output, labels: Output, training: Bool) throws {
    let reuse: Reuse = training ? .inherit : .always
    var features = images
    switch kind {
    case .softmax: break
    case .mlp: features = try tf.dense(features, units: 32, activation: .relu, name: "hidden", reuse: reuse)
    case .cnn:
      features = try tf.reshape(images, to: [-1, 8, 8, 1])
      for (number, filters) in [(1, 16), (2, 32)] {
        features = try tf.conv2d(
          features, filters: filters, kernelSize: 3, padding: .same, useBias: false, name: "conv\(number)",
          reuse: reuse)
        features = try tf.batchNormalization(
          features, momentum: 0.9, training: training, name: "norm\(number)", reuse: reuse)
        features = try tf.relu(features)
        features = try tf.maxPooling2d(features, poolSize: 2, strides: 2)
      }
      features = try tf.flatten(features)
    }
    let logits = try tf.dense(features, units: DigitsDataset.classCount, name: "logits", reuse: reuse)
    loss = try tf.nameScope("cross_entropy") {
      try tf.reduceMean(tf.sparseSoftmaxCrossEntropy(labels: labels, logits: logits), name: "mean")
    }
    accuracy = try tf.nameScope("evaluation") {
      _ = try tf.softmax(logits, name: "probabilities")
      let predictions = try tf.argmax(logits, axis: 1, name: "predictions")
      let correct = try tf.equal(predictions, labels, name: "correct")
      return try tf.reduceMean(tf.cast(correct, to: .float32), name: "accuracy")
    }
  }
}
