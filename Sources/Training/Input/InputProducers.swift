import Engine
import Tensors

extension Graph {
  /// A queue of names of files, over and over or for so many epochs (`tf.train.string_input_producer`).
  ///
  /// Adds a queue runner, and a summary of how full the queue is, which `mergeAllSummaries` finds.
  /// - Parameters:
  ///   - names: a vector of strings.
  ///   - epochs: how often each name is given; without end where nil. The count is a local variable, which
  ///     `localVariablesInitializer` has to set.
  ///   - shuffle: whether each epoch has an order of its own.
  ///   - capacity: of the queue.
  public func stringInputProducer(
    _ names: any GraphValue, epochs: Int? = nil, shuffle: Bool = true, seed: Int64? = nil, capacity: Int = 32,
    name: String? = nil
  ) throws -> Queue {
    let isEmpty = "string_input_producer requires a non-null input tensor"
    return try nameScope(name, default: "input_producer") { scope in
      var input = try self.operand(names, dtype: .string, name: "Const")
      if input.shape.elementCount == 0 { throw BuildError.value(isEmpty) }
      let isFilled = try self.greater(self.size(of: input), 0)
      let check = try self.assert(isFilled, [Tensor(isEmpty)])
      input = try self.controlDependencies([check]) { try self.identity(input) }
      return try self.produce(
        input, elementShape: .scalar, epochs: epochs, shuffle: shuffle, seed: seed, capacity: capacity,
        queueName: scope, summary: "fraction_of_\(capacity)_full")
    }
  }

  /// A queue of the rows of a tensor (`tf.train.input_producer`).
  /// - Parameter elementShape: of a row, where the tensor's own shape does not tell.
  public func inputProducer(
    _ input: any GraphValue, elementShape: PartialShape = .unknown, epochs: Int? = nil, shuffle: Bool = true,
    seed: Int64? = nil, capacity: Int = 32, name: String? = nil
  ) throws -> Queue {
    try nameScope(name, default: "input_producer") { _ in
      let input = try self.operand(input, name: "input_tensor")
      var shape = elementShape
      if let dimensions = input.shape.dimensions { shape = PartialShape(Array(dimensions.dropFirst())) }
      guard shape.full != nil else {
        throw BuildError.value(
          "Either `input_tensor` must have a fully defined shape or `element_shape` must be specified")
      }
      return try self.produce(
        input, elementShape: shape, epochs: epochs, shuffle: shuffle, seed: seed, capacity: capacity,
        queueName: name ?? "FIFOQueueV2", summary: nil)
    }
  }

  private func produce(
    _ input: Output, elementShape: PartialShape, epochs: Int?, shuffle: Bool, seed: Int64?, capacity: Int,
    queueName: String, summary: String?
  ) throws -> Queue {
    var input = input
    if shuffle { input = try randomShuffle(input, seed: seed) }
    if let epochs { input = try limitEpochs(input, epochs) }
    let queue = try fifoQueue(capacity: capacity, dtypes: [input.dtype], shapes: [elementShape], name: queueName)
    let enqueue = try queue.enqueueMany([input])
    try addQueueRunner(try QueueRunner(queue, enqueueOps: [enqueue]))
    if let summary {
      let full = try cast(queue.size(), to: .float32) * (1 / Double(capacity))
      try scalarSummary(summary, full)
    }
    return queue
  }

  /// `input`, so many times; then `OutOfRange` (`tf.train.limit_epochs`).
  public func limitEpochs(_ input: any GraphValue, _ epochs: Int, name: String? = nil) throws -> Output {
    guard epochs > 0 else { throw BuildError.value("num_epochs must be > 0 not \(epochs).") }
    return try nameScope(name, default: "limit_epochs") { scope in
      let input = try self.operand(input, name: "input")
      let zero = try self.constant(Tensor(Int64(0)))
      let count = try self.variable(
        zero, name: "epochs", trainable: false, collections: [GraphKeys.localVariables])
      let counter = try self.addReferenceNode(
        "CountUpTo", [count.reference], name: nil,
        attributes: ["limit": .int(Int64(epochs)), "T": .type(.int64)])
      return try self.controlDependencies([counter]) { try self.identity(input, name: scope) }
    }
  }

  /// Fails the run with the values of `data` where `condition` is false (`tf.Assert`).
  public func assert(
    _ condition: Output, _ data: [any GraphValue], summarize: Int = 3, name: String? = nil
  ) throws -> Node {
    try nameScope(name, default: "Assert") { _ in
      // TensorFlow converts the data twice, and leaves what the first time made.
      for value in data { _ = try self.operand(value, name: "Const") }
      return try self.nameScope("Assert") { scope in
        let values = try data.enumerated().map { try self.operand($1, name: "data_\($0)") }
        return try self.addNode(
          op: "Assert", name: scope, inputs: [condition] + values,
          attributes: ["T": .types(values.map(\.dtype)), "summarize": .int(Int64(summarize))])
      }
    }
  }
}
