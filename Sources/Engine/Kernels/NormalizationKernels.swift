import CKernels
import Tensors

#if canImport(Glibc)
  import Glibc
#else
  import Foundation
#endif

/// Kernels of batch normalisation (all versions of the fused operation) and of local response normalisation.
@Sendable func defineNormalizationKernels(_ ops: inout OpRegistry) {
  for version in ["", "V2", "V3"] {
    ops.kernel("FusedBatchNorm" + version) { node in
      let attributes = try BatchNormAttributes(node)
      return { try batchNorm($0, attributes, hasThirdReserve: version == "V3") }
    }
    ops.kernel("FusedBatchNormGrad" + version) { node in
      let attributes = try BatchNormAttributes(node)
      return { try batchNormGradient($0, attributes) }
    }
  }
  ops.kernel("LRN") { node in
    let rule = try LocalResponse(node)
    return { context in
      let input = try rank4(context, 0, "in")
      guard input.dtype == .float32 else { throw EngineError.noKernel("LRN", input.dtype) }
      let values = input.scalars(Float.self)
      let channels = input.shape[3]
      var results = values
      for start in stride(from: 0, to: values.count, by: max(channels, 1)) {
        let norms = rule.norms(values[start..<(start + channels)])
        for channel in 0..<channels { results[start + channel] *= powf(norms[channel], -rule.beta) }
      }
      context.setOutput(0, Tensor(results, shape: input.shape))
    }
  }
  ops.kernel("LRNGrad") { node in
    let rule = try LocalResponse(node)
    return { context in
      let (gradient, input, output) = (
        try rank4(context, 0, "input_grads"), try rank4(context, 1, "input_image"),
        try rank4(context, 2, "output_image")
      )
      guard gradient.shape == input.shape, output.shape == input.shape else {
        throw EngineError.invalid(
          "input_grads, input_image, and out_image should have the same shape: \(gradient.shape), \(input.shape), "
            + "\(output.shape)")
      }
      guard input.dtype == .float32 else { throw EngineError.noKernel("LRNGrad", input.dtype) }
      context.setOutput(
        0,
        Tensor(
          rule.gradient(
            gradient.scalars(Float.self), input.scalars(Float.self), output.scalars(Float.self),
            channels: input.shape[3]), shape: input.shape))
    }
  }
}

private struct BatchNormAttributes {
  let epsilon: Float
  let channelsFirst: Bool
  let isTraining: Bool

  init(_ node: Node) throws {
    epsilon = try node.float("epsilon")
    channelsFirst = try node.string("data_format") == "NCHW"
    isTraining = try node.bool("is_training")
  }

  /// Input `index` with its channels last.
  func image(_ context: KernelContext, _ index: Int, _ name: String) throws -> Tensor {
    let image = try rank4(context, index, name)
    guard image.dtype == .float32 else { throw EngineError.noKernel("FusedBatchNorm", image.dtype) }
    return channelsFirst ? try permuted(context, image, [0, 2, 3, 1]) : image
  }

  func formatted(_ context: KernelContext, _ image: Tensor) throws -> Tensor {
    channelsFirst ? try permuted(context, image, [0, 3, 1, 2]) : image
  }

  /// Input `index`, which must have an element for each channel.
  func vector(_ context: KernelContext, _ index: Int, _ name: String, channels: Int) throws -> [Float] {
    let value = try context.input(index)
    guard value.rank == 1, value.dtype == .float32 else {
      throw EngineError.invalid("\(name) must be 1-dimensional\(value.shape)")
    }
    guard value.elementCount == channels else {
      throw EngineError.invalid("\(name) has \(value.elementCount) elements, but there are \(channels) channels")
    }
    return value.scalars(Float.self)
  }
}

private func batchNorm(_ context: KernelContext, _ attributes: BatchNormAttributes, hasThirdReserve: Bool) throws {
  let x = try attributes.image(context, 0, "input")
  let channels = x.shape[3]
  let rows = channels == 0 ? 0 : x.elementCount / channels
  let scale = try attributes.vector(context, 1, "scale", channels: channels)
  let offset = try attributes.vector(context, 2, "offset", channels: channels)
  var mean = [Float](repeating: 0, count: channels)
  var variance = mean
  if attributes.isTraining {
    guard try context.shape(3).elementCount == 0, try context.shape(4).elementCount == 0 else {
      throw EngineError.invalid("estimated_mean and estimated_variance must be empty for training")
    }
    // An empty batch has no mean.
    mean = [Float](repeating: rows == 0 ? .nan : 0, count: channels)
    variance = mean
    if rows > 0, channels > 0 {
      x.withElements(of: Float.self) { ck_column_moments_f32($0.baseAddress, &mean, &variance, rows, channels) }
    }
  } else {
    mean = try attributes.vector(context, 3, "estimated_mean", channels: channels)
    variance = try attributes.vector(context, 4, "estimated_variance", channels: channels)
  }
  let factor = zip(scale, variance).map { $0 / ($1 + attributes.epsilon).squareRoot() }
  let shift = (0..<channels).map { offset[$0] - mean[$0] * factor[$0] }
  var y = try context.allocate(.float32, x.shape)
  if y.elementCount > 0 {
    x.withElements(of: Float.self) { values in
      y.withMutableElements(of: Float.self) { results in
        ck_scale_columns_f32(values.baseAddress, factor, shift, results.baseAddress, rows, channels)
      }
    }
  }
  context.setOutput(0, try attributes.formatted(context, y))
  // The batch's variance for the moving average is the unbiased one; the plain one is kept for the gradient.
  let unbiased = attributes.isTraining ? variance.map { $0 * Float(rows) / Float(max(rows - 1, 1)) } : variance
  context.setOutput(1, Tensor(mean, shape: [channels]))
  context.setOutput(2, Tensor(unbiased, shape: [channels]))
  context.setOutput(3, Tensor(mean, shape: [channels]))
  context.setOutput(4, Tensor(variance, shape: [channels]))
  if hasThirdReserve { context.setOutput(5, Tensor(Float(0))) }
}

private func batchNormGradient(_ context: KernelContext, _ attributes: BatchNormAttributes) throws {
  let gradient = try attributes.image(context, 0, "y_backprop")
  let x = try attributes.image(context, 1, "input")
  guard gradient.shape == x.shape else {
    throw EngineError.invalid(
      "x and y_backprop must have same shape, but x has shape \(x.shape) and y_backprop "
        + "\(gradient.shape)")
  }
  let channels = x.shape[3]
  let rows = channels == 0 ? 0 : x.elementCount / channels
  let scale = try attributes.vector(context, 2, "scale", channels: channels)
  let mean = try attributes.vector(context, 3, "saved mean", channels: channels)
  let variance = try attributes.vector(context, 4, "saved variance", channels: channels)
  var sums = [Float](repeating: 0, count: channels)
  var products = sums
  var output = try context.zeros(.float32, x.shape)
  let inverse = variance.map { 1 / ($0 + attributes.epsilon).squareRoot() }
  if x.elementCount > 0 {
    let factor = zip(scale, inverse).map(*)
    gradient.withElements(of: Float.self) { g in
      x.withElements(of: Float.self) { values in
        ck_column_products_f32(g.baseAddress, values.baseAddress, mean, &sums, &products, rows, channels)
        // In training, mean and variance depend on every element, which takes two more terms.
        let count = Float(rows)
        let isTraining = attributes.isTraining
        let slope = (0..<channels).map {
          isTraining ? factor[$0] * inverse[$0] * inverse[$0] * products[$0] / count : 0
        }
        let shift = (0..<channels).map { isTraining ? factor[$0] * sums[$0] / count : 0 }
        output.withMutableElements(of: Float.self) { results in
          ck_normalization_gradient_f32(
            g.baseAddress, values.baseAddress, mean, factor, slope, shift, results.baseAddress, rows, channels)
        }
      }
    }
  }
  context.setOutput(0, try attributes.formatted(context, output))
  context.setOutput(1, Tensor(zip(products, inverse).map(*), shape: [channels]))
  context.setOutput(2, Tensor(sums, shape: [channels]))
  context.setOutput(3, Tensor([Float](), shape: [0]))
  context.setOutput(4, Tensor([Float](), shape: [0]))
}

/// Krizhevsky, Sutskever and Hinton's normalisation over neighbouring channels (2012).
private struct LocalResponse {
  let radius: Int
  let bias: Float
  let alpha: Float
  let beta: Float

  init(_ node: Node) throws {
    radius = try node.int("depth_radius")
    guard (0...WindowAxis.largest).contains(radius) else {
      throw EngineError.invalid("depth_radius = \(radius) larger than int max")
    }
    bias = try node.float("bias")
    alpha = try node.float("alpha")
    beta = try node.float("beta")
  }

  private func window(_ channel: Int, _ channels: Int) -> Range<Int> {
    max(0, channel - radius)..<min(channels, channel + radius + 1)
  }

  /// What each channel of a pixel is divided by, before the power.
  func norms(_ pixel: ArraySlice<Float>) -> [Float] {
    let values = Array(pixel)
    return values.indices.map { channel in
      bias + alpha * window(channel, values.count).reduce(0) { $0 + values[$1] * values[$1] }
    }
  }

  func gradient(_ gradient: [Float], _ input: [Float], _ output: [Float], channels: Int) -> [Float] {
    var results = [Float](repeating: 0, count: input.count)
    for start in stride(from: 0, to: input.count, by: max(channels, 1)) {
      let norms = norms(input[start..<(start + channels)])
      for channel in 0..<channels {
        var sum: Float = 0
        for other in window(channel, channels) {
          var slope = -2 * alpha * beta * input[start + channel] * output[start + other] / norms[other]
          if other == channel { slope += powf(norms[other], -beta) }
          sum += slope * gradient[start + other]
        }
        results[start + channel] = sum
      }
    }
    return results
  }
}
