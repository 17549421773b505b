import Engine
import Tensors

/// The weighted losses of `tf.losses`, below their names: `tf.losses.mean_squared_error` is
/// `tf.loss.meanSquaredError`.
public struct Losses {
  let graph: Graph

  /// Of labels that are class numbers (`tf.losses.sparse_softmax_cross_entropy`).
  /// - Parameters:
  ///   - labels: int32 or int64, `[batch]`.
  ///   - logits: `[batch, classes]`.
  @discardableResult
  public func sparseSoftmaxCrossEntropy(
    labels: any GraphValue, logits: any GraphValue, weights: any GraphValue = 1.0,
    reduction: LossReduction = .sumByNonzeroWeights, collection: String? = GraphKeys.losses, name: String? = nil
  ) throws -> Output {
    try graph.nameScope(name, default: "sparse_softmax_cross_entropy_loss") { scope in
      let weights = try graph.operand(weights, name: "Const")
      let losses = try graph.sparseSoftmaxCrossEntropy(labels: labels, logits: logits, name: "xentropy")
      return try graph.weightedLoss(
        losses, weights: weights, reduction: reduction, collection: collection, name: scope)
    }
  }

  /// Of labels that are probabilities (`tf.losses.softmax_cross_entropy`); no gradient flows to them.
  /// - Parameter labelSmoothing: how far labels are moved towards an equal probability of all classes.
  @discardableResult
  public func softmaxCrossEntropy(
    oneHotLabels: any GraphValue, logits: any GraphValue, weights: any GraphValue = 1.0, labelSmoothing: Double = 0,
    reduction: LossReduction = .sumByNonzeroWeights, collection: String? = GraphKeys.losses, name: String? = nil
  ) throws -> Output {
    try graph.nameScope(name, default: "softmax_cross_entropy_loss") { scope in
      let logits = try graph.operand(logits, name: "logits")
      var labels = try graph.cast(oneHotLabels, to: logits.dtype)
      try checkShapes(labels, logits)
      if labelSmoothing > 0 {
        let classes = try graph.cast(graph.element(graph.shape(of: labels), at: -1), to: logits.dtype)
        let negatives = try graph.trueDivide(labelSmoothing, classes)
        labels = try labels * (1 - labelSmoothing) + negatives
      }
      labels = try graph.stopGradient(labels, name: "labels_stop_gradient")
      let losses = try graph.softmaxCrossEntropy(labels: labels, logits: logits, name: "xentropy")
      return try graph.weightedLoss(
        losses, weights: weights, reduction: reduction, collection: collection, name: scope)
    }
  }

  /// Of labels that are independent probabilities (`tf.losses.sigmoid_cross_entropy`).
  @discardableResult
  public func sigmoidCrossEntropy(
    labels: any GraphValue, logits: any GraphValue, weights: any GraphValue = 1.0, labelSmoothing: Double = 0,
    reduction: LossReduction = .sumByNonzeroWeights, collection: String? = GraphKeys.losses, name: String? = nil
  ) throws -> Output {
    try graph.nameScope(name, default: "sigmoid_cross_entropy_loss") { scope in
      let logits = try graph.operand(logits, name: "logits")
      var labels = try graph.cast(labels, to: logits.dtype)
      try checkShapes(labels, logits)
      if labelSmoothing > 0 { labels = try labels * (1 - labelSmoothing) + 0.5 * labelSmoothing }
      let losses = try graph.sigmoidCrossEntropy(labels: labels, logits: logits, name: "xentropy")
      return try graph.weightedLoss(
        losses, weights: weights, reduction: reduction, collection: collection, name: scope)
    }
  }

  /// Squares of the differences (`tf.losses.mean_squared_error`).
  @discardableResult
  public func meanSquaredError(
    labels: any GraphValue, predictions: any GraphValue, weights: any GraphValue = 1.0,
    reduction: LossReduction = .sumByNonzeroWeights, collection: String? = GraphKeys.losses, name: String? = nil
  ) throws -> Output {
    try elementwise("mean_squared_error", labels, predictions, weights, reduction, collection, name) {
      try graph.binary("SquaredDifference", $1, $0, name: "SquaredDifference")
    }
  }

  /// Absolute differences (`tf.losses.absolute_difference`).
  @discardableResult
  public func absoluteDifference(
    labels: any GraphValue, predictions: any GraphValue, weights: any GraphValue = 1.0,
    reduction: LossReduction = .sumByNonzeroWeights, collection: String? = GraphKeys.losses, name: String? = nil
  ) throws -> Output {
    try elementwise("absolute_difference", labels, predictions, weights, reduction, collection, name) {
      try graph.abs(graph.subtract($1, $0))
    }
  }

  /// Squares of small differences, straight lines beyond `delta` (`tf.losses.huber_loss`).
  @discardableResult
  public func huber(
    labels: any GraphValue, predictions: any GraphValue, weights: any GraphValue = 1.0, delta: Double = 1,
    reduction: LossReduction = .sumByNonzeroWeights, collection: String? = GraphKeys.losses, name: String? = nil
  ) throws -> Output {
    try elementwise("huber_loss", labels, predictions, weights, reduction, collection, name) { labels, predictions in
      let distance = try graph.abs(graph.subtract(predictions, labels))
      let quadratic = try graph.minimum(distance, delta)
      let linear = try graph.subtract(distance, quadratic)
      let half = try graph.constant(0.5, dtype: .float32)
      let square = try graph.multiply(half, graph.multiply(quadratic, quadratic))
      return try graph.add(square, graph.multiply(delta, linear))
    }
  }

  /// Of labels 0 and 1: how far logits are from the right side by 1 (`tf.losses.hinge_loss`).
  @discardableResult
  public func hinge(
    labels: any GraphValue, logits: any GraphValue, weights: any GraphValue = 1.0,
    reduction: LossReduction = .sumByNonzeroWeights, collection: String? = GraphKeys.losses, name: String? = nil
  ) throws -> Output {
    try elementwise("hinge_loss", labels, logits, weights, reduction, collection, name) { labels, logits in
      let ones = try graph.onesLike(labels)
      let sides = try graph.subtract(2.0 * labels, ones)
      return try graph.relu(graph.subtract(ones, graph.multiply(sides, logits)))
    }
  }

  /// Of predicted probabilities (`tf.losses.log_loss`); `epsilon` keeps logarithms finite.
  @discardableResult
  public func log(
    labels: any GraphValue, predictions: any GraphValue, weights: any GraphValue = 1.0, epsilon: Double = 1e-7,
    reduction: LossReduction = .sumByNonzeroWeights, collection: String? = GraphKeys.losses, name: String? = nil
  ) throws -> Output {
    try elementwise("log_loss", labels, predictions, weights, reduction, collection, name) { labels, predictions in
      let hits = try graph.negative(graph.multiply(labels, graph.log(predictions + epsilon)))
      let misses = try graph.multiply(1.0 - labels, graph.log((1.0 - predictions) + epsilon))
      return try hits - misses
    }
  }

  /// A loss of two float32 tensors of one shape.
  private func elementwise(
    _ fallback: String, _ labels: any GraphValue, _ predictions: any GraphValue, _ weights: any GraphValue,
    _ reduction: LossReduction, _ collection: String?, _ name: String?,
    _ make: (_ labels: Output, _ predictions: Output) throws -> Output
  ) throws -> Output {
    try graph.nameScope(name, default: fallback) { scope in
      let predictions = try graph.cast(predictions, to: .float32)
      let labels = try graph.cast(labels, to: .float32)
      try checkShapes(labels, predictions)
      return try graph.weightedLoss(
        make(labels, predictions), weights: weights, reduction: reduction, collection: collection, name: scope)
    }
  }

  private func checkShapes(_ left: Output, _ right: Output) throws {
    guard left.shape.isCompatible(with: right.shape) else {
      throw BuildError.value(
        "Shapes \(right.shape.tupleDescription) and \(left.shape.tupleDescription) are incompatible")
    }
  }
}

extension Graph {
  /// The weighted losses of `tf.losses`.
  public var loss: Losses { Losses(graph: self) }

  /// The loss of each element where `labels` are independent probabilities
  /// (`tf.nn.sigmoid_cross_entropy_with_logits`), computed without overflow.
  public func sigmoidCrossEntropy(
    labels: any GraphValue, logits: any GraphValue, name: String? = nil
  ) throws -> Output {
    try nameScope(name, default: "logistic_loss") { scope in
      let logits = try self.operand(logits, name: "logits")
      let labels = try self.operand(labels, dtype: labels.typed == nil ? logits.dtype : nil, name: "labels")
      guard labels.shape.isCompatible(with: logits.shape) else {
        throw BuildError.value(
          "logits and labels must have the same shape (\(logits.shape.tupleDescription) vs "
            + "\(labels.shape.tupleDescription))")
      }
      let zeros = try self.zerosLike(logits)
      let isPositive = try self.add("GreaterEqual", [logits, zeros], name: "GreaterEqual")
      let positive = try self.add("Select", [isPositive, logits, zeros])
      let negative = try self.add("Select", [isPositive, self.negative(logits), logits])
      let linear = try positive - logits * labels
      return try self.add(linear, self.log1p(self.exp(negative)), name: scope)
    }
  }
}
