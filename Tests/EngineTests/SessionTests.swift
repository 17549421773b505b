import Protos
import Tensors
import Testing

@testable import Engine

@Suite struct SessionTests {
  @Test func onlyWhatIsNeededRuns() throws {
    let graph = Graph()
    let x = try placeholder(graph, .float32, [nil, 2], name: "x")
    let y = try graph.add("Neg", [x])
    let one = try graph.constant(Tensor(Float(1)))
    let sum = try graph.add("AddV2", [one, one])
    let session = Session(graph: graph)
    #expect(try session.run(sum).scalar(Float.self) == 2)
    #expect(
      message { _ = try session.run(y) }
        == "You must feed a value for placeholder tensor 'x' with dtype float and shape [?,2]")
    let row = Tensor([1, 2] as [Float], shape: [1, 2])
    let twice: [Tensor] = try session.run([y, y], feeds: [x: row])
    #expect(twice.count == 2)
    let nothing: [Tensor?] = try session.run([GraphElement]())
    #expect(nothing.isEmpty)
  }

  @Test func anyOutputCanBeFed() throws {
    let graph = Graph()
    let x = try placeholder(graph)
    let y = try graph.add("Neg", [x], name: "y")
    let z = try graph.add("Square", [y])
    let session = Session(graph: graph)
    // Feeding y cuts x off.
    #expect(try session.run(z, feeds: [y: Tensor(Float(3))]).scalar(Float.self) == 9)
    let both: [Tensor?] = try session.run(["y:0", "Square:0"], feeds: ["y:0": Tensor(Float(4))])
    #expect(both.map { $0?.scalar(Float.self) } == [4, 16])
    let constant = try graph.constant(Tensor(Float(1)))
    let more = try graph.add("AddV2", [constant, z])
    #expect(try session.run(more, feeds: [constant: Tensor(Float(10)), y: Tensor(Float(1))]).scalar(Float.self) == 11)
  }

  @Test func feedsAreChecked() throws {
    let graph = Graph()
    let x = try placeholder(graph, .float32, [nil, 2], name: "x")
    let y = try graph.add("Neg", [x])
    let session = Session(graph: graph)
    #expect(
      message { _ = try session.run(y, feeds: [x: Tensor([1, 2, 3] as [Float], shape: [1, 3])]) }
        == "Cannot feed value of shape (1, 3) for Tensor 'x:0', which has shape '(?, 2)'")
    #expect(
      message { _ = try session.run(y, feeds: [x: Tensor([1, 2] as [Int32], shape: [1, 2])]) }
        == "Cannot feed value of type int32 for Tensor 'x:0', which has type float32")
    #expect(
      message { _ = try session.run(["nope:0"]) }
        == "Fetch argument 'nope:0' cannot be interpreted as a Tensor. (The name 'nope:0' refers to a Tensor which "
        + "does not exist. The operation, 'nope', does not exist in the graph.)")
  }

  @Test func closedAndEmptySessionsSayso() throws {
    let graph = Graph()
    let session = Session(graph: graph)
    #expect(
      message { _ = try session.run([GraphElement]()) }
        == "The Session graph is empty.  Add operations to the graph before calling run().")
    let one = try graph.constant(Tensor(Float(1)))
    session.close()
    session.close()
    #expect(message { _ = try session.run(one) } == "Attempted to use a closed Session.")
  }

  @Test func variablesMustBeAssignedFirst() throws {
    let graph = Graph()
    let v = try variable(graph, [2], name: "weights")
    let read = try graph.add("Identity", [v], name: "weights/read")
    let initial = try graph.constant(Tensor([1, 2] as [Float], shape: [2]))
    let assign = try graph.add("Assign", [v, initial])
    let more = try graph.add("AssignAdd", [v, initial])
    let initialized = try graph.add("IsVariableInitialized", [v])
    let session = Session(graph: graph)
    do {
      _ = try session.run(read)
      Issue.record("read before assignment")
    } catch let error as EngineError {
      #expect(error.code == .failedPrecondition)
      #expect(error.message == "Attempting to use uninitialized value weights")
      #expect(error.node == "weights/read")
    }
    #expect(try session.run(initialized).scalar(Bool.self) == false)
    #expect(try session.run(assign).scalars(Float.self) == [1, 2])
    #expect(try session.run(initialized).scalar(Bool.self))
    let held = try session.run(read)
    #expect(try session.run(more).scalars(Float.self) == [2, 4])
    #expect(held.scalars(Float.self) == [1, 2], "a fetched value never changes")
    #expect(try session.run(initial).scalars(Float.self) == [1, 2], "nor does the constant it came from")
    // Another session has variables of its own.
    #expect(try Session(graph: graph).run(initialized).scalar(Bool.self) == false)
  }

  @Test func resourceVariablesWork() throws {
    let graph = Graph()
    let handle = try graph.add(
      "VarHandleOp", name: "rw",
      attributes: ["dtype": .type(.float32), "shape": .shape([2]), "shared_name": .string("rw")])
    let read = try graph.add("ReadVariableOp", [handle], attributes: ["dtype": .type(.float32)])
    #expect(read.shape == [2])
    let value = try graph.constant(Tensor([3, 4] as [Float], shape: [2]))
    let assign = try graph.addNode(op: "AssignVariableOp", inputs: [handle, value])
    let subtract = try graph.addNode(op: "AssignSubVariableOp", inputs: [handle, value])
    let session = Session(graph: graph)
    #expect(
      message { _ = try session.run(read) }.hasPrefix(
        "Error while reading resource variable rw from Container: "
          + "localhost. This could mean that the variable was uninitialized."))
    try session.run(assign)
    #expect(try session.run(read).scalars(Float.self) == [3, 4])
    try session.run(subtract)
    #expect(try session.run(read).scalars(Float.self) == [0, 0])
  }

  @Test func assignmentChecksShapesInTheRun() throws {
    let graph = Graph()
    let v = try variable(graph, [2])
    let x = try placeholder(graph)
    let strict = try graph.add("Assign", [v, x])
    let free = try graph.add("Assign", [v, x], attributes: ["validate_shape": .bool(false)])
    let session = Session(graph: graph)
    #expect(
      message { _ = try session.run(strict, feeds: [x: Tensor([1, 2, 3] as [Float])]) }
        == "Assign requires shapes of both tensors to match. lhs shape= [2] rhs shape= [3]")
    #expect(try session.run(free, feeds: [x: Tensor([1, 2, 3] as [Float])]).shape == [3])
  }

  @Test func controlInputsOrderEffects() throws {
    let graph = Graph()
    let v = try variable(graph, [])
    let assign = try graph.add("Assign", [v, graph.constant(Tensor(Float(1)))])
    let session = Session(graph: graph)
    _ = try session.run(assign)
    let add = try graph.add("AssignAdd", [v, graph.constant(Tensor(Float(5)))])
    let after = try graph.withControlDependencies([add.node]) { try graph.add("Identity", [v]) }
    #expect(try session.run(after).scalar(Float.self) == 6)
    #expect(try session.run(after).scalar(Float.self) == 11)
  }

  @Test func missingKernelsAreNamedWhenNeeded() throws {
    var graphDef = Tensorflow_GraphDef()
    graphDef.node = [
      .with { ($0.name, $0.op) = ("gift", "Fnord") }, .with { ($0.name, $0.op, $0.input) = ("n", "NoOp", ["^gift"]) },
    ]
    let graph = try Graph(graphDef: graphDef)
    let one = try graph.constant(Tensor(Float(1)))
    let session = Session(graph: graph)
    #expect(try session.run(one).scalar(Float.self) == 1)
    do {
      try session.run(graph.operation(named: "n"))
      Issue.record("Fnord has no kernel")
    } catch let error as EngineError {
      #expect(error.code == .unimplemented)
      #expect(error.message.contains("'Fnord'"))
      #expect(error.node == "gift")
    }
  }

  @Test func devicesThatAreMissingFailUnlessSoft() throws {
    let graph = Graph()
    let bad = try graph.withDevice("/gpu:0") { try graph.constant(Tensor(Float(1)), name: "v") }
    #expect(
      message { _ = try Session(graph: graph).run(bad) }
        .hasPrefix("Cannot assign a device for operation v: node v was explicitly assigned to /device:GPU:0"))
    #expect(try Session(graph: graph, configuration: .init(allowSoftPlacement: true)).run(bad).scalar(Float.self) == 1)
  }

  @Test func preparedRunsTakeFeedsInTheirOrder() throws {
    let graph = Graph()
    let b = try placeholder(graph, name: "b")
    let a = try placeholder(graph, name: "a")
    let difference = try graph.add("Sub", [a, b])
    let session = Session(graph: graph)
    let run = try session.prepare([.output(difference)], feeds: [a, b])
    #expect(try run.run([Tensor(Float(5)), Tensor(Float(3))])[0]?.scalar(Float.self) == 2)
    #expect(throws: EngineError.self) { try run.run([Tensor(Float(5))]) }
    session.close()
    #expect(throws: EngineError.self) { try run.run([Tensor(Float(5)), Tensor(Float(3))]) }
  }

  @Test func valuesAreNeverOverwrittenByLaterSteps() throws {
    // x is read by three nodes in turn; only the last may change it in place.
    let graph = Graph()
    let x = try placeholder(graph, .float32, [nil])
    let y = try graph.add("Square", [x])
    let a = try graph.add("Neg", [y])
    let b = try graph.add("Exp", [y])
    let c = try graph.add("AddV2", [y, a])
    let session = Session(graph: graph)
    for count in [3, 1000, 5] {
      let input = Tensor((0..<count).map { Float($0 % 3) }, shape: [count])
      let results = try session.run([y, a, b, c], feeds: [x: input])
      let values: [Float] = (0..<count).map { Float($0 % 3) }
      let squares: [Float] = values.map { $0 * $0 }
      let negated: [Float] = squares.map { -$0 }
      #expect(results[0].scalars(Float.self) == squares)
      #expect(results[1].scalars(Float.self) == negated)
      #expect(results[3].scalars(Float.self).allSatisfy { $0 == 0 })
      #expect(input.scalars(Float.self) == values, "feeds stay as they are")
    }
  }

  @Test func manyTasksMayRunOneSession() async throws {
    let graph = Graph()
    let x = try placeholder(graph, .float32, [nil])
    let v = try variable(graph, [])
    let start = try graph.add("Assign", [v, graph.constant(Tensor(Float(0)))])
    let y = try graph.add("Square", [graph.add("AddV2", [x, x])])
    let count = try graph.add("AssignAdd", [v, graph.constant(Tensor(Float(1)))])
    let session = Session(graph: graph)
    _ = try session.run(start)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for task in 0..<8 {
        group.addTask {
          for _ in 0..<50 {
            let results = try session.run([y, count], feeds: [x: Tensor([Float(task)], shape: [1])])
            let expected = Float(4 * task * task)
            #expect(results[0].scalars(Float.self) == [expected])
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(try session.run(graph.add("Identity", [v])).scalar(Float.self) == 400)
  }

  @Test func loopsMadeByHandAreFoundNotFollowed() throws {
    let graph = Graph()
    let x = try placeholder(graph, .float32, [])
    let a = try graph.add("Neg", [x])
    let b = try graph.add("Neg", [a])
    try graph.replaceInput(0, of: a.node, with: b)
    do {
      _ = try Session(graph: graph).run(b)
      Issue.record("a cycle cannot run")
    } catch let error as EngineError {
      #expect(error.code == .invalidArgument)
      #expect(
        error.message == "Graph is invalid, contains a cycle with 2 nodes, including: 'Neg', 'Neg_1'")
    }
  }
}

@Suite struct BufferPoolTests {
  @Test func sizeClassesHoldTheirSizes() {
    var previous = (index: -1, size: 0)
    for bytes in [0, 1, 63, 64, 65, 80, 81, 96, 112, 128, 129, 160, 1000, 4096, 4097, 1 << 20, 1 << 40] {
      let (index, size) = BufferPool.sizeClass(bytes)
      let largest = max(64, bytes + bytes / 4 + 1)
      #expect(size >= bytes)
      #expect(size <= largest)
      let again = BufferPool.sizeClass(size)
      #expect(again.index == index)
      #expect(again.size == size)
      #expect(index >= previous.index)
      #expect(index < 160)
      previous = (index, size)
    }
  }

  @Test func blocksComeBack() {
    var pool = BufferPool()
    let block = pool.take(1000)
    let address = block.pointer
    pool.give(block)
    #expect(pool.take(900).pointer == address)
    // A block of another origin, smaller than its class, is not kept.
    pool.give(TensorStorage(capacity: 1000))
    #expect(pool.take(1000).capacity >= 1000)
  }
}
