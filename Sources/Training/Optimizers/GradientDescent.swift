import Engine

/// Plain gradient descent (`tf.train.GradientDescentOptimizer`): `v -= rate * gradient`.
public final class GradientDescentOptimizer: Optimizer {
  private var rate: Output?

  /// - Parameter learningRate: a number or an output.
  public override init(learningRate: any GraphValue, name: String = "GradientDescent") {
    super.init(learningRate: learningRate, name: name)
  }

  override func prepare(in graph: Graph) throws {
    rate = try hyperparameter(learningRate, "learning_rate", in: graph)
  }

  override func apply(_ gradient: Output, to variable: Variable, in graph: Graph) throws -> Node {
    guard let rate else { throw BuildError.runtime("\(name) was not prepared.") }
    return try graph.addReferenceNode(
      "ApplyGradientDescent",
      [variable.reference, hyperparameter(rate, for: variable, in: graph), gradient], name: nil,
      attributes: ["use_locking": .bool(false)])
  }
}
