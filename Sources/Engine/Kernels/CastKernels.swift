import Tensors

/// The kernel of `Cast`, and those that choose elements by a condition.
@Sendable func defineCastKernels(_ ops: inout OpRegistry) {
  ops.kernel("Cast") { node in
    let target = try node.type("DstT")
    return { context in
      context.setOutput(0, try Casting.cast(try context.take(0), to: target))
    }
  }
  ops.kernel("Select") { _ in select }
}

/// Conversion of element types by TensorFlow's rules.
///
/// Floating point to integer cuts off towards zero; what does not fit, NaN included, becomes the smallest int32 (or
/// int64), of which narrow types keep the low bits, as the x86 instruction does. To bool is "not zero".
enum Casting {
  static func cast(_ value: Tensor, to target: DataType) throws -> Tensor {
    if value.dtype == target { return value }
    switch value.dtype {
    case .float32: return try fromFloating(value, Float.self, to: target) { Double($0) }
    case .float64: return try fromFloating(value, Double.self, to: target) { $0 }
    case .float16: return try fromFloating(value, Float16.self, to: target) { Double($0) }
    case .bfloat16: return try fromFloating(value, BFloat16.self, to: target) { Double($0.floatValue) }
    case .int8: return try fromInteger(value, Int8.self, to: target)
    case .int16: return try fromInteger(value, Int16.self, to: target)
    case .int32: return try fromInteger(value, Int32.self, to: target)
    case .int64: return try fromInteger(value, Int64.self, to: target)
    case .uint8: return try fromInteger(value, UInt8.self, to: target)
    case .uint16: return try fromInteger(value, UInt16.self, to: target)
    case .uint32: return try fromInteger(value, UInt32.self, to: target)
    case .uint64: return try fromInteger(value, UInt64.self, to: target)
    case .bool:
      return try fromInteger(
        Tensor(value.scalars(Bool.self).map { $0 ? 1 : 0 as UInt8 }, shape: value.shape), UInt8.self, to: target)
    default:
      throw EngineError(
        .unimplemented, "Cast \(value.dtype.name) to \(target.name) is not supported")
    }
  }

  /// Every value of the floating point types fits a Double exactly, so conversions round once.
  private static func fromFloating<S: TensorScalar>(
    _ value: Tensor, _: S.Type, to target: DataType, _ wide: (S) -> Double
  ) throws -> Tensor {
    switch target {
    case .float32: map(value, S.self) { Float(wide($0)) }
    case .float64: map(value, S.self) { wide($0) }
    case .float16: map(value, S.self) { Float16(Float(wide($0))) }
    case .bfloat16: map(value, S.self) { BFloat16(Float(wide($0))) }
    case .int8: map(value, S.self) { Int8(truncatingIfNeeded: int32(wide($0))) }
    case .int16: map(value, S.self) { Int16(truncatingIfNeeded: int32(wide($0))) }
    case .int32: map(value, S.self) { int32(wide($0)) }
    case .int64: map(value, S.self) { int64(wide($0)) }
    case .uint8: map(value, S.self) { UInt8(truncatingIfNeeded: int32(wide($0))) }
    case .uint16: map(value, S.self) { UInt16(truncatingIfNeeded: int32(wide($0))) }
    case .uint32: map(value, S.self) { UInt32(truncatingIfNeeded: int64(wide($0))) }
    case .uint64:
      map(value, S.self) { UInt64(exactly: wide($0).rounded(.towardZero)) ?? UInt64(bitPattern: int64(wide($0))) }
    case .bool: map(value, S.self) { wide($0) != 0 }
    case .complex64: map(value, S.self) { Complex64(Float(wide($0)), 0) }
    case .complex128: map(value, S.self) { Complex128(wide($0), 0) }
    default:
      throw EngineError(.unimplemented, "Cast \(value.dtype.name) to \(target.name) is not supported")
    }
  }

  private static func fromInteger<S: TensorScalar & FixedWidthInteger>(
    _ value: Tensor, _: S.Type, to target: DataType
  ) throws -> Tensor {
    switch target {
    case .float32: map(value, S.self) { Float($0) }
    case .float64: map(value, S.self) { Double($0) }
    case .float16: map(value, S.self) { Float16(Float($0)) }
    case .bfloat16: map(value, S.self) { BFloat16(Float($0)) }
    case .int8: map(value, S.self) { Int8(truncatingIfNeeded: $0) }
    case .int16: map(value, S.self) { Int16(truncatingIfNeeded: $0) }
    case .int32: map(value, S.self) { Int32(truncatingIfNeeded: $0) }
    case .int64: map(value, S.self) { Int64(truncatingIfNeeded: $0) }
    case .uint8: map(value, S.self) { UInt8(truncatingIfNeeded: $0) }
    case .uint16: map(value, S.self) { UInt16(truncatingIfNeeded: $0) }
    case .uint32: map(value, S.self) { UInt32(truncatingIfNeeded: $0) }
    case .uint64: map(value, S.self) { UInt64(truncatingIfNeeded: $0) }
    case .bool: map(value, S.self) { $0 != 0 }
    case .complex64: map(value, S.self) { Complex64(Float($0), 0) }
    case .complex128: map(value, S.self) { Complex128(Double($0), 0) }
    default:
      throw EngineError(.unimplemented, "Cast \(value.dtype.name) to \(target.name) is not supported")
    }
  }

  private static func int32(_ value: Double) -> Int32 { Int32(exactly: value.rounded(.towardZero)) ?? .min }
  private static func int64(_ value: Double) -> Int64 { Int64(exactly: value.rounded(.towardZero)) ?? .min }

  @inline(__always)
  private static func map<S: TensorScalar, T: TensorScalar>(
    _ value: Tensor, _: S.Type, _ convert: (S) -> T
  ) -> Tensor {
    var result = Tensor(uninitialized: T.dataType, shape: value.shape)
    value.withElements(of: S.self) { source in
      result.withMutableElements(of: T.self) { target in
        for index in source.indices { target[index] = convert(source[index]) }
      }
    }
    return result
  }
}

/// `Select`: the condition has the shape of the values, or is a scalar, or chooses among rows.
@Sendable private func select(_ context: KernelContext) throws {
  let (condition, yes, no) = (try context.input(0), try context.input(1), try context.input(2))
  guard yes.shape == no.shape else {
    throw EngineError.invalid("'then' and 'else' must have the same size.  but received: \(yes.shape) vs. \(no.shape)")
  }
  let chosen = condition.scalars(Bool.self)
  if condition.rank == 0 { return context.setOutput(0, chosen[0] ? yes : no) }
  guard condition.shape == yes.shape || (condition.rank == 1 && yes.rank > 0 && condition.shape[0] == yes.shape[0])
  else {
    throw EngineError.invalid(
      "Number of batches of 'then' must match size of 'condition', but saw: \(yes.shape) vs. \(condition.shape)")
  }
  let run = chosen.isEmpty ? 0 : yes.elementCount / chosen.count
  context.setOutput(0, try choose(from: yes, no, shape: yes.shape, run: run) { (chosen[$0], $0, $0) })
}

/// Builds a tensor of runs of `run` elements; `pick` says for each run which side it comes from, and its run there.
private func choose(
  from yes: Tensor, _ no: Tensor, shape: Shape, run: Int, _ pick: (Int) -> (Bool, Int, Int)
) throws -> Tensor {
  let count = run == 0 ? 0 : shape.elementCount / run
  if yes.dtype == .string {
    var strings: [[UInt8]] = []
    for index in 0..<count {
      let (first, a, b) = pick(index)
      let start = (first ? a : b) * run
      strings += (first ? yes : no).strings[start..<(start + run)]
    }
    return Tensor(strings: strings, shape: shape)
  }
  let width = run * (yes.dtype.byteWidth ?? 0)
  return try yes.withUnsafeBytes { x in
    try no.withUnsafeBytes { y in
      try Tensor(dtype: yes.dtype, shape: shape, byteCount: count * width) { target in
        for index in 0..<count {
          let (first, a, b) = pick(index)
          let start = (first ? a : b) * width
          target[(index * width)..<((index + 1) * width)].copyBytes(from: (first ? x : y)[start..<(start + width)])
        }
      }
    }
  }
}
