import Synchronization
import Tensors

/// How a session runs.
public struct SessionConfiguration: Sendable {
  /// Whether nodes that ask for a device which is not there run on the processor instead of failing.
  public var allowSoftPlacement = false
  /// How many processors nodes may ask for, as `device_count={'CPU': n}`: `/device:CPU:0` and up. All are this machine.
  public var processorCount = 1
  /// Gets a line for each node with the device it runs on, as `log_device_placement`; one that asked for a device which
  /// is not there says so.
  public var placementLog: (@Sendable (String) -> Void)?
  /// What `SaveV2` and `RestoreV2` work with; runs that need it fail where it is nil.
  public var checkpoints: (any CheckpointStore)?
  /// What readers of TFRecord files work with; runs that need it fail where it is nil.
  public var records: (any RecordFiles)?
  /// How long a run may take, as `operation_timeout_in_ms` of TensorFlow's ConfigProto; runs that take longer because
  /// they wait for a queue or turn a loop end with DeadlineExceeded. No limit where nil.
  public var operationTimeout: Duration?

  public init(
    allowSoftPlacement: Bool = false, checkpoints: (any CheckpointStore)? = nil, records: (any RecordFiles)? = nil,
    operationTimeout: Duration? = nil
  ) {
    self.allowSoftPlacement = allowSoftPlacement
    self.checkpoints = checkpoints
    self.records = records
    self.operationTimeout = operationTimeout
  }
}

/// Runs a graph. A session owns the values of variables and the positions of random streams; several sessions of one
/// graph are independent. It may be used from many tasks at once.
public final class Session: Sendable {
  public let graph: Graph
  public var configuration: SessionConfiguration { resources.configuration }
  let resources: SessionState
  private let plans = Mutex<Plans>(Plans())
  private let cancellation = Cancellation()

  private struct Plans {
    var byFetches: [[GraphElement]: [any ExecutionPlan]] = [:]
    /// The graph's count of changed edges when the plans were made; nodes that are only added do not matter.
    var edits = 0
    var placedNodes = 0
    var isClosed = false
  }

  public init(graph: Graph, configuration: SessionConfiguration = SessionConfiguration()) {
    self.graph = graph
    resources = SessionState(configuration: configuration)
  }

  /// Forgets all variables and plans, and stops runs that are under way (`Cancelled`); every later run fails. Doing it
  /// again changes nothing.
  public func close() {
    plans.withLock {
      $0.byFetches = [:]
      $0.isClosed = true
    }
    cancellation.cancel()
    resources.clear()
  }

  fileprivate func newControl(observer: (any RunObserver)? = nil, timeout: Duration? = nil) -> RunControl {
    RunControl(
      cancellation: cancellation, timeout: timeout ?? configuration.operationTimeout, observer: observer)
  }

  /// Runs what the fetches need, once, under options of its own.
  /// - Returns: the values, and times and memory of every node where the options ask for them.
  /// - Throws: as the other forms of `run`; DeadlineExceeded after the options' timeout.
  public func run(
    _ fetches: [GraphElement], feeds: [Output: Tensor] = [:], options: RunOptions
  ) throws -> (values: [Tensor?], metadata: RunMetadata?) {
    for feed in feeds { try check(feed.value, for: feed.key) }
    let isTraced = options.traceLevel != .none
    let plan = try plan(fetches, feeds: feeds, isObserved: isTraced)
    let trace = isTraced ? RunTrace() : nil
    let values = try plan.run(
      plan.feeds.compactMap { feeds[$0] }, control: newControl(observer: trace, timeout: options.timeout))
    return (values, trace?.metadata)
  }

  /// Runs what the fetches need, once.
  /// - Parameters:
  ///   - fetches: outputs, whose values are wanted, and nodes, which only have to run.
  ///   - feeds: values that stand for outputs during this run; any output can be fed.
  /// - Returns: one value for each fetch, nil for nodes.
  /// - Throws: `EngineError` with TensorFlow's code and text and the name of the node that failed.
  public func run(_ fetches: [GraphElement], feeds: [Output: Tensor] = [:]) throws -> [Tensor?] {
    for feed in feeds { try check(feed.value, for: feed.key) }
    let plan = try plan(fetches, feeds: feeds)
    return try plan.run(plan.feeds.compactMap { feeds[$0] }, control: newControl())
  }

  /// Runs what the fetches need, once, and shows every value to `observer`. Slower than a run that nobody observes: it
  /// is compiled anew and keeps all values apart.
  /// - Throws: as `run`; the observer has seen what ran before.
  public func run(
    _ fetches: [GraphElement], feeds: [Output: Tensor] = [:], observer: any RunObserver
  ) throws -> [Tensor?] {
    for feed in feeds { try check(feed.value, for: feed.key) }
    let plan = try plan(fetches, feeds: feeds, isObserved: true)
    return try plan.run(plan.feeds.compactMap { feeds[$0] }, control: newControl(observer: observer))
  }

  /// The values of `outputs`.
  public func run(_ outputs: [Output], feeds: [Output: Tensor] = [:]) throws -> [Tensor] {
    try run(outputs.map(GraphElement.output), feeds: feeds).compactMap { $0 }
  }

  /// The value of one output.
  public func run(_ output: Output, feeds: [Output: Tensor] = [:]) throws -> Tensor {
    guard let value = try run([GraphElement.output(output)], feeds: feeds)[0] else {
      throw EngineError(.internal, "'\(output.name)' gave no value")
    }
    return value
  }

  /// Runs a node for its effect.
  public func run(_ node: Node, feeds: [Output: Tensor] = [:]) throws {
    _ = try run([GraphElement.node(node)], feeds: feeds)
  }

  /// The same with names: `x:0` is an output, `train` a node.
  public func run(_ names: [String], feeds: [String: Tensor] = [:]) throws -> [Tensor?] {
    let fetches = try names.map { name in
      do {
        return try graph.element(named: name)
      } catch let error as EngineError {
        let text = "Fetch argument '\(name)' cannot be interpreted as a Tensor. (\(error.message))"
        throw EngineError(error.code, text)
      }
    }
    var outputs: [Output: Tensor] = [:]
    for (name, value) in feeds {
      do {
        outputs[try graph.output(named: name)] = value
      } catch let error as EngineError {
        throw EngineError(error.code, "Cannot interpret feed_dict key as Tensor: \(error.message)")
      }
    }
    return try run(fetches, feeds: outputs)
  }

  /// Compiles a run once, to be called often with values for the same feeds: the quickest way to run small graphs.
  public func prepare(_ fetches: [GraphElement], feeds: [Output] = []) throws -> PreparedRun {
    let placeholder = Tensor(zeros: .bool, shape: .scalar)
    let plan = try plan(fetches, feeds: Dictionary(feeds.map { ($0, placeholder) }) { first, _ in first })
    let order = try plan.feeds.map { feed in
      guard let index = feeds.firstIndex(of: feed) else { throw EngineError(.internal, "a feed went missing") }
      return index
    }
    return PreparedRun(session: self, plan: plan, feeds: feeds, order: order)
  }

  fileprivate func checkOpen() throws {
    if plans.withLock({ $0.isClosed }) {
      throw EngineError(.failedPrecondition, "Attempted to use a closed Session.")
    }
  }

  fileprivate func check(_ value: Tensor, for output: Output) throws {
    guard value.dtype == output.dtype else {
      throw EngineError.invalid(
        "Cannot feed value of type \(value.dtype.name) for Tensor '\(output.name)', which has type "
          + "\(output.dtype.name)")
    }
    guard value.elementCount > 0 || KernelContext.hasModestDimensions(value.shape) else {
      throw EngineError.invalid(
        "Cannot feed value of shape \(value.shape) for Tensor '\(output.name)': it is too large")
    }
    guard output.shape.accepts(value.shape) else {
      throw EngineError.invalid(
        "Cannot feed value of shape \(PartialShape(value.shape).tupleDescription) for Tensor '\(output.name)', which "
          + "has shape '\(output.shape.tupleDescription)'")
    }
  }

  private func plan(
    _ fetches: [GraphElement], feeds: [Output: Tensor], isObserved: Bool = false
  ) throws -> any ExecutionPlan {
    let edits = graph.edits
    let found = try plans.withLock { plans -> (any ExecutionPlan)? in
      if plans.isClosed { throw EngineError(.failedPrecondition, "Attempted to use a closed Session.") }
      if plans.edits != edits { plans.byFetches = [:] }
      plans.edits = edits
      if isObserved { return nil }
      return plans.byFetches[fetches]?.first { plan in
        plan.feeds.count == feeds.count && plan.feeds.allSatisfy { feeds[$0] != nil }
      }
    }
    if let found { return found }
    if graph.nodeCount == 0 {
      throw EngineError(
        .failedPrecondition,
        "The Session graph is empty.  Add operations to the graph before calling run().")
    }
    for fetch in fetches {
      let node =
        switch fetch {
        case .node(let node): node
        case .output(let output): output.node
        }
      guard node.graph === graph else {
        throw EngineError.invalid("Fetch argument '\(node.name)' is not an element of this graph.")
      }
    }
    for feed in feeds.keys where feed.graph !== graph {
      throw EngineError.invalid("Tensor '\(feed.name)' is not an element of this graph.")
    }
    try place()
    let ordered = feeds.keys.sorted { ($0.node.index, $0.index) < ($1.node.index, $1.index) }
    let compiler = PlanCompiler(
      graph: graph, session: resources, feeds: ordered, fetches: fetches, isObserved: isObserved)
    let plan = try compiler.compile()
    if isObserved { return plan }
    plans.withLock { $0.byFetches[fetches, default: []].append(plan) }
    return plan
  }

  /// Places nodes: refuses devices that are not there, unless placement is soft. As in TensorFlow, one such node fails
  /// every run.
  private func place() throws {
    guard !configuration.allowSoftPlacement || configuration.placementLog != nil else { return }
    let start = plans.withLock { $0.placedNodes }
    let nodes = graph.nodes
    let local = "/job:localhost/replica:0/task:0/device:CPU:"
    let log = configuration.placementLog
    if start == 0, let log {
      log("Device mapping:")
      for index in 0..<max(configuration.processorCount, 1) { log("\(local)\(index) -> this machine's processor") }
    }
    for node in nodes.dropFirst(start) where log != nil || !node.device.isEmpty {
      let device = try DeviceSpec(node.device)
      let isHere =
        (device.type ?? "CPU") == "CPU" && (0..<max(configuration.processorCount, 1)).contains(device.index ?? 0)
        && (device.job ?? "localhost") == "localhost" && (device.replica ?? 0) == 0 && (device.task ?? 0) == 0
      guard isHere || configuration.allowSoftPlacement else {
        let available = (0..<max(configuration.processorCount, 1)).map { "\(local)\($0)" }.joined(separator: ", ")
        throw EngineError(
          .invalidArgument,
          "Cannot assign a device for operation \(node.name): node \(node.name) was explicitly assigned to "
            + "\(node.device) but available devices are [ \(available) ]. Make sure the device specification refers to "
            + "a valid device.", node: node.name)
      }
      let note = isHere ? "" : " (\(node.device) is not there)"
      log?("\(node.name): (\(node.op)): \(local)\(isHere ? device.index ?? 0 : 0)\(note)")
    }
    plans.withLock { $0.placedNodes = nodes.count }
  }
}

/// A compiled run, see `Session.prepare`.
public struct PreparedRun: Sendable {
  private let session: Session
  private let plan: any ExecutionPlan
  private let feeds: [Output]
  private let order: [Int]

  fileprivate init(session: Session, plan: any ExecutionPlan, feeds: [Output], order: [Int]) {
    self.session = session
    self.plan = plan
    self.feeds = feeds
    self.order = order
  }

  /// Runs it with one value for each feed, in the order the feeds were given.
  public func run(_ values: [Tensor] = []) throws -> [Tensor?] {
    try session.checkOpen()
    guard values.count == feeds.count else {
      throw EngineError.invalid("\(feeds.count) values are needed, but \(values.count) were given")
    }
    for (value, feed) in zip(values, feeds) { try session.check(value, for: feed) }
    return try plan.run(order.map { values[$0] }, control: session.newControl())
  }
}
