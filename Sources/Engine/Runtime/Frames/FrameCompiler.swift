import Tensors

/// Compiles runs with control flow: finds the loops, orders the steps of each, follows which values can be dead.
struct FrameCompiler {
  let base: PlanCompiler
  let fed: Set<Output>
  private let tree: FrameTree
  private var work = PlanCompiler.Work()
  /// What stands in each frame, in order.
  private var orders: [[Element]] = []
  private var kernels: [Node: Kernel] = [:]

  // Slots and flags.
  private var initial: [Tensor?] = []
  private var slots: [Output: Int] = [:]
  private var flags: [Output: Int] = [:]
  private var nodeFlags: [Node: Int] = [:]
  private var flagCount = 0
  private var firstOutputs: [Node: Int] = [:]
  private var inputSlots: [Int] = []
  private var inputIsLast: [Bool] = []

  private enum Element {
    case node(Node)
    case loop(Int)
  }

  init(base: PlanCompiler, fed: Set<Output>, needed: Set<Node>) throws {
    self.base = base
    self.fed = fed
    tree = try FrameTree(needed, fed: fed)
    for frame in tree.frames.indices { orders.append(try order(of: frame)) }
  }

  mutating func compile() throws -> any ExecutionPlan {
    work.order = flattened(0)
    try base.findVariables(&work, fed)
    for feed in base.feeds { slots[feed] = newSlot() }
    let feedSlots = base.feeds.compactMap { slots[$0] }
    try assignSlots(0)
    // Fetches first: what is fetched is not released.
    var kept = Set<Int>()
    let sources = try base.sources { output in
      guard tree.outputFrame(of: output.node) == 0 || fed.contains(output) else {
        throw EngineError(
          .invalidArgument, "Operation '\(output.node.name)' has been marked as not fetchable: it is inside a loop",
          node: output.node.name)
      }
      return try slot(of: output)
    }
    for case .node(let node) in base.fetches where tree.outputFrame(of: node) != 0 {
      throw EngineError(
        .invalidArgument, "Operation '\(node.name)' has been marked as not fetchable: it is inside a loop",
        node: node.name)
    }
    for case .slot(let slot) in sources { kept.insert(slot) }
    let sourceFlags = base.fetches.map { fetch -> Int in
      if case .output(let output) = fetch, !fed.contains(output) { return flags[output] ?? -1 }
      return -1
    }
    let steps = try steps(of: 0, kept: kept.union(feedSlots))
    return FramePlan(
      feeds: base.feeds, feedSlots: feedSlots, steps: steps, sources: sources, sourceFlags: sourceFlags,
      fetches: base.fetches, slotsToClear: Array(kept.filter { initial[$0] == nil }.union(feedSlots)),
      flagCount: flagCount,
      observation: base.isObserved ? Observation(work, feeds: base.feeds) { firstOutputs[$0] != nil } : nil,
      contexts: ContextPool(
        values: initial, variables: work.variables, inputSlots: inputSlots, inputIsLast: inputIsLast,
        configuration: base.session.configuration))
  }

  // MARK: Order

  /// The nodes of a frame without its entries, and its inner loops, dependencies first; what closes a turn comes last.
  private func order(of frame: Int) throws -> [Element] {
    let nodes = tree.frames[frame].nodes
    // Elements are numbered: nodes, then loops.
    let plain = nodes.filter { !FrameTree.isEnter($0) && !FrameTree.isNextIteration($0) }
    let inner = tree.frames.indices.filter { tree.frames[$0].parent == frame }
    var position: [Node: Int] = [:]
    for (index, node) in plain.enumerated() { position[node] = index }
    var loopPosition: [Int: Int] = [:]
    for (index, loop) in inner.enumerated() { loopPosition[loop] = plain.count + index }

    func element(of source: Node) -> Int? {
      let home = tree.frameOfNode[source] ?? 0
      if home == frame { return position[source] }
      return loopPosition[home]
    }
    var waiting = [Int](repeating: 0, count: plain.count + inner.count)
    var users = [[Int]](repeating: [], count: waiting.count)
    var keys = plain.map(\.index)
    func connect(_ index: Int, _ sources: [Node]) {
      for source in Set(sources.compactMap(element(of:))) {
        waiting[index] += 1
        users[source].append(index)
      }
    }
    for (index, node) in plain.enumerated() { connect(index, Array(FrameTree.sources(of: node, fed))) }
    for loop in inner {
      let enters = tree.frames[loop].nodes.filter(FrameTree.isEnter)
      keys.append(enters.map(\.index).min() ?? 0)
      connect(loopPosition[loop] ?? 0, enters.flatMap { FrameTree.sources(of: $0, fed) })
    }
    var ready = Heap<Int>()
    for index in waiting.indices where waiting[index] == 0 { ready.insert(index, key: keys[index]) }
    var order: [Element] = []
    var done = Set<Int>()
    while let index = ready.popFirst() {
      done.insert(index)
      order.append(index < plain.count ? .node(plain[index]) : .loop(inner[index - plain.count]))
      for user in users[index] {
        waiting[user] -= 1
        if waiting[user] == 0 { ready.insert(user, key: keys[user]) }
      }
    }
    guard order.count == waiting.count else {
      var stuck = Set<Node>()
      for index in waiting.indices where !done.contains(index) {
        if index < plain.count {
          stuck.insert(plain[index])
        } else {
          stuck.formUnion(tree.frames[inner[index - plain.count]].nodes)
        }
      }
      throw PlanCompiler.cycle(stuck)
    }
    return order
  }

  private func entries(_ frame: Int) -> [Node] { tree.frames[frame].nodes.filter(FrameTree.isEnter) }
  private func nexts(_ frame: Int) -> [Node] { tree.frames[frame].nodes.filter(FrameTree.isNextIteration) }

  /// All nodes in the order in which they first run.
  private func flattened(_ frame: Int) -> [Node] {
    entries(frame)
      + orders[frame].flatMap { element in
        switch element {
        case .node(let node): [node]
        case .loop(let inner): flattened(inner)
        }
      } + nexts(frame)
  }

  // MARK: Slots and flags

  private mutating func newSlot(_ value: Tensor? = nil) -> Int {
    initial.append(value)
    return initial.count - 1
  }

  private mutating func newFlag() -> Int {
    flagCount += 1
    return flagCount - 1
  }

  /// Flags of what `node` waits for, each once.
  private func checks(_ node: Node) -> [Int] {
    var found: [Int] = []
    for input in node.inputs where !fed.contains(input) {
      if let flag = flags[input], !found.contains(flag) { found.append(flag) }
    }
    for control in node.controlInputs {
      if let flag = nodeFlags[control], !found.contains(flag) { found.append(flag) }
    }
    return found
  }

  private mutating func setFlag(_ node: Node, _ flag: Int) {
    nodeFlags[node] = flag
    for output in node.outputs where !fed.contains(output) { flags[output] = flag }
  }

  private mutating func makeSlots(_ node: Node) {
    firstOutputs[node] = initial.count
    for output in node.outputs {
      let slot = newSlot()
      if !fed.contains(output) { slots[output] = slot }
    }
  }

  /// Gives every node of a frame its slots and, where it can be dead, a flag; folds constants.
  private mutating func assignSlots(_ frame: Int) throws {
    for node in entries(frame) {
      makeSlots(node)
      let isConstant = try node.bool("is_constant")
      if !isConstant || !checks(node).isEmpty { setFlag(node, newFlag()) }
    }
    // Values of the turn before are there before anything else of a turn.
    for node in nexts(frame) {
      makeSlots(node)
      setFlag(node, newFlag())
    }
    for element in orders[frame] {
      switch element {
      case .node(let node): try assignSlots(node)
      case .loop(let inner): try assignSlots(inner)
      }
    }
  }

  private mutating func assignSlots(_ node: Node) throws {
    let waits = checks(node)
    switch node.op {
    case "Switch", "RefSwitch":
      if !waits.isEmpty { nodeFlags[node] = newFlag() }
      for output in node.outputs { flags[output] = newFlag() }
      makeSlots(node)
      return
    case "Merge", "RefMerge":
      let inputs = node.inputs.map { fed.contains($0) ? nil : flags[$0] }
      // The first turn has what enters, all others what the turn before left: a loop goes on while there is something.
      let canDie =
        inputs.allSatisfy { $0 != nil }
        && !(node.inputs.contains { FrameTree.isNextIteration($0.node) }
          && node.inputs.contains { FrameTree.isEnter($0.node) && checks($0.node).isEmpty })
      if canDie { setFlag(node, newFlag()) }
      makeSlots(node)
      return
    case "Exit", "RefExit":
      setFlag(node, newFlag())
      makeSlots(node)
      return
    case "ControlTrigger":
      return
    default:
      if !waits.isEmpty { setFlag(node, newFlag()) }
    }
    if node.op == "Const" {
      work.constants[node.output(0)] = try base.session.constant(of: node)
      return
    }
    if let make = node.definition?.makeResource {
      work.constants[node.output(0)] = try base.session.resource(of: node, make)
      return
    }
    guard !isPassive(node) else { return }
    try base.checkInputs(node)
    let kernel = try base.session.kernel(for: node)
    if waits.isEmpty, let values = base.fold(node, kernel, work, fed) {
      for (output, value) in zip(node.outputs, values) where !fed.contains(output) { work.constants[output] = value }
      return
    }
    kernels[node] = kernel
    makeSlots(node)
  }

  /// Whether a node has nothing to compute.
  private func isPassive(_ node: Node) -> Bool {
    switch node.op {
    case "Const", "VariableV2", "Variable", "VarHandleOp", "NoOp", "ControlTrigger": true
    case "Identity", "RefIdentity": work.aliases[node.output(0)] != nil
    default: !node.outputs.isEmpty && node.controlInputs.isEmpty && fed.isSuperset(of: node.outputs)
    }
  }

  private mutating func slot(of output: Output) throws -> Int {
    if !fed.contains(output), let variable = work.aliases[output] { return ~variable }
    if let constant = work.constants[output], !fed.contains(output) {
      if let slot = slots[output] { return slot }
      let slot = newSlot(constant)
      slots[output] = slot
      return slot
    }
    guard let slot = slots[output] else {
      throw EngineError(.internal, "nothing makes '\(output.name)'", node: output.node.name)
    }
    return slot
  }

  // MARK: Steps

  /// Reads of one frame, in order, to find each value's last one.
  private struct Draft {
    var node: Node
    var firstInput: Int
    var inputCount: Int
    /// Slots that this step fills.
    var made: [Int]
    var work: FramePlan.Step.Work
  }

  private mutating func addInputs(_ node: Node) throws -> Int {
    let first = inputSlots.count
    for input in node.inputs {
      inputSlots.append(try slot(of: input))
      inputIsLast.append(false)
    }
    return first
  }

  private func outputSlots(_ node: Node) -> [Int] {
    guard let first = firstOutputs[node] else { return [] }
    return Array(first..<first + node.outputCount)
  }

  private mutating func steps(of frame: Int, kept: Set<Int>) throws -> [FramePlan.Step] {
    var drafts: [Draft] = []
    for element in orders[frame] {
      switch element {
      case .node(let node):
        guard let work = stepWork(node) else { continue }
        let first = inputSlots.count
        // A node that only has a flag reads nothing.
        if case .flag = work {
          drafts.append(Draft(node: node, firstInput: first, inputCount: 0, made: [], work: work))
          continue
        }
        _ = try addInputs(node)
        // What leaves a loop belongs to the frame around it.
        let made = FrameTree.isExit(node) ? [] : outputSlots(node)
        drafts.append(
          Draft(node: node, firstInput: first, inputCount: node.inputs.count, made: made, work: work))
      case .loop(let inner):
        let first = inputSlots.count
        let enters = entries(inner)
        for enter in enters { _ = try addInputs(enter) }
        let count = inputSlots.count - first
        let loop = try loop(inner, firstInput: first)
        let exits = tree.frames[inner].nodes.filter(FrameTree.isExit)
        drafts.append(
          Draft(
            node: enters[0], firstInput: first, inputCount: count, made: exits.flatMap(outputSlots), work: .loop(loop)))
      }
    }
    let closing = nextDrafts(frame)
    var closingInputs: [Int: Int] = [:]
    for node in closing { closingInputs[node.index] = try addInputs(node) }
    var owned = Set(drafts.flatMap(\.made)).subtracting(kept)
    for node in entries(frame) where (try? node.bool("is_constant")) == false { owned.formUnion(outputSlots(node)) }
    for node in closing { owned.formUnion(outputSlots(node)) }

    var releases = [[Int]](repeating: [], count: drafts.count)
    var seen = Set<Int>()
    // What the next turn gets is read last of all.
    for node in closing {
      let slot = inputSlots[closingInputs[node.index] ?? 0]
      if slot >= 0, owned.contains(slot), seen.insert(slot).inserted {
        inputIsLast[closingInputs[node.index] ?? 0] = true
      }
    }
    let handedOn = seen
    for (index, draft) in drafts.enumerated().reversed() {
      let range = draft.firstInput..<draft.firstInput + draft.inputCount
      for entry in range {
        let slot = inputSlots[entry]
        guard slot >= 0, owned.contains(slot), seen.insert(slot).inserted else { continue }
        releases[index].append(slot)
        inputIsLast[entry] = range.filter { inputSlots[$0] == slot }.count == 1
      }
      for slot in draft.made where owned.contains(slot) && !seen.contains(slot) { releases[index].append(slot) }
    }
    // A value that two variables of the loop share stays for the second.
    for node in closing {
      let entry = closingInputs[node.index] ?? 0
      if closing.filter({ inputSlots[closingInputs[$0.index] ?? 0] == inputSlots[entry] }).count > 1 {
        inputIsLast[entry] = false
      }
    }
    closingOfFrame[frame] = closing.map { node in
      let entry = closingInputs[node.index] ?? 0
      let slot = inputSlots[entry]
      return FramePlan.Next(
        input: entry, slot: outputSlots(node)[0], checks: checks(node), flag: nodeFlags[node] ?? 0,
        releases: handedOn.contains(slot) ? [slot] : [])
    }
    return zip(drafts, releases).map { draft, releases in
      FramePlan.Step(
        work: draft.work, node: draft.node, firstInput: draft.firstInput, inputCount: draft.inputCount,
        firstOutput: firstOutputs[draft.node] ?? 0, outputCount: draft.node.outputCount, checks: stepChecks(draft),
        flag: nodeFlags[draft.node] ?? -1, releases: releases)
    }
  }

  private var closingOfFrame: [Int: [FramePlan.Next]] = [:]

  private func nextDrafts(_ frame: Int) -> [Node] { nexts(frame) }

  private func stepChecks(_ draft: Draft) -> [Int] {
    switch draft.work {
    case .merge, .loop: []
    default: checks(draft.node)
    }
  }

  private func stepWork(_ node: Node) -> FramePlan.Step.Work? {
    switch node.op {
    case "Switch", "RefSwitch":
      return .choose(onFalse: flags[node.output(0)] ?? 0, onTrue: flags[node.output(1)] ?? 0)
    case "Merge", "RefMerge":
      return .merge(
        flags: node.inputs.map { fed.contains($0) ? -1 : flags[$0] ?? -1 },
        prefersLast: node.inputs.contains { FrameTree.isNextIteration($0.node) })
    case "Exit", "RefExit": return .exit
    default:
      if let kernel = kernels[node] { return .kernel(kernel) }
      return nodeFlags[node] == nil ? nil : .flag
    }
  }

  private mutating func loop(_ frame: Int, firstInput: Int) throws -> FramePlan.Loop {
    let enters = entries(frame)
    let steps = try steps(of: frame, kept: [])
    let loopEntries = try enters.enumerated().map { index, enter in
      let isConstant = try enter.bool("is_constant")
      return FramePlan.Entry(
        input: firstInput + index, slot: outputSlots(enter)[0], checks: checks(enter), flag: nodeFlags[enter] ?? -1,
        isConstant: isConstant, isVariable: work.aliases[enter.output(0)] != nil)
    }
    return FramePlan.Loop(
      entries: loopEntries, steps: steps, nexts: closingOfFrame[frame] ?? [],
      exitFlags: tree.frames[frame].nodes.filter(FrameTree.isExit).compactMap { nodeFlags[$0] })
  }
}
