import Tensors

/// Kernels of queues.
@Sendable func defineQueueKernels(_ ops: inout OpRegistry) {
  for version in ["V2", ""] {
    for kind in [TensorQueue.Kind.first, .shuffled, .padding] {
      ops.resource(kind.rawValue + version) { node, name in
        let capacity = try node.int("capacity")
        var minimum = 0
        var seeds: (Int64, Int64) = (0, 0)
        if kind == .shuffled {
          minimum = try node.int("min_after_dequeue")
          seeds = (Int64(try node.int("seed")), Int64(try node.int("seed2")))
          guard minimum >= 0 else { throw EngineError.invalid("min_after_dequeue \(minimum) must be >= 0") }
          guard capacity < 0 || minimum < capacity else {
            throw EngineError.invalid("min_after_dequeue \(minimum) must be < capacity \(capacity)")
          }
        }
        return try TensorQueue(
          kind: kind, name: name, types: node.types("component_types"), shapes: node.shapes("shapes"),
          capacity: capacity < 0 ? nil : max(capacity, 1), minimum: minimum, seeds: seeds)
      }
    }
    ops.kernel("QueueEnqueue" + version) { _ in
      { context in
        let queue = try queue(context)
        let tuple = try (1..<context.inputCount).map { try context.input($0) }
        try queue.check(tuple, isBatch: false)
        try queue.enqueue([tuple], context.control)
      }
    }
    ops.kernel("QueueEnqueueMany" + version) { _ in
      { context in
        let queue = try queue(context)
        let batch = try (1..<context.inputCount).map { try context.input($0) }
        try queue.check(batch, isBatch: true)
        let parts = try batch.map { try Batches.split(context, $0) }
        let count = batch[0].shape[0]
        try queue.enqueue((0..<count).map { row in parts.map { $0[row] } }, context.control)
      }
    }
    ops.kernel("QueueDequeue" + version) { node in
      let types = node.outputTypes
      return { context in
        let queue = try queue(context)
        try checkTypes(queue, types)
        for (index, value) in try queue.dequeue(1, context.control)[0].enumerated() { context.setOutput(index, value) }
      }
    }
    for name in ["QueueDequeueMany", "QueueDequeueUpTo"] {
      let allowsFewer = name == "QueueDequeueUpTo"
      ops.kernel(name + version) { node in
        let types = node.outputTypes
        return { context in
          let queue = try queue(context)
          try checkTypes(queue, types)
          let count = try context.integer(1, "n")
          guard count >= 0 else {
            throw EngineError.invalid("Dequeue\(allowsFewer ? "UpTo" : "Many")Op requested \(count) < 0 elements")
          }
          guard !queue.shapes.isEmpty else {
            throw EngineError.invalid(
              "\(queue.kind.rawValue)'s DequeueMany and DequeueUpTo require the components to have specified shapes.")
          }
          let rows = try queue.dequeue(count, allowsFewer: allowsFewer, context.control)
          for (index, type) in types.enumerated() {
            let column = rows.map { $0[index] }
            context.setOutput(
              index, try Batches.join(context, column, type, shape: queue.shapes[index], pads: queue.kind == .padding))
          }
        }
      }
    }
    ops.kernel("QueueClose" + version) { node in
      let cancels = try node.bool("cancel_pending_enqueues")
      return { try queue($0).close(cancelsPending: cancels, $0.control) }
    }
    ops.kernel("QueueSize" + version) { _ in { $0.setOutput(0, Tensor(Int32(clamping: try queue($0).count))) } }
    ops.kernel("QueueIsClosed" + version) { _ in { $0.setOutput(0, Tensor(try queue($0).isQueueClosed)) } }
  }
}

private func queue(_ context: KernelContext) throws -> TensorQueue {
  try context.object(0, TensorQueue.self, "queue")
}

private func checkTypes(_ queue: TensorQueue, _ types: [DataType]) throws {
  guard queue.types == types else {
    throw EngineError.invalid(
      "Queue '\(queue.name)' holds [\(queue.types.map(\.shortName).joined(separator: ", "))], not "
        + "[\(types.map(\.shortName).joined(separator: ", "))]")
  }
}

/// Batches apart and together.
enum Batches {
  /// The rows of a batch, each a tensor of its own.
  static func split(_ context: KernelContext, _ batch: Tensor) throws -> [Tensor] {
    let shape = Shape(Array(batch.shape.dimensions.dropFirst()))
    let size = shape.elementCount
    return try (0..<batch.shape[0]).map { row in
      if batch.dtype == .string {
        return Tensor(strings: Array(batch.strings[row * size..<(row + 1) * size]), shape: shape)
      }
      // Rows leave the run, so their memory is not the run's.
      try KernelContext.checkSize(batch.dtype, shape)
      let part = Tensor(uninitialized: batch.dtype, shape: shape)
      let bytes = size * (batch.dtype.byteWidth ?? 0)
      withExtendedLifetime((part, batch)) {
        part.storage.pointer.copyMemory(from: batch.storage.pointer + row * bytes, byteCount: bytes)
      }
      return part
    }
  }

  /// Rows as one batch; where `pads`, shorter ones are filled up with zeros.
  static func join(
    _ context: KernelContext, _ rows: [Tensor], _ dtype: DataType, shape: PartialShape, pads: Bool
  ) throws -> Tensor {
    guard let first = rows.first else {
      return try context.zeros(dtype, Shape([0] + (shape.dimensions ?? []).map { $0 ?? 0 }))
    }
    if rows.allSatisfy({ $0.shape == first.shape }) {
      let part = Shape([1] + first.shape.dimensions)
      return try concatenated(context, rows.map { $0.reshaped(to: part) }, axis: 0)
    }
    guard pads, rows.allSatisfy({ $0.rank == first.rank }) else {
      throw EngineError.invalid("elements of a queue have different shapes and cannot be a batch")
    }
    let largest = first.shape.dimensions.indices.map { axis in rows.map { $0.shape[axis] }.max() ?? 0 }
    let result = Shape([rows.count] + largest)
    var filled = try context.zeros(dtype, result)
    let strides = result.strides
    if dtype == .string {
      var strings = filled.strings
      for (row, value) in rows.enumerated() {
        Regions.copyStrings(
          value.strings, from: 0, strides: value.shape.strides, to: &strings, at: row * strides[0],
          targetStrides: Array(strides.dropFirst()), extents: value.shape.dimensions)
      }
      return Tensor(strings: strings, shape: result)
    }
    filled.makeUnique()
    for (row, value) in rows.enumerated() {
      Regions.copy(
        value, from: 0, strides: value.shape.strides, to: filled, at: row * strides[0],
        targetStrides: Array(strides.dropFirst()), extents: value.shape.dimensions)
    }
    return filled
  }
}
