import Engine

/// Gradient descent with momentum (`tf.train.MomentumOptimizer`): `a = a * momentum + gradient`, then `v -= rate * a`,
/// or with Nesterov's variant `v -= rate * (gradient + momentum * a)`. The slot is called `momentum`.
public final class MomentumOptimizer: Optimizer {
  private let momentum: any GraphValue
  private let useNesterov: Bool
  private var inputs: (rate: Output, momentum: Output)?

  public init(
    learningRate: any GraphValue, momentum: any GraphValue, useNesterov: Bool = false, useLocking: Bool = false,
    name: String = "Momentum"
  ) {
    self.momentum = momentum
    self.useNesterov = useNesterov
    super.init(learningRate: learningRate, useLocking: useLocking, name: name)
  }

  override func createSlots(for variables: [Variable], in graph: Graph) throws {
    for variable in variables { try makeSlot("momentum", of: variable, in: graph) }
  }

  override func prepare(in graph: Graph) throws {
    inputs = (
      try hyperparameter(learningRate, "learning_rate", in: graph), try hyperparameter(momentum, "momentum", in: graph)
    )
  }

  override func rule(for variable: Variable, in graph: Graph) throws -> UpdateRule {
    let inputs = try prepared(inputs)
    return UpdateRule(
      op: "Momentum", slots: [try requireSlot("momentum", of: variable)],
      values: [.output(inputs.rate), .gradient, .output(inputs.momentum)],
      attributes: ["use_nesterov": .bool(useNesterov)])
  }
}
