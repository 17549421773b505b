import Engine
import Tensors

extension Variable {
  /// The value if the variable has one, otherwise its initial value (`Variable.initialized_value`): for initial values
  /// of other variables, whatever order they are initialized in.
  /// - Returns: an output of the variable's type and shape.
  /// - Throws: `BuildError` for an imported variable that does not say what its initial value is.
  public func initializedValue() throws -> Output {
    guard let initialValue else {
      throw BuildError.value("\(self) does not say what its initial value is.")
    }
    return try graph.controlDependencies(nil) {
      let isInitialized = try graph.isVariableInitialized(self)
      return try graph.nameScope("cond") { _ in
        let switched = try graph.addNode(op: "Switch", inputs: [isInitialized, isInitialized])
        _ = try graph.add("Identity", [switched.output(1)], name: "switch_t")
        _ = try graph.add("Identity", [switched.output(0)], name: "switch_f")
        let predicate = try graph.add("Identity", [isInitialized], name: "pred_id")
        let present = try isResource ? switchedResource(predicate) : switchedReference(predicate)
        let initial = try graph.switching(initialValue, predicate, name: "Switch")
        return try graph.addNode(op: "Merge", inputs: [initial.output(0), present]).output()
      }
    }
  }

  /// Reads the reference on the branch where the variable has a value. The reading node comes first, as in
  /// TensorFlow, and then gets its input.
  private func switchedReference(_ predicate: Output) throws -> Output {
    let read = try graph.add("Identity", [reference], name: "read")
    try graph.replaceInput(
      0, of: read.node, with: graph.switching(reference, predicate, name: read.node.name + "/Switch/").output(1))
    return read
  }

  private func switchedResource(_ predicate: Output) throws -> Output {
    let read = try graph.nameScope("Read") { try graph.readVariable(self) }
    try graph.replaceInput(
      0, of: read.node, with: graph.switching(reference, predicate, name: read.node.name + "/Switch/").output(1))
    return try graph.identity(read)
  }
}

extension Graph {
  /// Lets `value` through on one of two branches: output 0 where `predicate` is false, output 1 where it is true.
  func switching(_ value: Output, _ predicate: Output, name: String) throws -> Node {
    try withoutColocation {
      try withColocation(with: value.node) {
        try addNode(op: value.isReference ? "RefSwitch" : "Switch", name: name, inputs: [value, predicate])
      }
    }
  }

  /// An initial value that can be computed whatever other variables have values already: where it reads reference
  /// variables, a copy of the nodes in between that takes `initializedValue()` of those.
  /// - Parameter scope: the new variable's name with a slash; copies are called `NODE_VARIABLE`.
  func guarded(_ value: Output, for scope: String) throws -> Output {
    var guardian = InitialValueGuard(graph: self, variable: String(scope.dropLast()))
    if guardian.hasCycle(value.node) { return value }
    return try guardian.safe(value)
  }
}

private struct InitialValueGuard {
  let graph: Graph
  let variable: String
  private var safeNodes: [Node: Node] = [:]

  init(graph: Graph, variable: String) {
    self.graph = graph
    self.variable = variable
  }

  /// Whether a loop stands before the node; such values are taken as they are.
  func hasCycle(_ start: Node) -> Bool {
    var finished = Set<Node>()
    var active = Set<Node>()
    // The second visit of a node, after its inputs, finishes it.
    var stack: [(node: Node, isDone: Bool)] = [(start, false)]
    while let (node, isDone) = stack.popLast() {
      if isDone {
        active.remove(node)
        finished.insert(node)
        continue
      }
      if finished.contains(node) { continue }
      guard active.insert(node).inserted else { return true }
      stack.append((node, true))
      for next in node.inputs.map(\.node) + node.controlInputs where !finished.contains(next) {
        if active.contains(next) { return true }
        stack.append((next, false))
      }
    }
    return false
  }

  mutating func safe(_ value: Output) throws -> Output {
    try safe(value.node).output(value.index)
  }

  private mutating func safe(_ node: Node) throws -> Node {
    if let known = safeNodes[node] { return known }
    let result = try makeSafe(node)
    safeNodes[node] = result
    return result
  }

  private mutating func makeSafe(_ node: Node) throws -> Node {
    switch node.op {
    case "IsVariableInitialized", "VarIsInitializedOp", "ReadVariableOp", "If": return node
    case "Variable", "VariableV2", "VarHandleOp":
      let known = graph.globalVariables + graph.localVariables
      guard let found = known.first(where: { $0.node === node }), found.initialValue != nil else { return node }
      return try found.initializedValue().node
    default: break
    }
    var inputs: [Output] = []
    for input in node.inputs { inputs.append(try safe(input)) }
    guard inputs != node.inputs else { return node }
    var attributes: [String: AttributeValue] = [:]
    for name in node.attributeNames where name != "_output_shapes" { attributes[name] = node.attribute(name) }
    return try graph.addNode(
      op: node.op == "RefSwitch" ? "Switch" : node.op, name: "\(node.name)_\(variable)/", inputs: inputs,
      attributes: attributes)
  }
}
