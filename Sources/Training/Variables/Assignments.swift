import Engine
import Tensors

// Like TensorFlow, the functions and the methods differ in one attribute only: `assign(v, x)` locks while it writes,
// `v.assign(x)` does not. Each answers the variable's reference after the change.

extension Graph {
  /// Sets a variable (`tf.assign`).
  @discardableResult
  public func assign(
    _ variable: Variable, _ value: any GraphValue, validateShape: Bool = true, useLocking: Bool = true,
    name: String? = nil
  ) throws -> Output {
    try assignment(
      "Assign", variable, value, name: name,
      attributes: [
        "validate_shape": .bool(validateShape), "use_locking": .bool(useLocking),
      ])
  }

  /// Adds to a variable (`tf.assign_add`); no broadcasting.
  @discardableResult
  public func assignAdd(
    _ variable: Variable, _ value: any GraphValue, useLocking: Bool = false, name: String? = nil
  ) throws -> Output {
    try assignment("AssignAdd", variable, value, name: name, attributes: ["use_locking": .bool(useLocking)])
  }

  /// Subtracts from a variable (`tf.assign_sub`); no broadcasting.
  @discardableResult
  public func assignSub(
    _ variable: Variable, _ value: any GraphValue, useLocking: Bool = false, name: String? = nil
  ) throws -> Output {
    try assignment("AssignSub", variable, value, name: name, attributes: ["use_locking": .bool(useLocking)])
  }

  /// Whether a variable has a value yet; bool (`tf.is_variable_initialized`).
  public func isVariableInitialized(_ variable: Variable, name: String? = nil) throws -> Output {
    try addReferenceNode(
      "IsVariableInitialized", [variable.reference], name: name, attributes: ["dtype": .type(variable.dtype)]
    ).output()
  }

  private func assignment(
    _ op: String, _ variable: Variable, _ value: any GraphValue, name: String?, attributes: [String: AttributeValue]
  ) throws -> Output {
    try nameScope(name, default: op) { scope in
      // Made inside of the scope, but before the colocation: the constant does not stand with the variable.
      let value = try self.operand(value, dtype: value.typed == nil ? variable.dtype : nil, name: "value")
      guard value.dtype == variable.dtype else {
        throw BuildError.type(
          "Input 'value' of '\(op)' Op has type \(value.dtype.name) that does not match type "
            + "\(variable.dtype.name) of argument 'ref'.")
      }
      return try self.addReferenceNode(op, [variable.reference, value], name: scope, attributes: attributes).output()
    }
  }
}

extension Variable {
  /// Sets the variable.
  @discardableResult
  public func assign(_ newValue: any GraphValue, name: String? = nil) throws -> Output {
    try graph.assign(self, newValue, useLocking: false, name: name)
  }

  /// Adds to the variable.
  @discardableResult
  public func assignAdd(_ delta: any GraphValue, name: String? = nil) throws -> Output {
    try graph.assignAdd(self, delta, name: name)
  }

  /// Subtracts from the variable.
  @discardableResult
  public func assignSub(_ delta: any GraphValue, name: String? = nil) throws -> Output {
    try graph.assignSub(self, delta, name: name)
  }
}
