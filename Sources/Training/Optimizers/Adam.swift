import Engine

/// Adam (`tf.train.AdamOptimizer`; D. Kingma, J. Ba, 2014) in TensorFlow's form, where epsilon stands outside the bias
/// correction. The slots are called `m` and `v`; the powers of both betas are variables of the optimizer.
public final class AdamOptimizer: Optimizer {
  private let beta1: any GraphValue
  private let beta2: any GraphValue
  private let initialPowers: (Double, Double)
  private let epsilon: any GraphValue
  private var inputs: (rate: Output, beta1: Output, beta2: Output, epsilon: Output)?

  public init(
    learningRate: any GraphValue = 0.001, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
    useLocking: Bool = false, name: String = "Adam"
  ) {
    self.beta1 = beta1
    self.beta2 = beta2
    initialPowers = (beta1, beta2)
    self.epsilon = epsilon
    super.init(learningRate: learningRate, useLocking: useLocking, name: name)
  }

  override func createSlots(for variables: [Variable], in graph: Graph) throws {
    // The powers stand with the variable whose name comes first.
    guard let first = variables.min(by: { $0.name < $1.name }) else { return }
    try makeShared("beta1_power", initialValue: initialPowers.0, standingWith: first, in: graph)
    try makeShared("beta2_power", initialValue: initialPowers.1, standingWith: first, in: graph)
    for variable in variables {
      try makeSlot("m", of: variable, in: graph)
      try makeSlot("v", of: variable, in: graph)
    }
  }

  override func prepare(in graph: Graph) throws {
    inputs = (
      try hyperparameter(learningRate, "learning_rate", in: graph), try hyperparameter(beta1, "beta1", in: graph),
      try hyperparameter(beta2, "beta2", in: graph), try hyperparameter(epsilon, "epsilon", in: graph)
    )
  }

  override func rule(for variable: Variable, in graph: Graph) throws -> UpdateRule {
    let inputs = try prepared(inputs)
    let powers = (try shared("beta1_power"), try shared("beta2_power"))
    func power(_ power: Variable) -> UpdateRule.Value {
      // A reference is read through its own node, and cast like any number; a resource is read at each update.
      power.isResource ? .variable(power) : .output(power.value)
    }
    return UpdateRule(
      op: "Adam", slots: [try requireSlot("m", of: variable), try requireSlot("v", of: variable)],
      values: [
        power(powers.0), power(powers.1), .output(inputs.rate), .output(inputs.beta1), .output(inputs.beta2),
        .output(inputs.epsilon), .gradient,
      ],
      attributes: ["use_nesterov": .bool(false)])
  }

  /// The powers are multiplied once all variables have used them.
  override func finish(_ updates: [Node], in graph: Graph, name: String) throws -> Node {
    let inputs = try prepared(inputs)
    let powers = [(try shared("beta1_power"), inputs.beta1), (try shared("beta2_power"), inputs.beta2)]
    let multiplied = try graph.controlDependencies(updates) {
      try graph.withColocation(with: powers[0].0.node) {
        try powers.map { power, beta in
          try graph.assignment(
            "Assign", power, power * beta,
            attributes: power.isResource ? [:] : ["use_locking": .bool(useLocking), "validate_shape": .bool(true)]
          ).node
        }
      }
    }
    return try graph.group(updates + multiplied, name: name)
  }
}
