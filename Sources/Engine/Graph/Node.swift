import Protos
import Synchronization
import Tensors

/// One operation of a graph. Nodes belong to the graph that made them and live as long as it does.
public final class Node: Sendable {
  /// What can change after a node is made: loops close backwards, colocation and shapes are added later.
  struct State: Sendable {
    var inputs: [Output]
    var controlInputs: [Node]
    var device: String
    var attributes: [String: Tensorflow_AttrValue]
    var outputShapes: [PartialShape]
  }

  public let name: String
  /// The operation's type, such as `MatMul`.
  public let op: String
  /// Position in the graph, in the order nodes were made.
  public let index: Int
  /// Element types of the outputs.
  public let outputTypes: [DataType]
  /// Which outputs are references to a variable's buffer (TensorFlow's `float32_ref`).
  public let outputIsReference: [Bool]
  /// The definition, nil for an operation this build does not know.
  public let definition: OpDefinition?
  public unowned let graph: Graph
  /// What an imported node held besides the parts above; written out again unchanged.
  let imported: Tensorflow_NodeDef?
  let state: Mutex<State>

  init(
    name: String, op: String, index: Int, outputTypes: [DataType], outputIsReference: [Bool],
    definition: OpDefinition?, graph: Graph, imported: Tensorflow_NodeDef?, state: State
  ) {
    self.name = name
    self.op = op
    self.index = index
    self.outputTypes = outputTypes
    self.outputIsReference = outputIsReference
    self.definition = definition
    self.graph = graph
    self.imported = imported
    self.state = Mutex(state)
  }

  public var inputs: [Output] { state.withLock { $0.inputs } }
  public var controlInputs: [Node] { state.withLock { $0.controlInputs } }
  public var device: String { state.withLock { $0.device } }
  public var outputCount: Int { outputTypes.count }
  public var outputs: [Output] { outputTypes.indices.map { Output(node: self, index: $0) } }

  /// The output at `index`.
  /// - Precondition: the node has that many outputs.
  public func output(_ index: Int = 0) -> Output {
    precondition(outputTypes.indices.contains(index), "\(name) has \(outputTypes.count) outputs, not \(index + 1)")
    return Output(node: self, index: index)
  }

  /// The attribute's value, or the default of the operation's definition where the node does not state it.
  public func attribute(_ name: String) -> AttributeValue? {
    if let proto = state.withLock({ $0.attributes[name] }) { return AttributeValue(proto: proto) }
    return definition?.attribute(name)?.defaultValue
  }

  /// Names of the attributes the node states, sorted.
  public var attributeNames: [String] { state.withLock { $0.attributes.keys.sorted() } }

  /// Sets or replaces an attribute, such as `_class` or `_output_shapes`.
  public func setAttribute(_ name: String, _ value: AttributeValue) {
    state.withLock { $0.attributes[name] = value.proto }
  }

  // Attributes as the kernels ask for them; the error says which node lacks what.

  func require<Value>(_ name: String, _ kind: String, _ pick: (AttributeValue) -> Value?) throws -> Value {
    guard let value = attribute(name) else {
      throw EngineError(.invalidArgument, "No attr named '\(name)' in NodeDef", node: self.name)
    }
    guard let picked = pick(value) else {
      throw EngineError(.invalidArgument, "attr '\(name)' of op '\(op)' is not a \(kind)", node: self.name)
    }
    return picked
  }

  public func type(_ name: String) throws -> DataType {
    try require(name, "type") { if case .type(let value) = $0 { value } else { nil } }
  }

  public func bool(_ name: String) throws -> Bool {
    try require(name, "bool") { if case .bool(let value) = $0 { value } else { nil } }
  }

  public func int(_ name: String) throws -> Int {
    try require(name, "int") { if case .int(let value) = $0 { Int(value) } else { nil } }
  }

  public func float(_ name: String) throws -> Float {
    try require(name, "float") { if case .float(let value) = $0 { value } else { nil } }
  }

  public func string(_ name: String) throws -> String {
    try require(name, "string") { if case .string(let value) = $0 { value } else { nil } }
  }

  public func ints(_ name: String) throws -> [Int] {
    try require(name, "list(int)") {
      switch $0 {
      case .ints(let values): values.map { Int($0) }
      case .emptyList: []
      default: nil
      }
    }
  }

  public func shapes(_ name: String) throws -> [PartialShape] {
    try require(name, "list(shape)") {
      switch $0 {
      case .shapes(let values): values
      case .emptyList: []
      default: nil
      }
    }
  }

  public func strings(_ name: String) throws -> [String] {
    try require(name, "list(string)") {
      switch $0 {
      case .strings(let values): values
      case .emptyList: []
      default: nil
      }
    }
  }

  public func types(_ name: String) throws -> [DataType] {
    try require(name, "list(type)") {
      switch $0 {
      case .types(let values): values
      case .emptyList: []
      default: nil
      }
    }
  }

  public func shape(_ name: String) throws -> PartialShape {
    try require(name, "shape") { if case .shape(let value) = $0 { value } else { nil } }
  }

  public func tensor(_ name: String) throws -> Tensor {
    try require(name, "tensor") { if case .tensor(let value) = $0 { value } else { nil } }
  }
}

extension Node {
  /// The value of a `Const`, whose element type is the one the node states.
  func constantValue() throws -> Tensor {
    let value = try tensor("value")
    guard value.dtype == outputTypes.first else {
      throw EngineError(
        .invalidArgument,
        "Inconsistency between attr dtype (\(outputTypes.first?.shortName ?? "none")) and the value's type "
          + "(\(value.dtype.shortName))", node: name)
    }
    return value
  }
}

extension Node: Hashable {
  public static func == (left: Node, right: Node) -> Bool { left === right }
  public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

extension Node: CustomStringConvertible {
  public var description: String { "<Node '\(name)' type=\(op)>" }
}

/// One output of a node: what TensorFlow's Python calls a Tensor.
public struct Output: Hashable, Sendable {
  public let node: Node
  public let index: Int

  public init(node: Node, index: Int) {
    self.node = node
    self.index = index
  }

  /// `node:index`.
  public var name: String { "\(node.name):\(index)" }
  public var graph: Graph { node.graph }
  public var dtype: DataType { node.outputTypes[index] }
  /// Whether this is a reference to a variable's buffer.
  public var isReference: Bool { node.outputIsReference[index] }

  /// What is known of the shape before a run.
  public var shape: PartialShape {
    node.state.withLock { index < $0.outputShapes.count ? $0.outputShapes[index] : .unknown }
  }

  /// Adds what the caller knows about the shape, as TensorFlow's `set_shape`.
  /// - Throws: `EngineError` where it contradicts what is known.
  public func setShape(_ shape: PartialShape) throws {
    let index = index
    try node.state.withLock { state in
      do {
        while state.outputShapes.count <= index { state.outputShapes.append(.unknown) }
        state.outputShapes[index] = try state.outputShapes[index].merged(with: shape)
      } catch let error as ShapeError {
        throw EngineError(.invalidArgument, error.message, node: node.name)
      }
    }
  }

  /// As a NodeDef writes it: the index is left out where it is 0.
  var inputName: String { index == 0 ? node.name : name }
}

extension Output: CustomStringConvertible {
  public var description: String { "<Output '\(name)' shape=\(shape.tupleDescription) dtype=\(dtype.name)>" }
}
