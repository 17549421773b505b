import Engine
import Tensors

/// How a layer names its variables and which collections they join: `kernel` and `bias` in the style of `tf.layers`,
/// `weights` and `biases` among the model variables in that of slim.
struct LayerStyle {
  var kernel = "kernel"
  var bias = "bias"
  var collections: [String]?

  static let layers = LayerStyle()
  static let slim = LayerStyle(
    kernel: "weights", bias: "biases", collections: [GraphKeys.globalVariables, GraphKeys.modelVariables])
}

extension Graph {
  /// A variable of the open layer, whole or in parts as the scope's partitioner says, and the loss of its regularizer.
  ///
  /// The regularizer's nodes stand below `LAYER/KIND/Regularizer`, made when the variable is.
  func layerVariable(
    _ name: String, kind: String, shape: Shape, dtype: DataType, initializer: Initializer?, regularizer: Regularizer?,
    trainable: Bool, style: LayerStyle
  ) throws -> any GraphValue {
    let scope = try currentVariableScope
    let before = try withVariableStore { $0.variables.count }
    let value: any GraphValue
    // A scope's own regularizer is the variable's, not the layer's.
    if let partitioner = scope.partitioner, shape.rank > 0,
      try partitioner.partitions(of: shape, dtype: dtype).contains(where: { $0 > 1 })
    {
      value = try getPartitionedVariable(
        name, shape: shape, dtype: dtype, initializer: initializer, trainable: trainable,
        collections: style.collections)
    } else {
      value = try getVariable(
        name, shape: shape, dtype: dtype, initializer: initializer, trainable: trainable,
        collections: style.collections)
    }
    if let regularizer, try withVariableStore({ $0.variables.count }) > before {
      let loss = try nameScope(kind + "/Regularizer") {
        try controlDependencies(nil) { try regularizer.loss(of: value, in: self) }
      }
      if let loss { try addToCollection(GraphKeys.regularizationLosses, loss) }
    }
    return value
  }
}
