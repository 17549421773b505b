import Engine
import Foundation
import Tensors

/// Which part of a partitioned variable is initialized.
struct InitializedPart: Sendable {
  var fullShape: Shape
  var offset: [Int]
}

/// How a variable gets its first value (`tf.*_initializer`).
public struct Initializer: Sendable {
  private enum Kind: Sendable {
    case make(@Sendable (Graph, Shape, DataType, InitializedPart?) throws -> Output)
    case tensor(Tensor)
    case output(Output)
  }

  private let kind: Kind

  private init(_ kind: Kind) { self.kind = kind }

  init(_ make: @escaping @Sendable (Graph, Shape, DataType) throws -> Output) {
    kind = .make { graph, shape, dtype, _ in try make(graph, shape, dtype) }
  }

  /// One that looks at the whole of a partitioned variable.
  init(ofWhole make: @escaping @Sendable (Graph, Shape, DataType, InitializedPart?) throws -> Output) {
    kind = .make(make)
  }

  /// An initializer of one's own: gets the graph, the shape and the type, and answers an output of that shape.
  public static func custom(_ make: @escaping @Sendable (Graph, Shape, DataType) throws -> Output) -> Initializer {
    Initializer(make)
  }

  /// A given value; the variable takes its shape, and must not be given one.
  public static func value(_ tensor: Tensor) -> Initializer { Initializer(.tensor(tensor)) }

  /// The value of an output; the variable takes its shape, and must not be given one.
  public static func value(_ output: Output) -> Initializer { Initializer(.output(output)) }

  /// Makes the nodes, within the current name scope.
  func make(_ graph: Graph, _ shape: Shape, _ dtype: DataType, _ part: InitializedPart? = nil) throws -> Output {
    switch kind {
    case .make(let make): try make(graph, shape, dtype, part)
    case .tensor(let tensor): try graph.constant(tensor)
    case .output(let output): output
    }
  }

  /// The value that brings its own shape; nil for one that is made for a shape.
  var fixedValue: (any GraphValue)? {
    switch kind {
    case .make: nil
    case .tensor(let tensor): tensor
    case .output(let output): output
    }
  }

  var isFixed: Bool { fixedValue != nil }

  var fixedType: DataType? { fixedValue?.typed }
}

extension Initializer {
  public static let zeros = Initializer { try $0.zeros($1, dtype: $2) }
  public static let ones = Initializer { try $0.ones($1, dtype: $2) }

  /// One value everywhere.
  public static func constant(_ value: Double) -> Initializer { constant([value]) }

  /// The values row by row, the last one repeated.
  /// - Throws: when used, `BuildError` where there are more values than the variable has elements.
  public static func constant(_ values: [Double]) -> Initializer {
    Initializer { graph, shape, dtype in
      let given =
        dtype.isFloatingPoint
        ? try values.tensor(dtype: dtype, shape: [values.count])
        : try values.map { Int($0) }.tensor(dtype: dtype, shape: [values.count])
      return try graph.constant(given.filled(to: shape), name: "Const")
    }
  }

  /// Normally distributed numbers.
  public static func randomNormal(mean: Double = 0, stddev: Double = 1, seed: Int64? = nil) -> Initializer {
    Initializer { try $0.randomNormal($1, mean: mean, stddev: stddev, dtype: $2, seed: seed) }
  }

  /// Normally distributed numbers; those further than two standard deviations from the mean are drawn again.
  public static func truncatedNormal(mean: Double = 0, stddev: Double = 1, seed: Int64? = nil) -> Initializer {
    Initializer { try $0.truncatedNormal($1, mean: mean, stddev: stddev, dtype: $2, seed: seed) }
  }

  /// Numbers in `minimum..<maximum`, all equally likely.
  public static func randomUniform(_ minimum: Double = 0, _ maximum: Double = 1, seed: Int64? = nil) -> Initializer {
    Initializer { try $0.randomUniform($1, minimum: minimum, maximum: maximum, dtype: $2, seed: seed) }
  }

  /// Uniform in ±√(6 / (inputs + outputs)): what `getVariable` uses for floating point unless told otherwise
  /// (X. Glorot, Y. Bengio, 2010).
  public static func glorotUniform(seed: Int64? = nil) -> Initializer {
    varianceScaling(mode: .fanAverage, distribution: .uniform, seed: seed)
  }

  /// Truncated normal with a standard deviation of √(2 / (inputs + outputs)) after the cut.
  public static func glorotNormal(seed: Int64? = nil) -> Initializer {
    varianceScaling(mode: .fanAverage, distribution: .truncatedNormal, seed: seed)
  }

  /// Truncated normal with a variance of 2 / inputs, for rectified units (K. He et al., 2015).
  public static func heNormal(seed: Int64? = nil) -> Initializer { varianceScaling(scale: 2, seed: seed) }

  /// Uniform with a variance of 2 / inputs (K. He et al., 2015).
  public static func heUniform(seed: Int64? = nil) -> Initializer {
    varianceScaling(scale: 2, distribution: .uniform, seed: seed)
  }

  /// Truncated normal with a variance of 1 / inputs (Y. LeCun et al., 1998).
  public static func lecunNormal(seed: Int64? = nil) -> Initializer { varianceScaling(seed: seed) }

  /// Uniform with a variance of 1 / inputs.
  public static func lecunUniform(seed: Int64? = nil) -> Initializer {
    varianceScaling(distribution: .uniform, seed: seed)
  }

  /// What the variance of `varianceScaling` is divided by: inputs, outputs, or their mean.
  public enum FanMode: String, Sendable, CaseIterable {
    case fanIn, fanOut, fanAverage
  }

  /// The distributions of `varianceScaling`.
  public enum ScalingDistribution: String, Sendable, CaseIterable {
    case truncatedNormal, untruncatedNormal, uniform
  }

  /// Random numbers with a variance of `scale / n` (`tf.variance_scaling_initializer`), where n counts the inputs,
  /// the outputs, or is the mean of both. Of a partitioned variable the whole counts.
  ///
  /// Inputs and outputs of a kernel are its last two dimensions, times the window of a convolution.
  /// - Throws: when used, `BuildError` for a scale that is not positive, or a type that is not floating point.
  public static func varianceScaling(
    scale: Double = 1, mode: FanMode = .fanIn, distribution: ScalingDistribution = .truncatedNormal,
    seed: Int64? = nil
  ) -> Initializer {
    Initializer { graph, shape, dtype, part in
      guard scale > 0 else { throw BuildError.value("`scale` must be positive float.") }
      try requireFloat(dtype)
      let (fanIn, fanOut) = fans(of: part?.fullShape ?? shape)
      let fan =
        switch mode {
        case .fanIn: fanIn
        case .fanOut: fanOut
        case .fanAverage: (fanIn + fanOut) / 2
        }
      let variance = scale / max(1, fan)
      switch distribution {
      case .truncatedNormal:
        // The standard deviation of a standard normal cut at ±2.
        let cut = 0.87962566103423978
        return try graph.truncatedNormal(
          shape, mean: 0, stddev: variance.squareRoot() / cut, dtype: dtype, seed: seed)
      case .untruncatedNormal:
        return try graph.randomNormal(shape, mean: 0, stddev: variance.squareRoot(), dtype: dtype, seed: seed)
      case .uniform:
        let limit = (3 * variance).squareRoot()
        return try graph.randomUniform(shape, minimum: -limit, maximum: limit, dtype: dtype, seed: seed)
      }
    }
  }

  /// Uniform in ±factor·√(3 / inputs), where the inputs are all dimensions but the last
  /// (`tf.uniform_unit_scaling_initializer`).
  public static func uniformUnitScaling(factor: Double = 1, seed: Int64? = nil) -> Initializer {
    Initializer { graph, shape, dtype, part in
      try requireFloat(dtype)
      let inputs = (part?.fullShape ?? shape).dimensions.dropLast().reduce(1.0) { $0 * Double($1) }
      let limit = (3 / max(inputs, 1)).squareRoot() * factor
      return try graph.randomUniform(shape, minimum: -limit, maximum: limit, dtype: dtype, seed: seed)
    }
  }

  /// A random matrix whose rows, or columns where those are fewer, stand at right angles to each other
  /// (`tf.orthogonal_initializer`; A. Saxe et al., 2013): the Q of a QR decomposition, times `gain`. Dimensions before
  /// the last count as one.
  /// - Throws: when used, `BuildError` for a rank below 2.
  public static func orthogonal(gain: Double = 1, seed: Int64? = nil) -> Initializer {
    Initializer { graph, shape, dtype in
      try requireFloat(dtype)
      guard shape.rank >= 2 else {
        throw BuildError.value("The tensor to initialize must be at least two-dimensional")
      }
      let columns = shape.dimensions[shape.rank - 1]
      let rows = shape.dimensions.dropLast().reduce(1, *)
      let flat = rows < columns ? Shape([columns, rows]) : Shape([rows, columns])
      let random = try graph.randomNormal(flat, dtype: dtype, seed: seed)
      let decomposed = try graph.addNode(op: "Qr", inputs: [random], attributes: ["full_matrices": .bool(false)])
      let signs = try graph.add("Sign", [graph.add("DiagPart", [decomposed.output(1)])])
      var q = try decomposed.output(0) * signs
      if rows < columns { q = try graph.nameScope("matrix_transpose") { try graph.transpose(q, permutation: [1, 0]) } }
      return try gain * graph.reshape(q, to: shape.dimensions)
    }
  }

  /// What `getVariable` uses where nothing is said: Glorot for floating point, zeros for the rest.
  static func standard(for dtype: DataType, of name: String) throws -> Initializer {
    if dtype.isFloatingPoint { return .glorotUniform() }
    guard dtype.isInteger || dtype == .bool || dtype == .string else {
      throw BuildError.value("An initializer for variable \(name) of \(dtype.name) is required")
    }
    return .zeros
  }

  private static func requireFloat(_ dtype: DataType) throws {
    guard dtype.isFloatingPoint else { throw BuildError.value("Expected floating point type, got \(dtype.name).") }
  }

  /// Inputs and outputs of a kernel: its last two dimensions, times the window of a convolution.
  private static func fans(of shape: Shape) -> (inputs: Double, outputs: Double) {
    let sizes = shape.dimensions.map(Double.init)
    switch sizes.count {
    case 0: return (1, 1)
    case 1: return (sizes[0], sizes[0])
    default:
      let window = sizes.dropLast(2).reduce(1, *)
      return (sizes[sizes.count - 2] * window, sizes[sizes.count - 1] * window)
    }
  }
}
