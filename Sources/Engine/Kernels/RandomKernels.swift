import Synchronization
import Tensors

/// Kernels of random ops. Each node of a session's plan has a stream of its own, which every run moves on.
@Sendable func defineRandomKernels(_ ops: inout OpRegistry) {
  for name in ["RandomStandardNormal", "TruncatedNormal", "RandomUniform"] {
    ops.kernel(name) { node in
      let stream = try SharedStream(node)
      let dtype = try node.type("dtype")
      return { context in
        var output = try context.allocate(dtype, try shapeInput(context, 0))
        switch dtype {
        case .float32:
          output.withMutableElements(of: Float.self) { values in
            stream.next {
              switch name {
              case "RandomUniform": $0.uniform(into: values)
              case "TruncatedNormal": $0.truncatedNormal(into: values)
              default: $0.normal(into: values)
              }
            }
          }
        case .float64:
          output.withMutableElements(of: Double.self) { values in
            stream.next {
              switch name {
              case "RandomUniform": $0.uniform(into: values)
              case "TruncatedNormal": $0.truncatedNormal(into: values)
              default: $0.normal(into: values)
              }
            }
          }
        default: throw EngineError.noKernel(name, dtype)
        }
        context.setOutput(0, output)
      }
    }
  }
  ops.kernel("RandomUniformInt") { node in
    let stream = try SharedStream(node)
    return { context in
      let shape = try shapeInput(context, 0)
      let (low, high) = (try context.input(1), try context.input(2))
      func checkRange<T: FixedWidthInteger>(_ low: T, _ high: T) throws {
        guard low < high || shape.elementCount == 0 else {
          throw EngineError.invalid("Need minval < maxval, got \(low) >= \(high)")
        }
      }
      guard low.rank == 0, high.rank == 0 else {
        throw EngineError.invalid("minval and maxval must be 0-D, got shapes \(low.shape) and \(high.shape)")
      }
      var output = try context.allocate(low.dtype, shape)
      switch low.dtype {
      case .int32:
        let (first, end) = (low.scalar(Int32.self), high.scalar(Int32.self))
        try checkRange(first, end)
        output.withMutableElements(of: Int32.self) { values in
          stream.next { $0.uniform(into: values, low: first, high: end) }
        }
      case .int64:
        let (first, end) = (low.scalar(Int64.self), high.scalar(Int64.self))
        try checkRange(first, end)
        output.withMutableElements(of: Int64.self) { values in
          stream.next { $0.uniform(into: values, low: first, high: end) }
        }
      default: throw EngineError.noKernel("RandomUniformInt", low.dtype)
      }
      context.setOutput(0, output)
    }
  }
  ops.kernel("RandomShuffle") { node in
    let stream = try SharedStream(node)
    return { context in
      let value = try context.input(0)
      guard value.rank > 0, value.elementCount > 0, value.shape[0] > 1 else { return context.setOutput(0, value) }
      let order = stream.next { $0.shuffledIndices(count: value.shape[0]) }
      context.setOutput(0, try rows(order, of: value))
    }
  }
  ops.kernel("Multinomial") { node in
    let stream = try SharedStream(node)
    let outputType = try node.type("output_dtype")
    return { context in
      let (logits, count) = (try context.input(0), try context.input(1))
      guard logits.rank == 2 else {
        throw EngineError.invalid("logits should be a matrix, got shape \(logits.shape)")
      }
      guard count.elementCount == 1 else {
        throw EngineError.invalid("num_samples should be a scalar, got shape \(count.shape)")
      }
      let samples = Int(count.scalar(Int32.self))
      guard samples >= 0 else {
        throw EngineError.invalid("num_samples should be a nonnegative number, got \(samples)")
      }
      let values: [Double]
      switch logits.dtype {
      case .float32: values = logits.scalars(Float.self).map(Double.init)
      case .float64: values = logits.scalars(Double.self)
      default: throw EngineError.noKernel("Multinomial", logits.dtype)
      }
      let (batch, classes) = (logits.shape[0], logits.shape[1])
      guard classes > 0 || samples == 0 || batch == 0 else {
        throw EngineError.invalid("num_classes should be positive, got \(classes)")
      }
      try KernelContext.checkSize(.int64, [batch, samples])
      guard batch > 0, samples > 0 else {
        return context.setOutput(0, integerTensor([], outputType, shape: [batch, samples]))
      }
      let matrix = (0..<batch).map { Array(values[($0 * classes)..<(($0 + 1) * classes)]) }
      let drawn = stream.next { $0.multinomial(logits: matrix, samples: samples) }
      context.setOutput(
        0,
        outputType == .int32
          ? Tensor(drawn.map(Int32.init), shape: [batch, samples]) : Tensor(drawn, shape: [batch, samples]))
    }
  }
}

/// A stream that several runs may draw from at once; each draw is one step of the stream.
final class SharedStream: RewindableState {
  private let stream: Mutex<RandomStream>

  /// The stream of `seed` and `seed2`; one that differs at every start where both are 0, as in TensorFlow.
  init(_ node: Node) throws {
    var seed = UInt64(bitPattern: Int64(try node.int("seed")))
    var seed2 = UInt64(bitPattern: Int64(try node.int("seed2")))
    if seed == 0, seed2 == 0 {
      var generator = SystemRandomNumberGenerator()
      (seed, seed2) = (generator.next(), generator.next())
    }
    stream = Mutex(RandomStream(seed: seed, seed2: seed2))
    RewindableStates.current?.add(self)
  }

  func rememberPosition() -> @Sendable () -> Void {
    let now = stream.withLock { $0 }
    return { [self] in stream.withLock { $0 = now } }
  }

  func next<R>(_ draw: (inout RandomStream) -> R) -> R {
    var result: R?
    stream.withLock { result = draw(&$0) }
    return result!
  }
}

/// Input `index` as a shape.
private func shapeInput(_ context: KernelContext, _ index: Int) throws -> Shape {
  let input = try context.input(index)
  guard input.rank == 1, let dimensions = ShapeContext.integers(input) else {
    throw EngineError.invalid("shape must be a vector of {int32,int64}, got shape \(input.shape)")
  }
  if let bad = dimensions.first(where: { $0 < 0 }) {
    throw EngineError.invalid("Dimension \(bad) must be >= 0")
  }
  return Shape(dimensions)
}

/// The rows of `value` in the given order.
private func rows(_ order: [Int], of value: Tensor) throws -> Tensor {
  let width = value.elementCount / order.count
  if value.dtype == .string {
    let strings = value.strings
    return Tensor(strings: order.flatMap { strings[($0 * width)..<(($0 + 1) * width)] }, shape: value.shape)
  }
  let bytes = width * (value.dtype.byteWidth ?? 0)
  return try value.withUnsafeBytes { source in
    try Tensor(dtype: value.dtype, shape: value.shape, byteCount: source.count) { target in
      for (to, from) in order.enumerated() {
        target[(to * bytes)..<((to + 1) * bytes)].copyBytes(from: source[(from * bytes)..<((from + 1) * bytes)])
      }
    }
  }
}
