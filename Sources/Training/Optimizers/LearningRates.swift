import Engine
import Foundation
import Tensors

// Learning rates that change with the steps (`tf.train.exponential_decay` and its siblings). `globalStep` is a variable
// or an output; the result is a scalar of the type of the first rate.

extension Graph {
  /// `learningRate * decayRate ^ (step / decaySteps)` (`tf.train.exponential_decay`), with a `staircase` in whole steps
  /// only.
  public func exponentialDecay(
    _ learningRate: any GraphValue, globalStep: any GraphValue, decaySteps: any GraphValue,
    decayRate: any GraphValue, staircase: Bool = false, name: String? = nil
  ) throws -> Output {
    try nameScope(name, default: "ExponentialDecay") { scope in
      let initial = try self.operand(learningRate, name: "initial_learning_rate")
      let steps = try self.cast(decaySteps, to: initial.dtype)
      let rate = try self.cast(decayRate, to: initial.dtype)
      let exponent = try self.progress(globalStep, of: steps, dtype: initial.dtype, staircase: staircase)
      return try self.multiply(initial, self.pow(rate, exponent), name: scope)
    }
  }

  /// `learningRate * exp(-decayRate * step / decaySteps)` (`tf.train.natural_exp_decay`).
  public func naturalExponentialDecay(
    _ learningRate: any GraphValue, globalStep: any GraphValue, decaySteps: any GraphValue,
    decayRate: any GraphValue, staircase: Bool = false, name: String? = nil
  ) throws -> Output {
    // e to the power of -rate takes the place of the rate.
    let natural = try exp(negative(decayRate))
    return try exponentialDecay(
      learningRate, globalStep: globalStep, decaySteps: decaySteps, decayRate: natural, staircase: staircase,
      name: name)
  }

  /// `learningRate / (1 + decayRate * step / decaySteps)` (`tf.train.inverse_time_decay`).
  public func inverseTimeDecay(
    _ learningRate: any GraphValue, globalStep: any GraphValue, decaySteps: any GraphValue,
    decayRate: any GraphValue, staircase: Bool = false, name: String? = nil
  ) throws -> Output {
    try nameScope(name, default: "InverseTimeDecay") { scope in
      let initial = try self.operand(learningRate, name: "initial_learning_rate")
      let steps = try self.cast(decaySteps, to: initial.dtype)
      let rate = try self.cast(decayRate, to: initial.dtype)
      let part = try self.progress(globalStep, of: steps, dtype: initial.dtype, staircase: staircase)
      let one = try self.cast(self.constant(1), to: initial.dtype)
      return try self.divide(initial, self.add(one, self.multiply(rate, part)), name: scope)
    }
  }

  /// From `learningRate` to `end` within `decaySteps` along a power of the steps left
  /// (`tf.train.polynomial_decay`): `(learningRate - end) * (1 - step / decaySteps) ^ power + end`.
  public func polynomialDecay(
    _ learningRate: any GraphValue, globalStep: any GraphValue, decaySteps: any GraphValue,
    end: any GraphValue = 0.0001, power: any GraphValue = 1.0, name: String? = nil
  ) throws -> Output {
    try nameScope(name, default: "PolynomialDecay") { scope in
      let initial = try self.operand(learningRate, name: "initial_learning_rate")
      let last = try self.cast(end, to: initial.dtype)
      let exponent = try self.cast(power, to: initial.dtype)
      let step = try self.cast(globalStep, to: initial.dtype)
      let steps = try self.cast(decaySteps, to: initial.dtype)
      let part = try self.divide(self.minimum(step, decaySteps), steps)
      let span = try initial - last
      let left = try self.pow(1.0 - part, exponent)
      return try self.add(self.multiply(span, left), last, name: scope)
    }
  }

  /// Along half a cosine from `learningRate` to `alpha * learningRate` within `decaySteps`
  /// (`tf.train.cosine_decay`; I. Loshchilov, F. Hutter, 2016).
  public func cosineDecay(
    _ learningRate: any GraphValue, globalStep: any GraphValue, decaySteps: any GraphValue, alpha: Double = 0,
    name: String? = nil
  ) throws -> Output {
    try nameScope(name, default: "CosineDecay") { _ in
      let initial = try self.operand(learningRate, name: "initial_learning_rate")
      let steps = try self.cast(decaySteps, to: initial.dtype)
      let step = try self.minimum(self.cast(globalStep, to: initial.dtype), steps)
      let wave = try self.halfCosine(step / steps)
      return try self.multiply(initial, (1 - alpha) * wave + alpha)
    }
  }

  /// `(alpha + linear) * cosine + beta`, times `learningRate`, where `linear` falls to 0 within `decaySteps` and the
  /// cosine makes `periods` waves meanwhile (`tf.train.linear_cosine_decay`; I. Bello et al., 2017).
  public func linearCosineDecay(
    _ learningRate: any GraphValue, globalStep: any GraphValue, decaySteps: any GraphValue, periods: Double = 0.5,
    alpha: Double = 0, beta: Double = 0.001, name: String? = nil
  ) throws -> Output {
    try nameScope(name, default: "LinearCosineDecay") { scope in
      let initial = try self.operand(learningRate, name: "initial_learning_rate")
      let steps = try self.cast(decaySteps, to: initial.dtype)
      let waves = try self.cast(periods, to: initial.dtype)
      let floor = try self.cast(alpha, to: initial.dtype)
      let offset = try self.cast(beta, to: initial.dtype)
      let step = try self.minimum(self.cast(globalStep, to: initial.dtype), steps)
      let linear = try (steps - step) / steps
      let completed = try step / steps
      let wave = try self.halfCosine(2.0 * waves * completed)
      return try self.multiply(initial, (floor + linear) * wave + offset, name: scope)
    }
  }

  /// Constant in each interval (`tf.train.piecewise_constant`): `values[0]` up to and including the first boundary,
  /// `values[1]` up to the second, and the last value beyond all.
  /// - Parameters:
  ///   - x: usually the global step.
  ///   - boundaries: ascending.
  ///   - values: one more than boundaries.
  /// - Throws: `BuildError` where the numbers of boundaries and values do not fit.
  public func piecewiseConstant(
    _ x: any GraphValue, boundaries: [Double], values: [Double], name: String? = nil
  ) throws -> Output {
    guard boundaries.count == values.count - 1, !boundaries.isEmpty else {
      throw BuildError.value("The length of boundaries should be 1 less than the length of values")
    }
    return try nameScope(name, default: "PiecewiseConstant") { scope in
      let x = try self.operand(x, name: "x")
      let levels = try self.constant(values, name: "values")
      let bounds = try self.constant(x.dtype.isInteger ? boundaries.map { $0.rounded(.down) } : boundaries)
      // How many boundaries lie below x says which value holds.
      let position = try self.cast(x, to: .float64)
      let passed = try self.greater(position, self.cast(bounds, to: .float64))
      let index = try self.reduceSum(self.cast(passed, to: .int32), axis: 0)
      return try self.gather(levels, indices: index, name: scope)
    }
  }

  /// The part of `steps` that is done; in whole steps for a staircase.
  private func progress(
    _ globalStep: any GraphValue, of steps: Output, dtype: DataType, staircase: Bool
  ) throws -> Output {
    let part = try cast(globalStep, to: dtype) / steps
    return staircase ? try floor(part) : part
  }

  /// From 1 to 0 as `fraction` goes from 0 to 1.
  private func halfCosine(_ fraction: Output) throws -> Output {
    let angle = try constant(Double.pi, dtype: fraction.dtype) * fraction
    return try 0.5 * (1.0 + cos(angle) as Output)
  }
}
