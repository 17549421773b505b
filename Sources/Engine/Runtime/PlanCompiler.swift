import Tensors

/// Turns feeds and fetches into a plan: prunes, orders, folds constants, assigns slots.
struct PlanCompiler {
  let graph: Graph
  let session: SessionState
  let feeds: [Output]
  let fetches: [GraphElement]

  private struct Work {
    var order: [Node] = []
    var constants: [Output: Tensor] = [:]
    /// Outputs that stand for a variable: the index of it.
    var aliases: [Output: Int] = [:]
    var variables: [Variable] = []
  }

  /// A constant result larger than this is computed in each run instead of being kept (elements).
  private static let foldingLimit = 1 << 20

  func compile() throws -> Plan {
    let fed = Set(feeds)
    let needed = try neededNodes(fed)
    var work = Work()
    work.order = try ordered(needed, fed)
    try findVariables(&work, fed)
    let steps = try foldConstants(&work, fed)
    return try assemble(work, steps: steps, fed)
  }

  // MARK: Pruning and order

  private func neededNodes(_ fed: Set<Output>) throws -> Set<Node> {
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
    var ready = Heap()
    for node in needed {
      var sources = Set(node.controlInputs)
      for input in node.inputs where !fed.contains(input) { sources.insert(input.node) }
      waiting[node] = sources.count
      if sources.isEmpty { ready.insert(node) }
      for source in sources { users[source, default: []].append(node) }
    }
    var order: [Node] = []
    order.reserveCapacity(needed.count)
    while let node = ready.popFirst() {
      order.append(node)
      for user in users[node] ?? [] {
        let left = (waiting[user] ?? 0) - 1
        waiting[user] = left
        if left == 0 { ready.insert(user) }
      }
    }
    guard order.count == needed.count else {
      let done = Set(order)
      let stuck = needed.filter { !done.contains($0) }.min { $0.index < $1.index }
      throw EngineError(
        .unimplemented, "the fetches depend on a loop (control flow), which this engine does not run yet",
        node: stuck?.name)
    }
    return order
  }

  // MARK: Variables

  private func findVariables(_ work: inout Work, _ fed: Set<Output>) throws {
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
        for output in node.outputs
        where output.isReference || (output.dtype == .resource && node.op == "Identity") {
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
      try checkGuessedInputs(node)
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
  private func checkGuessedInputs(_ node: Node) throws {
    let inputs = node.inputs
    guard inputs.contains(where: { graph.registry[$0.node.op] == nil }), let definition = graph.registry[node.op] else {
      return
    }
    try Signature.check(
      definition, inputs: inputs, node: node.name, attribute: node.attribute, isGuessed: { _ in false })
  }

  private func fold(_ node: Node, _ kernel: Kernel, _ work: Work, _ fed: Set<Output>) -> [Tensor]? {
    guard node.definition?.isStateful == false, node.controlInputs.isEmpty, node.outputCount > 0,
      node.op != "Placeholder", node.op != "CheckNumerics"
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
      guard !fed.contains(input), let value = work.constants[input] else { return nil }
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

  private func assemble(_ work: Work, steps: [(Node, Kernel)], _ fed: Set<Output>) throws -> Plan {
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
    var sources: [Plan.Source] = []
    for fetch in fetches {
      guard case .output(let output) = fetch else {
        sources.append(.nothing)
        continue
      }
      guard output.dtype != .resource else {
        throw EngineError(.unimplemented, "a resource handle cannot be fetched", node: output.node.name)
      }
      let slot = try slot(of: output)
      sources.append(slot < 0 ? .variable(~slot) : .slot(slot))
    }

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
    var planSteps: [Plan.Step] = []
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
        Plan.Step(
          kernel: kernel, node: node, firstInput: range.lowerBound, inputCount: range.count,
          firstOutput: firstOutputs[index], outputCount: node.outputCount, releases: firstRelease..<releases.count))
    }
    let clear = feedSlots + kept.filter { $0 >= firstStepSlot && $0 < lastStepSlot }
    return Plan(
      feeds: feeds, feedSlots: feedSlots, steps: planSteps, releases: releases, inputSlots: inputSlots,
      inputIsLast: inputIsLast, sources: sources, variables: work.variables, initialValues: initial,
      slotsToClear: clear, checkpoints: session.configuration.checkpoints)
  }
}

/// A binary heap of nodes, the one made first on top.
private struct Heap {
  private var nodes: [Node] = []

  mutating func insert(_ node: Node) {
    nodes.append(node)
    var child = nodes.count - 1
    while child > 0, nodes[child].index < nodes[(child - 1) / 2].index {
      nodes.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func popFirst() -> Node? {
    guard let first = nodes.first else { return nil }
    let last = nodes.removeLast()
    guard !nodes.isEmpty else { return first }
    nodes[0] = last
    var parent = 0
    while true {
      let left = 2 * parent + 1
      guard left < nodes.count else { break }
      let right = left + 1
      let child = right < nodes.count && nodes[right].index < nodes[left].index ? right : left
      guard nodes[child].index < nodes[parent].index else { break }
      nodes.swapAt(child, parent)
      parent = child
    }
    return first
  }
}
