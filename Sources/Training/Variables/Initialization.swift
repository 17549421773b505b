import Engine
import Tensors

extension Graph {
  /// Whether a variable has a value yet; bool (`tf.is_variable_initialized`).
  public func isVariableInitialized(_ variable: Variable, name: String? = nil) throws -> Output {
    if variable.isResource { return try add("VarIsInitializedOp", [variable.reference], name: name) }
    return try addReferenceNode(
      "IsVariableInitialized", [variable.reference], name: name, attributes: ["dtype": .type(variable.dtype)]
    ).output()
  }

  /// The names of variables that have no value yet, a vector of strings (`tf.report_uninitialized_variables`).
  /// - Parameter variables: the global and local ones if nil.
  public func reportUninitializedVariables(
    _ variables: [Variable]? = nil, name: String = "report_uninitialized_variables"
  ) throws -> Output {
    let variables = variables ?? globalVariables + localVariables
    return try nameScope(name) { _ in
      if variables.isEmpty {
        return try self.constant(Tensor(strings: [], shape: [0]))
      }
      let states = try variables.map { try self.isVariableInitialized($0) }
      return try self.withDevice("/cpu:0") {
        let missing = try self.logicalNot(self.stack(states))
        let names = try self.constant(
          Tensor(strings: variables.map { Array($0.node.name.utf8) }, shape: [variables.count]))
        return try self.booleanMask(names, mask: missing)
      }
    }
  }

  /// Fails when run while one of the variables has no value (`tf.assert_variables_initialized`); nil where there are
  /// no variables.
  /// - Parameter variables: the global and local ones if nil.
  public func assertVariablesInitialized(_ variables: [Variable]? = nil) throws -> Output? {
    let variables = variables ?? globalVariables + localVariables
    guard !variables.isEmpty else { return nil }
    let ranks = try variables.map { variable in
      // The read itself fails; its rank is a number that can be packed with the others.
      let value = variable.isResource ? try readVariable(variable) : variable.value
      return try withColocation(with: variable.node) { try self.add("Rank", [value]) }
    }
    return ranks.count == 1 ? ranks[0] : try stack(ranks)
  }
}
