import Tensors

/// `Cast`, by TensorFlow's rules: floats go to integers by cutting off the fraction, and a value that does not fit an
/// int32 or int64 (NaN and infinities too) becomes the smallest one; integers wrap; to bool is "not zero".
@Sendable func defineCastKernels(_ ops: inout OpRegistry) {
  ops.kernel("Cast") { node in
    let (from, to) = (try node.type("SrcT"), try node.type("DstT"))
    if from == to { return { $0.setOutput(0, try $0.take(0)) } }
    switch from {
    case .float32: return try castFromReal(Float.self, to)
    case .float64: return try castFromReal(Double.self, to)
    case .float16: return try castFromReal(Float16.self, to)
    case .bfloat16: return try castFromBFloat16(to)
    case .int8: return try castFromInteger(Int8.self, to)
    case .int16: return try castFromInteger(Int16.self, to)
    case .int32: return try castFromInteger(Int32.self, to)
    case .int64: return try castFromInteger(Int64.self, to)
    case .uint8: return try castFromInteger(UInt8.self, to)
    case .uint16: return try castFromInteger(UInt16.self, to)
    case .uint32: return try castFromInteger(UInt32.self, to)
    case .uint64: return try castFromInteger(UInt64.self, to)
    case .bool: return try castFromBool(to)
    default: throw unsupported(from, to)
    }
  }
}

private func unsupported(_ from: DataType, _ to: DataType) -> EngineError {
  EngineError(.unimplemented, "Cast \(from.shortName) to \(to.shortName) is not supported")
}

private func convert<T: TensorScalar, U: TensorScalar>(_ body: @escaping @Sendable (T) -> U) -> Kernel {
  { context in
    try context.unary(U.dataType) { input, output, count in
      let x = input.assumingMemoryBound(to: T.self)
      let y = output.assumingMemoryBound(to: U.self)
      for index in 0..<count { y[index] = body(x[index]) }
    }
  }
}

/// The integer a real number is cut to. What does not fit gives what the processor's conversion gives.
private func truncated<T: BinaryFloatingPoint, U: FixedWidthInteger>(_ value: T, _: U.Type) -> U {
  if U.self == Int64.self || U.self == UInt64.self {
    let wide = Double(value)
    // The exact bounds of a 64-bit integer; outside them, as inside NaN, the conversion is invalid.
    if U.self == UInt64.self, wide >= 9_223_372_036_854_775_808, wide < 18_446_744_073_709_551_616 {
      return U(truncatingIfNeeded: UInt64(wide))
    }
    guard wide >= -9_223_372_036_854_775_808, wide < 9_223_372_036_854_775_808 else {
      return U(truncatingIfNeeded: Int64.min)
    }
    return U(truncatingIfNeeded: Int64(wide))
  }
  if U.self == UInt32.self {
    let wide = Double(value)
    guard wide > -9_223_372_036_854_775_808, wide < 9_223_372_036_854_775_808 else { return 0 }
    return U(truncatingIfNeeded: Int64(wide))
  }
  let wide = Double(value)
  guard wide > -2_147_483_649, wide < 2_147_483_648 else { return U(truncatingIfNeeded: Int32.min) }
  return U(truncatingIfNeeded: Int32(wide))
}

private func castFromReal<T: TensorScalar & BinaryFloatingPoint>(_: T.Type, _ to: DataType) throws -> Kernel {
  switch to {
  case .float32: convert { (x: T) in Float(x) }
  case .float64: convert { (x: T) in Double(x) }
  case .float16: convert { (x: T) in Float16(x) }
  case .bfloat16: convert { (x: T) in BFloat16(Float(x)) }
  case .int8: convert { (x: T) in truncated(x, Int8.self) }
  case .int16: convert { (x: T) in truncated(x, Int16.self) }
  case .int32: convert { (x: T) in truncated(x, Int32.self) }
  case .int64: convert { (x: T) in truncated(x, Int64.self) }
  case .uint8: convert { (x: T) in truncated(x, UInt8.self) }
  case .uint16: convert { (x: T) in truncated(x, UInt16.self) }
  case .uint32: convert { (x: T) in truncated(x, UInt32.self) }
  case .uint64: convert { (x: T) in truncated(x, UInt64.self) }
  case .bool: convert { (x: T) in x != 0 }
  case .complex64: convert { (x: T) in Complex64(Float(x)) }
  case .complex128: convert { (x: T) in Complex128(Double(x)) }
  default: throw unsupported(T.dataType, to)
  }
}

private func castFromInteger<T: TensorScalar & FixedWidthInteger>(_: T.Type, _ to: DataType) throws -> Kernel {
  switch to {
  case .float32: convert { (x: T) in Float(x) }
  case .float64: convert { (x: T) in Double(x) }
  case .float16: convert { (x: T) in Float16(Float(x)) }
  case .bfloat16: convert { (x: T) in BFloat16(Float(x)) }
  case .int8: convert { (x: T) in Int8(truncatingIfNeeded: x) }
  case .int16: convert { (x: T) in Int16(truncatingIfNeeded: x) }
  case .int32: convert { (x: T) in Int32(truncatingIfNeeded: x) }
  case .int64: convert { (x: T) in Int64(truncatingIfNeeded: x) }
  case .uint8: convert { (x: T) in UInt8(truncatingIfNeeded: x) }
  case .uint16: convert { (x: T) in UInt16(truncatingIfNeeded: x) }
  case .uint32: convert { (x: T) in UInt32(truncatingIfNeeded: x) }
  case .uint64: convert { (x: T) in UInt64(truncatingIfNeeded: x) }
  case .bool: convert { (x: T) in x != 0 }
  case .complex64: convert { (x: T) in Complex64(Float(x)) }
  case .complex128: convert { (x: T) in Complex128(Double(x)) }
  default: throw unsupported(T.dataType, to)
  }
}

private func castFromBFloat16(_ to: DataType) throws -> Kernel {
  switch to {
  case .float32: convert { (x: BFloat16) in x.floatValue }
  case .float64: convert { (x: BFloat16) in Double(x.floatValue) }
  case .float16: convert { (x: BFloat16) in Float16(x.floatValue) }
  case .int32: convert { (x: BFloat16) in truncated(x.floatValue, Int32.self) }
  case .int64: convert { (x: BFloat16) in truncated(x.floatValue, Int64.self) }
  case .bool: convert { (x: BFloat16) in x.floatValue != 0 }
  default: throw unsupported(.bfloat16, to)
  }
}

private func castFromBool(_ to: DataType) throws -> Kernel {
  switch to {
  case .float32: convert { (x: UInt8) in x != 0 ? Float(1) : 0 }
  case .float64: convert { (x: UInt8) in x != 0 ? Double(1) : 0 }
  case .float16: convert { (x: UInt8) in x != 0 ? Float16(1) : 0 }
  case .bfloat16: convert { (x: UInt8) in BFloat16(x != 0 ? 1 : 0) }
  case .int8: convert { (x: UInt8) in x != 0 ? Int8(1) : 0 }
  case .int16: convert { (x: UInt8) in x != 0 ? Int16(1) : 0 }
  case .int32: convert { (x: UInt8) in x != 0 ? Int32(1) : 0 }
  case .int64: convert { (x: UInt8) in x != 0 ? Int64(1) : 0 }
  case .uint8: convert { (x: UInt8) in x != 0 ? UInt8(1) : 0 }
  case .uint16: convert { (x: UInt8) in x != 0 ? UInt16(1) : 0 }
  case .uint32: convert { (x: UInt8) in x != 0 ? UInt32(1) : 0 }
  case .uint64: convert { (x: UInt8) in x != 0 ? UInt64(1) : 0 }
  case .complex64: convert { (x: UInt8) in Complex64(x != 0 ? 1 : 0) }
  case .complex128: convert { (x: UInt8) in Complex128(x != 0 ? 1 : 0) }
  default: throw unsupported(.bool, to)
  }
}
