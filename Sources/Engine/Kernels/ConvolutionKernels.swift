import CKernels
import Tensors

/// Kernels of convolutions and their gradients. Images in the order NCHW are turned to NHWC and back.
@Sendable func defineConvolutionKernels(_ ops: inout OpRegistry) {
  for isDepthwise in [false, true] {
    let base = isDepthwise ? "DepthwiseConv2dNative" : "Conv2D"
    ops.kernel(base) { node in
      let attributes = try WindowAttributes(node)
      return { context in
        let input = try attributes.channelsLast(context, try rank4(context, 0, "input"))
        let filter = try rank4(context, 1, "filter")
        let geometry = try ConvolutionGeometry(attributes, input.shape, filter.shape, isDepthwise: isDepthwise)
        let output = try geometry.forward(context, input, filter)
        context.setOutput(0, try attributes.formatted(context, output))
      }
    }
    ops.kernel(base + "BackpropInput") { node in
      let attributes = try WindowAttributes(node)
      return { context in
        let sizes = try sizes(context, 0, attributes)
        let filter = try rank4(context, 1, "filter")
        let gradient = try attributes.channelsLast(context, try rank4(context, 2, "out_backprop"))
        let geometry = try ConvolutionGeometry(attributes, sizes, filter.shape, isDepthwise: isDepthwise)
        try geometry.check(gradient.shape)
        let output = try geometry.inputGradient(context, filter, gradient)
        context.setOutput(0, try attributes.formatted(context, output))
      }
    }
    ops.kernel(base + "BackpropFilter") { node in
      let attributes = try WindowAttributes(node)
      return { context in
        let input = try attributes.channelsLast(context, try rank4(context, 0, "input"))
        let sizes = try context.shapeInput(1)
        guard sizes.rank == 4 else {
          throw EngineError.invalid("filter_sizes must have 4 elements, got \(sizes.rank)")
        }
        let gradient = try attributes.channelsLast(context, try rank4(context, 2, "out_backprop"))
        let geometry = try ConvolutionGeometry(attributes, input.shape, sizes, isDepthwise: isDepthwise)
        try geometry.check(gradient.shape)
        context.setOutput(0, try geometry.filterGradient(context, input, gradient))
      }
    }
  }
}

/// Input `index`, which must have four dimensions.
func rank4(_ context: KernelContext, _ index: Int, _ name: String) throws -> Tensor {
  let value = try context.input(index)
  guard value.rank == 4 else { throw EngineError.invalid("\(name) must be 4-dimensional\(value.shape)") }
  return value
}

/// Input `index` as the shape of an image, with its channels last.
private func sizes(_ context: KernelContext, _ index: Int, _ attributes: WindowAttributes) throws -> Shape {
  let shape = try context.shapeInput(index)
  guard shape.rank == 4 else {
    throw EngineError.invalid("input_sizes must have 4 elements, got \(shape.rank)")
  }
  return Shape(attributes.channelsLast(shape.dimensions))
}

/// The sizes of one convolution, checked: everything that is computed from them fits.
struct ConvolutionGeometry {
  let images: Int
  let sizes: ck_convolution
  let inputShape: Shape
  let filterShape: Shape
  let outputShape: Shape
  let isDepthwise: Bool

  /// - Parameter input: The image's shape with channels last.
  init(_ attributes: WindowAttributes, _ input: Shape, _ filter: Shape, isDepthwise: Bool) throws {
    guard input[3] == filter[2] else {
      throw EngineError.invalid("input and filter must have the same depth: \(input[3]) vs \(filter[2])")
    }
    let rows: WindowAxis
    let columns: WindowAxis
    do {
      rows = try attributes.axis(0, size: input[1], window: filter[0])
      columns = try attributes.axis(1, size: input[2], window: filter[1])
    } catch let error as ShapeError {
      throw EngineError.invalid(error.message)
    }
    let (product, overflow) = filter[2].multipliedReportingOverflow(by: filter[3])
    guard !overflow else { throw EngineError(.resourceExhausted, "a filter of shape \(filter) is too large") }
    let channels = isDepthwise ? product : filter[3]
    outputShape = [input[0], rows.outputs, columns.outputs, channels]
    (images, inputShape, filterShape, self.isDepthwise) = (input[0], input, filter, isDepthwise)
    for shape in [input, filter, outputShape] { try KernelContext.checkSize(.float64, shape) }
    // The image in its frame of zeros, and what gradients need: neither may be more than memory holds.
    let spans = zip(filter.dimensions, attributes.dilations).map { ($0 - 1) * $1 }
    for (height, width) in [
      (
        (rows.outputs - 1) * attributes.strides[0] + spans[0] + 1,
        (columns.outputs - 1) * attributes.strides[1] + spans[1] + 1
      ),
      (input[1] + spans[0] + 1, input[2] + spans[1] + 1),
    ] where outputShape.elementCount > 0 {
      try KernelContext.checkSize(.float32, [max(height, 0), max(width, 0), max(input[3], channels), 16])
    }
    sizes = ck_convolution(
      in_rows: input[1], in_columns: input[2], in_channels: input[3], filter_rows: filter[0],
      filter_columns: filter[1], out_channels: channels, out_rows: rows.outputs, out_columns: columns.outputs,
      row_stride: attributes.strides[0], column_stride: attributes.strides[1],
      row_dilation: attributes.dilations[0], column_dilation: attributes.dilations[1], pad_top: rows.padBefore,
      pad_left: columns.padBefore)
  }

  /// Requires that the gradient of the output has the output's shape.
  func check(_ gradient: Shape) throws {
    guard gradient == outputShape else {
      throw EngineError.invalid(
        "Conv2DSlowBackprop: Size of out_backprop doesn't match computed: actual = \(gradient), "
          + "computed = \(outputShape)")
    }
  }

  /// Whether there is nothing to add up: all results are zeros then.
  private var isEmpty: Bool {
    inputShape.elementCount == 0 || filterShape.elementCount == 0 || outputShape.elementCount == 0
  }

  func forward(_ context: KernelContext, _ input: Tensor, _ filter: Tensor) throws -> Tensor {
    try run(context, .forward, input, filter, outputShape)
  }

  func inputGradient(_ context: KernelContext, _ filter: Tensor, _ gradient: Tensor) throws -> Tensor {
    try run(context, .input, filter, gradient, inputShape)
  }

  func filterGradient(_ context: KernelContext, _ input: Tensor, _ gradient: Tensor) throws -> Tensor {
    try run(context, .filter, input, gradient, filterShape)
  }

  private enum Direction { case forward, input, filter }

  private func run(
    _ context: KernelContext, _ direction: Direction, _ first: Tensor, _ second: Tensor, _ shape: Shape
  ) throws -> Tensor {
    guard first.dtype == second.dtype else {
      throw EngineError.invalid("operands are \(first.dtype.name) and \(second.dtype.name)")
    }
    if isEmpty { return try context.zeros(first.dtype, shape) }
    let output = try context.allocate(first.dtype, shape)
    switch first.dtype {
    case .float32 where isDepthwise: runDepthwise(direction, first, second, output)
    case .float32: try runFloats(context, direction, first, second, output)
    case .float64: runDoubles(direction, first, second, output)
    case let other: throw EngineError.noKernel("Conv2D", other)
    }
    return output
  }

  /// The quick loops, which need working memory.
  private func runFloats(
    _ context: KernelContext, _ direction: Direction, _ first: Tensor, _ second: Tensor, _ output: Tensor
  ) throws {
    var sizes = sizes
    let count =
      switch direction {
      case .forward: ck_convolution_scratch(&sizes)
      case .input: ck_convolution_input_scratch(&sizes)
      case .filter: ck_convolution_filter_scratch(&sizes)
      }
    let parts = ck_convolution_parts(&sizes, images)
    var memory = try context.allocate(.float32, [parts, count])
    withExtendedLifetime((first, second, output, memory)) {
      let (a, b, c, scratch) = (first.floats, second.floats, output.floats, memory.floats)
      let kind =
        switch direction {
        case .forward: CK_CONVOLUTION
        case .input: CK_CONVOLUTION_INPUT
        case .filter: CK_CONVOLUTION_FILTER
        }
      ck_convolution_shared_f32(kind, &sizes, a, b, c, images, scratch)
    }
    context.recycle(&memory)
  }

  private func runDepthwise(_ direction: Direction, _ first: Tensor, _ second: Tensor, _ output: Tensor) {
    var sizes = sizes
    withExtendedLifetime((first, second, output)) {
      switch direction {
      case .forward: ck_depthwise_f32(&sizes, first.floats, second.floats, output.floats, images)
      case .input: ck_depthwise_input_f32(&sizes, first.floats, second.floats, output.floats, images)
      case .filter: ck_depthwise_filter_f32(&sizes, first.floats, second.floats, output.floats, images)
      }
    }
  }

  private func runDoubles(_ direction: Direction, _ first: Tensor, _ second: Tensor, _ output: Tensor) {
    var sizes = sizes
    let (a, b, c) = (first.doubles, second.doubles, output.doubles)
    withExtendedLifetime((first, second, output)) {
      switch (direction, isDepthwise) {
      case (.forward, false): ck_convolution_plain_f64(&sizes, a, b, c, images)
      case (.input, false): ck_convolution_input_plain_f64(&sizes, a, b, c, images)
      case (.filter, false): ck_convolution_filter_plain_f64(&sizes, a, b, c, images)
      case (.forward, true): ck_depthwise_f64(&sizes, a, b, c, images)
      case (.input, true): ck_depthwise_input_f64(&sizes, a, b, c, images)
      case (.filter, true): ck_depthwise_filter_f64(&sizes, a, b, c, images)
      }
    }
  }
}

/// The address of a tensor's elements, for a call of C while the tensor is kept alive.
extension Tensor {
  fileprivate var floats: UnsafeMutablePointer<Float> {
    precondition(dtype == .float32)
    return storage.pointer.assumingMemoryBound(to: Float.self)
  }

  fileprivate var doubles: UnsafeMutablePointer<Double> {
    precondition(dtype == .float64)
    return storage.pointer.assumingMemoryBound(to: Double.self)
  }
}
