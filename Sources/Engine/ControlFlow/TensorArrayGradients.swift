import Tensors

/// Gradients of lists (TensorFlow's `tensor_array_grad.py`): the gradients of a list's elements are a list themselves.
@Sendable func defineTensorArrayGradients(_ ops: inout OpRegistry) {
  ops.gradient("TensorArrayReadV3") { c in
    let (handle, flow) = try gradientList(c, flow: c.inputs[2])
    return [nil, nil, try c.add("TensorArrayWriteV3", handle, c.inputs[1], c.gradient, flow)]
  }
  ops.gradient("TensorArrayWriteV3") { c in
    let (handle, flow) = try gradientList(c, flow: c.gradient)
    let value = try c.add(
      "TensorArrayReadV3", handle, c.inputs[1], flow, attributes: ["dtype": .type(c.inputs[2].dtype)])
    try? value.setShape(c.inputs[2].shape)
    return [nil, nil, value, c.gradient]
  }
  ops.gradient("TensorArrayGatherV3") { c in
    let (handle, flow) = try gradientList(c, flow: c.inputs[2])
    return [nil, nil, try c.add("TensorArrayScatterV3", handle, c.inputs[1], c.gradient, flow)]
  }
  ops.gradient("TensorArrayScatterV3") { c in
    let (handle, flow) = try gradientList(c, flow: c.gradient)
    let rest = c.inputs[2].shape.dimensions.map { PartialShape(Array($0.dropFirst())) } ?? .unknown
    let values = try c.add(
      "TensorArrayGatherV3", handle, c.inputs[1], flow,
      attributes: ["dtype": .type(c.inputs[2].dtype), "element_shape": .shape(rest)])
    return [nil, nil, values, c.gradient]
  }
  ops.gradient("TensorArrayConcatV3") { c in
    let (handle, flow) = try gradientList(c, flow: c.inputs[1])
    return [nil, try c.add("TensorArraySplitV3", handle, c.gradient, c.outputs[1], flow)]
  }
  ops.gradient("TensorArraySplitV3") { c in
    let (handle, flow) = try gradientList(c, flow: c.gradient)
    let joined = try c.graph.addNode(
      op: "TensorArrayConcatV3", inputs: [handle, flow], attributes: ["dtype": .type(c.inputs[1].dtype)])
    return [nil, joined.output(0), nil, c.gradient]
  }
  ops.noGradient("TensorArrayV3", "TensorArrayGradV3", "TensorArraySizeV3", "TensorArrayCloseV3")
}

/// The list of gradients, and a flow that waits for it.
private func gradientList(_ c: GradientContext, flow: Output) throws -> (handle: Output, flow: Output) {
  try c.graph.withNameScope("TensorArrayGrad") { _ in
    let list = try c.graph.addNode(
      op: "TensorArrayGradV3", inputs: [c.inputs[0], flow], attributes: ["source": .string("gradients")])
    let after = try c.graph.withControlDependencies([list]) {
      try c.graph.add("Identity", [flow], name: "gradient_flow")
    }
    return (list.output(0), after)
  }
}
