import ArgumentParser
import Engine
import Tensors
import Training

/// A convolutional network of digits in the style of slim, with everything a training needs.
struct SlimNetwork: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train a network with batch normalization and regularizers.")

  @OptionGroup var output: OutputFolder

  @Option(help: "Steps to train.")
  var steps = 120

  func run() throws {
    try output.use { folder in
      let tf = Graph()
      tf.setRandomSeed(5)
      let images = try tf.placeholder(.float32, shape: [nil, 64], name: "images")
      let labels = try tf.placeholder(.int64, shape: [nil], name: "labels")
      let logits = try network(tf, images, isTraining: true, reuse: .inherit)
      try tf.loss.sparseSoftmaxCrossEntropy(labels: labels, logits: logits)
      let total = try tf.totalLoss()
      let step = try tf.globalStep()
      let rate = try tf.exponentialDecay(0.01, globalStep: step, decaySteps: 44, decayRate: 0.9, staircase: true)
      // Moving means of the batch normalization are updated with each step.
      let updates = tf.collection(GraphKeys.updateOps).compactMap { $0 as? Node }
      let train = try tf.controlDependencies(updates) {
        try AdamOptimizer(learningRate: rate).minimize(total, globalStep: step)
      }
      try tf.scalarSummary("total_loss", total)
      try tf.imageSummary("digits", tf.reshape(images, to: [-1, 8, 8, 1]))
      guard let summary = try tf.mergeAllSummaries() else { return }

      // The same variables, with the means instead of the batch's own.
      let evaluated = try tf.nameScope("evaluation") { try network(tf, images, isTraining: false, reuse: .always) }
      let correct = try tf.equal(tf.argmax(evaluated, axis: 1), labels)
      let accuracy = try tf.reduceMean(tf.cast(correct, to: .float32), name: "accuracy")

      let digits = try DigitsDataset.bundled()
      var batches = BatchSampler(rowCount: digits.train.count, batchSize: 32, seed: 5)
      let writer = try FileWriter(directory: folder, graph: tf)
      try tf.withSession { session in
        try session.run(tf.globalVariablesInitializer())
        for i in 0..<max(1, steps) {
          let batch = digits.train.rows(batches.nextBatch())
          let logged = try session.run(
            train, fetching: [summary], feeds: [images: batch.images, labels: batch.labels])
          try writer.addSummary(logged[0], step: Int64(i))
        }
        let feeds = [images: digits.test.images, labels: digits.test.labels]
        print(
          "losses: \(tf.losses().count), regularizers: \(tf.regularizationLosses().count), updates: \(updates.count)")
        let reached: Float = try session.run(accuracy, feeds: feeds).scalar()
        print("test accuracy above 0.85: \(reached > 0.85)")
        try Saver(tf).save(session, to: folder + "/slim.ckpt", globalStep: Int64(steps))
      }
      try writer.close()
    }
  }

  private func network(_ tf: Graph, _ images: Output, isTraining: Bool, reuse: Reuse) throws -> Output {
    let slim = tf.slim
    return try slim.argumentScope([.conv2d, .fullyConnected]) {
      $0.weightsInitializer = .truncatedNormal(stddev: 0.1)
      $0.weightsRegularizer = try .l2(0.0005)
    } _: { _ in
      try slim.argumentScope([.batchNorm]) {
        $0.isTraining = isTraining
        $0.decay = 0.9
      } _: { _ in
        var net = try tf.reshape(images, to: [-1, 8, 8, 1])
        net = try slim.conv2d(net, 16, [3, 3], scope: "conv1", reuse: reuse) { $0.normalizer = .batchNorm }
        net = try slim.maxPool2d(net, [2, 2], scope: "pool1")
        net = try slim.conv2d(net, 32, [3, 3], scope: "conv2", reuse: reuse)
        net = try slim.maxPool2d(net, [2, 2], scope: "pool2")
        net = try slim.flatten(net)
        return try slim.fullyConnected(net, 10, activation: .linear, scope: "logits", reuse: reuse)
      }
    }
  }
}
