import Engine
import Tensors

// Like TensorFlow, the functions and the methods differ in one attribute only: `assign(v, x)` locks while it writes,
// `v.assign(x)` does not. Each answers the variable's value after the change: its reference, or a read that waits for
// the change where a resource holds the value.

extension Graph {
  /// Sets a variable (`tf.assign`).
  /// - Parameters:
  ///   - value: of the variable's type.
  ///   - validateShape: false lets the value have another shape, which the variable takes on.
  ///   - useLocking: whether other assignments wait meanwhile.
  @discardableResult
  public func assign(
    _ variable: Variable, _ value: any GraphValue, validateShape: Bool = true, useLocking: Bool = true,
    name: String? = nil
  ) throws -> Output {
    try assignment(
      "Assign", variable, value, name: name,
      attributes: ["validate_shape": .bool(validateShape), "use_locking": .bool(useLocking)]
    ).value
  }

  /// Adds to a variable (`tf.assign_add`); no broadcasting.
  @discardableResult
  public func assignAdd(
    _ variable: Variable, _ value: any GraphValue, useLocking: Bool = false, name: String? = nil
  ) throws -> Output {
    try assignment("AssignAdd", variable, value, name: name, attributes: ["use_locking": .bool(useLocking)]).value
  }

  /// Subtracts from a variable (`tf.assign_sub`); no broadcasting.
  @discardableResult
  public func assignSub(
    _ variable: Variable, _ value: any GraphValue, useLocking: Bool = false, name: String? = nil
  ) throws -> Output {
    try assignment("AssignSub", variable, value, name: name, attributes: ["use_locking": .bool(useLocking)]).value
  }

  /// The node that changes the variable, and its value afterwards.
  func assignment(
    _ op: String, _ variable: Variable, _ value: any GraphValue, name: String? = nil,
    attributes: [String: AttributeValue] = [:]
  ) throws -> (node: Node, value: Output) {
    if variable.isResource { return try resourceAssignment(op + "VariableOp", variable, value, name: name) }
    return try nameScope(name, default: op) { scope in
      // Made inside of the scope, but before the colocation: the constant does not stand with the variable.
      let value = try self.operand(value, dtype: value.typed == nil ? variable.dtype : nil, name: "value")
      guard value.dtype == variable.dtype else {
        throw BuildError.type(
          "Input 'value' of '\(op)' Op has type \(value.dtype.name) that does not match type "
            + "\(variable.dtype.name) of argument 'ref'.")
      }
      let node = try self.addReferenceNode(op, [variable.reference, value], name: scope, attributes: attributes)
      return (node, node.output())
    }
  }

  private func resourceAssignment(
    _ op: String, _ variable: Variable, _ value: any GraphValue, name: String?
  ) throws -> (node: Node, value: Output) {
    let value = try operand(value, dtype: variable.dtype, name: "Const")
    guard value.shape.isCompatible(with: variable.shape) else {
      throw BuildError.value(
        "Shapes \(variable.shape.tupleDescription) and \(value.shape.tupleDescription) are incompatible")
    }
    let node = try addNode(
      op: op, name: name, inputs: [variable.reference, value], attributes: ["dtype": .type(variable.dtype)])
    return (node, try controlDependencies([node]) { try readVariable(variable) })
  }
}

extension Variable {
  /// Sets the variable.
  @discardableResult
  public func assign(_ newValue: any GraphValue, useLocking: Bool = false, name: String? = nil) throws -> Output {
    try graph.assign(self, newValue, useLocking: useLocking, name: name)
  }

  /// Adds to the variable.
  @discardableResult
  public func assignAdd(_ delta: any GraphValue, useLocking: Bool = false, name: String? = nil) throws -> Output {
    try graph.assignAdd(self, delta, useLocking: useLocking, name: name)
  }

  /// Subtracts from the variable.
  @discardableResult
  public func assignSub(_ delta: any GraphValue, useLocking: Bool = false, name: String? = nil) throws -> Output {
    try graph.assignSub(self, delta, useLocking: useLocking, name: name)
  }
}
