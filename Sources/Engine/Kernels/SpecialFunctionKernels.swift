import Tensors

#if canImport(Glibc)
  import Glibc
#else
  import Foundation
#endif

/// Kernels of special functions, complex numbers and bits.
@Sendable func defineSpecialFunctionKernels(_ ops: inout OpRegistry) {
  let functions: [(String, @Sendable (Double) -> Double, @Sendable (Float) -> Float)] = [
    ("Lgamma", { logGamma($0) }, { Float(logGamma(Double($0))) }),
    ("Digamma", { digamma($0) }, { Float(digamma(Double($0))) }), ("Erfc", { erfc($0) }, { erfcf($0) }),
    ("Sinh", { sinh($0) }, { sinhf($0) }), ("Cosh", { cosh($0) }, { coshf($0) }), ("Asin", { asin($0) }, { asinf($0) }),
    ("Acos", { acos($0) }, { acosf($0) }), ("Atan", { atan($0) }, { atanf($0) }),
    ("Asinh", { asinh($0) }, { asinhf($0) }), ("Acosh", { acosh($0) }, { acoshf($0) }),
    ("Atanh", { atanh($0) }, { atanhf($0) }),
  ]
  for (name, double, float) in functions {
    ops.kernel(name) { node in
      switch try node.type("T") {
      case .float32: map(float)
      case .float64: map(double)
      case .complex64: map(try complexFunction(name, Complex64.self))
      case .complex128: map(try complexFunction(name, Complex128.self))
      case let other: throw EngineError.noKernel(name, other)
      }
    }
  }
  let pairs: [(String, @Sendable (Double, Double) -> Double)] = [
    ("Polygamma", { polygamma($0, $1) }), ("Zeta", { zeta($0, $1) }),
  ]
  for (name, function) in pairs {
    ops.kernel(name) { node in
      let loop: BinaryLoop
      switch try node.type("T") {
      case .float32: loop = BinaryLoop { (a: Float, b: Float) in Float(function(Double(a), Double(b))) }
      case .float64: loop = BinaryLoop(function)
      case let other: throw EngineError.noKernel(name, other)
      }
      return { try $0.binary(loop) }
    }
  }
  ops.kernel("NextAfter") { node in
    let loop =
      try node.type("T") == .float32
      ? BinaryLoop { (a: Float, b: Float) in nextafterf(a, b) }
      : BinaryLoop { (a: Double, b: Double) in nextafter(a, b) }
    return { try $0.binary(loop) }
  }
  ops.kernel("ApproximateEqual") { node in
    let tolerance = try node.float("tolerance")
    let loop: BinaryLoop
    switch try node.type("T") {
    case .float32: loop = BinaryLoop { (a: Float, b: Float) in abs(a - b) < tolerance }
    case .float64: loop = BinaryLoop { (a: Double, b: Double) in abs(a - b) < Double(tolerance) }
    case let other: throw EngineError.noKernel("ApproximateEqual", other)
    }
    return { try $0.binary(loop) }
  }
  ops.kernel("ClipByValue") { node in
    let dtype = try node.type("T")
    let (least, most) = (try BinaryLoop.arithmetic("Minimum", dtype), try BinaryLoop.arithmetic("Maximum", dtype))
    return { context in
      let (value, low, high) = (try context.input(0), try context.input(1), try context.input(2))
      func clipped(_ value: Tensor, _ bound: Tensor, _ loop: BinaryLoop) throws -> Tensor {
        guard bound.shape == value.shape || bound.rank == 0 else {
          throw EngineError.invalid(
            "clip_value_min and clip_value_max must be either of the same shape as input, or a scalar. input shape: "
              + "\(value.shape), found \(bound.shape)")
        }
        let output = try context.allocate(dtype, value.shape)
        withExtendedLifetime((value, bound, output)) {
          guard value.elementCount > 0 else { return }
          loop.run(
            bound.shape == value.shape ? .both : .rightScalar, value.storage.pointer, bound.storage.pointer,
            output.storage.pointer, value.elementCount)
        }
        return output
      }
      context.setOutput(0, try clipped(try clipped(value, high, least), low, most))
    }
  }
  ops.kernel("Cross") { node in
    let dtype = try node.type("T")
    let (multiply, subtract) = (try BinaryLoop.arithmetic("Mul", dtype), try BinaryLoop.arithmetic("Sub", dtype))
    return { context in
      let (a, b) = (try context.input(0), try context.input(1))
      guard a.shape == b.shape, a.shape.dimensions.last == 3 else {
        throw EngineError.invalid(
          "Both inputs must be of same shape, with 3 elements along the last dimension: "
            + "\(a.shape) vs. \(b.shape)")
      }
      let output = try context.allocate(dtype, a.shape)
      let scratch = try context.allocate(dtype, [2])
      let width = multiply.inputWidth
      withExtendedLifetime((a, b, output, scratch)) {
        let (x, y, z, s) = (a.storage.pointer, b.storage.pointer, output.storage.pointer, scratch.storage.pointer)
        for index in 0..<a.elementCount {
          let start = index / 3 * 3
          let (i, j) = ((start + (index + 1) % 3) * width, (start + (index + 2) % 3) * width)
          multiply.run(.both, x + i, y + j, s, 1)
          multiply.run(.both, x + j, y + i, s + width, 1)
          subtract.run(.both, s, s + width, z + index * width, 1)
        }
      }
      context.setOutput(0, output)
    }
  }
  defineComplexKernels(&ops)
  defineBitKernels(&ops)
}

private func defineComplexKernels(_ ops: inout OpRegistry) {
  ops.kernel("Complex") { node in
    let loop =
      try node.type("T") == .float32
      ? BinaryLoop { (a: Float, b: Float) in Complex64(a, b) }
      : BinaryLoop { (a: Double, b: Double) in Complex128(a, b) }
    return { try $0.binary(loop) }
  }
  ops.kernel("Conj") { node in
    switch try node.type("T") {
    case .complex64: map { (x: Complex64) in x.conjugate }
    case .complex128: map { (x: Complex128) in x.conjugate }
    case let other: throw EngineError.noKernel("Conj", other)
    }
  }
  for name in ["Real", "Imag", "Angle", "ComplexAbs"] {
    ops.kernel(name) { node in
      func part<T: ComplexNumber>(_: T.Type) -> Kernel {
        switch name {
        case "Real": map { (x: T) in x.real }
        case "Imag": map { (x: T) in x.imaginary }
        case "Angle": map { (x: T) in x.angle }
        default: map { (x: T) in x.magnitude }
        }
      }
      let type = try node.type("T")
      guard try node.type("Tout") == (type == .complex64 ? .float32 : .float64) else {
        throw EngineError.noKernel(name, type)
      }
      return type == .complex64 ? part(Complex64.self) : part(Complex128.self)
    }
  }
}

private func defineBitKernels(_ ops: inout OpRegistry) {
  for name in ["BitwiseAnd", "BitwiseOr", "BitwiseXor", "LeftShift", "RightShift"] {
    ops.kernel(name) { node in
      func loop<T: TensorScalar & FixedWidthInteger>(_: T.Type) -> BinaryLoop {
        // A shift by more than the width, or by less than nothing, is one by the width less one or by nothing.
        switch name {
        case "BitwiseAnd": BinaryLoop { (a: T, b: T) -> T in a & b }
        case "BitwiseOr": BinaryLoop { (a: T, b: T) -> T in a | b }
        case "BitwiseXor": BinaryLoop { (a: T, b: T) -> T in a ^ b }
        case "LeftShift": BinaryLoop { (a: T, b: T) -> T in a << min(max(b, 0), T(T.bitWidth - 1)) }
        default: BinaryLoop { (a: T, b: T) -> T in a >> min(max(b, 0), T(T.bitWidth - 1)) }
        }
      }
      let chosen = try integerTyped(
        name, try node.type("T"), loop(Int8.self), loop(Int16.self), loop(Int32.self), loop(Int64.self),
        loop(UInt8.self), loop(UInt16.self), loop(UInt32.self), loop(UInt64.self))
      return { try $0.binary(chosen) }
    }
  }
  for name in ["Invert", "PopulationCount"] {
    ops.kernel(name) { node in
      func kernel<T: TensorScalar & FixedWidthInteger>(_: T.Type) -> Kernel {
        name == "Invert" ? map { (x: T) -> T in ~x } : map { (x: T) -> UInt8 in UInt8(x.nonzeroBitCount) }
      }
      return try integerTyped(
        name, try node.type("T"), kernel(Int8.self), kernel(Int16.self), kernel(Int32.self), kernel(Int64.self),
        kernel(UInt8.self), kernel(UInt16.self), kernel(UInt32.self), kernel(UInt64.self))
    }
  }
}

/// What stands for an integer type, in the order of signed and then unsigned widths.
private func integerTyped<R>(
  _ op: String, _ dtype: DataType, _ i8: R, _ i16: R, _ i32: R, _ i64: R, _ u8: R, _ u16: R, _ u32: R, _ u64: R
) throws -> R {
  switch dtype {
  case .int8: i8
  case .int16: i16
  case .int32: i32
  case .int64: i64
  case .uint8: u8
  case .uint16: u16
  case .uint32: u32
  case .uint64: u64
  default: throw EngineError.noKernel(op, dtype)
  }
}

/// The logarithm of the magnitude of the gamma function; the sign the C library computes beside it stays here.
private func logGamma(_ x: Double) -> Double {
  var sign: Int32 = 0
  return lgamma_r(x, &sign)
}

/// The derivative of `logGamma`: recurrence up to 10, then the asymptotic series (Abramowitz and Stegun, 6.3.18).
private func digamma(_ value: Double) -> Double {
  if value.isNaN || value == .infinity { return value }
  var x = value
  var result = 0.0
  if x <= 0 {
    guard x != x.rounded(.down) else { return .nan }
    // Reflection.
    result = -Double.pi / tan(Double.pi * x)
    x = 1 - x
  }
  while x < 10 {
    result -= 1 / x
    x += 1
  }
  let z = 1 / (x * x)
  let terms: [Double] = [1.0 / 12.0, -1.0 / 120.0, 1.0 / 252.0, -1.0 / 240.0, 1.0 / 132.0, -691.0 / 32760.0]
  let series = terms.reversed().reduce(0.0) { (sum: Double, term: Double) in (sum + term) * z }
  return result + log(x) - 0.5 / x - series
}

/// Hurwitz's zeta function by Euler's and Maclaurin's summation.
private func zeta(_ s: Double, _ q: Double) -> Double {
  if s == 1 { return .infinity }
  guard s > 1 else { return .nan }
  if q <= 0 {
    // A pole at every whole number; elsewhere only whole powers have a value.
    if q == q.rounded(.down) { return .infinity }
    guard s == s.rounded(.down) else { return .nan }
  }
  var sum = 0.0
  var a = q
  for _ in 0..<16 {
    sum += pow(a, -s)
    a += 1
  }
  let bernoulli: [Double] = [
    1.0 / 6.0, -1.0 / 30.0, 1.0 / 42.0, -1.0 / 30.0, 5.0 / 66.0, -691.0 / 2730.0, 7.0 / 6.0, -3617.0 / 510.0,
  ]
  sum += pow(a, 1 - s) / (s - 1) + 0.5 * pow(a, -s)
  var factor = s * pow(a, -s - 1) / 2
  for (index, number) in bernoulli.enumerated() {
    sum += number * factor
    let k = Double(2 * index)
    factor *= (s + k + 1) * (s + k + 2) / (a * a * (k + 3) * (k + 4))
  }
  return sum
}

/// The n-th derivative of `digamma`.
private func polygamma(_ n: Double, _ x: Double) -> Double {
  guard n >= 0, n == n.rounded(.down) else { return .nan }
  if n == 0 { return digamma(x) }
  let sign = n.truncatingRemainder(dividingBy: 2) == 0 ? -1.0 : 1.0
  return sign * exp(logGamma(n + 1)) * zeta(n + 1, x)
}

/// Half and bfloat16 for everything that computes with float32.
@Sendable func defineReducedPrecision(_ ops: inout OpRegistry) {
  ops.widenReducedTypes(of: [
    "Neg", "Abs", "Exp", "Log", "Log1p", "Sqrt", "Rsqrt", "Square", "Sign", "Floor", "Ceil", "Reciprocal", "Inv",
    "Tanh",
    "Sigmoid", "Relu", "Relu6", "Elu", "Softplus", "Sin", "Cos", "Expm1", "Tan", "Erf", "Rint", "Round", "Selu",
    "Softsign", "LeakyRelu", "LeakyReluGrad", "Lgamma", "Digamma", "Erfc", "Sinh", "Cosh", "Asin", "Acos", "Atan",
    "Asinh", "Acosh", "Atanh",
    "MatMul", "BatchMatMul", "BatchMatMulV2", "BiasAdd", "BiasAddGrad", "L2Loss", "Softmax", "LogSoftmax",
    "SoftmaxCrossEntropyWithLogits", "SparseSoftmaxCrossEntropyWithLogits",
    "Sum", "Mean", "Prod", "Max", "Min", "EuclideanNorm", "ArgMax", "ArgMin", "CheckNumerics",
    "Conv2D", "Conv2DBackpropInput", "Conv2DBackpropFilter", "DepthwiseConv2dNative",
    "DepthwiseConv2dNativeBackpropInput", "DepthwiseConv2dNativeBackpropFilter", "MaxPool", "MaxPoolV2", "MaxPoolGrad",
    "MaxPoolGradV2", "MaxPoolGradGrad", "MaxPoolWithArgmax", "AvgPool", "AvgPoolGrad", "FusedBatchNormV2",
    "FusedBatchNormV3", "FusedBatchNormGradV2", "FusedBatchNormGradV3", "LRN", "LRNGrad", "Range", "LinSpace",
    "Multinomial",
  ])
}
