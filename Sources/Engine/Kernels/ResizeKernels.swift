import Tensors

/// Kernels that change the size of images.
@Sendable func defineResizeKernels(_ ops: inout OpRegistry) {
  ops.kernel("ResizeNearestNeighbor") { node in
    let rule = try ScaleRule(node)
    return { context in
      let image = try rank4(context, 0, "input")
      let size = try outputSize(context)
      let (rows, columns) = (
        rule.nearest(from: image.shape[1], to: size[0]), rule.nearest(from: image.shape[2], to: size[1])
      )
      try checkImage(image.shape)
      let shape: Shape = [image.shape[0], size[0], size[1], image.shape[3]]
      let output = try context.allocate(image.dtype, shape)
      let bytes = image.shape[3] * (image.dtype.byteWidth ?? 1)
      withExtendedLifetime((image, output)) {
        var target = output.storage.pointer
        for number in 0..<(shape.elementCount == 0 ? 0 : shape[0]) {
          for y in rows {
            for x in columns {
              let pixel = (number * image.shape[1] + y) * image.shape[2] + x
              target.copyMemory(from: image.storage.pointer + pixel * bytes, byteCount: bytes)
              target += bytes
            }
          }
        }
      }
      context.setOutput(0, output)
    }
  }
  ops.kernel("ResizeNearestNeighborGrad") { node in
    let rule = try ScaleRule(node)
    return { context in
      let gradient = try rank4(context, 0, "grads")
      let size = try outputSize(context)
      let shape: Shape = [gradient.shape[0], size[0], size[1], gradient.shape[3]]
      let (rows, columns) = (
        rule.nearest(from: size[0], to: gradient.shape[1]), rule.nearest(from: size[1], to: gradient.shape[2])
      )
      let loop = try BinaryLoop.arithmetic("Add", gradient.dtype)
      let output = try context.zeros(gradient.dtype, shape)
      let bytes = shape[3] * loop.inputWidth
      withExtendedLifetime((gradient, output)) {
        var source = gradient.storage.pointer
        for number in 0..<(gradient.elementCount == 0 ? 0 : shape[0]) {
          for y in rows {
            for x in columns {
              let target = output.storage.pointer + ((number * size[0] + y) * size[1] + x) * bytes
              loop.run(.both, target, source, target, shape[3])
              source += bytes
            }
          }
        }
      }
      context.setOutput(0, output)
    }
  }
  for name in ["ResizeBilinear", "ResizeBicubic", "ResizeArea"] {
    ops.kernel(name) { node in
      let rule = try ScaleRule(node)
      return { context in
        let image = try rank4(context, 0, "input")
        let size = try outputSize(context)
        try checkImage(image.shape)
        let values = try doubles(image, name).map { Float($0) }
        let (rows, columns) = (
          rule.weights(name, from: image.shape[1], to: size[0]), rule.weights(name, from: image.shape[2], to: size[1])
        )
        let shape: Shape = [image.shape[0], size[0], size[1], image.shape[3]]
        var output = try context.zeros(.float32, shape)
        let (height, width, channels) = (image.shape[1], image.shape[2], image.shape[3])
        output.withMutableElements(of: Float.self) { results in
          var at = 0
          for number in 0..<(shape.elementCount == 0 ? 0 : shape[0]) {
            for row in rows {
              for column in columns {
                for channel in 0..<channels {
                  var sum: Float = 0
                  for (y, share) in row {
                    var line: Float = 0
                    for (x, part) in column {
                      line += part * values[((number * height + y) * width + x) * channels + channel]
                    }
                    sum += share * line
                  }
                  results[at] = sum
                  at += 1
                }
              }
            }
          }
        }
        context.setOutput(0, output)
      }
    }
  }
  for (name, forward) in [("ResizeBilinearGrad", "ResizeBilinear"), ("ResizeBicubicGrad", "ResizeBicubic")] {
    ops.kernel(name) { node in
      let rule = try ScaleRule(node)
      let dtype = try node.type("T")
      return { context in
        let gradient = try rank4(context, 0, "input_grad")
        let shape = try rank4(context, 1, "original_image").shape
        guard gradient.shape[0] == shape[0], gradient.shape[3] == shape[3] else {
          throw EngineError.invalid("grads \(gradient.shape) do not belong to an image of shape \(shape)")
        }
        try checkImage(shape)
        let rows = rule.weights(forward, from: shape[1], to: gradient.shape[1])
        let columns = rule.weights(forward, from: shape[2], to: gradient.shape[2])
        var sums = [Float](repeating: 0, count: shape.elementCount)
        let values = gradient.scalars(Float.self)
        var at = 0
        for number in 0..<(values.isEmpty ? 0 : shape[0]) {
          for row in rows {
            for column in columns {
              for channel in 0..<shape[3] {
                for (y, share) in row {
                  for (x, part) in column {
                    sums[((number * shape[1] + y) * shape[2] + x) * shape[3] + channel] += share * part * values[at]
                  }
                }
                at += 1
              }
            }
          }
        }
        let result = Tensor(sums, shape: shape)
        switch dtype {
        case .float64: context.setOutput(0, Tensor(sums.map(Double.init), shape: shape))
        case .float16, .bfloat16: context.setOutput(0, result.narrowed(to: dtype))
        default: context.setOutput(0, result)
        }
      }
    }
  }
  ops.kernel("CropAndResize") { node in
    let isNearest = try node.string("method") == "nearest"
    let outside = try node.float("extrapolation_value")
    return { try cropAndResize($0, isNearest: isNearest, outside: outside) }
  }
}

/// Input 1 as rows and columns.
private func outputSize(_ context: KernelContext) throws -> [Int] {
  let size = try context.integers(1)
  guard size.count == 2, size.allSatisfy({ (1...WindowAxis.largest).contains($0) }) else {
    throw EngineError.invalid("output dimensions must be positive: \(size)")
  }
  guard size.allSatisfy({ $0 <= 1 << 24 }) else {
    throw EngineError(.resourceExhausted, "an image of \(size[0]) × \(size[1]) pixels is too large")
  }
  return size
}

private func checkImage(_ shape: Shape) throws {
  guard shape[1] > 0, shape[2] > 0 else { throw EngineError.invalid("image must not be empty: \(shape)") }
}

/// Which input pixels an output pixel is made of.
private struct ScaleRule: Sendable {
  let alignsCorners: Bool
  let usesCentres: Bool

  init(_ node: Node) throws {
    alignsCorners = try node.bool("align_corners")
    usesCentres = try node.attribute("half_pixel_centers") != nil && node.bool("half_pixel_centers")
    guard !(alignsCorners && usesCentres) else {
      throw EngineError.invalid("If half_pixel_centers is True, align_corners must be False.")
    }
  }

  private func scale(_ size: Int, _ target: Int) -> Float {
    alignsCorners && target > 1 ? Float(size - 1) / Float(target - 1) : Float(size) / Float(target)
  }

  private func position(_ index: Int, _ scale: Float) -> Float {
    usesCentres ? (Float(index) + 0.5) * scale - 0.5 : Float(index) * scale
  }

  func nearest(from size: Int, to target: Int) -> [Int] {
    let scale = scale(size, target)
    return (0..<target).map { index in
      let place = usesCentres ? (Float(index) + 0.5) * scale : Float(index) * scale
      return max(0, min(Int(alignsCorners ? place.rounded() : place.rounded(.down)), size - 1))
    }
  }

  /// For each output index, input indices and their shares.
  func weights(_ op: String, from size: Int, to target: Int) -> [[(Int, Float)]] {
    let scale = scale(size, target)
    return (0..<target).map { index in
      switch op {
      case "ResizeArea":
        // The mean of everything under the pixel.
        let (start, end) = (Float(index) * scale, Float(index + 1) * scale)
        return (Int(start.rounded(.down))..<max(Int(end.rounded(.up)), Int(start.rounded(.down)) + 1)).map { pixel in
          let share = min(Float(pixel) + 1, end) - max(Float(pixel), start)
          return (min(pixel, size - 1), share / scale)
        }
      case "ResizeBicubic":
        let place = position(index, scale)
        let base = place.rounded(.down)
        return Self.cubic(place - base, sharpness: usesCentres ? -0.5 : -0.75).enumerated().map { offset, share in
          (max(0, min(Int(base) - 1 + offset, size - 1)), share)
        }
      default:
        let place = position(index, scale)
        let low = max(0, Int(place.rounded(.down)))
        let high = min(Int(place.rounded(.down)) + 1, size - 1)
        let share = place - place.rounded(.down)
        return [(min(low, size - 1), 1 - share), (max(high, 0), share)]
      }
    }
  }

  /// Keys's cubic convolution (1981): the shares of four neighbours. Positions are rounded to 1/1024 as TensorFlow's
  /// table of coefficients has them.
  private static func cubic(_ fraction: Float, sharpness a: Float) -> [Float] {
    let x = (fraction * 1024).rounded() / 1024
    func near(_ x: Float) -> Float { ((a + 2) * x - (a + 3)) * x * x + 1 }
    func far(_ x: Float) -> Float { ((a * x - 5 * a) * x + 8 * a) * x - 4 * a }
    return [far(x + 1), near(x), near(1 - x), far(2 - x)]
  }
}

private func cropAndResize(_ context: KernelContext, isNearest: Bool, outside: Float) throws {
  let image = try rank4(context, 0, "input image")
  let (boxes, owners, size) = (try context.input(1), try context.integers(2), try context.integers(3))
  try checkImage(image.shape)
  guard boxes.rank == 2, boxes.shape[1] == 4, owners.count == boxes.shape[0], size.count == 2,
    size.allSatisfy({ (1...(1 << 24)).contains($0) })
  else {
    throw EngineError.invalid("boxes must be [num_boxes, 4], one box_ind each, and crop_size two positive numbers")
  }
  if let bad = owners.first(where: { !(0..<image.shape[0]).contains($0) }) {
    throw EngineError.invalid("box_index has values outside [0, batch_size): \(bad)")
  }
  let shape: Shape = [boxes.shape[0], size[0], size[1], image.shape[3]]
  var output = try context.zeros(.float32, shape)
  let values = try doubles(image, "CropAndResize").map { Float($0) }
  let corners = boxes.scalars(Float.self)
  let (height, width, channels) = (image.shape[1], image.shape[2], image.shape[3])
  func place(_ low: Float, _ high: Float, _ index: Int, _ count: Int, _ extent: Int) -> Float {
    let last = Float(extent - 1)
    return count > 1
      ? low * last + Float(index) * (high - low) * last / Float(count - 1) : 0.5 * (low + high) * last
  }
  output.withMutableElements(of: Float.self) { results in
    var at = 0
    for (box, owner) in owners.enumerated() {
      for row in 0..<size[0] {
        let y = place(corners[box * 4], corners[box * 4 + 2], row, size[0], height)
        for column in 0..<size[1] {
          let x = place(corners[box * 4 + 1], corners[box * 4 + 3], column, size[1], width)
          let isInside = y >= 0 && y <= Float(height - 1) && x >= 0 && x <= Float(width - 1)
          for channel in 0..<channels {
            func pixel(_ row: Float, _ column: Float) -> Float {
              values[((owner * height + Int(row)) * width + Int(column)) * channels + channel]
            }
            if !isInside {
              results[at] = outside
            } else if isNearest {
              results[at] = pixel(y.rounded(), x.rounded())
            } else {
              let (top, left) = (y.rounded(.down), x.rounded(.down))
              let (bottom, right) = (y.rounded(.up), x.rounded(.up))
              let upper = pixel(top, left) + (pixel(top, right) - pixel(top, left)) * (x - left)
              let lower = pixel(bottom, left) + (pixel(bottom, right) - pixel(bottom, left)) * (x - left)
              results[at] = upper + (lower - upper) * (y - top)
            }
            at += 1
          }
        }
      }
    }
  }
  context.setOutput(0, output)
}
