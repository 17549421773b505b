import Engine
import Tensors

/// Keeps moving averages of variables or outputs (`tf.train.ExponentialMovingAverage`):
/// `shadow -= (1 - decay) * (shadow - value)`. Models often do better with averages of their weights.
///
/// The average of a variable begins at its initial value and is called `VARIABLE/ExponentialMovingAverage`; that of
/// another output begins at 0.
public final class ExponentialMovingAverage {
  /// Name of the op that `apply` makes, and end of the averages' names.
  public let name: String
  private let decay: any GraphValue
  private let updateCount: (any GraphValue)?
  private let zeroDebias: Bool
  private var averages: [Output: Variable] = [:]

  /// - Parameters:
  ///   - decay: how much stays at each update, close to 1.
  ///   - updateCount: usually the global step; makes averages move faster at first, with a decay of at most
  ///     `(1 + n) / (10 + n)`.
  ///   - zeroDebias: whether averages of outputs, which begin at 0, are corrected for that.
  public init(
    decay: any GraphValue, updateCount: (any GraphValue)? = nil, zeroDebias: Bool = false,
    name: String = "ExponentialMovingAverage"
  ) {
    self.decay = decay
    self.updateCount = updateCount
    self.zeroDebias = zeroDebias
    self.name = name
  }

  /// Makes the op that updates the averages once, and the averages where they are missing.
  /// - Parameters:
  ///   - variables: the trainable ones if nil. They join the collection `moving_average_variables`.
  ///   - outputs: other values of known shape.
  /// - Throws: `BuildError` for values that are not floating point.
  public func apply(_ variables: [Variable]? = nil, outputs: [Output] = [], in graph: Graph) throws -> Node {
    let variables = variables ?? (outputs.isEmpty ? graph.trainableVariables : [])
    let watched = variables.map { ($0.reference, $0.dtype) } + outputs.map { ($0, $0.dtype) }
    for (output, dtype) in watched where !dtype.isFloatingPoint {
      throw BuildError.type("The variables must be half, float, or double: \(output.name)")
    }
    var debiased = Set<Variable>()
    for variable in variables where averages[variable.reference] == nil {
      averages[variable.reference] = try makeAverage(of: variable)
    }
    for output in outputs where averages[output] == nil {
      let average = try makeAverage(of: output)
      averages[output] = average
      if zeroDebias { debiased.insert(average) }
    }
    return try graph.nameScope(name) { scope in
      var decay = try graph.operand(self.decay, name: "decay")
      if let updateCount {
        let count = try graph.cast(updateCount, to: .float32, name: "num_updates")
        decay = try graph.minimum(decay, (1.0 + count) / (10.0 + count))
      }
      var updates: [Node] = []
      for variable in variables {
        updates.append(try update(averages[variable.reference], variable, decay, debiased))
      }
      for output in outputs { updates.append(try update(averages[output], output, decay, debiased)) }
      return try graph.group(updates, name: scope)
    }
  }

  private func makeAverage(of variable: Variable) throws -> Variable {
    let graph = variable.graph
    let made = try graph.controlDependencies(nil) {
      try graph.slotVariable(of: variable, name, .value(variable.initializedValue()))
    }
    try graph.addToCollection(GraphKeys.movingAverageVariables, variable)
    return made
  }

  private func makeAverage(of output: Output) throws -> Variable {
    guard let shape = output.shape.full else {
      throw BuildError.value("The average of \(output) needs its shape to be fully known.")
    }
    return try output.graph.controlDependencies(nil) {
      try output.graph.slotVariable(
        beside: output.node, shape: shape, dtype: output.dtype, name, .zeros, useResource: false,
        standsWithNode: false)
    }
  }

  private func update(
    _ average: Variable?, _ value: any GraphValue, _ decay: Output, _ debiased: Set<Variable>
  ) throws -> Node {
    guard let average else { throw BuildError.runtime("\(name) has no average for \(value).") }
    return try average.graph.assignMovingAverage(
      average, value, decay: decay, zeroDebias: debiased.contains(average)
    ).node
  }

  /// The average of a variable; nil where none is kept.
  public func average(of variable: Variable) -> Variable? { averages[variable.reference] }

  /// The average of an output; nil where none is kept.
  public func average(of output: Output) -> Variable? { averages[output] }

  /// What the average of a variable is or would be called.
  public func averageName(of variable: Variable) -> String {
    averages[variable.reference]?.node.name
      ?? variable.graph.uniqueName(variable.node.name + "/" + name, markAsUsed: false)
  }

  /// What to give a saver so that variables take the values of their averages from a checkpoint; variables without an
  /// average keep their own names (`variables_to_restore`).
  /// - Parameter variables: which have averages; the trainable and the moving-average ones of the graph if nil.
  public func variablesToRestore(_ variables: [Variable]? = nil, in graph: Graph) -> [String: Variable] {
    let averaged =
      variables ?? graph.trainableVariables + graph.variables(in: GraphKeys.movingAverageVariables)
    var names: [String: Variable] = [:]
    for variable in averaged { names[averageName(of: variable)] = variable }
    let taken = Set(averaged.map(\.name))
    for variable in graph.globalVariables
    where !taken.contains(variable.name) && names[variable.node.name] == nil {
      names[variable.node.name] = variable
    }
    return names
  }
}

extension Graph {
  /// Moves a variable towards a value (`assign_moving_average`): `v -= (v - value) * (1 - decay)`.
  /// - Parameters:
  ///   - decay: a number, or an output, which is cast to the variable's type.
  ///   - zeroDebias: whether a variable that began at 0 is corrected for that; takes two more variables.
  /// - Returns: the node that changes the variable, and its value afterwards.
  func assignMovingAverage(
    _ variable: Variable, _ value: any GraphValue, decay: any GraphValue, zeroDebias: Bool = false,
    name: String? = nil
  ) throws -> (node: Node, value: Output) {
    try nameScope(name, default: "AssignMovingAvg") { scope in
      let rest: Output
      if let number = decay as? Double {
        rest = try self.operand(1 - number, name: "decay")
      } else {
        rest = try self.binary("Sub", 1.0, decay, name: "sub")
      }
      let part = try self.cast(rest, to: variable.dtype)
      if zeroDebias { return try self.assignDebiased(variable, value, part) }
      return try self.assignment(
        "AssignSub", variable, (variable - value) * part, name: scope,
        attributes: variable.isResource ? [:] : ["use_locking": .bool(false)])
    }
  }

  private func assignDebiased(
    _ variable: Variable, _ value: any GraphValue, _ part: Output
  ) throws -> (node: Node, value: Output) {
    let (biased, count) = try variableScope(variable.node.name) { scope in
      let names = Set(self.globalVariables.map(\.node.name))
      func free(_ name: String) -> String {
        var candidate = name
        var index = 0
        while names.contains(scope.name + "/" + candidate) {
          index += 1
          candidate = "\(name)_\(index)"
        }
        return candidate
      }
      return try self.withColocation(with: variable.node) {
        (
          try self.getVariable(
            free("biased"), shape: variable.shape.full, dtype: variable.dtype, initializer: .zeros, trainable: false),
          try self.getVariable(
            free("local_step"), shape: .scalar, dtype: variable.dtype, initializer: .zeros, trainable: false)
        )
      }
    }
    let moved = try assignSub(biased, (biased - value) * part)
    let steps = try count.assignAdd(1.0)
    let factor = try 1.0 - pow(1.0 - part, steps)
    return try assignment(
      "Assign", variable, moved / factor, name: currentNameScope,
      attributes: ["use_locking": .bool(true), "validate_shape": .bool(true)])
  }
}
