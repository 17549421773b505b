import Engine
import Tensors

/// A queue of a graph (`tf.QueueBase`): elements are tuples of tensors.
///
/// Who takes from an empty queue, or puts into a full one, waits until another thread has changed that. When the queue is
/// closed, what is in it can still be taken; then takers get `OutOfRange`, which is how input pipelines end.
public struct Queue: Sendable, Hashable {
  /// The handle, as queue ops take it.
  public let handle: Output
  /// Types of a tuple's components.
  public let dtypes: [DataType]
  /// Their shapes; empty where elements may differ in shape.
  public let shapes: [PartialShape]

  public init(handle: Output, dtypes: [DataType], shapes: [PartialShape]) {
    self.handle = handle
    self.dtypes = dtypes
    self.shapes = shapes
  }

  public var graph: Graph { handle.graph }
  public var name: String { handle.node.name }

  /// What the queue's ops are called after.
  private var base: String { name.split(separator: "/").last.map(String.init) ?? name }

  /// Puts one tuple in (`enqueue`); run it for its effect.
  /// - Throws: `BuildError` where the number of components or a type does not fit.
  public func enqueue(_ components: [any GraphValue], name: String? = nil) throws -> Node {
    try put(components, op: "QueueEnqueueV2", scope: name ?? "\(base)_enqueue")
  }

  /// Puts in every row of the components' first dimension (`enqueue_many`).
  public func enqueueMany(_ components: [any GraphValue], name: String? = nil) throws -> Node {
    try put(components, op: "QueueEnqueueManyV2", scope: name ?? "\(base)_EnqueueMany")
  }

  /// Takes one tuple out (`dequeue`).
  public func dequeue(name: String? = nil) throws -> [Output] {
    try graph.nameScope(name ?? "\(base)_Dequeue") { scope in
      try taken("QueueDequeueV2", [handle], scope)
    }
  }

  /// Takes exactly `count` tuples out, each component with a dimension for them in front (`dequeue_many`). The last ones
  /// of a closed queue are dropped where they are fewer.
  public func dequeueMany(_ count: any GraphValue, name: String? = nil) throws -> [Output] {
    try many("QueueDequeueManyV2", count, name ?? "\(base)_DequeueMany")
  }

  /// Takes `count` tuples out, or what is left in a closed queue (`dequeue_up_to`).
  public func dequeueUpTo(_ count: any GraphValue, name: String? = nil) throws -> [Output] {
    try many("QueueDequeueUpToV2", count, name ?? "\(base)_DequeueUpTo")
  }

  /// How many tuples are in it; a scalar int32.
  public func size(name: String? = nil) throws -> Output {
    try graph.add("QueueSizeV2", [handle], name: name ?? "\(base)_Size")
  }

  /// Lets nothing more in (`close`).
  /// - Parameter cancelPendingEnqueues: whether those who wait to put something in fail; they succeed otherwise once
  ///   there is room.
  public func close(cancelPendingEnqueues: Bool = false, name: String? = nil) throws -> Node {
    try graph.addNode(
      op: "QueueCloseV2", name: name ?? "\(base)_Close", inputs: [handle],
      attributes: ["cancel_pending_enqueues": .bool(cancelPendingEnqueues)])
  }

  private func put(_ components: [any GraphValue], op: String, scope: String) throws -> Node {
    guard components.count == dtypes.count else {
      throw BuildError.value("Expected \(dtypes.count) values for '\(name)', but \(components.count) were given.")
    }
    return try graph.nameScope(scope) { scope in
      let inputs = try zip(components, dtypes).enumerated().map { index, pair in
        try graph.operand(pair.0, dtype: pair.1, name: "component_\(index)")
      }
      return try graph.addNode(
        op: op, name: scope, inputs: [handle] + inputs, attributes: ["Tcomponents": .types(dtypes)])
    }
  }

  private func many(_ op: String, _ count: any GraphValue, _ scope: String) throws -> [Output] {
    guard !shapes.isEmpty, shapes.allSatisfy({ $0.rank != nil }) else {
      throw BuildError.value("Taking many elements at once needs a queue whose elements have known shapes: '\(name)'.")
    }
    return try graph.nameScope(scope) { scope in
      try taken(op, [handle, graph.operand(count, dtype: .int32, name: "n")], scope)
    }
  }

  private func taken(_ op: String, _ inputs: [Output], _ scope: String) throws -> [Output] {
    try graph.addNode(op: op, name: scope, inputs: inputs, attributes: ["component_types": .types(dtypes)]).outputs
  }
}

extension Graph {
  /// A queue that gives elements in the order they came (`tf.FIFOQueue`).
  /// - Parameters:
  ///   - capacity: how many elements fit; without end where negative.
  ///   - shapes: of an element's components, or nil where elements may differ.
  public func fifoQueue(
    capacity: Int, dtypes: [DataType], shapes: [PartialShape]? = nil, sharedName: String = "",
    name: String = "fifo_queue"
  ) throws -> Queue {
    try queue("FIFOQueueV2", capacity, dtypes, shapes, sharedName, name)
  }

  /// The same for elements whose dimensions may differ where `shapes` say nil: `dequeueMany` fills up with zeros
  /// (`tf.PaddingFIFOQueue`).
  public func paddingFIFOQueue(
    capacity: Int, dtypes: [DataType], shapes: [PartialShape], sharedName: String = "",
    name: String = "padding_fifo_queue"
  ) throws -> Queue {
    try queue("PaddingFIFOQueueV2", capacity, dtypes, shapes, sharedName, name)
  }

  /// A queue that gives elements in random order (`tf.RandomShuffleQueue`).
  /// - Parameter minimumAfterDequeue: how many elements always stay, to be mixed with; until the queue is closed.
  public func randomShuffleQueue(
    capacity: Int, minimumAfterDequeue: Int, dtypes: [DataType], shapes: [PartialShape]? = nil, seed: Int64? = nil,
    sharedName: String = "", name: String = "random_shuffle_queue"
  ) throws -> Queue {
    let (first, second) = seeds(for: seed)
    return try queue(
      "RandomShuffleQueueV2", capacity, dtypes, shapes, sharedName, name,
      ["min_after_dequeue": .int(Int64(minimumAfterDequeue)), "seed": .int(first), "seed2": .int(second)])
  }

  private func queue(
    _ op: String, _ capacity: Int, _ dtypes: [DataType], _ shapes: [PartialShape]?, _ sharedName: String,
    _ name: String, _ more: [String: AttributeValue] = [:]
  ) throws -> Queue {
    guard !dtypes.isEmpty else { throw BuildError.value("A queue needs at least one component.") }
    guard shapes == nil || shapes?.count == dtypes.count else {
      throw BuildError.value(
        "Queue shapes must have the same length as dtypes, received \(shapes?.count ?? 0) shapes, \(dtypes.count) dtypes"
      )
    }
    let attributes: [String: AttributeValue] = [
      "component_types": .types(dtypes), "shapes": shapes.map { .shapes($0) } ?? .emptyList,
      "capacity": .int(Int64(capacity)), "shared_name": .string(sharedName), "container": .string(""),
    ]
    let handle = try add(op, name: name, attributes: attributes.merging(more) { $1 })
    return Queue(handle: handle, dtypes: dtypes, shapes: shapes ?? [])
  }
}
