import CKernels
import Tensors

#if canImport(Glibc)
  import Glibc
#else
  import Foundation
#endif

/// Kernels of operations on two tensors with broadcasting: arithmetic, comparisons, logic, gradients of activations.
@Sendable func defineBinaryKernels(_ ops: inout OpRegistry) {
  // Those that C has for floating point. Gradients take equal shapes, which is broadcasting's simplest case.
  let loops: [(String, ck_binary)] = [
    ("Add", CK_ADD), ("AddV2", CK_ADD), ("Sub", CK_SUB), ("Mul", CK_MUL), ("Div", CK_DIV), ("RealDiv", CK_DIV),
    ("Maximum", CK_MAX), ("Minimum", CK_MIN), ("SquaredDifference", CK_SQUARED_DIFFERENCE),
    ("DivNoNan", CK_DIV_NO_NAN), ("TanhGrad", CK_TANH_GRAD), ("SigmoidGrad", CK_SIGMOID_GRAD),
    ("ReluGrad", CK_RELU_GRAD), ("Relu6Grad", CK_RELU6_GRAD), ("SqrtGrad", CK_SQRT_GRAD),
    ("RsqrtGrad", CK_RSQRT_GRAD),
  ]
  for (name, loop) in loops {
    ops.kernel(name) { _ in
      { context in
        switch try context.input(0).dtype {
        case .float32: try arithmetic(context, loop, Float.self)
        case .float64: try arithmetic(context, loop, Double.self)
        case .string where name == "Add": try concatenateStrings(context)
        case let dtype: try integerArithmetic(context, name, dtype)
        }
      }
    }
  }
  defineFloatingPointKernels(&ops)
  for name in ["FloorDiv", "TruncateDiv", "FloorMod", "Mod", "Pow"] {
    ops.kernel(name) { _ in
      { context in
        switch try context.input(0).dtype {
        case .float32: try divideFloats(context, name, Float.self) { powf($0, $1) }
        case .float64: try divideFloats(context, name, Double.self) { pow($0, $1) }
        case let dtype: try integerArithmetic(context, name, dtype)
        }
      }
    }
  }
  for name in ["Less", "LessEqual", "Greater", "GreaterEqual"] {
    ops.kernel(name) { _ in { try compare($0, name) } }
  }
  for name in ["Equal", "NotEqual"] {
    ops.kernel(name) { node in
      let mustFit = try node.bool("incompatible_shape_error")
      return { context in
        if !mustFit, (try? Broadcast(context.input(0).shape, context.input(1).shape)) == nil {
          return context.setOutput(0, Tensor(name == "NotEqual"))
        }
        try compare(context, name)
      }
    }
  }
  ops.kernel("LogicalAnd") { _ in { try elementwise($0, Bool.self, Bool.self) { $0 && $1 } } }
  ops.kernel("LogicalOr") { _ in { try elementwise($0, Bool.self, Bool.self) { $0 || $1 } } }
  ops.kernel("BroadcastGradientArgs") { node in
    let type = try node.type("T")
    return { context in
      guard let left = ShapeContext.integers(try context.input(0)),
        let right = ShapeContext.integers(try context.input(1))
      else { throw EngineError.invalid("BroadcastGradientArgs takes vectors of int32 or int64") }
      let axes = try broadcastGradientAxes(left, right)
      for (index, list) in [axes.left, axes.right].enumerated() {
        context.setOutput(index, type == .int64 ? Tensor(list.map(Int64.init)) : Tensor(list.map(Int32.init)))
      }
    }
  }
}

/// Operations that only floating point has.
private func defineFloatingPointKernels(_ ops: inout OpRegistry) {
  func add(
    _ name: String, _ float: @escaping @Sendable (Float, Float) -> Float,
    _ double: @escaping @Sendable (Double, Double) -> Double
  ) {
    ops.kernel(name) { _ in
      { context in
        switch try context.input(0).dtype {
        case .float32: try elementwise(context, Float.self, Float.self, float)
        case .float64: try elementwise(context, Double.self, Double.self, double)
        case let dtype: throw EngineError.noKernel(name, dtype)
        }
      }
    }
  }
  add("MulNoNan", { $1 == 0 ? 0 : $0 * $1 }, { $1 == 0 ? 0 : $0 * $1 })
  add("Xdivy", { $0 == 0 ? 0 : $0 / $1 }, { $0 == 0 ? 0 : $0 / $1 })
  add("Xlogy", { $0 == 0 ? 0 : $0 * logf($1) }, { $0 == 0 ? 0 : $0 * log($1) })
  add("Atan2", { atan2f($0, $1) }, { atan2($0, $1) })
  // Gradients of activations: dy and y (or the feature), or y and dy.
  add("InvGrad", { -$1 * $0 * $0 }, { -$1 * $0 * $0 })
  add("ReciprocalGrad", { -$1 * $0 * $0 }, { -$1 * $0 * $0 })
  add("EluGrad", { $1 < 0 ? $0 * ($1 + 1) : $0 }, { $1 < 0 ? $0 * ($1 + 1) : $0 })
  add("SoftplusGrad", { $0 / (1 + expf(-$1)) }, { $0 / (1 + exp(-$1)) })
  add(
    "SoftsignGrad", { $0 / ((1 + abs($1)) * (1 + abs($1))) }, { $0 / ((1 + abs($1)) * (1 + abs($1))) })
  add(
    "SeluGrad", { $1 < 0 ? $0 * ($1 + Selu.scaleAlpha) : $0 * Selu.scale },
    { $1 < 0 ? $0 * ($1 + Double(Selu.scaleAlpha)) : $0 * Double(Selu.scale) })
  for name in ["LeakyReluGrad"] {
    ops.kernel(name) { node in
      let alpha = try node.float("alpha")
      return { context in
        switch try context.input(0).dtype {
        case .float32: try elementwise(context, Float.self, Float.self) { $1 > 0 ? $0 : $0 * alpha }
        case .float64: try elementwise(context, Double.self, Double.self) { $1 > 0 ? $0 : $0 * Double(alpha) }
        case let dtype: throw EngineError.noKernel(name, dtype)
        }
      }
    }
  }
}

/// Constants of the self-normalizing unit (Klambauer et al. 2017).
enum Selu {
  static let scale: Float = 1.050700987355480493
  static let scaleAlpha: Float = 1.758099340847376624
}

/// A number type whose loops C has.
private protocol LoopScalar: TensorScalar {
  static func run(
    _ op: ck_binary, _ form: ck_form, _ left: UnsafePointer<Self>, _ right: UnsafePointer<Self>,
    _ out: UnsafeMutablePointer<Self>, _ count: Int)
}

extension Float: LoopScalar {
  fileprivate static func run(
    _ op: ck_binary, _ form: ck_form, _ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>,
    _ out: UnsafeMutablePointer<Float>, _ count: Int
  ) { ck_binary_f32(op, form, left, right, out, count) }
}

extension Double: LoopScalar {
  fileprivate static func run(
    _ op: ck_binary, _ form: ck_form, _ left: UnsafePointer<Double>, _ right: UnsafePointer<Double>,
    _ out: UnsafeMutablePointer<Double>, _ count: Int
  ) { ck_binary_f64(op, form, left, right, out, count) }
}

/// Floating point through the C loops, in the first operand's memory where nobody else needs it.
private func arithmetic<T: LoopScalar>(_ context: KernelContext, _ op: ck_binary, _: T.Type) throws {
  var left = try context.take(0)
  let right = try context.input(1)
  let broadcast = try Broadcast(left.shape, right.shape)
  if left.shape == broadcast.shape, isKnownUniquelyReferenced(&left.storage) {
    right.withElements(of: T.self) { y in
      left.withMutableElements(of: T.self) { x in run(op, broadcast, UnsafeBufferPointer(x), y, x) }
    }
    return context.setOutput(0, left)
  }
  var result = try context.allocate(T.dataType, broadcast.shape)
  left.withElements(of: T.self) { x in
    right.withElements(of: T.self) { y in
      result.withMutableElements(of: T.self) { z in run(op, broadcast, x, y, z) }
    }
  }
  context.setOutput(0, result)
}

@inline(__always)
private func run<T: LoopScalar>(
  _ op: ck_binary, _ broadcast: Broadcast, _ x: UnsafeBufferPointer<T>, _ y: UnsafeBufferPointer<T>,
  _ z: UnsafeMutableBufferPointer<T>
) {
  guard let x = x.baseAddress, let y = y.baseAddress, let z = z.baseAddress else { return }
  broadcast.forEachRun { left, right, result, count, form in
    let loop: ck_form =
      switch form {
      case .both: CK_BOTH
      case .leftScalar: CK_LEFT_SCALAR
      case .rightScalar: CK_RIGHT_SCALAR
      }
    T.run(op, loop, x + left, y + right, z + result, count)
  }
}

/// Any operation on two tensors of one type.
private func elementwise<T: TensorScalar, R: TensorScalar>(
  _ context: KernelContext, _: T.Type, _: R.Type, _ operation: (T, T) -> R
) throws {
  let (left, right) = (try context.input(0), try context.input(1))
  let broadcast = try Broadcast(left.shape, right.shape)
  var result = try context.allocate(R.dataType, broadcast.shape)
  left.withElements(of: T.self) { x in
    right.withElements(of: T.self) { y in
      result.withMutableElements(of: R.self) { z in broadcast.map(x, y, into: z, operation) }
    }
  }
  context.setOutput(0, result)
}

private func concatenateStrings(_ context: KernelContext) throws {
  let (left, right) = (try context.input(0), try context.input(1))
  let broadcast = try Broadcast(left.shape, right.shape)
  var strings = [[UInt8]](repeating: [], count: broadcast.shape.elementCount)
  broadcast.forEachRun { x, y, z, count, form in
    for i in 0..<count {
      strings[z + i] =
        left.strings[form == .leftScalar ? x : x + i] + right.strings[form == .rightScalar ? y : y + i]
    }
  }
  context.setOutput(0, Tensor(strings: strings, shape: broadcast.shape))
}

private func divideFloats<T: TensorScalar & BinaryFloatingPoint>(
  _ context: KernelContext, _ name: String, _: T.Type, power: (T, T) -> T
) throws {
  switch name {
  case "FloorDiv": try elementwise(context, T.self, T.self) { ($0 / $1).rounded(.down) }
  case "TruncateDiv": try elementwise(context, T.self, T.self) { ($0 / $1).rounded(.towardZero) }
  case "Mod": try elementwise(context, T.self, T.self) { $0.truncatingRemainder(dividingBy: $1) }
  case "FloorMod":
    try elementwise(context, T.self, T.self) { x, y in
      let remainder = x.truncatingRemainder(dividingBy: y)
      return (x < 0) == (y < 0) ? remainder : (remainder + y).truncatingRemainder(dividingBy: y)
    }
  default: try elementwise(context, T.self, T.self, power)
  }
}

private func integerArithmetic(_ context: KernelContext, _ name: String, _ dtype: DataType) throws {
  switch dtype {
  case .int32: try integers(context, name, Int32.self)
  case .int64: try integers(context, name, Int64.self)
  case .int16: try integers(context, name, Int16.self)
  case .int8: try integers(context, name, Int8.self)
  case .uint8: try integers(context, name, UInt8.self)
  case .uint16: try integers(context, name, UInt16.self)
  default: throw EngineError.noKernel(name, dtype)
  }
}

/// Integers wrap around. Dividing by zero is an error, as in TensorFlow.
private func integers<T: TensorScalar & FixedWidthInteger>(
  _ context: KernelContext, _ name: String, _: T.Type
) throws {
  let divides = ["Div", "RealDiv", "FloorDiv", "TruncateDiv", "FloorMod", "Mod"].contains(name)
  if divides || name == "Pow" {
    let hasBadRight = try context.input(1).withElements(of: T.self) { divisors in
      divisors.contains { divides ? $0 == 0 : $0 < 0 }
    }
    if hasBadRight {
      throw EngineError.invalid(
        divides ? "Integer division by zero" : "Integers to negative integer powers are not allowed")
    }
  }
  let operation: (T, T) -> T
  switch name {
  case "Add", "AddV2": operation = { $0 &+ $1 }
  case "Sub": operation = { $0 &- $1 }
  case "Mul": operation = { $0 &* $1 }
  case "Maximum": operation = { max($0, $1) }
  case "Minimum": operation = { min($0, $1) }
  case "SquaredDifference": operation = { ($0 &- $1) &* ($0 &- $1) }
  case "Div", "RealDiv", "TruncateDiv": operation = { $0.dividedReportingOverflow(by: $1).partialValue }
  case "Mod": operation = { $0.remainderReportingOverflow(dividingBy: $1).partialValue }
  case "FloorDiv":
    operation = { x, y in
      let quotient = x.dividedReportingOverflow(by: y).partialValue
      let remainder = x.remainderReportingOverflow(dividingBy: y).partialValue
      return remainder != 0 && (remainder < 0) != (y < 0) ? quotient - 1 : quotient
    }
  case "FloorMod":
    operation = { x, y in
      let remainder = x.remainderReportingOverflow(dividingBy: y).partialValue
      return remainder != 0 && (remainder < 0) != (y < 0) ? remainder + y : remainder
    }
  case "Pow":
    operation = { base, exponent in
      var (result, base, exponent) = (1 as T, base, exponent)
      while exponent > 0 {
        if exponent & 1 == 1 { result = result &* base }
        base = base &* base
        exponent >>= 1
      }
      return result
    }
  case "ReluGrad": operation = { $1 > 0 ? $0 : 0 }
  case "Relu6Grad": operation = { $1 > 0 && $1 < 6 ? $0 : 0 }
  default: throw EngineError.noKernel(name, T.dataType)
  }
  try elementwise(context, T.self, T.self, operation)
}

private func compare(_ context: KernelContext, _ name: String) throws {
  switch try context.input(0).dtype {
  case .float32: try compareOrdered(context, name, Float.self)
  case .float64: try compareOrdered(context, name, Double.self)
  case .int32: try compareOrdered(context, name, Int32.self)
  case .int64: try compareOrdered(context, name, Int64.self)
  case .int16: try compareOrdered(context, name, Int16.self)
  case .int8: try compareOrdered(context, name, Int8.self)
  case .uint8: try compareOrdered(context, name, UInt8.self)
  case .uint16: try compareOrdered(context, name, UInt16.self)
  case .bool where name == "Equal": try elementwise(context, Bool.self, Bool.self, ==)
  case .bool where name == "NotEqual": try elementwise(context, Bool.self, Bool.self, !=)
  case .string where name == "Equal" || name == "NotEqual":
    let (left, right) = (try context.input(0), try context.input(1))
    let broadcast = try Broadcast(left.shape, right.shape)
    var equal = [Bool](repeating: false, count: broadcast.shape.elementCount)
    broadcast.forEachRun { x, y, z, count, form in
      for i in 0..<count {
        let same = left.strings[form == .leftScalar ? x : x + i] == right.strings[form == .rightScalar ? y : y + i]
        equal[z + i] = same == (name == "Equal")
      }
    }
    context.setOutput(0, Tensor(equal, shape: broadcast.shape))
  case let dtype: throw EngineError.noKernel(name, dtype)
  }
}

private func compareOrdered<T: TensorScalar & Comparable>(
  _ context: KernelContext, _ name: String, _: T.Type
) throws {
  switch name {
  case "Less": try elementwise(context, T.self, Bool.self, <)
  case "LessEqual": try elementwise(context, T.self, Bool.self, <=)
  case "Greater": try elementwise(context, T.self, Bool.self, >)
  case "GreaterEqual": try elementwise(context, T.self, Bool.self, >=)
  case "NotEqual": try elementwise(context, T.self, Bool.self, !=)
  default: try elementwise(context, T.self, Bool.self, ==)
  }
}
