import Engine
import Tensors
import Testing

@testable import Training

/// Graphs of `tools/training_graphs.py` about optimizers and schedules: every node is TensorFlow 1.15.5's.
@Suite struct OptimizerGraphTests {
  @Test(arguments: [false, true]) func everyOptimizerMakesTensorFlowsNodes(useResource: Bool) throws {
    let tf = Graph()
    let gw = try tf.constant([1.0, 2.0, 3.0], name: "gw")
    let gb = try tf.constant(0.5, name: "gb")
    let w = try tf.getVariable("w", shape: [3], initializer: .ones, useResource: useResource)
    let b = try tf.getVariable("b", shape: [], initializer: .zeros, useResource: useResource)
    let pairs: [GradientAndVariable] = [(gw, w), (gb, b)]
    let step = try tf.globalStep()
    _ = try GradientDescentOptimizer(learningRate: 0.1).applyGradients(pairs)
    _ = try AdagradOptimizer(learningRate: 0.1, useLocking: true).applyGradients(pairs, globalStep: step)
    _ = try AdagradDAOptimizer(learningRate: 0.1, globalStep: step, l1: 0.1).applyGradients(pairs, globalStep: step)
    _ = try MomentumOptimizer(learningRate: 0.1, momentum: 0.9, useNesterov: true).applyGradients(pairs)
    _ = try AdamOptimizer(useLocking: true).applyGradients(pairs, globalStep: step)
    _ = try FtrlOptimizer(learningRate: 0.1).applyGradients(pairs)
    _ = try FtrlOptimizer(learningRate: 0.1, l2Shrinkage: 0.2, name: "Shrinking").applyGradients(pairs)
    _ = try RMSPropOptimizer(learningRate: 0.01).applyGradients(pairs)
    _ = try RMSPropOptimizer(learningRate: 0.01, momentum: 0.5, centered: true)
      .applyGradients(pairs, globalStep: step)
    _ = try AdadeltaOptimizer(learningRate: 0.5).applyGradients(pairs)
    try expectGraph(tf, equals: "golden/every_optimizer\(useResource ? "_resource" : "").pb")
  }

  @Test func updatesOfRowsMakeTensorFlowsNodes() throws {
    let tf = Graph()
    let table = try tf.getVariable("table", shape: [5, 3], initializer: .ones)
    let ids = try tf.constant([0, 2, 0], name: "ids")
    let values = try tf.constant([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]], name: "values")
    let shape = try tf.constant([5, 3], name: "shape")
    let pairs: [RowGradientAndVariable] = [
      (.sparse(IndexedSlices(values: values, indices: ids, denseShape: shape)), table)
    ]
    let step = try tf.globalStep()
    _ = try GradientDescentOptimizer(learningRate: 0.1).applyRowGradients(pairs)
    _ = try AdagradOptimizer(learningRate: 0.1).applyRowGradients(pairs)
    _ = try AdagradDAOptimizer(learningRate: 0.1, globalStep: step).applyRowGradients(pairs, globalStep: step)
    _ = try MomentumOptimizer(learningRate: 0.1, momentum: 0.9).applyRowGradients(pairs)
    _ = try AdamOptimizer(learningRate: 0.1).applyRowGradients(pairs)
    _ = try FtrlOptimizer(learningRate: 0.1).applyRowGradients(pairs)
    _ = try RMSPropOptimizer(learningRate: 0.1).applyRowGradients(pairs)
    _ = try RMSPropOptimizer(learningRate: 0.1, centered: true).applyRowGradients(pairs)
    try expectGraph(tf, equals: "golden/sparse_updates.pb")
  }

  @Test func gatesAndConstraintsMakeTensorFlowsNodes() throws {
    let tf = Graph()
    let w = try tf.getVariable(
      "w", shape: [3], initializer: .ones, constraint: { try $0.graph.maximum($0, 0.0) })
    let r = try tf.getVariable(
      "r", shape: [3], initializer: .ones, useResource: true, constraint: { try $0.graph.minimum($0, 1.0) })
    let loss = try tf.reduceSum(w * 2.0) + tf.reduceSum(r * 3.0)
    _ = try GradientDescentOptimizer(learningRate: 0.1).minimize(loss, gate: .wholeGraph)
    let d = try tf.getVariable("d", shape: [2], dtype: .float64, initializer: .zeros)
    _ = try AdamOptimizer(learningRate: 0.1).applyGradients([(tf.constant([1.0, 2.0], dtype: .float64), d)])
    // How gradients are computed is the engine's.
    try expectGraph(
      tf, equals: "golden/gates_and_constraints.pb", where: { !$0.contains("gradients") && !$0.contains("tuple") })
  }

  @Test func movingAveragesMakeTensorFlowsNodes() throws {
    let tf = Graph()
    let w = try tf.variableScope("model") { _ in try tf.getVariable("w", shape: [3], initializer: .ones) }
    let v = try tf.variable([1.0, 2.0], name: "v")
    let step = try tf.globalStep()
    let average = ExponentialMovingAverage(decay: 0.99, updateCount: step)
    _ = try average.apply([w, v], in: tf)
    _ = try average.apply([w], in: tf)
    try tf.nameScope("scope") {
      _ = try ExponentialMovingAverage(decay: 0.5, name: "second").apply([v], outputs: [v * 2.0], in: tf)
    }
    #expect(average.average(of: w)?.node.name == "model/w/ExponentialMovingAverage")
    try expectGraph(tf, equals: "golden/averages.pb")
  }

  @Test func schedulesMakeTensorFlowsNodes() throws {
    let tf = Graph()
    let step = try tf.globalStep()
    _ = try tf.exponentialDecay(0.1, globalStep: step, decaySteps: 10, decayRate: 0.9, staircase: true)
    _ = try tf.exponentialDecay(0.1, globalStep: step, decaySteps: 10, decayRate: 0.9, name: "mine")
    _ = try tf.inverseTimeDecay(0.1, globalStep: step, decaySteps: 10, decayRate: 0.5)
    _ = try tf.naturalExponentialDecay(0.1, globalStep: step, decaySteps: 10, decayRate: 0.5)
    _ = try tf.polynomialDecay(0.1, globalStep: step, decaySteps: 100, end: 0.01, power: 0.5)
    _ = try tf.cosineDecay(0.1, globalStep: step, decaySteps: 100, alpha: 0.1)
    _ = try tf.linearCosineDecay(0.1, globalStep: step, decaySteps: 100)
    try expectGraph(tf, equals: "golden/schedules.pb")
  }
}
