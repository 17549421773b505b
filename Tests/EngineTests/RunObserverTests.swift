import Synchronization
import Tensors
import Testing

@testable import Engine

@Suite struct RunObserverTests {
  /// Keeps what it sees.
  private final class Recorder: RunObserver {
    private let state = Mutex<[(name: String, outputs: [Tensor?])]>([])
    var seen: [(name: String, outputs: [Tensor?])] { state.withLock { $0 } }
    func nodeRan(_ node: Node, outputs: [Tensor?]) { state.withLock { $0.append((node.name, outputs)) } }
  }

  private func floats(_ tensor: Tensor??) -> [Float]? { tensor.flatMap { $0 }?.scalars(Float.self) }

  @Test func everyNodeIsSeenWithItsValueOfThatMoment() throws {
    let graph = Graph()
    let x = try placeholder(graph, .float32, [2], name: "x")
    let w = try graph.add(
      "VariableV2", [], name: "w", attributes: ["shape": .shape([2]), "dtype": .type(.float32)])
    let one = try graph.constant(Tensor([1, 1] as [Float]), name: "one")
    // A chain of constants, which a run that nobody observes does not compute.
    let two = try graph.add("AddV2", [one, one], name: "two")
    let assign = try graph.add("Assign", [w, two], name: "assign").node
    let product = try graph.add("Mul", [w, x], name: "product")
    let update = try graph.add("AssignAdd", [w, product], name: "update")
    let session = Session(graph: graph)
    try session.run(assign)
    let recorder = Recorder()
    let answers = try session.run([.output(update)], feeds: [x: Tensor([1, -3] as [Float])], observer: recorder)
    #expect(floats(answers[0]) == [4, -4])
    #expect(recorder.seen.map(\.name) == ["x", "w", "product", "update"])
    #expect(recorder.seen.map { floats($0.outputs[0]) } == [[1, -3], [2, 2], [2, -6], [4, -4]])
    #expect(floats(try session.run(w)) == [4, -4])

    let start = Recorder()
    _ = try session.run([.node(assign)], observer: start)
    #expect(start.seen.map(\.name) == ["w", "one", "two", "assign"])
    #expect(start.seen.map { floats($0.outputs[0]) } == [[4, -4], [1, 1], [2, 2], [2, 2]])
  }

  @Test func whatRanBeforeAnErrorWasSeen() throws {
    let graph = Graph()
    let a = try placeholder(graph, .float32, [nil], name: "a")
    let square = try graph.add("Square", [a], name: "square")
    let b = try placeholder(graph, .float32, [nil], name: "b")
    let sum = try graph.add("AddV2", [square, b], name: "sum")
    let recorder = Recorder()
    #expect(throws: EngineError.self) {
      try Session(graph: graph).run(
        [.output(sum)], feeds: [a: Tensor([1, 2] as [Float]), b: Tensor([1, 2, 3] as [Float])], observer: recorder)
    }
    #expect(recorder.seen.map(\.name) == ["a", "b", "square"])
  }

  @Test(arguments: ["lstm_train", "while_cond", "mlp_sgd"]) func observedRunsGiveTheSame(_ name: String) throws {
    let meta = try Fixture.metaGraph(name)
    let expected = try Golden.object("graphs/\(name)/expected.json")
    let prefix = try Fixture.url("graphs/\(name)/model").path
    let graph = try Graph(graphDef: meta.graphDef, definitions: meta.metaInfoDef.strippedOpList)
    let run = try #require((expected["runs"] as? [[String: Any]])?.first)
    let plain = Session(graph: graph, configuration: .init(checkpoints: TestCheckpointStore()))
    let observed = Session(graph: graph, configuration: .init(checkpoints: TestCheckpointStore()))
    for session in [plain, observed] {
      _ = try session.run([meta.saverDef.restoreOpName], feeds: [meta.saverDef.filenameTensorName: Tensor(prefix)])
    }
    let recorder = Recorder()
    for call in try #require(run["calls"] as? [[String: Any]]) {
      var feeds: [Output: Tensor] = [:]
      for (feed, value) in try #require(call["feeds"] as? [String: Any]) {
        feeds[try graph.output(named: feed)] = try Golden.tensor(value)
      }
      let names = try #require(call["fetches"] as? [String: Any]).keys.sorted()
      let fetches = try names.map { name -> GraphElement in
        name.contains(":") ? .output(try graph.output(named: name)) : .node(try #require(graph.node(named: name)))
      }
      let results = try observed.run(fetches, feeds: feeds, observer: recorder)
      for (one, other) in zip(try plain.run(fetches, feeds: feeds), results) { #expect(one == other) }
    }
    #expect(recorder.seen.count > 10)
    #expect(recorder.seen.contains { $0.outputs.contains { $0 != nil } })
  }
}
