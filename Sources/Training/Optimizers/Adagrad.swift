import Engine

/// Adagrad (`tf.train.AdagradOptimizer`; J. Duchi, E. Hazan, Y. Singer, 2011): `a += gradient²`, then
/// `v -= rate * gradient / √a`. The slot is called `accumulator`.
public final class AdagradOptimizer: Optimizer {
  private let initialAccumulator: Double
  private var rate: Output?

  /// - Parameter initialAccumulator: where the slot begins; must be positive.
  /// - Throws: `BuildError` where it is not.
  public init(
    learningRate: any GraphValue, initialAccumulator: Double = 0.1, useLocking: Bool = false,
    name: String = "Adagrad"
  ) throws {
    guard initialAccumulator > 0 else {
      throw BuildError.value("initial_accumulator_value must be positive: \(initialAccumulator)")
    }
    self.initialAccumulator = initialAccumulator
    super.init(learningRate: learningRate, useLocking: useLocking, name: name)
  }

  override func createSlots(for variables: [Variable], in graph: Graph) throws {
    for variable in variables {
      try makeSlot("accumulator", of: variable, .constant(initialAccumulator), in: graph)
    }
  }

  override func prepare(in graph: Graph) throws {
    rate = try hyperparameter(learningRate, "learning_rate", in: graph)
  }

  override func rule(for variable: Variable, in graph: Graph) throws -> UpdateRule {
    UpdateRule(
      op: "Adagrad", slots: [try requireSlot("accumulator", of: variable)],
      values: [.output(try prepared(rate)), .gradient], attributes: ["update_slots": .bool(true)])
  }
}

/// Adagrad with dual averaging (`tf.train.AdagradDAOptimizer`): the sum of all gradients so far and of their squares
/// give the variable anew at each step, so **the first step replaces its initial value**. Good for sparse linear
/// models. The slots are called `gradient_accumulator` and `gradient_squared_accumulator`.
public final class AdagradDAOptimizer: Optimizer {
  private let globalStep: Variable
  private let initialSquares: Double
  private let l1: Double
  private let l2: Double
  private var inputs: (rate: Output, step: Output)?

  /// - Parameters:
  ///   - globalStep: the number of steps so far, int64.
  ///   - initialSquaredAccumulator: where the sum of squares begins; must be positive.
  ///   - l1: weights with a smaller mean gradient become 0.
  ///   - l2: strength of the quadratic term; at least 0.
  /// - Throws: `BuildError` where the sum of squares does not begin above 0.
  public init(
    learningRate: any GraphValue, globalStep: Variable, initialSquaredAccumulator: Double = 0.1, l1: Double = 0,
    l2: Double = 0, useLocking: Bool = false, name: String = "AdagradDA"
  ) throws {
    guard initialSquaredAccumulator > 0 else {
      throw BuildError.value(
        "initial_gradient_squared_accumulator_value must be positive: \(initialSquaredAccumulator)")
    }
    self.globalStep = globalStep
    initialSquares = initialSquaredAccumulator
    self.l1 = l1
    self.l2 = l2
    super.init(learningRate: learningRate, useLocking: useLocking, name: name)
  }

  override func createSlots(for variables: [Variable], in graph: Graph) throws {
    for variable in variables where slot("gradient_accumulator", of: variable) == nil {
      let (sum, squares) = try graph.withColocation(with: variable.node) {
        (try Self.filled(0, like: variable), try Self.filled(initialSquares, like: variable))
      }
      try makeSlot("gradient_accumulator", of: variable, .value(sum), in: graph)
      try makeSlot("gradient_squared_accumulator", of: variable, .value(squares), in: graph)
    }
  }

  private static func filled(_ value: Double, like variable: Variable) throws -> Output {
    guard let shape = variable.shape.full else {
      throw BuildError.value("\(variable) has no fully known shape.")
    }
    return try variable.graph.constant(value, dtype: variable.dtype, shape: shape)
  }

  override func prepare(in graph: Graph) throws {
    let rate = try hyperparameter(learningRate, "learning_rate", in: graph)
    let step = try graph.withColocation(with: rate.node) { try graph.identity(globalStep) + 1 }
    inputs = (rate, step)
  }

  override func rule(for variable: Variable, in graph: Graph) throws -> UpdateRule {
    let inputs = try prepared(inputs)
    let step = try graph.identity(inputs.step)
    // Made here for each variable: casts of constants, as TensorFlow makes them.
    let first = try graph.cast(l1, to: variable.dtype)
    let second = try graph.cast(l2, to: variable.dtype)
    return UpdateRule(
      op: "AdagradDA",
      slots: [
        try requireSlot("gradient_accumulator", of: variable),
        try requireSlot("gradient_squared_accumulator", of: variable),
      ],
      values: [.gradient, .output(inputs.rate), .output(first), .output(second), .counter(step)])
  }
}
