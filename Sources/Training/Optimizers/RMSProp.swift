import Engine

/// RMSProp (`tf.train.RMSPropOptimizer`; T. Tieleman, G. Hinton, 2012): gradients over the root of a moving mean of
/// their squares. `centered` takes their variance instead, which needs a third slot.
///
/// The slots are called `rms` (begins at 1), `mg` where centered, and `momentum`.
public final class RMSPropOptimizer: Optimizer {
  private let decay: any GraphValue
  private let momentum: any GraphValue
  private let epsilon: any GraphValue
  private let isCentered: Bool
  private var inputs: (rate: Output, decay: Output, momentum: Output, epsilon: Output)?

  /// - Parameters:
  ///   - decay: how much of the moving means stays at each step.
  ///   - epsilon: keeps the root above 0.
  public init(
    learningRate: any GraphValue, decay: any GraphValue = 0.9, momentum: any GraphValue = 0.0,
    epsilon: any GraphValue = 1e-10, centered: Bool = false, useLocking: Bool = false, name: String = "RMSProp"
  ) {
    self.decay = decay
    self.momentum = momentum
    self.epsilon = epsilon
    isCentered = centered
    super.init(learningRate: learningRate, useLocking: useLocking, name: name)
  }

  override func createSlots(for variables: [Variable], in graph: Graph) throws {
    for variable in variables {
      try makeSlot("rms", of: variable, .ones, in: graph)
      if isCentered { try makeSlot("mg", of: variable, in: graph) }
      try makeSlot("momentum", of: variable, in: graph)
    }
  }

  override func prepare(in graph: Graph) throws {
    inputs = (
      try hyperparameter(learningRate, "learning_rate", in: graph), try hyperparameter(decay, "decay", in: graph),
      try hyperparameter(momentum, "momentum", in: graph), try hyperparameter(epsilon, "epsilon", in: graph)
    )
  }

  override func rule(for variable: Variable, in graph: Graph) throws -> UpdateRule {
    let inputs = try prepared(inputs)
    let mean = isCentered ? [try requireSlot("mg", of: variable)] : []
    return UpdateRule(
      op: isCentered ? "CenteredRMSProp" : "RMSProp",
      slots: mean + [try requireSlot("rms", of: variable), try requireSlot("momentum", of: variable)],
      values: [
        .output(inputs.rate), .output(inputs.decay), .output(inputs.momentum), .output(inputs.epsilon), .gradient,
      ])
  }
}

/// Adadelta (`tf.train.AdadeltaOptimizer`; M. Zeiler, 2012): updates in the unit of the weights themselves. The slots
/// are called `accum` and `accum_update`.
public final class AdadeltaOptimizer: Optimizer {
  private let rho: any GraphValue
  private let epsilon: any GraphValue
  private var inputs: (rate: Output, rho: Output, epsilon: Output)?

  /// - Parameter rho: how much of the moving means stays at each step.
  public init(
    learningRate: any GraphValue = 0.001, rho: any GraphValue = 0.95, epsilon: any GraphValue = 1e-8,
    useLocking: Bool = false, name: String = "Adadelta"
  ) {
    self.rho = rho
    self.epsilon = epsilon
    super.init(learningRate: learningRate, useLocking: useLocking, name: name)
  }

  override func createSlots(for variables: [Variable], in graph: Graph) throws {
    for variable in variables {
      try makeSlot("accum", of: variable, in: graph)
      try makeSlot("accum_update", of: variable, in: graph)
    }
  }

  override func prepare(in graph: Graph) throws {
    inputs = (
      try hyperparameter(learningRate, "lr", in: graph), try hyperparameter(rho, "rho", in: graph),
      try hyperparameter(epsilon, "epsilon", in: graph)
    )
  }

  override func rule(for variable: Variable, in graph: Graph) throws -> UpdateRule {
    let inputs = try prepared(inputs)
    return UpdateRule(
      op: "Adadelta",
      slots: [try requireSlot("accum", of: variable), try requireSlot("accum_update", of: variable)],
      values: [.output(inputs.rate), .output(inputs.rho), .output(inputs.epsilon), .gradient])
  }
}
