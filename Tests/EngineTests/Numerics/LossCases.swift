import Foundation
import Tensors
import Testing

@testable import Engine

/// Cross entropies and `tf.losses`, put together from operations.
enum LossCases {
  /// The labels of the first case, which most others share.
  private static let labels = Tensor([0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0] as [Float], shape: [4, 3])

  static let build: CaseBuilder = { g, inputs, example in
    switch example.op {
    case "softmax_cross_entropy_with_logits_v2":
      return [try g("SoftmaxCrossEntropyWithLogits", try #require(inputs["logits"]), try #require(inputs["labels"]))]
    case "sparse_softmax_cross_entropy_with_logits":
      return [
        try g("SparseSoftmaxCrossEntropyWithLogits", try #require(inputs["logits"]), try #require(inputs["labels"]))
      ]
    case "sigmoid_cross_entropy_with_logits":
      return [try sigmoidCrossEntropy(g, try #require(inputs["logits"]), try #require(inputs["labels"]))]
    case "l2_loss": return [try g("L2Loss", try #require(inputs["t"]))]
    default: break
    }
    guard example.op.hasPrefix("losses.") else { throw UnknownCase() }
    let labels = try g.constant(Self.labels)
    if example.op == "losses.log_loss" {
      let p = try #require(inputs["predictions"])
      let (one, small) = (try g.float(1), try g.float(1e-7))
      let yes = try g("Mul", labels, g("Log", g("Add", p, small)))
      let no = try g("Mul", g("Sub", one, labels), g("Log", g("Add", g("Sub", one, p), small)))
      return [try reduced(g, g("Neg", g("Add", yes, no)), weights: g.float(1), example)]
    }
    let logits = try #require(inputs["logits"])
    var weights = try #require(inputs["weights"])
    let losses: Output
    switch example.op {
    case "losses.softmax_cross_entropy", "losses.softmax_cross_entropy smoothing 0.1":
      let isSmooth = example.op.hasSuffix("0.1")
      let targets = try isSmooth ? g("Add", g("Mul", labels, g.float(0.9)), g.float(0.1 / 3)) : labels
      losses = try g("SoftmaxCrossEntropyWithLogits", logits, g("StopGradient", targets))
    case "losses.mean_squared_error": losses = try g("SquaredDifference", logits, labels)
    case "losses.absolute_difference": losses = try g("Abs", g("Sub", logits, labels))
    case "losses.hinge_loss":
      let signs = try g("Sub", g("Mul", labels, g.float(2)), g.float(1))
      losses = try g("Relu", g("Sub", g.float(1), g("Mul", signs, logits)))
    case "losses.huber_loss":
      let size = try g("Abs", g("Sub", logits, labels))
      let quadratic = try g("Minimum", size, g.float(1))
      let linear = try g("Sub", size, quadratic)
      losses = try g("Add", g("Mul", g.float(0.5), g("Mul", quadratic, quadratic)), linear)
    case "losses.sigmoid_cross_entropy": losses = try sigmoidCrossEntropy(g, logits, labels)
    default: throw UnknownCase()
    }
    if losses.shape.rank == 2 { weights = try g("ExpandDims", weights, g.int(1)) }
    return [try reduced(g, losses, weights: weights, example)]
  }

  private static func sigmoidCrossEntropy(_ g: GraphMaker, _ x: Output, _ z: Output) throws -> Output {
    // max(x, 0) - x z + log(1 + exp(-|x|)), without overflow.
    let zeros = try g("ZerosLike", x)
    let isPositive = try g("GreaterEqual", x, zeros)
    let positive = try g("Select", isPositive, x, zeros)
    let magnitude = try g("Select", isPositive, g("Neg", x), x)
    return try g("Add", g("Sub", positive, g("Mul", x, z)), g("Log1p", g("Exp", magnitude)))
  }

  /// Weighted losses, put together as the case's reduction says.
  private static func reduced(
    _ g: GraphMaker, _ losses: Output, weights: Output, _ example: NumericCase
  ) throws -> Output {
    let weighted = try g("Mul", losses, weights)
    let reduction = example.attributes["reduction"] as? String ?? "weighted_sum_by_nonzero_weights"
    if reduction == "none" { return weighted }
    let sum = try g.total(weighted)
    let ones = try g("OnesLike", losses)
    switch reduction {
    case "weighted_sum": return sum
    case "weighted_mean": return try g("DivNoNan", sum, g.total(g("Mul", ones, weights)))
    case "weighted_sum_over_batch_size": return try g("DivNoNan", sum, g.total(ones))
    case "weighted_sum_by_nonzero_weights":
      let isPresent = try g("Cast", g("NotEqual", weights, g.float(0)), attributes: ["DstT": .type(.float32)])
      return try g("DivNoNan", sum, g.total(g("Mul", ones, isPresent)))
    default: throw UnknownCase()
    }
  }
}
