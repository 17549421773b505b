import Tensors

/// Convolutions, pooling and normalisation over images.
@Sendable func defineConvolutionOps(_ ops: inout OpRegistry) {
  let convolution = [
    "T: {half, bfloat16, float, double}", "strides: list(int)", "use_cudnn_on_gpu: bool = true",
    "padding: {'SAME', 'VALID', 'EXPLICIT'}", "explicit_paddings: list(int) = []",
    "data_format: {'NHWC', 'NCHW'} = 'NHWC'", "dilations: list(int) = [1, 1, 1, 1]",
  ]
  let depthwise = [
    "T: {half, bfloat16, float, double}", "strides: list(int)", "padding: {'SAME', 'VALID'}",
    "data_format: {'NHWC', 'NCHW'} = 'NHWC'", "dilations: list(int) = [1, 1, 1, 1]",
  ]
  for (name, attributes) in [("Conv2D", convolution), ("DepthwiseConv2dNative", depthwise)] {
    let isDepthwise = name != "Conv2D"
    ops.add(
      OpDefinition(name, inputs: ["input: T", "filter: T"], outputs: ["output: T"], attributes: attributes),
      shapes: { try convolutionShape($0, isDepthwise: isDepthwise) })
    let base = isDepthwise ? name : "Conv2D"
    ops.add(
      OpDefinition(
        base + "BackpropInput", inputs: ["input_sizes: int32", "filter: T", "out_backprop: T"],
        outputs: ["output: T"], attributes: attributes),
      shapes: { [try sizesOfRank4($0, 0)] })
    ops.add(
      OpDefinition(
        base + "BackpropFilter", inputs: ["input: T", "filter_sizes: int32", "out_backprop: T"],
        outputs: ["output: T"], attributes: attributes),
      shapes: { [try sizesOfRank4($0, 1)] })
  }
  definePoolingOps(&ops)
  defineNormalizationOps(&ops)
}

/// The shape that an integer input states, of rank 4.
private func sizesOfRank4(_ context: ShapeContext, _ index: Int) throws -> PartialShape {
  let shape = try context.shapeValue(index)
  return try shape.merged(with: .ofRank(4))
}

private func convolutionShape(_ context: ShapeContext, isDepthwise: Bool) throws -> [PartialShape] {
  let input = try context.withRank(0, 4)
  let filter = try context.withRank(1, 4)
  let attributes = try context.windowAttributes()
  guard let image = input.dimensions.map({ attributes.channelsLast($0) }), let taps = filter.dimensions else {
    return [.ofRank(4)]
  }
  _ = try ShapeContext.mergeDimension(image[3], taps[2])
  let channels: Int?
  if isDepthwise {
    let product = taps[2].flatMap { $0.multipliedReportingOverflow(by: taps[3] ?? 0) }
    channels = taps[3] == nil || product?.overflow != false ? nil : product?.partialValue
  } else {
    channels = taps[3]
  }
  return [
    PartialShape(
      attributes.formatted([
        image[0], try slid(attributes, 0, image[1], taps[0]), try slid(attributes, 1, image[2], taps[1]), channels,
      ]))
  ]
}

/// The extent of an output along rows (0) or columns (1), where it is known.
private func slid(_ attributes: WindowAttributes, _ axis: Int, _ size: Int?, _ window: Int?) throws -> Int? {
  guard let size else { return nil }
  guard let window else {
    // The output of SAME does not depend on the window.
    guard attributes.padding[axis] == .same else { return nil }
    return try attributes.axis(axis, size: size, window: 1).outputs
  }
  return try attributes.axis(axis, size: size, window: window).outputs
}

extension ShapeContext {
  /// The node's window attributes; what is wrong with them is an error of the node's shapes.
  fileprivate func windowAttributes(hasWindow: Bool = false) throws -> WindowAttributes {
    do {
      return try WindowAttributes(node, hasWindow: hasWindow)
    } catch let error as EngineError {
      throw ShapeError(error.message)
    }
  }
}

private func poolingShape(_ context: ShapeContext) throws -> [PartialShape] {
  let input = try context.withRank(0, 4)
  let attributes: WindowAttributes
  if context.inputs.count == 3 {
    guard let ksize = context.integers(1), let strides = context.integers(2) else { return [.ofRank(4)] }
    do {
      attributes = try WindowAttributes(context.node, ksize: ksize, strides: strides)
    } catch let error as EngineError {
      throw ShapeError(error.message)
    }
  } else {
    attributes = try context.windowAttributes(hasWindow: true)
  }
  guard let image = input.dimensions.map({ attributes.channelsLast($0) }) else { return [.ofRank(4)] }
  return [
    PartialShape(
      attributes.formatted([
        image[0], try slid(attributes, 0, image[1], attributes.window[0]),
        try slid(attributes, 1, image[2], attributes.window[1]), image[3],
      ]))
  ]
}

private func definePoolingOps(_ ops: inout OpRegistry) {
  let window = ["ksize: list(int) >= 4", "strides: list(int) >= 4"]
  let padding = "padding: {'SAME', 'VALID'}"
  let format = "data_format: {'NHWC', 'NCHW'} = 'NHWC'"
  let maximumFormat = "data_format: {'NHWC', 'NCHW', 'NCHW_VECT_C'} = 'NHWC'"
  let maximumType = "T: {half, bfloat16, float, double, int32, int64, uint8, int16, int8, uint16, qint8} = float"
  ops.add(
    OpDefinition(
      "MaxPool", inputs: ["input: T"], outputs: ["output: T"],
      attributes: [maximumType] + window + [padding, maximumFormat]),
    shapes: poolingShape)
  ops.add(
    OpDefinition(
      "MaxPoolV2", inputs: ["input: T", "ksize: int32", "strides: int32"], outputs: ["output: T"],
      attributes: [maximumType, padding, maximumFormat]),
    shapes: poolingShape)
  for (name, type) in [("MaxPoolGrad", "T: realnumbertype = float"), ("MaxPoolGradGrad", "T: realnumbertype")] {
    ops.add(
      OpDefinition(
        name, inputs: ["orig_input: T", "orig_output: T", "grad: T"], outputs: ["output: T"],
        attributes: window + [padding, format, type]),
      shapes: { [try $0.withRank(name == "MaxPoolGrad" ? 0 : 1, 4)] })
  }
  ops.add(
    OpDefinition(
      "MaxPoolGradV2", inputs: ["orig_input: T", "orig_output: T", "grad: T", "ksize: int32", "strides: int32"],
      outputs: ["output: T"], attributes: [padding, format, "T: realnumbertype = float"]),
    shapes: { [try $0.withRank(0, 4)] })
  ops.add(
    OpDefinition(
      "MaxPoolWithArgmax", inputs: ["input: T"], outputs: ["output: T", "argmax: Targmax"],
      attributes: window + [
        "Targmax: {int32, int64} = int64", padding, "include_batch_in_index: bool = false", "T: realnumbertype",
      ]),
    shapes: { context in
      let shape = try poolingShape(context)[0]
      return [shape, shape]
    })
  ops.add(
    OpDefinition(
      "AvgPool", inputs: ["value: T"], outputs: ["output: T"],
      attributes: window + [padding, format, "T: {half, bfloat16, float, double}"]),
    shapes: poolingShape)
  ops.add(
    OpDefinition(
      "AvgPoolGrad", inputs: ["orig_input_shape: int32", "grad: T"], outputs: ["output: T"],
      attributes: window + [padding, format, "T: {half, bfloat16, float, double}"]),
    shapes: { [try sizesOfRank4($0, 0)] })
}

private func defineNormalizationOps(_ ops: inout OpRegistry) {
  for version in ["", "V2", "V3"] {
    let (statistic, types) =
      version.isEmpty
      ? ("T", ["T: {float}"]) : ("U", ["T: {half, bfloat16, float}", "U: {float}"])
    let attributes =
      types + ["epsilon: float = 0.0001", "data_format: {'NHWC', 'NCHW'} = 'NHWC'", "is_training: bool = true"]
    let reserves = version == "V3" ? 3 : 2
    ops.add(
      OpDefinition(
        "FusedBatchNorm" + version,
        inputs: ["x: T"] + ["scale", "offset", "mean", "variance"].map { "\($0): \(statistic)" },
        outputs: ["y: T", "batch_mean: \(statistic)", "batch_variance: \(statistic)"]
          + (1...reserves).map { "reserve_space_\($0): \(statistic)" }, attributes: attributes),
      shapes: { context in
        let (x, channels) = try channelShape(context, image: 0, vectors: 1..<3)
        return [x, channels, channels, channels, channels] + (reserves == 3 ? [.unknown] : [])
      })
    ops.add(
      OpDefinition(
        "FusedBatchNormGrad" + version,
        inputs: ["y_backprop: T", "x: T", version.isEmpty ? "scale: T" : "scale: float"]
          + (1...reserves).map { "reserve_space_\($0): \(statistic)" },
        outputs: ["x_backprop: T", "scale_backprop: \(statistic)", "offset_backprop: \(statistic)"]
          + (1...2).map { "reserve_space_\($0 + reserves): \(statistic)" }, attributes: attributes),
      shapes: { context in
        let (x, channels) = try channelShape(context, image: 1, vectors: 2..<3)
        return [try x.merged(with: try context.withRank(0, 4)), channels, channels, [0], [0]]
      })
  }
  ops.add(
    OpDefinition(
      "BatchNormWithGlobalNormalization", inputs: ["t: T", "m: T", "v: T", "beta: T", "gamma: T"],
      outputs: ["result: T"],
      attributes: ["T: numbertype", "variance_epsilon: float", "scale_after_normalization: bool"]),
    shapes: { [try $0.withRank(0, 4)] })
  ops.add(
    OpDefinition(
      "LRN", inputs: ["input: T"], outputs: ["output: T"],
      attributes: [
        "depth_radius: int = 5", "bias: float = 1.0", "alpha: float = 1.0", "beta: float = 0.5",
        "T: {half, bfloat16, float} = float",
      ]),
    shapes: { [try $0.withRank(0, 4)] })
  ops.add(
    OpDefinition(
      "LRNGrad", inputs: ["input_grads: T", "input_image: T", "output_image: T"], outputs: ["output: T"],
      attributes: [
        "depth_radius: int = 5", "bias: float = 1.0", "alpha: float = 1.0", "beta: float = 0.5",
        "T: {half, bfloat16, float} = float",
      ]),
    shapes: Shapes.merged)
}

/// The shape of an image and of the vectors that have an element for each of its channels.
private func channelShape(
  _ context: ShapeContext, image: Int, vectors: Range<Int>
) throws -> (image: PartialShape, channels: PartialShape) {
  let shape = try context.withRank(image, 4)
  let axis = try context.node.string("data_format") == "NCHW" ? 1 : 3
  var channels = shape[axis]
  for index in vectors { channels = try ShapeContext.mergeDimension(channels, try context.withRank(index, 1)[0]) }
  var dimensions = shape.dimensions ?? []
  dimensions[axis] = channels
  return (PartialShape(dimensions), [channels])
}
