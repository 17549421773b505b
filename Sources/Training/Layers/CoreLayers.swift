import Engine
import Tensors

// Layers in the style of `tf.layers`: each opens a variable scope, `NAME` or a default made unique, and keeps its
// variables there; called again with the same name and `reuse`, it shares them.

extension Graph {
  /// A fully connected layer (`tf.layers.dense`): `activation(x · kernel + bias)`, with the variables `NAME/kernel`
  /// and `NAME/bias`.
  /// - Parameters:
  ///   - x: floating point, rank 2 or more; the last dimension, which must be known, is multiplied.
  ///   - units: size of the last dimension of the result.
  ///   - kernelInitializer: the scope's if nil, else Glorot's.
  /// - Throws: `BuildError` for inputs of another type or unknown size.
  public func dense(
    _ x: any GraphValue, units: Int, activation: Activation = .linear, useBias: Bool = true,
    kernelInitializer: Initializer? = nil, biasInitializer: Initializer? = .zeros,
    kernelRegularizer: Regularizer? = nil, biasRegularizer: Regularizer? = nil, trainable: Bool = true,
    name: String? = nil, reuse: Reuse = .inherit
  ) throws -> Output {
    let x = try operand(x, name: "inputs")
    return try variableScope(name, default: "dense", reuse: reuse) { _ in
      let output = try self.denseCore(
        x, units: units, kernelInitializer: kernelInitializer,
        bias: useBias ? (biasInitializer, biasRegularizer) : nil, kernelRegularizer: kernelRegularizer,
        trainable: trainable, style: .layers)
      return try activation.apply(output)
    }
  }

  /// The product and the bias, inside the layer's scope.
  func denseCore(
    _ x: Output, units: Int, kernelInitializer: Initializer?,
    bias: (initializer: Initializer?, regularizer: Regularizer?)?, kernelRegularizer: Regularizer?, trainable: Bool,
    style: LayerStyle
  ) throws -> Output {
    guard x.dtype.isFloatingPoint else {
      throw BuildError.type("Unable to build `Dense` layer with non-floating point dtype \(x.dtype.name)")
    }
    guard let rank = x.shape.rank, rank >= 2 else {
      throw BuildError.value(
        "Input 0 of layer dense is incompatible with the layer: its rank is undefined, or less than 2. "
          + "Shape: \(x.shape.tupleDescription)")
    }
    guard let features = x.shape[-1] else {
      throw BuildError.value("The last dimension of the inputs to `Dense` should be defined. Found `None`.")
    }
    let kernel = try layerVariable(
      style.kernel, kind: "kernel", shape: [features, units], dtype: x.dtype, initializer: kernelInitializer,
      regularizer: kernelRegularizer, trainable: trainable, style: style)
    let biases = try bias.map {
      try layerVariable(
        style.bias, kind: "bias", shape: [units], dtype: x.dtype, initializer: $0.initializer,
        regularizer: $0.regularizer, trainable: trainable, style: style)
    }
    var output = rank == 2 ? try matmul(x, kernel) : try lastAxisProduct(x, kernel, units: units)
    if let biases { output = try biasAdd(output, biases) }
    return output
  }

  /// The product of the last dimension, where there are others than rows.
  private func lastAxisProduct(_ x: Output, _ kernel: any GraphValue, units: Int) throws -> Output {
    try nameScope("Tensordot") { scope in
      guard let dimensions = x.shape.dimensions, let features = dimensions.last ?? nil else {
        throw BuildError.value("The shape of the inputs to `Dense` should be known.")
      }
      let rows = try self.reshape(x, to: [-1, features])
      let product = try self.matmul(rows, kernel)
      let outer = try self.slice(self.shape(of: x), begin: [0], size: [dimensions.count - 1])
      let shape = try self.concat([outer, Tensor([Int32(units)])], axis: 0)
      let result = try self.reshape(product, to: shape, name: scope)
      try result.setShape(PartialShape(dimensions.dropLast() + [units]))
      return result
    }
  }

  /// A convolution layer (`tf.layers.conv2d`): `activation(x * kernel + bias)`, with the variables `NAME/kernel`
  /// `[rows, columns, inputs, filters]` and `NAME/bias`.
  /// - Parameters:
  ///   - x: `[batch, rows, columns, inputs]`, floating point; the number of inputs must be known.
  ///   - filters: size of the last dimension of the result.
  ///   - dilation: distance of the kernel's taps; made by the op itself, without TensorFlow's rearranging of batches.
  /// - Throws: `BuildError` for inputs of another rank or an unknown number of channels.
  public func conv2d(
    _ x: any GraphValue, filters: Int, kernelSize: WindowSize, strides: WindowSize = 1, padding: Padding = .valid,
    dilation: WindowSize = 1, activation: Activation = .linear, useBias: Bool = true,
    kernelInitializer: Initializer? = nil, biasInitializer: Initializer? = .zeros,
    kernelRegularizer: Regularizer? = nil, biasRegularizer: Regularizer? = nil, trainable: Bool = true,
    name: String? = nil, reuse: Reuse = .inherit
  ) throws -> Output {
    let x = try operand(x, name: "inputs")
    return try variableScope(name, default: "conv2d", reuse: reuse) { _ in
      let output = try self.convolutionCore(
        x, filters: filters, kernelSize: kernelSize, strides: strides, padding: padding, dilation: dilation,
        kernelInitializer: kernelInitializer, bias: useBias ? (biasInitializer, biasRegularizer) : nil,
        kernelRegularizer: kernelRegularizer, trainable: trainable, style: .layers)
      return try activation.apply(output)
    }
  }

  /// The convolution and the bias, inside the layer's scope.
  func convolutionCore(
    _ x: Output, filters: Int, kernelSize: WindowSize, strides: WindowSize, padding: Padding, dilation: WindowSize,
    kernelInitializer: Initializer?, bias: (initializer: Initializer?, regularizer: Regularizer?)?,
    kernelRegularizer: Regularizer?, trainable: Bool, style: LayerStyle
  ) throws -> Output {
    if let rank = x.shape.rank, rank != 4 {
      throw BuildError.value(
        "Input 0 of layer conv2d is incompatible with the layer: expected ndim=4, found ndim=\(rank). "
          + "Full shape received: \(x.shape)")
    }
    guard let channels = x.shape[-1] else {
      throw BuildError.value("The channel dimension of the inputs should be defined. Found `None`.")
    }
    let kernel = try layerVariable(
      style.kernel, kind: "kernel", shape: [kernelSize.rows, kernelSize.columns, channels, filters], dtype: x.dtype,
      initializer: kernelInitializer, regularizer: kernelRegularizer, trainable: trainable, style: style)
    let biases = try bias.map {
      try layerVariable(
        style.bias, kind: "bias", shape: [filters], dtype: x.dtype, initializer: $0.initializer,
        regularizer: $0.regularizer, trainable: trainable, style: style)
    }
    _ = try constant(Tensor([Int32(dilation.rows), Int32(dilation.columns)]), name: "dilation_rate")
    var output = try conv2d(x, filter: kernel, strides: strides, padding: padding, dilation: dilation)
    if let biases { output = try biasAdd(output, biases) }
    return output
  }

  /// The largest value of each window (`tf.layers.max_pooling2d`).
  public func maxPooling2d(
    _ x: any GraphValue, poolSize: WindowSize, strides: WindowSize, padding: Padding = .valid, name: String? = nil
  ) throws -> Output {
    try layerScope(name, default: "max_pooling2d") {
      try self.maxPool(x, window: poolSize, strides: strides, padding: padding)
    }
  }

  /// The mean of each window (`tf.layers.average_pooling2d`).
  public func averagePooling2d(
    _ x: any GraphValue, poolSize: WindowSize, strides: WindowSize, padding: Padding = .valid, name: String? = nil
  ) throws -> Output {
    try layerScope(name, default: "average_pooling2d") {
      try self.avgPool(x, window: poolSize, strides: strides, padding: padding)
    }
  }

  /// Each example as a vector (`tf.layers.flatten`).
  public func flatten(_ x: any GraphValue, name: String? = nil) throws -> Output {
    let x = try operand(x, name: "inputs")
    return try layerScope(name, default: "flatten") { try self.flattenCore(x) }
  }

  func flattenCore(_ x: Output) throws -> Output {
    guard let dimensions = x.shape.dimensions, dimensions.count >= 1 else {
      throw BuildError.value("flatten() needs inputs of known rank, at least 1.")
    }
    let size = dimensions.dropFirst().reduce(1 as Int?) { product, size in
      guard let product, let size else { return nil }
      return product.multipliedReportingOverflow(by: size).partialValue
    }
    if let batch = dimensions[0] { return try reshape(x, to: [batch, -1]) }
    let batch = try element(shape(of: x), at: 0)
    let result = try nameScope("Reshape") { scope in
      let rest = try self.constant(Tensor(Int32(-1)), name: "shape/1")
      let shape = try self.add("Pack", [batch, rest], name: "shape", attributes: ["axis": .int(0)])
      return try self.add("Reshape", [x, shape], name: scope)
    }
    try result.setShape([nil, size])
    return result
  }

  /// Sets a random part of the elements to 0 while training (`tf.layers.dropout`); does nothing otherwise.
  public func dropout(
    _ x: any GraphValue, rate: Double = 0.5, training: Bool, seed: Int64? = nil, layerName: String? = nil
  ) throws -> Output {
    try layerScope(layerName, default: "dropout") {
      training ? try self.dropout(x, rate: rate, seed: seed) : try self.identity(x)
    }
  }

  /// The scope of a layer without variables.
  func layerScope<Result>(_ name: String?, default fallback: String, _ body: () throws -> Result) throws -> Result {
    try variableScope(name, default: fallback) { _ in try body() }
  }
}
