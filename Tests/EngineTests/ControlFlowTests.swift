import Tensors
import Testing

@testable import Engine

/// Branches and loops made node by node.
@Suite struct ControlFlowTests {
  /// `x` multiplied by itself where `p`, its negative otherwise; the branch not taken must not run.
  private func branches() throws -> (graph: Graph, x: Output, p: Output, merged: Node, switched: Node) {
    let graph = Graph()
    let x = try placeholder(graph, name: "x")
    let p = try placeholder(graph, .bool, [], name: "p")
    let switched = try graph.addNode(op: "Switch", inputs: [x, p])
    let negated = try graph.add("Neg", [switched.output(0)])
    let squared = try graph.add("Square", [switched.output(1)])
    let merged = try graph.addNode(op: "Merge", inputs: [negated, squared])
    return (graph, x, p, merged, switched)
  }

  @Test func onlyTheBranchTakenRuns() throws {
    let (graph, x, p, merged, switched) = try branches()
    let session = Session(graph: graph)
    for (flag, value, index) in [(true, Float(9), Int32(1)), (false, -3, 0)] {
      let feeds = [x: Tensor(Float(3)), p: Tensor(flag)]
      let results = try session.run(merged.outputs, feeds: feeds)
      #expect(results[0].scalar(Float.self) == value)
      #expect(results[1].scalar(Int32.self) == index)
      #expect(try session.run(switched.output(flag ? 1 : 0), feeds: feeds).scalar(Float.self) == 3)
      do {
        _ = try session.run(switched.output(flag ? 0 : 1), feeds: feeds)
        Issue.record("a dead value was fetched")
      } catch let error as EngineError {
        #expect(error.code == .invalidArgument)
        #expect(error.message.hasPrefix("Retval[0] does not have value"))
      }
    }
  }

  @Test func deadnessFollowsControlEdges() throws {
    let graph = Graph()
    let p = try placeholder(graph, .bool, [], name: "p")
    let v = try variable(graph, [], name: "v")
    let start = try graph.add("Assign", [v, graph.constant(Tensor(Float(1)))])
    let switched = try graph.addNode(op: "Switch", inputs: [p, p])
    let no = try graph.add("Identity", [switched.output(0)])
    let yes = try graph.add("Identity", [switched.output(1)])
    // Constants and updates hang on their branch by a control edge alone, and stand on no branch's data.
    let ten = try graph.withControlDependencies([yes.node]) { try graph.constant(Tensor(Float(10))) }
    let added = try graph.add("AssignAdd", [v, ten])
    let two = try graph.withControlDependencies([no.node]) { try graph.constant(Tensor(Float(2))) }
    let left = try graph.add("Identity", [added])
    let merged = try graph.addNode(op: "Merge", inputs: [left, two])
    let session = Session(graph: graph)
    _ = try session.run(start)
    #expect(try session.run(merged.output(0), feeds: [p: Tensor(false)]).scalar(Float.self) == 2)
    #expect(try session.run(v).scalar(Float.self) == 1, "the branch not taken changed a variable")
    #expect(try session.run(merged.output(0), feeds: [p: Tensor(true)]).scalar(Float.self) == 11)
  }

  /// `i = 0; x; while i < n { x = body(x); i += 1 }` under the frame `name`.
  private func loop(
    _ graph: Graph, _ name: String, _ x: Output, _ n: Output, body: (Output, Node) throws -> Output
  ) throws -> (exit: Output, merge: Node) {
    let frame: [String: AttributeValue] = ["frame_name": .string(name)]
    let constant: [String: AttributeValue] = ["frame_name": .string(name), "is_constant": .bool(true)]
    let zero = try graph.add("ZerosLike", [n])
    let limit = try graph.add("Enter", [n], attributes: constant)
    let enters = try [zero, x].map { try graph.add("Enter", [$0], attributes: frame) }
    let merges = try enters.map { try graph.addNode(op: "Merge", inputs: [$0, $0]) }
    let less = try graph.add("Less", [merges[0].output(0), limit])
    let condition = try graph.add("LoopCond", [less])
    let switches = try merges.map { try graph.addNode(op: "Switch", inputs: [$0.output(0), condition]) }
    let pivot = try graph.add("Identity", [switches[0].output(1)])
    let one = try graph.withControlDependencies([pivot.node]) { try graph.constant(Tensor(Int32(1))) }
    let next = [
      try graph.add("AddV2", [pivot, one]),
      try body(try graph.add("Identity", [switches[1].output(1)]), pivot.node),
    ]
    for (merge, value) in zip(merges, next) {
      try graph.replaceInput(1, of: merge, with: try graph.add("NextIteration", [value]))
    }
    return (try graph.add("Exit", [switches[1].output(0)]), merges[1])
  }

  @Test func loopsTurnUntilTheirConditionFails() throws {
    let graph = Graph()
    let x = try placeholder(graph, name: "x")
    let n = try placeholder(graph, .int32, [], name: "n")
    let (exit, merge) = try loop(graph, "doubling", x, n) { value, _ in try graph.add("AddV2", [value, value]) }
    let after = try graph.add("Neg", [exit])
    let session = Session(graph: graph)
    for (turns, expected) in [(0, Float(-3)), (1, -6), (5, -96), (0, -3)] {
      let feeds = [x: Tensor(Float(3)), n: Tensor(Int32(turns))]
      #expect(try session.run(after, feeds: feeds).scalar(Float.self) == expected)
    }
    do {
      _ = try session.run(merge.output(0), feeds: [x: Tensor(Float(3)), n: Tensor(Int32(1))])
      Issue.record("a value inside a loop was fetched")
    } catch let error as EngineError {
      #expect(error.message.contains("marked as not fetchable"))
    }
  }

  @Test func loopsNest() throws {
    let graph = Graph()
    let x = try placeholder(graph, name: "x")
    let n = try placeholder(graph, .int32, [], name: "n")
    let (exit, _) = try loop(graph, "outer", x, n) { value, pivot in
      // The inner limit is a constant of the outer turn.
      let limit = try graph.withControlDependencies([pivot]) { try graph.constant(Tensor(Int32(2))) }
      return try loop(graph, "inner", value, limit) { value, _ in try graph.add("AddV2", [value, value]) }.exit
    }
    let session = Session(graph: graph)
    let result = try session.run(exit, feeds: [x: Tensor(Float(1)), n: Tensor(Int32(3))])
    #expect(result.scalar(Float.self) == 64)
    #expect(try session.run(exit, feeds: [x: Tensor(Float(1)), n: Tensor(Int32(0))]).scalar(Float.self) == 1)
  }

  @Test func aLoopInABranchNotTakenIsDead() throws {
    let graph = Graph()
    let x = try placeholder(graph, name: "x")
    let n = try placeholder(graph, .int32, [], name: "n")
    let p = try placeholder(graph, .bool, [], name: "p")
    let sides = try graph.addNode(op: "Switch", inputs: [x, p])
    let limits = try graph.addNode(op: "Switch", inputs: [n, p])
    let (exit, _) = try loop(graph, "loop", sides.output(1), limits.output(1)) { value, _ in
      try graph.add("AddV2", [value, value])
    }
    let merged = try graph.addNode(op: "Merge", inputs: [try graph.add("Neg", [sides.output(0)]), exit])
    let session = Session(graph: graph)
    var feeds = [x: Tensor(Float(1)), n: Tensor(Int32(3)), p: Tensor(false)]
    #expect(try session.run(merged.output(0), feeds: feeds).scalar(Float.self) == -1)
    feeds[p] = Tensor(true)
    #expect(try session.run(merged.output(0), feeds: feeds).scalar(Float.self) == 8)
  }

  @Test func inputsFromDifferentFramesAreRefused() throws {
    let graph = Graph()
    let x = try placeholder(graph, name: "x")
    let inside = try graph.add("Enter", [x], name: "inside", attributes: ["frame_name": .string("f")])
    let mixed = try graph.add("AddV2", [inside, graph.constant(Tensor(Float(1)))], name: "mixed")
    let exit = try graph.add("Exit", [mixed])
    let feeds = [x: Tensor(Float(1))]
    #expect(
      message { _ = try Session(graph: graph).run(exit, feeds: feeds) }.hasPrefix(
        "{{node mixed}} has inputs from different frames."))
    let fed = try graph.add("Exit", [graph.add("AddV2", [inside, x], name: "fed")])
    #expect(
      message { _ = try Session(graph: graph).run(fed, feeds: feeds) }
        == "Tensor x:0 may not be fed: 'fed' reads it inside a loop")
    let stray = try graph.add("Exit", [x], name: "stray")
    #expect(message { _ = try Session(graph: graph).run(stray) }.contains("outside of every loop"))
  }

  @Test func importedLoopsKeepApart() throws {
    let graph = Graph()
    let x = try placeholder(graph, name: "x")
    let n = try placeholder(graph, .int32, [], name: "n")
    let (exit, _) = try loop(graph, "doubling", x, n) { value, _ in try graph.add("AddV2", [value, value]) }
    let both = Graph()
    try both.importGraphDef(graph.asGraphDef(), prefix: "a")
    try both.importGraphDef(graph.asGraphDef(), prefix: "b")
    #expect(try both.operation(named: "b/Enter").string("frame_name") == "b/doubling")
    let names = ["a", "b"].map { "\($0)/\(exit.name)" }
    let feeds = [
      "a/x:0": Tensor(Float(1)), "a/n:0": Tensor(Int32(2)), "b/x:0": Tensor(Float(10)), "b/n:0": Tensor(Int32(3)),
    ]
    let results: [Tensor?] = try Session(graph: both).run(names, feeds: feeds)
    #expect(results.map { $0?.scalar(Float.self) } == [4, 80])
  }

  @Test func handlesGoOnlyWhereHandlesBelong() throws {
    let graph = Graph()
    let array = try graph.addNode(
      op: "TensorArrayV3", inputs: [graph.constant(Tensor(Int32(3)))], attributes: ["dtype": .type(.float32)])
    let packed = try graph.add("Pack", [array.output(0), array.output(0)])
    let size = try graph.add("Size", [packed])
    do {
      _ = try Session(graph: graph).run(size)
      Issue.record("a handle was computed with")
    } catch let error as EngineError {
      #expect(error.code == .unimplemented)
      #expect(error.node == "stack" || error.node == "Pack")
    }
  }

  @Test func closingASessionStopsItsLoops() async throws {
    let graph = Graph()
    let x = try placeholder(graph, name: "x")
    let n = try graph.constant(Tensor(Int32.max))
    let (exit, _) = try loop(graph, "long", x, n) { value, _ in try graph.add("Neg", [value]) }
    let session = Session(graph: graph)
    async let result: EngineError.Code? = {
      do {
        _ = try session.run(exit, feeds: [x: Tensor(Float(1))])
        return nil
      } catch let error as EngineError {
        return error.code
      }
    }()
    // Whether the run has begun or not: it ends with an error.
    session.close()
    let code = try await result
    #expect(code == .cancelled || code == .failedPrecondition)
  }
}

/// Lists and stacks, outside of loops.
@Suite struct TensorArrayTests {
  @Test func whatIsWrittenCanBeReadAndGathered() throws {
    let graph = Graph()
    let array = try graph.addNode(
      op: "TensorArrayV3", inputs: [graph.constant(Tensor(Int32(3)))],
      attributes: ["dtype": .type(.float32), "clear_after_read": .bool(false)])
    let handle = array.output(0)
    var flow = array.output(1)
    for index in 0..<3 {
      let value = try graph.constant(Tensor([Float(index), 1], shape: [2]))
      flow = try graph.add("TensorArrayWriteV3", [handle, graph.constant(Tensor(Int32(index))), value, flow])
    }
    let all = try graph.add(
      "TensorArrayGatherV3", [handle, graph.constant(Tensor([2, 0] as [Int32])), flow],
      attributes: ["dtype": .type(.float32), "element_shape": .shape([2])])
    #expect(all.shape == [2, 2])
    let one = try graph.add(
      "TensorArrayReadV3", [handle, graph.constant(Tensor(Int32(1))), flow], attributes: ["dtype": .type(.float32)])
    let size = try graph.add("TensorArraySizeV3", [handle, flow])
    let joined = try graph.addNode(
      op: "TensorArrayConcatV3", inputs: [handle, flow], attributes: ["dtype": .type(.float32)])
    let outside = try graph.add(
      "TensorArrayReadV3", [handle, graph.constant(Tensor(Int32(3))), flow], attributes: ["dtype": .type(.float32)])
    let session = Session(graph: graph)
    let results = try session.run([all, one, size] + joined.outputs)
    #expect(results[0].scalars(Float.self) == [2, 1, 0, 1])
    #expect(results[1].scalars(Float.self) == [1, 1])
    #expect(results[2].scalar(Int32.self) == 3)
    #expect(results[3].scalars(Float.self) == [0, 1, 1, 1, 2, 1])
    #expect(results[4].scalars(Int64.self) == [2, 2, 2])
    #expect(
      message { _ = try session.run(outside) } == "Tried to read from index 3 but array size is: 3")
  }

  @Test func gradientsOfElementsAddUp() throws {
    let array = try TensorArray(
      options: .init(
        name: "a", dtype: .float32, elementShape: .unknown, isDynamic: false, clearsAfterRead: true,
        hasIdenticalShapes: false), count: 2)
    try array.write(0, Tensor([1, 2] as [Float]))
    _ = try array.read(0)
    #expect(throws: EngineError.self) { try array.read(0) }
    #expect(throws: EngineError.self) { try array.write(0, Tensor([1, 2] as [Float])) }
    let gradient = try array.gradient(source: "gradients")
    #expect(try array.gradient(source: "gradients") === gradient)
    // Nothing written yet: zeros of the element's shape, though it was cleared.
    #expect(try gradient.read(0).scalars(Float.self) == [0, 0])
    try gradient.write(0, Tensor([3, 4] as [Float]))
    try gradient.write(0, Tensor([10, 10] as [Float]))
    #expect(try gradient.read(0).scalars(Float.self) == [13, 14])
    #expect(throws: EngineError.self) { try gradient.read(1) }
  }

  @Test func stacksGiveBackTheLastFirst() throws {
    let stack = TensorStack(name: "s", dtype: .int32, limit: 2)
    try stack.push(Tensor(Int32(1)))
    try stack.push(Tensor(Int32(2)))
    #expect(throws: EngineError.self) { try stack.push(Tensor(Int32(3))) }
    #expect(try stack.pop().scalar(Int32.self) == 2)
    #expect(try stack.pop().scalar(Int32.self) == 1)
    #expect(throws: EngineError.self) { try stack.pop() }
    stack.close()
    #expect(throws: EngineError.self) { try stack.push(Tensor(Int32(1))) }
  }
}
