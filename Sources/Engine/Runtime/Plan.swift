import Synchronization
import Tensors

/// A compiled run: for one set of feeds and one list of fetches, the steps in order, with kernels resolved, inputs and
/// outputs as slot numbers, and what becomes free when. Running it is a loop without lookups or locks.
final class Plan: Sendable {
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

  /// Where a fetched value is found.
  enum Source: Sendable {
    case slot(Int)
    case variable(Int)
    case nothing
  }

  let feeds: [Output]
  let feedSlots: [Int]
  let steps: [Step]
  let releases: [Int]
  let inputSlots: [Int]
  let inputIsLast: [Bool]
  let sources: [Source]
  let variables: [Variable]
  /// Constants in their slots, nil elsewhere.
  let initialValues: [Tensor?]
  /// Slots that still hold something at the end of a run.
  let slotsToClear: [Int]
  let checkpoints: (any CheckpointStore)?
  /// Contexts of runs that are over; several exist only if runs overlapped.
  private let idle = Mutex<[ContextBox]>([])

  /// Hands a context from one run to the next.
  ///
  /// `@unchecked Sendable`: a context is used by one run at a time; whoever takes it out of `idle` owns it.
  private struct ContextBox: @unchecked Sendable { let context: KernelContext }

  init(
    feeds: [Output], feedSlots: [Int], steps: [Step], releases: [Int], inputSlots: [Int], inputIsLast: [Bool],
    sources: [Source], variables: [Variable], initialValues: [Tensor?], slotsToClear: [Int],
    checkpoints: (any CheckpointStore)?
  ) {
    self.feeds = feeds
    self.feedSlots = feedSlots
    self.steps = steps
    self.releases = releases
    self.inputSlots = inputSlots
    self.inputIsLast = inputIsLast
    self.sources = sources
    self.variables = variables
    self.initialValues = initialValues
    self.slotsToClear = slotsToClear
    self.checkpoints = checkpoints
  }

  /// Runs the steps.
  /// - Parameter values: one for each of `feeds`, already checked.
  /// - Returns: one value for each fetch, nil for nodes.
  func run(_ values: [Tensor]) throws -> [Tensor?] {
    let context =
      idle.withLock { $0.popLast() }?.context
      ?? KernelContext(
        values: initialValues, variables: variables, inputSlots: inputSlots, inputIsLast: inputIsLast,
        checkpoints: checkpoints)
    for (slot, value) in zip(feedSlots, values) { context.values[slot] = value }
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
      for index in step.releases { context.release(releases[index]) }
    }
    var results: [Tensor?] = []
    results.reserveCapacity(sources.count)
    for source in sources {
      switch source {
      case .slot(let slot): results.append(context.values[slot])
      case .variable(let index): results.append(try variables[index].read())
      case .nothing: results.append(nil)
      }
    }
    for slot in slotsToClear { context.values[slot] = nil }
    let box = ContextBox(context: context)
    idle.withLock { $0.append(box) }
    return results
  }
}
