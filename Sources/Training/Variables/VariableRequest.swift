import Engine
import Tensors

/// What `getVariable` was asked for, with everything the scope adds; custom getters may change it.
public struct VariableRequest: Sendable {
  /// The full name, scope included.
  public var name: String
  public var shape: Shape?
  public var dtype: DataType
  public var initializer: Initializer?
  public var regularizer: Regularizer?
  public var reuse: Reuse
  public var isTrainable = true
  public var collections: [String]?
  public var cachingDevice: String?
  public var validateShape = true
  public var useResource = false
  public var constraint: Variable.Constraint?
  var aggregation = 0
  var synchronization = 0
  /// What part of a larger variable this is.
  var slice: VariableSlice?
}

/// Makes or takes the variable that is asked for.
public typealias VariableGetter = (VariableRequest) throws -> Variable

/// Stands between `getVariable` and the variables (`custom_getter`): gets the getter that would have been used, and the
/// request; answers what the getter gives for this or another request, or a variable of its own.
public typealias CustomVariableGetter =
  @Sendable (_ getter: VariableGetter, _ request: VariableRequest) throws ->
  Variable

extension Graph {
  /// The variable `name` of the open variable scope: a new one, or the one that exists, as the scope's `reuse` says
  /// (`tf.get_variable`).
  ///
  /// What is nil here is as the scope says.
  /// - Parameters:
  ///   - shape: must be given for a new variable, except where the initializer brings a value of its own; of one that
  ///     exists it must fit.
  ///   - initializer: without one, Glorot for floating point, zeros for the rest.
  ///   - regularizer: its loss joins the collection `regularization_losses` when the variable is made.
  ///   - collections: `variables` if nil.
  ///   - cachingDevice: where reads are copied to.
  ///   - useResource: whether a resource holds the value.
  ///   - constraint: applied after every update by an optimizer.
  /// - Throws: `BuildError` with TensorFlow's text where the variable exists and must not, or must and does not, or has
  ///   another shape or type.
  public func getVariable(
    _ name: String, shape: Shape? = nil, dtype: DataType? = nil, initializer: Initializer? = nil,
    regularizer: Regularizer? = nil, trainable: Bool = true, collections: [String]? = nil,
    cachingDevice: String? = nil, validateShape: Bool = true, useResource: Bool? = nil, reuse: Reuse = .inherit,
    customGetter: CustomVariableGetter? = nil, constraint: Variable.Constraint? = nil
  ) throws -> Variable {
    let scope = try currentVariableScope
    if let partitioner = scope.partitioner, let shape, shape.rank > 0 {
      guard try partitioner.partitions(of: shape, dtype: dtype ?? scope.dtype).allSatisfy({ $0 == 1 }) else {
        throw BuildError.value(
          "The partitioner of scope '\(scope.name)' splits \(name): use getPartitionedVariable to get all parts.")
      }
    }
    var request = try self.request(
      name, shape: shape, dtype: dtype, initializer: initializer, regularizer: regularizer,
      cachingDevice: cachingDevice, useResource: useResource, constraint: constraint)
    request.isTrainable = trainable
    request.collections = collections
    request.validateShape = validateShape
    if reuse != .inherit { request.reuse = reuse }
    return try variable(for: request, customGetter: customGetter)
  }

  /// What the open scope makes of a request.
  func request(
    _ name: String, shape: Shape?, dtype: DataType?, initializer: Initializer?, regularizer: Regularizer? = nil,
    cachingDevice: String? = nil, useResource: Bool? = nil, constraint: Variable.Constraint? = nil
  ) throws -> VariableRequest {
    let scope = try currentVariableScope
    let defaults = scope.defaults
    if let dtype, let given = initializer?.fixedType, given != dtype {
      throw BuildError.value("Initializer type '\(given.name)' and explicit dtype '\(dtype.name)' don't match.")
    }
    let chosen = initializer ?? defaults.initializer
    var request = VariableRequest(
      name: scope.name.isEmpty ? name : scope.name + "/" + name, shape: shape,
      dtype: dtype ?? initializer?.fixedType ?? scope.dtype, initializer: chosen,
      regularizer: regularizer ?? defaults.regularizer, reuse: scope.reuse)
    request.cachingDevice = cachingDevice ?? defaults.cachingDevice
    request.useResource = useResource ?? defaults.useResource ?? false
    request.constraint = constraint ?? defaults.constraint
    return request
  }

  /// Asks the custom getters that apply, and then makes or takes the variable.
  func variable(for request: VariableRequest, customGetter: CustomVariableGetter? = nil) throws -> Variable {
    var getter: VariableGetter = { try self.makeOrTakeVariable($0) }
    if let outer = try currentVariableScope.defaults.customGetter {
      let inner = getter
      getter = { try outer(inner, $0) }
    }
    if let customGetter {
      let inner = getter
      getter = { try customGetter(inner, $0) }
    }
    return try getter(request)
  }

  /// The variable of a request, without custom getters.
  func makeOrTakeVariable(_ request: VariableRequest) throws -> Variable {
    let fullName = request.name.hasSuffix("/") ? String(request.name.dropLast()) : request.name
    let (existing, isSplit) = try withVariableStore {
      ($0.variables[fullName], $0.variables[fullName + "/part_0"] != nil)
    }
    if isSplit {
      throw BuildError.value(
        "No partitioner was provided, but a partitioned version of the variable was found: \(fullName)/part_0. "
          + "Perhaps a variable of the same name was already created with partitioning?")
    }
    if request.initializer?.isFixed == true && request.shape != nil {
      throw BuildError.value("If initializer is a constant, do not specify shape.")
    }
    if let existing {
      guard request.reuse != .inherit else {
        throw BuildError.value(
          "Variable \(fullName) already exists, disallowed. Did you mean to set reuse=True or reuse=tf.AUTO_REUSE "
            + "in VarScope?")
      }
      try Self.check(existing, fullName, request)
      return existing
    }
    guard request.reuse != .always else {
      throw BuildError.value(
        "Variable \(fullName) does not exist, or was not created with tf.get_variable(). Did you mean to set "
          + "reuse=tf.AUTO_REUSE in VarScope?")
    }
    return try newVariable(request, fullName)
  }

  private func newVariable(_ request: VariableRequest, _ fullName: String) throws -> Variable {
    let initializer = try request.initializer ?? .standard(for: request.dtype, of: fullName)
    guard request.shape?.checkedElementCount() != nil || initializer.isFixed else {
      throw BuildError.value(
        "The initializer passed is not valid. It should be a callable with no arguments and the shape should not be "
          + "provided or an instance of 'tf.keras.initializers.*' and 'shape' should be fully defined.")
    }
    var specification = VariableSpecification()
    specification.name = request.name
    specification.isTrainable = request.isTrainable
    specification.collections = request.collections
    specification.aggregation = request.aggregation
    specification.synchronization = request.synchronization
    specification.validatesShape = request.validateShape
    specification.usesResource = request.useResource
    specification.cachingDevice = request.cachingDevice
    specification.slice = request.slice
    specification.constraint = request.constraint
    // The full name counts from the root, whatever op name scope is open. A scope entered with an empty variable name
    // (slots) has its name taken already, hence the slash.
    let variable = try withNameScope(nil) { _ in
      if let fixed = initializer.fixedValue { return try makeVariable(specification, from: .value(fixed, nil)) }
      let shape = request.shape ?? .scalar
      let whole = request.slice.map { InitializedPart(fullShape: Shape($0.fullShape), offset: $0.offset) }
      return try makeVariable(
        specification,
        from: .initializer { graph in
          let value = try initializer.make(graph, shape, request.dtype, whole)
          guard value.shape.isCompatible(with: PartialShape(shape)) else {
            throw BuildError.value(
              "The initializer of \(fullName) gives shape \(value.shape), but the variable has shape \(shape).")
          }
          return value
        })
    }
    try withVariableStore { $0.variables[fullName] = variable }
    if let regularizer = request.regularizer { try add(regularizer, to: variable, fullName) }
    return variable
  }

  private func add(_ regularizer: Regularizer, to variable: Variable, _ fullName: String) throws {
    let loss = try withColocation(with: variable.node) {
      try nameScope(fullName + "/Regularizer/") { try controlDependencies(nil) { try regularizer.loss(of: variable) } }
    }
    if let loss { try addToCollection(GraphKeys.regularizationLosses, loss) }
  }

  private static func check(_ existing: Variable, _ name: String, _ request: VariableRequest) throws {
    if let shape = request.shape, !existing.shape.accepts(shape) {
      throw BuildError.value(
        "Trying to share variable \(name), but specified shape \(PartialShape(shape).tupleDescription) and found "
          + "shape \(existing.shape.tupleDescription).")
    }
    if request.dtype != existing.dtype {
      throw BuildError.value(
        "Trying to share variable \(name), but specified dtype \(request.dtype.name) and found dtype "
          + "\(existing.dtype.name)\(existing.isResource ? "" : "_ref").")
    }
  }
}
