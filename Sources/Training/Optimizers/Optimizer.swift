import Engine
import Tensors

/// A gradient and the variable it is of; the gradient is nil where the loss does not depend on the variable.
public typealias GradientAndVariable = (gradient: Output?, variable: Variable)

/// A gradient that may be of some rows only, as gathering from a table gives it, and the variable it is of.
public typealias RowGradientAndVariable = (gradient: Gradient?, variable: Variable)

/// When gradients may be used (`Optimizer.GATE_*`).
public enum GradientGate: Sendable {
  /// All gradients of one op are there before any of them is used.
  case perOp
  /// All gradients of all variables are there before any of them is used.
  case wholeGraph
}

/// Changes variables so that a loss falls (`tf.train.Optimizer`).
///
/// An optimizer keeps what it needs to remember about a variable in slots: further variables, named
/// `VARIABLE/OPTIMIZER`, then `_1` and so on, which are saved with the rest. It works on reference variables and on
/// resource variables, float32 and float64.
public class Optimizer {
  /// Default name of the node that makes a step; also the name of slots.
  public let name: String
  /// Whether updates lock the variables they change.
  public let useLocking: Bool
  /// The learning rate: a number, or an output such as that of `exponentialDecay`.
  let learningRate: any GraphValue
  private var slots: [String: [Variable: Variable]] = [:]
  private var shared: [String: Variable] = [:]

  init(learningRate: any GraphValue, useLocking: Bool, name: String) {
    self.learningRate = learningRate
    self.useLocking = useLocking
    self.name = name
  }

  /// Makes the node that computes the gradients of `loss` and changes the variables once
  /// (`Optimizer.minimize`).
  /// - Parameters:
  ///   - loss: a floating-point output; the elements of a tensor are summed.
  ///   - globalStep: counted up by each step.
  ///   - variables: the trainable ones of the graph if nil.
  ///   - gate: when gradients may be used.
  ///   - lossGradient: what comes in at the loss; ones if nil.
  /// - Throws: `BuildError` where there is nothing to optimize, or the loss depends on none of the variables.
  public func minimize(
    _ loss: Output, globalStep: Variable? = nil, variables: [Variable]? = nil, gate: GradientGate = .perOp,
    lossGradient: Output? = nil, name: String? = nil
  ) throws -> Node {
    let pairs = try computeRowGradients(loss, variables: variables, gate: gate, lossGradient: lossGradient)
    guard pairs.contains(where: { $0.gradient != nil }) else {
      throw BuildError.value(
        "No gradients provided for any variable, check your graph for ops that do not support gradients, between "
          + "variables \(pairs.map(\.variable)) and loss \(loss).")
    }
    return try applyRowGradients(pairs, globalStep: globalStep, name: name)
  }

  /// The gradients of `loss` (`Optimizer.compute_gradients`), for looking at them or changing them before
  /// `applyGradients`. Gradients of rows are summed up to whole tensors; `computeRowGradients` keeps them.
  /// - Throws: `BuildError` for a loss or variables that are not floating point, or no variables.
  public func computeGradients(
    _ loss: Output, variables: [Variable]? = nil, gate: GradientGate = .perOp, lossGradient: Output? = nil
  ) throws -> [GradientAndVariable] {
    try computeRowGradients(loss, variables: variables, gate: gate, lossGradient: lossGradient).map {
      (try $0.gradient?.dense(), $0.variable)
    }
  }

  /// The gradients of `loss`, those of gathered rows as rows.
  public func computeRowGradients(
    _ loss: Output, variables: [Variable]? = nil, gate: GradientGate = .perOp, lossGradient: Output? = nil
  ) throws -> [RowGradientAndVariable] {
    let graph = loss.graph
    let variables = variables ?? graph.trainableVariables
    try Self.requireFloat(loss.dtype, loss.name)
    if let lossGradient { try Self.requireFloat(lossGradient.dtype, lossGradient.name) }
    guard !variables.isEmpty else { throw BuildError.value("No variables to optimize.") }
    var found = try rowGradients([loss], variables.map(\.reference), seeds: [lossGradient])
    if gate == .wholeGraph { found = try graph.tuple(found) }
    for (gradient, variable) in zip(found, variables) where gradient != nil {
      try Self.requireFloat(variable.dtype, variable.name)
    }
    return zip(found, variables).map { ($0, $1) }
  }

  private static func requireFloat(_ dtype: DataType, _ name: String) throws {
    guard dtype.isFloatingPoint else {
      throw BuildError.value(
        "Invalid type tf.\(dtype.name) for \(name), expected: [tf.float32, tf.float64, tf.float16, tf.bfloat16].")
    }
  }

  /// Makes the node that applies gradients (`Optimizer.apply_gradients`).
  ///
  /// It is called like the optimizer and joins the collection `train_op`: a NoOp, or with a global step the AssignAdd
  /// that counts it up after all updates.
  /// - Throws: `BuildError` where there are no pairs, or none has a gradient.
  public func applyGradients(
    _ pairs: [GradientAndVariable], globalStep: Variable? = nil, name: String? = nil
  ) throws -> Node {
    try applyRowGradients(
      pairs.map { ($0.gradient.map(Gradient.dense), $0.variable) }, globalStep: globalStep, name: name)
  }

  /// The same for gradients of which some are of rows: only those rows, and those of the slots, are changed. Adam's
  /// slots decay in all rows, as in TensorFlow.
  public func applyRowGradients(
    _ pairs: [RowGradientAndVariable], globalStep: Variable? = nil, name: String? = nil
  ) throws -> Node {
    guard !self.name.isEmpty else { throw BuildError.value("Must specify the optimizer name") }
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
          try graph.withColocation(with: pair.variable.node) {
            switch pair.gradient {
            case .dense(let gradient):
              return try constrained(update(pair.variable, with: gradient, in: graph), pair.variable)
            case .sparse(let slices): return try update(pair.variable, with: slices, in: graph)
            }
          }
        }
      }
      guard let globalStep else { return try finish(updates, in: graph, name: scope) }
      let finished = try finish(updates, in: graph, name: "update")
      return try graph.controlDependencies([finished]) {
        try graph.withColocation(with: globalStep.node) { try Self.countUp(globalStep, name: scope) }
      }
    }
    if !graph.collection(GraphKeys.trainOp).contains(where: { ($0 as? Node) === step }) {
      try graph.addToCollection(GraphKeys.trainOp, step)
    }
    return step
  }

  private static func countUp(_ step: Variable, name: String) throws -> Node {
    let graph = step.graph
    guard step.isResource else { return try graph.assignAdd(step, 1, name: name).node }
    let one = try graph.operand(1, dtype: step.dtype, name: "Const")
    return try graph.addNode(
      op: "AssignAddVariableOp", name: name, inputs: [step.reference, one], attributes: ["dtype": .type(step.dtype)])
  }

  /// After the update, what the variable's constraint makes of its value.
  private func constrained(_ update: Node, _ variable: Variable) throws -> Node {
    guard let constraint = variable.constraint else { return update }
    return try variable.graph.controlDependencies([update]) {
      try variable.graph.assignment(
        "Assign", variable, constraint(variable),
        attributes: variable.isResource ? [:] : ["use_locking": .bool(false), "validate_shape": .bool(true)]
      ).node
    }
  }

  private func update(_ variable: Variable, with gradient: Output, in graph: Graph) throws -> Node {
    let rule = try rule(for: variable, in: graph)
    let op = (variable.isResource ? "ResourceApply" : "Apply") + rule.op
    // Values are made beside the node, reads of resources below it.
    let values = try rule.values.map { try converted($0, for: variable, in: graph) }
    var attributes = rule.attributes
    attributes["use_locking"] = .bool(useLocking)
    let variables = [variable.reference] + rule.slots.map(\.reference)
    return try graph.nameScope(op) { scope in
      let inputs = try values.map { value in
        switch value {
        case .gradient: gradient
        case .output(let output), .counter(let output): output
        case .variable(let variable): try variable.read()
        }
      }
      return try graph.addNode(op: op, name: scope, inputs: variables + inputs, attributes: attributes)
    }
  }

  /// A hyperparameter in the type of the variable.
  func converted(_ value: UpdateRule.Value, for variable: Variable, in graph: Graph) throws -> UpdateRule.Value {
    guard case .output(let output) = value, output.dtype != variable.dtype else { return value }
    return .output(try graph.cast(output, to: variable.dtype))
  }

  /// The slot called `slot` of a variable, as `momentum` or `m`; nil where there is none (yet).
  public func slot(_ slot: String, of variable: Variable) -> Variable? { slots[slot]?[variable] }

  /// Names of the slots, sorted.
  public var slotNames: [String] { slots.keys.sorted() }

  /// All variables of the optimizer, by name.
  public var variables: [Variable] {
    (Array(shared.values) + slots.values.flatMap(\.values)).sorted { $0.name < $1.name }
  }

  // MARK: For subclasses

  /// Makes the slots of all variables.
  func createSlots(for variables: [Variable], in graph: Graph) throws {}

  /// Makes the constants of the hyperparameters, inside the optimizer's name scope.
  func prepare(in graph: Graph) throws {}

  /// How one variable is changed.
  func rule(for variable: Variable, in graph: Graph) throws -> UpdateRule {
    preconditionFailure("\(type(of: self)) does not say how it changes a variable")
  }

  /// An update of rows in an optimizer's own way, rows that come twice included; nil for the usual way.
  func ownSparseUpdate(_ variable: Variable, _ slices: IndexedSlices, in graph: Graph) throws -> Node? { nil }

  /// An update of rows that are all different, in an optimizer's own way; nil for the op `SparseApply…`.
  func uniqueSparseUpdate(_ variable: Variable, values: Output, indices: Output, in graph: Graph) throws -> Node? {
    nil
  }

  /// Makes the node that is done when the whole step is.
  func finish(_ updates: [Node], in graph: Graph, name: String) throws -> Node {
    try graph.group(updates, name: name)
  }

  /// A slot of the variable's shape and type.
  func makeSlot(
    _ slot: String, of variable: Variable, _ initializer: Initializer = .zeros, name: String? = nil, in graph: Graph
  ) throws {
    guard slots[slot]?[variable] == nil else { return }
    guard initializer.isFixed || variable.shape.full != nil else {
      throw BuildError.value("\(variable) has no fully known shape, so \(self.name) cannot make its slot '\(slot)'.")
    }
    slots[slot, default: [:]][variable] = try graph.slotVariable(of: variable, name ?? self.name, initializer)
  }

  /// A variable that belongs to the optimizer as a whole.
  func makeShared(_ key: String, initialValue: Double, standingWith variable: Variable, in graph: Graph) throws {
    guard shared[key] == nil else { return }
    shared[key] = try graph.withColocation(with: variable.node) {
      try graph.variable(initialValue, name: key, trainable: false, useResource: variable.isResource)
    }
  }

  func shared(_ key: String) throws -> Variable {
    guard let found = shared[key] else { throw BuildError.runtime("\(name) was not prepared.") }
    return found
  }

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
}

/// The node that changes one variable, as its optimizer describes it.
struct UpdateRule {
  enum Value {
    /// The gradient stands here.
    case gradient
    /// A hyperparameter, cast to the variable's type.
    case output(Output)
    /// A number of steps, of its own type.
    case counter(Output)
    /// A variable of the optimizer, read when the update runs.
    case variable(Variable)
  }

  /// The op's name after `Apply`.
  var op: String
  var slots: [Variable] = []
  /// All inputs after the slots.
  var values: [Value]
  var attributes: [String: AttributeValue] = [:]
}
