import Tensors

/// Sees the values of a run as they are made.
///
/// An observed run computes every node that the fetches need: nothing is folded, fused or left out. Values are the same
/// as those of an unobserved run.
public protocol RunObserver: AnyObject, Sendable {
  /// Is called when `node` has run, in the order in which nodes run; first come feeds, constants and variables. Nodes
  /// in a loop are seen once a turn, nodes in a branch that is not taken never. What only moves values into a loop and
  /// from one turn to the next (`Enter`, `NextIteration`) is left out.
  /// - Parameter outputs: one value for each output: nil where there is none, as of variables without a value and of
  ///   handles. Of a reference it is the variable's value at that moment.
  func nodeRan(_ node: Node, outputs: [Tensor?])
}

/// What a plan needs to know to be observed.
struct Observation: Sendable {
  /// What is there before the first step: feeds, constants, variables, each with where its value is.
  enum Source: Sendable {
    case feed(Int)
    case constant(Tensor)
    case variable(Variable)
    case nothing
  }
  let prelude: [(node: Node, sources: [Source])]
  /// Outputs that stand for a variable.
  let references: [Output: Variable]

  /// - Parameters:
  ///   - order: the nodes of the run, in order.
  ///   - runs: whether a node has a step of its own.
  init(_ work: PlanCompiler.Work, feeds: [Output], runs: (Node) -> Bool) {
    references = work.aliases.mapValues { work.variables[$0] }
    let fed = Dictionary(feeds.enumerated().map { ($1, $0) }) { first, _ in first }
    // Nodes that are only there to be fed are not in the order.
    let outside = Set(feeds.map(\.node)).subtracting(work.order).sorted { $0.index < $1.index }
    prelude = (outside + work.order).filter { !runs($0) && $0.outputCount > 0 }.map { node in
      let sources = node.outputs.map { output -> Source in
        if let index = fed[output] { return .feed(index) }
        if let constant = work.constants[output] { return .constant(constant) }
        if let index = work.aliases[output], output.dtype != .resource { return .variable(work.variables[index]) }
        return .nothing
      }
      return (node, sources)
    }
  }

  /// Tells of what is there before the first step.
  func begin(_ feeds: [Tensor], _ observer: any RunObserver) {
    for (node, sources) in prelude {
      observer.nodeRan(
        node,
        outputs: sources.map { source in
          switch source {
          case .feed(let index): feeds[index]
          case .constant(let value): value
          case .variable(let variable): try? variable.read()
          case .nothing: nil
          }
        })
    }
  }

  /// Tells of a node that has just run in `context`.
  func report(_ node: Node, firstOutput: Int, in context: KernelContext, _ observer: any RunObserver) {
    let outputs = node.outputs.map { output -> Tensor? in
      guard output.dtype != .resource, output.dtype != .variant else { return nil }
      if let variable = references[output] { return try? variable.read() }
      return context.values[firstOutput + output.index]
    }
    observer.nodeRan(node, outputs: outputs)
  }
}
