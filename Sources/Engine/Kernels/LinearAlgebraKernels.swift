import Tensors

#if canImport(Glibc)
  import Glibc
#else
  import Foundation
#endif

/// Kernels of inverses, determinants, solutions and Cholesky factors. Matrices are small where models use them, so the
/// arithmetic is plain and in double precision.
@Sendable func defineLinearAlgebraKernels(_ ops: inout OpRegistry) {
  ops.kernel("MatrixInverse") { node in
    let adjoint = try node.bool("adjoint")
    return { context in
      try eachMatrix(context, "MatrixInverse") { matrix in
        let source = adjoint ? matrix.transposed : matrix
        return try Factors(source).solve(.identity(matrix.rows))
      }
    }
  }
  ops.kernel("Cholesky") { _ in { try eachMatrix($0, "Cholesky") { try $0.cholesky() } } }
  ops.kernel("MatrixDeterminant") { _ in
    { context in
      let (input, matrices) = try squares(context, 0, "MatrixDeterminant")
      let values = matrices.map { matrix in
        guard let factors = try? Factors(matrix) else { return 0.0 }
        return factors.diagonal.reduce(factors.sign, *)
      }
      context.setOutput(0, numbers(values, input.dtype, Shape(Array(input.shape.dimensions.dropLast(2)))))
    }
  }
  ops.kernel("LogMatrixDeterminant") { _ in
    { context in
      let (input, matrices) = try squares(context, 0, "LogMatrixDeterminant")
      let shape = Shape(Array(input.shape.dimensions.dropLast(2)))
      let parts = matrices.map { matrix -> (Double, Double) in
        guard let factors = try? Factors(matrix) else { return (0, -.infinity) }
        let sign = factors.diagonal.reduce(factors.sign) { $1 < 0 ? -$0 : $0 }
        return (sign, factors.diagonal.reduce(0) { $0 + log(abs($1)) })
      }
      context.setOutput(0, numbers(parts.map(\.0), input.dtype, shape))
      context.setOutput(1, numbers(parts.map(\.1), input.dtype, shape))
    }
  }
  ops.kernel("MatrixSolve") { node in
    let adjoint = try node.bool("adjoint")
    return { context in
      try solve(context, "MatrixSolve") { left, right in
        try Factors(adjoint ? left.transposed : left).solve(right)
      }
    }
  }
  ops.kernel("MatrixTriangularSolve") { node in
    let (lower, adjoint) = (try node.bool("lower"), try node.bool("adjoint"))
    return { context in
      try solve(context, "MatrixTriangularSolve") { left, right in
        try (adjoint ? left.transposed : left).triangularSolution(right, isLower: lower != adjoint)
      }
    }
  }
}

/// A small matrix, row by row.
private struct SmallMatrix {
  var values: [Double]
  let rows: Int
  let columns: Int

  static func identity(_ size: Int) -> SmallMatrix {
    var values = [Double](repeating: 0, count: size * size)
    for index in 0..<size { values[index * (size + 1)] = 1 }
    return SmallMatrix(values: values, rows: size, columns: size)
  }

  subscript(row: Int, column: Int) -> Double {
    get { values[row * columns + column] }
    set { values[row * columns + column] = newValue }
  }

  var transposed: SmallMatrix {
    var result = SmallMatrix(values: values, rows: columns, columns: rows)
    for row in 0..<rows { for column in 0..<columns { result[column, row] = self[row, column] } }
    return result
  }

  /// The lower triangle whose product with its transpose is the matrix; only its lower half is read.
  func cholesky() throws -> SmallMatrix {
    var factor = SmallMatrix(values: [Double](repeating: 0, count: values.count), rows: rows, columns: columns)
    for row in 0..<rows {
      for column in 0...row {
        var sum = self[row, column]
        for index in 0..<column { sum -= factor[row, index] * factor[column, index] }
        if row == column {
          guard sum > 0 else {
            throw EngineError.invalid("Cholesky decomposition was not successful. The input might not be valid.")
          }
          factor[row, row] = sum.squareRoot()
        } else {
          factor[row, column] = sum / factor[column, column]
        }
      }
    }
    return factor
  }

  func triangularSolution(_ right: SmallMatrix, isLower: Bool) throws -> SmallMatrix {
    var result = right
    for step in 0..<rows {
      let row = isLower ? step : rows - 1 - step
      guard self[row, row] != 0 else { throw EngineError.invalid("Input matrix is not invertible.") }
      for column in 0..<right.columns {
        var sum = result[row, column]
        for other in isLower ? 0..<row : (row + 1)..<rows { sum -= self[row, other] * result[other, column] }
        result[row, column] = sum / self[row, row]
      }
    }
    return result
  }
}

/// The triangles whose product is a matrix with its rows exchanged (Gauss, with the largest pivot of each column).
private struct Factors {
  private var matrix: SmallMatrix
  private var order: [Int]
  private(set) var sign = 1.0

  init(_ source: SmallMatrix) throws {
    matrix = source
    order = Array(0..<source.rows)
    let size = source.rows
    for step in 0..<size {
      let pivot = (step..<size).max { abs(matrix[$0, step]) < abs(matrix[$1, step]) } ?? step
      guard matrix[pivot, step] != 0 else { throw EngineError.invalid("Input is not invertible.") }
      if pivot != step {
        for column in 0..<size { matrix.values.swapAt(pivot * size + column, step * size + column) }
        order.swapAt(pivot, step)
        sign = -sign
      }
      for row in (step + 1)..<max(size, step + 1) {
        let factor = matrix[row, step] / matrix[step, step]
        matrix[row, step] = factor
        for column in (step + 1)..<size { matrix[row, column] -= factor * matrix[step, column] }
      }
    }
  }

  var diagonal: [Double] { (0..<matrix.rows).map { matrix[$0, $0] } }

  func solve(_ right: SmallMatrix) throws -> SmallMatrix {
    var result = right
    for (row, source) in order.enumerated() {
      for column in 0..<right.columns { result[row, column] = right[source, column] }
    }
    for row in 0..<matrix.rows {
      for other in 0..<row {
        let factor = matrix[row, other]
        for column in 0..<right.columns { result[row, column] -= factor * result[other, column] }
      }
    }
    return try matrix.triangularSolution(result, isLower: false)
  }
}

/// Input `index` as a batch of matrices.
private func batch(_ context: KernelContext, _ index: Int, _ op: String) throws -> (Tensor, [SmallMatrix]) {
  let input = try context.input(index)
  let layout = try MatrixLayout(input.shape)
  guard input.dtype == .float32 || input.dtype == .float64 else { throw EngineError.noKernel(op, input.dtype) }
  guard layout.rows <= 1 << 14, layout.columns <= 1 << 14 else {
    throw EngineError(.resourceExhausted, "\(op) of matrices of shape \(input.shape) would take too long")
  }
  let values = try doubles(input, op)
  let count = layout.size == 0 ? 0 : layout.batch
  return (
    input,
    (0..<count).map { number in
      SmallMatrix(
        values: Array(values[(number * layout.size)..<((number + 1) * layout.size)]), rows: layout.rows,
        columns: layout.columns)
    }
  )
}

private func squares(_ context: KernelContext, _ index: Int, _ op: String) throws -> (Tensor, [SmallMatrix]) {
  let (input, matrices) = try batch(context, index, op)
  let layout = try MatrixLayout(input.shape)
  guard layout.rows == layout.columns else {
    throw EngineError.invalid("Input matrix must be square, got \(layout.rows) x \(layout.columns)")
  }
  // The determinant of a matrix without elements is 1.
  let none = [SmallMatrix](repeating: .identity(0), count: layout.size == 0 ? min(layout.batch, 1 << 20) : 0)
  return (input, matrices + none)
}

private func numbers(_ values: [Double], _ dtype: DataType, _ shape: Shape) -> Tensor {
  dtype == .float64 ? Tensor(values, shape: shape) : Tensor(values.map { Float($0) }, shape: shape)
}

private func eachMatrix(
  _ context: KernelContext, _ op: String, _ body: (SmallMatrix) throws -> SmallMatrix
) throws {
  let (input, matrices) = try squares(context, 0, op)
  guard input.elementCount > 0 else { return context.setOutput(0, input) }
  context.setOutput(0, numbers(try matrices.flatMap { try body($0).values }, input.dtype, input.shape))
}

private func solve(
  _ context: KernelContext, _ op: String, _ body: (SmallMatrix, SmallMatrix) throws -> SmallMatrix
) throws {
  let (left, matrices) = try squares(context, 0, op)
  let (right, sides) = try batch(context, 1, op)
  let (a, b) = (try MatrixLayout(left.shape), try MatrixLayout(right.shape))
  guard left.shape.dimensions.dropLast(2) == right.shape.dimensions.dropLast(2), a.rows == b.rows else {
    throw EngineError.invalid("Input matrices \(left.shape) and \(right.shape) do not belong together")
  }
  guard right.elementCount > 0 else { return context.setOutput(0, right) }
  let values = try zip(matrices, sides).flatMap { try body($0, $1).values }
  context.setOutput(0, numbers(values, right.dtype, right.shape))
}

/// Gradients of the same (TensorFlow's `linalg_grad.py`).
@Sendable func defineLinearAlgebraGradients(_ ops: inout OpRegistry) {
  @Sendable func product(
    _ c: GradientContext, _ a: Output, _ b: Output, adjointA: Bool = false, adjointB: Bool = false
  ) throws -> Output {
    let isMatrix = a.shape.rank == 2 && b.shape.rank == 2
    return isMatrix
      ? try c.add("MatMul", a, b, attributes: ["transpose_a": .bool(adjointA), "transpose_b": .bool(adjointB)])
      : try c.add("BatchMatMulV2", a, b, attributes: ["adj_x": .bool(adjointA), "adj_y": .bool(adjointB)])
  }
  @Sendable func spread(_ c: GradientContext, _ scalars: Output) throws -> Output {
    try c.add("ExpandDims", try c.add("ExpandDims", scalars, try c.integer(-1)), try c.integer(-1))
  }
  ops.gradient("MatrixInverse") { c in
    let inverse = c.outputs[0]
    let inner = try product(c, c.gradient, inverse, adjointB: true)
    let gradient = try c.neg(try product(c, inverse, inner, adjointA: true))
    // Of the inverse of the transpose, the gradient is transposed too.
    guard try c.node.bool("adjoint"), let rank = gradient.shape.rank else { return [gradient] }
    let order = Array(0..<(rank - 2)) + [rank - 1, rank - 2]
    return [try c.add("Transpose", gradient, try c.integers(order, name: "transpose/perm"), name: "transpose")]
  }
  ops.gradient("MatrixDeterminant") { c in
    let inverse = try c.add("MatrixInverse", c.x, attributes: ["adjoint": .bool(true)])
    return [try c.mul(try spread(c, try c.mul(c.gradient, c.outputs[0])), inverse)]
  }
  ops.gradient("LogMatrixDeterminant") { c in
    let inverse = try c.add("MatrixInverse", c.x, attributes: ["adjoint": .bool(true)])
    return [try c.mul(try spread(c, c.outputGradients[1]), inverse)]
  }
  for op in ["MatrixSolve", "MatrixTriangularSolve"] {
    ops.gradient(op) { c in
      let adjoint = try c.node.bool("adjoint")
      var attributes = c.attributes(["lower"])
      attributes["adjoint"] = .bool(!adjoint)
      let right = try c.add(op, c.x, c.gradient, attributes: attributes)
      let left =
        adjoint
        ? try product(c, c.outputs[0], right, adjointB: true) : try product(c, right, c.outputs[0], adjointB: true)
      let gradient = try c.neg(left)
      guard op == "MatrixTriangularSolve" else { return [gradient, right] }
      let isLower = try c.node.bool("lower")
      let half = try c.add(
        "MatrixBandPart", gradient, try c.integer(isLower ? -1 : 0), try c.integer(isLower ? 0 : -1),
        attributes: ["Tindex": .type(.int32)])
      return [half, right]
    }
  }
  ops.gradient("Cholesky") { c in
    let factor = c.outputs[0]
    let middle = try product(c, factor, c.gradient, adjointA: true)
    let diagonal = try c.add("MatrixDiagPart", middle)
    let halved = try c.add(
      "MatrixSetDiag", middle, try c.mul(try c.scalar(0.5, like: diagonal), diagonal))
    let lower = try c.add(
      "MatrixBandPart", halved, try c.integer(-1), try c.integer(0), attributes: ["Tindex": .type(.int32)])
    let inverse = try c.add(
      "MatrixTriangularSolve", factor, try identityLike(c, factor), attributes: ["lower": .bool(true)])
    let gradient = try product(c, try product(c, inverse, lower, adjointA: true), inverse)
    let rank = gradient.shape.rank ?? 2
    let order = try c.integers(Array(0..<(rank - 2)) + [rank - 1, rank - 2], name: "transpose/perm")
    let both = try c.add("AddV2", gradient, try c.add("Transpose", gradient, order, name: "transpose"), name: "add")
    return [try c.mul(both, try c.scalar(0.5, like: both))]
  }
}

/// The identity for each matrix of a batch.
private func identityLike(_ c: GradientContext, _ matrices: Output) throws -> Output {
  let diagonal = try c.add("MatrixDiagPart", matrices)
  return try c.add("MatrixDiag", try c.add("OnesLike", diagonal, name: "ones_like"))
}
