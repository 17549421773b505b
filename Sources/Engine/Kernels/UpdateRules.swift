import CKernels
import Tensors

#if canImport(Glibc)
  import Glibc
#else
  import Foundation
#endif

/// A number type that updates are computed in, with the square root and power they need.
protocol UpdateScalar: TensorScalar, BinaryFloatingPoint {
  static func power(_ base: Self, _ exponent: Self) -> Self
}

extension Float: UpdateScalar {
  static func power(_ base: Float, _ exponent: Float) -> Float { powf(base, exponent) }
}

extension Double: UpdateScalar {
  static func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }
}

/// One optimizer's step over the elements of a variable and its slots.
protocol UpdateRule {
  /// - Parameters:
  ///   - state: The variable and its slots, in the op's order; all have `gradient`'s count.
  ///   - values: The op's scalar inputs in order, without the gradient.
  ///   - flag: The op's attribute (`use_nesterov`, `update_slots`), or whether it is the second version of the op.
  static func step<T: UpdateScalar>(
    _ state: [UnsafeMutableBufferPointer<T>], gradient: UnsafeBufferPointer<T>, values: [T], flag: Bool)
}

enum GradientDescentRule: UpdateRule {
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
enum MomentumRule: UpdateRule {
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
enum AdamRule: UpdateRule {
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
enum AdagradRule: UpdateRule {
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

/// Values: rate, l1, l2, and the number of this step, from 1. The first step replaces the variable: it is not relative
/// to its initial value.
enum AdagradDualAveragingRule: UpdateRule {
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
enum RMSPropRule: UpdateRule {
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
enum CenteredRMSPropRule: UpdateRule {
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
enum AdadeltaRule: UpdateRule {
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

/// McMahan et al., "Ad click prediction" (2013). Values: rate, l1, l2, power.
enum FtrlRule: UpdateRule {
  static func step<T: UpdateScalar>(
    _ state: [UnsafeMutableBufferPointer<T>], gradient: UnsafeBufferPointer<T>, values: [T], flag: Bool
  ) {
    ShrinkingFtrlRule.step(state, gradient: gradient, values: Array(values[..<3]) + [0, values[3]], flag: false)
  }
}

/// The same with values rate, l1, l2, l2 shrinkage, power.
enum ShrinkingFtrlRule: UpdateRule {
  static func step<T: UpdateScalar>(
    _ state: [UnsafeMutableBufferPointer<T>], gradient: UnsafeBufferPointer<T>, values: [T], flag: Bool
  ) {
    let (v, accumulated, linear) = (state[0], state[1], state[2])
    let (rate, l1, l2) = (values[0], values[1], values[2])
    let (shrinkage, power) = (values[3], values[4])
    func root(_ value: T) -> T { power == -0.5 ? value.squareRoot() : T.power(value, -power) }
    for i in gradient.indices {
      let g = gradient[i]
      let shrunk = shrinkage == 0 ? g : g + 2 * shrinkage * v[i]
      let next = accumulated[i] + g * g
      linear[i] += shrunk - (root(next) - root(accumulated[i])) / rate * v[i]
      let quadratic = root(next) / rate + 2 * l2
      let sign: T = linear[i] > 0 ? 1 : (linear[i] < 0 ? -1 : 0)
      v[i] = linear[i].magnitude > l1 ? (sign * l1 - linear[i]) / quadratic : 0
      accumulated[i] = next
    }
  }
}

/// Keras's form of momentum: the rate is inside the accumulator. Values: rate, momentum. Flag: Nesterov.
enum KerasMomentumRule: UpdateRule {
  static func step<T: UpdateScalar>(
    _ state: [UnsafeMutableBufferPointer<T>], gradient: UnsafeBufferPointer<T>, values: [T], flag: Bool
  ) {
    let (v, accumulated) = (state[0], state[1])
    let (rate, momentum) = (values[0], values[1])
    for i in gradient.indices {
      accumulated[i] = accumulated[i] * momentum - gradient[i] * rate
      v[i] += flag ? accumulated[i] * momentum - gradient[i] * rate : accumulated[i]
    }
  }
}

/// Kingma and Ba, "Adam" (2014), section 7. Values: beta1^t, rate, beta1, beta2, epsilon.
enum AdaMaxRule: UpdateRule {
  static func step<T: UpdateScalar>(
    _ state: [UnsafeMutableBufferPointer<T>], gradient: UnsafeBufferPointer<T>, values: [T], flag: Bool
  ) {
    let (v, mean, largest) = (state[0], state[1], state[2])
    let (beta1, beta2, epsilon) = (values[2], values[3], values[4])
    let rate = values[1] / (1 - values[0])
    for i in gradient.indices {
      let g = gradient[i]
      mean[i] += (g - mean[i]) * (1 - beta1)
      largest[i] = max(beta2 * largest[i], g.magnitude)
      v[i] -= rate * (mean[i] / (largest[i] + epsilon))
    }
  }
}

extension UpdateScalar {
  /// The point nearest to this one under penalties on size: shrunk towards 0 by both.
  func shrunk(rate: Self, l1: Self, l2: Self) -> Self {
    guard l1 > 0 else { return self / (1 + l2 * rate) }
    let size = max(magnitude - rate * l1, 0) / (1 + l2 * rate)
    return self < 0 ? -size : size
  }

  var signum: Self { self > 0 ? 1 : (self < 0 ? -1 : 0) }
}

/// Duchi and Singer, "Forward-backward splitting" (2009). Values: rate, l1, l2.
enum ProximalGradientDescentRule: UpdateRule {
  static func step<T: UpdateScalar>(
    _ state: [UnsafeMutableBufferPointer<T>], gradient: UnsafeBufferPointer<T>, values: [T], flag: Bool
  ) {
    let v = state[0]
    for i in gradient.indices {
      v[i] = (v[i] - gradient[i] * values[0]).shrunk(rate: values[0], l1: values[1], l2: values[2])
    }
  }
}

/// The same with Adagrad's rate for each element. Values: rate, l1, l2.
enum ProximalAdagradRule: UpdateRule {
  static func step<T: UpdateScalar>(
    _ state: [UnsafeMutableBufferPointer<T>], gradient: UnsafeBufferPointer<T>, values: [T], flag: Bool
  ) {
    let (v, accumulated) = (state[0], state[1])
    for i in gradient.indices {
      accumulated[i] += gradient[i] * gradient[i]
      let rate = values[0] / accumulated[i].squareRoot()
      v[i] = (v[i] - gradient[i] * rate).shrunk(rate: rate, l1: values[1], l2: values[2])
    }
  }
}

/// Bello et al., "Neural optimizer search" (2017). Values: rate, alpha, sign decay, beta.
enum AddSignRule: UpdateRule {
  static func step<T: UpdateScalar>(
    _ state: [UnsafeMutableBufferPointer<T>], gradient: UnsafeBufferPointer<T>, values: [T], flag: Bool
  ) {
    let (v, mean) = (state[0], state[1])
    for i in gradient.indices {
      let g = gradient[i]
      mean[i] = mean[i] * values[3] + g * (1 - values[3])
      v[i] -= values[0] * (values[1] + values[2] * g.signum * mean[i].signum) * g
    }
  }
}

/// The same paper. Values: rate, logarithm of the base, sign decay, beta.
enum PowerSignRule: UpdateRule {
  static func step<T: UpdateScalar>(
    _ state: [UnsafeMutableBufferPointer<T>], gradient: UnsafeBufferPointer<T>, values: [T], flag: Bool
  ) {
    let (v, mean) = (state[0], state[1])
    let e = T.power(2.718281828459045, values[1] * values[2])
    for i in gradient.indices {
      let g = gradient[i]
      mean[i] = mean[i] * values[3] + g * (1 - values[3])
      let agreement = g.signum * mean[i].signum
      v[i] -= values[0] * (agreement > 0 ? e : (agreement < 0 ? 1 / e : 1)) * g
    }
  }
}
