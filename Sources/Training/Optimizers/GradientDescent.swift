import Engine

/// Plain gradient descent (`tf.train.GradientDescentOptimizer`): `v -= rate * gradient`.
public final class GradientDescentOptimizer: Optimizer {
  private var rate: Output?

  /// - Parameters:
  ///   - learningRate: a number or an output.
  ///   - useLocking: whether updates lock the variables they change.
  public override init(learningRate: any GraphValue, useLocking: Bool = false, name: String = "GradientDescent") {
    super.init(learningRate: learningRate, useLocking: useLocking, name: name)
  }

  override func prepare(in graph: Graph) throws {
    rate = try hyperparameter(learningRate, "learning_rate", in: graph)
  }

  override func rule(for variable: Variable, in graph: Graph) throws -> UpdateRule {
    UpdateRule(op: "GradientDescent", values: [.output(try prepared(rate)), .gradient])
  }

  /// Rows are subtracted where they belong, those that come twice one after the other.
  override func ownSparseUpdate(_ variable: Variable, _ slices: IndexedSlices, in graph: Graph) throws -> Node? {
    if variable.isResource {
      let change = try -slices.values * prepared(rate)
      return try graph.scatter("Add", variable, indices: slices.indices, updates: change, useLocking: useLocking)
    }
    let change = try slices.values * graph.cast(prepared(rate), to: variable.dtype)
    return try graph.scatter("Sub", variable, indices: slices.indices, updates: change, useLocking: useLocking)
  }
}

extension Optimizer {
  /// A hyperparameter that `prepare` has made.
  func prepared<Value>(_ value: Value?) throws -> Value {
    guard let value else { throw BuildError.runtime("\(name) was not prepared.") }
    return value
  }
}
