import Protos
import Synchronization
import Tensors

/// A computation: nodes that are only ever added, named as TensorFlow names them.
///
/// One task builds, any number of tasks may read and run meanwhile. Scopes (names, control dependencies, devices) are
/// those of the building task. Every lookup and every added node is checked as TensorFlow's Python front end does,
/// with its wording.
public final class Graph: Sendable {
  struct State: Sendable {
    var nodes: [Node] = []
    var nodesByName: [String: Node] = [:]
    /// How often each lower-cased name was asked for: uniqueness ignores case.
    var namesInUse: [String: Int] = [:]
    var nameScope = ""
    var controllers: [ControlContext] = []
    var devices: [DeviceSpec?] = []
    var colocations: [String] = []
    var collections: [String: [any Sendable]] = [:]
    var seed: Int64?
    var isFinalized = false
    /// How often edges of existing nodes changed: compiled plans are stale then.
    var edits = 0
    /// The branch or loop that is being built, and those that nodes were built in, by the index of the node.
    var flow: FlowContext?
    var flows: [Int: FlowContext] = [:]
    /// What decides a condition, by the index of its `Merge`.
    var predicates: [Int: Output] = [:]
    var recordsTracebacks = false
    /// By the index of the node.
    var tracebacks: [Int: Traceback] = [:]
    var versions = Graph.currentVersions
    var library = Tensorflow_FunctionDefLibrary()
    var hasLibrary = false
    /// Definitions that came with an imported graph, for operations this build does not know.
    var importedDefinitions: [String: OpDefinition] = [:]
  }

  /// One `withControlDependencies`: what new nodes wait for, and the nodes made inside so far.
  struct ControlContext: Sendable {
    var inputs: [Node]
    var made: Set<Node> = []
  }

  let state = Mutex(State())
  public let registry: OpRegistry

  /// An empty graph.
  public init(registry: OpRegistry = .standard) { self.registry = registry }

  deinit {
    // Loops hold each other, and a long chain released from its end would recurse once a node: cut all edges first.
    for node in state.withLock({ $0.nodes }) {
      let links = node.state.withLock { state in
        defer { (state.inputs, state.controlInputs) = ([], []) }
        return (state.inputs, state.controlInputs)
      }
      withExtendedLifetime(links) {}
    }
  }

  private static var currentVersions: Tensorflow_VersionDef {
    var versions = Tensorflow_VersionDef()
    versions.producer = 134
    return versions
  }

  // MARK: Reading

  /// All nodes in the order they were made.
  public var nodes: [Node] { state.withLock { $0.nodes } }
  public var nodeCount: Int { state.withLock { $0.nodes.count } }

  /// The node called `name`, nil where there is none.
  public func node(named name: String) -> Node? { state.withLock { $0.nodesByName[name] } }

  /// How often edges of existing nodes have changed.
  var edits: Int { state.withLock { $0.edits } }

  /// Whether nodes can no longer be added.
  public var isFinalized: Bool { state.withLock { $0.isFinalized } }

  /// Freezes the graph; running it and looking things up still works. Doing it again changes nothing.
  public func finalize() { state.withLock { $0.isFinalized = true } }

  func checkNotFinalized() throws {
    if isFinalized { throw EngineError(.failedPrecondition, "Graph is finalized and cannot be modified.") }
  }

  // MARK: Adding nodes

  /// Adds a node.
  /// - Parameters:
  ///   - op: the operation's type, such as `MatMul`.
  ///   - name: the wished name, made unique within the current name scope; one that ends in `/` is taken as it is,
  ///     from the root. The operation's type where nil.
  ///   - inputs: the data inputs, lists laid out flat. Where an operation has one list, its length is inferred; where
  ///     it has several, state their number attributes.
  ///   - attributes: whatever cannot be inferred from the inputs and has no default.
  ///   - device: overrides what the device scopes say.
  /// - Throws: `EngineError` with TensorFlow's wording where types or shapes contradict the operation's definition.
  @discardableResult
  public func addNode(
    op: String, name: String? = nil, inputs: [Output] = [], controlInputs: [Node] = [],
    attributes: [String: AttributeValue] = [:], device: String? = nil
  ) throws -> Node {
    guard let definition = registry[op] else {
      throw EngineError(.notFound, "Op type not registered '\(op)' in this build of Trainscope")
    }
    try checkNotFinalized()
    for input in inputs where input.graph !== self {
      throw EngineError.invalid("Tensor '\(input.name)' must be from the same graph as the node it feeds (\(op)).")
    }
    let resolved = try Signature.resolve(definition, inputs: inputs, attributes: attributes)
    let nodeName = try nodeName(wish: name ?? op)
    var context = state.withLock { state in contextFor(inputs, explicit: controlInputs, state: state) }
    // Inside a branch or a loop, what comes from outside is brought in.
    let flow = currentFlow
    let inputs = try flow.map { flow in try inputs.map { try flow.capture($0, for: nodeName) } } ?? inputs
    if let flow { context.controlInputs = try flow.controls(context.controlInputs, inputs: inputs, for: nodeName) }
    var protos = resolved.attributes.mapValues(\.proto)
    if !context.colocations.isEmpty, protos["_class"] == nil {
      protos["_class"] = AttributeValue.strings(context.colocations).proto
    }
    let node = Node(
      name: nodeName, op: op, index: nodeCount, outputTypes: resolved.outputTypes,
      outputIsReference: resolved.outputIsReference, definition: definition, graph: self, imported: nil,
      state: Node.State(
        inputs: inputs, controlInputs: context.controlInputs,
        device: try device.map { try DeviceSpec($0).name } ?? context.device, attributes: protos, outputShapes: []))
    let shapes = try ShapeContext(node: node).infer()
    node.state.withLock { $0.outputShapes = shapes }
    try insert(node)
    if let flow { state.withLock { $0.flows[node.index] = flow } }
    return node
  }

  /// Adds a node and answers its only output.
  public func add(
    _ op: String, _ inputs: [Output] = [], name: String? = nil, attributes: [String: AttributeValue] = [:]
  ) throws -> Output {
    let node = try addNode(op: op, name: name, inputs: inputs, attributes: attributes)
    guard node.outputCount > 0 else { throw EngineError(.internal, "\(op) has no output") }
    return node.output(0)
  }

  /// A constant.
  public func constant(_ value: Tensor, name: String = "Const") throws -> Output {
    try add("Const", [], name: name, attributes: ["value": .tensor(value), "dtype": .type(value.dtype)])
  }

  private func nodeName(wish: String) throws -> String {
    let name: String
    if wish.hasSuffix("/") {
      name = String(wish.dropLast())
    } else {
      guard NameRules.isValidNodeName(state.withLock({ $0.nameScope.isEmpty }) ? wish : "x/" + wish) else {
        throw EngineError.invalid("'\(wish)' is not a valid node name")
      }
      name = uniqueName(wish)
    }
    guard NameRules.isValidNodeName(name) else { throw EngineError.invalid("'\(name)' is not a valid node name") }
    return name
  }

  func insert(_ node: Node) throws {
    let traceback = recordsTracebacks ? Traceback() : nil
    try state.withLock { state in
      guard state.nodesByName[node.name] == nil else {
        throw EngineError.invalid("Duplicate node name in graph: '\(node.name)'")
      }
      state.nodes.append(node)
      state.nodesByName[node.name] = node
      state.tracebacks[node.index] = traceback
      for index in state.controllers.indices { state.controllers[index].made.insert(node) }
    }
  }

  /// What the open scopes add to a node with these inputs.
  private func contextFor(
    _ inputs: [Output], explicit: [Node], state: State
  ) -> (controlInputs: [Node], device: String, colocations: [String]) {
    let inputNodes = Set(inputs.map(\.node))
    var seen = Set<Node>()
    var controls: [Node] = []
    for node in explicit where seen.insert(node).inserted { controls.append(node) }
    for context in state.controllers where context.made.isDisjoint(with: inputNodes) {
      for node in context.inputs where !inputNodes.contains(node) && seen.insert(node).inserted {
        controls.append(node)
      }
    }
    var device: DeviceSpec?
    for spec in state.devices.reversed() {
      guard let spec else { break }
      device = device?.completed(by: spec) ?? spec
    }
    return (controls, device?.name ?? "", state.colocations.map { "loc:@\($0)" })
  }

  /// Lets an input of an existing node come from elsewhere; loops close this way.
  /// - Throws: `EngineError` where the type does not fit or the input does not exist.
  public func replaceInput(_ index: Int, of node: Node, with output: Output) throws {
    try checkNotFinalized()
    try node.state.withLock { state in
      guard state.inputs.indices.contains(index) else {
        throw EngineError.invalid("Node '\(node.name)' has no input \(index)")
      }
      guard state.inputs[index].dtype == output.dtype else {
        throw EngineError.invalid(
          "Input \(index) of node '\(node.name)' is \(state.inputs[index].dtype.name), not \(output.dtype.name)")
      }
      state.inputs[index] = output
    }
    state.withLock { $0.edits += 1 }
  }

  /// Adds a control input to an existing node.
  public func addControlInput(_ control: Node, to node: Node) throws {
    try checkNotFinalized()
    node.state.withLock { if !$0.controlInputs.contains(control) { $0.controlInputs.append(control) } }
    state.withLock { $0.edits += 1 }
  }

  // MARK: Seeds

  /// The graph-level seed of random operations.
  public var seed: Int64? {
    get { state.withLock { $0.seed } }
    set { state.withLock { $0.seed = newValue } }
  }

  /// The attributes `seed` and `seed2` of a random operation made now, by TensorFlow's rule (`tf.get_seed`): the graph's
  /// seed pairs with the operation's own, or else with the number of nodes so far.
  public func seeds(for operationSeed: Int64?) -> (seed: Int64, seed2: Int64) {
    let (graphSeed, count) = state.withLock { ($0.seed, Int64($0.nodes.count)) }
    let pair: (Int64, Int64)
    switch (graphSeed, operationSeed) {
    case (let graph?, let operation?): pair = (graph, operation)
    case (let graph?, nil): pair = (graph, count)
    case (nil, let operation?): pair = (87_654_321, operation)
    case (nil, nil): return (0, 0)
    }
    return pair == (0, 0) ? (0, Int64(Int32.max)) : pair
  }

  // MARK: Collections

  /// Adds a value to a collection.
  /// - Throws: `EngineError` where the graph is finalized.
  public func addToCollection(_ name: String, _ value: any Sendable) throws {
    try checkNotFinalized()
    state.withLock { $0.collections[name, default: []].append(value) }
  }

  /// The values of a collection in the order they were added; empty where there is none.
  public func collection(_ name: String) -> [any Sendable] { state.withLock { $0.collections[name] ?? [] } }

  /// Replaces a collection.
  public func setCollection(_ name: String, _ values: [any Sendable]) throws {
    try checkNotFinalized()
    state.withLock { $0.collections[name] = values }
  }

  /// Names of all collections, sorted.
  public var collectionNames: [String] { state.withLock { $0.collections.keys.sorted() } }
}
