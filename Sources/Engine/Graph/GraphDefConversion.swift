import Foundation
import Protos
import Tensors

// GraphDef in and out. A NodeDef's inputs are `node`, `node:index` or `^node` (control); nodes may stand in any order
// and loops refer forward. Attributes stay the messages they were, so what this build does not know is not lost.

extension Graph {
  /// A graph of the nodes of `graphDef`, under their own names.
  /// - Parameter definitions: what is known of operations this build lacks (`stripped_op_list` of a MetaGraphDef).
  public convenience init(
    graphDef: Tensorflow_GraphDef, definitions: Tensorflow_OpList? = nil, registry: OpRegistry = .standard
  ) throws {
    self.init(registry: registry)
    try importGraphDef(graphDef, prefix: "", definitions: definitions)
    state.withLock { state in
      if graphDef.hasVersions { state.versions = graphDef.versions }
    }
  }

  /// Adds the nodes of `graphDef` to this graph.
  /// - Parameters:
  ///   - prefix: put before each name with a `/`, after it was made unique; empty for none.
  ///   - inputMap: imported outputs (`x:0`) to be replaced by existing ones.
  /// - Returns: the nodes made, in the message's order.
  /// - Throws: `EngineError` naming the node that cannot be imported; the graph is unchanged then. Operations without
  ///   definition or kernel are no error: they are reported when a run needs them.
  @discardableResult
  public func importGraphDef(
    _ graphDef: Tensorflow_GraphDef, prefix: String = "import", inputMap: [String: Output] = [:],
    definitions: Tensorflow_OpList? = nil
  ) throws -> [Node] {
    try checkNotFinalized()
    let scope = prefix.isEmpty ? "" : (prefix.hasSuffix("/") ? String(prefix.dropLast()) : uniqueName(prefix)) + "/"
    var importer = GraphImporter(graph: self, scope: scope, inputMap: inputMap)
    for proto in definitions?.op ?? [] where registry[proto.name] == nil {
      importer.definitions[proto.name] = OpDefinition(proto: proto)
    }
    for function in graphDef.library.function where registry[function.signature.name] == nil {
      importer.definitions[function.signature.name] = OpDefinition(proto: function.signature)
    }
    let nodes = try importer.makeNodes(graphDef.node)
    // Only now does the graph change.
    let created = Set(nodes)
    for node in nodes.sorted(by: { $0.index < $1.index }) { try insert(node) }
    state.withLock { state in
      for node in created {
        // Every part of a path counts as used, as after making the scopes one by one.
        let key = node.name.lowercased()
        state.namesInUse[key] = max(state.namesInUse[key] ?? 0, 1)
        var end = key.startIndex
        while let slash = key[end...].firstIndex(of: "/") {
          let path = String(key[..<slash])
          state.namesInUse[path] = max(state.namesInUse[path] ?? 0, 1)
          end = key.index(after: slash)
        }
      }
      state.importedDefinitions.merge(importer.definitions) { _, new in new }
      if graphDef.hasLibrary {
        state.library.function += graphDef.library.function
        state.library.gradient += graphDef.library.gradient
        state.hasLibrary = true
      }
    }
    return nodes
  }

  /// The graph as TensorFlow stores it.
  /// - Parameter addShapes: whether each node states its inferred shapes in `_output_shapes`, as `.meta` files do.
  public func asGraphDef(addShapes: Bool = false) -> Tensorflow_GraphDef {
    var graphDef = Tensorflow_GraphDef()
    let (nodes, versions, library) = state.withLock { ($0.nodes, $0.versions, $0.hasLibrary ? $0.library : nil) }
    graphDef.versions = versions
    if let library { graphDef.library = library }
    graphDef.node = nodes.map { $0.nodeDef(addShapes: addShapes) }
    return graphDef
  }

  /// Definitions of the operations this graph uses (`stripped_op_list` of a MetaGraphDef), by name.
  public func usedDefinitions() -> Tensorflow_OpList {
    let (nodes, imported) = state.withLock { ($0.nodes, $0.importedDefinitions) }
    var list = Tensorflow_OpList()
    list.op = Set(nodes.map(\.op)).sorted().compactMap { (registry[$0] ?? imported[$0])?.proto }
    return list
  }
}

extension Node {
  /// The node as TensorFlow stores it.
  public func nodeDef(addShapes: Bool = false) -> Tensorflow_NodeDef {
    let current = state.withLock { $0 }
    var proto = imported ?? Tensorflow_NodeDef()
    proto.name = name
    proto.op = op
    proto.input = current.inputs.map(\.inputName) + current.controlInputs.map { "^" + $0.name }
    proto.device = current.device
    proto.attr = current.attributes
    if addShapes, outputCount > 0 {
      proto.attr["_output_shapes"] =
        AttributeValue.shapes(
          outputs.indices.map { $0 < current.outputShapes.count ? current.outputShapes[$0] : .unknown }
        ).proto
    }
    return proto
  }
}

/// Makes nodes of NodeDefs: inputs before users where possible, back edges of loops at the end.
private struct GraphImporter {
  let graph: Graph
  let scope: String
  let inputMap: [String: Output]
  var definitions: [String: OpDefinition] = [:]
  private var made: [String: Node] = [:]

  init(graph: Graph, scope: String, inputMap: [String: Output]) {
    self.graph = graph
    self.scope = scope
    self.inputMap = inputMap
  }

  private struct Reference {
    var node: String
    var index: Int
    var isControl: Bool

    init(_ text: String) {
      isControl = text.hasPrefix("^")
      let plain = isControl ? String(text.dropFirst()) : text
      if let colon = plain.lastIndex(of: ":"), let number = Int(plain[plain.index(after: colon)...]) {
        (node, index) = (String(plain[..<colon]), number)
      } else {
        (node, index) = (plain, 0)
      }
    }
  }

  mutating func makeNodes(_ protos: [Tensorflow_NodeDef]) throws -> [Node] {
    var positions: [String: Int] = [:]
    var outputsNeeded: [String: Int] = [:]
    for (position, proto) in protos.enumerated() {
      guard positions.updateValue(position, forKey: proto.name) == nil else {
        throw EngineError.invalid("Node '\(proto.name)' is not unique")
      }
      guard NameRules.isValidScopePart(proto.name), !proto.name.isEmpty else {
        throw EngineError.invalid("'\(proto.name)' is not a valid node name")
      }
      if graph.node(named: scope + proto.name) != nil {
        throw EngineError.invalid("Node name '\(scope + proto.name)' already exists in the Graph")
      }
    }
    let references = protos.map { $0.input.map(Reference.init) }
    for (proto, list) in zip(protos, references) {
      for reference in list where inputMap["\(reference.node):\(reference.index)"] == nil {
        guard positions[reference.node] != nil else {
          throw EngineError.invalid("Node '\(proto.name)': Unknown input node '\(reference.node)'")
        }
        if !reference.isControl, reference.index >= 0, reference.index < 1 << 16 {
          outputsNeeded[reference.node] = max(outputsNeeded[reference.node] ?? 0, reference.index + 1)
        }
      }
    }
    let order = order(protos, references, positions)
    let base = graph.nodeCount
    for (rank, position) in order.enumerated() {
      let proto = protos[position]
      let inputs = references[position].filter { !$0.isControl }
      let ready = inputs.allSatisfy { made[$0.node] != nil || inputMap["\($0.node):\($0.index)"] != nil }
      let node = try makeNode(proto, index: base + rank, outputsNeeded: outputsNeeded[proto.name] ?? 0)
      made[proto.name] = node
      // A loop's Merge is made before the NextIteration that feeds it: its edges come below.
      if ready { try connect(node, references[position]) }
      refineShapes(node, proto)
    }
    for position in order {
      let node = try madeNode(protos[position].name, for: protos[position].name)
      try connect(node, references[position])
    }
    return try protos.map { try madeNode($0.name, for: $0.name) }
  }

  private func madeNode(_ name: String, for user: String) throws -> Node {
    guard let node = made[name] else {
      throw EngineError.invalid("Node '\(user)': Unknown input node '\(name)'")
    }
    return node
  }

  private func connect(_ node: Node, _ references: [Reference]) throws {
    var inputs: [Output] = []
    var controls: [Node] = []
    for reference in references {
      if reference.isControl {
        if let control = made[reference.node] { controls.append(control) }
      } else if let mapped = inputMap["\(reference.node):\(reference.index)"] {
        inputs.append(mapped)
      } else {
        let source = try madeNode(reference.node, for: node.name)
        guard source.outputTypes.indices.contains(reference.index) else {
          throw EngineError.invalid(
            "Node '\(node.name)': Connecting to invalid output \(reference.index) of source node \(reference.node) "
              + "which has \(source.outputCount) outputs.")
        }
        inputs.append(source.output(reference.index))
      }
    }
    // An operation this build lacks says nothing reliable about its outputs, so their types are not held against users.
    if let definition = graph.registry[node.op] {
      try Signature.check(
        definition, inputs: inputs, node: node.name, attribute: node.attribute,
        isGuessed: { graph.registry[$0.node.op] == nil })
    }
    node.state.withLock { ($0.inputs, $0.controlInputs) = (inputs, controls) }
  }

  private func makeNode(_ proto: Tensorflow_NodeDef, index: Int, outputsNeeded: Int) throws -> Node {
    let known = graph.registry[proto.op]
    let definition = known ?? definitions[proto.op]
    var types: [DataType]?
    var references: [Bool] = []
    if let definition {
      let attribute = { (name: String) in
        proto.attr[name].flatMap(AttributeValue.init(proto:)) ?? definition.attribute(name)?.defaultValue
      }
      do {
        (types, references) = try { ($0.types, $0.references) }(Signature.outputTypes(definition, attribute: attribute))
      } catch let error as EngineError where known != nil {
        throw error.at(node: proto.name)
      } catch {
        types = nil
      }
    }
    if types == nil {
      // Nothing says what the outputs are: take as many as anyone asks for, of the type the attributes hint at.
      let shapes = proto.attr["_output_shapes"]?.list.shape.count ?? 0
      let hint = ["dtype", "T", "DstT", "out_type", "output_type"].lazy
        .compactMap { proto.attr[$0].flatMap { DataType(proto: $0.type) } }.first
      types = [DataType](repeating: hint ?? .variant, count: max(shapes, outputsNeeded))
      references = [Bool](repeating: false, count: types?.count ?? 0)
    }
    var attributes = proto.attr
    if !scope.isEmpty, proto.op == "Enter" || proto.op == "RefEnter",
      case .s(let frame)? = attributes["frame_name"]?.value
    {
      // The loops of two imports of one graph are two loops.
      attributes["frame_name"]?.s = Data(scope.utf8) + frame
    }
    return Node(
      name: scope + proto.name, op: proto.op, index: index, outputTypes: types ?? [], outputIsReference: references,
      definition: definition, graph: graph, imported: proto,
      state: Node.State(inputs: [], controlInputs: [], device: proto.device, attributes: attributes, outputShapes: []))
  }

  /// Shapes are inferred anew and joined with those the file states; a contradiction is left for the run to report.
  private func refineShapes(_ node: Node, _ proto: Tensorflow_NodeDef) {
    let unknown = [PartialShape](repeating: .unknown, count: node.outputCount)
    let isConnected = node.inputs.count == proto.input.filter { !$0.hasPrefix("^") }.count
    var shapes = isConnected ? (try? ShapeContext(node: node).infer()) ?? unknown : unknown
    if let stated = proto.attr["_output_shapes"]?.list.shape {
      for (index, shape) in stated.prefix(shapes.count).enumerated() {
        shapes[index] = (try? shapes[index].merged(with: PartialShape(proto: shape))) ?? shapes[index]
      }
    }
    node.state.withLock { $0.outputShapes = shapes }
  }

  /// The message's order, except that inputs come before their users; members of cycles keep the message's order.
  private func order(
    _ protos: [Tensorflow_NodeDef], _ references: [[Reference]], _ positions: [String: Int]
  ) -> [Int] {
    var order: [Int] = []
    order.reserveCapacity(protos.count)
    var state = [UInt8](repeating: 0, count: protos.count)  // 0 new, 1 open, 2 done
    var stack: [(position: Int, next: Int)] = []
    for start in protos.indices where state[start] == 0 {
      stack.append((start, 0))
      state[start] = 1
      while let (position, next) = stack.last {
        if next == references[position].count {
          state[position] = 2
          order.append(position)
          stack.removeLast()
          continue
        }
        stack[stack.count - 1].next += 1
        // Skipping what is still open cuts the loop at its back edge. A Merge waits for its entry only.
        if let source = positions[references[position][next].node], state[source] == 0,
          !(protos[position].op == "Merge" && protos[source].op == "NextIteration")
        {
          state[source] = 1
          stack.append((source, 0))
        }
      }
    }
    return order
  }
}
