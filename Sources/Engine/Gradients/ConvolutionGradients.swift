/// Gradients of convolutions, pooling and normalisation (TensorFlow's `nn_grad.py`).
@Sendable func defineConvolutionGradients(_ ops: inout OpRegistry) {
  ops.gradient("Conv2D") { c in
    let shapes = try c.graph.addNode(op: "ShapeN", inputs: [c.x, c.y]).outputs
    let attributes = c.attributes(convolution)
    return [
      try c.add("Conv2DBackpropInput", shapes[0], c.y, c.gradient, attributes: attributes),
      try c.add("Conv2DBackpropFilter", c.x, shapes[1], c.gradient, attributes: attributes),
    ]
  }
  ops.gradient("Conv2DBackpropInput") { c in
    let attributes = c.attributes(convolution)
    return [
      nil,
      try c.add("Conv2DBackpropFilter", c.gradient, try c.shape(c.y), c.inputs[2], attributes: attributes),
      try c.add("Conv2D", c.gradient, c.y, attributes: attributes),
    ]
  }
  ops.gradient("Conv2DBackpropFilter") { c in
    let attributes = c.attributes(convolution)
    return [
      try c.add("Conv2DBackpropInput", try c.shape(c.x), c.gradient, c.inputs[2], attributes: attributes), nil,
      try c.add("Conv2D", c.x, c.gradient, attributes: attributes),
    ]
  }
  let depthwise = "DepthwiseConv2dNative"
  ops.gradient(depthwise) { c in
    let attributes = c.attributes(depthwiseNames)
    return [
      try c.add(depthwise + "BackpropInput", try c.shape(c.x), c.y, c.gradient, attributes: attributes),
      try c.add(depthwise + "BackpropFilter", c.x, try c.shape(c.y), c.gradient, attributes: attributes),
    ]
  }
  ops.gradient(depthwise + "BackpropInput") { c in
    let attributes = c.attributes(depthwiseNames)
    return [
      nil,
      try c.add(depthwise + "BackpropFilter", c.gradient, try c.shape(c.y), c.inputs[2], attributes: attributes),
      try c.add(depthwise, c.gradient, c.y, attributes: attributes),
    ]
  }
  ops.gradient(depthwise + "BackpropFilter") { c in
    let attributes = c.attributes(depthwiseNames)
    return [
      try c.add(depthwise + "BackpropInput", try c.shape(c.x), c.gradient, c.inputs[2], attributes: attributes), nil,
      try c.add(depthwise, c.x, c.gradient, attributes: attributes),
    ]
  }
  definePoolingGradients(&ops)
  for version in ["", "V2", "V3"] {
    ops.gradient("FusedBatchNorm" + version) { c in try batchNormGradient(c, version) }
  }
  ops.gradient("LRN") { c in
    [
      try c.add(
        "LRNGrad", c.gradient, c.x, c.outputs[0], attributes: c.attributes(["depth_radius", "bias", "alpha", "beta"]))
    ]
  }
}

private let convolution = [
  "dilations", "strides", "padding", "explicit_paddings", "use_cudnn_on_gpu", "data_format",
]
private let depthwiseNames = ["dilations", "strides", "padding", "data_format"]
private let pooling = ["ksize", "strides", "padding", "data_format"]

extension GradientContext {
  /// The node's attributes of these names, to be passed on.
  func attributes(_ names: [String]) -> [String: AttributeValue] {
    var attributes: [String: AttributeValue] = [:]
    for name in names { attributes[name] = node.attribute(name) }
    return attributes
  }
}

private func definePoolingGradients(_ ops: inout OpRegistry) {
  ops.gradient("MaxPool") { c in
    [try c.add("MaxPoolGrad", c.x, c.outputs[0], c.gradient, attributes: c.attributes(pooling))]
  }
  ops.gradient("MaxPoolV2") { c in
    [
      try c.add(
        "MaxPoolGradV2", c.x, c.outputs[0], c.gradient, c.inputs[1], c.inputs[2],
        attributes: c.attributes(["padding", "data_format"])), nil, nil,
    ]
  }
  ops.gradient("MaxPoolGrad") { c in
    [
      try c.zeros(like: c.x), try c.zeros(like: c.y),
      try c.add("MaxPoolGradGrad", c.x, c.y, c.gradient, attributes: c.attributes(pooling)),
    ]
  }
  ops.gradient("MaxPoolGradGrad") { c in
    [
      try c.zeros(like: c.x), try c.zeros(like: c.y),
      try c.add("MaxPoolGrad", c.x, c.y, c.gradient, attributes: c.attributes(pooling)),
    ]
  }
  ops.gradient("AvgPool") { c in
    [try c.add("AvgPoolGrad", try c.shape(c.x), c.gradient, attributes: c.attributes(pooling))]
  }
  ops.gradient("AvgPoolGrad") { c in
    [
      try c.add("StopGradient", c.x),
      try c.add("AvgPool", c.gradient, attributes: c.attributes(pooling)),
    ]
  }
}

private func batchNormGradient(_ c: GradientContext, _ version: String) throws -> [Output?] {
  let isTraining = try c.node.bool("is_training")
  let channelsFirst = try c.node.string("data_format") == "NCHW"
  var (gradient, x) = (c.gradient, c.x)
  var attributes = c.attributes(["epsilon", "data_format", "is_training"])
  var reserves = [c.inputs[3], c.inputs[4]]
  if isTraining {
    reserves = [c.outputs[3], c.outputs[4]]
  } else if channelsFirst {
    x = try c.add("Transpose", x, try c.integers([0, 2, 3, 1], name: "transpose/perm"), name: "transpose")
    gradient = try c.add(
      "Transpose", gradient, try c.integers([0, 2, 3, 1], name: "transpose_1/perm"), name: "transpose_1")
    attributes["data_format"] = .string("NHWC")
  }
  if version == "V3" { reserves.append(c.outputs[5]) }
  let parts = try c.graph.addNode(
    op: "FusedBatchNormGrad" + version, inputs: [gradient, x, c.inputs[1]] + reserves, attributes: attributes
  ).outputs
  var dx = parts[0]
  if !isTraining, channelsFirst {
    dx = try c.add("Transpose", dx, try c.integers([0, 3, 1, 2], name: "transpose_2/perm"), name: "transpose_2")
  }
  return [dx, parts[1], parts[2], nil, nil]
}
