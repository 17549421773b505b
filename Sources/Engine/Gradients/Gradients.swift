import Tensors

/// Adds nodes that compute the gradients of the sum of `ys` with respect to each of `xs`, as TensorFlow's
/// `tf.gradients` does, under the name scope `gradients/`.
///
/// - Parameters:
///   - seeds: gradients that come in at `ys`; ones where nil.
///   - stopGradients: outputs that count as constants.
/// - Returns: one output for each of `xs`; nil where no `y` depends on it in a way that can be differentiated.
/// - Throws: `EngineError`; where an operation on the way has no gradient, TensorFlow's text naming it.
public func gradients(
  _ ys: [Output], _ xs: [Output], seeds: [Output?]? = nil, stopGradients: [Output] = [], name: String = "gradients"
) throws -> [Output?] {
  guard let graph = ys.first?.graph else { return xs.map { _ in nil } }
  return try graph.withNameScope(name) { scope in
    var builder = GradientBuilder(graph: graph, scope: scope, xs: xs, stopGradients: Set(stopGradients))
    return try builder.build(ys, seeds: seeds ?? ys.map { _ in nil }).map { try $0?.dense() }
  }
}

/// Walks from the `ys` back to the `xs`, each node once, when all gradients of its outputs are there.
struct GradientBuilder {
  let graph: Graph
  let scope: String
  let xs: [Output]
  let stopGradients: Set<Output>
  /// Gradients that arrived at each output so far; they are summed up when the output's node is reached.
  private var arrived: [Output: [Gradient]] = [:]
  private var summed: [Output: Gradient] = [:]
  /// The loop whose body is walked; nil outside of all loops.
  private let level: FlowContext?

  init(
    graph: Graph, scope: String, xs: [Output], stopGradients: Set<Output>, level: FlowContext? = nil
  ) {
    self.graph = graph
    self.scope = scope
    self.xs = xs
    self.stopGradients = stopGradients
    self.level = level
  }

  mutating func build(_ ys: [Output], seeds: [Output?]) throws -> [Gradient?] {
    let between = nodesBetween(ys)
    for (index, (y, seed)) in zip(ys, seeds).enumerated() {
      guard y.dtype.isFloatingPoint || y.dtype.isComplex else {
        throw EngineError.invalid("Gradients of tensors must be of a floating type, but '\(y.name)' is \(y.dtype.name)")
      }
      let gradient = try seed ?? ones(y, name: "grad_ys_\(index)")
      if let seed, seed.dtype != y.dtype {
        throw EngineError.invalid(
          "Gradient type \(seed.dtype.name) generated for tensor \(y.name) with type \(y.dtype.name) must match")
      }
      arrived[y, default: []].append(.dense(gradient))
    }
    let targets = Set(xs)
    for element in try backwards(between) {
      guard case .node(let node) = element else {
        if case .loop(let loop) = element { try apply(loop, between, targets) }
        continue
      }
      var outputGradients = try node.outputs.map { try total($0) }
      guard outputGradients.contains(where: { $0 != nil }) else { continue }
      // A target's own gradient may still be wanted, but what lies behind a node without inputs is nothing.
      let inputs = node.inputs
      guard inputs.contains(where: { reaches($0, between, targets) }) else { continue }
      switch node.definition?.gradient {
      case .some(.none):
        continue
      case nil:
        throw EngineError(
          .notFound, "No gradient defined for operation '\(node.name)' (op type: \(node.op))", node: node.name)
      case .rule(let rule):
        let differentiable = node.outputs.map { $0.dtype.isFloatingPoint || $0.dtype.isComplex }
        for (index, output) in node.outputs.enumerated() where outputGradients[index] == nil && differentiable[index] {
          outputGradients[index] = .dense(try graph.add("ZerosLike", [output], name: "zeros_like"))
        }
        try apply(rule, node, inputs, outputGradients, between, targets)
      }
    }
    return try xs.map { try total($0) }
  }

  /// A loop as a whole: a second loop computes its gradients.
  private mutating func apply(_ loop: FlowContext, _ between: Set<Node>, _ targets: Set<Output>) throws {
    guard let record = loop.loop else {
      throw EngineError(.unimplemented, "the gradient of a loop that is not finished cannot be built")
    }
    let gradients = try record.exits.map { try total($0)?.dense() }
    guard gradients.contains(where: { $0 != nil }) else { return }
    for (source, gradient) in try LoopGradient(graph: graph, forward: record, scope: scope).build(gradients)
    where reaches(source, between, targets) && !stopGradients.contains(source) {
      if source.shape.isCompatible(with: gradient.shape) { try? gradient.setShape(source.shape) }
      arrived[source, default: []].append(.dense(gradient))
    }
  }

  private mutating func apply(
    _ rule: @Sendable (GradientContext) throws -> [Gradient?], _ node: Node, _ inputs: [Output],
    _ outputGradients: [Gradient?], _ between: Set<Node>, _ targets: Set<Output>
  ) throws {
    let results: [Gradient?]
    if ["Identity", "ReadVariableOp"].contains(node.op), case .sparse(let slices)? = outputGradients[0] {
      // What only passes a value on passes rows on.
      results = [.sparse(slices)]
    } else {
      results = try graph.withNameScope(node.name + "_grad") { inner -> [Gradient?] in
        // An output that carries no gradient (an index, a shape) stands in for its own, which no rule reads.
        let given = try zip(outputGradients, node.outputs).map { try $0?.dense() ?? $1 }
        let results = try rule(GradientContext(graph: graph, node: node, outputGradients: given))
        return try tuple(results, scope: inner)
      }
    }
    guard results.count == inputs.count else {
      throw EngineError(
        .internal,
        "Num gradients \(results.count) generated for op \(node.name) do not match num inputs \(inputs.count)")
    }
    for (input, result) in zip(inputs, results) {
      guard let result, reaches(input, between, targets), !stopGradients.contains(input) else { continue }
      // A gradient has the shape of what it is the gradient of.
      if case .dense(let output) = result, input.dtype != .resource, input.shape.isCompatible(with: output.shape) {
        try? output.setShape(input.shape)
      }
      arrived[input, default: []].append(result)
    }
  }

  /// Several gradients of one node go on together, so that none of its inputs changes before all are computed.
  private func tuple(_ results: [Gradient?], scope: String) throws -> [Gradient?] {
    let present = results.compactMap { result -> Output? in
      switch result {
      case .dense(let output)?: output
      case .sparse(let slices)?: slices.values
      case nil: nil
      }
    }
    guard present.count > 1 else { return results }
    let group = try graph.withNameScope("tuple") { _ in
      try graph.addNode(op: "NoOp", name: "group_deps", controlInputs: present.map(\.node))
    }
    return try graph.withNameScope(scope + "tuple/") { _ in
      try results.map { result in
        func held(_ output: Output) throws -> Output {
          try graph.withColocation(with: output.node) {
            try graph.withControlDependencies([group]) {
              try graph.add("Identity", [output], name: "control_dependency")
            }
          }
        }
        switch result {
        case .dense(let output)?: return .dense(try held(output))
        case .sparse(let slices)?:
          return .sparse(
            IndexedSlices(
              values: try held(slices.values), indices: try held(slices.indices), denseShape: slices.denseShape))
        case nil: return nil
        }
      }
    }
  }

  /// The sum of the gradients that arrived at `output`.
  private mutating func total(_ output: Output) throws -> Gradient? {
    if let sum = summed[output] { return sum }
    guard let list = arrived[output], let sum = try Gradient.sum(list, in: graph) else { return nil }
    summed[output] = sum
    return sum
  }

  private func ones(_ output: Output, name: String) throws -> Output {
    // As TensorFlow: the shape as a constant where it is known, and a Fill.
    let shape: Output
    if let full = output.shape.full {
      shape = try graph.constant(Tensor(full.dimensions.map { Int32($0) }, shape: [full.rank]), name: "Shape")
    } else {
      shape = try graph.add("Shape", [output], name: "Shape")
    }
    let one = try graph.constant(try floatScalar(1, output.dtype), name: name)
    return try graph.add("Fill", [shape, one], name: "Fill")
  }

  private func reaches(_ input: Output, _ between: Set<Node>, _ targets: Set<Output>) -> Bool {
    between.contains(input.node) || targets.contains(input)
  }

  /// Nodes on a path from an `x` to a `y`.
  private func nodesBetween(_ ys: [Output]) -> Set<Node> {
    // Forwards from the xs, along edges inside what the ys depend on.
    var ancestors = Set<Node>()
    let edges = Set(xs.map(\.node))
    var open = ys.map(\.node)
    while let node = open.popLast() {
      guard ancestors.insert(node).inserted else { continue }
      // The body of a loop ends where its variables and what it reads come in.
      for input in node.inputs where !stopGradients.contains(input) && !(level != nil && edges.contains(node)) {
        open.append(input.node)
      }
    }
    var users: [Node: [Node]] = [:]
    for node in ancestors { for input in node.inputs { users[input.node, default: []].append(node) } }
    var reached = Set<Node>()
    open = xs.map(\.node).filter { ancestors.contains($0) }
    while let node = open.popLast() {
      guard reached.insert(node).inserted else { continue }
      open += users[node] ?? []
    }
    return reached
  }

  /// What is differentiated in one go: a node, or a loop with all that is in it.
  private enum Element: Hashable {
    case node(Node)
    case loop(FlowContext)

    static func == (left: Element, right: Element) -> Bool {
      switch (left, right) {
      case (.node(let a), .node(let b)): a === b
      case (.loop(let a), .loop(let b)): a === b
      default: false
      }
    }

    func hash(into hasher: inout Hasher) {
      switch self {
      case .node(let node): hasher.combine(ObjectIdentifier(node))
      case .loop(let loop): hasher.combine(ObjectIdentifier(loop))
      }
    }
  }

  /// The element a node belongs to: the outermost loop around it that lies inside the present level.
  private func element(of node: Node) -> Element {
    var context = graph.flow(of: FrameTree.isExit(node) ? node.inputs[0].node : node)
    var loop: FlowContext?
    while let found = context, found !== level {
      if found.isLoop { loop = found }
      context = found.outer
    }
    return loop.map(Element.loop) ?? .node(node)
  }

  /// Elements of `nodes` such that users come before what they use; among those free, the one made last first.
  private func backwards(_ nodes: Set<Node>) throws -> [Element] {
    var sources: [Element: Set<Element>] = [:]
    var keys: [Element: Int] = [:]
    for node in nodes {
      let user = element(of: node)
      keys[user] = max(keys[user] ?? 0, node.index)
      var found = sources[user] ?? []
      for source in node.inputs.map(\.node) where nodes.contains(source) {
        let element = element(of: source)
        if element != user { found.insert(element) }
      }
      sources[user] = found
    }
    var pending: [Element: Int] = [:]
    for list in sources.values { for source in list { pending[source, default: 0] += 1 } }
    var order: [Element] = []
    var ready = Heap<Element>()
    for (element, key) in keys where pending[element] == nil { ready.insert(element, key: -key) }
    while let element = ready.popFirst() {
      order.append(element)
      for source in sources[element] ?? [] {
        pending[source, default: 0] -= 1
        if pending[source] == 0 { ready.insert(source, key: -(keys[source] ?? 0)) }
      }
    }
    guard order.count == keys.count else {
      let loop = nodes.filter { FrameTree.isNextIteration($0) }.min { $0.index < $1.index }
      throw EngineError(
        .unimplemented,
        "the gradient of a loop that was imported cannot be built: build the loop here, or import its gradients too",
        node: loop?.name)
    }
    return order
  }
}

/// A floating-point scalar of the given type.
func floatScalar(_ value: Double, _ dtype: DataType) throws -> Tensor {
  switch dtype {
  case .float32: Tensor(Float(value))
  case .float64: Tensor(value)
  case .float16: Tensor(Float16(value))
  case .bfloat16: Tensor(BFloat16(Float(value)))
  case .complex64: Tensor(Complex64(Float(value)))
  case .complex128: Tensor(Complex128(value))
  default: throw EngineError.invalid("gradients need a floating type, not \(dtype.name)")
  }
}
