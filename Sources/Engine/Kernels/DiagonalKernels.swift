import Tensors

/// Kernels of diagonals and bands of matrices.
@Sendable func defineDiagonalKernels(_ ops: inout OpRegistry) {
  ops.kernel("Diag") { _ in
    { context in
      let input = try context.input(0)
      let count = input.elementCount
      let shape = Shape(input.shape.dimensions + input.shape.dimensions)
      let output = try diagonals(context, input, batch: 1, length: count)
      context.setOutput(0, output.reshaped(to: shape))
    }
  }
  for name in ["MatrixDiag", "BatchMatrixDiag"] where ops[name] != nil {
    ops.kernel(name) { _ in
      { context in
        let input = try context.input(0)
        guard let length = input.shape.dimensions.last else {
          throw EngineError.invalid("input must be at least 1-dim, received shape: \(input.shape)")
        }
        let batch = Shape(Array(input.shape.dimensions.dropLast())).elementCount
        let output = try diagonals(context, input, batch: batch, length: length)
        context.setOutput(0, output.reshaped(to: Shape(input.shape.dimensions + [length])))
      }
    }
  }
  ops.kernel("MatrixDiagPart") { _ in
    { context in
      let input = try context.input(0)
      let layout = try MatrixLayout(input.shape)
      let length = min(layout.rows, layout.columns)
      var positions: [Int] = []
      for matrix in 0..<(length == 0 ? 0 : layout.batch) {
        for index in 0..<length { positions.append(matrix * layout.size + index * (layout.columns + 1)) }
      }
      context.setOutput(
        0, try picked(context, input, positions, shape: Shape(input.shape.dimensions.dropLast(2) + [length])))
    }
  }
  ops.kernel("MatrixSetDiag") { _ in
    { context in
      var output = try context.take(0)
      let diagonal = try context.input(1)
      let layout = try MatrixLayout(output.shape)
      let length = min(layout.rows, layout.columns)
      guard diagonal.shape == Shape(output.shape.dimensions.dropLast(2) + [length]) else {
        throw EngineError.invalid(
          "must have diagonal.shape == input.shape[:-2] + min(input.shape[-2:]), but received "
            + "input shape: \(output.shape) and diagonal shape: \(diagonal.shape)")
      }
      guard let width = output.dtype.byteWidth else { throw EngineError.noKernel("MatrixSetDiag", output.dtype) }
      output.withUnsafeMutableBytes { target in
        diagonal.withUnsafeBytes { source in
          guard let to = target.baseAddress, let from = source.baseAddress else { return }
          for index in 0..<diagonal.elementCount {
            let position = index / length * layout.size + index % length * (layout.columns + 1)
            (to + position * width).copyMemory(from: from + index * width, byteCount: width)
          }
        }
      }
      context.setOutput(0, output)
    }
  }
  for name in ["MatrixBandPart", "BatchMatrixBandPart"] where ops[name] != nil {
    ops.kernel(name) { _ in
      { context in
        let (lower, upper) = (try context.integer(1, "num_lower"), try context.integer(2, "num_upper"))
        let input = try context.input(0)
        let layout = try MatrixLayout(input.shape)
        guard lower <= layout.rows, upper <= layout.columns else {
          throw EngineError.invalid(
            "num_lower and num_upper must be negative or at most the number of rows and columns, "
              + "got: \(lower) and \(upper)")
        }
        guard let width = input.dtype.byteWidth else { throw EngineError.noKernel(name, input.dtype) }
        let output = try context.zeros(input.dtype, input.shape)
        withExtendedLifetime((input, output)) {
          for row in 0..<(layout.size == 0 ? 0 : layout.batch * layout.rows) {
            let at = row % layout.rows
            let first = lower < 0 ? 0 : max(0, at - lower)
            let last = upper < 0 ? layout.columns : min(layout.columns, at + upper + 1)
            guard first < last else { continue }
            let offset = (row * layout.columns + first) * width
            (output.storage.pointer + offset).copyMemory(
              from: input.storage.pointer + offset, byteCount: (last - first) * width)
          }
        }
        context.setOutput(0, output)
      }
    }
  }
}

/// A batch of matrices: the last two dimensions of a shape, and the number of matrices.
struct MatrixLayout {
  let batch: Int
  let rows: Int
  let columns: Int
  var size: Int { rows * columns }

  init(_ shape: Shape) throws {
    guard shape.rank >= 2 else {
      throw EngineError.invalid("input must be at least 2-dim, received shape: \(shape)")
    }
    batch = Shape(Array(shape.dimensions.dropLast(2))).elementCount
    rows = shape[shape.rank - 2]
    columns = shape[shape.rank - 1]
  }
}

/// Matrices with the rows of `input` on their diagonals.
private func diagonals(_ context: KernelContext, _ input: Tensor, batch: Int, length: Int) throws -> Tensor {
  guard let width = input.dtype.byteWidth else { throw EngineError.noKernel("Diag", input.dtype) }
  let output = try context.zeros(input.dtype, [batch, length, length])
  withExtendedLifetime((input, output)) {
    for index in 0..<input.elementCount {
      let position = index / length * length * length + index % length * (length + 1)
      (output.storage.pointer + position * width).copyMemory(
        from: input.storage.pointer + index * width, byteCount: width)
    }
  }
  return output
}
