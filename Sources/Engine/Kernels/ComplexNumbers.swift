import Tensors

#if canImport(Glibc)
  import Glibc
#else
  import Foundation
#endif

/// Complex arithmetic for the kernels.
protocol ComplexNumber: TensorScalar, Hashable {
  associatedtype Part: BinaryFloatingPoint & TensorScalar
  init(_ real: Part, _ imaginary: Part)
  var real: Part { get }
  var imaginary: Part { get }

  // Functions of the C library for the parts.
  static func exp(_ x: Part) -> Part
  static func log(_ x: Part) -> Part
  static func sin(_ x: Part) -> Part
  static func cos(_ x: Part) -> Part
  static func sinh(_ x: Part) -> Part
  static func cosh(_ x: Part) -> Part
  static func hypot(_ x: Part, _ y: Part) -> Part
  static func atan2(_ y: Part, _ x: Part) -> Part
}

extension Complex64: ComplexNumber {
  static func exp(_ x: Float) -> Float { expf(x) }
  static func log(_ x: Float) -> Float { logf(x) }
  static func sin(_ x: Float) -> Float { sinf(x) }
  static func cos(_ x: Float) -> Float { cosf(x) }
  static func sinh(_ x: Float) -> Float { sinhf(x) }
  static func cosh(_ x: Float) -> Float { coshf(x) }
  static func hypot(_ x: Float, _ y: Float) -> Float { hypotf(x, y) }
  static func atan2(_ y: Float, _ x: Float) -> Float { atan2f(y, x) }
}

extension Complex128: ComplexNumber {
  static func exp(_ x: Double) -> Double { Glibc.exp(x) }
  static func log(_ x: Double) -> Double { Glibc.log(x) }
  static func sin(_ x: Double) -> Double { Glibc.sin(x) }
  static func cos(_ x: Double) -> Double { Glibc.cos(x) }
  static func sinh(_ x: Double) -> Double { Glibc.sinh(x) }
  static func cosh(_ x: Double) -> Double { Glibc.cosh(x) }
  static func hypot(_ x: Double, _ y: Double) -> Double { Glibc.hypot(x, y) }
  static func atan2(_ y: Double, _ x: Double) -> Double { Glibc.atan2(y, x) }
}

extension ComplexNumber {
  var magnitude: Part { Self.hypot(real, imaginary) }
  var angle: Part { Self.atan2(imaginary, real) }
  var conjugate: Self { Self(real, -imaginary) }
  var isZero: Bool { real == 0 && imaginary == 0 }

  static func + (a: Self, b: Self) -> Self { Self(a.real + b.real, a.imaginary + b.imaginary) }
  static func - (a: Self, b: Self) -> Self { Self(a.real - b.real, a.imaginary - b.imaginary) }
  static prefix func - (a: Self) -> Self { Self(-a.real, -a.imaginary) }

  static func * (a: Self, b: Self) -> Self {
    Self(a.real * b.real - a.imaginary * b.imaginary, a.real * b.imaginary + a.imaginary * b.real)
  }

  /// Smith's division, which neither overflows nor underflows where the quotient does not.
  static func / (a: Self, b: Self) -> Self {
    if b.real.magnitude >= b.imaginary.magnitude {
      let ratio = b.imaginary / b.real
      let divisor = b.real + b.imaginary * ratio
      return Self((a.real + a.imaginary * ratio) / divisor, (a.imaginary - a.real * ratio) / divisor)
    }
    let ratio = b.real / b.imaginary
    let divisor = b.real * ratio + b.imaginary
    return Self((a.real * ratio + a.imaginary) / divisor, (a.imaginary * ratio - a.real) / divisor)
  }

  var exponential: Self {
    let length = Self.exp(real)
    return imaginary == 0 ? Self(length, 0) : Self(length * Self.cos(imaginary), length * Self.sin(imaginary))
  }

  var logarithm: Self { Self(Self.log(magnitude), angle) }

  var squareRoot: Self {
    let size = magnitude
    guard size > 0 else { return Self(0, 0) }
    let part = ((size + real.magnitude) / 2).squareRoot()
    let other = imaginary.magnitude / (2 * part)
    let (x, y) = real >= 0 ? (part, other) : (other, part)
    return Self(x, imaginary < 0 ? -y : y)
  }

  var sine: Self {
    Self(Self.sin(real) * Self.cosh(imaginary), Self.cos(real) * Self.sinh(imaginary))
  }

  var cosine: Self {
    Self(Self.cos(real) * Self.cosh(imaginary), -(Self.sin(real) * Self.sinh(imaginary)))
  }

  var hyperbolicSine: Self {
    Self(Self.sinh(real) * Self.cos(imaginary), Self.cosh(real) * Self.sin(imaginary))
  }

  var hyperbolicCosine: Self {
    Self(Self.cosh(real) * Self.cos(imaginary), Self.sinh(real) * Self.sin(imaginary))
  }

  var hyperbolicTangent: Self {
    // Where the real part is large the quotient of huge numbers is ±1.
    if real.magnitude > 20 { return Self(real > 0 ? 1 : -1, 0) }
    return hyperbolicSine / hyperbolicCosine
  }

  static func power(_ base: Self, _ exponent: Self) -> Self {
    if exponent.isZero { return Self(1, 0) }
    if base.isZero { return Self(0, 0) }
    return (exponent * base.logarithm).exponential
  }

  static var one: Self { Self(1, 0) }
  static var zero: Self { Self(0, 0) }
}

extension BinaryLoop {
  /// Operations on complex numbers.
  static func complex<T: ComplexNumber>(_ op: String, _: T.Type) -> BinaryLoop? {
    switch op {
    case "Add", "AddV2": return BinaryLoop { (a: T, b: T) -> T in a + b }
    case "Sub": return BinaryLoop { (a: T, b: T) -> T in a - b }
    case "Mul": return BinaryLoop { (a: T, b: T) -> T in a * b }
    case "Div", "RealDiv": return BinaryLoop { (a: T, b: T) -> T in a / b }
    case "DivNoNan": return BinaryLoop { (a: T, b: T) -> T in b.isZero ? .zero : a / b }
    case "MulNoNan": return BinaryLoop { (a: T, b: T) -> T in b.isZero ? .zero : a * b }
    case "Xdivy": return BinaryLoop { (a: T, b: T) -> T in a.isZero ? .zero : a / b }
    case "Xlogy": return BinaryLoop { (a: T, b: T) -> T in a.isZero ? .zero : a * b.logarithm }
    case "SquaredDifference": return BinaryLoop { (a: T, b: T) -> T in (a - b) * (a - b).conjugate }
    case "Pow": return BinaryLoop { (a: T, b: T) -> T in T.power(a, b) }
    // Gradients take the conjugate of what the forward function gave.
    case "TanhGrad": return BinaryLoop { (y: T, dy: T) -> T in dy * (T.one - (y * y)).conjugate }
    case "SigmoidGrad": return BinaryLoop { (y: T, dy: T) -> T in dy * (y * (T.one - y)).conjugate }
    case "SqrtGrad": return BinaryLoop { (y: T, dy: T) -> T in dy * T(0.5, 0) / y.conjugate }
    case "RsqrtGrad": return BinaryLoop { (y: T, dy: T) -> T in dy * T(-0.5, 0) * (y * y * y).conjugate }
    case "InvGrad", "ReciprocalGrad": return BinaryLoop { (y: T, dy: T) -> T in -(dy * (y * y).conjugate) }
    default: return nil
    }
  }
}

/// Functions of one complex number.
func complexFunction<T: ComplexNumber>(_ name: String, _: T.Type) throws -> @Sendable (T) -> T {
  switch name {
  case "Neg": { -$0 }
  case "Square": { $0 * $0 }
  case "Reciprocal", "Inv": { T.one / $0 }
  case "Sign": { $0.isZero ? .zero : T($0.real / $0.magnitude, $0.imaginary / $0.magnitude) }
  case "Exp": { $0.exponential }
  case "Expm1": { $0.exponential - T.one }
  case "Log": { $0.logarithm }
  case "Log1p": { ($0 + T.one).logarithm }
  case "Sqrt": { $0.squareRoot }
  case "Rsqrt": { T.one / $0.squareRoot }
  case "Sigmoid": { T.one / (T.one + (-$0).exponential) }
  case "Tanh": { $0.hyperbolicTangent }
  case "Sin": { $0.sine }
  case "Cos": { $0.cosine }
  case "Tan": { $0.sine / $0.cosine }
  case "Sinh": { $0.hyperbolicSine }
  case "Cosh": { $0.hyperbolicCosine }
  case "Asinh": { ($0 + ($0 * $0 + T.one).squareRoot).logarithm }
  case "Acosh": { ($0 + ($0 + T.one).squareRoot * ($0 - T.one).squareRoot).logarithm }
  case "Atanh": { T(0.5, 0) * ((T.one + $0).logarithm - (T.one - $0).logarithm) }
  case "Conj": { $0.conjugate }
  default: throw EngineError.noKernel(name, T.dataType)
  }
}
