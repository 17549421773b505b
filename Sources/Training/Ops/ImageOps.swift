import Engine
import Tensors

/// How windows treat the edges of an image.
public enum Padding: String, Sendable, CaseIterable {
  /// The result is as large as the image, over the stride; zeros are added around.
  case same = "SAME"
  /// Only windows that lie inside of the image.
  case valid = "VALID"
}

/// A size along the rows and columns of an image: a number for both, or `[rows, columns]`.
public struct WindowSize: Sendable, Equatable, ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral {
  public var rows: Int
  public var columns: Int

  public init(_ rows: Int, _ columns: Int) {
    self.rows = rows
    self.columns = columns
  }

  public init(integerLiteral value: Int) { self.init(value, value) }

  /// - Precondition: one or two numbers.
  public init(arrayLiteral elements: Int...) {
    precondition(elements.count == 1 || elements.count == 2, "a window has one or two sizes")
    self.init(elements[0], elements[elements.count - 1])
  }

  /// For the attributes of ops: batch and channels are 1.
  var attribute: AttributeValue { .ints([1, Int64(rows), Int64(columns), 1]) }
}

// Images are `[batch, rows, columns, channels]` (NHWC).

extension Graph {
  /// Convolves images with a filter (`tf.nn.conv2d`).
  /// - Parameters:
  ///   - x: `[batch, rows, columns, inputs]`, floating point.
  ///   - filter: `[rows, columns, inputs, outputs]`.
  ///   - dilation: distance of the filter's taps.
  public func conv2d(
    _ x: any GraphValue, filter: any GraphValue, strides: WindowSize = 1, padding: Padding = .same,
    dilation: WindowSize = 1, name: String? = nil
  ) throws -> Output {
    try nameScope(name, default: "Conv2D") { scope in
      let x = try self.operand(x, name: "input")
      let filter = try self.operand(filter, dtype: filter.typed == nil ? x.dtype : nil, name: "filter")
      return try self.add(
        "Conv2D", [x, filter], name: scope,
        attributes: [
          "strides": strides.attribute, "padding": .string(padding.rawValue), "dilations": dilation.attribute,
        ])
    }
  }

  /// Convolves each channel with filters of its own (`tf.nn.depthwise_conv2d`).
  /// - Parameter filter: `[rows, columns, channels, multiplier]`.
  public func depthwiseConv2d(
    _ x: any GraphValue, filter: any GraphValue, strides: WindowSize = 1, padding: Padding = .same,
    name: String? = nil
  ) throws -> Output {
    try nameScope(name, default: "depthwise") { scope in
      let filter = try self.operand(filter, name: "filter_in")
      let x = try self.operand(x, name: "tensor_in")
      return try self.add(
        "DepthwiseConv2dNative", [x, filter], name: scope,
        attributes: ["strides": strides.attribute, "padding": .string(padding.rawValue)])
    }
  }

  /// The largest value of each window (`tf.nn.max_pool`).
  public func maxPool(
    _ x: any GraphValue, window: WindowSize, strides: WindowSize, padding: Padding = .valid, name: String? = nil
  ) throws -> Output {
    try pool("MaxPool", x, window, strides, padding, name)
  }

  /// The mean of each window (`tf.nn.avg_pool`); what lies outside of the image does not count.
  public func avgPool(
    _ x: any GraphValue, window: WindowSize, strides: WindowSize, padding: Padding = .valid, name: String? = nil
  ) throws -> Output {
    try pool("AvgPool", x, window, strides, padding, name)
  }

  private func pool(
    _ op: String, _ x: any GraphValue, _ window: WindowSize, _ strides: WindowSize, _ padding: Padding, _ name: String?
  ) throws -> Output {
    try nameScope(name, default: op) { scope in
      try self.add(
        op, [self.operand(x, name: "value")], name: scope,
        attributes: [
          "ksize": window.attribute, "strides": strides.attribute, "padding": .string(padding.rawValue),
        ])
    }
  }

  /// Sets a random part of the elements to 0 and scales up the others, so that the sum stays about the same
  /// (`tf.nn.dropout`).
  /// - Parameters:
  ///   - rate: the part that goes, at least 0 and less than 1.
  ///   - seed: gives TensorFlow's numbers, with the graph's.
  /// - Throws: `BuildError` for a rate out of range, or a tensor that is not floating point.
  public func dropout(_ x: any GraphValue, rate: Double, seed: Int64? = nil, name: String? = nil) throws -> Output {
    guard (0..<1).contains(rate) else {
      throw BuildError.value("rate must be a scalar tensor or a float in the range [0, 1), got \(rate)")
    }
    return try nameScope(name, default: "dropout") { _ in
      let x = try self.operand(x, name: "x")
      guard x.dtype.isFloatingPoint else {
        throw BuildError.value(
          "x has to be a floating point tensor since it's going to be scaled. Got a \(x.dtype.name) tensor instead.")
      }
      if rate == 0 { return x }
      let rate = try self.operand(rate, dtype: x.dtype, name: "rate")
      let random = try self.randomUniform(shape: self.shape(of: x), dtype: x.dtype, seed: seed)
      let kept = try self.binary("Sub", 1.0, rate, name: "sub")
      let scale = try self.trueDivide(1.0, kept)
      let isKept = try self.add("GreaterEqual", [random, rate], name: "GreaterEqual")
      let result = try (x * scale) * self.cast(isKept, to: x.dtype)
      try result.setShape(x.shape)
      return result
    }
  }
}
