import Engine
import Tensors

extension Slim {
  /// A convolution (`slim.conv2d`): variables `SCOPE/weights` and, without a normalizer, `SCOPE/biases`.
  /// - Parameters:
  ///   - x: `[batch, rows, columns, channels]`.
  ///   - outputs: size of the last dimension of the result.
  ///   - configure: sets arguments of this layer; those of argument scopes come after. Unless told otherwise the
  ///     stride is 1, the padding `same`, the activation `relu`, weights begin as Glorot's and biases at 0.
  ///   - scope: `Conv`, `Conv_1`, … if nil.
  public func conv2d(
    _ x: any GraphValue, _ outputs: Int, _ kernelSize: WindowSize, stride: WindowSize? = nil, padding: Padding? = nil,
    activation: Activation? = nil, scope: String? = nil, reuse: Reuse = .inherit,
    _ configure: (inout SlimArguments) throws -> Void = { _ in }
  ) throws -> Output {
    var own = SlimArguments()
    own.stride = stride
    own.padding = padding
    own.activation = activation
    try configure(&own)
    let arguments = own.over(self.arguments(.conv2d))
    let x = try graph.operand(x, name: "inputs")
    return try graph.variableScope(scope, default: "Conv", reuse: reuse) { _ in
      let output = try graph.convolutionCore(
        x, filters: outputs, kernelSize: kernelSize, strides: arguments.stride ?? 1,
        padding: arguments.padding ?? .same, dilation: arguments.rate ?? 1,
        kernelInitializer: arguments.weightsInitializer ?? .xavier(), bias: biases(arguments),
        kernelRegularizer: arguments.weightsRegularizer, trainable: arguments.trainable ?? true, style: .slim)
      return try finished(output, arguments)
    }
  }

  /// A product with a matrix (`slim.fully_connected`): variables `SCOPE/weights` and, without a normalizer,
  /// `SCOPE/biases`.
  /// - Parameter scope: `fully_connected`, `fully_connected_1`, … if nil.
  public func fullyConnected(
    _ x: any GraphValue, _ outputs: Int, activation: Activation? = nil, scope: String? = nil,
    reuse: Reuse = .inherit, _ configure: (inout SlimArguments) throws -> Void = { _ in }
  ) throws -> Output {
    var own = SlimArguments()
    own.activation = activation
    try configure(&own)
    let arguments = own.over(self.arguments(.fullyConnected))
    let x = try graph.operand(x, name: "inputs")
    return try graph.variableScope(scope, default: "fully_connected", reuse: reuse) { _ in
      let output = try graph.denseCore(
        x, units: outputs, kernelInitializer: arguments.weightsInitializer ?? .xavier(), bias: biases(arguments),
        kernelRegularizer: arguments.weightsRegularizer, trainable: arguments.trainable ?? true, style: .slim)
      return try finished(output, arguments)
    }
  }

  private func biases(_ arguments: SlimArguments) -> (initializer: Initializer?, regularizer: Regularizer?)? {
    arguments.normalizer == nil ? (arguments.biasesInitializer ?? .zeros, arguments.biasesRegularizer) : nil
  }

  private func finished(_ output: Output, _ arguments: SlimArguments) throws -> Output {
    var output = output
    if arguments.normalizer != nil { output = try batchNorm(output, defaultScope: "BatchNorm") }
    return try (arguments.activation ?? .relu).apply(output)
  }

  /// Batch normalization (`slim.batch_norm`): `beta`, `moving_mean`, `moving_variance`, and `gamma` where it scales.
  ///
  /// Unless told otherwise it trains, with a decay of 0.999, an epsilon of 0.001, a center and no scale. The ops that
  /// move the means join `update_ops`: run them with each training step.
  /// - Parameter scope: `BatchNorm`, `BatchNorm_1`, … if nil.
  public func batchNorm(
    _ x: any GraphValue, isTraining: Bool? = nil, decay: Double? = nil, activation: Activation = .linear,
    scope: String? = nil, reuse: Reuse = .inherit, _ configure: (inout SlimArguments) throws -> Void = { _ in }
  ) throws -> Output {
    try batchNorm(
      x, isTraining: isTraining, decay: decay, activation: activation, scope: scope, defaultScope: "BatchNorm",
      reuse: reuse, configure)
  }

  private func batchNorm(
    _ x: any GraphValue, isTraining: Bool? = nil, decay: Double? = nil, activation: Activation = .linear,
    scope: String? = nil, defaultScope: String, reuse: Reuse = .inherit,
    _ configure: (inout SlimArguments) throws -> Void = { _ in }
  ) throws -> Output {
    var own = SlimArguments()
    own.isTraining = isTraining
    own.decay = decay
    try configure(&own)
    let arguments = own.over(self.arguments(.batchNorm))
    var options = BatchNormalizationOptions()
    options.momentum = arguments.decay ?? 0.999
    options.epsilon = arguments.epsilon ?? 0.001
    options.center = arguments.center ?? true
    options.scale = arguments.scale ?? false
    options.isTraining = arguments.isTraining ?? true
    options.trainable = arguments.trainable ?? true
    options.zeroDebias = arguments.zeroDebiasMovingMean ?? false
    options.style = .slim
    if case .some(.none) = arguments.updatesCollection { options.updates = nil }
    if case .some(.named(let name)) = arguments.updatesCollection { options.updates = name }
    let x = try graph.operand(x, name: "inputs")
    guard let rank = x.shape.rank else {
      throw BuildError.value("Inputs \(x.name) has undefined rank")
    }
    let isFused = arguments.fused ?? (rank == 2 || rank == 4)
    return try graph.variableScope(scope, default: defaultScope, reuse: reuse) { _ in
      let result: Output
      if isFused && (rank == 2 || options.zeroDebias || options.updates == nil) {
        result = try graph.fusedMovingBatchNormalization(x, options)
      } else {
        options.fused = isFused
        result = try graph.batchNormalizationCore(x, options)
      }
      return try activation.apply(result)
    }
  }

  /// The largest value of each window (`slim.max_pool2d`), with a stride of 2 unless told otherwise.
  public func maxPool2d(
    _ x: any GraphValue, _ kernelSize: WindowSize, stride: WindowSize? = nil, padding: Padding? = nil,
    scope: String? = nil
  ) throws -> Output {
    let arguments = self.arguments(.maxPool2d)
    let x = try graph.operand(x, name: "inputs")
    return try graph.nameScope(scope, default: "MaxPool2D") { _ in
      try graph.maxPool(
        x, window: kernelSize, strides: stride ?? arguments.stride ?? 2,
        padding: padding ?? arguments.padding ?? .valid)
    }
  }

  /// The mean of each window (`slim.avg_pool2d`), with a stride of 2 unless told otherwise.
  public func avgPool2d(
    _ x: any GraphValue, _ kernelSize: WindowSize, stride: WindowSize? = nil, padding: Padding? = nil,
    scope: String? = nil
  ) throws -> Output {
    let arguments = self.arguments(.avgPool2d)
    let x = try graph.operand(x, name: "inputs")
    return try graph.nameScope(scope, default: "AvgPool2D") { _ in
      try graph.avgPool(
        x, window: kernelSize, strides: stride ?? arguments.stride ?? 2,
        padding: padding ?? arguments.padding ?? .valid)
    }
  }

  /// Sets random elements to 0 while training (`slim.dropout`); keeps half of them unless told otherwise.
  public func dropout(
    _ x: any GraphValue, keepProbability: Double? = nil, isTraining: Bool? = nil, seed: Int64? = nil,
    scope: String? = nil
  ) throws -> Output {
    let arguments = self.arguments(.dropout)
    let kept = keepProbability ?? arguments.keepProbability ?? 0.5
    let x = try graph.operand(x, name: "inputs")
    return try graph.variableScope(scope, default: "Dropout") { _ in
      guard isTraining ?? arguments.isTraining ?? true else { return try graph.identity(x) }
      // TensorFlow's layer inside of the layer has used up the plain name.
      return try graph.dropout(x, rate: 1 - kept, seed: seed, name: "dropout_1")
    }
  }

  /// Each example as a vector (`slim.flatten`).
  public func flatten(_ x: any GraphValue, scope: String? = nil) throws -> Output {
    let x = try graph.operand(x, name: "inputs")
    return try graph.nameScope(scope, default: "Flatten") { _ in
      try graph.nameScope("flatten") { _ in try graph.flattenCore(x) }
    }
  }

  /// Softmax over the last axis (`slim.softmax`).
  public func softmax(_ logits: any GraphValue, scope: String? = nil) throws -> Output {
    let logits = try graph.operand(logits, name: "logits")
    return try graph.variableScope(scope, default: "softmax") { _ in
      guard let classes = logits.shape[-1] else {
        throw BuildError.value("softmax() needs the number of classes.")
      }
      let rows = try graph.softmax(graph.reshape(logits, to: [-1, classes]))
      let result = try graph.reshape(rows, to: graph.shape(of: logits))
      try result.setShape(logits.shape)
      return result
    }
  }
}

extension Graph {
  /// slim's own form of the fused op: for vectors, and where means are moved in other ways than the layer does.
  func fusedMovingBatchNormalization(_ x: Output, _ options: BatchNormalizationOptions) throws -> Output {
    guard let channels = x.shape[-1], let rank = x.shape.rank else {
      throw BuildError.value("Inputs \(x.name) has undefined `C` dimension \(x.shape.tupleDescription).")
    }
    let images = rank == 2 ? try reshape(x, to: [-1, 1, 1, channels]) : x
    // Order of TensorFlow's nodes: beta, then gamma, or constants where they are not wanted.
    var options = options
    let hasCenter = options.center
    let beta =
      hasCenter
      ? try getVariable(
        "beta", shape: [channels], dtype: x.dtype, initializer: options.initializers.beta,
        trainable: options.trainable, collections: options.style.collections
      ).read() : try constant(0.0, dtype: x.dtype, shape: [channels])
    options.center = false
    let gamma = options.scale ? nil : try constant(1.0, dtype: x.dtype, shape: [channels])
    let variables = try batchNormalizationVariables(channels, x.dtype, options, needsBoth: false)
    guard let scale = variables.gamma ?? gamma else { throw BuildError.runtime("no gamma") }
    let node = try fusedNode(images, scale, beta, variables, options)
    var result = node.output(0)
    if options.isTraining {
      result = try moving(
        variables, [node.output(1), node.output(2)], options, result: result
      ) { variable, value in
        try self.assignMovingAverage(
          variable, value, decay: options.momentum,
          zeroDebias: options.zeroDebias && variable === variables.movingMean)
      }
    }
    guard rank == 2 else { return result }
    let flat = try reshape(result, to: shape(of: x))
    try flat.setShape(x.shape)
    return flat
  }
}

extension Initializer {
  /// Uniform in ±√(6 / (inputs + outputs)), as slim's layers begin (`xavier_initializer`).
  public static func xavier(seed: Int64? = nil) -> Initializer {
    Initializer { graph, shape, dtype in
      let sizes = shape.dimensions.map(Double.init)
      let window = sizes.dropLast(2).reduce(1, *)
      let inputs = (sizes.count > 1 ? sizes[sizes.count - 2] : sizes.last ?? 1) * window
      let outputs = (sizes.last ?? 1) * window
      let limit = (3 / ((inputs + outputs) / 2)).squareRoot()
      return try graph.randomUniform(shape, minimum: -limit, maximum: limit, dtype: dtype, seed: seed)
    }
  }
}
