/// Gradients of products, biases, softmax and cross entropies.
@Sendable func defineMatrixGradients(_ ops: inout OpRegistry) {
  ops.gradient("MatMul") { c in
    let (ta, tb) = (try c.node.bool("transpose_a"), try c.node.bool("transpose_b"))
    return try productGradients(c, "MatMul", "transpose_a", "transpose_b", ta, tb)
  }
  ops.gradient("BatchMatMul") { c in
    try productGradients(c, "BatchMatMul", "adj_x", "adj_y", try c.node.bool("adj_x"), try c.node.bool("adj_y"))
  }
  ops.gradient("BatchMatMulV2") { c in
    let parts = try productGradients(
      c, "BatchMatMulV2", "adj_x", "adj_y", try c.node.bool("adj_x"), try c.node.bool("adj_y"))
    guard let dx = parts[0], let dy = parts[1] else { return parts }
    // Batch dimensions that were broadcast are summed up.
    if let a = c.x.shape.full, let b = c.y.shape.full, a.dimensions.dropLast(2) == b.dimensions.dropLast(2) {
      return parts
    }
    let (sx, sy) = (try c.shape(c.x), try c.shape(c.y))
    func batch(_ shape: Output) throws -> Output {
      try c.add(
        "StridedSlice", shape, try c.integers([0]), try c.integers([-2]), try c.integers([1]), name: "strided_slice",
        attributes: ["begin_mask": .int(1)])
    }
    let axes = try c.graph.addNode(op: "BroadcastGradientArgs", inputs: [try batch(sx), try batch(sy)])
    return [
      try c.reshape(try c.sum(dx, axes.output(0)), sx), try c.reshape(try c.sum(dy, axes.output(1)), sy),
    ]
  }
  ops.gradient("BiasAdd") { c in
    let format = AttributeValue.string(try c.node.string("data_format"))
    return [c.gradient, try c.add("BiasAddGrad", c.gradient, attributes: ["data_format": format])]
  }
  ops.gradient("L2Loss") { c in [try c.mul(c.x, c.gradient)] }
  ops.gradient("Softmax") { c in
    let softmax = c.outputs[0]
    let sums = try c.sum(try c.mul(c.gradient, softmax), try c.integers([-1]), keepDimensions: true)
    return [try c.mul(try c.sub(c.gradient, sums), softmax)]
  }
  ops.gradient("LogSoftmax") { c in
    let softmax = try c.add("Exp", c.outputs[0])
    let sums = try c.sum(c.gradient, try c.integers([-1]), keepDimensions: true)
    return [try c.sub(c.gradient, try c.mul(sums, softmax))]
  }
  ops.gradient("SoftmaxCrossEntropyWithLogits") { c in
    var gradient = try scaleRows(c, c.outputGradients[0], c.outputs[1])
    let second = c.outputGradients[1]
    // The gradient itself may have been differentiated; zeros mean it was not.
    if second.node.op != "ZerosLike" {
      let softmax = try c.add("Softmax", c.x)
      let inner = try c.sum(try c.mul(second, softmax), try c.integers([1]), keepDimensions: true)
      gradient = try c.add("AddV2", gradient, try c.mul(try c.sub(second, inner), softmax), name: "add")
    }
    let losses = try c.neg(try c.add("LogSoftmax", c.x))
    return [gradient, try scaleRows(c, c.outputGradients[0], losses)]
  }
  ops.gradient("SparseSoftmaxCrossEntropyWithLogits") { c in
    let message =
      "Currently there is no way to take the second derivative of sparse_softmax_cross_entropy_with_logits due to the "
      + "fused implementation's interaction with tf.gradients()"
    let fixed = try c.add("PreventGradient", c.outputs[1], attributes: ["message": .string(message)])
    return [try scaleRows(c, c.outputGradients[0], fixed), nil]
  }
}

/// Multiplies each row of `matrix` by one element of `vector`.
private func scaleRows(_ c: GradientContext, _ vector: Output, _ matrix: Output) throws -> Output {
  let column = try c.graph.withNameScope("ExpandDims") { scope in
    try c.add("ExpandDims", vector, try c.integer(-1, name: "dim"), name: scope)
  }
  return try c.mul(column, matrix)
}

private func productGradients(
  _ c: GradientContext, _ op: String, _ first: String, _ second: String, _ ta: Bool, _ tb: Bool
) throws -> [Output?] {
  func product(_ a: Output, _ b: Output, _ transposeA: Bool, _ transposeB: Bool) throws -> Output {
    try c.add(op, a, b, attributes: [first: .bool(transposeA), second: .bool(transposeB)])
  }
  let (a, b, g) = (c.x, c.y, c.gradient)
  return switch (ta, tb) {
  case (false, false): [try product(g, b, false, true), try product(a, g, true, false)]
  case (false, true): [try product(g, b, false, false), try product(g, a, true, false)]
  case (true, false): [try product(b, g, false, true), try product(a, g, false, false)]
  case (true, true): [try product(b, g, true, true), try product(g, a, true, true)]
  }
}
