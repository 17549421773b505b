import Engine

/// Gradient descent with momentum (`tf.train.MomentumOptimizer`): `a = a * momentum + gradient`, then `v -= rate * a`,
/// or with Nesterov's variant `v -= rate * (gradient + momentum * a)`. The slot is called `momentum`.
public final class MomentumOptimizer: Optimizer {
  private let momentum: any GraphValue
  private let useNesterov: Bool
  private var rate: Output?
  private var momentumInput: Output?

  public init(
    learningRate: any GraphValue, momentum: any GraphValue, useNesterov: Bool = false, name: String = "Momentum"
  ) {
    self.momentum = momentum
    self.useNesterov = useNesterov
    super.init(learningRate: learningRate, name: name)
  }

  override func createSlots(for variables: [Variable], in graph: Graph) throws {
    for variable in variables { try makeZerosSlot("momentum", of: variable, in: graph) }
  }

  override func prepare(in graph: Graph) throws {
    rate = try hyperparameter(learningRate, "learning_rate", in: graph)
    momentumInput = try hyperparameter(momentum, "momentum", in: graph)
  }

  override func apply(_ gradient: Output, to variable: Variable, in graph: Graph) throws -> Node {
    guard let rate, let momentumInput else { throw BuildError.runtime("\(name) was not prepared.") }
    return try graph.addReferenceNode(
      "ApplyMomentum",
      [
        variable.reference, requireSlot("momentum", of: variable).reference,
        hyperparameter(rate, for: variable, in: graph), gradient,
        hyperparameter(momentumInput, for: variable, in: graph),
      ],
      name: nil, attributes: ["use_locking": .bool(false), "use_nesterov": .bool(useNesterov)])
  }
}
