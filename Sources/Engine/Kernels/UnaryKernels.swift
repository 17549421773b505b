import CKernels
import Tensors

#if canImport(Glibc)
  import Glibc
#else
  import Foundation
#endif

/// Kernels of one operand, sums of many, and selection.
@Sendable func defineUnaryKernels(_ ops: inout OpRegistry) {
  let vector: [(String, ck_unary)] = [
    ("Neg", CK_NEG), ("Abs", CK_ABS), ("Exp", CK_EXP), ("Log", CK_LOG), ("Log1p", CK_LOG1P), ("Sqrt", CK_SQRT),
    ("Rsqrt", CK_RSQRT), ("Square", CK_SQUARE), ("Sign", CK_SIGN), ("Floor", CK_FLOOR), ("Ceil", CK_CEIL),
    ("Reciprocal", CK_RECIPROCAL), ("Inv", CK_RECIPROCAL), ("Tanh", CK_TANH), ("Sigmoid", CK_SIGMOID),
    ("Relu", CK_RELU), ("Relu6", CK_RELU6), ("Elu", CK_ELU), ("Softplus", CK_SOFTPLUS), ("Sin", CK_SIN),
    ("Cos", CK_COS), ("Expm1", CK_EXPM1),
  ]
  for (name, op) in vector {
    ops.kernel(name) { node in
      switch try node.type("T") {
      case .float32:
        return { context in
          try context.unary { input, output, count in
            ck_unary_f32(
              op, input.assumingMemoryBound(to: Float.self), output.assumingMemoryBound(to: Float.self), count)
          }
        }
      case .float64:
        return { context in
          try context.unary { input, output, count in
            ck_unary_f64(
              op, input.assumingMemoryBound(to: Double.self), output.assumingMemoryBound(to: Double.self), count)
          }
        }
      case .int32: return try integerKernel(name, Int32.self)
      case .int64: return try integerKernel(name, Int64.self)
      case .int16: return try integerKernel(name, Int16.self)
      case .int8: return try integerKernel(name, Int8.self)
      case .uint8: return try integerKernel(name, UInt8.self)
      case .uint16: return try integerKernel(name, UInt16.self)
      case .uint32: return try integerKernel(name, UInt32.self)
      case .uint64: return try integerKernel(name, UInt64.self)
      case .complex64: return map(try complexFunction(name, Complex64.self))
      case .complex128: return map(try complexFunction(name, Complex128.self))
      case let other: throw EngineError.noKernel(name, other)
      }
    }
  }
  for name in ["Tan", "Erf", "Rint", "Round", "Selu", "Softsign"] {
    ops.kernel(name) { node in
      switch try node.type("T") {
      case .float32: return map(try realFunction(name, Float.self, tan: tanf, erf: erff, expm1: expm1f))
      case .float64: return map(try realFunction(name, Double.self, tan: tan, erf: erf, expm1: expm1))
      case .int32 where name == "Round", .int64 where name == "Round": return { $0.setOutput(0, try $0.take(0)) }
      case .complex64: return map(try complexFunction(name, Complex64.self))
      case .complex128: return map(try complexFunction(name, Complex128.self))
      case let other: throw EngineError.noKernel(name, other)
      }
    }
  }
  ops.kernel("LeakyRelu") { node in
    let alpha = try node.float("alpha")
    switch try node.type("T") {
    case .float32: return map { (x: Float) in x > 0 ? x : x * alpha }
    case .float64: return map { (x: Double) in x > 0 ? x : x * Double(alpha) }
    case let other: throw EngineError.noKernel("LeakyRelu", other)
    }
  }
  for name in ["IsFinite", "IsInf", "IsNan"] {
    ops.kernel(name) { node in
      switch try node.type("T") {
      case .float32: return classify(name, Float.self)
      case .float64: return classify(name, Double.self)
      case .float16: return classify(name, Float16.self)
      case .bfloat16:
        return switch name {
        case "IsFinite": map { (x: BFloat16) in x.floatValue.isFinite }
        case "IsInf": map { (x: BFloat16) in x.floatValue.isInfinite }
        default: map { (x: BFloat16) in x.floatValue.isNaN }
        }
      case let other: throw EngineError.noKernel(name, other)
      }
    }
  }
  ops.kernel("LogicalNot") { _ in map { (x: UInt8) in x == 0 } }
  ops.kernel("ZerosLike") { node in
    let dtype = try node.type("T")
    return { $0.setOutput(0, Tensor(zeros: dtype, shape: try $0.shape(0))) }
  }
  ops.kernel("OnesLike") { node in
    let one = try one(try node.type("T"))
    return { context in context.setOutput(0, try filled(context, one, try context.shape(0))) }
  }
  ops.kernel("AddN") { node in
    let loop = try BinaryLoop.arithmetic("Add", try node.type("T"))
    return { try addAll($0, loop) }
  }
  for name in ["Select", "SelectV2"] { ops.kernel(name) { _ in { try select($0) } } }
}

/// A kernel that computes each element of its output from the one of its input.
func map<T: TensorScalar, U: TensorScalar>(_ body: @escaping @Sendable (T) -> U) -> Kernel {
  { context in
    try context.unary(U.dataType) { input, output, count in
      let x = input.assumingMemoryBound(to: T.self)
      let y = output.assumingMemoryBound(to: U.self)
      for index in 0..<count { y[index] = body(x[index]) }
    }
  }
}

private func integerKernel<T: TensorScalar & FixedWidthInteger>(_ name: String, _: T.Type) throws -> Kernel {
  switch name {
  case "Neg": map { (x: T) -> T in 0 &- x }
  case "Abs": map { (x: T) -> T in x < 0 ? 0 &- x : x }
  case "Square": map { (x: T) -> T in x &* x }
  case "Sign": map { (x: T) -> T in x == 0 ? 0 : x > 0 ? 1 : 0 &- 1 }
  case "Relu": map { (x: T) -> T in max(x, 0) }
  case "Relu6": map { (x: T) -> T in min(max(x, 0), 6) }
  default: throw EngineError.noKernel(name, T.dataType)
  }
}

private func realFunction<T: TensorScalar & BinaryFloatingPoint>(
  _ name: String, _: T.Type, tan: @escaping @Sendable (T) -> T, erf: @escaping @Sendable (T) -> T,
  expm1: @escaping @Sendable (T) -> T
) throws -> @Sendable (T) -> T {
  switch name {
  case "Tan": return tan
  case "Erf": return erf
  case "Rint", "Round": return { $0.rounded(.toNearestOrEven) }
  case "Selu":
    let (scale, scaleAlpha) = (T(1.0507009873554804934193349852946), T(1.7580993408473768599402175208123))
    return { $0 < 0 ? scaleAlpha * expm1($0) : scale * $0 }
  case "Softsign": return { $0 / (1 + abs($0)) }
  default: throw EngineError.noKernel(name, T.dataType)
  }
}

private func classify<T: TensorScalar & BinaryFloatingPoint>(_ name: String, _: T.Type) -> Kernel {
  switch name {
  case "IsFinite": map { (x: T) in x.isFinite }
  case "IsInf": map { (x: T) in x.isInfinite }
  default: map { (x: T) in x.isNaN }
  }
}

/// A scalar 1 of the type.
func one(_ dtype: DataType) throws -> Tensor {
  switch dtype {
  case .float32: Tensor(Float(1))
  case .float64: Tensor(Double(1))
  case .float16: Tensor(Float16(1))
  case .bfloat16: Tensor(BFloat16(1))
  case .int8: Tensor(Int8(1))
  case .int16: Tensor(Int16(1))
  case .int32: Tensor(Int32(1))
  case .int64: Tensor(Int64(1))
  case .uint8: Tensor(UInt8(1))
  case .uint16: Tensor(UInt16(1))
  case .uint32: Tensor(UInt32(1))
  case .uint64: Tensor(UInt64(1))
  case .complex64: Tensor(Complex64(1))
  case .complex128: Tensor(Complex128(1))
  case .bool: Tensor(true)
  default: throw EngineError.noKernel("OnesLike", dtype)
  }
}

/// A tensor of one value everywhere.
func filled(_ context: KernelContext, _ value: Tensor, _ shape: Shape) throws -> Tensor {
  try KernelContext.checkSize(value.dtype, shape)
  if value.dtype == .string {
    return Tensor(strings: [[UInt8]](repeating: value.strings[0], count: shape.elementCount), shape: shape)
  }
  let output = try context.allocate(value.dtype, shape)
  let width = value.dtype.byteWidth ?? 1
  withExtendedLifetime((output, value)) {
    let (target, source) = (output.storage.pointer, value.storage.pointer)
    let total = shape.elementCount * width
    guard total > 0 else { return }
    target.copyMemory(from: source, byteCount: width)
    // Doubles what is filled until all is.
    var done = width
    while done < total {
      let part = min(done, total - done)
      (target + done).copyMemory(from: target, byteCount: part)
      done += part
    }
  }
  return output
}

private func addAll(_ context: KernelContext, _ loop: BinaryLoop) throws {
  var sum = try context.take(0)
  let shape = sum.shape
  for index in 1..<max(context.inputCount, 1) {
    let next = try context.input(index)
    guard next.shape == shape else {
      throw EngineError.invalid("Inputs to operation AddN must have the same shapes: \(shape) vs. \(next.shape)")
    }
    let target = isKnownUniquelyReferenced(&sum.storage) ? sum : try context.allocate(sum.dtype, shape)
    withExtendedLifetime((sum, next, target)) {
      if shape.elementCount > 0 {
        loop.run(.both, sum.storage.pointer, next.storage.pointer, target.storage.pointer, shape.elementCount)
      }
    }
    sum = target
  }
  context.setOutput(0, sum)
}

/// `where`: the condition may also be a scalar, or a vector that chooses whole rows; `SelectV2` broadcasts all three.
private func select(_ context: KernelContext) throws {
  let condition = try context.input(0)
  var (yes, no) = (try context.input(1), try context.input(2))
  var choice = condition
  var shape = yes.shape
  if yes.shape != no.shape
    || (condition.shape != yes.shape && condition.rank != 0
      && !(condition.rank == 1 && yes.rank > 1 && condition.shape[0] == yes.shape[0]))
  {
    shape = try Broadcast(try Broadcast(yes.shape, no.shape).result, condition.shape).result
    yes = try broadcasted(context, yes, to: shape)
    no = try broadcasted(context, no, to: shape)
    choice = try broadcasted(context, condition, to: shape)
  }
  let count = shape.elementCount
  let flags = choice.withUnsafeBytes { $0.map { $0 != 0 } }
  // How many neighbouring elements one flag decides.
  let run = flags.isEmpty ? 0 : count / flags.count
  if yes.dtype == .string {
    let (a, b) = (yes.strings, no.strings)
    let strings = (0..<count).map { flags[$0 / run] ? a[$0] : b[$0] }
    return context.setOutput(0, Tensor(strings: strings, shape: shape))
  }
  let output = try context.allocate(yes.dtype, shape)
  let bytes = run * (yes.dtype.byteWidth ?? 1)
  withExtendedLifetime((yes, no, output)) {
    let (a, b, c) = (yes.storage.pointer, no.storage.pointer, output.storage.pointer)
    for (index, flag) in flags.enumerated() {
      (c + index * bytes).copyMemory(from: (flag ? a : b) + index * bytes, byteCount: bytes)
    }
  }
  context.setOutput(0, output)
}

/// `value` repeated to `shape`.
func broadcasted(_ context: KernelContext, _ value: Tensor, to shape: Shape) throws -> Tensor {
  if value.shape == shape { return value }
  let broadcast = try Broadcast(value.shape, shape)
  guard broadcast.result == shape else {
    throw EngineError.invalid("Incompatible shapes: \(value.shape) vs. \(shape)")
  }
  try KernelContext.checkSize(value.dtype, shape)
  if value.dtype == .string {
    var strings = [[UInt8]](repeating: [], count: shape.elementCount)
    let source = value.strings
    broadcast.forEachRun { form, i, _, k, count in
      for step in 0..<count { strings[k + step] = source[i + (form == .leftScalar ? 0 : step)] }
    }
    return Tensor(strings: strings, shape: shape)
  }
  let output = try context.allocate(value.dtype, shape)
  let width = value.dtype.byteWidth ?? 1
  withExtendedLifetime((value, output)) {
    let (source, target) = (value.storage.pointer, output.storage.pointer)
    broadcast.forEachRun { form, i, _, k, count in
      if form == .leftScalar {
        for step in 0..<count { (target + (k + step) * width).copyMemory(from: source + i * width, byteCount: width) }
      } else {
        (target + k * width).copyMemory(from: source + i * width, byteCount: count * width)
      }
    }
  }
  return output
}
