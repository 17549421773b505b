import Engine
import Tensors

/// A gradient and the variable it is of; the gradient is nil where the loss does not depend on the variable.
public typealias GradientAndVariable = (gradient: Output?, variable: Variable)

/// Changes variables so that a loss falls (`tf.train.Optimizer`).
///
/// An optimizer keeps what it needs to remember about a variable in slots: further variables, named
/// `VARIABLE/OPTIMIZER`, then `_1` and so on, which are saved with the rest.
public class Optimizer {
  /// Default name of the node that makes a step; also the name of slots.
  public let name: String
  /// The learning rate: a number, or an output such as that of `exponentialDecay`.
  let learningRate: any GraphValue
  private var slots: [String: [Variable: Variable]] = [:]
  private var shared: [String: Variable] = [:]

  init(learningRate: any GraphValue, name: String) {
    self.learningRate = learningRate
    self.name = name
  }

  /// Makes the node that computes the gradients of `loss` and changes the variables once
  /// (`Optimizer.minimize`).
  /// - Parameters:
  ///   - loss: a floating-point output; the elements of a tensor are summed.
  ///   - globalStep: counted up by each step.
  ///   - variables: the trainable ones of the graph if nil.
  public func minimize(
    _ loss: Output, globalStep: Variable? = nil, variables: [Variable]? = nil, name: String? = nil
  ) throws -> Node {
    let pairs = try computeGradients(loss, variables: variables)
    guard pairs.contains(where: { $0.gradient != nil }) else {
      throw BuildError.value(
        "No gradients provided for any variable, check your graph for ops that do not support gradients, between "
          + "variables \(pairs.map(\.variable)) and loss \(loss).")
    }
    return try applyGradients(pairs, globalStep: globalStep, name: name)
  }

  /// The gradients of `loss` (`Optimizer.compute_gradients`), for looking at them or changing them before
  /// `applyGradients`.
  public func computeGradients(_ loss: Output, variables: [Variable]? = nil) throws -> [GradientAndVariable] {
    let graph = loss.graph
    let variables = variables ?? graph.trainableVariables
    guard loss.dtype.isFloatingPoint else {
      throw BuildError.value(
        "Invalid type tf.\(loss.dtype.name) for \(loss.name), expected: "
          + "[tf.float32, tf.float64, tf.float16, tf.bfloat16].")
    }
    guard !variables.isEmpty else { throw BuildError.value("No variables to optimize.") }
    let found = try gradients([loss], variables.map(\.reference))
    return zip(found, variables).map { ($0, $1) }
  }

  /// Makes the node that applies gradients (`Optimizer.apply_gradients`).
  ///
  /// It is called like the optimizer and joins the collection `train_op`: a NoOp, or with a global step the AssignAdd
  /// that counts it up after all updates.
  public func applyGradients(
    _ pairs: [GradientAndVariable], globalStep: Variable? = nil, name: String? = nil
  ) throws -> Node {
    guard let first = pairs.first else { throw BuildError.value("No variables provided.") }
    let graph = first.variable.graph
    let known = pairs.compactMap { pair in pair.gradient.map { (gradient: $0, variable: pair.variable) } }
    guard !known.isEmpty else {
      throw BuildError.value("No gradients provided for any variable: \(pairs.map { "\($0.variable)" }).")
    }
    try graph.controlDependencies(nil) { try createSlots(for: known.map(\.variable), in: graph) }
    let step = try graph.nameScope(name ?? self.name) { scope -> Node in
      try prepare(in: graph)
      let updates = try known.map { pair in
        try graph.nameScope("update_" + pair.variable.node.name) {
          try graph.withColocation(with: pair.variable.node) { try apply(pair.gradient, to: pair.variable, in: graph) }
        }
      }
      guard let globalStep else { return try finish(updates, in: graph, name: scope) }
      let finished = try finish(updates, in: graph, name: "update")
      return try graph.controlDependencies([finished]) {
        try graph.withColocation(with: globalStep.node) { try graph.assignAdd(globalStep, 1, name: scope).node }
      }
    }
    try graph.addToCollection(GraphKeys.trainOp, step)
    return step
  }

  /// The slot called `slot` of a variable, as `momentum` or `m`; nil where there is none (yet).
  public func slot(_ slot: String, of variable: Variable) -> Variable? { slots[slot]?[variable] }

  /// Names of the slots, sorted.
  public var slotNames: [String] { slots.keys.sorted() }

  // MARK: For subclasses

  /// Makes the slots of all variables.
  func createSlots(for variables: [Variable], in graph: Graph) throws {}

  /// Makes the constants of the hyperparameters, inside the optimizer's name scope.
  func prepare(in graph: Graph) throws {}

  /// Makes the node that changes one variable.
  func apply(_ gradient: Output, to variable: Variable, in graph: Graph) throws -> Node {
    preconditionFailure("\(type(of: self)) does not say how it changes a variable")
  }

  /// Makes the node that is done when the whole step is.
  func finish(_ updates: [Node], in graph: Graph, name: String) throws -> Node {
    try graph.group(updates, name: name)
  }

  /// A slot of zeros, of the variable's shape and type.
  func makeZerosSlot(_ slot: String, of variable: Variable, in graph: Graph) throws {
    guard slots[slot]?[variable] == nil else { return }
    guard let shape = variable.shape.full else {
      throw BuildError.value("\(variable) has no fully known shape, so \(name) cannot make its slot '\(slot)'.")
    }
    let made = try graph.variableScope(nil, default: variable.node.name + "/" + name) { _ in
      try graph.withColocation(with: variable.node) {
        try graph.getVariable("", shape: shape, dtype: variable.dtype, initializer: .zeros, trainable: false)
      }
    }
    slots[slot, default: [:]][variable] = made
  }

  /// A variable that belongs to the optimizer as a whole.
  func makeShared(_ key: String, initialValue: Double, standingWith variable: Variable, in graph: Graph) throws {
    guard shared[key] == nil else { return }
    shared[key] = try graph.withColocation(with: variable.node) {
      try graph.variable(initialValue, name: key, trainable: false)
    }
  }

  func shared(_ key: String) -> Variable? { shared[key] }

  func requireSlot(_ slot: String, of variable: Variable) throws -> Variable {
    guard let found = slots[slot]?[variable] else {
      throw BuildError.value("\(name) has no slot '\(slot)' for \(variable).")
    }
    return found
  }

  /// A hyperparameter as an input: a constant called `name` for a number, itself for an output.
  func hyperparameter(_ value: any GraphValue, _ name: String, in graph: Graph) throws -> Output {
    try graph.operand(value, name: name)
  }

  /// The hyperparameter in the type of the variable that it acts on.
  func hyperparameter(_ value: Output, for variable: Variable, in graph: Graph) throws -> Output {
    try graph.cast(value, to: variable.dtype)
  }
}
