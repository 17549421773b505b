import Engine
import Tensors

/// How a batch normalization is made; the defaults are those of `tf.layers`.
struct BatchNormalizationOptions {
  var momentum = 0.99
  var epsilon = 0.001
  var center = true
  var scale = true
  var isTraining = false
  /// Nil: where the rank allows it.
  var fused: Bool?
  var trainable = true
  var zeroDebias = false
  /// The means join this collection when they are to be updated; nil updates them at once, before the result.
  var updates: String? = GraphKeys.updateOps
  var initializers = BatchNormalizationInitializers()
  var style = LayerStyle.layers
}

/// First values of the variables of a batch normalization.
public struct BatchNormalizationInitializers: Sendable {
  public var beta: Initializer = .zeros
  public var gamma: Initializer = .ones
  public var movingMean: Initializer = .zeros
  public var movingVariance: Initializer = .ones

  public init() {}
}

extension Graph {
  /// Normalizes each channel over the batch (`tf.layers.batch_normalization`; S. Ioffe, C. Szegedy, 2015), with the
  /// variables `gamma`, `beta`, `moving_mean` and `moving_variance` below `NAME`.
  ///
  /// While training, the batch's own mean and variance count, and the ops that move the means towards them join the
  /// collection `update_ops`: **run them with each step**, usually as control dependencies of the training step.
  /// Otherwise the means collected so far count.
  /// - Parameters:
  ///   - x: rank 2 or 4, floating point, channels last.
  ///   - fused: whether one op does it all; only for rank 4, and there unless told otherwise.
  public func batchNormalization(
    _ x: any GraphValue, momentum: Double = 0.99, epsilon: Double = 0.001, center: Bool = true, scale: Bool = true,
    training: Bool = false, fused: Bool? = nil, trainable: Bool = true,
    initializers: BatchNormalizationInitializers = BatchNormalizationInitializers(), name: String? = nil,
    reuse: Reuse = .inherit
  ) throws -> Output {
    let options = BatchNormalizationOptions(
      momentum: momentum, epsilon: epsilon, center: center, scale: scale, isTraining: training, fused: fused,
      trainable: trainable, initializers: initializers)
    let x = try operand(x, name: "inputs")
    return try variableScope(name, default: "batch_normalization", reuse: reuse) { _ in
      try self.batchNormalizationCore(x, options)
    }
  }

  /// Inside the layer's scope.
  func batchNormalizationCore(_ x: Output, _ options: BatchNormalizationOptions) throws -> Output {
    guard let rank = x.shape.rank, let channels = x.shape[-1] else {
      throw BuildError.value(
        "Inputs \(x.name) of batch normalization need a known rank and a known last dimension, not "
          + "\(x.shape.tupleDescription).")
    }
    let isFused = options.fused ?? (rank == 4)
    guard !isFused || rank == 4 else {
      throw BuildError.value("Batch normalization layers support only 4D input in fused mode. Found rank \(rank).")
    }
    let variables = try batchNormalizationVariables(channels, x.dtype, options, needsBoth: isFused)
    return isFused
      ? try fusedBatchNormalization(x, variables, options) : try plainBatchNormalization(x, variables, options)
  }

  struct BatchNormalizationVariables {
    var gamma: Output?
    var beta: Output?
    var movingMean: Variable
    var movingVariance: Variable
  }

  /// - Parameter needsBoth: whether constants stand in for what is not wanted, as the fused op needs them.
  func batchNormalizationVariables(
    _ channels: Int, _ dtype: DataType, _ options: BatchNormalizationOptions, needsBoth: Bool
  ) throws -> BatchNormalizationVariables {
    func variable(_ name: String, _ initializer: Initializer, trainable: Bool) throws -> Variable {
      try getVariable(
        name, shape: [channels], dtype: dtype, initializer: initializer, trainable: trainable,
        collections: options.style.collections)
    }
    func parameter(_ name: String, _ initializer: Initializer, _ isWanted: Bool, neutral: Double) throws -> Output? {
      if isWanted { return try variable(name, initializer, trainable: options.trainable).read() }
      return needsBoth ? try constant(neutral, dtype: dtype, shape: [channels]) : nil
    }
    return BatchNormalizationVariables(
      gamma: try parameter("gamma", options.initializers.gamma, options.scale, neutral: 1),
      beta: try parameter("beta", options.initializers.beta, options.center, neutral: 0),
      movingMean: try variable("moving_mean", options.initializers.movingMean, trainable: false),
      movingVariance: try variable("moving_variance", options.initializers.movingVariance, trainable: false))
  }

  /// One op for everything. The moving variance gets the batch's with Bessel's correction.
  private func fusedBatchNormalization(
    _ x: Output, _ variables: BatchNormalizationVariables, _ options: BatchNormalizationOptions
  ) throws -> Output {
    guard let gamma = variables.gamma, let beta = variables.beta else {
      throw BuildError.runtime("batch normalization lacks its variables")
    }
    let node = try fusedNode(x, gamma, beta, variables, options)
    // TensorFlow makes this constant, whether it is needed or not.
    let momentum = try constant(options.momentum, name: "Const")
    guard options.isTraining else { return node.output(0) }
    return try moving(
      variables, [node.output(1), node.output(2)], options, result: node.output(0)
    ) { variable, value in
      try self.withColocation(with: variable.node) {
        try self.assignMovingAverage(variable, value, decay: momentum)
      }
    }
  }

  func fusedNode(
    _ x: Output, _ gamma: Output, _ beta: Output, _ variables: BatchNormalizationVariables,
    _ options: BatchNormalizationOptions
  ) throws -> Node {
    let statistics =
      options.isTraining
      ? [try constant(Tensor([Float]())), try constant(Tensor([Float]()))]
      : [try variables.movingMean.read(), try variables.movingVariance.read()]
    // cuDNN's lower limit, which TensorFlow keeps everywhere.
    let epsilon = options.epsilon > 1.001e-5 ? options.epsilon : 1.001e-5
    return try addNode(
      op: "FusedBatchNormV3", inputs: [x, gamma, beta] + statistics,
      attributes: ["epsilon": .float(Float(epsilon)), "is_training": .bool(options.isTraining)])
  }

  private func plainBatchNormalization(
    _ x: Output, _ variables: BatchNormalizationVariables, _ options: BatchNormalizationOptions
  ) throws -> Output {
    let mean: Output
    let variance: Output
    var updates: [Output] = []
    if options.isTraining {
      (mean, variance) = try moments(x, axes: Array(0..<((x.shape.rank ?? 1) - 1)))
      updates = [mean, variance]
    } else {
      (mean, variance) = (try variables.movingMean.read(), try variables.movingVariance.read())
    }
    let make = {
      try self.normalized(
        x, mean: mean, variance: variance, offset: variables.beta, scale: variables.gamma, epsilon: options.epsilon)
    }
    guard options.isTraining else { return try make() }
    return try moving(variables, updates, options, make: make) { variable, value in
      try self.withColocation(with: variable.node) {
        try self.assignMovingAverage(variable, value, decay: options.momentum)
      }
    }
  }

  /// Moves the means; the result waits for them where no collection takes them.
  func moving(
    _ variables: BatchNormalizationVariables, _ values: [Output], _ options: BatchNormalizationOptions,
    result: Output, _ move: (Variable, Output) throws -> (node: Node, value: Output)
  ) throws -> Output {
    try moving(
      variables, values, options, make: { options.updates == nil ? try self.identity(result) : result }, move)
  }

  private func moving(
    _ variables: BatchNormalizationVariables, _ values: [Output], _ options: BatchNormalizationOptions,
    make: () throws -> Output, _ move: (Variable, Output) throws -> (node: Node, value: Output)
  ) throws -> Output {
    let nodes = try zip([variables.movingMean, variables.movingVariance], values).map { try move($0, $1).node }
    guard let collection = options.updates else { return try controlDependencies(nodes, make) }
    for node in nodes { try addToCollection(collection, node) }
    return try make()
  }

  /// Mean and variance over `axes` (`tf.nn.moments`), without those dimensions.
  public func moments(
    _ x: any GraphValue, axes: [Int], keepDimensions: Bool = false, name: String? = nil
  ) throws -> (mean: Output, variance: Output) {
    try nameScope(name, default: "moments") { _ in
      let x = try self.operand(x, name: "x")
      let mean = try self.reduceMean(x, axes: axes, keepDimensions: true, name: "mean")
      let center = try self.stopGradient(mean)
      let distance = try self.binary("SquaredDifference", x, center, name: "SquaredDifference")
      let variance = try self.reduceMean(distance, axes: axes, keepDimensions: true, name: "variance")
      if keepDimensions { return (mean, variance) }
      return (try self.squeeze(mean, axes: axes), try self.squeeze(variance, axes: axes))
    }
  }

  /// `(x - mean) / √(variance + epsilon) * scale + offset` (`tf.nn.batch_normalization`).
  func normalized(
    _ x: Output, mean: Output, variance: Output, offset: Output?, scale: Output?, epsilon: Double
  ) throws -> Output {
    try nameScope("batchnorm") { _ in
      var factor = try self.rsqrt(variance + epsilon)
      if let scale { factor = try factor * scale }
      let scaled = try x * factor
      let shift = try mean * factor
      return try scaled + (offset.map { try $0 - shift } ?? self.negative(shift))
    }
  }
}
