import Engine
import Tensors

// Reductions take `axes`: nil for all, otherwise numbers that count from the end where they are negative.

extension Graph {
  /// Mean over `axes` (`tf.reduce_mean`); of integers, cut to an integer.
  public func reduceMean(
    _ x: any GraphValue, axes: [Int]? = nil, keepDimensions: Bool = false, name: String? = nil
  ) throws -> Output {
    try reduce("Mean", x, axes: axes.map { $0 as any GraphValue }, keepDimensions: keepDimensions, name: name)
  }

  /// Sum over `axes` (`tf.reduce_sum`).
  public func reduceSum(
    _ x: any GraphValue, axes: [Int]? = nil, keepDimensions: Bool = false, name: String? = nil
  ) throws -> Output {
    try reduce("Sum", x, axes: axes.map { $0 as any GraphValue }, keepDimensions: keepDimensions, name: name)
  }

  /// Largest element over `axes` (`tf.reduce_max`).
  public func reduceMax(
    _ x: any GraphValue, axes: [Int]? = nil, keepDimensions: Bool = false, name: String? = nil
  ) throws -> Output {
    try reduce("Max", x, axes: axes.map { $0 as any GraphValue }, keepDimensions: keepDimensions, name: name)
  }

  /// Smallest element over `axes` (`tf.reduce_min`).
  public func reduceMin(
    _ x: any GraphValue, axes: [Int]? = nil, keepDimensions: Bool = false, name: String? = nil
  ) throws -> Output {
    try reduce("Min", x, axes: axes.map { $0 as any GraphValue }, keepDimensions: keepDimensions, name: name)
  }

  /// Product over `axes` (`tf.reduce_prod`).
  public func reduceProd(
    _ x: any GraphValue, axes: [Int]? = nil, keepDimensions: Bool = false, name: String? = nil
  ) throws -> Output {
    try reduce("Prod", x, axes: axes.map { $0 as any GraphValue }, keepDimensions: keepDimensions, name: name)
  }

  /// Whether all hold, over `axes`; bool (`tf.reduce_all`).
  public func reduceAll(
    _ x: any GraphValue, axes: [Int]? = nil, keepDimensions: Bool = false, name: String? = nil
  ) throws -> Output {
    try reduce("All", x, axes: axes.map { $0 as any GraphValue }, keepDimensions: keepDimensions, name: name)
  }

  /// Whether any holds, over `axes`; bool (`tf.reduce_any`).
  public func reduceAny(
    _ x: any GraphValue, axes: [Int]? = nil, keepDimensions: Bool = false, name: String? = nil
  ) throws -> Output {
    try reduce("Any", x, axes: axes.map { $0 as any GraphValue }, keepDimensions: keepDimensions, name: name)
  }

  /// Sum over one axis.
  public func reduceSum(
    _ x: any GraphValue, axis: Int, keepDimensions: Bool = false, name: String? = nil
  ) throws -> Output {
    try reduce("Sum", x, axes: axis, keepDimensions: keepDimensions, name: name)
  }

  /// Mean over one axis.
  public func reduceMean(
    _ x: any GraphValue, axis: Int, keepDimensions: Bool = false, name: String? = nil
  ) throws -> Output {
    try reduce("Mean", x, axes: axis, keepDimensions: keepDimensions, name: name)
  }

  /// Largest element over one axis.
  public func reduceMax(
    _ x: any GraphValue, axis: Int, keepDimensions: Bool = false, name: String? = nil
  ) throws -> Output {
    try reduce("Max", x, axes: axis, keepDimensions: keepDimensions, name: name)
  }

  /// Smallest element over one axis.
  public func reduceMin(
    _ x: any GraphValue, axis: Int, keepDimensions: Bool = false, name: String? = nil
  ) throws -> Output {
    try reduce("Min", x, axes: axis, keepDimensions: keepDimensions, name: name)
  }

  /// Product over one axis.
  public func reduceProd(
    _ x: any GraphValue, axis: Int, keepDimensions: Bool = false, name: String? = nil
  ) throws -> Output {
    try reduce("Prod", x, axes: axis, keepDimensions: keepDimensions, name: name)
  }

  /// The index of the largest element along `axis`, the first of several; int64 (`tf.argmax`).
  public func argmax(
    _ x: any GraphValue, axis: Int = 0, outputType: DataType = .int64, name: String? = nil
  ) throws -> Output {
    try nameScope(name, default: "ArgMax") { scope in
      let x = try self.operand(x, name: "input")
      let axis = try self.operand(axis, dtype: .int32, name: "dimension")
      return try self.add("ArgMax", [x, axis], name: scope, attributes: ["output_type": .type(outputType)])
    }
  }

  private func reduce(
    _ op: String, _ x: any GraphValue, axes: (any GraphValue)?, keepDimensions: Bool, name: String?
  ) throws -> Output {
    let x = try operand(x, name: "input_tensor")
    // Without axes TensorFlow names them in a constant beside the node, not below it.
    let all: Output? = axes == nil ? try allAxes(of: x) : nil
    return try nameScope(name, default: op) { scope in
      let indices: Output
      if let all {
        indices = all
      } else {
        indices = try self.operand(axes ?? [Int](), dtype: .int32, name: "reduction_indices")
      }
      return try self.add(op, [x, indices], name: scope, attributes: ["keep_dims": .bool(keepDimensions)])
    }
  }

  /// Every axis of `x`: a constant where the rank is known, computed from the rank otherwise.
  private func allAxes(of x: Output) throws -> Output {
    if let rank = x.shape.rank { return try constant(Tensor((0..<rank).map(Int32.init)), name: "Const") }
    let rank = try add("Rank", [x], name: "Rank")
    return try nameScope("range") { scope in
      let start = try self.constant(Tensor(Int32(0)), name: "start")
      let delta = try self.constant(Tensor(Int32(1)), name: "delta")
      return try self.add("Range", [start, rank, delta], name: scope)
    }
  }
}
