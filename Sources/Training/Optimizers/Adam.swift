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

  /// TensorFlow's rule for rows: both slots decay as a whole, the rows are added, and all weights move.
  override func uniqueSparseUpdate(
    _ variable: Variable, values: Output, indices: Output, in graph: Graph
  ) throws -> Node? {
    let inputs = try prepared(inputs)
    func cast(_ value: any GraphValue) throws -> Output { try graph.cast(value, to: variable.dtype) }
    let power1 = try cast(shared("beta1_power").read())
    let power2 = try cast(shared("beta2_power").read())
    let (rate, beta1, beta2) = (try cast(inputs.rate), try cast(inputs.beta1), try cast(inputs.beta2))
    let epsilon = try cast(inputs.epsilon)
    let step = try rate * graph.sqrt(1.0 - power2) / (1.0 - power1)
    func moved(_ slot: Variable, by updates: Output, decay: Output) throws -> (node: Node, value: Output) {
      let decayed = try graph.assignment(
        "Assign", slot, slot * decay,
        attributes: slot.isResource ? [:] : ["use_locking": .bool(useLocking), "validate_shape": .bool(true)])
      return try graph.controlDependencies([decayed.node]) {
        let node = try graph.scatter("Add", slot, indices: indices, updates: updates, useLocking: useLocking)
        if !slot.isResource { return (node, node.output()) }
        return (node, try graph.controlDependencies([node]) { try slot.read() })
      }
    }
    let m = try moved(requireSlot("m", of: variable), by: values * (1.0 - beta1), decay: beta1)
    let v = try moved(requireSlot("v", of: variable), by: (values * values) * (1.0 - beta2), decay: beta2)
    let root = try graph.sqrt(v.value)
    let change = try step * m.value / (root + epsilon)
    let updated = try graph.assignment(
      "AssignSub", variable, change, attributes: variable.isResource ? [:] : ["use_locking": .bool(useLocking)])
    return try graph.group([updated.node, m.node, v.node])
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
