import Engine
import Tensors

/// A value that lasts from run to run (`tf.Variable`): the nodes TensorFlow makes for it, and what to call them.
///
/// `NAME` (VariableV2) holds the value, `NAME/Assign` sets it to the initial value, `NAME/read` (Identity) reads it.
/// Where an op takes the variable as an input, it takes what `NAME/read` answers. Two variables are equal if they are
/// the same object.
public final class Variable: Sendable {
  /// The reference to the value, `NAME:0`: what assignments change and savers save.
  public let reference: Output
  /// Sets the variable to its initial value.
  public let initializer: Node
  /// The value, as ops read it: `NAME/read:0`.
  public let value: Output
  /// What the variable is set to at first; nil for an imported variable that does not say.
  public let initialValue: Output?
  /// Whether optimizers change it unless told otherwise.
  public let isTrainable: Bool
  /// How replicas of the variable would be combined (`VariableAggregation` of TensorFlow); kept for export.
  let aggregation: Int
  /// How replicas would be kept equal (`VariableSynchronization`); kept for export.
  let synchronization: Int
  /// Position in a larger, partitioned variable, as the exported message holds it; nil for a whole one.
  let sliceInfo: [UInt8]?

  init(
    reference: Output, initializer: Node, value: Output, initialValue: Output?, isTrainable: Bool,
    aggregation: Int = 0, synchronization: Int = 0, sliceInfo: [UInt8]? = nil
  ) {
    self.reference = reference
    self.initializer = initializer
    self.value = value
    self.initialValue = initialValue
    self.isTrainable = isTrainable
    self.aggregation = aggregation
    self.synchronization = synchronization
    self.sliceInfo = sliceInfo
  }

  /// `NAME:0`.
  public var name: String { reference.name }
  /// The node that holds the value; its name is the key in checkpoints.
  public var node: Node { reference.node }
  public var dtype: DataType { reference.dtype }
  public var shape: PartialShape { reference.shape }
  public var graph: Graph { reference.graph }
  /// Whether the value is held by a resource (VarHandleOp) rather than by a reference; only imported ones are.
  public var isResource: Bool { node.op == "VarHandleOp" }
}

extension Variable: Hashable {
  public static func == (left: Variable, right: Variable) -> Bool { left === right }
  public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

extension Variable: CustomStringConvertible {
  public var description: String {
    "<Variable '\(name)' shape=\(shape.tupleDescription) dtype=\(dtype.name)_ref>"
  }
}

extension Variable: GraphValue {
  public func output(in graph: Graph, dtype: DataType?, name: String) throws -> Output {
    try value.output(in: graph, dtype: dtype, name: name)
  }
}

extension Graph {
  /// Makes a variable (`tf.Variable`), named within the current name scope.
  ///
  /// - Parameters:
  ///   - initialValue: its first value; a Swift value becomes the constant `NAME/initial_value`.
  ///   - name: `Variable` if nil.
  ///   - isTrainable: whether it joins `trainable_variables`.
  ///   - collections: which it joins; `variables` if nil.
  /// - Throws: `BuildError` where the shape of the initial value is not known.
  public func variable(
    _ initialValue: any GraphValue, name: String? = nil, dtype: DataType? = nil, trainable isTrainable: Bool = true,
    collections: [String]? = nil
  ) throws -> Variable {
    try makeVariable(
      name: name, isTrainable: isTrainable, collections: collections,
      shapedInitialValue: { _ in
        let value = try self.operand(initialValue, dtype: dtype, name: "initial_value")
        guard let shape = value.shape.full else {
          throw BuildError.value("initial_value must have a shape specified: \(value)")
        }
        return (value, shape)
      })
  }

  /// The nodes of a variable.
  /// - Parameters:
  ///   - shapedInitialValue: runs inside the variable's name scope and gets the variable's name.
  ///   - standsWithInitializer: whether the nodes of the initial value and the holder name the variable in `_class`, as
  ///     `getVariable`'s do; a colocation that is open goes before.
  func makeVariable(
    name: String?, isTrainable: Bool, collections: [String]?, aggregation: Int = 0,
    shapedInitialValue: (String) throws -> (value: Output, shape: Shape), standsWithInitializer: Bool = false
  ) throws -> Variable {
    // Variables live outside of the control dependencies around them: initializing must not wait for a training step.
    try controlDependencies(nil) {
      try nameScope(name, default: "Variable") { scope in
        let firstNode = self.nodeCount
        let (initial, shape) = try shapedInitialValue(String(scope.dropLast()))
        let holder = try self.addNode(
          op: "VariableV2", name: scope,
          attributes: [
            "shape": .shape(PartialShape(shape)), "dtype": .type(initial.dtype), "container": .string(""),
            "shared_name": .string(""),
          ])
        if standsWithInitializer {
          let group = AttributeValue.strings(["loc:@\(holder.name)"])
          for node in self.nodes[firstNode...] where !node.attributeNames.contains("_class") {
            node.setAttribute("_class", group)
          }
        }
        let reference = holder.output()
        let assign = try self.addReferenceNode(
          "Assign", [reference, initial], name: nil,
          attributes: ["validate_shape": .bool(true), "use_locking": .bool(true)])
        let read = try self.withColocation(with: holder) { try self.add("Identity", [reference], name: "read") }
        let variable = Variable(
          reference: reference, initializer: assign, value: read, initialValue: initial, isTrainable: isTrainable,
          aggregation: aggregation)
        var keys = collections ?? [GraphKeys.globalVariables]
        if isTrainable && !keys.contains(GraphKeys.trainableVariables) { keys.append(GraphKeys.trainableVariables) }
        for key in keys { try self.addToCollection(key, variable) }
        return variable
      }
    }
  }
}
