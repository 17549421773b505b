import Tensors

/// Kernels of reference variables and resource variables.
@Sendable func defineVariableKernels(_ ops: inout OpRegistry) {
  ops.kernel("Assign") { node in
    let validates = try node.bool("validate_shape")
    let declared = node.inputs.first?.shape ?? .unknown
    return { context in
      let variable = try context.variable(0)
      let value = try context.take(1)
      try variable.assign(value) { old in
        guard validates else { return }
        let expected = old.map { PartialShape($0.shape) } ?? declared
        guard expected.accepts(value.shape) else {
          throw EngineError.invalid(
            "Assign requires shapes of both tensors to match. lhs shape= \(expected) rhs shape= \(value.shape)")
        }
      }
    }
  }
  ops.kernel("AssignVariableOp") { node in
    let dtype = try node.type("dtype")
    return { context in
      let variable = try context.variable(0)
      let value = try context.take(1)
      guard value.dtype == dtype, variable.dtype == dtype else {
        throw EngineError.invalid(
          "Trying to assign variable with wrong dtype. Expected \(variable.dtype.shortName) got "
            + "\(value.dtype.shortName)")
      }
      try variable.assign(value)
    }
  }
  for name in ["AssignAdd", "AssignSub", "AssignAddVariableOp", "AssignSubVariableOp"] {
    let adds = name.contains("Add")
    ops.kernel(name) { _ in
      { context in
        let change = try context.input(1)
        try Variable.update([try context.variable(0)]) { values in
          guard values[0].shape == change.shape, values[0].dtype == change.dtype else {
            throw EngineError.invalid(
              "\(name) requires shapes of both tensors to match. lhs shape= \(values[0].shape) rhs shape= "
                + "\(change.shape)")
          }
          let loop = try BinaryLoop.arithmetic(adds ? "Add" : "Sub", change.dtype)
          values[0].withUnsafeMutableBytes { target in
            change.withUnsafeBytes { source in
              guard let left = target.baseAddress, let right = source.baseAddress else { return }
              loop.run(.both, left, right, left, change.elementCount)
            }
          }
        }
      }
    }
  }
  ops.kernel("ReadVariableOp") { node in
    let dtype = try node.type("dtype")
    return { context in
      let value = try context.variable(0).read()
      guard value.dtype == dtype else {
        throw EngineError.invalid(
          "Trying to read variable with wrong dtype. Expected \(dtype.shortName) got \(value.dtype.shortName)")
      }
      context.setOutput(0, value)
    }
  }
  for name in ["IsVariableInitialized", "VarIsInitializedOp"] {
    ops.kernel(name) { _ in { $0.setOutput(0, Tensor(try $0.variable(0).isInitialized)) } }
  }
  ops.kernel("DestroyResourceOp") { _ in { try $0.variable(0).destroy() } }
  ops.kernel("CountUpTo") { node in
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
}
