import Tensors

/// Kernels that deal rows out and put them together again, and further moves of elements.
@Sendable func defineStitchKernels(_ ops: inout OpRegistry) {
  for name in ["DynamicStitch", "ParallelDynamicStitch"] { ops.kernel(name) { _ in { try stitch($0) } } }
  ops.kernel("DynamicPartition") { node in
    let count = try node.int("num_partitions")
    return { context in
      let (data, choice) = (try context.input(0), try context.input(1))
      guard let parts = ShapeContext.integers(choice), choice.rank <= data.rank,
        Array(data.shape.dimensions[..<choice.rank]) == choice.shape.dimensions
      else {
        throw EngineError.invalid(
          "data.shape must start with partitions.shape, got data.shape = \(data.shape), partitions.shape = \(choice.shape)"
        )
      }
      if let bad = parts.firstIndex(where: { !(0..<count).contains($0) }) {
        throw EngineError.invalid("partitions[\(bad)] = \(parts[bad]) is not in [0, \(count))")
      }
      let inner = Array(data.shape.dimensions[choice.rank...])
      let length = Shape(inner).elementCount
      for part in 0..<count {
        let rows = parts.indices.filter { parts[$0] == part }
        let positions = rows.flatMap { row in (0..<length).map { row * length + $0 } }
        context.setOutput(part, try picked(context, data, positions, shape: Shape([rows.count] + inner)))
      }
    }
  }
  ops.kernel("Bitcast") { node in
    let type = try node.type("type")
    return { context in
      let input = try context.input(0)
      guard let from = input.dtype.byteWidth, let to = type.byteWidth else {
        throw EngineError.noKernel("Bitcast", type)
      }
      var shape = input.shape
      if from > to {
        shape.dimensions.append(from / to)
      } else if from < to {
        guard shape.dimensions.last == to / from else {
          throw EngineError.invalid(
            "Cannot bitcast from \(input.dtype.shortName) to \(type.shortName), shape \(input.shape)")
        }
        shape.dimensions.removeLast()
      }
      context.setOutput(0, Tensor(dtype: type, shape: shape, storage: input.storage))
    }
  }
  ops.kernel("BroadcastArgs") { node in
    let type = try node.type("T")
    return { context in
      let result = try Broadcast(try context.shapeInput(0), try context.shapeInput(1)).result
      context.setOutput(0, integerTensor(result.dimensions, type))
    }
  }
  ops.kernel("EnsureShape") { node in
    let shape = try node.shape("shape")
    return { context in
      let input = try context.take(0)
      guard shape.accepts(input.shape) else {
        throw EngineError.invalid(
          "Shape of tensor \(node.inputs.first?.node.name ?? "") \(input.shape) is not compatible "
            + "with expected shape \(shape).")
      }
      context.setOutput(0, input)
    }
  }
  ops.kernel("Empty") { node in
    let type = try node.type("dtype")
    return { context in context.setOutput(0, try context.zeros(type, try context.shapeInput(0))) }
  }
  for name in ["DeepCopy", "GuaranteeConst", "DebugGradientIdentity"] {
    ops.kernel(name) { _ in { $0.setOutput(0, try $0.take(0)) } }
  }
  ops.kernel("ExtractImagePatches") { node in
    let lists = try ["ksizes", "strides", "rates"].map { try node.ints($0) }
    let padding: WindowAxis.Padding = try node.string("padding") == "SAME" ? .same : .valid
    guard lists.allSatisfy({ $0.count == 4 && $0[0] == 1 && $0[3] == 1 }) else {
      throw EngineError(.unimplemented, "Only support ksizes, strides and rates across space.")
    }
    return { try patches($0, lists[0], lists[1], lists[2], padding) }
  }
  ops.kernel("SparseToDense") { _ in { try sparseToDense($0) } }
  ops.kernel("SparseTensorDenseMatMul") { node in
    let (adjointA, adjointB) = (try node.bool("adjoint_a"), try node.bool("adjoint_b"))
    return { try sparseProduct($0, adjointA: adjointA, adjointB: adjointB) }
  }
}

private func stitch(_ context: KernelContext) throws {
  let count = context.inputCount / 2
  var (indices, data): ([[Int]], [Tensor]) = ([], [])
  var inner: [Int]?
  for index in 0..<count {
    let (list, values) = (try context.integers(index), try context.input(count + index))
    let shape = try context.shape(index)
    guard shape.rank <= values.rank, Array(values.shape.dimensions[..<shape.rank]) == shape.dimensions else {
      throw EngineError.invalid(
        "data[\(index)].shape = \(values.shape) does not start with indices[\(index)].shape = \(shape)")
    }
    let rest = Array(values.shape.dimensions[shape.rank...])
    guard inner == nil || inner == rest else {
      throw EngineError.invalid("Need data[0].shape[\(shape.rank):] = data[\(index)].shape[\(shape.rank):]")
    }
    if let bad = list.first(where: { $0 < 0 }) {
      throw EngineError.invalid("indices[\(index)] = \(bad) is out of range")
    }
    inner = rest
    indices.append(list)
    data.append(values)
  }
  guard let first = data.first, let inner else { throw EngineError.invalid("nothing to stitch") }
  let last = indices.joined().max() ?? -1
  guard last < WindowAxis.largest else { throw EngineError(.resourceExhausted, "index \(last) is too large") }
  let rows = last + 1
  let shape = Shape([rows] + inner)
  guard first.dtype != .string else { throw EngineError.noKernel("DynamicStitch", .string) }
  var output = try context.zeros(first.dtype, shape)
  for (list, values) in zip(indices, data) {
    let positions = Tensor(list.map(Int64.init))
    try SliceIndices(rows: positions, of: shape).apply(
      .assign, values.reshaped(to: Shape([list.count] + inner)), to: &output)
  }
  context.setOutput(0, output)
}

private func patches(
  _ context: KernelContext, _ ksizes: [Int], _ strides: [Int], _ rates: [Int], _ padding: WindowAxis.Padding
) throws {
  let input = try rank4(context, 0, "input")
  let size = input.shape
  let axes: [WindowAxis]
  do {
    axes = try [1, 2].map {
      try WindowAxis(
        size: size[$0], window: ksizes[$0], stride: strides[$0], dilation: rates[$0], padding: padding)
    }
  } catch let error as ShapeError {
    throw EngineError.invalid(error.message)
  }
  let (area, overflow) = ksizes[1].multipliedReportingOverflow(by: ksizes[2])
  let shape = Shape([size[0], axes[0].outputs, axes[1].outputs, overflow ? .max : area, size[3]])
  try KernelContext.checkSize(input.dtype, shape)
  let output = try context.zeros(input.dtype, shape)
  let bytes = size[3] * (input.dtype.byteWidth ?? 1)
  withExtendedLifetime((input, output)) {
    var target = output.storage.pointer
    for image in 0..<(shape.elementCount == 0 ? 0 : size[0]) {
      for row in 0..<axes[0].outputs {
        for column in 0..<axes[1].outputs {
          for place in 0..<area {
            let y = row * strides[1] + place / ksizes[2] * rates[1] - axes[0].padBefore
            let x = column * strides[2] + place % ksizes[2] * rates[2] - axes[1].padBefore
            if (0..<size[1]).contains(y), (0..<size[2]).contains(x) {
              target.copyMemory(
                from: input.storage.pointer + ((image * size[1] + y) * size[2] + x) * bytes, byteCount: bytes)
            }
            target += bytes
          }
        }
      }
    }
  }
  context.setOutput(0, output.reshaped(to: [size[0], axes[0].outputs, axes[1].outputs, area * size[3]]))
}

private func sparseToDense(_ context: KernelContext) throws {
  let shape = try context.shapeInput(1)
  var indices = try context.input(0)
  let (values, fill) = (try context.input(2), try context.input(3))
  guard fill.elementCount == 1 else { throw EngineError.invalid("default_value should be a scalar.") }
  // A scalar is one index of a vector, a vector a list of them.
  if indices.rank < 2 { indices = indices.reshaped(to: [indices.elementCount, 1]) }
  guard indices.rank == 2, indices.shape[1] == shape.rank else {
    throw EngineError.invalid(
      "output_shape has incorrect number of elements: \(shape.rank) should be: \(indices.shape)")
  }
  var output = try filled(context, fill, shape)
  try SliceIndices(indices, into: shape, "output")
    .apply(.assign, values.rank == 0 ? values : values.reshaped(to: [values.elementCount]), to: &output)
  context.setOutput(0, output)
}

private func sparseProduct(_ context: KernelContext, adjointA: Bool, adjointB: Bool) throws {
  let (indices, values) = (try context.integers(0), try context.input(1))
  let (sizes, dense) = (try context.shapeInput(2), try context.input(3))
  guard sizes.rank == 2, dense.rank == 2, values.rank == 1, indices.count == 2 * values.elementCount else {
    throw EngineError.invalid("a sparse matrix has rank 2, and two indices a value")
  }
  let (rows, inner) = (sizes[adjointA ? 1 : 0], sizes[adjointA ? 0 : 1])
  let b = adjointB ? try permuted(context, dense, [1, 0]) : dense
  guard b.shape[0] == inner, values.dtype == b.dtype else {
    throw EngineError.invalid(
      "Cannot multiply A and B because inner dimension does not match: \(inner) vs. \(b.shape[0])")
  }
  let columns = b.shape[1]
  let (multiply, add) = (try BinaryLoop.arithmetic("Mul", b.dtype), try BinaryLoop.arithmetic("Add", b.dtype))
  let output = try context.zeros(b.dtype, [rows, columns])
  let width = add.inputWidth
  var scaled = try context.allocate(b.dtype, [columns])
  for index in 0..<values.elementCount {
    let (i, j) = (indices[2 * index + (adjointA ? 1 : 0)], indices[2 * index + (adjointA ? 0 : 1)])
    guard (0..<rows).contains(i), (0..<inner).contains(j) else {
      throw EngineError.invalid("indices[\(index)] = (\(i), \(j)) lies outside of the matrix \(sizes)")
    }
    guard columns > 0 else { continue }
    withExtendedLifetime((values, b, output, scaled)) {
      let target = output.storage.pointer + i * columns * width
      multiply.run(
        .rightScalar, b.storage.pointer + j * columns * width, values.storage.pointer + index * width,
        scaled.storage.pointer, columns)
      add.run(.both, target, scaled.storage.pointer, target, columns)
    }
  }
  context.recycle(&scaled)
  context.setOutput(0, output)
}
