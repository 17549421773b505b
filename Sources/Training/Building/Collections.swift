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
  public static let readyOp = "ready_op"
  public static let localInitOp = "local_init_op"
  public static let summaryOp = "summary_op"
  public static let savers = "savers"
  public static let saveableObjects = "saveable_objects"
  public static let weights = "weights"
  public static let biases = "biases"
  public static let activations = "activations"
  public static let queueRunners = "queue_runners"
  public static let tableInitializers = "table_initializer"
  public static let assetFilepaths = "asset_filepaths"
  public static let evalStep = "eval_step"
  public static let condContext = "cond_context"
  public static let whileContext = "while_context"
  public static let concatenatedVariables = "concatenated_variables"
  public static let metricVariables = "metric_variables"
}

extension Graph {
  /// All variables that are saved by default (`tf.global_variables`), in the order they were made.
  public var globalVariables: [Variable] { variables(in: GraphKeys.globalVariables) }

  /// The variables that optimizers change by default (`tf.trainable_variables`).
  public var trainableVariables: [Variable] { variables(in: GraphKeys.trainableVariables) }

  /// The variables of a process (`tf.local_variables`).
  public var localVariables: [Variable] { variables(in: GraphKeys.localVariables) }

  /// The variables of a model without what serves its training (`tf.model_variables`).
  public var modelVariables: [Variable] { variables(in: GraphKeys.modelVariables) }

  /// The variables that have moving averages (`tf.moving_average_variables`).
  public var movingAverageVariables: [Variable] { variables(in: GraphKeys.movingAverageVariables) }

  /// The variables of a collection.
  /// - Parameter scope: only those whose name begins with it.
  public func variables(in collection: String, scope: String? = nil) -> [Variable] {
    self.collection(collection, scope: scope).compactMap { $0 as? Variable }
  }

  /// The values of a collection whose names begin with `scope` (`tf.get_collection`); values without a name are left
  /// out. All of them where `scope` is nil; empty for a collection that nothing was added to.
  public func collection(_ name: String, scope: String?) -> [any Sendable] {
    let values = collection(name)
    guard let scope else { return values }
    return values.filter { value in
      switch value {
      case let variable as Variable: variable.name.hasPrefix(scope)
      case let output as Output: output.name.hasPrefix(scope)
      case let node as Node: node.name.hasPrefix(scope)
      default: false
      }
    }
  }

  /// Adds a value to several collections (`tf.add_to_collections`), to each once.
  public func addToCollections(_ names: [String], _ value: any Sendable) throws {
    var seen = Set<String>()
    for name in names where seen.insert(name).inserted { try addToCollection(name, value) }
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
