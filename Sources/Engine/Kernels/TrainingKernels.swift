import CKernels
import Tensors

#if canImport(Glibc)
  import Glibc
#else
  import Foundation
#endif

/// Kernels of optimizer updates. `Apply…` works on reference variables, `ResourceApply…` on resource variables; both
/// change the variables in place while no one else can.
///
/// Formulas and their order of operations are TensorFlow's, so that trajectories agree to the last digits.
@Sendable func defineTrainingKernels(_ ops: inout OpRegistry) {
  for prefix in ["Apply", "ResourceApply"] {
    ops.kernel("\(prefix)GradientDescent") { _ in
      { try update($0, variables: 1, gradient: 2, GradientDescentRule.self) }
    }
    ops.kernel("\(prefix)Momentum") { node in
      let nesterov = try node.bool("use_nesterov")
      return { try update($0, variables: 2, gradient: 3, flag: nesterov, MomentumRule.self) }
    }
    ops.kernel("\(prefix)Adam") { node in
      let nesterov = try node.bool("use_nesterov")
      return { try update($0, variables: 3, gradient: 9, flag: nesterov, AdamRule.self) }
    }
    ops.kernel("\(prefix)Adagrad") { node in
      let updateSlots = try node.bool("update_slots")
      return { try update($0, variables: 2, gradient: 3, flag: updateSlots, AdagradRule.self) }
    }
    ops.kernel("\(prefix)AdagradDA") { _ in
      { try update($0, variables: 3, gradient: 3, AdagradDualAveragingRule.self) }
    }
    ops.kernel("\(prefix)RMSProp") { _ in
      { try update($0, variables: 3, gradient: 7, RMSPropRule.self) }
    }
    ops.kernel("\(prefix)CenteredRMSProp") { _ in
      { try update($0, variables: 4, gradient: 8, CenteredRMSPropRule.self) }
    }
    ops.kernel("\(prefix)Adadelta") { _ in
      { try update($0, variables: 3, gradient: 6, AdadeltaRule.self) }
    }
    ops.kernel("\(prefix)Ftrl") { _ in
      { try update($0, variables: 3, gradient: 3, FtrlRule.self) }
    }
    ops.kernel("\(prefix)FtrlV2") { _ in
      { try update($0, variables: 3, gradient: 3, flag: true, FtrlRule.self) }
    }
  }
}

/// A number type that updates are computed in, with the square root and power they need.
private protocol UpdateScalar: TensorScalar, BinaryFloatingPoint {
  static func power(_ base: Self, _ exponent: Self) -> Self
}

extension Float: UpdateScalar {
  fileprivate static func power(_ base: Float, _ exponent: Float) -> Float { powf(base, exponent) }
}

extension Double: UpdateScalar {
  fileprivate static func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }
}

/// One optimizer's step over the elements of a variable and its slots.
private protocol UpdateRule {
  /// - Parameters:
  ///   - state: The variable and its slots, in the op's order; all have `gradient`'s count.
  ///   - values: The op's scalar inputs in order, without the gradient.
  ///   - flag: The op's attribute (`use_nesterov`, `update_slots`), or whether it is the second version of the op.
  static func step<T: UpdateScalar>(
    _ state: [UnsafeMutableBufferPointer<T>], gradient: UnsafeBufferPointer<T>, values: [T], flag: Bool)
}

/// Runs one update on the variables of inputs 0..<`variables`, with the gradient at input `gradient`.
private func update(
  _ context: KernelContext, variables count: Int, gradient gradientIndex: Int, flag: Bool = false,
  _ rule: (some UpdateRule).Type
) throws {
  let gradient = try context.input(gradientIndex)
  let variables = try (0..<count).map(context.variable)
  let scalars = try (count..<context.inputCount).filter { $0 != gradientIndex }.map { index in
    let value = try context.input(index)
    guard value.elementCount == 1 else {
      throw EngineError.invalid("input \(index) of an update is not a scalar: \(value.shape)")
    }
    return value
  }
  switch gradient.dtype {
  case .float32: try update(Float.self, variables, gradient, scalars, flag, rule)
  case .float64: try update(Double.self, variables, gradient, scalars, flag, rule)
  default: throw EngineError.noKernel("Apply", gradient.dtype)
  }
}

private func update<T: UpdateScalar>(
  _: T.Type, _ variables: [Variable], _ gradient: Tensor, _ scalars: [Tensor], _ flag: Bool,
  _ rule: (some UpdateRule).Type
) throws {
  let values = scalars.map { $0.dtype == .int64 ? T($0.scalar(Int64.self)) : $0.scalar(T.self) }
  try Variable.update(variables) { tensors in
    for tensor in tensors where tensor.shape != gradient.shape || tensor.dtype != gradient.dtype {
      throw EngineError.invalid(
        "var and grad do not have the same shape\(tensor.shape) \(gradient.shape)")
    }
    // Each tensor is the only owner of its memory from here on, so the pointers stay valid while `tensors` lives.
    let state = tensors.indices.map { index in
      tensors[index].withMutableElements(of: T.self) { $0 }
    }
    gradient.withElements(of: T.self) { rule.step(state, gradient: $0, values: values, flag: flag) }
    withExtendedLifetime(tensors) {}
  }
}

private enum GradientDescentRule: UpdateRule {
  static func step<T: UpdateScalar>(
    _ state: [UnsafeMutableBufferPointer<T>], gradient: UnsafeBufferPointer<T>, values: [T], flag: Bool
  ) {
    switch (state[0], gradient, values[0]) {
    case let (v, g, rate) as (UnsafeMutableBufferPointer<Float>, UnsafeBufferPointer<Float>, Float):
      ck_apply_gradient_descent_f32(v.baseAddress, g.baseAddress, rate, g.count)
    case let (v, g, rate) as (UnsafeMutableBufferPointer<Double>, UnsafeBufferPointer<Double>, Double):
      ck_apply_gradient_descent_f64(v.baseAddress, g.baseAddress, rate, g.count)
    default: break
    }
  }
}

/// Values: rate, momentum.
private enum MomentumRule: UpdateRule {
  static func step<T: UpdateScalar>(
    _ state: [UnsafeMutableBufferPointer<T>], gradient: UnsafeBufferPointer<T>, values: [T], flag: Bool
  ) {
    let (rate, momentum) = (values[0], values[1])
    switch (state, gradient) {
    case let (state, g) as ([UnsafeMutableBufferPointer<Float>], UnsafeBufferPointer<Float>):
      ck_apply_momentum_f32(
        state[0].baseAddress, state[1].baseAddress, g.baseAddress, Float(rate), Float(momentum), flag ? 1 : 0, g.count)
    case let (state, g) as ([UnsafeMutableBufferPointer<Double>], UnsafeBufferPointer<Double>):
      ck_apply_momentum_f64(
        state[0].baseAddress, state[1].baseAddress, g.baseAddress, Double(rate), Double(momentum), flag ? 1 : 0,
        g.count)
    default: break
    }
  }
}

/// Kingma and Ba, "Adam" (2014). Values: beta1^t, beta2^t, rate, beta1, beta2, epsilon.
private enum AdamRule: UpdateRule {
  static func step<T: UpdateScalar>(
    _ state: [UnsafeMutableBufferPointer<T>], gradient: UnsafeBufferPointer<T>, values: [T], flag: Bool
  ) {
    let rate = values[2] * (1 - values[1]).squareRoot() / (1 - values[0])
    switch (state, gradient) {
    case let (state, g) as ([UnsafeMutableBufferPointer<Float>], UnsafeBufferPointer<Float>):
      ck_apply_adam_f32(
        state[0].baseAddress, state[1].baseAddress, state[2].baseAddress, g.baseAddress, Float(rate),
        Float(values[3]), Float(values[4]), Float(values[5]), flag ? 1 : 0, g.count)
    case let (state, g) as ([UnsafeMutableBufferPointer<Double>], UnsafeBufferPointer<Double>):
      ck_apply_adam_f64(
        state[0].baseAddress, state[1].baseAddress, state[2].baseAddress, g.baseAddress, Double(rate),
        Double(values[3]), Double(values[4]), Double(values[5]), flag ? 1 : 0, g.count)
    default: break
    }
  }
}

/// Duchi, Hazan and Singer, "Adaptive subgradient methods" (2011). Values: rate. Flag: whether the slot is updated.
private enum AdagradRule: UpdateRule {
  static func step<T: UpdateScalar>(
    _ state: [UnsafeMutableBufferPointer<T>], gradient: UnsafeBufferPointer<T>, values: [T], flag: Bool
  ) {
    let (v, a) = (state[0], state[1])
    for i in gradient.indices {
      let g = gradient[i]
      if flag { a[i] += g * g }
      v[i] -= g * values[0] / a[i].squareRoot()
    }
  }
}

/// Values: rate, l1, l2, and the number of this step, from 1. The first step replaces the variable: it is not relative to its initial value.
private enum AdagradDualAveragingRule: UpdateRule {
  static func step<T: UpdateScalar>(
    _ state: [UnsafeMutableBufferPointer<T>], gradient: UnsafeBufferPointer<T>, values: [T], flag: Bool
  ) {
    let (v, sum, squares) = (state[0], state[1], state[2])
    let (rate, l1, l2, step) = (values[0], values[1], values[2], values[3])
    for i in gradient.indices {
      let g = gradient[i]
      sum[i] += g
      squares[i] += g * g
      var total = sum[i]
      if l1 > 0 { total = (total < 0 ? -1 : 1) * max(total.magnitude - l1 * step, 0) }
      v[i] = -rate * total / (l2 * step * rate + squares[i].squareRoot())
    }
  }
}

/// Values: rate, decay, momentum, epsilon.
private enum RMSPropRule: UpdateRule {
  static func step<T: UpdateScalar>(
    _ state: [UnsafeMutableBufferPointer<T>], gradient: UnsafeBufferPointer<T>, values: [T], flag: Bool
  ) {
    let (v, square, moment) = (state[0], state[1], state[2])
    let (rate, decay, momentum, epsilon) = (values[0], values[1], values[2], values[3])
    for i in gradient.indices {
      let g = gradient[i]
      square[i] += (g * g - square[i]) * (1 - decay)
      moment[i] = moment[i] * momentum + (g * rate) / (square[i] + epsilon).squareRoot()
      v[i] -= moment[i]
    }
  }
}

/// Values: rate, decay, momentum, epsilon. State: variable, mean gradient, mean square, momentum.
private enum CenteredRMSPropRule: UpdateRule {
  static func step<T: UpdateScalar>(
    _ state: [UnsafeMutableBufferPointer<T>], gradient: UnsafeBufferPointer<T>, values: [T], flag: Bool
  ) {
    let (v, mean, square, moment) = (state[0], state[1], state[2], state[3])
    let (rate, decay, momentum, epsilon) = (values[0], values[1], values[2], values[3])
    for i in gradient.indices {
      let g = gradient[i]
      square[i] += (g * g - square[i]) * (1 - decay)
      mean[i] += (g - mean[i]) * (1 - decay)
      let variance = square[i] - mean[i] * mean[i] + epsilon
      moment[i] = moment[i] * momentum + (g * rate) / variance.squareRoot()
      v[i] -= moment[i]
    }
  }
}

/// Zeiler, "ADADELTA" (2012). Values: rate, decay, epsilon.
private enum AdadeltaRule: UpdateRule {
  static func step<T: UpdateScalar>(
    _ state: [UnsafeMutableBufferPointer<T>], gradient: UnsafeBufferPointer<T>, values: [T], flag: Bool
  ) {
    let (v, square, updates) = (state[0], state[1], state[2])
    let (rate, decay, epsilon) = (values[0], values[1], values[2])
    for i in gradient.indices {
      let g = gradient[i]
      square[i] = square[i] * decay + g * g * (1 - decay)
      let update = (updates[i] + epsilon).squareRoot() / (square[i] + epsilon).squareRoot() * g
      updates[i] = updates[i] * decay + update * update * (1 - decay)
      v[i] -= update * rate
    }
  }
}

/// McMahan et al., "Ad click prediction" (2013). Values: rate, l1, l2, [l2 shrinkage,] power. Flag: with shrinkage.
private enum FtrlRule: UpdateRule {
  static func step<T: UpdateScalar>(
    _ state: [UnsafeMutableBufferPointer<T>], gradient: UnsafeBufferPointer<T>, values: [T], flag: Bool
  ) {
    let (v, accumulated, linear) = (state[0], state[1], state[2])
    let (rate, l1, l2) = (values[0], values[1], values[2])
    let shrinkage = flag ? values[3] : 0
    let power = values[flag ? 4 : 3]
    func root(_ value: T) -> T { power == -0.5 ? value.squareRoot() : T.power(value, -power) }
    for i in gradient.indices {
      let g = gradient[i]
      let shrunk = flag ? g + 2 * shrinkage * v[i] : g
      let next = accumulated[i] + g * g
      linear[i] += shrunk - (root(next) - root(accumulated[i])) / rate * v[i]
      let quadratic = root(next) / rate + 2 * l2
      let sign: T = linear[i] > 0 ? 1 : (linear[i] < 0 ? -1 : 0)
      v[i] = linear[i].magnitude > l1 ? (sign * l1 - linear[i]) / quadratic : 0
      accumulated[i] = next
    }
  }
}
