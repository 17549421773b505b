import Tensors

/// Kernels of running sums and products, and of reductions over segments of rows.
@Sendable func defineSegmentKernels(_ ops: inout OpRegistry) {
  for (name, operation) in [("Cumsum", "Add"), ("Cumprod", "Mul")] {
    ops.kernel(name) { node in
      let (exclusive, reverse) = (try node.bool("exclusive"), try node.bool("reverse"))
      return { try accumulate($0, operation, exclusive: exclusive, reverse: reverse) }
    }
  }
  for (name, kind) in [
    ("UnsortedSegmentMax", SegmentReduction.maximum), ("UnsortedSegmentMin", .minimum),
    ("UnsortedSegmentProd", .product),
  ] {
    ops.kernel(name) { _ in
      { context in
        let (data, ids) = (try context.input(0), try context.input(1))
        let count = try context.integer(2, "num_segments")
        guard count >= 0 else { throw EngineError.invalid("Input num_segments == \(count) must not be negative.") }
        guard let segments = ShapeContext.integers(ids), ids.rank <= data.rank,
          Array(data.shape.dimensions[..<ids.rank]) == ids.shape.dimensions
        else {
          throw EngineError.invalid("data.shape = \(data.shape) does not start with segment_ids.shape = \(ids.shape)")
        }
        if let bad = segments.firstIndex(where: { $0 >= count }) {
          throw EngineError.invalid("segment_ids[\(bad)] = \(segments[bad]) is out of range [0, \(count))")
        }
        let shape = Shape([count] + data.shape.dimensions[ids.rank...])
        let rows = Array(segments.indices)
        context.setOutput(
          0, try kind.reduce(context, data, rows: rows, segments: segments, shape: shape, empty: kind.start))
      }
    }
  }
  for (name, kind) in [
    ("SegmentSum", SegmentReduction.sum), ("SegmentMean", .mean), ("SegmentMax", .maximum), ("SegmentMin", .minimum),
    ("SegmentProd", .product),
  ] {
    ops.kernel(name) { _ in
      { context in
        let data = try context.input(0)
        let segments = try sortedSegments(context, 1, rows: data.shape.dimensions.first)
        let shape = Shape([(segments.last ?? -1) + 1] + data.shape.dimensions.dropFirst())
        let rows = Array(segments.indices)
        context.setOutput(
          0, try kind.reduce(context, data, rows: rows, segments: segments, shape: shape, empty: kind.gap))
      }
    }
  }
  for (name, kind) in [
    ("SparseSegmentSum", SegmentReduction.sum), ("SparseSegmentMean", .mean), ("SparseSegmentSqrtN", .meanOfRoot),
  ] {
    for suffix in ["", "WithNumSegments"] {
      ops.kernel(name + suffix) { _ in
        { context in
          let data = try context.input(0)
          let rows = try SliceIndices(rows: try context.input(1), of: data.shape).positions
          let segments = try sortedSegments(context, 2, rows: rows.count)
          let least = (segments.last ?? -1) + 1
          let count = suffix.isEmpty ? least : try context.integer(3, "num_segments")
          guard count >= least else { throw EngineError.invalid("segment ids must be < num_segments") }
          let shape = Shape([count] + data.shape.dimensions.dropFirst())
          context.setOutput(
            0, try kind.reduce(context, data, rows: rows, segments: segments, shape: shape, empty: kind.gap))
        }
      }
    }
  }
  for (name, isMean) in [("SparseSegmentMeanGrad", true), ("SparseSegmentSqrtNGrad", false)] {
    ops.kernel(name) { _ in { try sparseSegmentGradient($0, isMean: isMean) } }
  }
}

/// How the rows of a segment become one.
private enum SegmentReduction {
  case sum, mean, meanOfRoot, maximum, minimum, product

  private var operation: String {
    switch self {
    case .sum, .mean, .meanOfRoot: "Add"
    case .maximum: "Maximum"
    case .minimum: "Minimum"
    case .product: "Mul"
    }
  }

  /// What a segment without rows gives where segments come in any order.
  var start: (DataType) throws -> Tensor {
    switch self {
    case .maximum: { try extreme($0, lowest: true) }
    case .minimum: { try extreme($0, lowest: false) }
    case .product: { try one($0) }
    case .sum, .mean, .meanOfRoot: { Tensor(zeros: $0, shape: .scalar) }
    }
  }

  /// What a number without rows between sorted segments gives.
  var gap: (DataType) throws -> Tensor {
    self == .product ? { try one($0) } : { Tensor(zeros: $0, shape: .scalar) }
  }

  /// Reduces the given rows of `data`; a negative segment drops its row.
  func reduce(
    _ context: KernelContext, _ data: Tensor, rows: [Int], segments: [Int], shape: Shape,
    empty: (DataType) throws -> Tensor
  ) throws -> Tensor {
    let loop = try BinaryLoop.arithmetic(operation, data.dtype)
    let width = loop.inputWidth
    var output = try filled(context, try empty(data.dtype), shape)
    output.makeUnique()
    let inner = shape[0] == 0 ? 0 : shape.elementCount / shape[0]
    try KernelContext.checkSize(.int64, [shape[0]])
    var counts = [Int](repeating: 0, count: shape[0])
    guard inner > 0 else { return output }
    withExtendedLifetime((data, output)) {
      for (row, segment) in zip(rows, segments) where segment >= 0 {
        let target = output.storage.pointer + segment * inner * width
        let source = data.storage.pointer + row * inner * width
        if counts[segment] == 0 {
          target.copyMemory(from: source, byteCount: inner * width)
        } else {
          loop.run(.both, target, source, target, inner)
        }
        counts[segment] += 1
      }
    }
    guard self == .mean || self == .meanOfRoot else { return output }
    return try divided(context, output, counts.map { Double(max($0, 1)) }, byRoot: self == .meanOfRoot)
  }

  /// Each row divided by a number of its own.
  private func divided(
    _ context: KernelContext, _ sums: Tensor, _ counts: [Double], byRoot: Bool
  ) throws -> Tensor {
    let divisors = try castScalars(byRoot ? counts.map { $0.squareRoot() } : counts, sums.dtype)
    let loop = try BinaryLoop.arithmetic("Div", sums.dtype)
    let (width, inner) = (loop.inputWidth, sums.elementCount / max(counts.count, 1))
    withExtendedLifetime((sums, divisors)) {
      for row in counts.indices {
        let target = sums.storage.pointer + row * inner * width
        loop.run(.rightScalar, target, divisors.storage.pointer + row * width, target, inner)
      }
    }
    return sums
  }
}

/// Numbers as a vector of the given type.
private func castScalars(_ values: [Double], _ dtype: DataType) throws -> Tensor {
  switch dtype {
  case .float32: Tensor(values.map { Float($0) })
  case .float64: Tensor(values)
  case .float16: Tensor(values.map { Float16($0) })
  case .bfloat16: Tensor(values.map { BFloat16(Float($0)) })
  case .complex64: Tensor(values.map { Complex64(Float($0)) })
  case .complex128: Tensor(values.map { Complex128($0) })
  case .int8: Tensor(values.map { Int8(clamping: Int($0)) })
  case .int16: Tensor(values.map { Int16(clamping: Int($0)) })
  case .int32: Tensor(values.map { Int32(clamping: Int($0)) })
  case .int64: Tensor(values.map { Int64($0) })
  case .uint8: Tensor(values.map { UInt8(clamping: Int($0)) })
  case .uint16: Tensor(values.map { UInt16(clamping: Int($0)) })
  case .uint32: Tensor(values.map { UInt32(clamping: Int($0)) })
  case .uint64: Tensor(values.map { UInt64($0) })
  default: throw EngineError.noKernel("SegmentMean", dtype)
  }
}

/// The lowest or highest number of a type.
private func extreme(_ dtype: DataType, lowest: Bool) throws -> Tensor {
  switch dtype {
  case .float32: Tensor(lowest ? -Float.greatestFiniteMagnitude : .greatestFiniteMagnitude)
  case .float64: Tensor(lowest ? -Double.greatestFiniteMagnitude : .greatestFiniteMagnitude)
  case .float16: Tensor(lowest ? -Float16.greatestFiniteMagnitude : .greatestFiniteMagnitude)
  case .bfloat16: Tensor(BFloat16(bitPattern: lowest ? 0xFF7F : 0x7F7F))
  case .int8: Tensor(lowest ? Int8.min : .max)
  case .int16: Tensor(lowest ? Int16.min : .max)
  case .int32: Tensor(lowest ? Int32.min : .max)
  case .int64: Tensor(lowest ? Int64.min : .max)
  case .uint8: Tensor(lowest ? UInt8.min : .max)
  case .uint16: Tensor(lowest ? UInt16.min : .max)
  case .uint32: Tensor(lowest ? UInt32.min : .max)
  case .uint64: Tensor(lowest ? UInt64.min : .max)
  default: throw EngineError.noKernel("UnsortedSegment", dtype)
  }
}

/// Input `index` as ascending numbers of segments, one for each of `rows` rows.
private func sortedSegments(_ context: KernelContext, _ index: Int, rows: Int?) throws -> [Int] {
  let segments = try context.integers(index)
  guard try context.shape(index).rank == 1, segments.count == rows else {
    throw EngineError.invalid("segment_ids should be the same size as dimension 0 of input.")
  }
  guard segments.last ?? 0 < WindowAxis.largest else {
    throw EngineError(.resourceExhausted, "segment id \(segments.last ?? 0) is too large")
  }
  guard segments.first ?? 0 >= 0 else { throw EngineError.invalid("segment ids must be >= 0") }
  for (left, right) in zip(segments, segments.dropFirst()) where left > right {
    throw EngineError.invalid("segment ids are not increasing")
  }
  return segments
}

private func accumulate(_ context: KernelContext, _ operation: String, exclusive: Bool, reverse: Bool) throws {
  let input = try context.input(0)
  let axis = try checkedAxis(
    context.integer(1, "axis"), rank: input.rank, "ScanOp: Expected scan axis in the range; axis")
  let loop = try BinaryLoop.arithmetic(operation, input.dtype)
  let width = loop.inputWidth
  let extent = input.shape[axis]
  let inner = Shape(Array(input.shape.dimensions[(axis + 1)...])).elementCount
  var output = try filled(
    context, operation == "Add" ? Tensor(zeros: input.dtype, shape: .scalar) : try one(input.dtype), input.shape)
  output.makeUnique()
  guard input.elementCount > 0 else { return context.setOutput(0, output) }
  let outer = input.elementCount / (extent * inner)
  withExtendedLifetime((input, output)) {
    let (from, to) = (input.storage.pointer, output.storage.pointer)
    func row(_ block: Int, _ step: Int) -> Int {
      (block * extent + (reverse ? extent - 1 - step : step)) * inner * width
    }
    for block in 0..<outer {
      for step in 0..<extent {
        let target = to + row(block, step)
        if exclusive {
          // The first row keeps the neutral element.
          guard step > 0 else { continue }
          loop.run(.both, to + row(block, step - 1), from + row(block, step - 1), target, inner)
        } else if step == 0 {
          target.copyMemory(from: from + row(block, 0), byteCount: inner * width)
        } else {
          loop.run(.both, to + row(block, step - 1), from + row(block, step), target, inner)
        }
      }
    }
  }
  context.setOutput(0, output)
}

private func sparseSegmentGradient(_ context: KernelContext, isMean: Bool) throws {
  let gradient = try context.input(0)
  let count = try context.integer(3, "output_dim0")
  guard count >= 0, gradient.rank > 0 else {
    throw EngineError.invalid("output_dim0 must be non-negative, got \(count)")
  }
  let shape = Shape([count] + gradient.shape.dimensions.dropFirst())
  let rows = try SliceIndices(rows: try context.input(1), of: Shape([count])).positions
  let segments = try sortedSegments(context, 2, rows: rows.count)
  if let last = segments.last, last >= gradient.shape[0] {
    throw EngineError.invalid("Segment id \(last) out of range [0, \(gradient.shape[0]))")
  }
  var counts = [Int: Int]()
  for segment in segments { counts[segment, default: 0] += 1 }
  let shares = try castScalars(
    segments.map { segment in
      let size = Double(counts[segment] ?? 1)
      return 1 / (isMean ? size : size.squareRoot())
    }, gradient.dtype)
  let (multiply, add) = (
    try BinaryLoop.arithmetic("Mul", gradient.dtype), try BinaryLoop.arithmetic("Add", gradient.dtype)
  )
  let output = try context.zeros(gradient.dtype, shape)
  let (width, inner) = (add.inputWidth, gradient.elementCount / max(gradient.shape[0], 1))
  var scaled = try context.allocate(gradient.dtype, [inner])
  withExtendedLifetime((gradient, output, shares, scaled)) {
    for (index, (row, segment)) in zip(rows, segments).enumerated() where inner > 0 {
      let target = output.storage.pointer + row * inner * width
      multiply.run(
        .rightScalar, gradient.storage.pointer + segment * inner * width, shares.storage.pointer + index * width,
        scaled.storage.pointer, inner)
      add.run(.both, target, scaled.storage.pointer, target, inner)
    }
  }
  context.recycle(&scaled)
  context.setOutput(0, output)
}
