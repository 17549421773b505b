import Engine

/// Follow the regularized leader (`tf.train.FtrlOptimizer`; H. B. McMahan et al., "Ad click prediction", 2013), for
/// large sparse models. The slots are called `accum` and `linear`.
public final class FtrlOptimizer: Optimizer {
  private let power: Double
  private let initialAccumulator: Double
  private let l1: Double
  private let l2: Double
  private let l2Shrinkage: Double
  private var inputs: (rate: Output, l1: Output, l2: Output, shrinkage: Output, power: Output)?

  /// - Parameters:
  ///   - learningRatePower: how the rate falls with the accumulator; at most 0, and 0 keeps it.
  ///   - initialAccumulator: where `accum` begins; at least 0.
  ///   - l1: weights with a smaller pull become 0; at least 0.
  ///   - l2: strength of the quadratic term; at least 0.
  ///   - l2Shrinkage: a quadratic term on the present weights, as in plain regularization; at least 0.
  /// - Throws: `BuildError` where a number is out of its range.
  public init(
    learningRate: any GraphValue, learningRatePower: Double = -0.5, initialAccumulator: Double = 0.1, l1: Double = 0,
    l2: Double = 0, l2Shrinkage: Double = 0, useLocking: Bool = false, name: String = "Ftrl"
  ) throws {
    for (label, value) in [
      ("initial_accumulator_value", initialAccumulator), ("l1_regularization_strength", l1),
      ("l2_regularization_strength", l2), ("l2_shrinkage_regularization_strength", l2Shrinkage),
    ] where value < 0 {
      throw BuildError.value("\(label) \(value) needs to be positive or zero")
    }
    guard learningRatePower <= 0 else {
      throw BuildError.value("learning_rate_power \(learningRatePower) needs to be negative or zero")
    }
    power = learningRatePower
    self.initialAccumulator = initialAccumulator
    self.l1 = l1
    self.l2 = l2
    self.l2Shrinkage = l2Shrinkage
    super.init(learningRate: learningRate, useLocking: useLocking, name: name)
  }

  override func createSlots(for variables: [Variable], in graph: Graph) throws {
    for variable in variables where slot("accum", of: variable) == nil {
      guard let shape = variable.shape.full else {
        throw BuildError.value("\(variable) has no fully known shape, so \(name) cannot make its slot 'accum'.")
      }
      try graph.withColocation(with: variable.node) {
        let value = try graph.constant(initialAccumulator, dtype: variable.dtype, shape: shape)
        try makeSlot("accum", of: variable, .value(value), in: graph)
        try makeSlot("linear", of: variable, in: graph)
      }
    }
  }

  override func prepare(in graph: Graph) throws {
    inputs = (
      try hyperparameter(learningRate, "learning_rate", in: graph),
      try hyperparameter(l1, "l1_regularization_strength", in: graph),
      try hyperparameter(l2, "l2_regularization_strength", in: graph),
      try hyperparameter(l2Shrinkage, "l2_shrinkage_regularization_strength", in: graph),
      try hyperparameter(power, "learning_rate_power", in: graph)
    )
  }

  override func rule(for variable: Variable, in graph: Graph) throws -> UpdateRule {
    let inputs = try prepared(inputs)
    let shrinks = l2Shrinkage > 0
    let shrinkage: [UpdateRule.Value] = shrinks ? [.output(inputs.shrinkage)] : []
    return UpdateRule(
      op: shrinks ? "FtrlV2" : "Ftrl",
      slots: [try requireSlot("accum", of: variable), try requireSlot("linear", of: variable)],
      values: [.gradient, .output(inputs.rate), .output(inputs.l1), .output(inputs.l2)] + shrinkage
        + [.output(inputs.power)])
  }
}
