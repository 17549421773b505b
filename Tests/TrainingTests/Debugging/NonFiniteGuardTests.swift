import Engine
import Tensors
import Testing

@testable import Training

@Suite struct NonFiniteGuardTests {
  /// A training that goes wrong at step 22: the logarithm of what has become negative.
  private func training(_ interval: Int) throws -> (NonFiniteGuard, [GraphElement], Output, Session) {
    let graph = Graph()
    graph.seed = 5
    let x = try graph.placeholder(.float32, shape: [], name: "x")
    let w = try graph.variable(Tensor(Float(20.5)), name: "w")
    let noise = try graph.randomUniform([], name: "noise")
    let logarithm = try graph.log(graph.multiply(w, x, name: "scaled"), name: "logarithm")
    let loss = try graph.add(logarithm, noise, name: "loss")
    let step = try graph.withControlDependencies([loss.node]) { try w.assignSub(Float(1)).node }
    let session = graph.makeSession()
    try session.run(graph.globalVariablesInitializer())
    return (NonFiniteGuard(session, snapshotEvery: interval), [.output(loss), .node(step)], x, session)
  }

  @Test(arguments: [1, 4, 16, 100]) func theOpThatBeganItIsFound(_ interval: Int) throws {
    let (watched, fetches, x, session) = try training(interval)
    var values: [Float] = []
    let error = #expect(throws: NonFiniteError.self) {
      for _ in 0..<100 {
        values.append(try #require(try watched.run(fetches, feeds: [x: Tensor(Float(1))])[0]).scalar())
      }
    }
    #expect(values.count == 21)
    let found = try #require(error)
    #expect(found.step == 22)
    #expect(found.op?.node.name == "logarithm")
    #expect(found.op?.inputs.map(\.name) == ["scaled:0"])
    #expect((found.op?.inputs.first?.statistics.max ?? 1) < 0)
    // The session is where the training left it.
    #expect(try session.run(["w:0"])[0]?.scalar(Float.self) == 20.5 - 22)
    #expect(found.description.contains("'logarithm' (Log) is the first op"))
  }

  @Test func guardedRunsGiveTheSameNumbers() throws {
    let (watched, fetches, x, _) = try training(4)
    let (_, plainFetches, plainX, plain) = try training(4)
    for _ in 0..<15 {
      let one = try watched.run(fetches, feeds: [x: Tensor(Float(1))])[0]
      #expect(one == (try plain.run(plainFetches, feeds: [plainX: Tensor(Float(1))])[0]))
    }
    try watched.check()
  }

  @Test func aVariableThatNobodyFetchesIsNoticed() throws {
    let graph = Graph()
    let x = try graph.placeholder(.float32, shape: [], name: "x")
    let w = try graph.variable(Tensor(Float(0)), name: "w")
    let step = try w.assignAdd(graph.log(x, name: "bad")).node
    let session = graph.makeSession()
    try session.run(graph.globalVariablesInitializer())
    let watched = NonFiniteGuard(session, snapshotEvery: 3)
    let error = #expect(throws: NonFiniteError.self) {
      for value in [1, 2, -1, 3, 4] as [Float] { _ = try watched.run([.node(step)], feeds: [x: Tensor(value)]) }
    }
    #expect(error?.step == 3)
    #expect(error?.op?.node.name == "bad")
  }

  @Test func aSnapshotBringsBackVariablesAndRandomNumbers() throws {
    let graph = Graph()
    let w = try graph.variable(graph.randomNormal([3], seed: 4), name: "w")
    let draw = try graph.randomUniform([2], seed: 9)
    let session = graph.makeSession()
    try session.run(graph.globalVariablesInitializer())
    _ = try session.run(draw)
    let snapshot = session.snapshot()
    let values = [try session.run(w), try session.run(draw), try session.run(draw)]
    try session.run(graph.globalVariablesInitializer())
    #expect(try session.run(w) != values[0])
    try session.restore(snapshot)
    #expect([try session.run(w), try session.run(draw), try session.run(draw)] == values)
    #expect(!snapshot.hasNonFinite)
  }
}
