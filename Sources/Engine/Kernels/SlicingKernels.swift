import Tensors

/// Kernels of parts of tensors: slices, splits, gathers, and sums by segment.
@Sendable func defineSlicingKernels(_ ops: inout OpRegistry) {
  ops.kernel("Slice") { _ in
    { context in
      let input = try context.input(0)
      let (begin, size) = (try context.integers(1), try context.integers(2))
      guard begin.count == input.rank, size.count == input.rank else {
        throw EngineError.invalid(
          "Expected begin and size arguments to be 1-D tensors of size \(input.rank), but got shapes "
            + "[\(begin.count)] and [\(size.count)] instead.")
      }
      var extents: [Int] = []
      for axis in 0..<input.rank {
        guard begin[axis] >= 0, begin[axis] <= input.shape[axis] else {
          throw EngineError.invalid(
            "Expected begin[\(axis)] in [0, \(input.shape[axis])], but got \(begin[axis])")
        }
        let extent = size[axis] == -1 ? input.shape[axis] - begin[axis] : size[axis]
        guard extent >= 0, extent <= input.shape[axis] - begin[axis] else {
          throw EngineError.invalid(
            "Expected size[\(axis)] in [0, \(input.shape[axis] - begin[axis])], but got \(extent)")
        }
        extents.append(extent)
      }
      let strides = input.shape.strides
      let start = zip(begin, strides).map(*).reduce(0, +)
      let shape = Shape(extents)
      context.setOutput(
        0, try context.gathered(input.dtype, shape, parts: [(input, start, strides, 0, shape.strides, extents)]))
    }
  }
  ops.kernel("StridedSlice") { node in
    let masks = try StridedSlice.Masks(node: node)
    return { context in
      let input = try context.input(0)
      let (axes, shape) = try StridedSlice.plan(
        input.shape, begin: context.integers(1), end: context.integers(2), strides: context.integers(3), masks: masks)
      let region = region(axes, of: input.shape)
      let taken = Shape(axes.map(\.count))
      let value = try context.gathered(
        input.dtype, taken, parts: [(input, region.start, region.strides, 0, taken.strides, taken.dimensions)])
      context.setOutput(0, value.reshaped(to: shape))
    }
  }
  ops.kernel("StridedSliceGrad") { node in
    let masks = try StridedSlice.Masks(node: node)
    return { context in
      let shape = try context.shapeInput(0)
      let gradient = try context.input(4)
      let (axes, result) = try StridedSlice.plan(
        shape, begin: context.integers(1), end: context.integers(2), strides: context.integers(3), masks: masks)
      guard result == gradient.shape else {
        throw EngineError.invalid("shape of dy was \(gradient.shape) instead of \(result)")
      }
      let region = region(axes, of: shape)
      let taken = Shape(axes.map(\.count))
      context.setOutput(
        0,
        try context.gathered(
          gradient.dtype, shape, zeroed: true,
          parts: [(gradient, 0, taken.strides, region.start, region.strides, taken.dimensions)]))
    }
  }
  ops.kernel("Split") { node in
    let count = try node.int("num_split")
    return { context in
      let input = try context.input(1)
      let axis = try checkedAxis(context.integer(0, "split_dim"), rank: input.rank, "split_dim")
      guard count > 0, input.shape[axis] % count == 0 else {
        throw EngineError.invalid(
          "Number of ways to split should evenly divide the split dimension, but got split_dim \(axis) "
            + "(size = \(input.shape[axis])) and num_split \(count)")
      }
      try split(context, input, axis, [Int](repeating: input.shape[axis] / count, count: count))
    }
  }
  ops.kernel("SplitV") { node in
    let count = try node.int("num_split")
    return { context in
      let input = try context.input(0)
      var sizes = try context.integers(1)
      let axis = try checkedAxis(context.integer(2, "split_dim"), rank: input.rank, "split_dim")
      let known = sizes.filter { $0 >= 0 }.reduce(0) { $0.addingReportingOverflow($1).partialValue }
      if let open = sizes.firstIndex(of: -1) {
        sizes[open] = input.shape[axis].subtractingReportingOverflow(known).partialValue
      }
      guard sizes.count == count, sizes.allSatisfy({ $0 >= 0 && $0 <= input.shape[axis] }),
        sizes.reduce(0, { $0.addingReportingOverflow($1).overflow ? .max : $0 + $1 }) == input.shape[axis]
      else {
        throw EngineError.invalid(
          "Determined shape must either match input shape along split_dim exactly if fully specified, or be less than "
            + "the size of the input along split_dim if not fully specified.  Got: \(known)")
      }
      try split(context, input, axis, sizes)
    }
  }
  ops.kernel("GatherV2") { node in
    let batch = try node.int("batch_dims")
    return { context in
      let params = try context.input(0)
      let axis = try checkedAxis(context.integer(2, "axis"), rank: params.rank, "axis")
      try gather(context, params, try context.input(1), axis: axis, batch: batch)
    }
  }
  ops.kernel("Gather") { _ in
    { try gather($0, try $0.input(0), try $0.input(1), axis: 0, batch: 0) }
  }
  ops.kernel("UnsortedSegmentSum") { _ in { try unsortedSegmentSum($0) } }
}

/// Where the taken part of a shape starts, and its steps.
func region(_ axes: [StridedSlice.Axis], of shape: Shape) -> (start: Int, strides: [Int]) {
  let strides = shape.strides
  let start = zip(axes, strides).map { $0.begin * $1 }.reduce(0, +)
  return (start, zip(axes, strides).map { $0.stride.multipliedReportingOverflow(by: $1).partialValue })
}

private func split(_ context: KernelContext, _ input: Tensor, _ axis: Int, _ sizes: [Int]) throws {
  let strides = input.shape.strides
  var offset = 0
  for (index, size) in sizes.enumerated() {
    var shape = input.shape
    shape[axis] = size
    context.setOutput(
      index,
      try context.gathered(
        input.dtype, shape, parts: [(input, offset * strides[axis], strides, 0, shape.strides, shape.dimensions)]))
    offset += size
  }
}

/// Slices of `params` along `axis`, the first `batch` dimensions matched with those of `indices`.
func gather(_ context: KernelContext, _ params: Tensor, _ indices: Tensor, axis: Int, batch: Int) throws {
  guard params.rank > 0 else { throw EngineError.invalid("params must be at least 1 dimensional") }
  guard (0..<params.rank).contains(axis) else {
    throw EngineError.invalid("axis \(axis) is not one of the \(params.rank) dimensions of params")
  }
  let skipped = batch < 0 ? batch + indices.rank : batch
  guard (0...indices.rank).contains(skipped), skipped <= axis,
    Array(indices.shape.dimensions[..<skipped]) == Array(params.shape.dimensions[..<skipped])
  else {
    throw EngineError.invalid("batch_dims \(batch) does not fit params \(params.shape) and indices \(indices.shape)")
  }
  guard let positions = ShapeContext.integers(indices) else {
    throw EngineError.invalid("indices must be int32 or int64")
  }
  let limit = params.shape[axis]
  if let bad = positions.firstIndex(where: { !(0..<limit).contains($0) }) {
    throw EngineError.invalid("indices[\(bad)] = \(positions[bad]) is not in [0, \(limit))")
  }
  let dimensions = params.shape.dimensions
  let shape = Shape(
    Array(dimensions[..<axis]) + Array(indices.shape.dimensions[skipped...]) + Array(dimensions[(axis + 1)...]))
  try KernelContext.checkSize(params.dtype, shape)
  guard shape.elementCount > 0 else { return context.setOutput(0, try context.zeros(params.dtype, shape)) }
  let batches = Shape(Array(dimensions[..<skipped])).elementCount
  let outer = Shape(Array(dimensions[skipped..<axis])).elementCount
  let inner = Shape(Array(dimensions[(axis + 1)...])).elementCount
  let perBatch = batches == 0 ? 0 : positions.count / batches
  var parts: [(source: Tensor, start: Int, strides: [Int], at: Int, targetStrides: [Int], extents: [Int])] = []
  if params.dtype == .string {
    for b in 0..<batches {
      for o in 0..<outer {
        for i in 0..<perBatch {
          let from = ((b * outer + o) * limit + positions[b * perBatch + i]) * inner
          parts.append((params, from, [1], ((b * outer + o) * perBatch + i) * inner, [1], [inner]))
        }
      }
    }
    return context.setOutput(0, try context.gathered(.string, shape, parts: parts))
  }
  let output = try context.allocate(params.dtype, shape)
  let bytes = inner * (params.dtype.byteWidth ?? 1)
  withExtendedLifetime((params, output)) {
    let (source, target) = (params.storage.pointer, output.storage.pointer)
    for b in 0..<batches {
      for o in 0..<outer {
        for i in 0..<perBatch {
          let from = (b * outer + o) * limit + positions[b * perBatch + i]
          (target + ((b * outer + o) * perBatch + i) * bytes).copyMemory(from: source + from * bytes, byteCount: bytes)
        }
      }
    }
  }
  context.setOutput(0, output)
}

private func unsortedSegmentSum(_ context: KernelContext) throws {
  let (data, ids) = (try context.input(0), try context.input(1))
  let count = try context.integer(2, "num_segments")
  guard count >= 0 else { throw EngineError.invalid("Input num_segments == \(count) must not be negative.") }
  guard let segments = ShapeContext.integers(ids), ids.rank <= data.rank,
    Array(data.shape.dimensions[..<ids.rank]) == ids.shape.dimensions
  else {
    throw EngineError.invalid(
      "data.shape = \(data.shape) does not start with segment_ids.shape = \(ids.shape)")
  }
  if let bad = segments.firstIndex(where: { $0 >= count }) {
    throw EngineError.invalid("segment_ids[\(bad)] = \(segments[bad]) is out of range [0, \(count))")
  }
  let shape = Shape([count] + data.shape.dimensions[ids.rank...])
  let loop = try BinaryLoop.arithmetic("Add", data.dtype)
  let output = try context.zeros(data.dtype, shape)
  let inner = segments.isEmpty ? 0 : data.elementCount / segments.count
  withExtendedLifetime((data, output)) {
    let (source, target) = (data.storage.pointer, output.storage.pointer)
    // A negative id drops its row.
    for (index, segment) in segments.enumerated() where segment >= 0 && inner > 0 {
      let sum = target + segment * inner * loop.inputWidth
      loop.run(.both, sum, source + index * inner * loop.inputWidth, sum, inner)
    }
  }
  context.setOutput(0, output)
}
