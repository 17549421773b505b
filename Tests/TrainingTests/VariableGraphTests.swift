import Engine
import Tensors
import Testing

@testable import Training

/// Graphs of `tools/training_graphs.py` about variables: every node is TensorFlow 1.15.5's.
@Suite struct VariableGraphTests {
  @Test func resourceVariablesMakeTensorFlowsNodes() throws {
    let tf = Graph()
    let v = try tf.variable([1.0, 2.0], name: "v", useResource: true)
    let w = try tf.variableScope("scope", useResource: true) { _ in
      try tf.getVariable("w", shape: [2], initializer: .zeros)
    }
    _ = try (v * 2.0, 2.0 * w)
    _ = try (v.assign([1.0, 2.0]), v.assignAdd([1.0, 1.0]), v.assignSub([1.0, 1.0]))
    _ = try tf.assign(v, [1.0, 2.0])
    _ = try tf.isVariableInitialized(v)
    _ = try w.readValue()
    _ = try tf.variable(v.initializedValue() * 0.5, name: "from_v")
    _ = try tf.globalVariablesInitializer()
    _ = try Saver(tf)
    _ = try Saver(tf, variables: .list([w]), reshape: true)
    try expectGraph(tf, equals: "golden/resource_variables.pb")
  }

  @Test func initialValuesOfOtherVariablesAreGuarded() throws {
    let tf = Graph()
    let w = try tf.variable([1.0, 2.0], name: "w")
    _ = try tf.variable(w.initializedValue() * 0.2, name: "w2")
    _ = try tf.variable(w * 3.0, name: "w3")
    _ = try w.readValue()
    try tf.withDevice("/cpu:0") {
      _ = try tf.getVariable("placed", shape: [2], initializer: .ones, cachingDevice: "/cpu:1")
    }
    _ = try tf.variable(tf.placeholder(.float32, name: "any"), name: "free", validateShape: false)
    try expectGraph(tf, equals: "golden/initial_values.pb")
  }

  @Test func partitionedVariablesMakeTensorFlowsNodes() throws {
    let tf = Graph()
    let w = try tf.variableScope("p", partitioner: .fixedSize(3)) { _ in
      let w = try tf.getPartitionedVariable("w", shape: [7, 2])
      _ = try tf.getPartitionedVariable("b", shape: [4], initializer: .zeros)
      return w
    }
    try tf.variableScope("q", partitioner: .axisSize(maximumBytes: 16)) { _ in
      _ = try tf.getPartitionedVariable("c", shape: [8], initializer: .constant(0.5))
    }
    _ = try tf.matmul(tf.ones([1, 7]), w, name: "y")
    let gradients = try w.parts.map { try tf.ones($0.shape.full ?? .scalar, name: "g") }
    _ = try MomentumOptimizer(learningRate: 0.1, momentum: 0.9).applyGradients(
      zip(gradients, w.parts).map { ($0, $1) })
    _ = try Saver(tf)
    try expectGraph(tf, equals: "golden/partitioned.pb")
  }

  @Test func scalingInitializersMakeTensorFlowsNodes() throws {
    let tf = Graph()
    tf.setRandomSeed(5)
    let modes: [(Initializer.FanMode, String)] = [
      (.fanIn, "fan_in"), (.fanOut, "fan_out"), (.fanAverage, "fan_avg"),
    ]
    let kinds: [(Initializer.ScalingDistribution, String)] = [
      (.truncatedNormal, "truncated_normal"), (.untruncatedNormal, "untruncated_normal"), (.uniform, "uniform"),
    ]
    for (mode, modeName) in modes {
      for (kind, kindName) in kinds {
        _ = try tf.getVariable(
          modeName + "_" + kindName, shape: [3, 3, 4, 6],
          initializer: .varianceScaling(scale: 1.5, mode: mode, distribution: kind))
      }
    }
    _ = try tf.getVariable("unit", shape: [4, 3], initializer: .uniformUnitScaling(factor: 1.43))
    _ = try tf.getVariable("he", shape: [4, 3], initializer: .heNormal())
    _ = try tf.getVariable("lecun", shape: [4, 3], initializer: .lecunUniform())
    _ = try tf.getVariable("tall", shape: [4, 3], initializer: .orthogonal(gain: 1.5))
    _ = try tf.getVariable("wide", shape: [2, 2, 6], initializer: .orthogonal())
    try expectGraph(tf, equals: "golden/scaling_initializers.pb")
  }

  @Test func scopesHandOnWhatTensorFlowsDo() throws {
    let tf = Graph()
    try tf.variableScope("s", initializer: .ones, regularizer: .l2(0.1)) { _ in
      _ = try tf.getVariable("w", shape: [2, 3])
      try tf.variableScope("inner", cachingDevice: "/cpu:0", dtype: .float64) { _ in
        _ = try tf.getVariable("u", shape: [2], regularizer: .l1(0.2))
        _ = try tf.getVariable("r", shape: [2], useResource: true)
      }
      try tf.variableScope("both", regularizer: .l1l2(l1: 0.1, l2: 0.3)) { _ in
        _ = try tf.getVariable("b", shape: [2])
      }
    }
    let renaming: CustomVariableGetter = { getter, request in
      var request = request
      request.name += "_renamed"
      return try getter(request)
    }
    try tf.variableScope("t", customGetter: renaming) { _ in
      _ = try tf.getVariable("w", shape: [2], initializer: .zeros)
    }
    try tf.nameScope("outside") {
      try tf.variableScope("v", opensNameScope: false) { _ in
        _ = try tf.getVariable("w", shape: [2], initializer: .zeros)
        _ = try tf.constant(1, name: "here")
      }
    }
    #expect(tf.collection(GraphKeys.regularizationLosses).count == 4)
    try expectGraph(tf, equals: "golden/scope_defaults.pb")
  }

  @Test func initialValuesOfEveryKindMakeTensorFlowsNodes() throws {
    let tf = Graph()
    tf.setRandomSeed(11)
    _ = try tf.variable(tf.range(3, limit: 18, delta: 3), name: "steps")
    _ = try tf.variable(tf.range(limit: 5), name: "count")
    _ = try tf.variable(tf.range(0.0, limit: 1.0, delta: 0.25), name: "quarters")
    _ = try tf.variable(tf.linspace(10.0, 12.0, count: 3, name: "linspace"), name: "even")
    _ = try tf.variable(tf.multinomial([[10.0, 10.0, 5.0]], count: 5), name: "classes")
    _ = try tf.variable(tf.randomShuffle([[1, 2], [3, 4], [5, 6]]), name: "shuffled")
    _ = try tf.variable(tf.randomCrop(tf.ones([4, 6]), size: [2, 3]), name: "crop", validateShape: false)
    _ = try tf.variable(tf.randomUniform([2], minimum: 0, maximum: 10, dtype: .int32), name: "dice")
    _ = try tf.variable(tf.zerosLike(tf.constant([1.0, 2.0])), name: "zeros")
    _ = try tf.variable(tf.fill([2, 3], with: 7.0), name: "sevens")
    _ = try (tf.greaterEqual(1.0, 2.0), tf.lessEqual(1.0, 2.0), tf.notEqual(1.0, 2.0))
    _ = try (tf.logicalAnd(true, false), tf.logicalOr(true, false), tf.squaredDifference(1.0, 2.0))
    try expectGraph(tf, equals: "golden/sequences.pb")
    let session = tf.makeSession()
    try session.run(tf.globalVariablesInitializer())
    let crop = try #require(tf.globalVariables.first { $0.node.name == "crop" })
    #expect(try session.run(crop).shape == [2, 3])
    let steps = try #require(tf.globalVariables.first)
    #expect(try session.run(steps).scalars(Int32.self) == [3, 6, 9, 12, 15])
  }

  @Test func reportsMakeTensorFlowsNodes() throws {
    let tf = Graph()
    let w = try tf.variable([1.0, 2.0], name: "w")
    let u = try tf.variable([1.0, 2.0], name: "u", useResource: true)
    _ = try tf.reportUninitializedVariables()
    _ = try tf.reportUninitializedVariables([w, u], name: "mine")
    _ = try tf.assertVariablesInitialized([w])
    try expectGraph(tf, equals: "golden/reports.pb")
  }
}
