import CKernels
import Tensors

/// Kernels of softmax and cross entropies. Rows run along the last dimension.
@Sendable func defineLossKernels(_ ops: inout OpRegistry) {
  for name in ["Softmax", "LogSoftmax"] {
    ops.kernel(name) { _ in
      { context in
        var values = try context.take(0)
        guard values.rank >= 1 else {
          throw EngineError.invalid("logits must have >= 1 dimension, got \(values.shape)")
        }
        let columns = values.shape[values.rank - 1]
        let rows = columns == 0 ? 0 : values.elementCount / columns
        switch values.dtype {
        case .float32:
          values.withMutableElements(of: Float.self) {
            (name == "Softmax" ? ck_softmax_f32 : ck_log_softmax_f32)($0.baseAddress, $0.baseAddress, rows, columns)
          }
        case .float64:
          values.withMutableElements(of: Double.self) {
            (name == "Softmax" ? ck_softmax_f64 : ck_log_softmax_f64)($0.baseAddress, $0.baseAddress, rows, columns)
          }
        default: throw EngineError.noKernel(name, values.dtype)
        }
        context.setOutput(0, values)
      }
    }
  }
  ops.kernel("SoftmaxCrossEntropyWithLogits") { _ in crossEntropy }
  ops.kernel("SparseSoftmaxCrossEntropyWithLogits") { _ in sparseCrossEntropy }
}

@Sendable private func crossEntropy(_ context: KernelContext) throws {
  let (given, labels) = (try context.input(0), try context.input(1))
  // One side may be a single row (or column) that stands for all.
  let logits = try broadcastRows(given, to: labels)
  let targets = try broadcastRows(labels, to: logits)
  let (rows, columns) = (logits.shape[0], logits.shape[1])
  var loss = try context.allocate(logits.dtype, [rows])
  var gradient = try context.allocate(logits.dtype, [rows, columns])
  switch logits.dtype {
  case .float32:
    logits.withElements(of: Float.self) { x in
      targets.withElements(of: Float.self) { y in
        loss.withMutableElements(of: Float.self) { l in
          gradient.withMutableElements(of: Float.self) { g in
            ck_softmax_cross_entropy_f32(x.baseAddress, y.baseAddress, l.baseAddress, g.baseAddress, rows, columns)
          }
        }
      }
    }
  case .float64:
    logits.withElements(of: Double.self) { x in
      targets.withElements(of: Double.self) { y in
        loss.withMutableElements(of: Double.self) { l in
          gradient.withMutableElements(of: Double.self) { g in
            ck_softmax_cross_entropy_f64(x.baseAddress, y.baseAddress, l.baseAddress, g.baseAddress, rows, columns)
          }
        }
      }
    }
  default: throw EngineError.noKernel("SoftmaxCrossEntropyWithLogits", logits.dtype)
  }
  context.setOutput(0, loss)
  context.setOutput(1, gradient)
}

/// `value` with its dimensions of 1 stretched to those of `other`, both matrices.
private func broadcastRows(_ value: Tensor, to other: Tensor) throws -> Tensor {
  if value.shape == other.shape, value.rank == 2 { return value }
  func mismatch() -> EngineError {
    EngineError.invalid(
      "logits and labels must be broadcastable: logits_size=\(value.shape) labels_size=\(other.shape)")
  }
  guard value.rank == 2, other.rank == 2 else { throw mismatch() }
  var target = value.shape
  for axis in 0..<2 where value.shape[axis] != other.shape[axis] {
    guard value.shape[axis] == 1 || other.shape[axis] == 1 else { throw mismatch() }
    target[axis] = value.shape[axis] == 1 ? other.shape[axis] : value.shape[axis]
  }
  if target == value.shape { return value }
  let width = value.dtype.byteWidth ?? 0
  return try value.withUnsafeBytes { source in
    try Tensor(dtype: value.dtype, shape: target, byteCount: target.elementCount * width) { bytes in
      for row in 0..<target[0] {
        for column in 0..<target[1] {
          let from = (value.shape[0] == 1 ? 0 : row) * value.shape[1] + (value.shape[1] == 1 ? 0 : column)
          let to = row * target[1] + column
          bytes[(to * width)..<((to + 1) * width)].copyBytes(from: source[(from * width)..<((from + 1) * width)])
        }
      }
    }
  }
}

@Sendable private func sparseCrossEntropy(_ context: KernelContext) throws {
  let (logits, given) = (try context.input(0), try context.input(1))
  guard logits.rank == 2 else {
    throw EngineError.invalid("logits must be 2-D, but got shape \(logits.shape)")
  }
  guard given.rank == 1 else { throw EngineError.invalid("labels must be 1-D, but got shape \(given.shape)") }
  let (rows, columns) = (logits.shape[0], logits.shape[1])
  guard given.elementCount == rows else {
    throw EngineError.invalid(
      "logits and labels must have the same first dimension, got logits shape \(logits.shape) "
        + "and labels shape \(given.shape)")
  }
  guard columns > 0 || rows == 0 else {
    throw EngineError.invalid("Must have at least one class, but got logits shape \(logits.shape)")
  }
  let labels: [Int64]
  switch given.dtype {
  case .int64: labels = given.scalars(Int64.self)
  case .int32: labels = given.scalars(Int32.self).map(Int64.init)
  default: throw EngineError.noKernel("SparseSoftmaxCrossEntropyWithLogits", given.dtype)
  }
  if let bad = labels.first(where: { $0 < 0 || $0 >= columns }) {
    throw EngineError.invalid(
      "Received a label value of \(bad) which is outside the valid range of [0, \(columns)).  Label values: "
        + labels.prefix(32).map(String.init).joined(separator: " "))
  }
  var loss = try context.allocate(logits.dtype, [rows])
  var gradient = try context.allocate(logits.dtype, [rows, columns])
  switch logits.dtype {
  case .float32:
    logits.withElements(of: Float.self) { x in
      loss.withMutableElements(of: Float.self) { l in
        gradient.withMutableElements(of: Float.self) { g in
          ck_sparse_softmax_cross_entropy_f32(x.baseAddress, labels, l.baseAddress, g.baseAddress, rows, columns)
        }
      }
    }
  case .float64:
    logits.withElements(of: Double.self) { x in
      loss.withMutableElements(of: Double.self) { l in
        gradient.withMutableElements(of: Double.self) { g in
          ck_sparse_softmax_cross_entropy_f64(x.baseAddress, labels, l.baseAddress, g.baseAddress, rows, columns)
        }
      }
    }
  default: throw EngineError.noKernel("SparseSoftmaxCrossEntropyWithLogits", logits.dtype)
  }
  context.setOutput(0, loss)
  context.setOutput(1, gradient)
}
