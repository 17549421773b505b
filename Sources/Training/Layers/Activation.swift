import Engine

/// What a layer does with its result.
public enum Activation: String, Sendable, CaseIterable {
  /// Nothing.
  case linear
  case relu, relu6, tanh, sigmoid, softmax, elu, selu, softplus

  /// The op of the activation; `x` itself for `linear`.
  public func apply(_ x: Output) throws -> Output {
    let graph = x.graph
    switch self {
    case .linear: return x
    case .relu: return try graph.relu(x)
    case .relu6: return try graph.relu6(x)
    case .tanh: return try graph.tanh(x)
    case .sigmoid: return try graph.sigmoid(x)
    case .softmax: return try graph.softmax(x)
    case .elu: return try graph.elu(x)
    case .selu: return try graph.selu(x)
    case .softplus: return try graph.softplus(x)
    }
  }
}
