import Engine
import Tensors

/// What a new variable is to be.
struct VariableSpecification {
  /// Where the first value comes from.
  enum Source {
    /// A value that is there, or is made as the constant `NAME/initial_value`.
    case value(any GraphValue, DataType?)
    /// Nodes made below `NAME/Initializer`, which stand with the variable.
    case initializer((Graph) throws -> Output)
  }

  var name: String?
  var isTrainable = true
  var collections: [String]?
  var aggregation = 0
  var synchronization = 0
  /// Whether the initial value must have a known shape, which the variable keeps.
  var validatesShape = true
  var usesResource = false
  /// Where reads are copied to; nil reads where the variable is.
  var cachingDevice: String?
  var slice: VariableSlice?
  var constraint: Variable.Constraint?
}

extension Graph {
  /// Makes a variable (`tf.Variable`), named within the current name scope.
  ///
  /// - Parameters:
  ///   - initialValue: its first value; a Swift value becomes the constant `NAME/initial_value`. One that reads other
  ///     variables waits for nothing: it takes their initial values where they have none yet.
  ///   - name: `Variable` if nil.
  ///   - dtype: the type of a Swift value; an output must have it.
  ///   - isTrainable: whether it joins `trainable_variables`.
  ///   - collections: which it joins; `variables` if nil.
  ///   - validateShape: false lets the shape be unknown or change.
  ///   - useResource: whether a resource holds the value, so that every read gives what is there at that time; as the
  ///     open variable scope says if nil.
  ///   - cachingDevice: where reads are copied to.
  ///   - constraint: applied after every update by an optimizer.
  /// - Throws: `BuildError` where the shape of the initial value is not known, or types contradict each other.
  public func variable(
    _ initialValue: any GraphValue, name: String? = nil, dtype: DataType? = nil, trainable isTrainable: Bool = true,
    collections: [String]? = nil, validateShape: Bool = true, useResource: Bool? = nil, cachingDevice: String? = nil,
    constraint: Variable.Constraint? = nil
  ) throws -> Variable {
    var specification = VariableSpecification()
    specification.name = name
    specification.isTrainable = isTrainable
    specification.collections = collections
    specification.validatesShape = validateShape
    specification.usesResource = try useResource ?? currentVariableScope.useResource
    specification.cachingDevice = cachingDevice
    specification.constraint = constraint
    return try makeVariable(specification, from: .value(initialValue, dtype))
  }

  /// The nodes of a variable.
  func makeVariable(
    _ specification: VariableSpecification, from source: VariableSpecification.Source
  ) throws -> Variable {
    // Variables live outside of the control dependencies around them: initializing must not wait for a training step.
    try controlDependencies(nil) {
      try nameScope(specification.name, default: "Variable") { scope in
        let variable =
          try specification.usesResource
          ? self.resourceVariable(specification, source, scope: scope)
          : self.referenceVariable(specification, source, scope: scope)
        var keys = specification.collections ?? [GraphKeys.globalVariables]
        if specification.isTrainable && !keys.contains(GraphKeys.trainableVariables) {
          keys.append(GraphKeys.trainableVariables)
        }
        for key in keys { try self.addToCollection(key, variable) }
        return variable
      }
    }
  }

  private func referenceVariable(
    _ specification: VariableSpecification, _ source: VariableSpecification.Source, scope: String
  ) throws -> Variable {
    let firstNode = nodeCount
    let initial = try initialValue(source, inScope: false)
    let shape = try checkedShape(of: initial, specification)
    let holder = try addNode(
      op: "VariableV2", name: scope,
      attributes: [
        "shape": .shape(shape), "dtype": .type(initial.dtype), "container": .string(""), "shared_name": .string(""),
      ])
    if case .initializer = source { stand(from: firstNode, with: holder) }
    let reference = holder.output()
    let assign = try addReferenceNode(
      "Assign", [reference, guarded(initial, for: scope)], name: nil,
      attributes: ["validate_shape": .bool(specification.validatesShape), "use_locking": .bool(true)])
    let read: Output
    if let device = specification.cachingDevice {
      read = try withDevice(device) { try self.add("Identity", [reference], name: "read") }
    } else {
      read = try withColocation(with: holder) { try self.add("Identity", [reference], name: "read") }
    }
    return Variable(
      reference: reference, initializer: assign, value: read, initialValue: initial,
      isTrainable: specification.isTrainable, aggregation: specification.aggregation,
      synchronization: specification.synchronization, slice: specification.slice,
      constraint: specification.constraint)
  }

  private func resourceVariable(
    _ specification: VariableSpecification, _ source: VariableSpecification.Source, scope: String
  ) throws -> Variable {
    let firstNode = nodeCount
    let initial = try initialValue(source, inScope: true)
    let shape = try checkedShape(of: initial, specification)
    let holder = try addNode(
      op: "VarHandleOp", name: scope,
      attributes: [
        "shape": .shape(shape), "dtype": .type(initial.dtype), "container": .string(""),
        "shared_name": .string(String(scope.dropLast())),
      ])
    stand(from: firstNode, with: holder)
    let handle = holder.output()
    try nameScope("IsInitialized") { _ in _ = try self.add("VarIsInitializedOp", [handle]) }
    let assign = try nameScope("Assign") { name in
      try self.withoutColocation {
        try self.addNode(
          op: "AssignVariableOp", name: name, inputs: [handle, self.guarded(initial, for: scope)],
          attributes: ["dtype": .type(initial.dtype)])
      }
    }
    let value = try nameScope("Read") { _ in
      let value = try self.add("ReadVariableOp", [handle], attributes: ["dtype": .type(initial.dtype)])
      guard let device = specification.cachingDevice else { return value }
      return try self.withoutColocation { try self.withDevice(device) { try self.add("Identity", [value]) } }
    }
    return Variable(
      reference: handle, initializer: assign, value: value, initialValue: initial,
      isTrainable: specification.isTrainable, aggregation: specification.aggregation,
      synchronization: specification.synchronization, slice: specification.slice,
      constraint: specification.constraint)
  }

  private func initialValue(_ source: VariableSpecification.Source, inScope: Bool) throws -> Output {
    switch source {
    case .value(let value, let dtype):
      let make = { try self.operand(value, dtype: dtype, name: "initial_value") }
      return inScope ? try nameScope("Initializer") { try withDevice(nil, make) } : try make()
    case .initializer(let make):
      return try nameScope("Initializer") { try withDevice(nil) { try make(self) } }
    }
  }

  private func checkedShape(of initial: Output, _ specification: VariableSpecification) throws -> PartialShape {
    guard specification.validatesShape else { return .unknown }
    guard initial.shape.full != nil else {
      throw BuildError.value("initial_value must have a shape specified: \(initial)")
    }
    return initial.shape
  }

  /// Names the variable in `_class` of the nodes made since; a colocation that is open goes before.
  private func stand(from first: Int, with holder: Node) {
    let group = AttributeValue.strings(["loc:@\(holder.name)"])
    for node in nodes[first...] where !node.attributeNames.contains("_class") { node.setAttribute("_class", group) }
  }
}
