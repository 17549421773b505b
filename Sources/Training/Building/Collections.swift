import Engine
import Tensors

/// Names of TensorFlow's collections (`tf.GraphKeys`).
public enum GraphKeys {
  public static let globalVariables = "variables"
  public static let localVariables = "local_variables"
  public static let modelVariables = "model_variables"
  public static let trainableVariables = "trainable_variables"
  public static let movingAverageVariables = "moving_average_variables"
  public static let globalStep = "global_step"
  public static let summaries = "summaries"
  public static let trainOp = "train_op"
  public static let updateOps = "update_ops"
  public static let losses = "losses"
  public static let regularizationLosses = "regularization_losses"
  public static let initOp = "init_op"
  public static let savers = "savers"
}

extension Graph {
  /// All variables that are saved by default (`tf.global_variables`), in the order they were made.
  public var globalVariables: [Variable] { variables(in: GraphKeys.globalVariables) }

  /// The variables that optimizers change by default (`tf.trainable_variables`).
  public var trainableVariables: [Variable] { variables(in: GraphKeys.trainableVariables) }

  /// The variables of a process (`tf.local_variables`).
  public var localVariables: [Variable] { variables(in: GraphKeys.localVariables) }

  /// The variables of a collection.
  public func variables(in collection: String) -> [Variable] {
    self.collection(collection).compactMap { $0 as? Variable }
  }

  /// Sets all global variables to their initial values (`tf.global_variables_initializer`): those that exist now.
  public func globalVariablesInitializer(name: String = "init") throws -> Node {
    try variablesInitializer(globalVariables, name: name)
  }

  /// Sets variables to their initial values (`tf.variables_initializer`).
  public func variablesInitializer(_ variables: [Variable], name: String = "init") throws -> Node {
    try group(variables.map(\.initializer), name: name)
  }

  /// Sets all local variables to their initial values (`tf.local_variables_initializer`).
  public func localVariablesInitializer(name: String = "init") throws -> Node {
    try variablesInitializer(localVariables, name: name)
  }
}
