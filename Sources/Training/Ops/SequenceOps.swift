import Engine
import Tensors

// Sequences of numbers, and random values beyond the usual distributions.

extension Graph {
  /// Numbers from `start` to before `limit` in steps of `delta` (`tf.range`).
  public func range(
    _ start: any GraphValue = 0, limit: any GraphValue, delta: any GraphValue = 1, dtype: DataType? = nil,
    name: String? = nil
  ) throws -> Output {
    // Where one is floating point all are.
    let isFloat = [start, limit, delta].contains { $0 is Double || $0 is Float || $0.typed?.isFloatingPoint == true }
    let type = dtype ?? [start, limit, delta].lazy.compactMap(\.typed).first ?? (isFloat ? .float32 : nil)
    return try nameScope(name, default: "range") { scope in
      let start = try self.operand(start, dtype: type, name: "start")
      let limit = try self.operand(limit, dtype: type ?? start.dtype, name: "limit")
      let delta = try self.operand(delta, dtype: type ?? start.dtype, name: "delta")
      return try self.add("Range", [start, limit, delta], name: scope)
    }
  }

  /// `count` numbers in equal steps from `start` to `stop`, both included (`tf.linspace`); floating point.
  public func linspace(
    _ start: any GraphValue, _ stop: any GraphValue, count: any GraphValue, name: String? = nil
  ) throws -> Output {
    try nameScope(name, default: "LinSpace") { scope in
      let (start, stop) = (
        try self.operand(start, dtype: start.typed == nil ? stop.typed : nil, name: "start"),
        try self.operand(stop, dtype: start.typed, name: "stop")
      )
      let count = try self.operand(count, dtype: .int32, name: "num")
      return try self.add("LinSpace", [start, stop, count], name: scope)
    }
  }

  /// Draws classes by their unscaled logarithmic probabilities (`tf.multinomial`).
  /// - Parameter logits: `[batch, classes]`.
  /// - Returns: int64 `[batch, count]`.
  public func multinomial(
    _ logits: any GraphValue, count: Int, seed: Int64? = nil, name: String? = nil
  ) throws -> Output {
    try nameScope(name, default: "multinomial") { _ in
      let logits = try self.operand(logits, name: "logits")
      // The seed counts nodes before the constant is made.
      let seeds = self.seedAttributes(seed)
      let number = try self.operand(count, dtype: .int32, name: "Multinomial/num_samples")
      return try self.add(
        "Multinomial", [logits, number], attributes: seeds.merging(["output_dtype": .type(.int64)]) { $1 })
    }
  }

  /// A part of `x` of the given size at a random place (`tf.random_crop`).
  /// - Parameter size: one number a dimension; a run fails where `x` is smaller.
  public func randomCrop(
    _ x: any GraphValue, size: [Int], seed: Int64? = nil, name: String? = nil
  ) throws -> Output {
    try nameScope(name, default: "random_crop") { scope in
      let x = try self.operand(x, name: "value")
      let size = try self.operand(size, dtype: .int32, name: "size")
      let shape = try self.shape(of: x)
      let fits = try self.reduceAll(self.greaterEqual(shape, size))
      let check = try self.nameScope("Assert") { _ in
        _ = try self.constant("Need value.shape >= size, got ")
        return try self.nameScope("Assert") { scope in
          let text = try self.constant("Need value.shape >= size, got ", name: "data_0")
          return try self.addNode(
            op: "Assert", name: scope, inputs: [fits, text, shape, size],
            attributes: ["T": .types([.string, .int32, .int32]), "summarize": .int(1000)])
        }
      }
      let checked = try self.controlDependencies([check]) {
        try self.withColocation(with: shape.node) {
          try self.add("Identity", [shape], name: "control_dependency")
        }
      }
      let limit = try checked - size + 1
      let drawn = try self.randomInteger(shape: self.shape(of: size), seed: seed)
      let offset = try self.binary("FloorMod", drawn, limit, name: "mod")
      return try self.slice(x, begin: offset, size: size, name: scope)
    }
  }

  /// Any of the numbers that int32 has, but the largest.
  private func randomInteger(shape: Output, seed: Int64?) throws -> Output {
    try nameScope("random_uniform") { scope in
      let minimum = try self.operand(0, dtype: .int32, name: "min")
      let maximum = try self.operand(Int(Int32.max), dtype: .int32, name: "max")
      return try self.add(
        "RandomUniformInt", [shape, minimum, maximum], name: scope, attributes: self.seedAttributes(seed))
    }
  }

  /// Whether `x` is at least `y`; bool (`tf.greater_equal`).
  public func greaterEqual(_ x: any GraphValue, _ y: any GraphValue, name: String? = nil) throws -> Output {
    try binary("GreaterEqual", x, y, name: name)
  }

  /// Whether `x` is at most `y`; bool (`tf.less_equal`).
  public func lessEqual(_ x: any GraphValue, _ y: any GraphValue, name: String? = nil) throws -> Output {
    try binary("LessEqual", x, y, name: name)
  }

  /// Whether two are different, element by element; bool (`tf.not_equal`).
  public func notEqual(_ x: any GraphValue, _ y: any GraphValue, name: String? = nil) throws -> Output {
    try binary("NotEqual", x, y, name: name, attributes: ["incompatible_shape_error": .bool(true)])
  }

  /// Whether both hold; bool (`tf.logical_and`).
  public func logicalAnd(_ x: any GraphValue, _ y: any GraphValue, name: String? = nil) throws -> Output {
    try binary("LogicalAnd", x, y, name: name)
  }

  /// Whether one holds; bool (`tf.logical_or`).
  public func logicalOr(_ x: any GraphValue, _ y: any GraphValue, name: String? = nil) throws -> Output {
    try binary("LogicalOr", x, y, name: name)
  }

  /// `x` where the condition holds, `y` elsewhere (`tf.where` with three arguments).
  /// - Parameter condition: bool, of the shape of both, or a vector that chooses rows.
  public func select(
    _ condition: any GraphValue, _ x: any GraphValue, _ y: any GraphValue, name: String? = nil
  ) throws -> Output {
    try nameScope(name, default: "Select") { scope in
      let condition = try self.operand(condition, dtype: .bool, name: "condition")
      let (x, y) = try self.operands(x, y, for: "Select")
      return try self.add("Select", [condition, x, y], name: scope)
    }
  }

  /// Squares of the differences (`tf.squared_difference`).
  public func squaredDifference(_ x: any GraphValue, _ y: any GraphValue, name: String? = nil) throws -> Output {
    try binary("SquaredDifference", x, y, name: name)
  }

  /// `x` limited to a range (`tf.clip_by_value`).
  public func clip(
    _ x: any GraphValue, minimum: any GraphValue, maximum: any GraphValue, name: String? = nil
  ) throws -> Output {
    try nameScope(name, default: "clip_by_value") { scope in
      try self.maximum(self.minimum(x, maximum), minimum, name: scope)
    }
  }
}
