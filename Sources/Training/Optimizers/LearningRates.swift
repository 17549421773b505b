import Engine
import Tensors

extension Graph {
  /// The variable that counts training steps (`tf.train.get_or_create_global_step`): int64, called `global_step`.
  public func globalStep() throws -> Variable {
    if let existing = variables(in: GraphKeys.globalStep).first { return existing }
    return try createGlobalStep()
  }

  /// Makes that variable (`tf.train.create_global_step`).
  /// - Throws: `BuildError` where there is one.
  public func createGlobalStep() throws -> Variable {
    guard variables(in: GraphKeys.globalStep).isEmpty else {
      throw BuildError.value("\"global_step\" already exists.")
    }
    let onlyFirstReplica = 3
    return try nameScope(nil) {
      try self.getVariable(
        "global_step", shape: .scalar, dtype: .int64, initializer: .zeros, trainable: false,
        collections: [GraphKeys.globalVariables, GraphKeys.globalStep], aggregation: onlyFirstReplica)
    }
  }

  /// A learning rate that falls with the steps (`tf.train.exponential_decay`):
  /// `learningRate * decayRate ^ (step / decaySteps)`, with a `staircase` in whole steps only.
  public func exponentialDecay(
    _ learningRate: any GraphValue, globalStep: Variable, decaySteps: any GraphValue, decayRate: any GraphValue,
    staircase: Bool = false, name: String? = nil
  ) throws -> Output {
    try nameScope(name, default: "ExponentialDecay") { scope in
      let initial = try self.operand(learningRate, name: "initial_learning_rate")
      let steps = try self.cast(decaySteps, to: initial.dtype)
      let rate = try self.cast(decayRate, to: initial.dtype)
      let step = try self.cast(globalStep, to: initial.dtype)
      var exponent = try step / steps
      if staircase { exponent = try self.floor(exponent) }
      return try self.multiply(initial, self.pow(rate, exponent), name: scope)
    }
  }
}
