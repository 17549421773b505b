import Synchronization
import Tensors

/// A compiled run for one set of feeds and one list of fetches.
protocol ExecutionPlan: AnyObject, Sendable {
  var feeds: [Output] { get }

  /// Runs it once.
  /// - Parameters:
  ///   - values: one for each of `feeds`, already checked.
  ///   - control: what may stop the run.
  /// - Returns: one value for each fetch, nil for nodes.
  func run(_ values: [Tensor], control: RunControl) throws -> [Tensor?]
}

/// Where a fetched value is found.
enum FetchSource: Sendable {
  case slot(Int)
  case variable(Int)
  case nothing
}

/// The steps of a run without control flow, in order, with kernels resolved, inputs and outputs as slot numbers, and
/// what becomes free when. Running it is a loop without lookups or locks.
final class StraightPlan: ExecutionPlan {
  struct Step: Sendable {
    let kernel: Kernel
    let node: Node
    let firstInput: Int
    let inputCount: Int
    let firstOutput: Int
    let outputCount: Int
    /// Range of `releases`.
    let releases: Range<Int>
  }

  let feeds: [Output]
  private let feedSlots: [Int]
  private let steps: [Step]
  private let releases: [Int]
  private let sources: [FetchSource]
  /// Slots that still hold something at the end of a run.
  private let slotsToClear: [Int]
  private let observation: Observation?
  private let contexts: ContextPool

  init(
    feeds: [Output], feedSlots: [Int], steps: [Step], releases: [Int], sources: [FetchSource], slotsToClear: [Int],
    observation: Observation?, contexts: ContextPool
  ) {
    self.feeds = feeds
    self.feedSlots = feedSlots
    self.steps = steps
    self.releases = releases
    self.sources = sources
    self.slotsToClear = slotsToClear
    self.observation = observation
    self.contexts = contexts
  }

  func run(_ values: [Tensor], control: RunControl) throws -> [Tensor?] {
    let context = contexts.take()
    context.control = control
    for (slot, value) in zip(feedSlots, values) { context.values[slot] = value }
    let observer = observation == nil ? nil : control.observer
    if let observer { observation?.begin(values, observer) }
    for step in steps {
      context.firstInput = step.firstInput
      context.inputCount = step.inputCount
      context.firstOutput = step.firstOutput
      context.outputCount = step.outputCount
      do {
        try step.kernel(context)
      } catch let error as EngineError {
        // The context may hold half a run: it is dropped.
        throw error.at(node: step.node.name)
      }
      if let observer { observation?.report(step.node, firstOutput: step.firstOutput, in: context, observer) }
      for index in step.releases { context.release(releases[index]) }
    }
    let results = try context.results(sources)
    for slot in slotsToClear { context.values[slot] = nil }
    contexts.give(context)
    return results
  }
}

/// Contexts of runs that are over, to be used again; several exist only if runs overlapped.
final class ContextPool: Sendable {
  /// Constants in their slots, nil elsewhere.
  private let values: [Tensor?]
  private let variables: [Variable]
  private let inputSlots: [Int]
  private let inputIsLast: [Bool]
  private let configuration: SessionConfiguration
  private let idle = Mutex<[ContextBox]>([])

  /// Hands a context from one run to the next.
  ///
  /// `@unchecked Sendable`: a context is used by one run at a time; whoever takes it out of `idle` owns it.
  private struct ContextBox: @unchecked Sendable { let context: KernelContext }

  init(
    values: [Tensor?], variables: [Variable], inputSlots: [Int], inputIsLast: [Bool],
    configuration: SessionConfiguration
  ) {
    self.values = values
    self.variables = variables
    self.inputSlots = inputSlots
    self.inputIsLast = inputIsLast
    self.configuration = configuration
  }

  func take() -> KernelContext {
    idle.withLock { $0.popLast() }?.context
      ?? KernelContext(
        values: values, variables: variables, inputSlots: inputSlots, inputIsLast: inputIsLast,
        checkpoints: configuration.checkpoints, records: configuration.records)
  }

  /// Takes back a context whose run has ended well.
  func give(_ context: KernelContext) {
    context.control = nil
    let box = ContextBox(context: context)
    idle.withLock { $0.append(box) }
  }
}
