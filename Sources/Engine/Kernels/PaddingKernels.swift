import Tensors

/// Kernels of padding, reversing, and moving blocks between space, batch and depth.
@Sendable func definePaddingKernels(_ ops: inout OpRegistry) {
  for name in ["Pad", "PadV2"] {
    ops.kernel(name) { _ in
      { context in
        let input = try context.input(0)
        let pads = try paddings(context, rank: input.rank)
        let shape = try padded(input.shape, pads)
        if pads.allSatisfy({ $0 == (0, 0) }) { return context.setOutput(0, input) }
        let strides = shape.strides
        let start = zip(pads, strides).map { $0.before * $1 }.reduce(0, +)
        let part = (input, 0, input.shape.strides, start, strides, input.shape.dimensions)
        guard context.inputCount == 3 else {
          return context.setOutput(0, try context.gathered(input.dtype, shape, zeroed: true, parts: [part]))
        }
        let value = try context.input(2)
        guard value.elementCount == 1 else {
          throw EngineError.invalid("constant_values must be a scalar. Found: \(value.shape)")
        }
        var output = try filled(context, value, shape)
        if input.dtype == .string {
          var strings = output.strings
          Regions.copyStrings(
            input.strings, from: 0, strides: input.shape.strides, to: &strings, at: start, targetStrides: strides,
            extents: input.shape.dimensions)
          output = Tensor(strings: strings, shape: shape)
        } else {
          output.makeUnique()
          Regions.copy(
            input, from: 0, strides: input.shape.strides, to: output, at: start, targetStrides: strides,
            extents: input.shape.dimensions)
        }
        context.setOutput(0, output)
      }
    }
  }
  for name in ["MirrorPad", "MirrorPadGrad"] {
    ops.kernel(name) { node in
      // REFLECT does not repeat the border, SYMMETRIC does.
      let offset = try node.string("mode") == "REFLECT" ? 1 : 0
      return { try mirror($0, offset: offset, isGradient: name == "MirrorPadGrad") }
    }
  }
  ops.kernel("ReverseV2") { _ in
    { context in
      let input = try context.input(0)
      var turned = [Bool](repeating: false, count: input.rank)
      for axis in try context.integers(1) {
        let at = try checkedAxis(axis, rank: input.rank, "'axis'")
        guard !turned[at] else { throw EngineError.invalid("axis \(at) specified more than once.") }
        turned[at] = true
      }
      context.setOutput(0, try reversed(context, input, turned))
    }
  }
  ops.kernel("Reverse") { _ in
    { context in
      let (input, axes) = (try context.input(0), try context.input(1))
      guard axes.rank == 1, axes.elementCount == input.rank else {
        throw EngineError.invalid(
          "'dims' must have the same number of values as 'input' has dimensions. 'input' has \(input.rank)'dims' has "
            + "\(axes.elementCount) values")
      }
      context.setOutput(0, try reversed(context, input, axes.scalars(Bool.self)))
    }
  }
  ops.kernel("ReverseSequence") { node in
    let (sequence, batch) = (try node.int("seq_dim"), try node.int("batch_dim"))
    return { try reverseSequences($0, sequenceAxis: sequence, batchAxis: batch) }
  }
  defineBlockKernels(&ops)
}

/// Input 1 as pairs of amounts before and after each axis.
private func paddings(_ context: KernelContext, rank: Int) throws -> [(before: Int, after: Int)] {
  let (shape, amounts) = (try context.shape(1), try context.integers(1))
  guard shape.rank == 2, shape[1] == 2, shape[0] == rank else {
    throw EngineError.invalid(
      "The first dimension of paddings must be the rank of inputs[\(rank)] and the second 2: \(shape)")
  }
  if amounts.contains(where: { $0 < 0 }) {
    throw EngineError.invalid("Paddings must be non-negative: \(amounts)")
  }
  return (0..<rank).map { (amounts[2 * $0], amounts[2 * $0 + 1]) }
}

private func padded(_ shape: Shape, _ pads: [(before: Int, after: Int)]) throws -> Shape {
  let result = Shape(
    zip(shape.dimensions, pads).map { size, pad in
      let (sum, first) = size.addingReportingOverflow(pad.before)
      let (total, second) = sum.addingReportingOverflow(pad.after)
      return first || second ? .max : total
    })
  try KernelContext.checkSize(.bool, result)
  return result
}

/// Padding with what lies inside the border, mirrored; its gradient adds up what came from one element.
private func mirror(_ context: KernelContext, offset: Int, isGradient: Bool) throws {
  let input = try context.input(0)
  let pads = try paddings(context, rank: input.rank)
  let inner: Shape
  if isGradient {
    inner = Shape(
      try zip(input.shape.dimensions, pads).map { size, pad in
        let (rest, first) = size.subtractingReportingOverflow(pad.before)
        let (least, second) = rest.subtractingReportingOverflow(pad.after)
        guard !first, !second, least >= 0 else {
          throw EngineError.invalid("output and input tensor shapes are not compatible")
        }
        return least
      })
  } else {
    inner = input.shape
  }
  for (size, pad) in zip(inner.dimensions, pads) {
    guard pad.before <= size - offset, pad.after <= size - offset else {
      let (rule, breach) = offset == 1 ? ("less than", "not less than") : ("no greater than", "greater than")
      throw EngineError.invalid(
        "paddings must be \(rule) the dimension size: \(pad.before), \(pad.after) \(breach) \(size)")
    }
  }
  let outer = try padded(inner, pads)
  try KernelContext.checkSize(.int64, outer)
  // For each axis, which inner index an outer one shows.
  let sources = zip(inner.dimensions, pads).map { size, pad in
    (0..<(size + pad.before + pad.after)).map { index -> Int in
      if index < pad.before { return pad.before - 1 - index + offset }
      if index < pad.before + size { return index - pad.before }
      return size - 1 - offset - (index - pad.before - size)
    }
  }
  let strides = inner.strides
  var positions = [0]
  for (axis, list) in sources.enumerated() {
    let steps = list.map { $0 * strides[axis] }
    positions = positions.flatMap { base in steps.map { base + $0 } }
  }
  if isGradient {
    let output = try context.zeros(input.dtype, inner)
    let loop = try BinaryLoop.arithmetic("Add", input.dtype)
    let width = loop.inputWidth
    withExtendedLifetime((input, output)) {
      let (from, to) = (input.storage.pointer, output.storage.pointer)
      for (index, position) in positions.enumerated() where outer.elementCount > 0 {
        let sum = to + position * width
        loop.run(.both, sum, from + index * width, sum, 1)
      }
    }
    return context.setOutput(0, output)
  }
  context.setOutput(0, try picked(context, input, outer.elementCount == 0 ? [] : positions, shape: outer))
}

/// The elements at the given positions, as a tensor of `shape`.
func picked(_ context: KernelContext, _ input: Tensor, _ positions: [Int], shape: Shape) throws -> Tensor {
  if input.dtype == .string {
    let strings = input.strings
    return Tensor(strings: positions.map { strings[$0] }, shape: shape)
  }
  let output = try context.allocate(input.dtype, shape)
  let width = input.dtype.byteWidth ?? 1
  withExtendedLifetime((input, output)) {
    let (from, to) = (input.storage.pointer, output.storage.pointer)
    for (index, position) in positions.enumerated() {
      (to + index * width).copyMemory(from: from + position * width, byteCount: width)
    }
  }
  return output
}

private func reversed(_ context: KernelContext, _ input: Tensor, _ turned: [Bool]) throws -> Tensor {
  let strides = input.shape.strides
  let start = zip(turned.indices, turned).reduce(0) { $1.1 ? $0 + strides[$1.0] * (input.shape[$1.0] - 1) : $0 }
  guard input.elementCount > 0 else { return input }
  return try context.gathered(
    input.dtype, input.shape,
    parts: [
      (
        input, start, turned.indices.map { turned[$0] ? -strides[$0] : strides[$0] }, 0, strides,
        input.shape.dimensions
      )
    ])
}

private func reverseSequences(_ context: KernelContext, sequenceAxis: Int, batchAxis: Int) throws {
  let input = try context.input(0)
  let lengths = try context.integers(1)
  let axis = try checkedAxis(sequenceAxis, rank: input.rank, "seq_dim")
  let batch = try checkedAxis(batchAxis, rank: input.rank, "batch_dim")
  guard axis != batch else { throw EngineError.invalid("batch_dim == seq_dim == \(axis)") }
  guard lengths.count == input.shape[batch] else {
    throw EngineError.invalid(
      "Length of seq_lengths != input.dims(\(batch)), (\(lengths.count) vs. \(input.shape[batch]))")
  }
  if let bad = lengths.first(where: { $0 < 0 || $0 > input.shape[axis] }) {
    throw EngineError.invalid("seq_lens(\(bad)) > input.dims(\(axis)) or negative")
  }
  let strides = input.shape.strides
  var positions: [Int] = []
  positions.reserveCapacity(input.elementCount)
  for index in 0..<input.elementCount {
    let (step, row) = (index / strides[axis] % input.shape[axis], index / strides[batch] % input.shape[batch])
    let source = step < lengths[row] ? lengths[row] - 1 - step : step
    positions.append(index + (source - step) * strides[axis])
  }
  context.setOutput(0, try picked(context, input, positions, shape: input.shape))
}

// MARK: Blocks

private func defineBlockKernels(_ ops: inout OpRegistry) {
  ops.kernel("SpaceToBatchND") { _ in
    { try spaceToBatch($0, block: $0.integers(1), pairs: $0.integers(2)) }
  }
  ops.kernel("BatchToSpaceND") { _ in
    { try batchToSpace($0, block: $0.integers(1), pairs: $0.integers(2)) }
  }
  ops.kernel("SpaceToBatch") { node in
    let block = try node.int("block_size")
    return { try spaceToBatch($0, block: [block, block], pairs: $0.integers(1)) }
  }
  ops.kernel("BatchToSpace") { node in
    let block = try node.int("block_size")
    return { try batchToSpace($0, block: [block, block], pairs: $0.integers(1)) }
  }
  for name in ["SpaceToDepth", "DepthToSpace"] {
    ops.kernel(name) { node in
      let block = try node.int("block_size")
      let format = try node.string("data_format")
      guard format != "NCHW_VECT_C", (1...WindowAxis.largest).contains(block) else {
        throw EngineError(.unimplemented, "\(name) does not take data_format \(format) and block_size \(block)")
      }
      return { context in
        let input = try rank4(context, 0, "input")
        let image = format == "NCHW" ? try permuted(context, input, [0, 2, 3, 1]) : input
        let moved =
          try name == "SpaceToDepth" ? spaceToDepth(context, image, block) : depthToSpace(context, image, block)
        context.setOutput(0, format == "NCHW" ? try permuted(context, moved, [0, 3, 1, 2]) : moved)
      }
    }
  }
}

private func checkBlock(_ input: Tensor, _ block: [Int], _ pairs: [Int]) throws {
  guard input.rank > block.count, pairs.count == 2 * block.count else {
    throw EngineError.invalid(
      "input rank should be >= \(block.count + 1) instead of \(input.rank), with two paddings or crops an axis")
  }
  guard block.allSatisfy({ (1...WindowAxis.largest).contains($0) }),
    pairs.allSatisfy({ (0...WindowAxis.largest).contains($0) })
  else { throw EngineError.invalid("block sizes must be positive, paddings and crops non-negative") }
}

private func spaceToBatch(_ context: KernelContext, block: [Int], pairs: [Int]) throws {
  let input = try context.input(0)
  try checkBlock(input, block, pairs)
  let pads = (0..<input.rank).map { axis in
    axis >= 1 && axis <= block.count ? (before: pairs[2 * axis - 2], after: pairs[2 * axis - 1]) : (before: 0, after: 0)
  }
  let frame = try padded(input.shape, pads)
  for (axis, size) in block.enumerated() where frame[axis + 1] % size != 0 {
    throw EngineError.invalid(
      "padded_shape[\(axis)]=\(frame[axis + 1]) is not divisible by block_shape[\(axis)]=\(size)")
  }
  let strides = frame.strides
  let start = zip(pads, strides).map { $0.before * $1 }.reduce(0, +)
  let filled = try context.gathered(
    input.dtype, frame, zeroed: true,
    parts: [(input, 0, input.shape.strides, start, strides, input.shape.dimensions)])
  // [batch, size / block, block, …, rest] to [block, …, batch, size / block, …, rest].
  var (extents, steps): ([Int], [Int]) = (block, block.indices.map { strides[$0 + 1] })
  extents.append(frame[0])
  steps.append(strides[0])
  for (axis, size) in block.enumerated() {
    extents.append(frame[axis + 1] / size)
    steps.append(strides[axis + 1] * size)
  }
  extents += frame.dimensions[(block.count + 1)...]
  steps += strides[(block.count + 1)...]
  let moved = try context.gathered(
    input.dtype, Shape(extents), parts: [(filled, 0, steps, 0, Shape(extents).strides, extents)])
  let (batch, overflow) = Shape(block).elementCount.multipliedReportingOverflow(by: frame[0])
  guard !overflow else { throw EngineError(.resourceExhausted, "block_shape \(block) is too large") }
  context.setOutput(0, moved.reshaped(to: Shape([batch] + extents[(block.count + 1)...])))
}

private func batchToSpace(_ context: KernelContext, block: [Int], pairs: [Int]) throws {
  let input = try context.input(0)
  try checkBlock(input, block, pairs)
  let product = Shape(block).elementCount
  guard product > 0, input.shape[0] % product == 0 else {
    throw EngineError.invalid(
      "Input batch dimension (\(input.shape[0])) is not divisible by product of block sizes (\(product))")
  }
  let batch = input.shape[0] / product
  // [block, …, batch, size, …, rest] to [batch, size, block, …, rest].
  let split = Shape(block + [batch] + input.shape.dimensions[1...])
  let strides = split.strides
  var (extents, steps) = ([batch], [strides[block.count]])
  for axis in block.indices {
    extents += [input.shape[axis + 1], block[axis]]
    steps += [strides[block.count + 1 + axis], strides[axis]]
  }
  extents += input.shape.dimensions[(block.count + 1)...]
  steps += strides[(2 * block.count + 1)...]
  let joined = Shape(
    [batch] + block.indices.map { input.shape[$0 + 1].multipliedReportingOverflow(by: block[$0]).partialValue }
      + input.shape.dimensions[(block.count + 1)...])
  try KernelContext.checkSize(input.dtype, joined)
  let moved = try context.gathered(
    input.dtype, joined, parts: [(input, 0, steps, 0, Shape(extents).strides, extents)])
  var (result, start) = (joined, 0)
  for axis in block.indices {
    let left = joined[axis + 1] - pairs[2 * axis] - pairs[2 * axis + 1]
    guard left >= 0 else {
      throw EngineError.invalid("cropped_shape[\(axis)]=\(left) must be non-negative")
    }
    result[axis + 1] = left
    start += pairs[2 * axis] * joined.strides[axis + 1]
  }
  context.setOutput(
    0,
    try context.gathered(
      input.dtype, result, parts: [(moved, start, joined.strides, 0, result.strides, result.dimensions)]))
}

private func spaceToDepth(_ context: KernelContext, _ image: Tensor, _ block: Int) throws -> Tensor {
  let size = image.shape
  guard size[1] % block == 0, size[2] % block == 0 else {
    throw EngineError.invalid(
      "Image width \(size[2]) and height \(size[1]) should be divisible by block_size: \(block)")
  }
  let strides = size.strides
  let extents = [size[0], size[1] / block, size[2] / block, block, block, size[3]]
  let steps = [strides[0], strides[1] * block, strides[2] * block, strides[1], strides[2], 1]
  let moved = try context.gathered(
    image.dtype, Shape(extents), parts: [(image, 0, steps, 0, Shape(extents).strides, extents)])
  return moved.reshaped(to: [size[0], extents[1], extents[2], block * block * size[3]])
}

private func depthToSpace(_ context: KernelContext, _ image: Tensor, _ block: Int) throws -> Tensor {
  let size = image.shape
  guard size[3] % (block * block) == 0 else {
    throw EngineError.invalid("Input depth dimension \(size[3]) should be divisible by: \(block * block)")
  }
  let depth = size[3] / (block * block)
  let strides = size.strides
  let extents = [size[0], size[1], block, size[2], block, depth]
  let steps = [strides[0], strides[1], block * depth, strides[2], depth, 1]
  try KernelContext.checkSize(image.dtype, Shape(extents))
  let moved = try context.gathered(
    image.dtype, Shape(extents), parts: [(image, 0, steps, 0, Shape(extents).strides, extents)])
  return moved.reshaped(to: [size[0], size[1] * block, size[2] * block, depth])
}
