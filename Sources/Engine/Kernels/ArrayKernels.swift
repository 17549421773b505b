import CKernels
import Tensors

/// Kernels that make, reshape and join tensors, or tell their shapes.
@Sendable func defineArrayKernels(_ ops: inout OpRegistry) {
  ops.kernel("Shape") { node in
    let type = try node.type("out_type")
    return { $0.setOutput(0, integerTensor(try $0.shape(0).dimensions, type)) }
  }
  ops.kernel("ShapeN") { node in
    let type = try node.type("out_type")
    return { context in
      for index in 0..<context.inputCount {
        context.setOutput(index, integerTensor(try context.shape(index).dimensions, type))
      }
    }
  }
  ops.kernel("Size") { node in
    let type = try node.type("out_type")
    return { $0.setOutput(0, integerTensor([try $0.shape(0).elementCount], type, shape: .scalar)) }
  }
  ops.kernel("Rank") { _ in { $0.setOutput(0, Tensor(Int32(try $0.shape(0).rank))) } }
  ops.kernel("Reshape") { _ in { try reshape($0) } }
  ops.kernel("ExpandDims") { _ in
    { context in
      var dimensions = try context.shape(0).dimensions
      let axis = try context.integer(1, "dim")
      guard axis >= -dimensions.count - 1, axis <= dimensions.count else {
        throw EngineError.invalid(
          "Tried to expand dim index \(axis) for tensor with \(dimensions.count) dimensions.")
      }
      dimensions.insert(1, at: axis < 0 ? axis + dimensions.count + 1 : axis)
      context.setOutput(0, try context.take(0).reshaped(to: Shape(dimensions)))
    }
  }
  ops.kernel("Squeeze") { node in
    let axes = try node.ints("squeeze_dims")
    return { context in
      let shape = try context.shape(0)
      let chosen = Set(try axes.map { try checkedAxis($0, rank: shape.rank, "squeeze_dims") })
      for axis in chosen where shape[axis] != 1 {
        throw EngineError.invalid(
          "Can not squeeze dim[\(axis)], expected a dimension of 1, got \(shape[axis])")
      }
      let kept = (0..<shape.rank).filter { chosen.isEmpty ? shape[$0] != 1 : !chosen.contains($0) }
      context.setOutput(0, try context.take(0).reshaped(to: Shape(kept.map { shape[$0] })))
    }
  }
  ops.kernel("Fill") { _ in
    { context in
      let value = try context.input(1)
      guard value.elementCount == 1 else {
        throw EngineError.invalid("value must be a scalar, got shape \(value.shape)")
      }
      let shape = try context.shapeInput(0)
      context.setOutput(0, try filled(context, value, shape))
    }
  }
  ops.kernel("BroadcastTo") { _ in
    { $0.setOutput(0, try broadcasted($0, try $0.input(0), to: try $0.shapeInput(1))) }
  }
  ops.kernel("Pack") { node in
    let axis = try node.int("axis")
    return { context in
      let inputs = try (0..<context.inputCount).map { try context.input($0) }
      for (index, input) in inputs.enumerated() where input.shape != inputs[0].shape {
        throw EngineError.invalid(
          "Shapes of all inputs must match: values[0].shape = \(inputs[0].shape) != values[\(index)].shape = "
            + "\(input.shape)")
      }
      let at = try checkedAxis(axis, rank: inputs[0].rank + 1, "axis")
      var result = inputs[0].shape
      result.dimensions.insert(1, at: at)
      context.setOutput(0, try concatenated(context, inputs.map { $0.reshaped(to: result) }, axis: at))
    }
  }
  ops.kernel("Unpack") { node in
    let axis = try node.int("axis")
    let count = node.outputCount
    return { context in
      let input = try context.input(0)
      let at = try checkedAxis(axis, rank: input.rank, "axis")
      guard input.shape[at] == count else {
        throw EngineError.invalid("Input shape axis \(at) must equal \(count), got shape \(input.shape)")
      }
      var part = input.shape
      part.dimensions.remove(at: at)
      let strides = input.shape.strides
      let kept = strides.indices.filter { $0 != at }.map { strides[$0] }
      for index in 0..<count {
        context.setOutput(
          index,
          try context.gathered(
            input.dtype, part,
            parts: [(input, index * strides[at], kept, 0, part.strides, part.dimensions)]))
      }
    }
  }
  ops.kernel("ConcatV2") { _ in
    { context in
      let count = context.inputCount - 1
      let inputs = try (0..<count).map { try context.input($0) }
      let axis = try checkedAxis(
        context.integer(count, "axis"), rank: inputs[0].rank,
        "ConcatOp : Expected concatenating dimensions in the range; axis")
      context.setOutput(0, try concatenated(context, inputs, axis: axis))
    }
  }
  ops.kernel("Concat") { _ in
    { context in
      let inputs = try (1..<context.inputCount).map { try context.input($0) }
      let axis = try checkedAxis(context.integer(0, "concat_dim"), rank: inputs[0].rank, "concat_dim")
      context.setOutput(0, try concatenated(context, inputs, axis: axis))
    }
  }
  ops.kernel("ConcatOffset") { _ in
    { context in
      let shapes = try (1..<context.inputCount).map { try context.integers($0) }
      let axis = try checkedAxis(context.integer(0, "concat_dim"), rank: shapes[0].count, "concat_dim")
      var offset = 0
      for (index, shape) in shapes.enumerated() {
        guard shape.count == shapes[0].count else {
          throw EngineError.invalid("input \(index) should contain \(shapes[0].count) elements")
        }
        var start = [Int](repeating: 0, count: shape.count)
        start[axis] = offset
        // The offsets are int32 numbers, which wrap around.
        offset &+= shape[axis]
        context.setOutput(index, integerTensor(start, .int32))
      }
    }
  }
  ops.kernel("Tile") { _ in { try tile($0) } }
  ops.kernel("Transpose") { _ in { try transpose($0) } }
  ops.kernel("InvertPermutation") { node in
    let type = try node.type("T")
    return { context in
      let order = try context.integers(0)
      var inverse = [Int](repeating: -1, count: order.count)
      for (index, position) in order.enumerated() {
        guard order.indices.contains(position) else {
          throw EngineError.invalid("\(position) is not between 0 and \(order.count)")
        }
        guard inverse[position] < 0 else { throw EngineError.invalid("\(position) is duplicated in the input.") }
        inverse[position] = index
      }
      context.setOutput(0, integerTensor(inverse, type))
    }
  }
  ops.kernel("Range") { _ in { try range($0) } }
  ops.kernel("LinSpace") { _ in { try linSpace($0) } }
  ops.kernel("OneHot") { node in
    let axis = try node.int("axis")
    return { try oneHot($0, axis: axis) }
  }
  ops.kernel("BroadcastGradientArgs") { node in
    let type = try node.type("T")
    return { context in
      let (left, right) = broadcastAxes(try context.integers(0), try context.integers(1))
      context.setOutput(0, integerTensor(left, type))
      context.setOutput(1, integerTensor(right, type))
    }
  }
}

/// The axes over which the gradient of each operand of a broadcast is summed up.
func broadcastAxes(_ left: [Int], _ right: [Int]) -> (left: [Int], right: [Int]) {
  guard left != right else { return ([], []) }
  let rank = max(left.count, right.count)
  let a = [Int](repeating: 1, count: rank - left.count) + left
  let b = [Int](repeating: 1, count: rank - right.count) + right
  return ((0..<rank).filter { a[$0] == 1 }, (0..<rank).filter { b[$0] == 1 })
}

private func reshape(_ context: KernelContext) throws {
  let count = try context.shape(0).elementCount
  var dimensions = try context.integers(1)
  let open = dimensions.indices.filter { dimensions[$0] == -1 }
  guard open.count <= 1 else {
    throw EngineError.invalid("Only one input size may be -1, not both \(open[0]) and \(open[1])")
  }
  if let bad = dimensions.first(where: { $0 < -1 }) {
    throw EngineError.invalid("Size must be non-negative, not \(bad)")
  }
  if let axis = open.first {
    let known = Shape(dimensions.filter { $0 != -1 }).elementCount
    guard known > 0 else {
      throw EngineError.invalid(
        "reshape cannot infer the missing input size for an empty tensor unless all specified input sizes are non-zero")
    }
    guard count % known == 0 else {
      throw EngineError.invalid(
        "Input to reshape is a tensor with \(count) values, but the requested shape requires a multiple of \(known)")
    }
    dimensions[axis] = count / known
  }
  let shape = Shape(dimensions)
  try KernelContext.checkSize(.bool, shape)
  guard shape.elementCount == count else {
    throw EngineError.invalid(
      "Input to reshape is a tensor with \(count) values, but the requested shape has \(shape.elementCount)")
  }
  context.setOutput(0, try context.take(0).reshaped(to: shape))
}

/// Tensors one after the other along `axis`.
func concatenated(_ context: KernelContext, _ inputs: [Tensor], axis: Int) throws -> Tensor {
  guard let first = inputs.first else { throw EngineError.invalid("nothing to concatenate") }
  var shape = first.shape
  var total = 0
  for (index, input) in inputs.enumerated() {
    let fits =
      input.rank == first.rank && (0..<input.rank).allSatisfy { $0 == axis || input.shape[$0] == first.shape[$0] }
    guard fits else {
      throw EngineError.invalid(
        "ConcatOp : Dimensions of inputs should match: shape[0] = \(first.shape) vs. shape[\(index)] = \(input.shape)")
    }
    total += input.shape[axis]
  }
  shape[axis] = total
  let strides = shape.strides
  var offset = 0
  return try context.gathered(
    first.dtype, shape,
    parts: inputs.map { input in
      defer { offset += input.shape[axis] }
      return (input, 0, input.shape.strides, offset * strides[axis], strides, input.shape.dimensions)
    })
}

private func tile(_ context: KernelContext) throws {
  let input = try context.input(0)
  let multiples = try context.integers(1)
  guard multiples.count == input.rank else {
    throw EngineError.invalid(
      "Expected multiples argument to be a vector of length \(input.rank) but got length \(multiples.count)")
  }
  if let bad = multiples.first(where: { $0 < 0 }) {
    throw EngineError.invalid("Expected multiples >= 0, but got \(bad)")
  }
  if multiples.allSatisfy({ $0 == 1 }) { return context.setOutput(0, input) }
  let shape = Shape(
    zip(input.shape.dimensions, multiples).map { $0.multipliedReportingOverflow(by: $1) }.map {
      $0.overflow ? Int.max : $0.partialValue
    })
  try KernelContext.checkSize(input.dtype, shape)
  // Each axis becomes two: the copies and the elements.
  var (extents, source, target): ([Int], [Int], [Int]) = ([], [], [])
  let (from, to) = (input.shape.strides, shape.strides)
  for axis in 0..<input.rank {
    extents += [multiples[axis], input.shape[axis]]
    source += [0, from[axis]]
    target += [to[axis] * input.shape[axis], to[axis]]
  }
  context.setOutput(
    0, try context.gathered(input.dtype, shape, parts: [(input, 0, source, 0, target, extents)]))
}

private func transpose(_ context: KernelContext) throws {
  let input = try context.input(0)
  let order = try context.integers(1)
  guard order.sorted() == Array(0..<input.rank) else {
    throw EngineError.invalid("perm \(order) is not a permutation of the \(input.rank) dimensions")
  }
  let shape = Shape(order.map { input.shape[$0] })
  if order == [1, 0], input.dtype == .float32, shape.elementCount > 0 {
    let output = try context.allocate(.float32, shape)
    withExtendedLifetime((input, output)) {
      ck_transpose_f32(
        input.storage.pointer.assumingMemoryBound(to: Float.self),
        output.storage.pointer.assumingMemoryBound(to: Float.self), input.shape[0], input.shape[1])
    }
    return context.setOutput(0, output)
  }
  if order == [1, 0], input.dtype == .float64, shape.elementCount > 0 {
    let output = try context.allocate(.float64, shape)
    withExtendedLifetime((input, output)) {
      ck_transpose_f64(
        input.storage.pointer.assumingMemoryBound(to: Double.self),
        output.storage.pointer.assumingMemoryBound(to: Double.self), input.shape[0], input.shape[1])
    }
    return context.setOutput(0, output)
  }
  let strides = input.shape.strides
  context.setOutput(
    0,
    try context.gathered(
      input.dtype, shape, parts: [(input, 0, order.map { strides[$0] }, 0, shape.strides, shape.dimensions)]))
}

private func range(_ context: KernelContext) throws {
  let (start, limit, delta) = (try context.input(0), try context.input(1), try context.input(2))
  let count = try RangeRule.count(start: start, limit: limit, delta: delta)
  try KernelContext.checkSize(start.dtype, [count])
  /// TensorFlow adds the step again and again, so floats carry its rounding.
  func numbers<T: TensorScalar & Numeric>(_: T.Type) -> Tensor {
    var value = start.scalar(T.self)
    let step = delta.scalar(T.self)
    var values: [T] = []
    values.reserveCapacity(count)
    for index in 0..<count {
      values.append(value)
      if index + 1 < count { value += step }
    }
    return Tensor(values, shape: [count])
  }
  switch start.dtype {
  case .int32: context.setOutput(0, numbers(Int32.self))
  case .int64: context.setOutput(0, numbers(Int64.self))
  case .float32: context.setOutput(0, numbers(Float.self))
  default: context.setOutput(0, numbers(Double.self))
  }
}

private func linSpace(_ context: KernelContext) throws {
  let (start, stop) = (try context.input(0), try context.input(1))
  let count = try context.integer(2, "num")
  guard count > 0 else { throw EngineError.invalid("Requires num > 0: \(count)") }
  guard start.elementCount == 1, stop.elementCount == 1 else {
    throw EngineError.invalid("start and stop must be scalars, not of shapes \(start.shape) and \(stop.shape)")
  }
  try KernelContext.checkSize(start.dtype, [count])
  func numbers<T: TensorScalar & BinaryFloatingPoint>(_: T.Type) -> Tensor {
    let (first, last) = (start.scalar(T.self), stop.scalar(T.self))
    guard count > 1 else { return Tensor([first], shape: [1]) }
    let step = (last - first) / T(count - 1)
    var values = (0..<count).map { first + step * T($0) }
    values[count - 1] = last
    return Tensor(values, shape: [count])
  }
  switch start.dtype {
  case .float32: context.setOutput(0, numbers(Float.self))
  case .float64: context.setOutput(0, numbers(Double.self))
  default: throw EngineError.noKernel("LinSpace", start.dtype)
  }
}

private func oneHot(_ context: KernelContext, axis: Int) throws {
  let indices = try context.input(0)
  let depth = try context.integer(1, "depth")
  let (on, off) = (try context.input(2), try context.input(3))
  guard depth >= 0 else { throw EngineError.invalid("depth must be non-negative, got: \(depth)") }
  guard on.elementCount == 1, off.elementCount == 1 else {
    throw EngineError.invalid("on_value and off_value must be scalars, got shapes \(on.shape) and \(off.shape)")
  }
  guard axis >= -1, axis <= indices.rank else {
    throw EngineError.invalid("Expected axis to be -1 or between [0, \(indices.rank)].  But received: \(axis)")
  }
  let values =
    indices.dtype == .uint8 ? indices.scalars(UInt8.self).map(Int.init) : ShapeContext.integers(indices) ?? []
  let at = axis < 0 ? indices.rank : axis
  var shape = indices.shape
  shape.dimensions.insert(depth, at: at)
  var output = try filled(context, off, shape)
  // Indices [prefix, suffix] spread to [prefix, depth, suffix].
  let suffix = Shape(Array(indices.shape.dimensions[at...])).elementCount
  let positions = values.enumerated().compactMap { index, value -> Int? in
    guard (0..<depth).contains(value), suffix > 0 else { return nil }
    return (index / suffix * depth + value) * suffix + index % suffix
  }
  guard on.dtype != .string else {
    var strings = output.strings
    for position in positions { strings[position] = on.strings[0] }
    return context.setOutput(0, Tensor(strings: strings, shape: shape))
  }
  let width = on.dtype.byteWidth ?? 1
  output.withUnsafeMutableBytes { target in
    on.withUnsafeBytes { one in
      for position in positions {
        for byte in 0..<width { target[position * width + byte] = one[byte] }
      }
    }
  }
  context.setOutput(0, output)
}
