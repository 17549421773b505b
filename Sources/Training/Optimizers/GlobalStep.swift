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
      var request = try self.request("global_step", shape: .scalar, dtype: .int64, initializer: .zeros)
      request.isTrainable = false
      request.collections = [GraphKeys.globalVariables, GraphKeys.globalStep]
      request.aggregation = onlyFirstReplica
      return try self.variable(for: request)
    }
  }
}
