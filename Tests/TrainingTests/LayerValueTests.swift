import Engine
import Foundation
import Tensors
import Testing

@testable import Training

/// What layers and losses compute, against TensorFlow 1.15.5 (`numerics/losses.json`, `numerics/batch_norm.json`).
@Suite struct LayerValueTests {
  struct LossFile: Decodable {
    struct Case: Decodable {
      struct Attributes: Decodable { let reduction: String? }
      let op: String
      let attrs: Attributes?
      let inputs: [String: JSONTensor]
      let outputs: [JSONTensor]
      let gradOutputs: [JSONTensor]
      let grads: [String: JSONTensor?]
    }
    let cases: [Case]
  }

  private func loss(
    _ item: LossFile.Case, _ tf: Graph, labels: Output, values: Output, weights: any GraphValue
  ) throws -> Output? {
    let reductions: [String: LossReduction] = [
      "none": .none, "weighted_sum": .sum, "weighted_mean": .mean,
      "weighted_sum_over_batch_size": .sumOverBatchSize, "weighted_sum_by_nonzero_weights": .sumByNonzeroWeights,
    ]
    let reduction = reductions[item.attrs?.reduction ?? ""] ?? .sumByNonzeroWeights
    // Weights of rows, for losses of elements.
    func rows() throws -> any GraphValue {
      guard let vector = weights as? Output else { return weights }
      return try tf.expandDims(vector, axis: 1)
    }
    switch item.op {
    case "losses.softmax_cross_entropy":
      return try tf.loss.softmaxCrossEntropy(oneHotLabels: labels, logits: values, weights: weights)
    case "losses.softmax_cross_entropy smoothing 0.1":
      return try tf.loss.softmaxCrossEntropy(
        oneHotLabels: labels, logits: values, weights: weights, labelSmoothing: 0.1)
    case "losses.mean_squared_error":
      return try tf.loss.meanSquaredError(
        labels: labels, predictions: values, weights: rows(), reduction: reduction)
    case "losses.absolute_difference":
      return try tf.loss.absoluteDifference(labels: labels, predictions: values, weights: rows())
    case "losses.hinge_loss": return try tf.loss.hinge(labels: labels, logits: values, weights: rows())
    case "losses.huber_loss": return try tf.loss.huber(labels: labels, predictions: values, weights: rows())
    case "losses.sigmoid_cross_entropy":
      return try tf.loss.sigmoidCrossEntropy(labels: labels, logits: values, weights: rows())
    case "losses.log_loss": return try tf.loss.log(labels: labels, predictions: values)
    default: return nil
    }
  }

  @Test func lossesAndTheirGradientsAreTensorFlows() throws {
    let file = try Fixture.json(LossFile.self, "numerics/losses.json")
    // All weighted losses take the labels of the first case.
    let labels = try #require(file.cases.first?.inputs["labels"]).tensor
    var compared = 0
    for item in file.cases where item.op.hasPrefix("losses.") {
      let tf = Graph()
      let values = try #require(item.inputs["logits"] ?? item.inputs["predictions"])
      let input = try tf.placeholder(.float32, shape: PartialShape(values.tensor.shape))
      let weights = try item.inputs["weights"].map {
        try tf.placeholder(.float32, shape: PartialShape($0.tensor.shape))
      }
      guard
        let loss = try self.loss(
          item, tf, labels: tf.constant(labels), values: input, weights: weights ?? 1.0)
      else { continue }
      compared += 1
      let seed = try tf.constant(#require(item.gradOutputs.first).tensor)
      let gradient = try #require(try gradients([loss], [input], seeds: [seed])[0])
      var feeds = [input: try values.tensor]
      if let weights { feeds[weights] = try #require(item.inputs["weights"]).tensor }
      let session = tf.makeSession()
      let found = try session.run([loss, gradient], feeds: feeds)
      #expect(largestDifference(found[0].scalars(), item.outputs[0].floats) < 1e-5, "\(item.op)")
      let expected = try #require(item.grads["logits"] ?? item.grads["predictions"] ?? nil)
      #expect(largestDifference(found[1].scalars(), expected.floats) < 1e-5, "gradient of \(item.op)")
    }
    #expect(compared == 13)
  }

  struct NormalizationFile: Decodable {
    struct Case: Decodable {
      struct Parameters: Decodable {
        let decay: Double?
        let scale: Bool?
        let center: Bool?
        let epsilon: Double?
        let fused: Bool?
        let zeroDebiasMovingMean: Bool?
      }
      struct Step: Decodable {
        let x: JSONTensor
        let trainingOutput: JSONTensor
        let grads: [String: JSONTensor]
        let inferenceOutputAfterUpdate: JSONTensor
        let variablesAfterUpdateOps: [String: JSONTensor]
      }
      let shape: [Int]
      let params: Parameters
      let initial: [String: JSONTensor]
      let gradOutput: JSONTensor
      let steps: [Step]
    }
    let cases: [Case]
  }

  @Test func batchNormalizationIsTensorFlows() throws {
    for item in try Fixture.json(NormalizationFile.self, "numerics/batch_norm.json").cases {
      let tf = Graph()
      let x = try tf.placeholder(.float32, shape: PartialShape(Shape(item.shape)))
      let configure: (inout SlimArguments) -> Void = {
        $0.decay = item.params.decay
        $0.scale = item.params.scale
        $0.center = item.params.center
        $0.epsilon = item.params.epsilon
        $0.fused = item.params.fused
        $0.zeroDebiasMovingMean = item.params.zeroDebiasMovingMean
      }
      let training = try tf.slim.batchNorm(x, isTraining: true, scope: "bn", configure)
      let inference = try tf.slim.batchNorm(x, isTraining: false, scope: "bn", reuse: .always) {
        configure(&$0)
        $0.zeroDebiasMovingMean = false
      }
      let updates = try tf.group(
        tf.collection(GraphKeys.updateOps).compactMap { ($0 as? Node) ?? ($0 as? Output)?.node })
      let variables = tf.globalVariables
      #expect(Set(variables.map(\.node.name)) == Set(item.initial.keys))
      let targets = variables.filter(\.isTrainable)
      let found = try gradients(
        [training], [x] + targets.map(\.reference), seeds: [tf.constant(item.gradOutput.tensor)])
      let session = tf.makeSession()
      try session.run(tf.globalVariablesInitializer())
      for variable in variables {
        try session.run(variable.assign(tf.constant(#require(item.initial[variable.node.name]).tensor)).node)
      }
      for step in item.steps {
        let feeds = [x: try step.x.tensor]
        let output: [Float] = try session.run(training, feeds: feeds).scalars()
        #expect(largestDifference(output, step.trainingOutput.floats, floor: 0.1) < 1e-5)
        for (name, gradient) in zip(["x"] + targets.map(\.node.name), found) {
          let value: [Float] = try session.run(#require(gradient), feeds: feeds).scalars()
          // Sums of eight numbers of either sign: what is left of them is not exact.
          #expect(largestDifference(value, try #require(step.grads[name]).floats, floor: 0.1) < 2e-5, "\(name)")
        }
        try session.run(updates, feeds: feeds)
        for (name, expected) in step.variablesAfterUpdateOps {
          let variable = try #require(variables.first { $0.node.name == name })
          let value: [Float] = try session.run(variable).scalars()
          #expect(largestDifference(value, expected.floats) < 1e-5, "\(name)")
        }
        let value: [Float] = try session.run(inference, feeds: feeds).scalars()
        #expect(largestDifference(value, step.inferenceOutputAfterUpdate.floats, floor: 0.1) < 1e-5)
      }
    }
  }

  @Test func dropoutKeepsThePartItSays() throws {
    let tf = Graph()
    tf.setRandomSeed(2)
    let ones = try tf.ones([100, 100])
    let dropped = try tf.dropout(ones, rate: 0.25, training: true)
    let session = tf.makeSession()
    let values: [Float] = try session.run(dropped).scalars()
    let kept = values.filter { $0 != 0 }
    #expect(abs(Double(kept.count) - 7500) < 250)
    #expect(kept.allSatisfy { abs($0 - 1 / 0.75) < 1e-6 })
    #expect(try session.run(tf.dropout(ones, rate: 0.25, training: false)) == session.run(ones))
    #expect(throws: BuildError.self) { try tf.dropout(ones, rate: 1.0) }
  }

  @Test func layersShareVariablesByName() throws {
    let tf = Graph()
    let x = try tf.placeholder(.float32, shape: [nil, 4, 4, 2])
    _ = try tf.conv2d(x, filters: 3, kernelSize: 2, kernelRegularizer: .l2(0.1), name: "shared")
    _ = try tf.conv2d(x, filters: 3, kernelSize: 2, kernelRegularizer: .l2(0.1), name: "shared", reuse: .always)
    #expect(tf.globalVariables.map(\.node.name) == ["shared/kernel", "shared/bias"])
    #expect(tf.regularizationLosses().count == 1)
    #expect(throws: BuildError.self) { try tf.conv2d(x, filters: 3, kernelSize: 2, name: "shared") }
    #expect(throws: BuildError.self) {
      try tf.conv2d(tf.placeholder(.float32, shape: [nil, 4]), filters: 3, kernelSize: 2)
    }
    #expect(throws: BuildError.self) {
      try tf.conv2d(tf.placeholder(.float32, shape: [nil, 4, 4, nil]), filters: 3, kernelSize: 2)
    }
  }

  @Test func denseLayersWorkOnTheLastAxis() throws {
    let tf = Graph()
    let x = try tf.placeholder(.float32, shape: [nil, 2, 3])
    let y = try tf.dense(x, units: 2, kernelInitializer: .constant([1, 0, 0, 1, 1, 1]), name: "d")
    #expect(y.shape == [nil, 2, 2])
    let session = tf.makeSession()
    try session.run(tf.globalVariablesInitializer())
    let values = Tensor((0..<6).map(Float.init), shape: [1, 2, 3])
    let found = try session.run(y, feeds: [x: values])
    #expect(found.shape == [1, 2, 2])
    #expect(found.scalars(Float.self) == [2, 3, 8, 9])
  }
}
