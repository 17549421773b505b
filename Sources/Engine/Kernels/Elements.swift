import Tensors

/// Typed views of a tensor's elements for the length of a call.
///
/// Unsafe island: the pointers must not leave the closures. A view of the wrong type is a mistake in a kernel and traps.
extension Tensor {
  @inline(__always)
  func withElements<T: TensorScalar, R>(
    of type: T.Type = T.self, _ body: (UnsafeBufferPointer<T>) throws -> R
  ) rethrows -> R {
    precondition(T.dataType == dtype, "kernel mismatch: \(dtype.name) read as \(T.dataType.name)")
    return try withUnsafeBytes { bytes in
      // Of an empty tensor too the address is that of allocated memory, so C gets no null pointer.
      try body(UnsafeBufferPointer(start: bytes.baseAddress?.assumingMemoryBound(to: T.self), count: elementCount))
    }
  }

  @inline(__always)
  mutating func withMutableElements<T: TensorScalar, R>(
    of type: T.Type = T.self, _ body: (UnsafeMutableBufferPointer<T>) throws -> R
  ) rethrows -> R {
    precondition(T.dataType == dtype, "kernel mismatch: \(dtype.name) written as \(T.dataType.name)")
    let count = elementCount
    return try withUnsafeMutableBytes { bytes in
      try body(UnsafeMutableBufferPointer(start: bytes.baseAddress?.assumingMemoryBound(to: T.self), count: count))
    }
  }
}

extension EngineError {
  /// An operation whose kernel does not take this element type.
  static func noKernel(_ op: String, _ dtype: DataType) -> EngineError {
    EngineError(
      .unimplemented, "No kernel of '\(op)' for \(dtype.name). Cast its inputs to a type it takes, such as float32.")
  }
}
