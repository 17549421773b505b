import Engine
import Tensors

extension Graph {
  /// The variable scope that is open (`tf.get_variable_scope`).
  public var currentVariableScope: VariableScope {
    get throws { try withVariableStore { $0.scope } }
  }

  /// Puts what `getVariable` makes below `name` (`tf.variable_scope`), and ops into a name scope of that name.
  ///
  /// Opened again, variables keep the prefix, while the op name scope becomes `name_1`.
  /// - Parameters:
  ///   - name: nil takes `fallback`, made unique among the variable scopes.
  ///   - reuse: what `getVariable` does inside; what is set outside cannot be undone.
  ///   - initializer: for variables inside that name none.
  ///   - dtype: for variables inside that name none.
  @discardableResult
  public func variableScope<Result>(
    _ name: String?, default fallback: String? = nil, reuse: Reuse = .inherit, initializer: Initializer? = nil,
    dtype: DataType? = nil, _ body: (VariableScope) throws -> Result
  ) throws -> Result {
    guard let wished = name ?? fallback else {
      throw BuildError.type("If default_name is None then name_or_scope is required")
    }
    if name == nil && reuse == .always {
      throw BuildError.value("reuse=True cannot be used without a name_or_scope")
    }
    func open(nameScope: String) throws -> Result {
      let (outer, scope) = try withVariableStore { store in
        let outer = store.scope
        let part = name ?? store.uniqueScope(wished)
        let scope = VariableScope(
          name: outer.name.isEmpty ? part : outer.name + "/" + part, originalNameScope: nameScope,
          reuse: reuse.within(outer.reuse),
          initializer: initializer ?? outer.initializer, dtype: dtype ?? outer.dtype)
        store.open(scope.name)
        store.scope = scope
        return (outer, scope)
      }
      defer {
        try? withVariableStore { store in
          store.closeSubscopes(of: scope.name)
          store.scope = outer
        }
      }
      return try body(scope)
    }
    if wished.isEmpty { return try open(nameScope: currentNameScope) }
    return try withNameScope(wished) { try open(nameScope: $0) }
  }

  /// Goes back into a scope from anywhere: variables get its prefix, ops a name scope of its last part inside the
  /// current one.
  @discardableResult
  public func variableScope<Result>(
    _ scope: VariableScope, reuse: Reuse = .inherit, initializer: Initializer? = nil, dtype: DataType? = nil,
    _ body: (VariableScope) throws -> Result
  ) throws -> Result {
    func open() throws -> Result {
      let again = VariableScope(
        name: scope.name, originalNameScope: scope.originalNameScope,
        reuse: reuse == .inherit ? scope.reuse : reuse, initializer: initializer ?? scope.initializer,
        dtype: dtype ?? scope.dtype)
      let (outer, openings) = try withVariableStore { store in
        store.open(scope.name)
        defer { store.scope = again }
        return (store.scope, store.openings)
      }
      defer {
        try? withVariableStore { store in
          store.closeSubscopes(of: scope.name)
          store.restore(openings: openings)
          store.scope = outer
        }
      }
      return try body(again)
    }
    guard let last = scope.name.split(separator: "/").last else { return try open() }
    return try withNameScope(String(last)) { _ in try open() }
  }

  /// The variable `name` of the open variable scope: a new one, or the one that exists, as the scope's `reuse` says
  /// (`tf.get_variable`).
  ///
  /// - Parameters:
  ///   - shape: must be given for a new variable, except where the initializer brings a value of its own; of one that
  ///     exists it must fit.
  ///   - dtype: that of the scope if nil.
  ///   - initializer: that of the scope if nil; else Glorot for floating point, zeros for the rest.
  ///   - collections: `variables` if nil.
  /// - Throws: `BuildError` with TensorFlow's text where the variable exists and must not, or must and does not, or has
  ///   another shape or type.
  public func getVariable(
    _ name: String, shape: Shape? = nil, dtype: DataType? = nil, initializer: Initializer? = nil,
    trainable: Bool = true, collections: [String]? = nil
  ) throws -> Variable {
    try getVariable(
      name, shape: shape, dtype: dtype, initializer: initializer, trainable: trainable, collections: collections,
      aggregation: 0)
  }

  func getVariable(
    _ name: String, shape: Shape?, dtype: DataType?, initializer: Initializer?, trainable: Bool,
    collections: [String]?, aggregation: Int
  ) throws -> Variable {
    let scope = try currentVariableScope
    let joined = scope.name.isEmpty ? name : scope.name + "/" + name
    let fullName = joined.hasSuffix("/") ? String(joined.dropLast()) : joined
    let existing = try withVariableStore { $0.variables[fullName] }
    let dtype = dtype ?? scope.dtype
    if let existing {
      guard scope.reuse != .inherit else {
        throw BuildError.value(
          "Variable \(fullName) already exists, disallowed. Did you mean to set reuse=True or reuse=tf.AUTO_REUSE "
            + "in VarScope?")
      }
      try check(existing, fullName, shape: shape, dtype: dtype)
      return existing
    }
    guard scope.reuse != .always else {
      throw BuildError.value(
        "Variable \(fullName) does not exist, or was not created with tf.get_variable(). Did you mean to set "
          + "reuse=tf.AUTO_REUSE in VarScope?")
    }
    let chosen = initializer ?? scope.initializer ?? .standard(for: dtype)
    if chosen.fixed != nil && shape != nil {
      throw BuildError.value("If initializer is a constant, do not specify shape.")
    }
    guard shape?.checkedElementCount() != nil || chosen.fixed != nil else {
      throw BuildError.value(
        "The initializer passed is not valid. It should be a callable with no arguments and the shape should not be "
          + "provided or an instance of 'tf.keras.initializers.*' and 'shape' should be fully defined.")
    }
    // The full name counts from the root, whatever op name scope is open. A scope entered with an empty variable name
    // (slots) has its name taken already, hence the slash.
    let variable = try withNameScope(nil) { _ in
      try makeVariable(
        name: joined, isTrainable: trainable, collections: collections, aggregation: aggregation,
        shapedInitialValue: { variableName in
          if let fixed = chosen.fixed {
            return (try self.constant(fixed, name: "initial_value"), fixed.shape)
          }
          let shape = shape ?? .scalar
          let value = try self.withNameScope("Initializer") { _ in try chosen.make(self, shape, dtype) }
          guard value.shape.isCompatible(with: PartialShape(shape)) else {
            throw BuildError.value(
              "The initializer of \(variableName) gives shape \(value.shape), but the variable has shape \(shape).")
          }
          return (value, shape)
        }, standsWithInitializer: chosen.fixed == nil)
    }
    try withVariableStore { $0.variables[fullName] = variable }
    return variable
  }

  private func check(_ existing: Variable, _ name: String, shape: Shape?, dtype: DataType) throws {
    if let shape, !existing.shape.accepts(shape) {
      throw BuildError.value(
        "Trying to share variable \(name), but specified shape \(PartialShape(shape).tupleDescription) and found "
          + "shape \(existing.shape.tupleDescription).")
    }
    if dtype != existing.dtype {
      throw BuildError.value(
        "Trying to share variable \(name), but specified dtype \(dtype.name) and found dtype "
          + "\(existing.dtype.name)_ref.")
    }
  }
}
