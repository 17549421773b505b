import Engine
import Tensors

/// How the losses of single elements become one (`tf.losses.Reduction`).
public enum LossReduction: Sendable {
  /// Not at all.
  case none
  /// Their weighted sum.
  case sum
  /// The weighted sum over the sum of the weights.
  case mean
  /// The weighted sum over the number of elements.
  case sumOverBatchSize
  /// The weighted sum over the number of elements whose weight is not 0.
  case sumByNonzeroWeights
}

// Losses in the style of `tf.losses`: computed in float32, weighted, reduced, and added to the collection `losses`.
// Weights are a number, or an output that can be broadcast to the losses.

extension Graph {
  /// The losses of a model and its regularizers as one (`tf.losses.get_total_loss`).
  /// - Parameter scope: only losses whose names begin with it.
  /// - Throws: `BuildError` where there are none.
  public func totalLoss(
    addsRegularization: Bool = true, scope: String? = nil, name: String? = "total_loss"
  ) throws -> Output {
    let all = losses(scope: scope) + (addsRegularization ? regularizationLosses(scope: scope) : [])
    return try addN(all, name: name)
  }

  /// The losses added so far (`tf.losses.get_losses`).
  public func losses(scope: String? = nil) -> [Output] {
    collection(GraphKeys.losses, scope: scope).compactMap { $0 as? Output }
  }

  /// The losses of regularizers (`tf.losses.get_regularization_losses`).
  public func regularizationLosses(scope: String? = nil) -> [Output] {
    collection(GraphKeys.regularizationLosses, scope: scope).compactMap { $0 as? Output }
  }

  /// All losses of regularizers as one, 0 where there are none (`tf.losses.get_regularization_loss`).
  public func regularizationLoss(
    scope: String? = nil, name: String = "total_regularization_loss"
  ) throws -> Output {
    let losses = regularizationLosses(scope: scope)
    return losses.isEmpty ? try constant(0.0) : try addN(losses, name: name)
  }

  /// Adds a loss of one's own (`tf.losses.add_loss`).
  public func addLoss(_ loss: Output, collection: String? = GraphKeys.losses) throws {
    if let collection { try addToCollection(collection, loss) }
  }

  /// Weights and reduces losses (`tf.losses.compute_weighted_loss`).
  /// - Throws: `BuildError` where weights cannot be broadcast.
  public func weightedLoss(
    _ losses: Output, weights: any GraphValue = 1.0, reduction: LossReduction = .sumByNonzeroWeights,
    collection: String? = GraphKeys.losses, name: String? = nil
  ) throws -> Output {
    try nameScope(name, default: "weighted_loss") { _ in
      let check = try self.checkBroadcast(weights, to: losses)
      return try self.controlDependencies([check.node]) {
        let inputType = losses.dtype
        let losses = try self.cast(losses, to: .float32)
        let weights = try self.cast(weights, to: .float32)
        let weighted = try self.multiply(losses, weights)
        var loss = weighted
        if reduction != .none {
          loss = try self.reduceSum(weighted)
          switch reduction {
          case .none, .sum: break
          case .mean: loss = try self.safeMean(loss, self.reduceSum(self.onesLike(losses) * weights))
          case .sumOverBatchSize:
            let count = try self.nameScope("num_elements") { scope in
              try self.cast(self.size(of: losses, name: scope), to: .float32)
            }
            loss = try self.safeMean(loss, count)
          case .sumByNonzeroWeights: loss = try self.safeMean(loss, self.presentCount(losses, weights))
          }
        }
        loss = try self.cast(loss, to: inputType)
        try self.addLoss(loss, collection: collection)
        return loss
      }
    }
  }

  private func safeMean(_ total: Output, _ count: Output) throws -> Output {
    let sum = try reduceSum(total)
    return try add("DivNoNan", [sum, count], name: "value")
  }

  /// How many losses have a weight other than 0.
  private func presentCount(_ losses: Output, _ weights: Output) throws -> Output {
    try nameScope("num_present") { scope in
      let isAbsent = try self.equal(weights, 0.0)
      let zeros = try self.zerosLike(weights)
      let present = try self.add("Select", [isAbsent, zeros, self.onesLike(weights)])
      let everywhere = try self.nameScope("broadcast_weights") { scope in
        if present.shape.full != nil && present.shape == losses.shape { return present }
        let check = try self.checkBroadcast(present, to: losses)
        return try self.controlDependencies([check.node]) {
          try self.multiply(present, self.onesLike(losses), name: scope)
        }
      }
      return try self.reduceSum(everywhere, name: scope)
    }
  }

  /// Checks what is known of the shapes; the node is for losses to wait for, as TensorFlow's do.
  private func checkBroadcast(_ weights: any GraphValue, to values: Output) throws -> (node: Node, weights: Output) {
    try nameScope("assert_broadcastable") { _ in
      let weights = try self.nameScope("weights") { scope in
        let weights = try self.operand(weights, name: scope)
        _ = try self.shape(of: weights, name: scope + "shape/")
        _ = try self.rank(of: weights, name: scope + "rank/")
        return weights
      }
      try self.nameScope("values") { scope in
        _ = try self.shape(of: values, name: scope + "shape/")
        _ = try self.rank(of: values, name: scope + "rank/")
      }
      if weights.shape.rank == 0 {
        return (try self.addNode(op: "NoOp", name: "static_scalar_check_success"), weights)
      }
      if let left = weights.shape.dimensions, let right = values.shape.dimensions {
        let fits =
          left.count == right.count
          && zip(left, right).allSatisfy { $0 == 1 || $0 == nil || $1 == nil || $0 == $1 }
        guard fits else {
          throw BuildError.value(
            "weights can not be broadcast to values. values.rank=\(right.count). weights.rank=\(left.count). "
              + "values.shape=\(values.shape.tupleDescription). weights.shape=\(weights.shape.tupleDescription).")
        }
      }
      return (try self.addNode(op: "NoOp", name: "static_dims_check_success"), weights)
    }
  }

  /// The number of dimensions; a constant where it is known.
  func rank(of x: Output, name: String? = nil) throws -> Output {
    guard let rank = x.shape.rank else { return try add("Rank", [x], name: name) }
    return try constant(Tensor(Int32(rank)), name: name ?? "Rank")
  }

  /// The number of elements; a constant where it is known.
  func size(of x: Output, name: String? = nil) throws -> Output {
    guard let count = x.shape.full?.checkedElementCount(), let number = Int32(exactly: count) else {
      return try add("Size", [x], name: name, attributes: ["out_type": .type(.int32)])
    }
    return try constant(Tensor(number), name: name ?? "Size")
  }
}
