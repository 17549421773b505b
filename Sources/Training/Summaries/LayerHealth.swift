import Engine
import Events
import Tensors

/// What a step did to one variable.
public struct VariableHealth: Sendable, Equatable {
  /// The variable's node.
  public var name: String
  /// Root of the sum of squares of the weights before the step.
  public var weightNorm: Double
  /// The same of the gradient; nil where there is none.
  public var gradientNorm: Double?
  /// Norm of what the step changed, over the norm of the weights: about 1/1000 in a training that goes well.
  public var updateRatio: Double
  /// Part of the weights that is 0.
  public var zeroFraction: Double
  /// How many weights and parts of the gradient are infinite or no numbers.
  public var nonFiniteCount: Int
}

/// Looks at all variables of a model while it makes a training step: norms of weights and gradients, how much a step
/// changes, zeros, and numbers that are none.
///
/// It takes no nodes in the graph and no copies except on the steps that are measured, so looking every 50 steps costs
/// next to nothing.
public struct LayerHealth {
  private let pairs: [GradientAndVariable]

  /// - Parameter pairs: what `Optimizer.computeGradients` answered.
  public init(_ pairs: [GradientAndVariable]) { self.pairs = pairs }

  /// Makes a training step and measures it.
  /// - Parameters:
  ///   - train: the node of the step.
  ///   - outputs: fetched in the same run.
  /// - Returns: their values, and the health of each variable.
  public func step(
    _ session: Session, running train: Node, fetching outputs: [Output] = [], feeds: [Output: Tensor] = [:]
  ) throws -> (outputs: [Tensor], variables: [VariableHealth]) {
    let weights = pairs.map(\.variable.value)
    // Values are shared until the step changes them; nothing is copied here.
    let before = try session.run(weights)
    let gradients = pairs.compactMap(\.gradient)
    let values = try session.run(train, fetching: outputs + gradients, feeds: feeds)
    let after = try session.run(weights)
    var rest = values[outputs.count...]
    let health = pairs.indices.map { index in
      VariableHealth(
        name: pairs[index].variable.node.name, before: before[index], after: after[index],
        gradient: pairs[index].gradient == nil ? nil : rest.removeFirst())
    }
    return (Array(values[..<outputs.count]), health)
  }

  /// The measures as scalars, tagged `health/VARIABLE/weight_norm` and so on, in one serialized `Summary`.
  public static func summary(of variables: [VariableHealth]) -> [UInt8] {
    var parts: [[UInt8]] = []
    for variable in variables {
      func add(_ kind: String, _ value: Double) {
        parts.append(SummaryEncoder.scalar(tag: "health/\(variable.name)/\(kind)", Float(value)))
      }
      add("weight_norm", variable.weightNorm)
      if let norm = variable.gradientNorm { add("gradient_norm", norm) }
      add("update_ratio", variable.updateRatio)
      add("zero_fraction", variable.zeroFraction)
      add("non_finite", Double(variable.nonFiniteCount))
    }
    return SummaryEncoder.merged(parts)
  }
}

extension VariableHealth {
  fileprivate init(name: String, before: Tensor, after: Tensor, gradient: Tensor?) {
    self.name = name
    let (old, new) = (Self.doubles(before), Self.doubles(after))
    let slope = gradient.map(Self.doubles)
    weightNorm = Self.norm(old)
    gradientNorm = slope.map(Self.norm)
    let change = Self.norm(zip(new, old).map { $0 - $1 })
    updateRatio = weightNorm > 0 ? change / weightNorm : change
    zeroFraction = old.isEmpty ? 0 : Double(old.count { $0 == 0 }) / Double(old.count)
    nonFiniteCount = old.count { !$0.isFinite } + (slope?.count { !$0.isFinite } ?? 0)
  }

  private static func doubles(_ tensor: Tensor) -> [Double] {
    switch tensor.dtype {
    case .float32: tensor.scalars(Float.self).map { Double($0) }
    case .float64: tensor.scalars()
    case .float16: tensor.scalars(Float16.self).map { Double($0) }
    case .bfloat16: tensor.scalars(BFloat16.self).map { Double($0.floatValue) }
    default: []
    }
  }

  private static func norm(_ values: [Double]) -> Double {
    values.reduce(0) { $0 + $1 * $1 }.squareRoot()
  }
}
