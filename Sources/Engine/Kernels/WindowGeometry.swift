import Tensors

/// How a window slides over one dimension of an image, by TensorFlow's rules for `SAME`, `VALID` and `EXPLICIT`.
struct WindowAxis: Equatable, Sendable {
  enum Padding: Equatable, Sendable {
    case same, valid
    case explicit(before: Int, after: Int)
  }

  let outputs: Int
  let padBefore: Int

  /// Larger numbers than those of an int32 are no sizes; sums of a few of them fit an `Int`.
  static let largest = Int(Int32.max)

  /// - Throws: `ShapeError` with TensorFlow's text where the window does not fit.
  init(size: Int, window: Int, stride: Int, dilation: Int = 1, padding: Padding) throws {
    guard (0...Self.largest).contains(size), (0...Self.largest).contains(window) else {
      throw ShapeError("a window of \(window) over \(size) is too large")
    }
    guard (1...Self.largest).contains(stride) else { throw ShapeError("Stride must be > 0, but got \(stride)") }
    guard (1...Self.largest).contains(dilation) else {
      throw ShapeError("Dilation rate must be >= 1, but got \(dilation)")
    }
    guard window > 0 else {
      throw ShapeError("filter must not have zero elements (i.e. all dimensions must be non-zero)")
    }
    let (span, overflow) = (window - 1).multipliedReportingOverflow(by: dilation)
    guard !overflow, span < 1 << 40 else { throw ShapeError("a window of \(window) × \(dilation) is too large") }
    let effective = span + 1
    switch padding {
    case .same:
      outputs = (size + stride - 1) / stride
      padBefore = max(0, (outputs - 1) * stride + effective - size) / 2
    case .valid:
      guard size >= effective else {
        throw ShapeError("Negative dimension size caused by subtracting \(effective) from \(size)")
      }
      outputs = (size - effective) / stride + 1
      padBefore = 0
    case .explicit(let before, let after):
      guard (0...Self.largest).contains(before), (0...Self.largest).contains(after) else {
        throw ShapeError("All elements of explicit_paddings must be nonnegative")
      }
      guard size + before + after >= effective else {
        throw ShapeError("Negative dimension size caused by subtracting \(effective) from \(size + before + after)")
      }
      outputs = (size + before + after - effective) / stride + 1
      padBefore = before
    }
  }
}

/// What the attributes of a convolution or a pooling say about its windows.
struct WindowAttributes: Sendable {
  let channelsFirst: Bool
  /// Rows, columns.
  let strides: [Int]
  let dilations: [Int]
  let padding: [WindowAxis.Padding]
  /// The window of a pooling, rows and columns; empty for convolutions, whose filters are inputs.
  var window: [Int] = []

  init(_ node: Node, hasWindow: Bool = false) throws {
    let format = node.attribute("data_format") == nil ? "NHWC" : try node.string("data_format")
    guard format == "NHWC" || format == "NCHW" else {
      throw EngineError(.unimplemented, "data_format \(format) is not supported", node: node.name)
    }
    channelsFirst = format == "NCHW"
    let (rows, columns, channels) = channelsFirst ? (2, 3, 1) : (1, 2, 3)
    func pair(_ values: [Int], _ name: String) throws -> [Int] {
      guard values.count == 4 else {
        throw EngineError.invalid("Sliding window \(name) field must specify 4 dimensions")
      }
      guard values[0] == 1, values[channels] == 1 else {
        let text =
          name == "ksize"
          ? "Pooling is not yet supported on the batch or depth dimension."
          : "Current implementation does not yet support \(name) in the batch and depth dimensions."
        throw EngineError(.unimplemented, text)
      }
      return [values[rows], values[columns]]
    }
    let hasStrides = node.attribute("strides") != nil
    strides = hasStrides ? try pair(try node.ints("strides"), "strides") : [1, 1]
    dilations =
      node.attribute("dilations") == nil ? [1, 1] : try pair(try node.ints("dilations"), "dilations")
    if hasWindow { window = try pair(try node.ints("ksize"), "ksize") }
    switch try node.string("padding") {
    case "SAME": padding = [.same, .same]
    case "VALID": padding = [.valid, .valid]
    case "EXPLICIT":
      let pads = try node.ints("explicit_paddings")
      guard pads.count == 8 else {
        throw EngineError.invalid("explicit_paddings attribute must contain 8 values, but got: \(pads.count)")
      }
      guard pads[0] == 0, pads[1] == 0, pads[2 * channels] == 0, pads[2 * channels + 1] == 0 else {
        throw EngineError.invalid("Nonzero explicit padding in the batch or depth dimensions is not supported")
      }
      padding = [rows, columns].map { .explicit(before: pads[2 * $0], after: pads[2 * $0 + 1]) }
    case let other: throw EngineError.invalid("unknown padding \(other)")
    }
  }

  /// The same with window and strides that came as inputs (`MaxPoolV2`), in the order of the data format.
  init(_ node: Node, ksize: [Int], strides: [Int]) throws {
    let base = try WindowAttributes(node)
    let (rows, columns, channels) = base.channelsFirst ? (2, 3, 1) : (1, 2, 3)
    guard ksize.count == 4, strides.count == 4 else {
      throw EngineError.invalid("Sliding window ksize and strides must specify 4 dimensions")
    }
    guard ksize[0] == 1, ksize[channels] == 1, strides[0] == 1, strides[channels] == 1 else {
      throw EngineError(.unimplemented, "Pooling is not yet supported on the batch or depth dimension.")
    }
    channelsFirst = base.channelsFirst
    dilations = base.dilations
    padding = base.padding
    self.strides = [strides[rows], strides[columns]]
    window = [ksize[rows], ksize[columns]]
  }

  /// How the window slides over axis 0 (rows) or 1 (columns).
  func axis(_ index: Int, size: Int, window: Int) throws -> WindowAxis {
    try WindowAxis(
      size: size, window: window, stride: strides[index], dilation: dilations[index], padding: padding[index])
  }

  /// Dimensions in the order batch, rows, columns, channels.
  func channelsLast<T>(_ dimensions: [T]) -> [T] {
    channelsFirst ? [dimensions[0], dimensions[2], dimensions[3], dimensions[1]] : dimensions
  }

  /// And back in the order of the data format.
  func formatted<T>(_ dimensions: [T]) -> [T] {
    channelsFirst ? [dimensions[0], dimensions[3], dimensions[1], dimensions[2]] : dimensions
  }

  /// The value of an image with its channels last.
  func channelsLast(_ context: KernelContext, _ image: Tensor) throws -> Tensor {
    channelsFirst ? try permuted(context, image, [0, 2, 3, 1]) : image
  }

  /// An image with channels last in the order of the data format.
  func formatted(_ context: KernelContext, _ image: Tensor) throws -> Tensor {
    channelsFirst ? try permuted(context, image, [0, 3, 1, 2]) : image
  }
}

/// `input` with its dimensions in another order.
func permuted(_ context: KernelContext, _ input: Tensor, _ order: [Int]) throws -> Tensor {
  let strides = input.shape.strides
  let shape = Shape(order.map { input.shape[$0] })
  return try context.gathered(
    input.dtype, shape, parts: [(input, 0, order.map { strides[$0] }, 0, shape.strides, shape.dimensions)])
}
