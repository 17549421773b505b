import Tensors

/// Kernels of decompositions. Matrices are small (initial values), so the arithmetic is plain and in double precision.
@Sendable func defineDecompositionKernels(_ ops: inout OpRegistry) {
  ops.kernel("Qr") { node in
    let isFull = try node.bool("full_matrices")
    return { context in
      let input = try context.input(0)
      guard input.rank >= 2 else {
        throw EngineError.invalid("Qr takes matrices, not a tensor of shape \(input.shape)")
      }
      let outer = Array(input.shape.dimensions.dropLast(2))
      let (rows, columns) = (input.shape[input.rank - 2], input.shape[input.rank - 1])
      let inner = isFull ? rows : min(rows, columns)
      var q = try context.allocate(input.dtype, Shape(outer + [rows, inner]))
      var r = try context.allocate(input.dtype, Shape(outer + [inner, columns]))
      switch input.dtype {
      case .float32: decompose(Float.self, input, &q, &r, rows: rows, columns: columns, inner: inner)
      case .float64: decompose(Double.self, input, &q, &r, rows: rows, columns: columns, inner: inner)
      default: throw EngineError.noKernel("Qr", input.dtype)
      }
      context.setOutput(0, q)
      context.setOutput(1, r)
    }
  }
  ops.kernel("DiagPart") { _ in
    { context in
      let input = try context.input(0)
      let half = input.rank / 2
      let sizes = Array(input.shape.dimensions.prefix(half))
      guard input.rank >= 2, input.rank % 2 == 0, Array(input.shape.dimensions.suffix(half)) == sizes else {
        throw EngineError.invalid(
          "DiagPart takes a tensor whose dimensions come twice, such as [2,3,2,3], not \(input.shape)")
      }
      guard let width = input.dtype.byteWidth else { throw EngineError.noKernel("DiagPart", input.dtype) }
      var output = try context.allocate(input.dtype, Shape(sizes))
      let count = output.elementCount
      output.withUnsafeMutableBytes { target in
        input.withUnsafeBytes { source in
          for index in 0..<count {
            let from = (index * count + index) * width
            target[index * width..<(index + 1) * width].copyBytes(from: source[from..<from + width])
          }
        }
      }
      context.setOutput(0, output)
    }
  }
}

/// Decomposes each matrix of a batch.
private func decompose<T: TensorScalar & BinaryFloatingPoint>(
  _: T.Type, _ input: Tensor, _ q: inout Tensor, _ r: inout Tensor, rows: Int, columns: Int, inner: Int
) {
  let matrixSize = rows * columns
  guard matrixSize > 0 else { return }
  input.withElements(of: T.self) { source in
    q.withMutableElements(of: T.self) { q in
      r.withMutableElements(of: T.self) { r in
        for batch in 0..<source.count / matrixSize {
          let start = batch * matrixSize
          var matrix = Householder(
            source[start..<start + matrixSize].map { Double($0) }, rows: rows, columns: columns)
          matrix.reduce()
          for row in 0..<inner {
            for column in 0..<columns {
              r[batch * inner * columns + row * columns + column] = T(
                row <= column ? matrix.values[row * columns + column] : 0)
            }
          }
          let vectors = matrix.orthogonal(columns: inner)
          for index in vectors.indices { q[batch * rows * inner + index] = T(vectors[index]) }
        }
      }
    }
  }
}

/// QR by Householder reflections (G. Golub, C. Van Loan, "Matrix Computations", 5.2), row by row in memory.
private struct Householder {
  var values: [Double]
  let rows: Int
  let columns: Int
  /// The reflections' vectors, each from its own row on.
  private var reflections: [[Double]] = []

  init(_ values: [Double], rows: Int, columns: Int) {
    self.values = values
    self.rows = rows
    self.columns = columns
  }

  /// Turns `values` into R.
  mutating func reduce() {
    for step in 0..<min(rows, columns) {
      var vector = (step..<rows).map { values[$0 * columns + step] }
      let norm = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
      vector[0] += vector[0] < 0 ? -norm : norm
      reflections.append(vector)
      reflect(&values, width: columns, from: step, by: vector)
    }
  }

  /// The first columns of Q: the reflections in reverse on the identity.
  func orthogonal(columns count: Int) -> [Double] {
    var result = [Double](repeating: 0, count: rows * count)
    for index in 0..<min(rows, count) { result[index * count + index] = 1 }
    for (step, vector) in reflections.enumerated().reversed() {
      reflect(&result, width: count, from: step, by: vector)
    }
    return result
  }

  /// `matrix -= 2 v vᵀ matrix / vᵀv`, on the rows from `first` on.
  private func reflect(_ matrix: inout [Double], width: Int, from first: Int, by vector: [Double]) {
    let square = vector.reduce(0) { $0 + $1 * $1 }
    guard square > 0 else { return }
    for column in 0..<width {
      var product = 0.0
      for (offset, value) in vector.enumerated() { product += value * matrix[(first + offset) * width + column] }
      let factor = 2 * product / square
      for (offset, value) in vector.enumerated() { matrix[(first + offset) * width + column] -= factor * value }
    }
  }
}
