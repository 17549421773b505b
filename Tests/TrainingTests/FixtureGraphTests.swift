import Engine
import Tensors
import Testing

@testable import Training

/// Models of the fixtures built here: every node equals that of TensorFlow's GraphDef, gradients included.
@Suite struct FixtureGraphTests {
  @Test func aLineFittedByGradientDescent() throws {
    let tf = Graph()
    let w = try tf.variable(tf.zeros([1]), name: "W")
    let x = try tf.placeholder(.float32, shape: [nil], name: "x")
    let y = try tf.multiply(w, x, name: "y")
    let target = try tf.placeholder(.float32, shape: [nil], name: "target")
    let loss = try tf.reduceMean(tf.square(y - target), name: "loss")
    _ = try GradientDescentOptimizer(learningRate: 0.05).minimize(loss)
    _ = try Saver(tf)
    _ = try tf.globalVariablesInitializer()
    try expectGraph(tf, equals: "graphs/linear/graph.pb")
  }

  @Test(arguments: ["sgd", "momentum"])
  func aNetworkOfTwoLayers(_ name: String) throws {
    let tf = Graph()
    tf.setRandomSeed(67)
    let x = try tf.placeholder(.float32, shape: [nil, 6], name: "x")
    let y = try tf.placeholder(.float32, shape: [nil, 3], name: "y")
    let hidden = try tf.dense(x, units: 8, activation: .tanh, name: "fc1")
    let logits = try tf.dense(hidden, units: 3, name: "fc2")
    let loss = try tf.reduceMean(tf.softmaxCrossEntropy(labels: y, logits: logits), name: "loss")
    let step = try tf.globalStep()
    let optimizer: Optimizer =
      name == "sgd"
      ? GradientDescentOptimizer(learningRate: 0.1) : MomentumOptimizer(learningRate: 0.1, momentum: 0.9)
    _ = try optimizer.minimize(loss, globalStep: step)
    _ = try Saver(tf)
    _ = try tf.globalVariablesInitializer()
    try expectGraph(tf, equals: "graphs/mlp_\(name)/graph.pb")
  }
}
