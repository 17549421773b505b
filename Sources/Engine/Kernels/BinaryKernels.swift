import CKernels
import Tensors

#if canImport(Glibc)
  import Glibc
#else
  import Foundation
#endif

/// Kernels of two operands: arithmetic, comparisons, logic.
@Sendable func defineBinaryKernels(_ ops: inout OpRegistry) {
  for name in [
    "Add", "AddV2", "Sub", "Mul", "Div", "RealDiv", "FloorDiv", "TruncateDiv", "FloorMod", "Mod", "TruncateMod",
    "Maximum", "Minimum", "Pow", "SquaredDifference", "DivNoNan", "MulNoNan", "Xdivy", "Xlogy", "Atan2", "TanhGrad",
    "SigmoidGrad",
    "SqrtGrad", "RsqrtGrad", "InvGrad", "ReciprocalGrad", "ReluGrad", "Relu6Grad", "EluGrad", "SeluGrad",
    "SoftplusGrad", "SoftsignGrad",
  ] {
    ops.kernel(name) { node in
      let dtype = try node.type("T")
      if name == "Add", dtype == .string { return { try addStrings($0) } }
      let loop = try BinaryLoop.arithmetic(name, dtype)
      let divides =
        dtype.isInteger
        && ["Div", "FloorDiv", "TruncateDiv", "FloorMod", "Mod", "TruncateMod", "RealDiv"].contains(name)
      let isPower = dtype.isInteger && name == "Pow"
      return { context in
        if divides, try hasZero(context.input(1)) { throw EngineError.invalid("Integer division by zero") }
        if isPower, try hasNegative(context.input(1)) {
          throw EngineError.invalid("Integers to negative integer powers are not allowed")
        }
        try context.binary(loop)
      }
    }
  }
  ops.kernel("LeakyReluGrad") { node in
    let alpha = try node.float("alpha")
    let loop: BinaryLoop
    switch try node.type("T") {
    case .float32: loop = BinaryLoop { (dy: Float, x: Float) in x > 0 ? dy : dy * alpha }
    case .float64: loop = BinaryLoop { (dy: Double, x: Double) in x > 0 ? dy : dy * Double(alpha) }
    case let other: throw EngineError.noKernel("LeakyReluGrad", other)
    }
    return { try $0.binary(loop) }
  }
  for name in ["Equal", "NotEqual", "Less", "LessEqual", "Greater", "GreaterEqual"] {
    ops.kernel(name) { node in
      let dtype = try node.type("T")
      if dtype == .string { return { try compareStrings($0, wantsEqual: name == "Equal") } }
      let loop = try BinaryLoop.comparison(name, dtype)
      // Without the strict rule, shapes that cannot meet are simply not equal.
      let isLenient = name.hasSuffix("Equal") && (try? node.bool("incompatible_shape_error")) == false
      return { context in
        if isLenient, (try? Broadcast(context.shape(0), context.shape(1))) == nil {
          return context.setOutput(0, Tensor(name == "NotEqual"))
        }
        try context.binary(loop)
      }
    }
  }
  // Bytes other than 0 and 1 may come from files: both sides are compared with 0.
  let and = BinaryLoop { (a: UInt8, b: UInt8) -> Bool in a != 0 && b != 0 }
  let or = BinaryLoop { (a: UInt8, b: UInt8) -> Bool in a != 0 || b != 0 }
  ops.kernel("LogicalAnd") { _ in { try $0.binary(and) } }
  ops.kernel("LogicalOr") { _ in { try $0.binary(or) } }
}

/// Whether an element of an integer tensor is 0.
func hasZero(_ tensor: Tensor) -> Bool {
  let width = tensor.dtype.byteWidth ?? 1
  return tensor.withUnsafeBytes { bytes in
    stride(from: 0, to: bytes.count, by: width).contains { start in
      bytes[start..<start + width].allSatisfy { $0 == 0 }
    }
  }
}

private func hasNegative(_ tensor: Tensor) -> Bool { (ShapeContext.integers(tensor) ?? []).contains { $0 < 0 } }

private func addStrings(_ context: KernelContext) throws {
  let (left, right) = (try context.input(0), try context.input(1))
  let broadcast = try Broadcast(left.shape, right.shape)
  try KernelContext.checkSize(.string, broadcast.result)
  var strings = [[UInt8]](repeating: [], count: broadcast.result.elementCount)
  let (a, b) = (left.strings, right.strings)
  broadcast.forEachRun { form, i, j, k, count in
    for step in 0..<count {
      strings[k + step] = a[i + (form == .leftScalar ? 0 : step)] + b[j + (form == .rightScalar ? 0 : step)]
    }
  }
  context.setOutput(0, Tensor(strings: strings, shape: broadcast.result))
}

private func compareStrings(_ context: KernelContext, wantsEqual: Bool) throws {
  let (left, right) = (try context.input(0), try context.input(1))
  let broadcast = try Broadcast(left.shape, right.shape)
  try KernelContext.checkSize(.bool, broadcast.result)
  var results = [Bool](repeating: false, count: broadcast.result.elementCount)
  let (a, b) = (left.strings, right.strings)
  broadcast.forEachRun { form, i, j, k, count in
    for step in 0..<count {
      let equal = a[i + (form == .leftScalar ? 0 : step)] == b[j + (form == .rightScalar ? 0 : step)]
      results[k + step] = equal == wantsEqual
    }
  }
  context.setOutput(0, Tensor(results, shape: broadcast.result))
}

extension BinaryLoop {
  /// The loop of an arithmetic operation.
  static func arithmetic(_ op: String, _ dtype: DataType) throws -> BinaryLoop {
    let vector: [String: ck_binary] = [
      "Add": CK_ADD, "AddV2": CK_ADD, "Sub": CK_SUB, "Mul": CK_MUL, "Div": CK_DIV, "RealDiv": CK_DIV,
      "Maximum": CK_MAX, "Minimum": CK_MIN, "SquaredDifference": CK_SQUARED_DIFFERENCE, "DivNoNan": CK_DIV_NO_NAN,
      "TanhGrad": CK_TANH_GRAD, "SigmoidGrad": CK_SIGMOID_GRAD, "ReluGrad": CK_RELU_GRAD,
      "Relu6Grad": CK_RELU6_GRAD, "SqrtGrad": CK_SQRT_GRAD, "RsqrtGrad": CK_RSQRT_GRAD,
    ]
    switch dtype {
    case .float32:
      if let kernel = vector[op] { return BinaryLoop(float: kernel) }
      if let loop = real(op, Float.self, power: powf, log: logf, exp: expf, atan2: atan2f) { return loop }
    case .float64:
      if let kernel = vector[op] { return BinaryLoop(double: kernel) }
      if let loop = real(op, Double.self, power: pow, log: log, exp: exp, atan2: atan2) { return loop }
    case .int32: if let loop = integer(op, Int32.self) { return loop }
    case .int64: if let loop = integer(op, Int64.self) { return loop }
    case .int16: if let loop = integer(op, Int16.self) { return loop }
    case .int8: if let loop = integer(op, Int8.self) { return loop }
    case .uint8: if let loop = integer(op, UInt8.self) { return loop }
    case .uint16: if let loop = integer(op, UInt16.self) { return loop }
    case .uint32: if let loop = integer(op, UInt32.self) { return loop }
    case .uint64: if let loop = integer(op, UInt64.self) { return loop }
    case .float16: return BinaryLoop(widening: try arithmetic(op, .float32), Float16.self)
    case .bfloat16: return BinaryLoop(widening: try arithmetic(op, .float32), BFloat16.self)
    case .complex64: if let loop = complex(op, Complex64.self) { return loop }
    case .complex128: if let loop = complex(op, Complex128.self) { return loop }
    default: break
    }
    throw EngineError.noKernel(op, dtype)
  }

  /// Operations on real numbers that have no vector loop.
  private static func real<T: TensorScalar & BinaryFloatingPoint>(
    _ op: String, _: T.Type, power: @escaping @Sendable (T, T) -> T, log: @escaping @Sendable (T) -> T,
    exp: @escaping @Sendable (T) -> T, atan2: @escaping @Sendable (T, T) -> T
  ) -> BinaryLoop? {
    switch op {
    case "FloorDiv": return BinaryLoop { (a: T, b: T) in (a / b).rounded(.down) }
    case "FloorMod":
      return BinaryLoop { (a: T, b: T) in
        let rest = a.truncatingRemainder(dividingBy: b)
        return rest != 0 && (b < 0) != (rest < 0) ? rest + b : rest
      }
    case "Mod", "TruncateMod": return BinaryLoop { (a: T, b: T) in a.truncatingRemainder(dividingBy: b) }
    case "Pow": return BinaryLoop(power)
    case "MulNoNan": return BinaryLoop { (a: T, b: T) in b == 0 ? 0 : a * b }
    case "Xdivy": return BinaryLoop { (a: T, b: T) in a == 0 ? 0 : a / b }
    case "Xlogy": return BinaryLoop { (a: T, b: T) in a == 0 ? 0 : a * log(b) }
    case "Atan2": return BinaryLoop(atan2)
    case "InvGrad", "ReciprocalGrad": return BinaryLoop { (y: T, dy: T) in -dy * y * y }
    case "EluGrad": return BinaryLoop { (dy: T, y: T) in y < 0 ? dy * (y + 1) : dy }
    case "SeluGrad":
      let (scale, scaleAlpha) = (T(1.0507009873554804934193349852946), T(1.7580993408473768599402175208123))
      return BinaryLoop { (dy: T, y: T) in y < 0 ? dy * (y + scaleAlpha) : dy * scale }
    case "SoftplusGrad": return BinaryLoop { (dy: T, x: T) in dy / (exp(-x) + 1) }
    case "SoftsignGrad":
      return BinaryLoop { (dy: T, x: T) in
        let denominator = 1 + abs(x)
        return dy / (denominator * denominator)
      }
    default: return nil
    }
  }

  /// Operations on integers; overflow wraps, as in C.
  private static func integer<T: TensorScalar & FixedWidthInteger>(_ op: String, _: T.Type) -> BinaryLoop? {
    switch op {
    case "Add", "AddV2": return BinaryLoop { (a: T, b: T) -> T in a &+ b }
    case "Sub": return BinaryLoop { (a: T, b: T) -> T in a &- b }
    case "Mul": return BinaryLoop { (a: T, b: T) -> T in a &* b }
    case "Maximum": return BinaryLoop { (a: T, b: T) -> T in max(a, b) }
    case "Minimum": return BinaryLoop { (a: T, b: T) -> T in min(a, b) }
    case "SquaredDifference": return BinaryLoop { (a: T, b: T) -> T in (a &- b) &* (a &- b) }
    case "Div", "RealDiv", "TruncateDiv":
      return BinaryLoop { (a: T, b: T) -> T in b == 0 ? 0 : a.dividedReportingOverflow(by: b).partialValue }
    case "FloorDiv":
      return BinaryLoop { (a: T, b: T) -> T in
        guard b != 0 else { return 0 }
        let quotient = a.dividedReportingOverflow(by: b).partialValue
        let rest = a.remainderReportingOverflow(dividingBy: b).partialValue
        return rest != 0 && (rest < 0) != (b < 0) ? quotient - 1 : quotient
      }
    case "FloorMod":
      return BinaryLoop { (a: T, b: T) -> T in
        guard b != 0 else { return 0 }
        let rest = a.remainderReportingOverflow(dividingBy: b).partialValue
        return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest
      }
    case "Mod", "TruncateMod":
      return BinaryLoop { (a: T, b: T) -> T in b == 0 ? 0 : a.remainderReportingOverflow(dividingBy: b).partialValue }
    case "Pow":
      return BinaryLoop { (base: T, exponent: T) -> T in
        var (result, square, left) = (T(1), base, exponent)
        while left > 0 {
          if left & 1 == 1 { result = result &* square }
          square = square &* square
          left >>= 1
        }
        return result
      }
    case "ReluGrad": return BinaryLoop { (dy: T, x: T) -> T in x > 0 ? dy : 0 }
    case "Relu6Grad": return BinaryLoop { (dy: T, x: T) -> T in x > 0 && x < 6 ? dy : 0 }
    default: return nil
    }
  }

  /// The loop of a comparison.
  static func comparison(_ op: String, _ dtype: DataType) throws -> BinaryLoop {
    switch dtype {
    case .float32: return ordered(op, Float.self)
    case .float64: return ordered(op, Double.self)
    case .float16: return ordered(op, Float16.self)
    case .bfloat16: return BinaryLoop(widening: ordered(op, Float.self), BFloat16.self)
    case .int8: return ordered(op, Int8.self)
    case .int16: return ordered(op, Int16.self)
    case .int32: return ordered(op, Int32.self)
    case .int64: return ordered(op, Int64.self)
    case .uint8: return ordered(op, UInt8.self)
    case .uint16: return ordered(op, UInt16.self)
    case .uint32: return ordered(op, UInt32.self)
    case .uint64: return ordered(op, UInt64.self)
    case .bool:
      return op == "Equal"
        ? BinaryLoop { (a: UInt8, b: UInt8) -> Bool in (a != 0) == (b != 0) }
        : BinaryLoop { (a: UInt8, b: UInt8) -> Bool in (a != 0) != (b != 0) }
    case .complex64: return equality(op, Complex64.self)
    case .complex128: return equality(op, Complex128.self)
    default: throw EngineError.noKernel(op, dtype)
    }
  }

  private static func ordered<T: TensorScalar & Comparable>(_ op: String, _: T.Type) -> BinaryLoop {
    switch op {
    case "Less": BinaryLoop { (a: T, b: T) -> Bool in a < b }
    case "LessEqual": BinaryLoop { (a: T, b: T) -> Bool in a <= b }
    case "Greater": BinaryLoop { (a: T, b: T) -> Bool in a > b }
    case "GreaterEqual": BinaryLoop { (a: T, b: T) -> Bool in a >= b }
    default: equality(op, T.self)
    }
  }

  private static func equality<T: TensorScalar & Equatable>(_ op: String, _: T.Type) -> BinaryLoop {
    op == "Equal" ? BinaryLoop { (a: T, b: T) -> Bool in a == b } : BinaryLoop { (a: T, b: T) -> Bool in a != b }
  }
}
