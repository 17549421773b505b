import Tensors

/// Where a node is built: inside a branch of a condition, or inside a loop.
///
/// What comes from outside is brought in where it is first used, by a `Switch` or a constant `Enter`, as TensorFlow does.
///
/// `@unchecked Sendable`: a graph is built by one task, and only that one touches contexts.
final class FlowContext: @unchecked Sendable {
  enum Kind {
    /// One side of a condition: 0 where the predicate is false, 1 where it is true.
    case branch(predicate: Output, side: Int)
    case loop(frame: String, parallelIterations: Int)
  }

  unowned let graph: Graph
  let kind: Kind
  /// The context around it, nil at the root.
  let outer: FlowContext?
  /// What nodes wait for that otherwise depend on nothing inside.
  var pivot: Node?
  /// Values from outside, and how they are called inside.
  private(set) var external: [Output: Output] = [:]
  /// How a loop is made, once it is.
  var loop: LoopRecord?
  /// The history of the loop that this loop computes gradients of.
  var history: LoopHistory?

  init(graph: Graph, kind: Kind, outer: FlowContext?) {
    self.graph = graph
    self.kind = kind
    self.outer = outer
  }

  var isLoop: Bool {
    if case .loop = kind { return true }
    return false
  }

  /// Whether `node` is inside, however deep.
  func contains(_ node: Node) -> Bool {
    var context = graph.flow(of: node)
    while let found = context {
      if found === self { return true }
      context = found.outer
    }
    return false
  }

  /// `output` as it is called inside.
  /// - Parameter name: of the node that needs it; what brings it in is named below.
  func capture(_ output: Output, for name: String) throws -> Output {
    if contains(output.node) { return output }
    if let known = external[output] { return known }
    if let history, history.forward.context.contains(output.node) {
      let value = try history.value(of: output, in: self)
      external[output] = value
      return value
    }
    let near = try outer?.capture(output, for: name) ?? output
    let made: Output
    switch kind {
    case .loop(let frame, let parallelIterations):
      made = try graph.addPlain(
        near.isReference ? "RefEnter" : "Enter", [near], name: name + "/Enter", flow: self,
        attributes: [
          "frame_name": .string(frame), "is_constant": .bool(true),
          "parallel_iterations": .int(Int64(parallelIterations)),
        ]
      ).output(0)
    case .branch(let predicate, let side):
      made = try graph.addPlain(
        near.isReference ? "RefSwitch" : "Switch", [near, predicate], name: name + "/Switch", flow: self
      ).output(side)
    }
    external[output] = made
    return made
  }

  /// Control inputs as a node inside may have them: values from outside are brought in, and a node that hangs on
  /// nothing of the context waits for its pivot.
  func controls(_ controls: [Node], inputs: [Output], for name: String) throws -> [Node] {
    var inside: [Node] = []
    for control in controls {
      if contains(control) {
        inside.append(control)
      } else if isLoop || outer != nil, let output = control.outputs.first(where: { $0.dtype != .resource }) {
        inside.append(try capture(output, for: name).node)
      } else if !isLoop {
        inside.append(control)
      }
    }
    guard let pivot else { return inside }
    switch kind {
    case .loop:
      let isFree = inputs.allSatisfy { input in
        FrameTree.isEnter(input.node) && (try? input.node.bool("is_constant")) == true
      }
      if isFree, !inside.contains(where: { !FrameTree.isEnter($0) }) { inside.append(pivot) }
    case .branch:
      if inputs.isEmpty, !inside.contains(where: contains) { inside.append(pivot) }
    }
    return inside
  }
}

extension Graph {
  /// The context a node was built in; nil at the root, and for imported nodes.
  func flow(of node: Node) -> FlowContext? { state.withLock { $0.flows[node.index] } }

  var currentFlow: FlowContext? { state.withLock { $0.flow } }

  /// Runs `body`; nodes made inside belong to `flow`.
  func withFlow<Result>(_ flow: FlowContext?, _ body: () throws -> Result) rethrows -> Result {
    let old = state.withLock { state in
      defer { state.flow = flow }
      return state.flow
    }
    defer { state.withLock { $0.flow = old } }
    return try body()
  }

  /// Adds a node as it stands: nothing is brought in for it, it waits for nothing but `controlInputs`.
  /// - Parameter name: from the root if it holds a `/`, else below the current name scope.
  func addPlain(
    _ op: String, _ inputs: [Output], name: String? = nil, flow: FlowContext?,
    attributes: [String: AttributeValue] = [:], controlInputs: [Node] = []
  ) throws -> Node {
    let node = try withFlow(nil) {
      try withControlDependencies(nil) {
        guard let name, name.contains("/") else {
          return try addNode(op: op, name: name, inputs: inputs, controlInputs: controlInputs, attributes: attributes)
        }
        return try withNameScope(nil) { _ in
          try addNode(op: op, name: name, inputs: inputs, controlInputs: controlInputs, attributes: attributes)
        }
      }
    }
    state.withLock { $0.flows[node.index] = flow }
    return node
  }
}
