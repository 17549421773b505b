/// How gradients flow back through an operation.
enum GradientRule: Sendable {
  /// Nothing flows: comparisons, shapes, random numbers.
  case none
  /// Adds nodes that compute the gradients of the inputs, one an input; nil where nothing flows.
  case rule(@Sendable (GradientContext) throws -> [Output?])
}

/// What a gradient rule works with.
struct GradientContext {
  let graph: Graph
  let node: Node
  /// Gradients of the node's outputs; zeros stand for outputs that reach no `y`.
  let outputGradients: [Output]

  var inputs: [Output] { node.inputs }
  var outputs: [Output] { node.outputs }
  var gradient: Output { outputGradients[0] }
}
