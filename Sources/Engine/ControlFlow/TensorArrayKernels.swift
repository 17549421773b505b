import Tensors

/// Kernels of TensorArrays and stacks.
@Sendable func defineTensorArrayKernels(_ ops: inout OpRegistry) {
  ops.kernel("TensorArrayV3") { node in
    let given = try node.string("tensor_array_name")
    let options = TensorArray.Options(
      name: given.isEmpty ? node.name : given, dtype: try node.type("dtype"),
      elementShape: try node.shape("element_shape"), isDynamic: try node.bool("dynamic_size"),
      clearsAfterRead: try node.bool("clear_after_read"),
      hasIdenticalShapes: try node.bool("identical_element_shapes"))
    return { context in
      let array = try TensorArray(options: options, count: try context.integer(0, "size"))
      context.setOutput(0, Tensor(handleTo: array, name: options.name))
      context.setOutput(1, flow)
    }
  }
  ops.kernel("TensorArrayGradV3") { node in
    let source = try node.string("source")
    return { context in
      let gradient = try array(context).gradient(source: source)
      context.setOutput(0, Tensor(handleTo: gradient, name: gradient.options.name))
      context.setOutput(1, try context.take(1))
    }
  }
  ops.kernel("TensorArrayGradWithShape") { node in
    let source = try node.string("source")
    return { context in
      let gradient = try array(context).gradient(source: source, prepending: try context.integers(2))
      context.setOutput(0, Tensor(handleTo: gradient, name: gradient.options.name))
      context.setOutput(1, try context.take(1))
    }
  }
  ops.kernel("TensorArrayWriteV3") { _ in
    { context in
      try array(context).write(try context.integer(1, "index"), try context.take(2))
      context.setOutput(0, try context.take(3))
    }
  }
  ops.kernel("TensorArrayReadV3") { node in
    let dtype = try node.type("dtype")
    return { context in
      let array = try array(context)
      try check(array, dtype, "read")
      context.setOutput(0, try array.read(try context.integer(1, "index")))
    }
  }
  ops.kernel("TensorArraySizeV3") { _ in
    { context in context.setOutput(0, Tensor(Int32(try array(context).count()))) }
  }
  ops.kernel("TensorArrayCloseV3") { _ in { try array($0).close() } }
  ops.kernel("TensorArrayGatherV3") { node in
    let dtype = try node.type("dtype")
    let elementShape = try node.shape("element_shape")
    return { context in
      let array = try array(context)
      try check(array, dtype, "gather")
      let indices = try context.integers(1)
      guard !indices.isEmpty else {
        // Nothing to stack: the shape has to come from the graph.
        guard let shape = (try? array.options.elementShape.merged(with: elementShape))?.full else {
          throw EngineError.invalid(
            "TensorArray has size zero, but element shape \(elementShape) is not fully defined. Currently only static "
              + "shapes are supported when packing zero-size TensorArrays.")
        }
        return context.setOutput(0, try context.zeros(dtype, Shape([0] + shape.dimensions)))
      }
      var rows: [Tensor] = []
      for index in indices {
        let value = try array.read(index)
        if let first = rows.first, first.shape.dimensions.dropFirst() != value.shape.dimensions[...] {
          throw EngineError.invalid(
            "TensorArray has inconsistent shapes.  Index 0 has shape: \(Shape(Array(first.shape.dimensions.dropFirst()))) "
              + "but index \(rows.count) has shape: \(value.shape)")
        }
        rows.append(value.reshaped(to: Shape([1] + value.shape.dimensions)))
      }
      context.setOutput(0, try concatenated(context, rows, axis: 0))
    }
  }
  ops.kernel("TensorArrayScatterV3") { _ in
    { context in
      let array = try array(context)
      let (indices, value) = (try context.integers(1), try context.input(2))
      guard value.rank > 0, value.shape[0] == indices.count else {
        throw EngineError.invalid(
          "Expected len(indices) == values.shape[0], but saw: \(indices.count) vs. \(value.shape)")
      }
      let shape = Shape(Array(value.shape.dimensions.dropFirst()))
      for (row, index) in indices.enumerated() {
        try array.write(index, try rows(context, value, row, shape: shape))
      }
      context.setOutput(0, try context.take(3))
    }
  }
  ops.kernel("TensorArrayConcatV3") { node in
    let dtype = try node.type("dtype")
    return { context in
      let array = try array(context)
      try check(array, dtype, "concat")
      let parts = try (0..<array.count()).map { try array.read($0) }
      guard let first = parts.first else {
        throw EngineError(
          .unimplemented,
          "TensorArray has size zero, but element_shape_except0 is not fully defined. Currently only static shapes are "
            + "supported when concatenating zero-size TensorArrays.")
      }
      for part in parts where part.rank == 0 || part.shape.dimensions.dropFirst() != first.shape.dimensions.dropFirst()
      {
        throw EngineError.invalid(
          "TensorArray has inconsistent shapes.  Index 0 has shape: \(first.shape) but another has shape: \(part.shape)"
        )
      }
      context.setOutput(0, try concatenated(context, parts, axis: 0))
      context.setOutput(1, Tensor(parts.map { Int64($0.shape[0]) }))
    }
  }
  ops.kernel("TensorArraySplitV3") { _ in
    { context in
      let array = try array(context)
      let (value, lengths) = (try context.input(1), try context.integers(2))
      var total = 0
      for length in lengths {
        let (sum, overflow) = total.addingReportingOverflow(length)
        guard length >= 0, !overflow else { throw EngineError.invalid("Expected lengths >= 0, received \(length)") }
        total = sum
      }
      guard value.rank > 0, value.shape[0] == total else {
        throw EngineError.invalid(
          "Expected sum of lengths to be equal to values.shape[0], but sum of lengths is \(total) and value's shape is: "
            + "\(value.shape)")
      }
      var first = 0
      for (index, length) in lengths.enumerated() {
        let shape = Shape([length] + value.shape.dimensions.dropFirst())
        try array.write(index, try rows(context, value, first, shape: shape))
        first += length
      }
      context.setOutput(0, try context.take(3))
    }
  }
  defineStackKernels(&ops)
}

private func defineStackKernels(_ ops: inout OpRegistry) {
  for version in ["V2", ""] {
    ops.kernel("Stack" + version) { node in
      let given = try node.string("stack_name")
      let name = given.isEmpty ? node.name : given
      let dtype = try node.type("elem_type")
      let handle: DataType = version.isEmpty ? .string : .resource
      return { context in
        let limit = version.isEmpty ? -1 : try context.integer(0, "max_size")
        let stack = TensorStack(name: name, dtype: dtype, limit: limit)
        context.setOutput(0, Tensor(handleTo: stack, name: name, dtype: handle))
      }
    }
    ops.kernel("StackPush" + version) { _ in
      { context in
        let value = try context.take(1)
        try stack(context).push(value)
        context.setOutput(0, value)
      }
    }
    ops.kernel("StackPop" + version) { node in
      let dtype = try node.type("elem_type")
      return { context in
        let stack = try stack(context)
        guard stack.dtype == dtype else {
          throw EngineError.invalid("Stack[\(stack.name)] holds \(stack.dtype.shortName), not \(dtype.shortName)")
        }
        context.setOutput(0, try stack.pop())
      }
    }
    ops.kernel("StackClose" + version) { _ in { try stack($0).close() } }
  }
}

/// The flow of a new array: its value means nothing, only the edge does.
private let flow = Tensor(Float(0))

private func array(_ context: KernelContext) throws -> TensorArray {
  try context.object(0, TensorArray.self, "TensorArray")
}
private func stack(_ context: KernelContext) throws -> TensorStack { try context.object(0, TensorStack.self, "stack") }

private func check(_ array: TensorArray, _ dtype: DataType, _ verb: String) throws {
  guard array.options.dtype == dtype else {
    throw EngineError.invalid(
      "TensorArray dtype is \(array.options.dtype.shortName) but Op requested \(verb) of dtype \(dtype.shortName).")
  }
}

/// The elements of `value` that begin at row `first` and fill `shape`, as a tensor of their own.
private func rows(_ context: KernelContext, _ value: Tensor, _ first: Int, shape: Shape) throws -> Tensor {
  let size = value.shape.dimensions.dropFirst().reduce(1, *)
  let count = shape.elementCount
  guard value.dtype != .string else {
    return Tensor(strings: Array(value.strings[first * size..<first * size + count]), shape: shape)
  }
  let part = try context.allocate(value.dtype, shape)
  guard let width = value.dtype.byteWidth, count > 0 else { return part }
  withExtendedLifetime((part, value)) {
    part.storage.pointer.copyMemory(from: value.storage.pointer + first * size * width, byteCount: count * width)
  }
  return part
}
