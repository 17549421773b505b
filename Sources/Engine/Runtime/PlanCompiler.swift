import Tensors

/// Turns feeds and fetches into a plan: prunes, orders, folds constants, assigns slots. What needs control flow goes on
/// to `FrameCompiler`.
struct PlanCompiler {
  let graph: Graph
  let session: SessionState
  let feeds: [Output]
  let fetches: [GraphElement]
  /// Whether every node has to run and be seen (`RunObserver`).
  let isObserved: Bool

  struct Work {
    var order: [Node] = []
    var constants: [Output: Tensor] = [:]
    /// Outputs that stand for a variable: the index of it.
    var aliases: [Output: Int] = [:]
    var variables: [Variable] = []
  }

  /// A constant result larger than this is computed in each run instead of being kept (elements).
  private static let foldingLimit = 1 << 20

  func compile() throws -> any ExecutionPlan {
    let fed = Set(feeds)
    let needed = neededNodes(fed)
    if needed.contains(where: { FrameTree.controlFlow.contains($0.op) }) {
      var compiler = try FrameCompiler(base: self, fed: fed, needed: needed)
      return try compiler.compile()
    }
    var work = Work()
    work.order = try ordered(needed, fed)
    try findVariables(&work, fed)
    let steps = withoutUnused(try foldConstants(&work, fed), fed)
    return try assemble(work, steps: steps, fed)
  }

  /// The steps without those that only order others: gradients of inputs, say, which come before a training step but
  /// change nothing. What is left keeps its order.
  private func withoutUnused(_ steps: [(Node, Kernel)], _ fed: Set<Output>) -> [(Node, Kernel)] {
    if isObserved { return steps }
    var used = Set<Output>()
    var fetched = Set<Node>()
    for fetch in fetches {
      switch fetch {
      case .node(let node): fetched.insert(node)
      case .output(let output): used.insert(output)
      }
    }
    var kept: [(Node, Kernel)] = []
    for step in steps.reversed() {
      let node = step.0
      guard node.hasEffect || fetched.contains(node) || node.outputs.contains(where: used.contains) else { continue }
      kept.append(step)
      for input in node.inputs where !fed.contains(input) { used.insert(input) }
    }
    return kept.reversed()
  }

  // MARK: Pruning and order

  private func neededNodes(_ fed: Set<Output>) -> Set<Node> {
    var needed = Set<Node>()
    var open: [Node] = []
    func need(_ node: Node) { if needed.insert(node).inserted { open.append(node) } }
    for fetch in fetches {
      switch fetch {
      case .node(let node): need(node)
      case .output(let output): if !fed.contains(output) { need(output.node) }
      }
    }
    while let node = open.popLast() {
      for input in node.inputs where !fed.contains(input) { need(input.node) }
      for control in node.controlInputs { need(control) }
    }
    return needed
  }

  /// Dependencies first; among nodes that are ready, the one made first. So updates of variables, which are made last,
  /// run last, when nobody holds the old value any more and it can change in place.
  private func ordered(_ needed: Set<Node>, _ fed: Set<Output>) throws -> [Node] {
    var waiting: [Node: Int] = [:]
    var users: [Node: [Node]] = [:]
    var ready = Heap<Node>()
    for node in needed {
      var sources = Set(node.controlInputs)
      for input in node.inputs where !fed.contains(input) { sources.insert(input.node) }
      waiting[node] = sources.count
      if sources.isEmpty { ready.insert(node, key: node.index) }
      for source in sources { users[source, default: []].append(node) }
    }
    var order: [Node] = []
    order.reserveCapacity(needed.count)
    while let node = ready.popFirst() {
      order.append(node)
      for user in users[node] ?? [] {
        let left = (waiting[user] ?? 0) - 1
        waiting[user] = left
        if left == 0 { ready.insert(user, key: user.index) }
      }
    }
    guard order.count == needed.count else { throw Self.cycle(needed.subtracting(order)) }
    return order
  }

  /// The error for nodes that wait for each other.
  static func cycle(_ nodes: Set<Node>) -> EngineError {
    let members = nodes.sorted { $0.index < $1.index }
    let names = members.prefix(5).map { "'\($0.name)'" }.joined(separator: ", ")
    let more = members.count > 5 ? ", …" : ""
    return EngineError(
      .invalidArgument,
      "Graph is invalid, contains a cycle with \(members.count) nodes, including: \(names)\(more)",
      node: members.first?.name)
  }

  // MARK: Variables

  /// Operations that hand a resource on as it is.
  private static let resourcePassing: Set = ["Identity", "Enter", "Switch", "Exit", "StopGradient", "Snapshot"]

  func findVariables(_ work: inout Work, _ fed: Set<Output>) throws {
    var indices: [ObjectIdentifier: Int] = [:]
    for node in work.order {
      switch node.op {
      case "VariableV2", "Variable", "VarHandleOp":
        let variable = try session.variable(for: node)
        let index = indices[ObjectIdentifier(variable)] ?? work.variables.count
        if index == work.variables.count { work.variables.append(variable) }
        indices[ObjectIdentifier(variable)] = index
        work.aliases[node.output(0)] = index
      default:
        // Assign and the like pass their reference on; Identity passes a resource on.
        guard let first = node.inputs.first, !fed.contains(first), let index = work.aliases[first] else { continue }
        if node.op == "RefMerge", node.inputs.contains(where: { work.aliases[$0] != index }) {
          throw EngineError(
            .unimplemented, "a merge of references to several variables is not supported; merge their values",
            node: node.name)
        }
        for output in node.outputs
        where output.isReference || (output.dtype == .resource && Self.resourcePassing.contains(node.op)) {
          work.aliases[output] = index
        }
      }
    }
  }

  // MARK: Constants

  /// Evaluates what depends on constants only, and answers the nodes that remain to be run.
  private func foldConstants(_ work: inout Work, _ fed: Set<Output>) throws -> [(Node, Kernel)] {
    var steps: [(Node, Kernel)] = []
    for node in work.order {
      guard !fed.isSuperset(of: node.outputs) || node.outputs.isEmpty || !node.controlInputs.isEmpty else { continue }
      switch node.op {
      case "Const":
        work.constants[node.output(0)] = try session.constant(of: node)
        continue
      case "VariableV2", "Variable", "VarHandleOp":
        continue
      case "NoOp", "ControlTrigger":
        continue
      case "Identity" where work.aliases[node.output(0)] != nil:
        continue
      default: break
      }
      if let make = node.definition?.makeResource {
        work.constants[node.output(0)] = try session.resource(of: node, make)
        continue
      }
      try checkInputs(node)
      let kernel = try session.kernel(for: node)
      if let values = fold(node, kernel, work, fed) {
        for (output, value) in zip(node.outputs, values) where !fed.contains(output) { work.constants[output] = value }
      } else {
        steps.append((node, kernel))
      }
    }
    return steps
  }

  /// What an operation that this build lacks gives can only be fed, and of its type the graph just has a guess: here it
  /// must be the one its reader's kernel relies on.
  func checkInputs(_ node: Node) throws {
    let inputs = node.inputs
    if inputs.contains(where: { graph.registry[$0.node.op] == nil }), let definition = graph.registry[node.op] {
      try Signature.check(
        definition, inputs: inputs, node: node.name, attribute: node.attribute, isGuessed: { _ in false })
    }
    // Handles are no values to compute with: they go to what asks for one, or are passed on.
    if inputs.contains(where: { $0.dtype == .resource || $0.dtype == .variant }),
      !Self.resourcePassing.contains(node.op), !FrameTree.controlFlow.contains(node.op),
      node.definition?.inputs.contains(where: { $0.type == .fixed(.resource) || $0.type == .fixed(.variant) }) == false
    {
      throw EngineError(
        .unimplemented, "\(node.op) of resource handles is not supported: only what they stand for has values",
        node: node.name)
    }
  }

  /// What fails by intention, or depends on files.
  private static let neverFolded: Set = ["Placeholder", "CheckNumerics", "ReadFile", "MatchingFiles"]

  func fold(_ node: Node, _ kernel: Kernel, _ work: Work, _ fed: Set<Output>) -> [Tensor]? {
    guard !isObserved, node.definition?.isStateful == false, node.controlInputs.isEmpty, node.outputCount > 0,
      !Self.neverFolded.contains(node.op)
    else { return nil }
    let outputs = node.outputs
    if ["Shape", "ShapeN", "Size", "Rank"].contains(node.op) {
      let known = outputs.compactMap { ConstantValues.evaluate($0) }
      // Feeds of another shape than stated are refused, so static shapes hold.
      if known.count == outputs.count { return known }
    }
    let inputs = node.inputs
    guard !inputs.isEmpty else { return nil }
    var values: [Tensor] = []
    for input in inputs {
      // What a handle stands for changes.
      guard !fed.contains(input), let value = work.constants[input], value.storage.object == nil else { return nil }
      values.append(value)
    }
    for output in outputs {
      if let count = output.shape.elementCount, count > Self.foldingLimit { return nil }
    }
    // An error is left for the run, which only fails where the node is reached.
    guard let results = try? KernelContext.evaluate(kernel, inputs: values, outputs: outputs.count),
      results.allSatisfy({ $0.elementCount <= Self.foldingLimit })
    else { return nil }
    return results
  }

  // MARK: Slots

  private func assemble(_ work: Work, steps: [(Node, Kernel)], _ fed: Set<Output>) throws -> StraightPlan {
    var initial: [Tensor?] = []
    var slots: [Output: Int] = [:]
    func newSlot(_ value: Tensor? = nil) -> Int {
      initial.append(value)
      return initial.count - 1
    }
    let feedSlots = feeds.map { feed in
      let slot = newSlot()
      slots[feed] = slot
      return slot
    }
    var firstOutputs: [Int] = []
    for (node, _) in steps {
      firstOutputs.append(initial.count)
      for output in node.outputs {
        let slot = newSlot()
        // A node that runs for its effect may have a fed output: the feed counts.
        if !fed.contains(output) { slots[output] = slot }
      }
    }
    func slot(of output: Output) throws -> Int {
      if !fed.contains(output), let variable = work.aliases[output] { return ~variable }
      if let slot = slots[output] { return slot }
      guard let constant = work.constants[output] else {
        throw EngineError(.internal, "nothing makes '\(output.name)'", node: output.node.name)
      }
      let slot = newSlot(constant)
      slots[output] = slot
      return slot
    }
    var inputSlots: [Int] = []
    var firstInputs: [Int] = []
    for (node, _) in steps {
      firstInputs.append(inputSlots.count)
      for input in node.inputs { inputSlots.append(try slot(of: input)) }
    }
    let sources = try sources { try slot(of: $0) }

    // Lifetimes: constants, feeds and fetched values outlive the steps; all else dies with its last reader.
    let firstStepSlot = feedSlots.count
    let lastStepSlot = (firstOutputs.last ?? firstStepSlot) + (steps.last?.0.outputCount ?? 0)
    var kept = Set<Int>()
    for case .slot(let slot) in sources { kept.insert(slot) }
    var lastReader = [Int](repeating: -1, count: initial.count)
    for index in steps.indices {
      let end = index + 1 < steps.count ? firstInputs[index + 1] : inputSlots.count
      for entry in firstInputs[index]..<end where inputSlots[entry] >= 0 { lastReader[inputSlots[entry]] = index }
      for output in 0..<steps[index].0.outputCount {
        lastReader[firstOutputs[index] + output] = max(lastReader[firstOutputs[index] + output], index)
      }
    }
    var dying = [[Int]](repeating: [], count: steps.count)
    for slot in firstStepSlot..<max(lastStepSlot, firstStepSlot) where !kept.contains(slot) && lastReader[slot] >= 0 {
      dying[lastReader[slot]].append(slot)
    }
    var inputIsLast = [Bool](repeating: false, count: inputSlots.count)
    var planSteps: [StraightPlan.Step] = []
    var releases: [Int] = []
    for (index, (node, kernel)) in steps.enumerated() {
      let end = index + 1 < steps.count ? firstInputs[index + 1] : inputSlots.count
      let range = firstInputs[index]..<end
      let dead = Set(dying[index])
      for entry in range {
        let slot = inputSlots[entry]
        inputIsLast[entry] = dead.contains(slot) && range.filter { inputSlots[$0] == slot }.count == 1
      }
      let firstRelease = releases.count
      releases += dying[index]
      planSteps.append(
        StraightPlan.Step(
          kernel: kernel, node: node, firstInput: range.lowerBound, inputCount: range.count,
          firstOutput: firstOutputs[index], outputCount: node.outputCount, releases: firstRelease..<releases.count))
    }
    let clear = feedSlots + kept.filter { $0 >= firstStepSlot && $0 < lastStepSlot }
    let stepped = Set(steps.map(\.0))
    return StraightPlan(
      feeds: feeds, feedSlots: feedSlots, steps: planSteps, releases: releases, sources: sources, slotsToClear: clear,
      observation: isObserved ? Observation(work, feeds: feeds) { stepped.contains($0) } : nil,
      contexts: ContextPool(
        values: initial, variables: work.variables, inputSlots: inputSlots, inputIsLast: inputIsLast,
        configuration: session.configuration))
  }

  /// Where each fetch is found.
  func sources(_ slot: (Output) throws -> Int) throws -> [FetchSource] {
    try fetches.map { fetch in
      guard case .output(let output) = fetch else { return .nothing }
      guard output.dtype != .resource else {
        throw EngineError(.unimplemented, "a resource handle cannot be fetched", node: output.node.name)
      }
      let slot = try slot(output)
      return slot < 0 ? .variable(~slot) : .slot(slot)
    }
  }
}

extension Node {
  /// Whether running the node does more than give its outputs: it changes state, draws from a stream, or may be there
  /// to fail.
  fileprivate var hasEffect: Bool {
    guard let definition, !definition.isStateful, outputCount > 0 else { return true }
    if definition.inputs.contains(where: \.isReference) || definition.outputs.contains(where: \.isReference) {
      return true
    }
    return ["Placeholder", "PlaceholderV2", "CheckNumerics", "EnsureShape"].contains(op)
  }
}
