import CKernels
import Tensors

/// Kernels of pooling and its gradients. Images in the order NCHW are turned to NHWC and back.
@Sendable func definePoolingKernels(_ ops: inout OpRegistry) {
  for name in ["MaxPool", "AvgPool"] {
    ops.kernel(name) { node in
      let attributes = try WindowAttributes(node, hasWindow: true)
      return { context in try pool(context, attributes, name) }
    }
  }
  ops.kernel("MaxPoolV2") { node in
    { context in
      try pool(context, try WindowAttributes(node, ksize: context.integers(1), strides: context.integers(2)), "MaxPool")
    }
  }
  ops.kernel("MaxPoolGrad") { node in
    let attributes = try WindowAttributes(node, hasWindow: true)
    return { context in try maxPoolGradient(context, attributes) }
  }
  ops.kernel("MaxPoolGradV2") { node in
    { context in
      let attributes = try WindowAttributes(node, ksize: context.integers(3), strides: context.integers(4))
      try maxPoolGradient(context, attributes)
    }
  }
  ops.kernel("MaxPoolGradGrad") { node in
    let attributes = try WindowAttributes(node, hasWindow: true)
    return { context in
      let input = try attributes.channelsLast(context, try rank4(context, 0, "tensor_in"))
      let gradient = try attributes.channelsLast(context, try rank4(context, 2, "tensor_out"))
      let geometry = try PoolingGeometry(attributes, input.shape)
      guard gradient.shape == input.shape else {
        throw EngineError.invalid("grad has shape \(gradient.shape), not that of the input \(input.shape)")
      }
      let places = try geometry.largestPlaces(input)
      let output = try gradient.elements(at: geometry.flat(places), shape: geometry.outputShape, context)
      context.setOutput(0, try attributes.formatted(context, output))
    }
  }
  ops.kernel("MaxPoolWithArgmax") { node in
    let attributes = try WindowAttributes(node, hasWindow: true)
    let type = try node.type("Targmax")
    let countsBatch = try node.bool("include_batch_in_index")
    return { context in
      let input = try rank4(context, 0, "tensor_in")
      let geometry = try PoolingGeometry(attributes, input.shape)
      let places = try geometry.flat(geometry.largestPlaces(input))
      let imageSize = max(input.shape[1] * input.shape[2] * input.shape[3], 1)
      context.setOutput(0, try input.elements(at: places, shape: geometry.outputShape, context))
      context.setOutput(
        1, integerTensor(countsBatch ? places : places.map { $0 % imageSize }, type, shape: geometry.outputShape))
    }
  }
  ops.kernel("AvgPoolGrad") { node in
    let attributes = try WindowAttributes(node, hasWindow: true)
    return { context in
      let shape = try context.shapeInput(0)
      guard shape.rank == 4 else {
        throw EngineError.invalid("out_backprop must be 4-dimensional, and orig_input_shape have 4 elements")
      }
      let gradient = try attributes.channelsLast(context, try rank4(context, 1, "out_backprop"))
      let geometry = try PoolingGeometry(attributes, Shape(attributes.channelsLast(shape.dimensions)))
      try geometry.check(gradient.shape)
      let output = try context.allocate(gradient.dtype, geometry.inputShape)
      var sizes = geometry.sizes
      guard output.elementCount > 0 else { return context.setOutput(0, output.reshaped(to: shape)) }
      try withExtendedLifetime((gradient, output)) {
        let (g, x) = (gradient.storage.pointer, output.storage.pointer)
        switch gradient.dtype {
        case .float32:
          ck_average_pool_gradient_f32(
            &sizes, g.assumingMemoryBound(to: Float.self), x.assumingMemoryBound(to: Float.self), geometry.images)
        case .float64:
          ck_average_pool_gradient_f64(
            &sizes, g.assumingMemoryBound(to: Double.self), x.assumingMemoryBound(to: Double.self), geometry.images)
        case let other: throw EngineError.noKernel("AvgPoolGrad", other)
        }
      }
      context.setOutput(0, try attributes.formatted(context, output))
    }
  }
}

/// The sizes of one pooling, checked: everything that is computed from them fits.
private struct PoolingGeometry {
  let images: Int
  let sizes: ck_pooling
  let inputShape: Shape
  let outputShape: Shape

  /// - Parameter input: The image's shape with channels last.
  init(_ attributes: WindowAttributes, _ input: Shape) throws {
    let rows: WindowAxis
    let columns: WindowAxis
    do {
      rows = try attributes.axis(0, size: input[1], window: attributes.window[0])
      columns = try attributes.axis(1, size: input[2], window: attributes.window[1])
    } catch let error as ShapeError {
      throw EngineError.invalid(error.message)
    }
    outputShape = [input[0], rows.outputs, columns.outputs, input[3]]
    (images, inputShape) = (input[0], input)
    for shape in [input, outputShape] { try KernelContext.checkSize(.float64, shape) }
    guard Shape([input[1], input[2]]).elementCount <= WindowAxis.largest || outputShape.elementCount == 0 else {
      throw EngineError(.resourceExhausted, "an image of \(input[1]) × \(input[2]) pixels is too large to pool")
    }
    sizes = ck_pooling(
      in_rows: input[1], in_columns: input[2], channels: input[3], window_rows: attributes.window[0],
      window_columns: attributes.window[1], out_rows: rows.outputs, out_columns: columns.outputs,
      row_stride: attributes.strides[0], column_stride: attributes.strides[1], pad_top: rows.padBefore,
      pad_left: columns.padBefore)
  }

  /// Requires that the gradient of the output has the output's shape.
  func check(_ gradient: Shape) throws {
    guard gradient == outputShape else {
      throw EngineError.invalid("Expected grad shape to be \(outputShape), but got \(gradient)")
    }
  }

  /// For each output the pixel of its image that its element came from.
  func largestPlaces(_ input: Tensor) throws -> [Int32] {
    var places = [Int32](repeating: 0, count: outputShape.elementCount)
    guard !places.isEmpty, input.elementCount > 0 else { return [] }
    var sizes = sizes
    func find<T: TensorScalar>(
      _: T.Type,
      _ loop: (UnsafePointer<ck_pooling>?, UnsafePointer<T>?, UnsafeMutablePointer<Int32>?, Int) -> Void
    ) {
      input.withElements(of: T.self) { loop(&sizes, $0.baseAddress, &places, images) }
    }
    switch input.dtype {
    case .float32: find(Float.self, ck_max_pool_index_f32)
    case .float64: find(Double.self, ck_max_pool_index_f64)
    case .int8: find(Int8.self, ck_max_pool_index_i8)
    case .int16: find(Int16.self, ck_max_pool_index_i16)
    case .int32: find(Int32.self, ck_max_pool_index_i32)
    case .int64: find(Int64.self, ck_max_pool_index_i64)
    case .uint8: find(UInt8.self, ck_max_pool_index_u8)
    case .uint16: find(UInt16.self, ck_max_pool_index_u16)
    case let other: throw EngineError.noKernel("MaxPool", other)
    }
    return places
  }

  /// Pixels as indices of elements in the whole input.
  func flat(_ places: [Int32]) throws -> [Int] {
    let channels = inputShape[3]
    let perImage = outputShape[1] * outputShape[2] * channels
    let pixels = inputShape[1] * inputShape[2]
    return try places.enumerated().map { index, place in
      guard place >= 0 else { throw EngineError.invalid("a window lies outside of the image altogether") }
      return (index / perImage * pixels + Int(place)) * channels + index % channels
    }
  }
}

extension Tensor {
  /// The elements at the given positions, as a tensor of `shape`.
  fileprivate func elements(at positions: [Int], shape: Shape, _ context: KernelContext) throws -> Tensor {
    let output = try context.zeros(dtype, shape)
    let width = dtype.byteWidth ?? 1
    withExtendedLifetime((self, output)) {
      for (index, position) in positions.enumerated() {
        (output.storage.pointer + index * width).copyMemory(
          from: storage.pointer + position * width, byteCount: width)
      }
    }
    return output
  }
}

private func pool(_ context: KernelContext, _ attributes: WindowAttributes, _ op: String) throws {
  let input = try attributes.channelsLast(context, try rank4(context, 0, "tensor_in"))
  let geometry = try PoolingGeometry(attributes, input.shape)
  let output = try context.allocate(input.dtype, geometry.outputShape)
  guard output.elementCount > 0 else {
    return context.setOutput(0, output.reshaped(to: Shape(attributes.formatted(geometry.outputShape.dimensions))))
  }
  var sizes = geometry.sizes
  let images = geometry.images
  func run<T: TensorScalar>(
    _: T.Type, _ loop: (UnsafePointer<ck_pooling>?, UnsafePointer<T>?, UnsafeMutablePointer<T>?, Int) -> Void
  ) {
    withExtendedLifetime((input, output)) {
      loop(
        &sizes, input.storage.pointer.assumingMemoryBound(to: T.self),
        output.storage.pointer.assumingMemoryBound(to: T.self), images)
    }
  }
  switch (op, input.dtype) {
  case ("AvgPool", .float32): run(Float.self, ck_average_pool_f32)
  case ("AvgPool", .float64): run(Double.self, ck_average_pool_f64)
  case ("MaxPool", .float32): run(Float.self, ck_max_pool_f32)
  case ("MaxPool", .float64): run(Double.self, ck_max_pool_f64)
  case ("MaxPool", .int8): run(Int8.self, ck_max_pool_i8)
  case ("MaxPool", .int16): run(Int16.self, ck_max_pool_i16)
  case ("MaxPool", .int32): run(Int32.self, ck_max_pool_i32)
  case ("MaxPool", .int64): run(Int64.self, ck_max_pool_i64)
  case ("MaxPool", .uint8): run(UInt8.self, ck_max_pool_u8)
  case ("MaxPool", .uint16): run(UInt16.self, ck_max_pool_u16)
  default: throw EngineError.noKernel(op, input.dtype)
  }
  context.setOutput(0, try attributes.formatted(context, output))
}

private func maxPoolGradient(_ context: KernelContext, _ attributes: WindowAttributes) throws {
  let input = try attributes.channelsLast(context, try rank4(context, 0, "tensor_in"))
  let gradient = try attributes.channelsLast(context, try rank4(context, 2, "out_backprop"))
  let geometry = try PoolingGeometry(attributes, input.shape)
  try geometry.check(gradient.shape)
  guard gradient.dtype == input.dtype else {
    throw EngineError.invalid("grad is \(gradient.dtype.name), but the input \(input.dtype.name)")
  }
  let output = try context.zeros(input.dtype, input.shape)
  if gradient.elementCount > 0, input.elementCount > 0 {
    var sizes = geometry.sizes
    // A row of places and a row of values.
    let channels = input.shape[3]
    var scratch = try context.allocate(.int64, [2 * channels + 2])
    func run<T: TensorScalar>(
      _: T.Type,
      _ loop: (
        UnsafePointer<ck_pooling>?, UnsafePointer<T>?, UnsafePointer<T>?, UnsafeMutablePointer<T>?,
        UnsafeMutablePointer<Int32>?, Int
      ) -> Void
    ) {
      withExtendedLifetime((input, gradient, output, scratch)) {
        loop(
          &sizes, input.storage.pointer.assumingMemoryBound(to: T.self),
          gradient.storage.pointer.assumingMemoryBound(to: T.self),
          output.storage.pointer.assumingMemoryBound(to: T.self),
          scratch.storage.pointer.assumingMemoryBound(to: Int32.self), geometry.images)
      }
    }
    switch input.dtype {
    case .float32: run(Float.self, ck_max_pool_gradient_f32)
    case .float64: run(Double.self, ck_max_pool_gradient_f64)
    case .int8: run(Int8.self, ck_max_pool_gradient_i8)
    case .int16: run(Int16.self, ck_max_pool_gradient_i16)
    case .int32: run(Int32.self, ck_max_pool_gradient_i32)
    case .int64: run(Int64.self, ck_max_pool_gradient_i64)
    case .uint8: run(UInt8.self, ck_max_pool_gradient_u8)
    case .uint16: run(UInt16.self, ck_max_pool_gradient_u16)
    case let other: throw EngineError.noKernel("MaxPoolGrad", other)
    }
    context.recycle(&scratch)
  }
  context.setOutput(0, try attributes.formatted(context, output))
}
