import CKernels
import COpenBLAS
import Tensors

/// Kernels of matrix products and biases.
@Sendable func defineMatrixKernels(_ ops: inout OpRegistry) {
  ops.kernel("MatMul") { node in
    let (transposeA, transposeB) = (try node.bool("transpose_a"), try node.bool("transpose_b"))
    return { context in
      try matMul(context, transposeA: transposeA, transposeB: transposeB)
    }
  }
  for name in ["BatchMatMul", "BatchMatMulV2"] {
    ops.kernel(name) { node in
      let (adjointX, adjointY) = (try node.bool("adj_x"), try node.bool("adj_y"))
      return { context in
        try batchMatMul(context, adjointX: adjointX, adjointY: adjointY)
      }
    }
  }
  ops.kernel("BiasAdd") { node in
    let channelsFirst = try node.string("data_format") == "NCHW"
    return { context in try biasAdd(context, channelsFirst: channelsFirst) }
  }
  ops.kernel("BiasAddGrad") { node in
    let channelsFirst = try node.string("data_format") == "NCHW"
    return { context in try biasAddGradient(context, channelsFirst: channelsFirst) }
  }
  ops.kernel("L2Loss") { _ in
    { context in
      let input = try context.input(0)
      switch input.dtype {
      case .float32:
        context.setOutput(0, Tensor(input.withElements { ck_sum_squares_f32($0.baseAddress, $0.count) } / 2 as Float))
      case .float64:
        context.setOutput(0, Tensor(input.withElements { ck_sum_squares_f64($0.baseAddress, $0.count) } / 2 as Double))
      default: throw EngineError.noKernel("L2Loss", input.dtype)
      }
    }
  }
}

/// One product of row-major matrices; sizes are those of the result [m, n] and of the sum k.
private struct Product {
  var m: Int
  var n: Int
  var k: Int
  var transposeA: Bool
  var transposeB: Bool

  /// Multiplies `a` and `b` into `c`, all of the same type, at the given element offsets.
  func multiply(
    _ a: Tensor, _ aOffset: Int, _ b: Tensor, _ bOffset: Int, into c: inout Tensor, _ cOffset: Int
  ) throws {
    switch c.dtype {
    case .float32:
      a.withElements(of: Float.self) { x in
        b.withElements(of: Float.self) { y in
          c.withMutableElements(of: Float.self) { z in
            let (p, q, r) = (x.baseAddress! + aOffset, y.baseAddress! + bOffset, z.baseAddress! + cOffset)
            let (ta, tb): (Int32, Int32) = (transposeA ? 1 : 0, transposeB ? 1 : 0)
            // The loops that convolutions have are twice as quick as the library's where the processor is newer.
            let isOwn = m > 0 && n > 0 && k > 0 && ta + tb < 2 && ck_product_is_quick() != 0
            if isOwn, ck_product_f32(p, q, r, m, n, k, ta, tb) != 0 { return }
            ck_matmul_f32(p, q, r, m, n, k, ta, tb)
          }
        }
      }
    case .float64:
      a.withElements(of: Double.self) { x in
        b.withElements(of: Double.self) { y in
          c.withMutableElements(of: Double.self) { z in
            ck_matmul_f64(
              x.baseAddress! + aOffset, y.baseAddress! + bOffset, z.baseAddress! + cOffset, m, n, k,
              transposeA ? 1 : 0, transposeB ? 1 : 0)
          }
        }
      }
    case .int32: multiplyIntegers(Int32.self, a, aOffset, b, bOffset, &c, cOffset)
    case .int64: multiplyIntegers(Int64.self, a, aOffset, b, bOffset, &c, cOffset)
    default: throw EngineError.noKernel("MatMul", c.dtype)
    }
  }

  /// Integer products wrap around, as TensorFlow's do.
  private func multiplyIntegers<T: TensorScalar & FixedWidthInteger>(
    _: T.Type, _ a: Tensor, _ aOffset: Int, _ b: Tensor, _ bOffset: Int, _ c: inout Tensor, _ cOffset: Int
  ) {
    a.withElements(of: T.self) { x in
      b.withElements(of: T.self) { y in
        c.withMutableElements(of: T.self) { z in
          for row in 0..<m {
            for column in 0..<n {
              var sum: T = 0
              for index in 0..<k {
                let left = x[aOffset + (transposeA ? index * m + row : row * k + index)]
                let right = y[bOffset + (transposeB ? column * k + index : index * n + column)]
                sum &+= left &* right
              }
              z[cOffset + row * n + column] = sum
            }
          }
        }
      }
    }
  }
}

private func matMul(_ context: KernelContext, transposeA: Bool, transposeB: Bool) throws {
  let (a, b) = (try context.input(0), try context.input(1))
  guard a.rank == 2 else { throw EngineError.invalid("In[0] is not a matrix. Instead it has shape \(a.shape)") }
  guard b.rank == 2 else { throw EngineError.invalid("In[1] is not a matrix. Instead it has shape \(b.shape)") }
  let product = Product(
    m: a.shape[transposeA ? 1 : 0], n: b.shape[transposeB ? 0 : 1], k: a.shape[transposeA ? 0 : 1],
    transposeA: transposeA, transposeB: transposeB)
  guard product.k == b.shape[transposeB ? 1 : 0] else {
    throw EngineError.invalid("Matrix size-incompatible: In[0]: \(a.shape), In[1]: \(b.shape)")
  }
  var result = try context.allocate(a.dtype, [product.m, product.n])
  try product.multiply(a, 0, b, 0, into: &result, 0)
  context.setOutput(0, result)
}

private func batchMatMul(_ context: KernelContext, adjointX: Bool, adjointY: Bool) throws {
  let (x, y) = (try context.input(0), try context.input(1))
  guard x.rank >= 2, y.rank >= 2 else {
    throw EngineError.invalid("In[0] and In[1] must have at least 2 dimensions: \(x.shape), \(y.shape)")
  }
  let (rows, columns) = (x.shape.dimensions.suffix(2), y.shape.dimensions.suffix(2))
  let product = Product(
    m: adjointX ? rows.last! : rows.first!, n: adjointY ? columns.first! : columns.last!,
    k: adjointX ? rows.first! : rows.last!, transposeA: adjointX, transposeB: adjointY)
  guard product.k == (adjointY ? columns.last! : columns.first!) else {
    throw EngineError.invalid("Matrix size-incompatible: In[0]: \(x.shape), In[1]: \(y.shape)")
  }
  // Batch dimensions broadcast against each other, aligned at their ends.
  let (batchX, batchY) = (Array(x.shape.dimensions.dropLast(2)), Array(y.shape.dimensions.dropLast(2)))
  let rank = max(batchX.count, batchY.count)
  let paddedX = [Int](repeating: 1, count: rank - batchX.count) + batchX
  let paddedY = [Int](repeating: 1, count: rank - batchY.count) + batchY
  var batch: [Int] = []
  for (left, right) in zip(paddedX, paddedY) {
    guard left == right || left == 1 || right == 1 else {
      throw EngineError.invalid("In[0] and In[1] must have compatible batch dimensions: \(x.shape) vs. \(y.shape)")
    }
    batch.append(left == 1 ? right : left)
  }
  var result = try context.allocate(x.dtype, Shape(batch + [product.m, product.n]))
  let (stridesX, stridesY) = (Shape(paddedX).strides, Shape(paddedY).strides)
  let count = Shape(batch).elementCount
  var index = [Int](repeating: 0, count: rank)
  for item in 0..<(result.elementCount == 0 ? 0 : count) {
    var (offsetX, offsetY) = (0, 0)
    for axis in 0..<rank {
      offsetX += paddedX[axis] == 1 ? 0 : index[axis] * stridesX[axis]
      offsetY += paddedY[axis] == 1 ? 0 : index[axis] * stridesY[axis]
    }
    try product.multiply(
      x, offsetX * product.m * product.k, y, offsetY * product.k * product.n, into: &result,
      item * product.m * product.n)
    for axis in stride(from: rank - 1, through: 0, by: -1) {
      index[axis] += 1
      if index[axis] < batch[axis] { break }
      index[axis] = 0
    }
  }
  context.setOutput(0, result)
}

/// How a bias lies in a value: `outer` blocks of `channels` rows of `inner` elements.
private struct BiasLayout {
  var outer: Int
  var channels: Int
  var inner: Int

  init(_ shape: Shape, channelsFirst: Bool) {
    let axis = channelsFirst ? 1 : shape.rank - 1
    outer = Shape(Array(shape.dimensions[..<axis])).elementCount
    channels = shape[axis]
    inner = Shape(Array(shape.dimensions[(axis + 1)...])).elementCount
  }
}

private func biasAdd(_ context: KernelContext, channelsFirst: Bool) throws {
  let bias = try context.input(1)
  var value = try context.take(0)
  guard value.rank >= 2 else {
    throw EngineError.invalid("Input tensor must be at least 2D: \(value.shape)")
  }
  guard bias.rank == 1 else { throw EngineError.invalid("Biases must be 1D: \(bias.shape)") }
  let layout = BiasLayout(value.shape, channelsFirst: channelsFirst)
  guard bias.elementCount == layout.channels else {
    throw EngineError.invalid(
      "Must provide as many biases as the last dimension of the input tensor: \(bias.shape) vs. \(value.shape)")
  }
  switch value.dtype {
  case .float32 where layout.inner == 1 && value.elementCount > 0:
    bias.withElements(of: Float.self) { b in
      value.withMutableElements(of: Float.self) { v in
        ck_bias_add_f32(v.baseAddress, b.baseAddress, v.baseAddress, layout.outer, layout.channels)
      }
    }
  case .float32: addBias(Float.self, bias, &value, layout, +)
  case .float64 where layout.inner == 1 && value.elementCount > 0:
    bias.withElements(of: Double.self) { b in
      value.withMutableElements(of: Double.self) { v in
        ck_bias_add_f64(v.baseAddress, b.baseAddress, v.baseAddress, layout.outer, layout.channels)
      }
    }
  case .float64: addBias(Double.self, bias, &value, layout, +)
  case .int32: addBias(Int32.self, bias, &value, layout, &+)
  case .int64: addBias(Int64.self, bias, &value, layout, &+)
  default: throw EngineError.noKernel("BiasAdd", value.dtype)
  }
  context.setOutput(0, value)
}

private func addBias<T: TensorScalar>(
  _: T.Type, _ bias: Tensor, _ value: inout Tensor, _ layout: BiasLayout, _ add: (T, T) -> T
) {
  bias.withElements(of: T.self) { b in
    value.withMutableElements(of: T.self) { v in
      guard !v.isEmpty else { return }
      var index = 0
      for _ in 0..<layout.outer {
        for channel in 0..<layout.channels {
          for _ in 0..<layout.inner {
            v[index] = add(v[index], b[channel])
            index += 1
          }
        }
      }
    }
  }
}

private func biasAddGradient(_ context: KernelContext, channelsFirst: Bool) throws {
  let gradient = try context.input(0)
  guard gradient.rank >= 2 else {
    throw EngineError.invalid("Input tensor must be at least 2D: \(gradient.shape)")
  }
  let layout = BiasLayout(gradient.shape, channelsFirst: channelsFirst)
  var sums = try context.allocate(gradient.dtype, [layout.channels])
  switch gradient.dtype {
  case .float32 where layout.inner == 1 && gradient.elementCount > 0:
    gradient.withElements(of: Float.self) { g in
      sums.withMutableElements(of: Float.self) { s in
        ck_column_sums_f32(g.baseAddress, s.baseAddress, layout.outer, layout.channels)
      }
    }
  case .float32: sumBias(Float.self, gradient, &sums, layout, +)
  case .float64 where layout.inner == 1 && gradient.elementCount > 0:
    gradient.withElements(of: Double.self) { g in
      sums.withMutableElements(of: Double.self) { s in
        ck_column_sums_f64(g.baseAddress, s.baseAddress, layout.outer, layout.channels)
      }
    }
  case .float64: sumBias(Double.self, gradient, &sums, layout, +)
  case .int32: sumBias(Int32.self, gradient, &sums, layout, &+)
  case .int64: sumBias(Int64.self, gradient, &sums, layout, &+)
  default: throw EngineError.noKernel("BiasAddGrad", gradient.dtype)
  }
  context.setOutput(0, sums)
}

private func sumBias<T: TensorScalar & Numeric>(
  _: T.Type, _ gradient: Tensor, _ sums: inout Tensor, _ layout: BiasLayout, _ add: (T, T) -> T
) {
  gradient.withElements(of: T.self) { g in
    sums.withMutableElements(of: T.self) { s in
      s.update(repeating: 0)
      guard !g.isEmpty else { return }
      var index = 0
      for _ in 0..<layout.outer {
        for channel in 0..<layout.channels {
          for _ in 0..<layout.inner {
            s[channel] = add(s[channel], g[index])
            index += 1
          }
        }
      }
    }
  }
}
