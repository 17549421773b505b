import Tensors

extension Graph {
  /// Values of one of two branches, of which only the one taken runs (`tf.cond`).
  ///
  /// What a branch uses from outside is computed in any case; nodes made inside run only where the branch is taken.
  /// - Parameters:
  ///   - predicate: a boolean scalar.
  ///   - then: builds the branch for true.
  ///   - else: builds the branch for false; as many values of the same types.
  /// - Returns: the values of the branch taken, in order. They can be differentiated.
  /// - Throws: `EngineError` where the branches do not fit each other, and what they throw.
  public func cond(
    _ predicate: Output, name: String = "cond", then: () throws -> [Output], else otherwise: () throws -> [Output]
  ) throws -> [Output] {
    guard predicate.dtype == .bool else { throw EngineError.invalid("pred must not be a \(predicate.dtype.name)") }
    return try withNameScope(name) { _ in
      let outer = currentFlow
      let sides = try addNode(op: "Switch", name: "Switch", inputs: [predicate, predicate])
      let pivots = [
        try add("Identity", [sides.output(1)], name: "switch_t"),
        try add("Identity", [sides.output(0)], name: "switch_f"),
      ]
      let predicate = try add("Identity", [predicate], name: "pred_id")
      func build(_ side: Int, _ pivot: Output, _ body: () throws -> [Output]) throws -> [Output] {
        let context = FlowContext(graph: self, kind: .branch(predicate: predicate, side: side), outer: outer)
        context.pivot = pivot.node
        state.withLock { $0.flows[pivot.node.index] = context }
        return try withFlow(context) {
          try body().map { try context.capture($0, for: currentNameScope + "Merge") }
        }
      }
      let yes = try build(1, pivots[0], then)
      let no = try build(0, pivots[1], otherwise)
      guard yes.map(\.dtype) == no.map(\.dtype) else {
        throw EngineError.invalid(
          "Outputs of true_fn and false_fn must have the same type: \(yes.map(\.dtype.name)) and \(no.map(\.dtype.name))"
        )
      }
      return try zip(no, yes).map { no, yes in
        let merge = try addNode(op: "Merge", name: "Merge", inputs: [no, yes])
        state.withLock { $0.predicates[merge.index] = predicate }
        return merge.output(0)
      }
    }
  }

  /// The value of one of two branches.
  public func cond(
    _ predicate: Output, name: String = "cond", then: () throws -> Output, else otherwise: () throws -> Output
  ) throws -> Output {
    try cond(predicate, name: name, then: { [try then()] }, else: { [try otherwise()] })[0]
  }
}

/// Gradients of conditions: what a branch not taken would have given is zero.
@Sendable func defineConditionGradients(_ ops: inout OpRegistry) {
  ops.gradient("Merge") { c in
    guard let predicate = c.graph.state.withLock({ $0.predicates[c.node.index] }) else {
      throw EngineError(
        .unimplemented, "the gradient of an imported condition cannot be built: build it here", node: c.node.name)
    }
    return try c.graph.addNode(op: "Switch", name: "cond_grad", inputs: [c.gradient, predicate]).outputs
  }
  ops.gradient("Switch") { c in
    guard case .branch(let predicate, let side)? = c.graph.flow(of: c.node)?.kind else {
      throw EngineError(
        .unimplemented, "the gradient of an imported condition cannot be built: build it here", node: c.node.name)
    }
    let zeros = try c.zeros(like: c.x)
    let other = try c.graph.addNode(op: "Switch", inputs: [zeros, predicate]).output(1 - side)
    return [try c.add("Merge", c.outputGradients[side], other, name: "cond_grad"), nil]
  }
}
