import Tensors

/// Kernels that read and write slices at indices, in values and in variables.
@Sendable func defineScatterKernels(_ ops: inout OpRegistry) {
  ops.kernel("GatherNd") { _ in
    { context in context.setOutput(0, try gatherNd(context, try context.input(0), try context.input(1))) }
  }
  ops.kernel("ResourceGatherNd") { _ in
    { context in
      context.setOutput(0, try gatherNd(context, try context.variable(0).read(), try context.input(1)))
    }
  }
  ops.kernel("ResourceGather") { node in
    let batch = try node.int("batch_dims")
    return { context in
      let params = try context.variable(0).read()
      try gather(context, params, try context.input(1), axis: batch < 0 ? 0 : batch, batch: batch)
    }
  }
  ops.kernel("ScatterNd") { _ in
    { context in
      let shape = try context.shapeInput(2)
      let (indices, updates) = (try context.input(0), try context.input(1))
      guard updates.dtype != .string else { throw EngineError.noKernel("ScatterNd", .string) }
      var output = try context.zeros(updates.dtype, shape)
      try SliceIndices(indices, into: shape, "shape").apply(.add, updates, to: &output)
      context.setOutput(0, output)
    }
  }
  for (name, change) in [
    ("TensorScatterUpdate", SliceChange.assign), ("TensorScatterAdd", .add), ("TensorScatterSub", .subtract),
    ("ScatterNdNonAliasingAdd", .add),
  ] {
    ops.kernel(name) { _ in
      { context in
        let (indices, updates) = (try context.input(1), try context.input(2))
        var output = try context.take(0)
        try SliceIndices(indices, into: output.shape, "tensor").apply(change, updates, to: &output)
        context.setOutput(0, output)
      }
    }
  }
  let changes: [(String, SliceChange)] = [
    ("Update", .assign), ("Add", .add), ("Sub", .subtract), ("Mul", .multiply), ("Div", .divide), ("Min", .minimum),
    ("Max", .maximum),
  ]
  for (suffix, change) in changes {
    for prefix in ["Scatter", "ResourceScatter"] {
      ops.kernel(prefix + suffix) { _ in { try scatter($0, change, isNd: false) } }
      guard ops[prefix + "Nd" + suffix] != nil else { continue }
      ops.kernel(prefix + "Nd" + suffix) { _ in { try scatter($0, change, isNd: true) } }
    }
  }
  for name in ["StridedSliceAssign", "ResourceStridedSliceAssign"] {
    ops.kernel(name) { node in
      let masks = try StridedSlice.Masks(node: node)
      return { context in
        let (begin, end, strides) = (try context.integers(1), try context.integers(2), try context.integers(3))
        let value = try context.input(4)
        try Variable.update([try context.variable(0)]) { values in
          let (axes, shape) = try StridedSlice.plan(
            values[0].shape, begin: begin, end: end, strides: strides, masks: masks)
          guard value.dtype == values[0].dtype, value.shape == shape || value.elementCount == 1 else {
            throw EngineError.invalid("shape of the slice is \(shape), but that of the value \(value.shape)")
          }
          guard value.dtype != .string else { throw EngineError.noKernel(name, .string) }
          let region = region(axes, of: values[0].shape)
          let taken = axes.map(\.count)
          values[0].makeUnique()
          Regions.copy(
            value, from: 0, strides: value.shape == shape ? Shape(taken).strides : taken.map { _ in 0 },
            to: values[0], at: region.start, targetStrides: region.strides, extents: taken)
        }
      }
    }
  }
  ops.kernel("ResourceCountUpTo") { node in
    let limit = try node.int("limit")
    return { context in
      try Variable.update([try context.variable(0)]) { values in
        guard let current = ShapeContext.integers(values[0])?.first, values[0].elementCount == 1 else {
          throw EngineError.invalid("input is not a scalar: \(values[0].shape)")
        }
        guard current < limit else { throw EngineError(.outOfRange, "Reached limit of \(limit)") }
        context.setOutput(0, values[0])
        values[0] = integerTensor([current + 1], values[0].dtype, shape: values[0].shape)
      }
    }
  }
  ops.kernel("VariableShape") { node in
    let type = try node.type("out_type")
    return { $0.setOutput(0, integerTensor(try $0.variable(0).read().shape.dimensions, type)) }
  }
}

/// What happens to a slice that an update meets.
enum SliceChange {
  case assign, add, subtract, multiply, divide, minimum, maximum

  /// The operation on elements, nil for plain assignment.
  var operation: String? {
    switch self {
    case .assign: nil
    case .add: "Add"
    case .subtract: "Sub"
    case .multiply: "Mul"
    case .divide: "Div"
    case .minimum: "Minimum"
    case .maximum: "Maximum"
    }
  }
}

/// Indices of slices of a tensor, checked: each is the number of a slice of `length` elements.
struct SliceIndices {
  let positions: [Int]
  let length: Int
  /// The shape of the indices without their last dimension, followed by that of a slice.
  let updateShape: Shape

  /// Rows of `indices` are coordinates in the leading dimensions of `shape`.
  init(_ indices: Tensor, into shape: Shape, _ name: String) throws {
    guard indices.rank > 0, let values = ShapeContext.integers(indices) else {
      throw EngineError.invalid("indices must be at least a vector, of int32 or int64: \(indices.shape)")
    }
    let depth = indices.shape[indices.rank - 1]
    guard depth <= shape.rank else {
      throw EngineError.invalid(
        "The innermost dimension of indices \(indices.shape) must be at most the rank of \(name) \(shape)")
    }
    let outer = Array(indices.shape.dimensions.dropLast())
    let inner = Array(shape.dimensions[depth...])
    updateShape = Shape(outer + inner)
    length = Shape(inner).elementCount
    let extents = Array(shape.dimensions.prefix(depth))
    let count = Shape(outer).elementCount
    try KernelContext.checkSize(.int64, Shape(outer))
    positions = try (0..<count).map { row in
      var position = 0
      for axis in 0..<depth {
        let index = values[row * depth + axis]
        guard (0..<extents[axis]).contains(index) else {
          let list = values[(row * depth)..<((row + 1) * depth)].map(String.init).joined(separator: ", ")
          throw EngineError.invalid("indices[\(row)] = [\(list)] does not index into \(name) shape \(shape)")
        }
        position = position * extents[axis] + index
      }
      return position
    }
  }

  /// `indices` are rows of a tensor of `shape`.
  init(rows indices: Tensor, of shape: Shape) throws {
    guard let values = ShapeContext.integers(indices) else {
      throw EngineError.invalid("indices must be of int32 or int64")
    }
    guard let limit = shape.dimensions.first else {
      throw EngineError.invalid("params must be at least 1-D, got shape \(shape)")
    }
    if let bad = values.firstIndex(where: { !(0..<limit).contains($0) }) {
      throw EngineError.invalid("indices[\(bad)] = \(values[bad]) is not in [0, \(limit))")
    }
    let inner = Array(shape.dimensions.dropFirst())
    positions = values
    length = Shape(inner).elementCount
    updateShape = Shape(indices.shape.dimensions + inner)
  }

  /// Changes the slices of `target` in order; a scalar update counts for all.
  func apply(_ change: SliceChange, _ updates: Tensor, to target: inout Tensor) throws {
    let isScalar = updates.rank == 0 && updateShape.rank > 0
    guard updates.dtype == target.dtype else {
      throw EngineError.invalid("updates are \(updates.dtype.name), but the values \(target.dtype.name)")
    }
    guard updates.shape == updateShape || isScalar else {
      throw EngineError.invalid(
        "updates must have the shape of the indices and of a slice: \(updateShape), got \(updates.shape)")
    }
    if target.dtype == .string {
      guard change == .assign else { throw EngineError.noKernel("Scatter", .string) }
      var strings = target.strings
      let values = updates.strings
      for (index, position) in positions.enumerated() {
        for offset in 0..<length {
          strings[position * length + offset] = values[isScalar ? 0 : index * length + offset]
        }
      }
      target = Tensor(strings: strings, shape: target.shape)
      return
    }
    guard let width = target.dtype.byteWidth else { throw EngineError.noKernel("Scatter", target.dtype) }
    let loop = try change.operation.map { try BinaryLoop.arithmetic($0, target.dtype) }
    if change == .divide, target.dtype.isInteger, hasZero(updates) {
      throw EngineError.invalid("Integer division by zero")
    }
    target.withUnsafeMutableBytes { bytes in
      updates.withUnsafeBytes { source in
        guard let to = bytes.baseAddress, let from = source.baseAddress, length > 0 else { return }
        for (index, position) in positions.enumerated() {
          let slice = to + position * length * width
          if let loop {
            loop.run(
              isScalar ? .rightScalar : .both, slice, from + (isScalar ? 0 : index * length * width), slice, length)
          } else if isScalar {
            for offset in 0..<length { (slice + offset * width).copyMemory(from: from, byteCount: width) }
          } else {
            slice.copyMemory(from: from + index * length * width, byteCount: length * width)
          }
        }
      }
    }
  }
}

private func gatherNd(_ context: KernelContext, _ params: Tensor, _ indices: Tensor) throws -> Tensor {
  let slices = try SliceIndices(indices, into: params.shape, "params")
  try KernelContext.checkSize(params.dtype, slices.updateShape)
  if params.dtype == .string {
    let strings = params.strings
    return Tensor(
      strings: slices.positions.flatMap { strings[($0 * slices.length)..<(($0 + 1) * slices.length)] },
      shape: slices.updateShape)
  }
  let output = try context.allocate(params.dtype, slices.updateShape)
  let bytes = slices.length * (params.dtype.byteWidth ?? 1)
  withExtendedLifetime((params, output)) {
    for (index, position) in slices.positions.enumerated() {
      (output.storage.pointer + index * bytes).copyMemory(
        from: params.storage.pointer + position * bytes, byteCount: bytes)
    }
  }
  return output
}

private func scatter(_ context: KernelContext, _ change: SliceChange, isNd: Bool) throws {
  let (indices, updates) = (try context.input(1), try context.input(2))
  try Variable.update([try context.variable(0)]) { values in
    let slices =
      isNd
      ? try SliceIndices(indices, into: values[0].shape, "ref") : try SliceIndices(rows: indices, of: values[0].shape)
    try slices.apply(change, updates, to: &values[0])
  }
}
