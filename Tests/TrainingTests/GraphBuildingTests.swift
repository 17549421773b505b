import Engine
import Tensors
import Testing

@testable import Training

/// Every graph here is built in `tools/make_graph_goldens.py` with TensorFlow 1.15.5, too.
@Suite struct GraphBuildingTests {
  @Test func initializersMakeTensorFlowsNodes() throws {
    let tf = Graph()
    tf.setRandomSeed(3)
    _ = try tf.getVariable("default", shape: [3, 4])
    _ = try tf.getVariable("z", shape: [2], initializer: .zeros)
    _ = try tf.getVariable("o", shape: [1200], initializer: .ones)
    _ = try tf.getVariable("c", shape: [2, 2], initializer: .constant([1, 2, 3]))
    _ = try tf.getVariable("rn", shape: [2, 3], initializer: .randomNormal(mean: 0.5, stddev: 2))
    _ = try tf.getVariable("tn", shape: [2, 3], initializer: .truncatedNormal(stddev: 0.1, seed: 9))
    _ = try tf.getVariable("ru", shape: [2, 3], initializer: .randomUniform(-1, 1))
    _ = try tf.getVariable("gn", shape: [2, 3], initializer: .glorotNormal())
    _ = try tf.getVariable("i", shape: [2], dtype: .int32)
    _ = try tf.variable(tf.randomNormal([2, 3], stddev: 0.35), name: "weights")
    _ = try tf.variable(tf.truncatedNormal([2, 3]), name: "weights")
    _ = try tf.variable(tf.randomUniform([2, 3], minimum: -1, maximum: 1), name: "weights")
    _ = try tf.variable([1.0, 2.0])
    _ = try tf.variable(7, name: "seven", trainable: false)
    _ = try tf.globalVariablesInitializer()
    _ = try tf.variablesInitializer(Array(tf.trainableVariables.prefix(2)))
    try expectGraph(tf, equals: "golden/initializers.pb")
  }

  @Test func scopesNameNodesAsTensorFlowDoes() throws {
    let tf = Graph()
    try tf.nameScope("ns") {
      try tf.variableScope("vs") { _ in
        _ = try tf.getVariable("w", shape: [2], initializer: .zeros)
        _ = try tf.variable([1.0], name: "v")
        _ = try tf.constant(1.0, name: "c")
      }
    }
    try tf.variableScope("vs", reuse: .always) { _ in
      _ = try tf.identity(tf.getVariable("w", shape: [2]), name: "again")
    }
    let scope = try tf.variableScope("vs") { scope in
      _ = try tf.constant(2.0)
      return scope
    }
    try tf.variableScope("other") { _ in
      try tf.variableScope(scope, reuse: .automatic) { _ in
        _ = try tf.getVariable("w", shape: [2])
        _ = try tf.getVariable("u", shape: [1], initializer: .zeros)
        _ = try tf.constant(3.0, name: "inside")
      }
    }
    for _ in 0..<2 {
      try tf.variableScope(nil, default: "def") { _ in
        _ = try tf.getVariable("w", shape: [1], initializer: .zeros)
      }
    }
    for name in ["conv1", "conv1", "Conv1", "conv1/"] {
      try tf.nameScope(name) { _ = try tf.constant(1, name: "a") }
    }
    try tf.nameScope("ns") {
      let first = try tf.constant(1, name: "first")
      try tf.controlDependencies([first.node]) {
        _ = try tf.constant(2, name: "second") + 1
        _ = try tf.noOp()
      }
    }
    try expectGraph(tf, equals: "golden/scopes.pb")
  }

  @Test func operationsAndOperatorsMakeTensorFlowsNodes() throws {
    let tf = Graph()
    let x = try tf.placeholder(.float32, shape: [nil, 3], name: "x")
    let y = try tf.placeholder(.float32, shape: [nil, 3])
    let w = try tf.constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    _ = try (x + y, x - y, x * y, x / y, -x)
    _ = try (x + 1.0, 2.0 * x, 1.0 - x, x / 4.0)
    _ = try (tf.add(x, y), tf.subtract(x, y), tf.multiply(x, y), tf.divide(x, y))
    _ = try (tf.matmul(x, w), tf.matmul(w, x, transposeA: true, transposeB: true, name: "both"))
    _ = try (tf.relu(x), tf.tanh(x), tf.sigmoid(x), tf.softmax(x), tf.logSoftmax(x))
    _ = try (tf.square(x), tf.sqrt(x), tf.exp(x), tf.log(x), tf.abs(x), tf.negative(x))
    _ = try (tf.maximum(x, y), tf.minimum(x, y), tf.pow(x, y), tf.floor(x))
    _ = try (tf.reduceMean(x), tf.reduceSum(x, axis: 1), tf.reduceMax(x, axes: [0, 1], keepDimensions: true))
    _ = try (tf.reduceMin(x, axis: -1), tf.reduceProd(x, axis: 0))
    _ = try (tf.argmax(x, axis: 1), tf.equal(x, y), tf.greater(x, y), tf.less(x, y))
    _ = try (tf.cast(x, to: .int32), tf.cast(tf.constant(3), to: .float32, name: "ToFloat"))
    _ = try (tf.reshape(x, to: [-1]), tf.shape(of: x), tf.identity(x), tf.expandDims(x, axis: 0))
    _ = try tf.squeeze(tf.expandDims(x, axis: 0), axes: [0])
    _ = try (tf.concat([x, y], axis: 1), tf.stack([x, y]), tf.transpose(w), tf.zeros([2, 2]), tf.ones([40, 30]))
    _ = try (tf.fill([2], with: 7.0), tf.biasAdd(x, tf.constant([1.0, 2.0, 3.0])))
    _ = try (tf.l2Loss(w), tf.stopGradient(x), tf.zerosLike(x), tf.onesLike(w))
    let labels = try tf.placeholder(.float32, shape: [nil, 2], name: "labels")
    let logits = try tf.matmul(x, w, name: "logits")
    _ = try tf.softmaxCrossEntropy(labels: labels, logits: logits)
    _ = try tf.sparseSoftmaxCrossEntropy(
      labels: tf.placeholder(.int32, shape: [nil], name: "classes"), logits: logits, name: "xent")
    _ = try tf.group([tf.constant(1, name: "p").node, tf.constant(2, name: "q").node])
    _ = try tf.placeholderWithDefault(tf.constant([1.0, 2.0]), shape: [nil], name: "default")
    let v = try tf.variable([1.0, 2.0], name: "v")
    _ = try (tf.assign(v, [3.0, 4.0]), tf.assignAdd(v, [1.0, 1.0]), tf.assignSub(v, [1.0, 1.0]))
    _ = try (v.assign([5.0, 6.0]), v.assignAdd([1.0, 1.0]), v.assignSub([1.0, 1.0]))
    _ = try tf.isVariableInitialized(v)
    _ = try v + 1.0
    try expectGraph(tf, equals: "golden/operations.pb")
  }

  @Test func saversMakeTensorFlowsNodes() throws {
    let tf = Graph()
    let a = try tf.variable([1.0, 2.0], name: "a")
    let b = try tf.variable(3, name: "b")
    _ = try Saver(tf)
    _ = try Saver(tf, variables: .list([b]))
    _ = try Saver(tf, variables: .named(["renamed": a, "b": b]))
    try tf.nameScope("scope") { _ = try Saver(tf, variables: .list([a]), reshape: true) }
    try expectGraph(tf, equals: "golden/savers.pb")
  }

  @Test func optimizersMakeTensorFlowsNodes() throws {
    let tf = Graph()
    let (w, b) = try tf.variableScope("model") { _ in
      (
        try tf.getVariable("w", shape: [3], initializer: .ones),
        try tf.getVariable("b", shape: [], initializer: .zeros)
      )
    }
    let loss = try tf.reduceMean(tf.square(w * 2.0 + b), name: "loss")
    _ = try AdamOptimizer(learningRate: 0.01).minimize(loss)
    _ = try AdamOptimizer(learningRate: 0.02, name: "Second").minimize(loss)
    _ = try AdamOptimizer(learningRate: 0.02).minimize(loss)
    try tf.variableScope("train") { _ in
      _ = try MomentumOptimizer(learningRate: 0.02, momentum: 0.5).minimize(loss, variables: [w])
    }
    _ = try GradientDescentOptimizer(learningRate: 0.5).minimize(loss)
    // How gradients are computed is the engine's; here counts what is made of them.
    try expectGraph(tf, equals: "golden/optimizers.pb", where: { !$0.contains("gradients") })
  }
}
