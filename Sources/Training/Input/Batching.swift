import Engine
import Tensors

extension Graph {
  /// Groups single examples into batches (`tf.train.batch`).
  ///
  /// Threads of a queue runner fill a queue with what `tensors` give, and the answer takes `batchSize` of them at a time.
  /// Adds the runner, and a summary of how full the queue is.
  /// - Parameters:
  ///   - tensors: one example, or with `enqueueMany` many along the first dimension.
  ///   - threads: how many fill the queue; with more than one the order is not fixed.
  ///   - shapes: of one example's tensors, where their own do not tell.
  ///   - pads: whether examples may differ in dimensions that are not known; they are filled up with zeros.
  ///   - allowsSmallerFinalBatch: whether the last examples come in a smaller batch instead of being dropped.
  /// - Throws: `BuildError` where there is nothing to batch, or a shape is not known.
  public func batch(
    _ tensors: [any GraphValue], batchSize: Int, threads: Int = 1, capacity: Int = 32, enqueueMany: Bool = false,
    shapes: [PartialShape]? = nil, pads: Bool = false, allowsSmallerFinalBatch: Bool = false, name: String? = nil
  ) throws -> [Output] {
    guard !tensors.isEmpty else { throw BuildError.value("Expected at least one tensor in batch().") }
    return try nameScope(name, default: "batch") { scope in
      let inputs = try self.inputs(tensors)
      let shapes = try self.exampleShapes(inputs, shapes, enqueueMany: enqueueMany, allowsUnknown: pads)
      let dtypes = inputs.map(\.dtype)
      let queue =
        pads
        ? try self.paddingFIFOQueue(capacity: capacity, dtypes: dtypes, shapes: shapes)
        : try self.fifoQueue(capacity: capacity, dtypes: dtypes, shapes: shapes)
      try self.fill(queue, inputs, threads: threads, enqueueMany: enqueueMany)
      let full = try self.cast(queue.size(), to: .float32) * (1 / Double(capacity))
      try self.scalarSummary("fraction_of_\(capacity)_full", full)
      return allowsSmallerFinalBatch
        ? try queue.dequeueUpTo(batchSize, name: scope) : try queue.dequeueMany(batchSize, name: scope)
    }
  }

  /// The same in random order (`tf.train.shuffle_batch`).
  /// - Parameter minimumAfterDequeue: how many examples always stay in the queue, to be mixed with: more mix better and
  ///   take longer to start. The capacity must be larger; a batch and a few per thread more is usual.
  public func shuffleBatch(
    _ tensors: [any GraphValue], batchSize: Int, capacity: Int, minimumAfterDequeue: Int, threads: Int = 1,
    seed: Int64? = nil, enqueueMany: Bool = false, shapes: [PartialShape]? = nil,
    allowsSmallerFinalBatch: Bool = false, name: String? = nil
  ) throws -> [Output] {
    guard !tensors.isEmpty else { throw BuildError.value("Expected at least one tensor in shuffle_batch().") }
    return try nameScope(name, default: "shuffle_batch") { scope in
      guard capacity > minimumAfterDequeue else {
        throw BuildError.value("capacity \(capacity) must be bigger than min_after_dequeue \(minimumAfterDequeue).")
      }
      let inputs = try self.inputs(tensors)
      let shapes = try self.exampleShapes(inputs, shapes, enqueueMany: enqueueMany, allowsUnknown: false)
      let queue = try self.randomShuffleQueue(
        capacity: capacity, minimumAfterDequeue: minimumAfterDequeue, dtypes: inputs.map(\.dtype), shapes: shapes,
        seed: seed)
      try self.fill(queue, inputs, threads: threads, enqueueMany: enqueueMany)
      let room = capacity - minimumAfterDequeue
      let surplus = try self.maximum(0, queue.size() - minimumAfterDequeue)
      let full = try self.cast(surplus, to: .float32) * (1 / Double(room))
      try self.scalarSummary("fraction_over_\(minimumAfterDequeue)_of_\(room)_full", full)
      return allowsSmallerFinalBatch
        ? try queue.dequeueUpTo(batchSize, name: scope) : try queue.dequeueMany(batchSize, name: scope)
    }
  }

  /// The tensors, and the constant by which TensorFlow says that all of them are kept.
  private func inputs(_ tensors: [any GraphValue]) throws -> [Output] {
    let inputs = try tensors.enumerated().map { try operand($1, name: "tensors_\($0)") }
    _ = try constant(Tensor(true), name: "Const")
    return inputs
  }

  private func exampleShapes(
    _ inputs: [Output], _ given: [PartialShape]?, enqueueMany: Bool, allowsUnknown: Bool
  ) throws -> [PartialShape] {
    if let given {
      guard given.count == inputs.count else {
        throw BuildError.value("\(inputs.count) tensors, but \(given.count) shapes were given.")
      }
      return given
    }
    return try inputs.map { input in
      guard let dimensions = input.shape.dimensions else {
        throw BuildError.value("Cannot infer Tensor's rank: \(input.name)")
      }
      guard enqueueMany, dimensions.isEmpty else {
        let shape = PartialShape(enqueueMany ? Array(dimensions.dropFirst()) : dimensions)
        guard allowsUnknown || shape.full != nil else {
          throw BuildError.value("All shapes must be fully defined: \(input.name) has shape \(shape.tupleDescription)")
        }
        return shape
      }
      throw BuildError.value("\(input.name) is a scalar, so it does not hold many examples.")
    }
  }

  private func fill(_ queue: Queue, _ inputs: [Output], threads: Int, enqueueMany: Bool) throws {
    guard threads > 0 else { throw BuildError.value("num_threads must be at least 1, not \(threads).") }
    let enqueue = enqueueMany ? try queue.enqueueMany(inputs) : try queue.enqueue(inputs)
    try addQueueRunner(try QueueRunner(queue, enqueueOps: Array(repeating: enqueue, count: threads)))
  }
}
