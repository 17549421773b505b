import Tensors

/// Kernels of saving and restoring, which hand the work to the session's `CheckpointStore`.
@Sendable func defineCheckpointKernels(_ ops: inout OpRegistry) {
  ops.kernel("SaveV2") { _ in
    { context in
      let tensors = try (3..<max(context.inputCount, 3)).map { try context.input($0) }
      let (names, slices) = (try texts(context, 1), try texts(context, 2))
      guard names.count == tensors.count, slices.count == tensors.count else {
        throw EngineError.invalid(
          "Got \(names.count) tensor names and \(slices.count) slices but \(tensors.count) tensors.")
      }
      try store(context).save(prefix: try text(context, 0), names: names, slices: slices, tensors: tensors)
    }
  }
  ops.kernel("RestoreV2") { node in
    let dtypes = try node.types("dtypes")
    return { context in
      let (names, slices) = (try texts(context, 1), try texts(context, 2))
      guard names.count == dtypes.count, slices.count == dtypes.count else {
        throw EngineError.invalid(
          "Got \(names.count) tensor names and \(slices.count) slices but \(dtypes.count) expected dtypes.")
      }
      let tensors = try store(context).restore(
        prefix: try text(context, 0), names: names, slices: slices, dtypes: dtypes)
      guard tensors.map(\.dtype) == dtypes else {
        throw EngineError.invalid("the checkpoint's tensors are not of the types \(dtypes.map(\.name))")
      }
      for tensor in tensors { try KernelContext.checkSize(tensor.dtype, tensor.shape) }
      for (index, tensor) in tensors.enumerated() { context.setOutput(index, tensor) }
    }
  }
  ops.kernel("MergeV2Checkpoints") { node in
    let deletes = try node.bool("delete_old_dirs")
    return { context in
      try store(context).merge(
        prefixes: try texts(context, 0), destination: try text(context, 1), deleteOldDirectories: deletes)
    }
  }
  ops.kernel("ShardedFilename") { _ in
    { context in
      let (shard, count) = (try context.integer(1, "shard"), try context.integer(2, "num_shards"))
      let name = try text(context, 0) + "-\(padded(shard))-of-\(padded(count))"
      context.setOutput(0, Tensor(name))
    }
  }
  for name in ["SaveSlices", "Save"] {
    let first = name == "Save" ? 2 : 3
    ops.kernel(name) { _ in
      { context in
        let tensors = try (first..<max(context.inputCount, first)).map { try context.input($0) }
        let names = try texts(context, 1)
        let slices = first == 3 ? try texts(context, 2) : names.map { _ in "" }
        guard names.count == tensors.count, slices.count == tensors.count else {
          throw EngineError.invalid(
            "Got \(names.count) tensor names and \(slices.count) slices but \(tensors.count) tensors.")
        }
        try store(context).saveFirstFormat(
          path: try text(context, 0), names: names, slices: slices, tensors: tensors)
      }
    }
  }
  for name in ["Restore", "RestoreSlice"] {
    ops.kernel(name) { node in
      let dtype = try node.type("dt")
      return { context in
        let slice = name == "Restore" ? "" : try text(context, 2)
        let tensors = try store(context).restore(
          prefix: try text(context, 0), names: [try text(context, 1)], slices: [slice], dtypes: [dtype])
        guard let tensor = tensors.first, tensor.dtype == dtype else {
          throw EngineError.invalid("the checkpoint's tensor is not of type \(dtype.name)")
        }
        try KernelContext.checkSize(tensor.dtype, tensor.shape)
        context.setOutput(0, tensor)
      }
    }
  }
  ops.kernel("ShardedFilespec") { _ in
    { context in
      let count = try context.integer(1, "num_shards")
      context.setOutput(0, Tensor(try text(context, 0) + "-?????-of-\(padded(count))"))
    }
  }
  ops.kernel("StringJoin") { node in
    let separator = Array(try node.string("separator").utf8)
    return { context in
      let inputs = try (0..<context.inputCount).map { try context.input($0) }
      let shape = inputs.first { $0.rank > 0 }?.shape ?? .scalar
      for input in inputs where input.rank > 0 && input.shape != shape {
        throw EngineError.invalid("Input shapes do not match: \(shape) vs. \(input.shape)")
      }
      let parts = inputs.map { (strings: $0.strings, isScalar: $0.rank == 0) }
      let joined = (0..<shape.elementCount).map { index in
        Array(parts.map { $0.strings[$0.isScalar ? 0 : index] }.joined(separator: separator))
      }
      context.setOutput(0, Tensor(strings: joined, shape: shape))
    }
  }
}

private func store(_ context: KernelContext) throws -> any CheckpointStore {
  guard let store = context.checkpoints else {
    throw EngineError(
      .failedPrecondition, "this session has no checkpoint store: give its configuration one to save or restore")
  }
  return store
}

private func texts(_ context: KernelContext, _ index: Int) throws -> [String] {
  try context.input(index).strings.map { String(decoding: $0, as: UTF8.self) }
}

private func text(_ context: KernelContext, _ index: Int) throws -> String {
  let strings = try texts(context, index)
  guard strings.count == 1 else { throw EngineError.invalid("input \(index) should be a single string") }
  return strings[0]
}

/// Five digits, as in `model-00000-of-00001`.
private func padded(_ number: Int) -> String {
  let digits = String(number)
  return String(repeating: "0", count: max(5 - digits.count, 0)) + digits
}
