import Engine
import Tensors

extension Graph {
  /// Matrix product (`tf.matmul`), of transposed matrices where asked for.
  public func matmul(
    _ a: any GraphValue, _ b: any GraphValue, transposeA: Bool = false, transposeB: Bool = false, name: String? = nil
  ) throws -> Output {
    try nameScope(name, default: "MatMul") { scope in
      let a = try self.operand(a, dtype: a.typed == nil ? b.typed : nil, name: "a")
      let b = try self.operand(b, dtype: b.typed == nil ? a.dtype : nil, name: "b")
      guard a.dtype == b.dtype else {
        throw BuildError.type(
          "Input 'b' of 'MatMul' Op has type \(b.dtype.name) that does not match type \(a.dtype.name) "
            + "of argument 'a'.")
      }
      return try self.add(
        "MatMul", [a, b], name: scope, attributes: ["transpose_a": .bool(transposeA), "transpose_b": .bool(transposeB)])
    }
  }

  /// `value` plus a vector along its last dimension (`tf.nn.bias_add`).
  public func biasAdd(_ value: any GraphValue, _ bias: any GraphValue, name: String? = nil) throws -> Output {
    try nameScope(name, default: "BiasAdd") { scope in
      let value = try self.operand(value, name: "input")
      let bias = try self.operand(bias, dtype: bias.typed == nil ? value.dtype : nil, name: "bias")
      return try self.add("BiasAdd", [value, bias], name: scope, attributes: ["data_format": .string("NHWC")])
    }
  }

  /// The loss of each row where `labels` are class numbers (`tf.nn.sparse_softmax_cross_entropy_with_logits`).
  ///
  /// - Parameters:
  ///   - labels: int32 or int64, one rank less than `logits`.
  ///   - logits: unscaled; the op computes the softmax itself.
  public func sparseSoftmaxCrossEntropy(
    labels: any GraphValue, logits: any GraphValue, name: String? = nil
  ) throws -> Output {
    try nameScope(name, default: "SparseSoftmaxCrossEntropyWithLogits") { _ in
      let labels = try self.operand(labels, name: "labels")
      let logits = try self.operand(logits, name: "logits")
      guard labels.dtype == .int32 || labels.dtype == .int64 else {
        throw BuildError.type(
          "Value passed to parameter 'labels' has DataType \(labels.dtype.name) not in list of allowed values: "
            + "int32, int64")
      }
      let batch = try self.shape(of: labels)
      if let rank = labels.shape.rank, let other = logits.shape.rank, rank != other - 1 {
        throw BuildError.value(
          "Rank mismatch: Rank of labels (received \(rank)) should equal rank of logits minus 1 (received \(other)).")
      }
      // The node takes the wished name once more, below the scope of that name.
      let op = "SparseSoftmaxCrossEntropyWithLogits"
      if logits.shape.rank == 2 {
        return try self.add(op, [logits, labels], name: name ?? op)
      }
      guard let classes = logits.shape[-1] else {
        throw BuildError.value("The number of classes of the logits must be known, or their rank be 2.")
      }
      let rows = try self.reshape(logits, to: [-1, classes])
      let flat = try self.reshape(labels, to: [-1])
      let losses = try self.add(op, [rows, flat], name: name ?? op)
      return try self.reshape(losses, to: batch)
    }
  }

  /// The loss of each row where `labels` are probabilities of all classes, over the last axis
  /// (`tf.nn.softmax_cross_entropy_with_logits_v2`). Gradients flow to the labels, too.
  public func softmaxCrossEntropy(
    labels: any GraphValue, logits: any GraphValue, name: String? = nil
  ) throws -> Output {
    try nameScope(name, default: "softmax_cross_entropy_with_logits") { scope in
      let logits = try self.operand(logits, name: "logits")
      let labels = try self.operand(labels, dtype: labels.typed == nil ? logits.dtype : nil, name: "labels")
      guard let rank = logits.shape.rank, let labelRank = labels.shape.rank else {
        throw BuildError.value("softmaxCrossEntropy() needs labels and logits of known rank.")
      }
      let inputRank = try self.constant(Tensor(Int32(rank)), name: "Rank")
      let inputShape = try self.shape(of: logits)
      let rows = try self.flattenOuterDimensions(logits, rank: rank)
      let targets = try self.flattenOuterDimensions(labels, rank: labelRank)
      let losses = try self.add("SoftmaxCrossEntropyWithLogits", [rows, targets], name: scope)
      // Back to the shape of the logits without their last dimension.
      let outer = try self.subtract(inputRank, 1)
      let shape = try self.slice(inputShape, begin: [0], size: outer)
      let result = try self.reshape(losses, to: shape)
      if let dimensions = logits.shape.dimensions { try result.setShape(PartialShape(Array(dimensions.dropLast()))) }
      return result
    }
  }

  /// `x` as a matrix whose rows are its last dimension; the nodes TensorFlow makes for it.
  private func flattenOuterDimensions(_ x: Output, rank: Int) throws -> Output {
    let rankNode = try constant(Tensor(Int32(rank)), name: "Rank")
    let shape = try self.shape(of: x)
    let last = try subtract(rankNode, 1)
    let lastSize = try slice(shape, begin: last, size: [1])
    let shapeOfRows = try concat([Tensor([Int32(-1)]), lastSize], axis: 0)
    let flat = try reshape(x, to: shapeOfRows)
    if let dimensions = x.shape.dimensions {
      let outer = dimensions.dropLast().reduce(1 as Int?) { product, size in
        guard let product, let size else { return nil }
        return product.multipliedReportingOverflow(by: size).partialValue
      }
      try flat.setShape([outer, dimensions.last ?? nil])
    }
    return flat
  }

}
