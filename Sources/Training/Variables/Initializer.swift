import Engine
import Foundation
import Tensors

/// How a variable gets its first value (`tf.*_initializer`).
public struct Initializer: Sendable {
  /// Makes the nodes, within the current name scope.
  let make: @Sendable (Graph, Shape, DataType) throws -> Output
  /// A value that brings its own shape: a variable takes the shape from it and must not be given one.
  let fixed: Tensor?

  init(_ make: @escaping @Sendable (Graph, Shape, DataType) throws -> Output) {
    self.make = make
    fixed = nil
  }

  private init(fixed: Tensor) {
    self.fixed = fixed
    make = { graph, _, _ in try graph.constant(fixed) }
  }

  /// An initializer of one's own: gets the graph, the shape and the type, and answers an output of that shape.
  public static func custom(_ make: @escaping @Sendable (Graph, Shape, DataType) throws -> Output) -> Initializer {
    Initializer(make)
  }

  /// A given value; the variable takes its shape.
  public static func value(_ tensor: Tensor) -> Initializer { Initializer(fixed: tensor) }

  public static let zeros = Initializer { try $0.zeros($1, dtype: $2) }
  public static let ones = Initializer { try $0.ones($1, dtype: $2) }

  /// One value everywhere.
  public static func constant(_ value: Double) -> Initializer { constant([value]) }

  /// The values row by row, the last one repeated.
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
    Initializer { graph, shape, dtype in
      let (fanIn, fanOut) = fans(of: shape)
      let limit = (3 / max(1, (fanIn + fanOut) / 2)).squareRoot()
      return try graph.randomUniform(shape, minimum: -limit, maximum: limit, dtype: dtype, seed: seed)
    }
  }

  /// Truncated normal with a standard deviation of √(2 / (inputs + outputs)) after the cut.
  public static func glorotNormal(seed: Int64? = nil) -> Initializer {
    Initializer { graph, shape, dtype in
      let (fanIn, fanOut) = fans(of: shape)
      // The standard deviation of a standard normal cut at ±2.
      let cut = 0.87962566103423978
      let stddev = (1 / max(1, (fanIn + fanOut) / 2)).squareRoot() / cut
      return try graph.truncatedNormal(shape, mean: 0, stddev: stddev, dtype: dtype, seed: seed)
    }
  }

  /// What `getVariable` uses where nothing is said: Glorot for floating point, zeros for the rest.
  static func standard(for dtype: DataType) -> Initializer { dtype.isFloatingPoint ? .glorotUniform() : .zeros }

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
