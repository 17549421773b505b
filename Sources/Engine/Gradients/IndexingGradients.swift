import Tensors

/// Gradients of padding, scatters, sorts, running sums and segments (TensorFlow's `array_grad.py`, `math_grad.py`).
@Sendable func defineIndexingGradients(_ ops: inout OpRegistry) {
  definePaddingGradients(&ops)
  defineScatterGradients(&ops)
  defineSegmentGradients(&ops)
  ops.gradient("ReverseV2") { c in [try c.add("ReverseV2", c.gradient, c.y), nil] }
  ops.gradient("Reverse") { c in [try c.add("Reverse", c.gradient, c.y), nil] }
  ops.gradient("ReverseSequence") { c in
    [try c.add("ReverseSequence", c.gradient, c.y, attributes: c.attributes(["batch_dim", "seq_dim"])), nil]
  }
  for name in ["TopK", "TopKV2"] {
    ops.gradient(name) { c in
      // Indices within rows become indices of the whole tensor laid flat.
      let shape = try c.shape(c.x)
      let indexShape = try c.add("Shape", c.outputs[1])
      let last = try c.element(indexShape, -1, fromEnd: true)
      let rows = try c.reshape(c.outputs[1], try c.add("Pack", try c.integer(-1), last, name: "stack"))
      let width = try c.element(shape, -1, fromEnd: true)
      let rowCount = try c.element(try c.add("Shape", rows), 0)
      let starts = try c.add(
        "Range", try c.integer(0), try c.add("Mul", rowCount, width, name: "mul"), width, name: "range")
      let flat = try c.reshape(
        try c.add("AddV2", rows, try c.add("ExpandDims", starts, try c.integer(-1)), name: "add"),
        try c.integers([-1]))
      let scattered = try c.add(
        "ScatterNd", try c.add("ExpandDims", flat, try c.integer(-1)),
        try c.reshape(c.gradient, try c.integers([-1])),
        try c.reshape(try c.add("Prod", shape, try c.integers([0])), try c.integers([1])))
      return [try c.reshape(scattered, shape)] + c.inputs.dropFirst().map { _ in nil }
    }
  }
  ops.gradient("Cumsum") { c in
    var attributes = c.attributes(["exclusive"])
    attributes["reverse"] = .bool(!(try c.node.bool("reverse")))
    return [try c.add("Cumsum", c.gradient, c.y, attributes: attributes), nil]
  }
  ops.gradient("Cumprod") { c in
    let attributes = c.attributes(["exclusive", "reverse"])
    let product = try c.add("Cumprod", c.x, c.y, attributes: attributes)
    var back = attributes
    back["reverse"] = .bool(!(try c.node.bool("reverse")))
    let sums = try c.add("Cumsum", try c.mul(product, c.gradient), c.y, attributes: back)
    return [try c.add("RealDiv", sums, c.x, name: "truediv"), nil]
  }
  ops.gradient("SelectV2") { c in
    let zeros = try c.zeros(like: c.gradient)
    let yes = try c.add("SelectV2", c.x, c.gradient, zeros)
    let no = try c.add("SelectV2", c.x, zeros, c.gradient)
    func folded(_ gradient: Output, like input: Output) throws -> Output {
      if let shape = input.shape.full, shape == gradient.shape.full { return gradient }
      let shape = try c.shape(input)
      let axes = try c.graph.addNode(op: "BroadcastGradientArgs", inputs: [shape, try c.add("Shape", gradient)])
      return try c.reshape(try c.sum(gradient, axes.output(0)), shape)
    }
    return [nil, try folded(yes, like: c.inputs[1]), try folded(no, like: c.inputs[2])]
  }
  for name in ["DeepCopy", "GuaranteeConst", "EnsureShape", "DebugGradientIdentity"] {
    ops.gradient(name) { c in [c.gradient] }
  }
  ops.gradient("SparseTensorDenseMatMul") { c in
    let (adjointA, adjointB) = (try c.node.bool("adjoint_a"), try c.node.bool("adjoint_b"))
    let dense = try c.add(
      "SparseTensorDenseMatMul", c.inputs[0], c.inputs[1], c.inputs[2], c.gradient,
      attributes: ["adjoint_a": .bool(!adjointA)])
    let matrixGradient =
      adjointB
      ? try c.add("Transpose", dense, try c.integers([1, 0], name: "transpose/perm"), name: "transpose") : dense
    // Each value meets one row of the gradient and one of the matrix.
    func column(_ index: Int) throws -> Output {
      try c.add(
        "StridedSlice", c.inputs[0], try c.integers([0, index]), try c.integers([0, index + 1]),
        try c.integers([1, 1]),
        name: "strided_slice", attributes: ["begin_mask": .int(1), "end_mask": .int(1), "shrink_axis_mask": .int(2)])
    }
    let matrix =
      adjointB
      ? try c.add("Transpose", c.inputs[3], try c.integers([1, 0], name: "transpose_1/perm"), name: "transpose_1")
      : c.inputs[3]
    let left = try c.add("GatherV2", c.gradient, try column(adjointA ? 1 : 0), try c.integer(0, name: "axis"))
    let right = try c.add("GatherV2", matrix, try column(adjointA ? 0 : 1), try c.integer(0, name: "axis"))
    return [nil, try c.sum(try c.mul(left, right), try c.integers([1])), nil, matrixGradient]
  }
  ops.noGradient(
    "Where", "Bucketize", "HistogramFixedWidth", "Bincount", "LowerBound", "UpperBound", "InTopK", "InTopKV2",
    "BroadcastArgs", "Empty", "Bitcast", "VariableShape", "RandomShuffle")
}

extension GradientContext {
  /// The last element of a vector whose length may be unknown.
  fileprivate func element(_ vector: Output, _ index: Int, fromEnd: Bool) throws -> Output {
    try add(
      "StridedSlice", vector, try integers([index], name: "strided_slice/stack"),
      try integers([0], name: "strided_slice/stack_1"), try integers([1], name: "strided_slice/stack_2"),
      name: "strided_slice", attributes: ["shrink_axis_mask": .int(1), "end_mask": .int(1)])
  }
}

private func definePaddingGradients(_ ops: inout OpRegistry) {
  for name in ["Pad", "PadV2"] {
    ops.gradient(name) { c in
      // The part that was there before.
      let rank = try c.x.shape.rank.map { try c.integer($0, name: "Rank") } ?? c.add("Rank", c.x)
      let size = try c.add("Pack", rank, try c.integer(1, name: "stack/1"), name: "stack")
      let begin = try c.reshape(
        try c.add("Slice", c.y, try c.integers([0, 0], name: "Slice/begin"), size), try c.integers([-1]))
      let sizes = try c.cast(try c.shape(c.x), to: begin.dtype)
      return [try c.add("Slice", c.gradient, begin, sizes)] + c.inputs.dropFirst().map { _ in nil }
    }
  }
  for (name, other) in [("MirrorPad", "MirrorPadGrad"), ("MirrorPadGrad", "MirrorPad")] {
    ops.gradient(name) { c in [try c.add(other, c.gradient, c.y, attributes: c.attributes(["mode"])), nil] }
  }
  for (name, other) in [("Diag", "DiagPart"), ("DiagPart", "Diag"), ("MatrixDiag", "MatrixDiagPart")] {
    ops.gradient(name) { c in [try c.add(other, c.gradient)] }
  }
  ops.gradient("MatrixDiagPart") { c in
    if let rows = c.x.shape[-2], rows == c.x.shape[-1] { return [try c.add("MatrixDiag", c.gradient)] }
    return [try c.add("MatrixSetDiag", try c.zeros(like: c.x), c.gradient)]
  }
  ops.gradient("MatrixSetDiag") { c in
    let zeros = try c.zeros(like: c.y)
    return [try c.add("MatrixSetDiag", c.gradient, zeros), try c.add("MatrixDiagPart", c.gradient)]
  }
  ops.gradient("MatrixBandPart") { c in
    [try c.add("MatrixBandPart", c.gradient, c.inputs[1], c.inputs[2]), nil, nil]
  }
  for (name, other) in [("SpaceToBatchND", "BatchToSpaceND"), ("BatchToSpaceND", "SpaceToBatchND")] {
    ops.gradient(name) { c in [try c.add(other, c.gradient, c.inputs[1], c.inputs[2]), nil, nil] }
  }
  for (name, other) in [("SpaceToBatch", "BatchToSpace"), ("BatchToSpace", "SpaceToBatch")] {
    ops.gradient(name) { c in [try c.add(other, c.gradient, c.y, attributes: c.attributes(["block_size"])), nil] }
  }
  for (name, other) in [("SpaceToDepth", "DepthToSpace"), ("DepthToSpace", "SpaceToDepth")] {
    ops.gradient(name) { c in
      [try c.add(other, c.gradient, attributes: c.attributes(["block_size", "data_format"]))]
    }
  }
}

private func defineScatterGradients(_ ops: inout OpRegistry) {
  ops.gradient("GatherNd") { c in
    let shape = try c.cast(try c.shape(c.x), to: c.y.dtype)
    return [try c.add("ScatterNd", c.y, c.gradient, shape), nil]
  }
  ops.gradient("ResourceGatherNd") { c in
    let shape = try c.cast(try c.add("VariableShape", c.x), to: c.y.dtype)
    return [try c.add("ScatterNd", c.y, c.gradient, shape), nil]
  }
  ops.gradient("ScatterNd") { c in [nil, try c.add("GatherNd", c.gradient, c.x), nil] }
  ops.gradient("ScatterNdNonAliasingAdd") { c in [c.gradient, nil, try c.add("GatherNd", c.gradient, c.y)] }
  ops.gradient("TensorScatterUpdate") { c in
    let updates = try c.add("GatherNd", c.gradient, c.y)
    return [try c.add("TensorScatterUpdate", c.gradient, c.y, try c.zeros(like: c.inputs[2])), nil, updates]
  }
  ops.gradient("TensorScatterAdd") { c in [c.gradient, nil, try c.add("GatherNd", c.gradient, c.y)] }
  ops.gradient("TensorScatterSub") { c in
    [c.gradient, nil, try c.neg(try c.add("GatherNd", c.gradient, c.y))]
  }
  for name in ["DynamicStitch", "ParallelDynamicStitch"] {
    ops.gradient(name) { c in
      let count = c.inputs.count / 2
      let parts = try c.inputs.prefix(count).map { indices in
        try c.add("GatherV2", c.gradient, indices, try c.integer(0, name: "axis"))
      }
      return c.inputs.prefix(count).map { _ in nil } + parts
    }
  }
  ops.gradient("DynamicPartition") { c in
    let shape = try c.shape(c.y)
    let total = try c.add("Prod", shape, try c.integers([0]))
    let order = try c.reshape(try c.add("Range", try c.integer(0), total, try c.integer(1), name: "range"), shape)
    let parts = try c.graph.addNode(
      op: "DynamicPartition", inputs: [order, c.y], attributes: c.attributes(["num_partitions"])
    ).outputs
    let stitched = try c.graph.add("DynamicStitch", parts + c.outputGradients)
    return [try c.reshape(stitched, try c.shape(c.x)), nil]
  }
}

/// Rows of `params` at the indices; zeros for negative ones, whose rows a sum by segment dropped.
private func gatherDroppingNegatives(
  _ c: GradientContext, _ params: Output, _ ids: Output
) throws -> (rows: Output, isKept: Output) {
  let zero = try c.zeros(like: ids)
  let rows = try c.add(
    "GatherV2", params, try c.add("Maximum", ids, zero), try c.integer(0, name: "GatherV2/axis"))
  var isKept = try c.add("GreaterEqual", ids, zero)
  // As many dimensions as the rows have.
  if let extra = rows.shape.rank.flatMap({ rank in ids.shape.rank.map { rank - $0 } }) {
    for _ in 0..<max(extra, 0) { isKept = try c.add("ExpandDims", isKept, try c.integer(-1)) }
  } else {
    let ranks = try c.add("Sub", try c.add("Rank", rows), try c.add("Rank", ids), name: "sub")
    let ones = try c.add("Fill", try c.add("ExpandDims", ranks, try c.integer(0)), try c.integer(1))
    isKept = try c.reshape(
      isKept, try c.add("ConcatV2", try c.add("Shape", ids), ones, try c.integer(0), name: "concat"))
  }
  let everywhere = try c.add("OnesLike", try c.add("Cast", rows, attributes: ["DstT": .type(.bool)]), name: "ones_like")
  isKept = try c.add("LogicalAnd", isKept, everywhere)
  return (try c.add("Select", isKept, rows, try c.zeros(like: rows)), isKept)
}

private func defineSegmentGradients(_ ops: inout OpRegistry) {
  ops.gradient("UnsortedSegmentSum") { c in
    [try gatherDroppingNegatives(c, c.gradient, c.y).rows, nil, nil]
  }
  for name in ["UnsortedSegmentMax", "UnsortedSegmentMin"] {
    ops.gradient(name) { c in
      // Elements that are the extreme of their segment share its gradient.
      let (extremes, isKept) = try gatherDroppingNegatives(c, c.outputs[0], c.y)
      let isChosen = try c.add("LogicalAnd", try c.add("Equal", c.x, extremes), isKept)
      let count = try c.add("UnsortedSegmentSum", try c.cast(isChosen, to: c.gradient.dtype), c.y, c.inputs[2])
      let shares = try c.add("RealDiv", c.gradient, count, name: "truediv")
      let rows = try gatherDroppingNegatives(c, shares, c.y).rows
      return [try c.add("Select", isChosen, rows, try c.zeros(like: rows)), nil, nil]
    }
  }
  let axis = "GatherV2/axis"
  ops.gradient("SegmentSum") { c in [try c.add("GatherV2", c.gradient, c.y, try c.integer(0, name: axis)), nil] }
  ops.gradient("SegmentMean") { c in
    let rank = try c.add("Rank", c.x)
    let rest = try c.add("ExpandDims", try c.sub(rank, try c.integer(1)), try c.integer(0))
    let shape = try c.add(
      "ConcatV2", try c.add("Shape", c.y), try c.add("Fill", rest, try c.integer(1)), try c.integer(0), name: "concat")
    let ones = try c.add("Fill", shape, try c.scalar(1, like: c.gradient))
    let scaled = try c.add("RealDiv", c.gradient, try c.add("SegmentSum", ones, c.y), name: "truediv")
    return [try c.add("GatherV2", scaled, c.y, try c.integer(0, name: axis)), nil]
  }
  for name in ["SegmentMax", "SegmentMin"] {
    ops.gradient(name) { c in
      let extremes = try c.add("GatherV2", c.outputs[0], c.y, try c.integer(0, name: axis))
      let isChosen = try c.add("Equal", c.x, extremes)
      let count = try c.add("SegmentSum", try c.cast(isChosen, to: c.gradient.dtype), c.y)
      let shares = try c.add("RealDiv", c.gradient, count, name: "truediv")
      let rows = try c.add("GatherV2", shares, c.y, try c.integer(0, name: axis))
      return [try c.add("Select", isChosen, rows, try c.zeros(like: rows)), nil]
    }
  }
  for suffix in ["", "WithNumSegments"] {
    ops.gradient("SparseSegmentSum" + suffix) { c in
      let rows = try c.add("GatherV2", c.gradient, c.inputs[2], try c.integer(0, name: axis))
      let count = try c.element(try c.shape(c.x), 0)
      return [try c.add("UnsortedSegmentSum", rows, c.y, count)] + c.inputs.dropFirst().map { _ in nil }
    }
    for (name, op) in [
      ("SparseSegmentMean", "SparseSegmentMeanGrad"), ("SparseSegmentSqrtN", "SparseSegmentSqrtNGrad"),
    ] {
      ops.gradient(name + suffix) { c in
        let count = try c.element(try c.shape(c.x), 0)
        return [try c.add(op, c.gradient, c.y, c.inputs[2], count)] + c.inputs.dropFirst().map { _ in nil }
      }
    }
  }
}
