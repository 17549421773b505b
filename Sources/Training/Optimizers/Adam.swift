import Engine

/// Adam (`tf.train.AdamOptimizer`; D. Kingma, J. Ba, 2014) in TensorFlow's form, where epsilon stands outside the bias
/// correction. The slots are called `m` and `v`; the powers of both betas are variables of the optimizer.
public final class AdamOptimizer: Optimizer {
  private let beta1: Double
  private let beta2: Double
  private let epsilon: Double
  private var inputs: (rate: Output, beta1: Output, beta2: Output, epsilon: Output)?

  public init(
    learningRate: any GraphValue = 0.001, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
    name: String = "Adam"
  ) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    super.init(learningRate: learningRate, name: name)
  }

  override func createSlots(for variables: [Variable], in graph: Graph) throws {
    // The powers stand with the variable whose name comes first.
    guard let first = variables.min(by: { $0.name < $1.name }) else { return }
    try makeShared("beta1_power", initialValue: beta1, standingWith: first, in: graph)
    try makeShared("beta2_power", initialValue: beta2, standingWith: first, in: graph)
    for variable in variables {
      try makeZerosSlot("m", of: variable, in: graph)
      try makeZerosSlot("v", of: variable, in: graph)
    }
  }

  override func prepare(in graph: Graph) throws {
    inputs = (
      try hyperparameter(learningRate, "learning_rate", in: graph), try hyperparameter(beta1, "beta1", in: graph),
      try hyperparameter(beta2, "beta2", in: graph), try hyperparameter(epsilon, "epsilon", in: graph)
    )
  }

  override func apply(_ gradient: Output, to variable: Variable, in graph: Graph) throws -> Node {
    guard let inputs, let power1 = shared("beta1_power"), let power2 = shared("beta2_power") else {
      throw BuildError.runtime("\(name) was not prepared.")
    }
    return try graph.addReferenceNode(
      "ApplyAdam",
      [
        variable.reference, requireSlot("m", of: variable).reference, requireSlot("v", of: variable).reference,
        hyperparameter(power1.value, for: variable, in: graph), hyperparameter(power2.value, for: variable, in: graph),
        hyperparameter(inputs.rate, for: variable, in: graph), hyperparameter(inputs.beta1, for: variable, in: graph),
        hyperparameter(inputs.beta2, for: variable, in: graph),
        hyperparameter(inputs.epsilon, for: variable, in: graph), gradient,
      ],
      name: nil, attributes: ["use_locking": .bool(false), "use_nesterov": .bool(false)])
  }

  /// The powers are multiplied once all variables have used them.
  override func finish(_ updates: [Node], in graph: Graph, name: String) throws -> Node {
    guard let inputs, let power1 = shared("beta1_power"), let power2 = shared("beta2_power") else {
      throw BuildError.runtime("\(self.name) was not prepared.")
    }
    let powers = try graph.controlDependencies(updates) {
      try graph.withColocation(with: power1.node) {
        [
          try power1.assign(power1 * inputs.beta1).node,
          try power2.assign(power2 * inputs.beta2).node,
        ]
      }
    }
    return try graph.group(updates + powers, name: name)
  }
}
