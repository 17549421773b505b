import Engine
import Tensors

// Each op takes TensorFlow's pair of seeds (`Graph.seeds(for:)`) and gives TensorFlow's numbers.

extension Graph {
  /// Sets the seed of the whole graph (`tf.set_random_seed`). Random ops made from now on draw the same numbers in every
  /// session.
  public func setRandomSeed(_ seed: Int64) { self.seed = seed }

  /// Normally distributed numbers (`tf.random_normal`).
  public func randomNormal(
    _ shape: Shape, mean: any GraphValue = 0.0, stddev: any GraphValue = 1.0, dtype: DataType = .float32,
    seed: Int64? = nil, name: String? = nil
  ) throws -> Output {
    try nameScope(name, default: "random_normal") { scope in
      try self.scaledNormal("RandomStandardNormal", shape, mean, stddev, dtype, seed, name: scope)
    }
  }

  /// Normally distributed numbers, those beyond two standard deviations drawn again (`tf.truncated_normal`).
  public func truncatedNormal(
    _ shape: Shape, mean: any GraphValue = 0.0, stddev: any GraphValue = 1.0, dtype: DataType = .float32,
    seed: Int64? = nil, name: String? = nil
  ) throws -> Output {
    try nameScope(name, default: "truncated_normal") { scope in
      try self.scaledNormal("TruncatedNormal", shape, mean, stddev, dtype, seed, name: scope)
    }
  }

  /// Numbers in `minimum..<maximum` (`tf.random_uniform`). Integers need a maximum.
  public func randomUniform(
    _ shape: Shape, minimum: any GraphValue = 0, maximum: (any GraphValue)? = nil, dtype: DataType = .float32,
    seed: Int64? = nil, name: String? = nil
  ) throws -> Output {
    if maximum == nil && !dtype.isFloatingPoint {
      throw BuildError.value("Must specify maxval for integer dtype tf.\(dtype.name)")
    }
    return try nameScope(name, default: "random_uniform") { scope in
      let sizes = try self.shapeConstant(shape)
      let minimum = try self.operand(minimum, dtype: dtype, name: "min")
      let maximum = try self.operand(maximum ?? 1, dtype: dtype, name: "max")
      let seeds = self.seedAttributes(seed)
      if !dtype.isFloatingPoint {
        return try self.add("RandomUniformInt", [sizes, minimum, maximum], name: scope, attributes: seeds)
      }
      let numbers = try self.add(
        "RandomUniform", [sizes], attributes: seeds.merging(["dtype": .type(dtype)]) { $1 })
      let scaled = try numbers * (maximum - minimum)
      return try self.add(scaled, minimum, name: scope)
    }
  }

  /// Numbers in `0..<1` for a shape that is known only when it runs.
  func randomUniform(shape: Output, dtype: DataType, seed: Int64?, name: String? = nil) throws -> Output {
    try nameScope(name, default: "random_uniform") { scope in
      let minimum = try self.operand(0, dtype: dtype, name: "min")
      let maximum = try self.operand(1, dtype: dtype, name: "max")
      let numbers = try self.add(
        "RandomUniform", [shape], attributes: self.seedAttributes(seed).merging(["dtype": .type(dtype)]) { $1 })
      return try self.add(numbers * (maximum - minimum), minimum, name: scope)
    }
  }

  /// The rows of `x` in random order (`tf.random_shuffle`).
  public func randomShuffle(_ x: any GraphValue, seed: Int64? = nil, name: String? = nil) throws -> Output {
    try nameScope(name, default: "RandomShuffle") { scope in
      // The seed counts nodes before a constant is made of the value.
      let seeds = self.seedAttributes(seed)
      return try self.add("RandomShuffle", [self.operand(x, name: "value")], name: scope, attributes: seeds)
    }
  }

  private func scaledNormal(
    _ op: String, _ shape: Shape, _ mean: any GraphValue, _ stddev: any GraphValue, _ dtype: DataType, _ seed: Int64?,
    name: String
  ) throws -> Output {
    let sizes = try shapeConstant(shape)
    let mean = try operand(mean, dtype: dtype, name: "mean")
    let stddev = try operand(stddev, dtype: dtype, name: "stddev")
    let numbers = try add(op, [sizes], attributes: seedAttributes(seed).merging(["dtype": .type(dtype)]) { $1 })
    return try add(numbers * stddev, mean, name: name)
  }

  private func shapeConstant(_ shape: Shape) throws -> Output {
    try constant(Tensor(try shape.dimensions.int32()), name: "shape")
  }

  func seedAttributes(_ seed: Int64?) -> [String: AttributeValue] {
    let (seed, seed2) = seeds(for: seed)
    return ["seed": .int(seed), "seed2": .int(seed2)]
  }
}
