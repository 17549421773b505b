import Tensors

/// The steps of a run with control flow.
///
/// Every frame (`FrameTree`) is a list of steps in an order that serves each turn of its loop; a loop is one step of the
/// frame around it. Branches not taken are found by flags: a step whose inputs are dead is passed over and is dead
/// itself. So a turn costs little more than a plan without control flow, and values live in slots as they do there.
final class FramePlan: ExecutionPlan {
  struct Step: Sendable {
    enum Work: Sendable {
      case kernel(Kernel)
      /// Nothing to run: only whether the node is dead matters.
      case flag
      /// One of two outputs lives, as a boolean says. Flags of both outputs.
      case choose(onFalse: Int, onTrue: Int)
      /// The input that lives. Flag of each input, -1 for what never dies.
      case merge(flags: [Int], prefersLast: Bool)
      case exit
      case loop(Loop)
    }
    let work: Work
    let node: Node
    let firstInput: Int
    let inputCount: Int
    let firstOutput: Int
    let outputCount: Int
    /// Flags of the inputs that can be dead.
    let checks: [Int]
    /// The node's own flag, -1 where it is never dead.
    let flag: Int
    /// Slots whose values nobody needs after this step.
    let releases: [Int]
  }

  /// How a value gets into a loop.
  struct Entry: Sendable {
    /// Position in the list of all inputs.
    let input: Int
    let slot: Int
    let checks: [Int]
    let flag: Int
    let isConstant: Bool
    /// The value is a variable, which needs no slot.
    let isVariable: Bool
  }

  /// How a value gets from one turn to the next.
  struct Next: Sendable {
    let input: Int
    let slot: Int
    let checks: [Int]
    let flag: Int
    let releases: [Int]
  }

  final class Loop: Sendable {
    let entries: [Entry]
    let steps: [Step]
    let nexts: [Next]
    /// Flags of `Exit`s: dead until a value comes out.
    let exitFlags: [Int]

    init(entries: [Entry], steps: [Step], nexts: [Next], exitFlags: [Int]) {
      self.entries = entries
      self.steps = steps
      self.nexts = nexts
      self.exitFlags = exitFlags
    }
  }

  let feeds: [Output]
  private let feedSlots: [Int]
  private let steps: [Step]
  private let sources: [FetchSource]
  /// The flag of each fetch, -1 where it never is dead.
  private let sourceFlags: [Int]
  private let fetches: [GraphElement]
  private let slotsToClear: [Int]
  private let flagCount: Int
  private let observation: Observation?
  private let contexts: ContextPool

  init(
    feeds: [Output], feedSlots: [Int], steps: [Step], sources: [FetchSource], sourceFlags: [Int],
    fetches: [GraphElement], slotsToClear: [Int], flagCount: Int, observation: Observation?,
    contexts: ContextPool
  ) {
    self.feeds = feeds
    self.feedSlots = feedSlots
    self.steps = steps
    self.sources = sources
    self.sourceFlags = sourceFlags
    self.fetches = fetches
    self.slotsToClear = slotsToClear
    self.flagCount = flagCount
    self.observation = observation
    self.contexts = contexts
  }

  func run(_ values: [Tensor], control: RunControl) throws -> [Tensor?] {
    let context = contexts.take()
    context.control = control
    for (slot, value) in zip(feedSlots, values) { context.values[slot] = value }
    var run = FrameRun(
      context: context, control: control, observation: observation,
      observer: observation == nil ? nil : control.observer, isDead: [Bool](repeating: false, count: flagCount))
    if let observer = run.observer { observation?.begin(values, observer) }
    try run.perform(steps)
    for (flag, fetch) in zip(sourceFlags, fetches) where flag >= 0 && run.isDead[flag] {
      guard case .output(let output) = fetch else { continue }
      throw EngineError(
        .invalidArgument,
        "Retval[0] does not have value: '\(output.name)' is in a branch that was not taken", node: output.node.name)
    }
    let results = try context.results(sources)
    for slot in slotsToClear { context.values[slot] = nil }
    contexts.give(context)
    return results
  }
}

/// The state of one run of a `FramePlan`.
private struct FrameRun {
  let context: KernelContext
  let control: RunControl
  let observation: Observation?
  let observer: (any RunObserver)?
  var isDead: [Bool]

  mutating func perform(_ steps: [FramePlan.Step]) throws {
    for step in steps {
      do {
        try perform(step)
      } catch let error as EngineError {
        // The context may hold half a run: it is dropped.
        throw error.at(node: step.node.name)
      }
      if let observer { report(step, observer) }
      for slot in step.releases { context.release(slot) }
    }
  }

  /// Shows what a step gave; a loop's own steps have shown theirs.
  private func report(_ step: FramePlan.Step, _ observer: any RunObserver) {
    switch step.work {
    case .loop, .flag: return
    case .choose(let onFalse, let onTrue): if isDead[onFalse] && isDead[onTrue] { return }
    default: if step.flag >= 0, isDead[step.flag] { return }
    }
    observation?.report(step.node, firstOutput: step.firstOutput, in: context, observer)
  }

  private mutating func perform(_ step: FramePlan.Step) throws {
    context.firstInput = step.firstInput
    context.inputCount = step.inputCount
    context.firstOutput = step.firstOutput
    context.outputCount = step.outputCount
    let dead = hasDead(step.checks)
    switch step.work {
    case .kernel(let kernel):
      if step.flag >= 0 { isDead[step.flag] = dead }
      if !dead { try kernel(context) }
    case .flag:
      if step.flag >= 0 { isDead[step.flag] = dead }
    case .choose(let onFalse, let onTrue):
      if step.flag >= 0 { isDead[step.flag] = dead }
      isDead[onFalse] = true
      isDead[onTrue] = true
      guard !dead else { return }
      let condition = try context.input(1)
      guard condition.dtype == .bool, condition.elementCount == 1 else {
        throw EngineError.invalid("The second input must be a scalar, but it has shape \(condition.shape)")
      }
      let choice = condition.scalar(Bool.self)
      isDead[choice ? onTrue : onFalse] = false
      // A reference stays with its variable; whoever reads the output reads that.
      guard !step.node.outputIsReference[0], !context.isVariable(0) || step.node.outputTypes[0] != .resource else {
        return
      }
      context.setOutput(choice ? 1 : 0, try context.take(0))
    case .merge(let flags, let prefersLast):
      var chosen = -1
      for (index, flag) in flags.enumerated() where flag < 0 || !isDead[flag] {
        chosen = index
        if !prefersLast { break }
      }
      guard chosen >= 0 else {
        isDead[step.flag] = true
        return
      }
      if step.flag >= 0 { isDead[step.flag] = false }
      if !step.node.outputIsReference[0] { context.setOutput(0, try context.take(chosen)) }
      if step.outputCount > 1 { context.setOutput(1, Tensor(Int32(chosen))) }
    case .exit:
      guard !dead else { return }
      isDead[step.flag] = false
      if !step.node.outputIsReference[0], !context.isVariable(0) || step.node.outputTypes[0] != .resource {
        context.setOutput(0, try context.take(0))
      }
    case .loop(let loop):
      try perform(loop)
    }
  }

  private mutating func perform(_ loop: FramePlan.Loop) throws {
    for entry in loop.entries {
      let dead = hasDead(entry.checks)
      if entry.flag >= 0 { isDead[entry.flag] = dead }
      if !dead, !entry.isVariable { context.values[entry.slot] = try context.takeInput(at: entry.input) }
    }
    for flag in loop.exitFlags { isDead[flag] = true }
    for next in loop.nexts { isDead[next.flag] = true }
    while true {
      try control.check()
      try perform(loop.steps)
      // What enters once is there in the first turn only.
      for entry in loop.entries where !entry.isConstant { isDead[entry.flag] = true }
      var continues = false
      for next in loop.nexts {
        let dead = hasDead(next.checks)
        isDead[next.flag] = dead
        if !dead {
          continues = true
          context.values[next.slot] = try context.takeInput(at: next.input)
        }
      }
      for next in loop.nexts { for slot in next.releases { context.release(slot) } }
      if !continues { break }
    }
    for entry in loop.entries where entry.isConstant { context.values[entry.slot] = nil }
  }

  private func hasDead(_ flags: [Int]) -> Bool {
    for flag in flags where isDead[flag] { return true }
    return false
  }
}
