import Protos

/// What is known of one node or scope: the answer of `GET /api/v1/graphs/node`.
public struct NodeDetails: Codable, Sendable {
  public struct Attribute: Codable, Sendable {
    public var name: String
    /// int, float, bool, string, type, shape, tensor, func, list(int), …
    public var type: String
    /// Printed for people, long values shortened.
    public var value: String
  }

  /// One end of an edge.
  public struct Connection: Codable, Sendable {
    /// Element id of the node at the other end.
    public var id: String
    /// The tensor as TensorFlow writes it, `name:0`, or `^name` for a control edge.
    public var name: String
    public var op: String
    /// As in `?×10`; empty where not known.
    public var shape: String
    /// Element type; empty where not known.
    public var dtype: String
    public var control: Bool
  }

  public struct OpCount: Codable, Sendable {
    public var op: String
    public var count: Int
  }

  public var id: String
  /// Ids of what has to be open for it to be visible, from the outermost.
  public var around: [String]
  /// Full name in the graph.
  public var name: String
  public var kind: ScopeTree.Kind
  public var op: String?
  public var device: String?
  public var attributes: [Attribute]
  /// Of an op its inputs in order; of a scope what comes in from outside.
  public var inputs: [Connection]
  public var outputs: [Connection]
  /// How many more inputs and outputs there are than the lists hold.
  public var moreInputs: Int
  public var moreOutputs: Int
  /// Inputs that the graph does not have.
  public var missing: [String]
  public var ops: Int
  /// Ops inside by type, most frequent first.
  public var opCounts: [OpCount]
  /// Other scopes of the same structure, at most 50.
  public var sameStructure: [String]
  /// Ids of the library's functions that the op calls.
  public var functions: [String]

  enum CodingKeys: String, CodingKey {
    case id, around, name, kind, op, device, attributes, inputs, outputs, missing, ops, functions
    case moreInputs = "more_inputs"
    case moreOutputs = "more_outputs"
    case opCounts = "op_counts"
    case sameStructure = "same_structure"
  }
}

extension GraphStructure {
  /// At most this many inputs and outputs are listed.
  static let maximumConnections = 200

  /// Everything about the node or scope with this id.
  ///
  /// - Throws: ``GraphError/unknownNode(name:source:)``; ``GraphError/damaged(source:offset:reason:)`` if its attributes
  ///   do not decode.
  public func details(of id: String) throws -> NodeDetails {
    guard let element = tree.element(id: id) else { throw GraphError.unknownNode(name: id, source: model.source) }
    let item = tree.elements[Int(element)]
    return item.kind == .op ? try op(element, node: Int(item.node)) : scope(element)
  }

  private func op(_ element: Int32, node: Int) throws -> NodeDetails {
    let definition = try model.definition(of: node)
    let known = model.inputs(of: node)
    let present = Set(known.map(\.input))
    let outputs = model.edges.filter { $0.source == Int32(node) }
    let functions = definition.attr.values.flatMap { value -> [String] in
      switch value.value {
      case .func(let function): [function.name]
      case .list(let list): list.func.map(\.name)
      default: []
      }
    }
    var details = NodeDetails(
      id: tree.id(of: element), around: around(element), name: model.nodes[node].name, kind: .op,
      op: model.op(of: node),
      device: model.deviceNames[model.nodes[node].device], attributes: [], inputs: [], outputs: [], moreInputs: 0,
      moreOutputs: 0, missing: [], ops: 1, opCounts: [], sameStructure: [],
      functions: Set(functions).map { "@\($0)" }.filter { tree.element(id: $0) != nil }.sorted())
    details.attributes = definition.attr.keys.sorted().map { name in
      let value = definition.attr[name] ?? Tensorflow_AttrValue()
      return NodeDetails.Attribute(
        name: name, type: AttributePrinter.kind(value), value: AttributePrinter.text(value))
    }
    details.missing = definition.input.enumerated()
      .filter { !present.contains(Int32($0.offset)) }.prefix(Self.maximumConnections).map(\.element)
    details.inputs = known.prefix(Self.maximumConnections).map { connection($0, other: $0.source) }
    details.outputs = outputs.prefix(Self.maximumConnections).map { connection($0, other: $0.target) }
    details.moreInputs = known.count - details.inputs.count
    details.moreOutputs = outputs.count - details.outputs.count
    return details
  }

  private func around(_ element: Int32) -> [String] {
    tree.ancestors(of: element).reversed().map(tree.id(of:))
  }

  private func scope(_ element: Int32) -> NodeDetails {
    let item = tree.elements[Int(element)]
    var isInside = [Bool](repeating: false, count: tree.elements.count)
    isInside[Int(element)] = true
    var counts: [Int: Int] = [:]
    for index in Int(element) + 1..<max(tree.elements.count, Int(element) + 1) {
      guard isInside[Int(tree.elements[index].parent)] else { continue }
      isInside[index] = true
      let node = tree.elements[index].node
      if node >= 0 { counts[model.nodes[Int(node)].op, default: 0] += 1 }
    }
    func inside(_ node: Int32) -> Bool { isInside[Int(tree.elementOfNode[Int(node)])] }
    let inputs = model.edges.filter { inside($0.target) && !inside($0.source) }
    let outputs = model.edges.filter { inside($0.source) && !inside($0.target) }
    let template = self.template[Int(element)]
    let same =
      template < 0
      ? [] : tree.elements.indices.filter { self.template[$0] == template && $0 != Int(element) }.prefix(50)
    let device = self.device[Int(element)]
    var details = NodeDetails(
      id: tree.id(of: element), around: around(element), name: tree.id(of: element), kind: item.kind, op: nil,
      device: device < 0 ? nil : model.deviceNames[Int(device)], attributes: [], inputs: [], outputs: [], moreInputs: 0,
      moreOutputs: 0, missing: [], ops: Int(item.ops), opCounts: [],
      sameStructure: same.map { tree.id(of: Int32($0)) }, functions: [])
    details.opCounts = counts.sorted { ($1.value, model.opNames[$0.key]) < ($0.value, model.opNames[$1.key]) }
      .map { NodeDetails.OpCount(op: model.opNames[$0.key], count: $0.value) }
    // A tensor that several ops inside use comes in once.
    details.inputs = unique(inputs) { ($0.source, $0.output) }.map { connection($0, other: $0.source) }
    details.outputs = unique(outputs) { ($0.target, $0.output) }.map { connection($0, other: $0.target) }
    details.moreInputs = max(0, details.inputs.count - Self.maximumConnections)
    details.moreOutputs = max(0, details.outputs.count - Self.maximumConnections)
    details.inputs = Array(details.inputs.prefix(Self.maximumConnections))
    details.outputs = Array(details.outputs.prefix(Self.maximumConnections))
    return details
  }

  private func unique(_ edges: [GraphEdge], _ key: (GraphEdge) -> (Int32, Int32)) -> [GraphEdge] {
    var seen: Set<[Int32]> = []
    let first = edges.filter {
      let (node, output) = key($0)
      return seen.insert([node, output]).inserted
    }
    // What carries data comes first.
    return first.filter { !$0.isControl } + first.filter(\.isControl)
  }

  private func connection(_ edge: GraphEdge, other: Int32) -> NodeDetails.Connection {
    let source = Int(edge.source)
    let name = model.nodes[source].name
    let definition = (try? model.definition(of: source)) ?? Tensorflow_NodeDef()
    return NodeDetails.Connection(
      id: tree.id(of: tree.elementOfNode[Int(other)]), name: edge.isControl ? "^\(name)" : "\(name):\(edge.output)",
      op: model.op(of: Int(other)), shape: model.shape(of: source, output: Int(edge.output))?.label ?? "",
      dtype: edge.isControl
        ? ""
        : OutputTypes.name(definition, output: Int(edge.output), op: model.meta?.ops[model.op(of: source)]),
      control: edge.isControl)
  }
}
