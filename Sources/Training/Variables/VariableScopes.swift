import Engine
import Tensors

extension Graph {
  /// The variable scope that is open (`tf.get_variable_scope`).
  public var currentVariableScope: VariableScope {
    get throws { try withVariableStore { $0.scope } }
  }

  /// Puts what `getVariable` makes below `name` (`tf.variable_scope`), and ops into a name scope of that name.
  ///
  /// Opened again, variables keep the prefix, while the op name scope becomes `name_1`. What is given here holds for
  /// variables inside that do not say otherwise; what is nil is inherited.
  /// - Parameters:
  ///   - name: nil takes `fallback`, made unique among the variable scopes.
  ///   - reuse: what `getVariable` does inside; what is set outside cannot be undone.
  ///   - customGetter: asked instead of making or taking a variable; those of outer scopes come after it.
  ///   - opensNameScope: false leaves ops in the name scope that is open (`auxiliary_name_scope=False`).
  /// - Throws: `BuildError` where neither name is given, or `reuse` without a name.
  @discardableResult
  public func variableScope<Result>(
    _ name: String?, default fallback: String? = nil, reuse: Reuse = .inherit, initializer: Initializer? = nil,
    regularizer: Regularizer? = nil, cachingDevice: String? = nil, partitioner: Partitioner? = nil,
    customGetter: CustomVariableGetter? = nil, dtype: DataType? = nil, useResource: Bool? = nil,
    constraint: Variable.Constraint? = nil, opensNameScope: Bool = true, _ body: (VariableScope) throws -> Result
  ) throws -> Result {
    guard let wished = name ?? fallback else {
      throw BuildError.type("If default_name is None then name_or_scope is required")
    }
    if name == nil && reuse == .always {
      throw BuildError.value("reuse=True cannot be used without a name_or_scope")
    }
    let defaults = VariableDefaults(
      initializer: initializer, regularizer: regularizer, cachingDevice: cachingDevice, partitioner: partitioner,
      customGetter: customGetter, dtype: dtype, useResource: useResource, constraint: constraint)
    func open(nameScope: String) throws -> Result {
      let (outer, scope) = try withVariableStore { store in
        let outer = store.scope
        let part = name ?? store.uniqueScope(wished)
        let scope = VariableScope(
          name: outer.name.isEmpty ? part : outer.name + "/" + part, originalNameScope: nameScope,
          reuse: reuse.within(outer.reuse), defaults: defaults.within(outer.defaults))
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
    if wished.isEmpty || !opensNameScope { return try open(nameScope: currentNameScope) }
    return try withNameScope(wished) { try open(nameScope: $0) }
  }

  /// Goes back into a scope from anywhere: variables get its prefix, ops a name scope of its last part inside the
  /// current one.
  @discardableResult
  public func variableScope<Result>(
    _ scope: VariableScope, reuse: Reuse = .inherit, initializer: Initializer? = nil,
    regularizer: Regularizer? = nil, cachingDevice: String? = nil, partitioner: Partitioner? = nil,
    customGetter: CustomVariableGetter? = nil, dtype: DataType? = nil, useResource: Bool? = nil,
    constraint: Variable.Constraint? = nil, opensNameScope: Bool = true, _ body: (VariableScope) throws -> Result
  ) throws -> Result {
    let defaults = VariableDefaults(
      initializer: initializer, regularizer: regularizer, cachingDevice: cachingDevice, partitioner: partitioner,
      customGetter: customGetter, dtype: dtype, useResource: useResource, constraint: constraint)
    func open() throws -> Result {
      let again = VariableScope(
        name: scope.name, originalNameScope: scope.originalNameScope, reuse: reuse == .inherit ? scope.reuse : reuse,
        defaults: defaults.within(scope.defaults))
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
    guard opensNameScope, let last = scope.name.split(separator: "/").last else { return try open() }
    return try withNameScope(String(last)) { _ in try open() }
  }
}
