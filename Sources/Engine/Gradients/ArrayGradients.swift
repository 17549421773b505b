import Tensors

/// Gradients of what moves elements about, and the operations through which nothing flows.
@Sendable func defineArrayGradients(_ ops: inout OpRegistry) {
  for name in ["Identity", "Snapshot", "PlaceholderWithDefault"] { ops.gradient(name) { c in [c.gradient] } }
  ops.gradient("IdentityN") { c in c.outputGradients }
  ops.gradient("ReadVariableOp") { c in [c.gradient] }
  ops.gradient("Print") { c in [c.gradient] + c.inputs.dropFirst().map { _ in nil } }
  ops.gradient("CheckNumerics") { c in
    let message =
      "Not a number (NaN) or infinity (Inf) values detected in gradient. "
      + (try c.node.string("message"))
    return [try c.add("CheckNumerics", c.gradient, attributes: ["message": .string(message)])]
  }
  ops.gradient("PreventGradient") { c in
    throw EngineError(.notFound, "Gradient explicitly disabled. Reason: \(try c.node.string("message"))")
  }
  ops.gradient("Cast") { c in
    c.x.dtype.isFloatingPoint && c.gradient.dtype.isFloatingPoint ? [try c.cast(c.gradient, to: c.x.dtype)] : [nil]
  }
  for name in ["Reshape", "ExpandDims"] {
    ops.gradient(name) { c in [try c.reshape(c.gradient, try c.shape(c.x)), nil] }
  }
  ops.gradient("Squeeze") { c in [try c.reshape(c.gradient, try c.shape(c.x))] }
  ops.gradient("Fill") { c in
    let flat = try c.reshape(c.gradient, try c.integers([-1]))
    return [nil, try c.sum(flat, try c.integers([0]))]
  }
  ops.gradient("Pack") { c in
    let attributes: [String: AttributeValue] = [
      "num": .int(Int64(c.inputs.count)), "axis": .int(Int64(try c.node.int("axis"))),
    ]
    return try c.graph.addNode(op: "Unpack", name: "unstack", inputs: [c.gradient], attributes: attributes).outputs
  }
  ops.gradient("Unpack") { c in
    [
      try c.graph.add(
        "Pack", c.outputGradients, name: "stack", attributes: ["axis": .int(Int64(try c.node.int("axis")))])
    ]
  }
  ops.gradient("ConcatV2") { c in
    try concatGradients(c, values: Array(c.inputs.dropLast()), axis: c.inputs[c.inputs.count - 1]) + [nil]
  }
  ops.gradient("Concat") { c in
    try [nil] + concatGradients(c, values: Array(c.inputs.dropFirst()), axis: c.inputs[0])
  }
  ops.gradient("Split") { c in [nil, try joined(c, c.outputGradients, axis: c.inputs[0])] }
  ops.gradient("SplitV") { c in [try joined(c, c.outputGradients, axis: c.inputs[2]), nil, nil] }
  ops.gradient("Slice") { c in
    let begin = c.inputs[1]
    let end = try c.add("AddV2", begin, try c.cast(try c.shape(c.outputs[0]), to: begin.dtype), name: "add")
    let strides = try c.add("OnesLike", begin, name: "ones_like")
    let shape = try c.cast(try c.shape(c.x), to: begin.dtype)
    return [try c.add("StridedSliceGrad", shape, begin, end, strides, c.gradient), nil, nil]
  }
  ops.gradient("StridedSlice") { c in
    var attributes: [String: AttributeValue] = [:]
    for mask in ["begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask"] {
      attributes[mask] = .int(Int64(try c.node.int(mask)))
    }
    let shape = try c.cast(try c.shape(c.x), to: c.inputs[1].dtype)
    return [
      try c.add(
        "StridedSliceGrad", shape, c.inputs[1], c.inputs[2], c.inputs[3], c.gradient, attributes: attributes),
      nil, nil, nil,
    ]
  }
  ops.gradient("Tile") { c in
    // [copies, elements] for each axis; the copies are summed up.
    let shape = try c.shape(c.x)
    let pairs = try c.add(
      "Pack", try c.cast(c.inputs[1], to: .int32), shape, name: "stack", attributes: ["axis": .int(1)])
    let split = try c.reshape(pairs, try c.integers([-1]))
    let axes = try c.add(
      "Range", try c.integer(0, name: "range/start"), try c.add("Size", split), try c.integer(2, name: "range/delta"),
      name: "range")
    return [try c.reshape(try c.sum(try c.reshape(c.gradient, split), axes), shape), nil]
  }
  ops.gradient("BroadcastTo") { c in
    let shape = try c.shape(c.x)
    let axes = try c.graph.addNode(op: "BroadcastGradientArgs", inputs: [shape, try c.shape(c.outputs[0])])
    return [try c.reshape(try c.sum(c.gradient, axes.output(0)), shape), nil]
  }
  ops.gradient("Transpose") { c in
    [try c.add("Transpose", c.gradient, try c.add("InvertPermutation", c.inputs[1])), nil]
  }
  ops.noGradient(
    "Const", "StopGradient", "Shape", "ShapeN", "Size", "Rank", "Range", "LinSpace", "OneHot", "ConcatOffset",
    "InvertPermutation", "RandomStandardNormal", "TruncatedNormal", "RandomUniform", "RandomUniformInt",
    "Multinomial", "Assign", "AssignAdd", "AssignSub", "IsVariableInitialized", "VarIsInitializedOp", "VariableV2",
    "Variable", "VarHandleOp", "ScalarSummary", "HistogramSummary", "MergeSummary", "Placeholder", "NoOp")
}

private func joined(_ c: GradientContext, _ parts: [Output], axis: Output) throws -> Output {
  parts.count == 1 ? parts[0] : try c.graph.add("ConcatV2", parts + [axis], name: "concat")
}

private func concatGradients(_ c: GradientContext, values: [Output], axis: Output) throws -> [Output?] {
  let sizes = try c.graph.addNode(op: "ShapeN", inputs: values).outputs
  let rank = try c.add("Rank", values[0])
  let position = try c.add("FloorMod", try c.cast(axis, to: .int32), rank, name: "mod")
  let offsets = try c.graph.addNode(op: "ConcatOffset", inputs: [position] + sizes).outputs
  return try zip(offsets, sizes).map { try c.add("Slice", c.gradient, $0, $1) }
}
