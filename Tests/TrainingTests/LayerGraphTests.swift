import Engine
import Tensors
import Testing

@testable import Training

/// Graphs of `tools/layer_graphs.py`, and two convolutional networks: every node is TensorFlow 1.15.5's.
@Suite struct LayerGraphTests {
  @Test func layersMakeTensorFlowsNodes() throws {
    let tf = Graph()
    tf.setRandomSeed(5)
    let x = try tf.placeholder(.float32, shape: [nil, 16, 16, 3], name: "x")
    var h = try tf.conv2d(
      x, filters: 4, kernelSize: 3, padding: .same, activation: .relu, kernelRegularizer: .l2(0.1))
    h = try tf.batchNormalization(h, training: true)
    h = try tf.maxPooling2d(h, poolSize: 2, strides: 2)
    h = try tf.averagePooling2d(h, poolSize: 2, strides: 2, padding: .same)
    h = try tf.conv2d(h, filters: 4, kernelSize: [3, 2], strides: 2, useBias: false, name: "c2")
    h = try tf.flatten(h)
    h = try tf.dropout(h, rate: 0.4, training: true)
    h = try tf.dense(h, units: 5, activation: .relu, name: "d")
    h = try tf.batchNormalization(h, training: true, name: "bn2")
    h = try tf.dropout(h, rate: 0.4, training: false)
    h = try tf.batchNormalization(h, scale: false, training: false, name: "bn3")
    _ = try tf.batchNormalization(
      tf.conv2d(x, filters: 2, kernelSize: 1, name: "c3"), center: false, training: false)
    #expect(tf.collection(GraphKeys.updateOps).count == 4)
    try expectGraph(tf, equals: "golden/layers.pb")
  }

  @Test func slimLayersMakeTensorFlowsNodes() throws {
    let tf = Graph()
    tf.setRandomSeed(5)
    let slim = tf.slim
    let x = try tf.placeholder(.float32, shape: [nil, 8, 8, 3], name: "x")
    var h = x
    try slim.argumentScope([.conv2d, .fullyConnected]) {
      $0.weightsRegularizer = try .l2(0.1)
      $0.activation = .relu
    } _: { _ in
      try slim.argumentScope([.batchNorm]) {
        $0.isTraining = true
        $0.scale = true
      } _: { _ in
        try slim.argumentScope([.conv2d]) {
          $0.normalizer = .batchNorm
        } _: { _ in
          h = try slim.conv2d(h, 4, [3, 3])
          h = try slim.maxPool2d(h, [2, 2])
          h = try slim.conv2d(h, 4, 3, stride: 2, padding: .valid, scope: "named")
        }
      }
      h = try slim.avgPool2d(h, [1, 1])
      h = try slim.flatten(h)
      h = try slim.dropout(h, keepProbability: 0.5)
      h = try slim.fullyConnected(h, 5)
      h = try slim.batchNorm(h, isTraining: true, decay: 0.9, scope: "bn")
      h = try slim.batchNorm(h, isTraining: false, scope: "bn2")
      h = try slim.fullyConnected(h, 3, activation: .linear, scope: "logits") { $0.normalizer = .batchNorm }
      h = try slim.dropout(h, keepProbability: 0.5, isTraining: false)
    }
    _ = try slim.softmax(h)
    try tf.loss.sparseSoftmaxCrossEntropy(labels: tf.placeholder(.int64, shape: [nil], name: "y"), logits: h)
    _ = try tf.totalLoss()
    #expect(tf.modelVariables.count == tf.globalVariables.count)
    try expectGraph(tf, equals: "golden/slim_layers.pb")
  }

  @Test func lossesMakeTensorFlowsNodes() throws {
    let tf = Graph()
    let labels = try tf.placeholder(.float32, shape: [4, 3], name: "labels")
    let values = try tf.placeholder(.float32, shape: [4, 3], name: "values")
    let weights = try tf.placeholder(.float32, shape: [4, 1], name: "weights")
    try tf.loss.meanSquaredError(labels: labels, predictions: values)
    try tf.loss.absoluteDifference(labels: labels, predictions: values, weights: weights)
    try tf.loss.huber(labels: labels, predictions: values, reduction: .mean)
    try tf.loss.hinge(labels: labels, logits: values, reduction: .sum)
    try tf.loss.log(labels: labels, predictions: values, reduction: .sumOverBatchSize)
    try tf.loss.softmaxCrossEntropy(oneHotLabels: labels, logits: values, labelSmoothing: 0.1)
    try tf.loss.sigmoidCrossEntropy(labels: labels, logits: values, reduction: .none)
    try expectGraph(tf, equals: "golden/losses.pb")
  }

  @Test func theSlimNetworkOfTheTextsHasTensorFlowsNodes() throws {
    let tf = Graph()
    try SlimNetwork.build(in: tf)
    try expectGraph(tf, equals: "graphs/cnn_slim/graph.pb", where: { !$0.contains("gradients") })
  }

  @Test func theSharedNetworkOfTheTextsHasTensorFlowsNodes() throws {
    let tf = Graph()
    try SharedNetwork.build(in: tf)
    try expectGraph(tf, equals: "graphs/cnn_get_variable/graph.pb")
  }
}

/// Two convolutions, one with batch normalization, in the style of slim.
enum SlimNetwork {
  static func build(in tf: Graph) throws {
    tf.setRandomSeed(67)
    let slim = tf.slim
    let x = try tf.placeholder(.float32, shape: [nil, 8, 8, 1], name: "x_hld")
    let y = try tf.placeholder(.int64, shape: [nil], name: "y_hld")
    var net = x
    try slim.argumentScope([.conv2d, .fullyConnected]) {
      $0.weightsInitializer = .truncatedNormal(stddev: 0.2)
      $0.weightsRegularizer = try .l2(0.0005)
      $0.activation = .relu
    } _: { _ in
      try slim.argumentScope([.batchNorm]) {
        $0.isTraining = true
        $0.decay = 0.9
      } _: { _ in
        net = try slim.conv2d(net, 6, [5, 5], scope: "conv1") { $0.normalizer = .batchNorm }
      }
      net = try slim.maxPool2d(net, [2, 2], scope: "pool1")
      net = try slim.conv2d(net, 8, [3, 3], stride: 2, scope: "conv2")
      net = try slim.flatten(net)
      net = try slim.fullyConnected(net, 10, activation: .linear, scope: "logits")
    }
    try tf.loss.sparseSoftmaxCrossEntropy(labels: y, logits: net)
    let total = try tf.totalLoss()
    let correct = try tf.equal(tf.argmax(net, axis: 1), y)
    _ = try tf.reduceSum(tf.cast(correct, to: .float32), name: "correct")
    _ = try tf.softmax(net, name: "prob")
    let updates = tf.collection(GraphKeys.updateOps).compactMap { $0 as? Node }
    try tf.controlDependencies(updates) {
      _ = try GradientDescentOptimizer(learningRate: 0.05).minimize(total)
    }
    try tf.scalarSummary("train_loss", total)
    _ = try tf.mergeAllSummaries()
    _ = try Saver(tf)
    _ = try tf.globalVariablesInitializer()
  }
}

/// Two images through one network whose variables are shared by `getVariable`.
enum SharedNetwork {
  static func build(in tf: Graph) throws {
    tf.setRandomSeed(67)
    func convolved(_ x: Output, kernel: Shape, biases: Shape) throws -> Output {
      let weight = try tf.getVariable("weight", shape: kernel, initializer: .randomNormal(stddev: 0.1))
      let bias = try tf.getVariable("bias", shape: biases, initializer: .constant(0.1))
      return try tf.relu(tf.conv2d(x, filter: weight) + bias)
    }
    func filtered(_ image: Output) throws -> Output {
      let first = try tf.variableScope("conv1", reuse: .automatic) { _ in
        try convolved(image, kernel: [5, 5, 3, 4], biases: [4])
      }
      return try tf.variableScope("conv2", reuse: .automatic) { _ in
        try convolved(first, kernel: [3, 3, 4, 6], biases: [6])
      }
    }
    let a = try tf.placeholder(.float32, shape: [nil, 6, 6, 3], name: "image_a")
    let b = try tf.placeholder(.float32, shape: [nil, 6, 6, 3], name: "image_b")
    let (left, right) = (try filtered(a), try filtered(b))
    _ = try tf.reduceMean(tf.abs(left - right), name: "difference")
    _ = try Saver(tf)
    _ = try tf.globalVariablesInitializer()
  }
}
