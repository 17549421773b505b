import Engine
import Tensors

/// A loss that keeps the weights of a model small; `getVariable` adds it to the collection `regularization_losses`.
public struct Regularizer: Sendable {
  private let make: @Sendable (Graph, any GraphValue) throws -> Output?

  /// A regularizer of one's own.
  /// - Parameter make: gets the weights and answers a scalar, or nil for none; its nodes stand below
  ///   `VARIABLE/Regularizer`.
  public init(_ make: @escaping @Sendable (_ graph: Graph, _ weights: any GraphValue) throws -> Output?) {
    self.make = make
  }

  /// None, whatever the scope says.
  public static let none = Regularizer { _, _ in nil }

  /// `scale` times the sum of absolute values (`l1_regularizer`). A scale of 0 is none.
  /// - Throws: `BuildError` for a negative scale.
  public static func l1(_ scale: Double) throws -> Regularizer {
    try scaled(scale, "l1_regularizer") { try $0.reduceSum($0.abs($1)) }
  }

  /// `scale` times half the sum of squares (`l2_regularizer`). A scale of 0 is none.
  /// - Throws: `BuildError` for a negative scale.
  public static func l2(_ scale: Double) throws -> Regularizer {
    try scaled(scale, "l2_regularizer") { try $0.l2Loss($1) }
  }

  /// The sum of both (`l1_l2_regularizer`).
  /// - Throws: `BuildError` for a negative scale.
  public static func l1l2(l1 first: Double, l2 second: Double) throws -> Regularizer {
    try sum([l1(first), l2(second)], name: "l1_l2_regularizer")
  }

  /// The sum of several (`sum_regularizer`); nil ones count for nothing.
  public static func sum(_ regularizers: [Regularizer], name: String = "sum_regularizer") -> Regularizer {
    Regularizer { graph, weights in
      try graph.nameScope(name) { scope in
        let losses = try regularizers.compactMap { try $0.loss(of: weights, in: graph) }
        if losses.isEmpty { return nil }
        return try graph.addN(losses, name: scope)
      }
    }
  }

  private static func scaled(
    _ scale: Double, _ name: String, _ measure: @escaping @Sendable (Graph, any GraphValue) throws -> Output
  ) throws -> Regularizer {
    guard scale >= 0 else {
      throw BuildError.value("Setting a scale less than 0 on a regularizer: \(scale)")
    }
    if scale == 0 { return .none }
    return Regularizer { graph, weights in
      try graph.nameScope(name) { scope in
        let factor = try graph.operand(scale, dtype: weights.typed, name: "scale")
        return try graph.multiply(factor, measure(graph, weights), name: scope)
      }
    }
  }

  /// The loss of a variable; nil for none.
  func loss(of variable: Variable) throws -> Output? { try make(variable.graph, variable) }

  /// The loss of weights; nil for none.
  public func loss(of weights: any GraphValue, in graph: Graph) throws -> Output? { try make(graph, weights) }
}
