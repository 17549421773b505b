import Tensors

/// Values of a loop's turns, kept on stacks for the loop that computes its gradients.
///
/// `@unchecked Sendable`: as `FlowContext`.
final class LoopHistory: @unchecked Sendable {
  let forward: LoopRecord
  /// Ends the gradient's turn when everything of it was taken from the stacks.
  let sync: Node

  init(forward: LoopRecord, sync: Node) {
    self.forward = forward
    self.sync = sync
  }

  /// What `output` of the forward loop was in the turn that `context`, a turn of the gradient's loop, undoes.
  func value(of output: Output, in context: FlowContext) throws -> Output {
    let graph = context.graph
    let node = output.node
    let home = graph.flow(of: node)
    if home === forward.context, FrameTree.isEnter(node), try node.bool("is_constant") {
      return try context.capture(node.inputs[0], for: graph.currentNameScope + node.op)
    }
    if node.op == "Const" {
      return try graph.withFlow(context) { try graph.constant(try node.constantValue()) }
    }
    if node.op == "Switch", case .branch(let predicate, _)? = home?.kind {
      let inputs = try [node.inputs[0], predicate].map {
        try context.capture($0, for: graph.currentNameScope + "Switch")
      }
      return try graph.addPlain("Switch", inputs, flow: context).output(output.index)
    }
    return try popped(output, home: home, in: context)
  }

  private func popped(_ output: Output, home: FlowContext?, in context: FlowContext) throws -> Output {
    let graph = context.graph
    // The branches around the value, the outermost first: what is not pushed must not be popped.
    var branches: [(predicate: Output, side: Int)] = []
    var around = home
    while let found = around, found !== forward.context {
      guard case .branch(let predicate, let side) = found.kind else {
        throw EngineError(.internal, "'\(output.name)' belongs to an inner loop", node: output.node.name)
      }
      branches.insert((predicate, side), at: 0)
      around = found.outer
    }
    // One stack serves all executions of the loop: gradients undo turns in exactly the opposite order.
    let stack = try graph.withFlow(nil) {
      try graph.withControlDependencies(nil) {
        try graph.add(
          "StackV2", [graph.constant(Tensor(Int32(-1)), name: "Const")], name: "f_acc",
          attributes: ["elem_type": .type(output.dtype)])
      }
    }
    let turn = try forward.turn()
    let push = try graph.withFlow(home) {
      try graph.withControlDependencies(nil) {
        try graph.addNode(op: "StackPushV2", inputs: [stack, output], controlInputs: [turn.node])
      }
    }
    try forward.hold(for: push, mayBeDead: !branches.isEmpty)
    var handle = try context.capture(stack, for: graph.currentNameScope + "StackPopV2")
    for branch in branches {
      let predicate = try context.capture(branch.predicate, for: graph.currentNameScope + "StackPopV2")
      handle = try graph.addPlain("Switch", [handle, predicate], flow: context).output(branch.side)
    }
    let pop = try graph.withFlow(context) {
      try graph.withControlDependencies(nil) {
        try graph.add("StackPopV2", [handle], name: "StackPopV2", attributes: ["elem_type": .type(output.dtype)])
      }
    }
    try? pop.setShape(output.shape)
    try graph.addControlInput(pop.node, to: sync)
    return pop
  }
}

/// Builds the loop that computes the gradients of another loop, turn by turn in the opposite order.
struct LoopGradient {
  let graph: Graph
  let forward: LoopRecord
  let scope: String

  /// - Parameter exitGradients: of the loop's variables at its end; nil where nothing flows.
  /// - Returns: values around the loop, and their gradients.
  func build(_ exitGradients: [Output?]) throws -> [(of: Output, gradient: Output)] {
    guard case .loop(let forwardFrame, let parallelIterations) = forward.context.kind else { return [] }
    let total = try forward.total()
    let frame = scope + forwardFrame
    let context = FlowContext(
      graph: graph, kind: .loop(frame: frame, parallelIterations: parallelIterations), outer: graph.currentFlow)

    // The turns are counted down.
    let (enter, merge) = try LoopVariable.entry(context, initial: total, name: "b_count")
    _ = enter
    context.pivot = merge
    let one = try graph.withFlow(context) { try graph.constant(Tensor(Int32(1)), name: "GreaterEqual/y") }
    let more = try graph.withFlow(context) { try graph.add("GreaterEqual", [merge.output(0), one]) }
    let condition = try graph.addPlain("LoopCond", [more], name: "b_count", flow: context).output(0)
    let switched = try graph.addPlain("Switch", [merge.output(0), condition], flow: context)
    let turn = try graph.addPlain("Identity", [switched.output(1)], flow: context).output(0)
    context.pivot = turn.node
    let sync = try graph.addPlain("ControlTrigger", [], name: "b_sync", flow: context, controlInputs: [turn.node])
    let left = try graph.addPlain("Sub", [turn, one], flow: context, controlInputs: [sync])
    let next = try graph.addPlain("NextIteration", [left.output(0)], flow: context)
    try graph.replaceInput(1, of: merge, with: next.output(0))
    let end = try graph.addPlain("Exit", [switched.output(0)], name: "b_count", flow: context.outer)
    // What this loop takes from stacks comes before what its next execution takes.
    if let around = context.outer?.history { try graph.addControlInput(end, to: around.sync) }
    context.history = LoopHistory(forward: forward, sync: sync)

    // The gradients of the variables go from turn to turn.
    let indices = forward.bodyOutputs.indices.filter { Self.isDifferentiable(forward.bodyOutputs[$0]) }
    let variables = try indices.map { index in
      let initial =
        try exitGradients[index]
        ?? graph.add("ZerosLike", [forward.exits[index]], name: "zeros_like")
      return try LoopVariable(context, initial: initial, condition: condition, name: "b_exit")
    }
    let constants = forward.context.external.values
      .filter { FrameTree.isEnter($0.node) && Self.isDifferentiable($0) }
      .sorted { $0.node.index < $1.node.index }
    let gradients = try graph.withFlow(context) {
      try graph.withControlDependencies(nil) { () -> [Gradient?] in
        var builder = GradientBuilder(
          graph: graph, scope: scope, xs: indices.map { forward.bodyInputs[$0] } + constants, stopGradients: [],
          level: forward.context)
        return try builder.build(indices.map { forward.bodyOutputs[$0] }, seeds: variables.map(\.body))
      }
    }
    var results: [(of: Output, gradient: Output)] = []
    for (position, index) in indices.enumerated() {
      let variable = variables[position]
      let next = try graph.withFlow(context) {
        try gradients[position]?.dense() ?? graph.add("ZerosLike", [variable.body], name: "zeros_like")
      }
      try variable.close(with: try context.capture(next, for: graph.currentNameScope + "NextIteration"))
      results.append((forward.enters[index].inputs[0], try variable.exit(name: "b_exit")))
    }
    // Values that the loop only reads: each turn adds its part.
    for (position, constant) in constants.enumerated() {
      guard let gradient = gradients[indices.count + position] else { continue }
      let source = constant.node.inputs[0]
      let zeros = try graph.add("ZerosLike", [source], name: "b_acc")
      let variable = try LoopVariable(context, initial: zeros, condition: condition, name: "b_acc")
      let sum = try graph.withFlow(context) {
        try graph.add("Add", [variable.body, try gradient.dense()], name: "Add")
      }
      try variable.close(with: sum)
      results.append((source, try variable.exit(name: "b_acc")))
    }
    return results
  }

  private static func isDifferentiable(_ output: Output) -> Bool {
    output.dtype.isFloatingPoint || output.dtype.isComplex
  }
}
