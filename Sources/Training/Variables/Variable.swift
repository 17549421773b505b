import Engine
import Tensors

/// A value that lasts from run to run (`tf.Variable`): the nodes TensorFlow makes for it, and what to call them.
///
/// A reference variable has `NAME` (VariableV2), which holds the value, `NAME/Assign`, which sets it to the initial
/// value, and `NAME/read` (Identity), which ops take where they take the variable. A resource variable has `NAME`
/// (VarHandleOp), `NAME/Assign` (AssignVariableOp), `NAME/IsInitialized/VarIsInitializedOp` and
/// `NAME/Read/ReadVariableOp`; every op that takes it reads it anew. Two variables are equal if they are the same object.
public final class Variable: Sendable {
  /// Keeps a variable within bounds: gets it after an update and answers what to store instead.
  public typealias Constraint = @Sendable (Variable) throws -> Output

  /// `NAME:0`: the reference to the value, or the handle of the resource. What assignments change.
  public let reference: Output
  /// Sets the variable to its initial value.
  public let initializer: Node
  /// The value: `NAME/read:0`, or `NAME/Read/ReadVariableOp:0` of a resource. What a run fetches and savers save.
  public let value: Output
  /// What the variable is set to at first; nil for an imported variable that does not say.
  public let initialValue: Output?
  /// Whether optimizers change it unless told otherwise.
  public let isTrainable: Bool
  /// How replicas of the variable would be combined (`VariableAggregation` of TensorFlow); kept for export.
  let aggregation: Int
  /// How replicas would be kept equal (`VariableSynchronization`); kept for export.
  let synchronization: Int
  /// Position in a larger, partitioned variable; nil for a whole one.
  public let slice: VariableSlice?
  /// Applied after every update by an optimizer.
  public let constraint: Constraint?

  init(
    reference: Output, initializer: Node, value: Output, initialValue: Output?, isTrainable: Bool,
    aggregation: Int = 0, synchronization: Int = 0, slice: VariableSlice? = nil, constraint: Constraint? = nil
  ) {
    self.reference = reference
    self.initializer = initializer
    self.value = value
    self.initialValue = initialValue
    self.isTrainable = isTrainable
    self.aggregation = aggregation
    self.synchronization = synchronization
    self.slice = slice
    self.constraint = constraint
  }

  /// `NAME:0`.
  public var name: String { reference.name }
  /// The node that holds the value; its name is the key in checkpoints.
  public var node: Node { reference.node }
  /// Type of the value.
  public var dtype: DataType { isResource ? (try? node.type("dtype")) ?? value.dtype : reference.dtype }
  /// Shape of the value.
  public var shape: PartialShape { isResource ? (try? node.shape("shape")) ?? .unknown : reference.shape }
  public var graph: Graph { reference.graph }
  /// Whether the value is held by a resource (VarHandleOp) rather than by a reference.
  public var isResource: Bool { node.op == "VarHandleOp" }

  /// The value as the input of an op that is made now: that of `NAME/read`, or a new read of a resource that is not
  /// cached.
  func read() throws -> Output {
    guard isResource, value.node.op == "ReadVariableOp" else { return value }
    return try graph.withoutColocation { try graph.readVariable(self) }
  }

  /// The value at the time this op runs, after what it waits for (`Variable.read_value`).
  /// - Returns: an output of the variable's type and shape.
  public func readValue() throws -> Output {
    guard isResource else { return try graph.add("Identity", [reference], name: "read") }
    let value = try graph.nameScope("Read") { try graph.readVariable(self) }
    return try graph.identity(value)
  }
}

/// The part of a partitioned variable that one variable holds (`SaveSliceInfo`); each list has one number a dimension.
public struct VariableSlice: Sendable, Equatable {
  /// Name of the whole variable, its key in checkpoints.
  public var fullName: String
  public var fullShape: [Int]
  /// Where the part begins.
  public var offset: [Int]
  /// Size of the part.
  public var shape: [Int]

  /// As savers write it: the whole shape, then `start,length` of each dimension, joined by colons.
  var specification: String {
    let ranges = zip(offset, shape).map { "\($0),\($1)" }.joined(separator: ":")
    return (fullShape.map(String.init) + [ranges]).joined(separator: " ")
  }
}

extension Variable: Hashable {
  public static func == (left: Variable, right: Variable) -> Bool { left === right }
  public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

extension Variable: CustomStringConvertible {
  public var description: String {
    "<tf.Variable '\(name)' shape=\(shape.tupleDescription) dtype=\(dtype.name)\(isResource ? "" : "_ref")>"
  }
}

extension Variable: GraphValue {
  public func output(in graph: Graph, dtype: DataType?, name: String) throws -> Output {
    try read().output(in: graph, dtype: dtype, name: name)
  }
}

extension Graph {
  /// A ReadVariableOp on the device of the handle.
  func readVariable(_ variable: Variable) throws -> Output {
    let attributes = ["dtype": AttributeValue.type(variable.dtype)]
    let device = variable.node.device
    if device.isEmpty { return try add("ReadVariableOp", [variable.reference], attributes: attributes) }
    return try withDevice(device) { try add("ReadVariableOp", [variable.reference], attributes: attributes) }
  }
}
