import Tensors

/// How a loop is made, for those who add to it later.
///
/// `@unchecked Sendable`: as `FlowContext`.
final class LoopRecord: @unchecked Sendable {
  let context: FlowContext
  let condition: Output
  let enters: [Node]
  let exits: [Output]
  /// The loop's variables as the body gets and leaves them.
  let bodyInputs: [Output]
  let bodyOutputs: [Output]
  /// Counts the turns, for gradients: the addition in each turn, and the total outside.
  private var counter: (turn: Output, index: Node, total: Output)?
  private var sync: Node?

  init(
    context: FlowContext, condition: Output, enters: [Node], exits: [Output], bodyInputs: [Output],
    bodyOutputs: [Output]
  ) {
    self.context = context
    self.condition = condition
    self.enters = enters
    self.exits = exits
    self.bodyInputs = bodyInputs
    self.bodyOutputs = bodyOutputs
  }

  /// How often the loop turned, known outside when it has ended.
  func total() throws -> Output { try count().total }

  /// The number of the present turn: it is there when the turn before has left everything on its stacks.
  func turn() throws -> Output { try count().turn }

  /// Lets the next turn wait for `node`.
  /// - Parameter mayBeDead: whether the node is in a branch that may not be taken.
  func hold(for node: Node, mayBeDead: Bool) throws {
    let index = try count().index
    let graph = context.graph
    guard mayBeDead else { return try graph.addControlInput(node, to: index) }
    if let sync { return try graph.addControlInput(node, to: sync) }
    let trigger = try graph.addPlain("ControlTrigger", [], name: "f_sync", flow: context, controlInputs: [node])
    try graph.addControlInput(trigger, to: index)
    sync = trigger
  }

  private func count() throws -> (turn: Output, index: Node, total: Output) {
    if let counter { return counter }
    let graph = context.graph
    // An inner loop begins when the outer turn before has left everything on its stacks.
    var around = context.outer
    while let found = around, !found.isLoop { around = found.outer }
    let before = try around?.loop.map { [try $0.turn().node] } ?? []
    let zero = try graph.withFlow(context.outer) {
      try graph.withControlDependencies(before) { try graph.constant(Tensor(Int32(0)), name: "f_count") }
    }
    let variable = try LoopVariable(context, initial: zero, condition: condition, name: "f_count")
    let next = try graph.withFlow(context) {
      let one = try graph.withControlDependencies([variable.body.node]) {
        try graph.constant(Tensor(Int32(1)), name: "Add/y")
      }
      return try graph.add("Add", [variable.body, one], name: "Add")
    }
    try variable.close(with: next)
    let made = (variable.body, next.node, try variable.exit(name: "f_count"))
    counter = made
    return made
  }
}

/// One variable of a loop, from its entry to its exit.
struct LoopVariable {
  let context: FlowContext
  let enter: Node
  let merge: Node
  let switched: Node
  /// Its value in the body.
  let body: Output

  /// - Parameter initial: in terms of the context around the loop.
  init(_ context: FlowContext, initial: Output, condition: Output, name: String) throws {
    let graph = context.graph
    (enter, merge) = try Self.entry(context, initial: initial, name: name)
    switched = try graph.addPlain("Switch", [merge.output(0), condition], flow: context)
    body = try graph.addPlain("Identity", [switched.output(1)], flow: context).output(0)
    self.context = context
  }

  static func entry(_ context: FlowContext, initial: Output, name: String) throws -> (enter: Node, merge: Node) {
    guard case .loop(let frame, let parallelIterations) = context.kind else {
      throw EngineError(.internal, "a variable of what is no loop")
    }
    let graph = context.graph
    let initial = try context.outer?.capture(initial, for: graph.currentNameScope + name) ?? initial
    let enter = try graph.addPlain(
      "Enter", [initial], name: name, flow: context,
      attributes: [
        "frame_name": .string(frame), "is_constant": .bool(false),
        "parallel_iterations": .int(Int64(parallelIterations)),
      ])
    let merge = try graph.addPlain("Merge", [enter.output(0), enter.output(0)], flow: context)
    return (enter, merge)
  }

  func close(with next: Output) throws {
    let graph = context.graph
    let iteration = try graph.addPlain("NextIteration", [next], flow: context)
    try graph.replaceInput(1, of: merge, with: iteration.output(0))
  }

  func exit(name: String = "Exit") throws -> Output {
    try context.graph.addPlain("Exit", [switched.output(0)], name: name, flow: context.outer).output(0)
  }
}

extension Graph {
  /// Repeats `body` while `condition` holds (`tf.while_loop`).
  /// - Parameters:
  ///   - initial: the loop's variables at the start.
  ///   - shapeInvariants: what stays true of the variables' shapes; their shapes at the start where nil.
  ///   - condition: gets the variables; a boolean scalar.
  ///   - body: gets the variables; their next values, of the same types.
  /// - Returns: the variables at the end. They can be differentiated.
  /// - Throws: `EngineError` where types or shapes change, and what the closures throw.
  public func whileLoop(
    _ initial: [Output], name: String = "while", parallelIterations: Int = 10,
    shapeInvariants: [PartialShape]? = nil, condition: ([Output]) throws -> Output,
    body: ([Output]) throws -> [Output]
  ) throws -> [Output] {
    guard !initial.isEmpty else { throw EngineError.invalid("No loop variables provided") }
    if let shapeInvariants, shapeInvariants.count != initial.count {
      throw EngineError.invalid("\(initial.count) loop variables need as many shape invariants")
    }
    return try withNameScope(name) { _ in
      let frame = uniqueName("while_context")
      let context = FlowContext(
        graph: self, kind: .loop(frame: frame, parallelIterations: parallelIterations), outer: currentFlow)
      var enters: [Node] = []
      for (index, value) in initial.enumerated() {
        let near = try context.outer?.capture(value, for: currentNameScope + "Enter") ?? value
        let enter = try addPlain(
          "Enter", [near], flow: context,
          attributes: [
            "frame_name": .string(frame), "is_constant": .bool(false),
            "parallel_iterations": .int(Int64(parallelIterations)),
          ])
        if let shapeInvariants {
          let wanted = shapeInvariants[index]
          guard near.shape.isCompatible(with: wanted) else {
            throw EngineError.invalid(
              "The shape invariant specified for \(value.name) is not compatible with the initial shape of the loop "
                + "variable. It enters the loop with shape \(near.shape), but the specified shape invariant is \(wanted)."
            )
          }
          enter.state.withLock { $0.outputShapes = [wanted] }
        }
        enters.append(enter)
      }
      let merges = try enters.map { try addPlain("Merge", [$0.output(0), $0.output(0)], flow: context) }
      context.pivot = merges[0]
      let holds = try withFlow(context) { try context.capture(condition(merges.map { $0.output(0) }), for: "LoopCond") }
      guard holds.dtype == .bool else {
        throw EngineError.invalid("The condition of a loop must be bool, not \(holds.dtype.name)")
      }
      let loopCondition = try addPlain("LoopCond", [holds], flow: context).output(0)
      let switches = try merges.map { try addPlain("Switch", [$0.output(0), loopCondition], flow: context) }
      let inputs = try switches.map { try addPlain("Identity", [$0.output(1)], flow: context).output(0) }
      context.pivot = inputs[0].node
      let outputs = try withFlow(context) {
        try body(inputs).map { try context.capture($0, for: currentNameScope + "NextIteration") }
      }
      guard outputs.map(\.dtype) == inputs.map(\.dtype) else {
        throw EngineError.invalid(
          "The loop's body must give as many values as there are variables, of the same types: "
            + "\(outputs.map(\.dtype.name)) for \(inputs.map(\.dtype.name))")
      }
      for (index, output) in outputs.enumerated() {
        let before = merges[index].output(0).shape
        guard Self.isInvariant(before, output.shape) else {
          throw EngineError.invalid(
            "The shape for \(merges[index].name):0 is not an invariant for the loop. It enters the loop with shape "
              + "\(before.tupleDescription), but has shape \(output.shape.tupleDescription) after one iteration. Provide "
              + "shape invariants using either the `shape_invariants` argument of tf.while_loop or set_shape() on the "
              + "loop variables.")
        }
        let next = try addPlain("NextIteration", [output], flow: context)
        try replaceInput(1, of: merges[index], with: next.output(0))
      }
      let exits = try switches.map {
        try addPlain("Exit", [$0.output(0)], flow: context.outer).output(0)
      }
      context.loop = LoopRecord(
        context: context, condition: loopCondition, enters: enters, exits: exits, bodyInputs: inputs,
        bodyOutputs: outputs)
      return exits
    }
  }

  /// Whether a shape that once was `before` may become `after` without being less than promised.
  private static func isInvariant(_ before: PartialShape, _ after: PartialShape) -> Bool {
    guard let promised = before.dimensions else { return true }
    guard let found = after.dimensions, found.count == promised.count else { return false }
    return zip(promised, found).allSatisfy { $0 == nil || $0 == $1 }
  }
}
