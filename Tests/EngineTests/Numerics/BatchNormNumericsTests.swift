import Foundation
import Tensors
import Testing

@testable import Engine

/// Batch normalisation, fused and plain, through several training steps and their moving averages, against values
/// computed by TensorFlow 1.15.
@Suite struct BatchNormNumericsTests {
  private struct Model {
    let g = GraphMaker()
    let x: Output
    let gamma: Output
    let beta: Output
    let movingMean: Output
    let movingVariance: Output
    let y: Output
    /// Mean and variance of the batch, as the moving averages take them.
    var statistics: [Output] = []

    init(shape: Shape, epsilon: Float, fused: Bool, isTraining: Bool) throws {
      let channels = shape[shape.rank - 1]
      x = try g.placeholder(.float32, PartialShape(shape))
      gamma = try g.placeholder(.float32, [channels])
      beta = try g.placeholder(.float32, [channels])
      movingMean = try g.placeholder(.float32, [channels])
      movingVariance = try g.placeholder(.float32, [channels])
      if fused {
        let image = try shape.rank == 4 ? x : g("Reshape", x, g.ints([-1, 1, 1, channels]))
        let none = try g.constant(Tensor([Float](), shape: [0]))
        let outputs = try g.all(
          "FusedBatchNormV3",
          [image, gamma, beta, isTraining ? none : movingMean, isTraining ? none : movingVariance],
          attributes: ["epsilon": .float(epsilon), "is_training": .bool(isTraining)])
        y = try shape.rank == 4 ? outputs[0] : g("Reshape", outputs[0], g("Shape", x))
        statistics = [outputs[1], outputs[2]]
      } else {
        let axes = try g.ints(Array(0..<(shape.rank - 1)))
        let mean = try g("Mean", x, axes)
        let variance = try g("Mean", g("SquaredDifference", x, mean), axes)
        let (m, v) = isTraining ? (mean, variance) : (movingMean, movingVariance)
        let factor = try g("Mul", g("Rsqrt", g("AddV2", v, g.float(epsilon))), gamma)
        y = try g("AddV2", g("Mul", x, factor), g("Sub", beta, g("Mul", m, factor)))
        statistics = [mean, variance]
      }
    }
  }

  @Test(arguments: 0..<6) func stepsGiveTensorFlowsValues(index: Int) throws {
    let cases = try Golden.cases("batch_norm")
    #expect(cases.count == 6)
    let example = cases[index]
    let shape = Shape(try #require(example["shape"] as? [Int]))
    let channels = shape[shape.rank - 1]
    let parameters = try #require(example["params"] as? [String: Any])
    let epsilon = Float((parameters["epsilon"] as? Double) ?? 0.001)
    let decay = Float((parameters["decay"] as? Double) ?? 0.999)
    let isFused = parameters["fused"] as? Bool ?? true
    let training = try Model(shape: shape, epsilon: epsilon, fused: isFused, isTraining: true)
    let inference = try Model(shape: shape, epsilon: epsilon, fused: isFused, isTraining: false)
    var variables = try (example["initial"] as? [String: Any] ?? [:]).mapValues { try Golden.tensor($0) }
    func value(_ name: String, _ fallback: Float) -> Tensor {
      variables["bn/" + name] ?? Tensor([Float](repeating: fallback, count: channels))
    }
    for (number, step) in try #require(example["steps"] as? [[String: Any]]).enumerated() {
      let x = try Golden.tensor(step["x"])
      func check(_ model: Model, _ outputKey: String, _ gradientKey: String) throws -> [Tensor] {
        let seed = try model.g.placeholder(.float32, PartialShape(shape))
        let names: [String: Output] = ["x": model.x, "bn/gamma": model.gamma, "bn/beta": model.beta]
        let expected = try #require(step[gradientKey] as? [String: Any]).filter { names[$0.key] != nil }
        #expect(expected["x"] != nil)
        let slopes = try expected.keys.sorted().map {
          try #require(try Engine.gradients([model.y], [names[$0]!], seeds: [seed])[0])
        }
        let feeds: [Output: Tensor] = [
          model.x: x, model.gamma: value("gamma", 1), model.beta: value("beta", 0),
          model.movingMean: value("moving_mean", 0), model.movingVariance: value("moving_variance", 1),
          seed: try Golden.tensor(example["grad_output"]),
        ]
        let results = try Session(graph: model.g.graph).run([model.y] + model.statistics + slopes, feeds: feeds)
        var difference = Golden.difference(results[0], try Golden.tensor(step[outputKey]), absolute: 5e-6)
        #expect(difference == nil, "\(index), step \(number), \(outputKey): \(difference ?? "")")
        for (name, found) in zip(expected.keys.sorted(), results.dropFirst(3)) {
          difference = Golden.difference(found, try Golden.tensor(expected[name]), relative: 1e-4, absolute: 1e-5)
          #expect(difference == nil, "\(index), step \(number), \(gradientKey) \(name): \(difference ?? "")")
        }
        return results
      }
      let results = try check(training, "training_output", "grads")
      let after = try #require(step["variables_after_update_ops"] as? [String: Any])
      // Moving averages; a debiased one starts at the first batch.
      for (name, statistic) in zip(["bn/moving_mean", "bn/moving_variance"], results[1...2]) {
        let expected = try Golden.tensor(after[name])
        let debiased = name == "bn/moving_mean" && parameters["zero_debias_moving_mean"] as? Bool == true
        let old = debiased ? variables["bn/" + name + "/biased"] : variables[name]
        var new = zip(try #require(old).scalars(Float.self), statistic.scalars(Float.self)).map {
          $0 - ($0 - $1) * (1 - decay)
        }
        if debiased {
          variables["bn/" + name + "/biased"] = Tensor(new)
          let correction = 1 - powf(decay, Float(number + 1))
          new = new.map { $0 / correction }
        }
        let difference = Golden.difference(Tensor(new), expected)
        #expect(difference == nil, "\(index), step \(number), \(name): \(difference ?? "")")
        variables[name] = expected
      }
      _ = try check(inference, "inference_output_after_update", "inference_grads")
    }
  }
}
