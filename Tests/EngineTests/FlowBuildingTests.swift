import Tensors
import Testing

@testable import Engine

/// Conditions and loops built here, their values and gradients.
@Suite struct FlowBuildingTests {
  private func float(_ graph: Graph, _ value: Float) throws -> Output { try graph.constant(Tensor(value)) }

  /// The value of `y` and its gradients with respect to `xs`.
  private func evaluate(
    _ y: Output, _ xs: [Output], feeds: [Output: Tensor]
  ) throws -> (value: Float, gradients: [[Float]]) {
    let slopes = try gradients([y], xs)
    let wanted = try slopes.map { try #require($0) }
    let results = try Session(graph: y.graph).run([y] + wanted, feeds: feeds)
    return (results[0].scalar(Float.self), results.dropFirst().map { $0.scalars(Float.self) })
  }

  @Test func conditionsTakeOneBranch() throws {
    let graph = Graph()
    let p = try placeholder(graph, .bool, [], name: "p")
    let x = try placeholder(graph, name: "x")
    let w = try placeholder(graph, name: "w")
    let y = try graph.cond(
      p, then: { try graph.add("Mul", [x, w], name: "mul") },
      else: { try graph.add("Add", [try graph.add("Square", [x]), graph.constant(Tensor(Float(1)))]) })
    #expect(y.name == "cond/Merge:0")
    #expect(graph.node(named: "cond/mul/Switch") != nil)
    #expect(graph.node(named: "cond/pred_id")?.op == "Identity")
    for (flag, value, slopes) in [(true, Float(12), [[Float(4)], [3]]), (false, 10, [[6], [0]])] {
      let found = try evaluate(
        y, [x, w], feeds: [p: Tensor(flag), x: Tensor(Float(3)), w: Tensor(Float(4))])
      #expect(found.value == value)
      #expect(found.gradients == slopes)
    }
  }

  @Test func conditionsNest() throws {
    let graph = Graph()
    let p = try placeholder(graph, .bool, [], name: "p")
    let q = try placeholder(graph, .bool, [], name: "q")
    let x = try placeholder(graph, name: "x")
    let y = try graph.cond(
      p,
      then: {
        try graph.cond(q, then: { try graph.add("Square", [x]) }, else: { try graph.add("Neg", [x]) })
      }, else: { try float(graph, 7) })
    for (first, second, value, slope) in [
      (true, true, Float(9), Float(6)), (true, false, -3, -1), (false, true, 7, 0), (false, false, 7, 0),
    ] {
      let found = try evaluate(y, [x], feeds: [p: Tensor(first), q: Tensor(second), x: Tensor(Float(3))])
      #expect(found.value == value)
      #expect(found.gradients == [[slope]])
    }
  }

  @Test func branchesMustFitEachOther() throws {
    let graph = Graph()
    let p = try placeholder(graph, .bool, [], name: "p")
    #expect(
      message {
        _ = try graph.cond(p, then: { try float(graph, 1) }, else: { try graph.constant(Tensor(Int32(1))) })
      }.hasPrefix("Outputs of true_fn and false_fn must have the same type"))
  }

  /// `x` multiplied by `w` as often as `n` says: the power, by a loop.
  private func power(_ graph: Graph) throws -> (y: Output, x: Output, w: Output, n: Output) {
    let n = try placeholder(graph, .int32, [], name: "n")
    let x = try placeholder(graph, name: "x")
    let w = try placeholder(graph, name: "w")
    let zero = try graph.constant(Tensor(Int32(0)))
    let results = try graph.whileLoop(
      [zero, x], condition: { try graph.add("Less", [$0[0], n]) },
      body: { [try graph.add("Add", [$0[0], graph.constant(Tensor(Int32(1)))]), try graph.add("Mul", [$0[1], w])] })
    return (results[1], x, w, n)
  }

  @Test func loopsAndTheirGradients() throws {
    for (turns, value, slopes) in [
      (0, Float(2), [[Float(1)], [Float(0)]]), (1, 6, [[3], [2]]), (3, 54, [[27], [54]]),
    ] {
      let graph = Graph()
      let (y, x, w, n) = try power(graph)
      #expect(graph.node(named: "while/Enter_1") != nil)
      #expect(graph.node(named: "while/LoopCond") != nil)
      let found = try evaluate(
        y, [x, w], feeds: [n: Tensor(Int32(turns)), x: Tensor(Float(2)), w: Tensor(Float(3))])
      #expect(found.value == value)
      #expect(found.gradients == slopes)
    }
  }

  @Test func gradientsFlowThroughConditionsInLoops() throws {
    // x = i even ? x * w : x * x, for i in 0..<3.
    let graph = Graph()
    let x = try placeholder(graph, name: "x")
    let w = try placeholder(graph, name: "w")
    let results = try graph.whileLoop(
      [graph.constant(Tensor(Int32(0))), x],
      condition: { try graph.add("Less", [$0[0], graph.constant(Tensor(Int32(3)))]) },
      body: { values in
        let two = try graph.constant(Tensor(Int32(2)))
        let isEven = try graph.add(
          "Equal", [graph.add("FloorMod", [values[0], two]), graph.constant(Tensor(Int32(0)))])
        let next = try graph.cond(
          isEven, then: { try graph.add("Mul", [values[1], w]) }, else: { try graph.add("Square", [values[1]]) })
        return [try graph.add("Add", [values[0], graph.constant(Tensor(Int32(1)))]), next]
      })
    // (x w)² w = x² w³.
    let found = try evaluate(results[1], [x, w], feeds: [x: Tensor(Float(2)), w: Tensor(Float(3))])
    #expect(found.value == 108)
    #expect(found.gradients == [[108], [108]])
  }

  @Test func gradientsFlowThroughNestedLoops() throws {
    // Outer: three times; inner: twice x = x * w. So x w^6.
    let graph = Graph()
    let x = try placeholder(graph, name: "x")
    let w = try placeholder(graph, name: "w")
    func repeated(_ count: Int32, _ start: Output, _ body: (Output) throws -> Output) throws -> Output {
      try graph.whileLoop(
        [graph.constant(Tensor(Int32(0))), start],
        condition: { try graph.add("Less", [$0[0], graph.constant(Tensor(count))]) },
        body: { [try graph.add("Add", [$0[0], graph.constant(Tensor(Int32(1)))]), try body($0[1])] })[1]
    }
    let y = try repeated(3, x) { outer in try repeated(2, outer) { try graph.add("Mul", [$0, w]) } }
    let found = try evaluate(y, [x, w], feeds: [x: Tensor(Float(5)), w: Tensor(Float(2))])
    #expect(found.value == 320)
    #expect(found.gradients == [[64], [960]])
  }

  @Test func gradientsFlowThroughLists() throws {
    // y[i] = x[i] * w, joined and squared and summed up.
    let graph = Graph()
    let x = try placeholder(graph, .float32, [3], name: "x")
    let w = try placeholder(graph, name: "w")
    func list() throws -> Node {
      try graph.addNode(
        op: "TensorArrayV3", inputs: [graph.constant(Tensor(Int32(3)))],
        attributes: ["dtype": .type(.float32), "element_shape": .shape([])])
    }
    let all = try graph.constant(Tensor([0, 1, 2] as [Int32]))
    let (source, target) = (try list(), try list())
    let filled = try graph.add("TensorArrayScatterV3", [source.output(0), all, x, source.output(1)])
    let results = try graph.whileLoop(
      [graph.constant(Tensor(Int32(0))), target.output(1)],
      condition: { try graph.add("Less", [$0[0], graph.constant(Tensor(Int32(3)))]) },
      body: { values in
        let element = try graph.add(
          "TensorArrayReadV3", [source.output(0), values[0], filled], attributes: ["dtype": .type(.float32)])
        let product = try graph.add("Mul", [element, w])
        let flow = try graph.add("TensorArrayWriteV3", [target.output(0), values[0], product, values[1]])
        return [try graph.add("Add", [values[0], graph.constant(Tensor(Int32(1)))]), flow]
      })
    let joined = try graph.add(
      "TensorArrayGatherV3", [target.output(0), all, results[1]],
      attributes: ["dtype": .type(.float32), "element_shape": .shape([])])
    let y = try graph.add("Sum", [graph.add("Square", [joined]), graph.constant(Tensor([0] as [Int32]))])
    let found = try evaluate(y, [x, w], feeds: [x: Tensor([1, 2, 3] as [Float]), w: Tensor(Float(2))])
    #expect(found.value == 56)
    #expect(found.gradients == [[8, 16, 24], [56]])
  }

  @Test func shapesMustNotChange() throws {
    let graph = Graph()
    let x = try placeholder(graph, .float32, [2], name: "x")
    let text = message {
      _ = try graph.whileLoop(
        [x], condition: { _ in try graph.constant(Tensor(true)) },
        body: { [try graph.add("ConcatV2", [$0[0], $0[0], graph.constant(Tensor(Int32(0)))])] })
    }
    #expect(
      text.hasPrefix(
        "The shape for while/Merge:0 is not an invariant for the loop. It enters the loop with shape (2,), but has shape "
          + "(4,) after one iteration."))
    let grown = try graph.whileLoop(
      [graph.constant(Tensor(Int32(0))), x], shapeInvariants: [[], [nil]],
      condition: { try graph.add("Less", [$0[0], graph.constant(Tensor(Int32(2)))]) },
      body: {
        [
          try graph.add("Add", [$0[0], graph.constant(Tensor(Int32(1)))]),
          try graph.add("ConcatV2", [$0[1], $0[1], graph.constant(Tensor(Int32(0)))]),
        ]
      })
    #expect(grown[1].shape == [nil])
    let value = try Session(graph: graph).run(grown[1], feeds: [x: Tensor([1, 2] as [Float])])
    #expect(value.scalars(Float.self) == [1, 2, 1, 2, 1, 2, 1, 2])
  }

  @Test func gradientsOfImportedLoopsSayWhatToDo() throws {
    let graph = Graph()
    let (y, _, _, _) = try power(graph)
    let copy = try Graph(graphDef: graph.asGraphDef())
    let text = message { _ = try gradients([copy.output(named: y.name)], [copy.output(named: "x:0")]) }
    #expect(text.contains("was imported"))
  }
}
