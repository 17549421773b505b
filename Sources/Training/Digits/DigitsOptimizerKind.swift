import Engine

/// Which optimizer trains the classifier, and how fast it learns unless told otherwise.
public enum DigitsOptimizerKind: String, Sendable, CaseIterable {
  case sgd, momentum, nesterov, adam, adagrad
  /// Replaces the initial weights at its first step: for the softmax model.
  case adagradDA = "adagrad-da"
  case ftrl, rmsprop, adadelta

  /// Other names people use, TensorFlow's class names among them; nil for none of them. Case does not count.
  public init?(name: String) {
    let plain = name.lowercased().filter { $0 != "-" && $0 != "_" }
    let known = plain.hasSuffix("optimizer") ? String(plain.dropLast("optimizer".count)) : plain
    switch known {
    case "sgd", "gradientdescent": self = .sgd
    case "momentum": self = .momentum
    case "nesterov": self = .nesterov
    case "adam": self = .adam
    case "adagrad": self = .adagrad
    case "adagradda": self = .adagradDA
    case "ftrl": self = .ftrl
    case "rmsprop": self = .rmsprop
    case "adadelta": self = .adadelta
    default: return nil
    }
  }

  public var defaultLearningRate: Double {
    switch self {
    case .sgd: 0.3
    case .momentum, .nesterov: 0.05
    case .adam: 0.01
    case .adagrad: 0.1
    case .adagradDA: 0.1
    case .ftrl: 0.1
    case .rmsprop: 0.01
    // Its steps begin at the root of a tiny epsilon, so the rate is high.
    case .adadelta: 50
    }
  }

  func make(learningRate: Output, globalStep: Variable) throws -> Optimizer {
    switch self {
    case .sgd: GradientDescentOptimizer(learningRate: learningRate)
    case .momentum: MomentumOptimizer(learningRate: learningRate, momentum: 0.9)
    case .nesterov: MomentumOptimizer(learningRate: learningRate, momentum: 0.9, useNesterov: true)
    case .adam: AdamOptimizer(learningRate: learningRate)
    case .adagrad: try AdagradOptimizer(learningRate: learningRate)
    case .adagradDA: try AdagradDAOptimizer(learningRate: learningRate, globalStep: globalStep)
    case .ftrl: try FtrlOptimizer(learningRate: learningRate)
    case .rmsprop: RMSPropOptimizer(learningRate: learningRate)
    case .adadelta: AdadeltaOptimizer(learningRate: learningRate)
    }
  }
}

/// How the learning rate changes with the steps.
public enum DigitsSchedule: String, Sendable, CaseIterable {
  /// Falls by 5 % an epoch.
  case exponential
  case constant
  /// Along half a cosine to 0 at the last step.
  case cosine
  /// In a straight line to 1/100 at the last step.
  case polynomial
  /// Over 1 + half the epochs done.
  case inverseTime = "inverse-time"
  /// Half, then a tenth, after a half and three quarters of all steps.
  case piecewise

  func make(
    _ tf: Graph, learningRate: Double, globalStep: Variable, stepsPerEpoch: Int, totalSteps: Int
  ) throws -> Output {
    let name = "schedule"
    switch self {
    case .constant: return try tf.constant(learningRate, name: name)
    case .exponential:
      return try tf.exponentialDecay(
        learningRate, globalStep: globalStep, decaySteps: stepsPerEpoch, decayRate: DigitsModel.decayPerEpoch,
        staircase: true, name: name)
    case .cosine: return try tf.cosineDecay(learningRate, globalStep: globalStep, decaySteps: totalSteps, name: name)
    case .polynomial:
      return try tf.polynomialDecay(
        learningRate, globalStep: globalStep, decaySteps: totalSteps, end: learningRate / 100, name: name)
    case .inverseTime:
      return try tf.inverseTimeDecay(
        learningRate, globalStep: globalStep, decaySteps: stepsPerEpoch, decayRate: 0.5, name: name)
    case .piecewise:
      return try tf.piecewiseConstant(
        globalStep, boundaries: [Double(totalSteps / 2), Double(totalSteps * 3 / 4)],
        values: [learningRate, learningRate / 2, learningRate / 10], name: name)
    }
  }
}
