import Engine
import Tensors

extension Graph {
  /// Names what `body` makes below `name` (`tf.name_scope`).
  ///
  /// A name that is taken gets `_1`, `_2`, …; one that ends in `/` re-enters that scope as it is; nil goes to the root.
  /// Ops and `variable` are named by it, `getVariable` is not.
  @discardableResult
  public func nameScope<Result>(_ name: String?, _ body: () throws -> Result) throws -> Result {
    try withNameScope(name) { _ in try body() }
  }

  /// The same; `body` gets the scope's full name with a trailing `/`, which is also the name for a node that should be
  /// called exactly like the scope.
  @discardableResult
  public func nameScope<Result>(_ name: String?, _ body: (String) throws -> Result) throws -> Result {
    try withNameScope(name, body)
  }

  /// A scope called `name`, or like the op where the caller gave none.
  func nameScope<Result>(
    _ name: String?, default fallback: String, _ body: (String) throws -> Result
  ) throws -> Result {
    try withNameScope(name ?? fallback, body)
  }

  /// What `body` makes waits for `nodes` (`tf.control_dependencies`); nil lifts the dependencies that are open.
  @discardableResult
  public func controlDependencies<Result>(_ nodes: [Node]?, _ body: () throws -> Result) rethrows -> Result {
    try withControlDependencies(nodes, body)
  }

  /// The output to use where an op takes `value`.
  func operand(_ value: any GraphValue, dtype: DataType? = nil, name: String) throws -> Output {
    try value.output(in: self, dtype: dtype, name: name)
  }

  /// A node that changes variables: it stands with the variable whose reference it takes first, as TensorFlow's do.
  func addReferenceNode(
    _ op: String, _ inputs: [Output], name: String?, attributes: [String: AttributeValue] = [:]
  ) throws -> Node {
    guard let reference = inputs.first(where: \.isReference) else {
      return try addNode(op: op, name: name, inputs: inputs, attributes: attributes)
    }
    return try withColocation(with: reference.node) {
      try addNode(op: op, name: name, inputs: inputs, attributes: attributes)
    }
  }
}
