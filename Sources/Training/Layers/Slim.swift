import Engine
import Tensors

/// A kind of layer that an argument scope can set defaults for.
public enum SlimLayer: String, Hashable, Sendable, CaseIterable {
  case conv2d, fullyConnected, maxPool2d, avgPool2d, batchNorm, dropout, flatten
}

/// What a slim layer does after its product instead of adding biases.
public enum SlimNormalizer: Sendable {
  /// Batch normalization, with the defaults of its own argument scope.
  case batchNorm
}

/// Defaults of slim layers; nil is left to the scopes around, and then to the layer.
public struct SlimArguments: Sendable {
  public var activation: Activation?
  public var weightsInitializer: Initializer?
  public var weightsRegularizer: Regularizer?
  public var biasesInitializer: Initializer?
  public var biasesRegularizer: Regularizer?
  public var normalizer: SlimNormalizer?
  public var padding: Padding?
  public var stride: WindowSize?
  public var rate: WindowSize?
  public var trainable: Bool?
  /// Whether batch normalization and dropout work as in training.
  public var isTraining: Bool?
  /// Of batch normalization: how much of the moving means stays.
  public var decay: Double?
  public var center: Bool?
  public var scale: Bool?
  public var epsilon: Double?
  public var fused: Bool?
  public var zeroDebiasMovingMean: Bool?
  /// Of batch normalization: where the ops that move the means go.
  public var updatesCollection: UpdatesCollection?
  /// Of dropout: how much is kept.
  public var keepProbability: Double?

  /// Where the ops that move means go.
  public enum UpdatesCollection: Sendable, Equatable {
    case named(String)
    /// Nowhere: the layer's result waits for them.
    case none
  }

  public init() {}

  /// These before those.
  func over(_ outer: SlimArguments) -> SlimArguments {
    var merged = outer
    merged.activation = activation ?? outer.activation
    merged.weightsInitializer = weightsInitializer ?? outer.weightsInitializer
    merged.weightsRegularizer = weightsRegularizer ?? outer.weightsRegularizer
    merged.biasesInitializer = biasesInitializer ?? outer.biasesInitializer
    merged.biasesRegularizer = biasesRegularizer ?? outer.biasesRegularizer
    merged.normalizer = normalizer ?? outer.normalizer
    merged.padding = padding ?? outer.padding
    merged.stride = stride ?? outer.stride
    merged.rate = rate ?? outer.rate
    merged.trainable = trainable ?? outer.trainable
    merged.isTraining = isTraining ?? outer.isTraining
    merged.decay = decay ?? outer.decay
    merged.center = center ?? outer.center
    merged.scale = scale ?? outer.scale
    merged.epsilon = epsilon ?? outer.epsilon
    merged.fused = fused ?? outer.fused
    merged.zeroDebiasMovingMean = zeroDebiasMovingMean ?? outer.zeroDebiasMovingMean
    merged.updatesCollection = updatesCollection ?? outer.updatesCollection
    merged.keepProbability = keepProbability ?? outer.keepProbability
    return merged
  }
}

/// The defaults that an argument scope has set, to open it again elsewhere.
public struct SlimScope: Sendable {
  var arguments: [SlimLayer: SlimArguments] = [:]

  /// Key of the graph's open scopes; never exported.
  static let collection = "__slim_scope"
}

/// Layers in the style of `tf.contrib.slim`: their variables are called `weights` and `biases` and join the model
/// variables, activations default to `relu`, and `argumentScope` sets defaults for all layers inside of it.
///
/// ```swift
/// let slim = graph.slim
/// try slim.argumentScope([.conv2d, .fullyConnected], { $0.weightsRegularizer = try .l2(0.0005) }) { _ in
///   let net = try slim.conv2d(images, 32, [5, 5], scope: "conv1")
///   …
/// }
/// ```
public struct Slim {
  let graph: Graph

  /// Sets defaults for the layers made inside of `body` (`slim.arg_scope`). Inner scopes go before outer ones, and what
  /// a layer is told goes before all.
  /// - Parameters:
  ///   - layers: which kinds of layers.
  ///   - configure: sets the defaults.
  ///   - body: gets the scope as it is inside, to open again with `argumentScope(_:)`.
  @discardableResult
  public func argumentScope<Result>(
    _ layers: [SlimLayer], _ configure: (inout SlimArguments) throws -> Void, _ body: (SlimScope) throws -> Result
  ) throws -> Result {
    var arguments = SlimArguments()
    try configure(&arguments)
    var scope = current
    for layer in layers { scope.arguments[layer] = arguments.over(scope.arguments[layer] ?? SlimArguments()) }
    return try argumentScope(scope) { try body(scope) }
  }

  /// Opens a scope again: exactly its defaults hold inside of `body`.
  @discardableResult
  public func argumentScope<Result>(_ scope: SlimScope, _ body: () throws -> Result) throws -> Result {
    let outer = current
    try graph.setCollection(SlimScope.collection, [scope])
    defer { try? graph.setCollection(SlimScope.collection, [outer]) }
    return try body()
  }

  private var current: SlimScope { graph.collection(SlimScope.collection).first as? SlimScope ?? SlimScope() }

  /// The defaults of a kind of layer here.
  func arguments(_ layer: SlimLayer) -> SlimArguments { current.arguments[layer] ?? SlimArguments() }
}

extension Graph {
  /// Layers in the style of `tf.contrib.slim`.
  public var slim: Slim { Slim(graph: self) }
}
