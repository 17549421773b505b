import Synchronization
import Tensors
import Testing

@testable import Engine

/// Structures of fetches, options of runs, and what runs tell about themselves.
@Suite struct RunOptionsTests {
  @Test func fetchesKeepTheirStructure() throws {
    let graph = Graph()
    let x = try placeholder(graph, name: "x")
    let y = try graph.add("Square", [x], name: "y")
    let step = try graph.addNode(op: "NoOp", name: "step", controlInputs: [y.node])
    let session = Session(graph: graph)
    let found = try session.run(
      structure: ["loss": .output(y), "both": [.output(x), .output(y), "y:0"], "step": .node(step)],
      feeds: [x: Tensor(Float(3))])
    #expect(found["loss"]?.tensor?.scalar(Float.self) == 9)
    #expect(found["both"]?[0].tensor?.scalar(Float.self) == 3)
    #expect(found["both"]?[2].tensor?.scalar(Float.self) == 9)
    if case .nothing? = found["step"] {} else { Issue.record("a node has no value") }
    #expect(
      message { _ = try session.run(structure: ["nope:0"]) }.hasPrefix(
        "Fetch argument 'nope:0' cannot be interpreted as a Tensor."))
  }

  @Test func tracesTellTimesAndMemory() throws {
    let graph = Graph()
    let x = try placeholder(graph, .float32, [nil, 100], name: "x")
    let y = try graph.add("MatMul", [x, x], name: "product", attributes: ["transpose_b": .bool(true)])
    let session = Session(graph: graph)
    let feeds = [x: Tensor(zeros: .float32, shape: [50, 100])]
    #expect(try session.run([.output(y)], feeds: feeds, options: RunOptions()).metadata == nil)
    let (values, metadata) = try session.run([.output(y)], feeds: feeds, options: RunOptions(traceLevel: .full))
    #expect(values[0]?.shape == [50, 50])
    let node = try #require(metadata?.nodes.first { $0.name == "product" })
    #expect(node.op == "MatMul")
    #expect(node.duration > 0)
    #expect(node.outputBytes == 50 * 50 * 4)
    // RunMetadata.step_stats.dev_stats.device comes first.
    let bytes = try #require(metadata?.serialized)
    #expect(bytes[0] == 0x0A)
    #expect(String(decoding: bytes, as: UTF8.self).contains("/job:localhost/replica:0/task:0/device:CPU:0"))
  }

  @Test func aRunMayHaveLessTimeThanItsSession() throws {
    let graph = Graph()
    let queue = try graph.add("FIFOQueueV2", attributes: ["component_types": .types([.int32])])
    let taken = try graph.add("QueueDequeueV2", [queue], attributes: ["component_types": .types([.int32])])
    let session = Session(graph: graph, configuration: .init(operationTimeout: .seconds(600)))
    do {
      _ = try session.run([.output(taken)], options: RunOptions(timeout: .milliseconds(5)))
      Issue.record("nothing was there to be taken")
    } catch let error as EngineError {
      #expect(error.code == .deadlineExceeded)
    }
  }

  @Test func placementsAreLogged() throws {
    let graph = Graph()
    let one = try graph.constant(Tensor(Float(1)), name: "one")
    let two = try graph.withDevice("/gpu:0") { try graph.add("AddV2", [one, one], name: "two") }
    let three = try graph.withDevice("/cpu:1") { try graph.add("AddV2", [two, one], name: "three") }
    let lines = Mutex<[String]>([])
    var configuration = SessionConfiguration(allowSoftPlacement: true)
    configuration.processorCount = 2
    configuration.placementLog = { line in lines.withLock { $0.append(line) } }
    #expect(try Session(graph: graph, configuration: configuration).run(three).scalar(Float.self) == 3)
    let text = lines.withLock { $0 }
    #expect(text.first == "Device mapping:")
    #expect(text.contains("one: (Const): /job:localhost/replica:0/task:0/device:CPU:0"))
    #expect(
      text.contains("two: (AddV2): /job:localhost/replica:0/task:0/device:CPU:0 (/device:GPU:0 is not there)"))
    #expect(text.contains("three: (AddV2): /job:localhost/replica:0/task:0/device:CPU:1"))
    configuration.allowSoftPlacement = false
    let error = message { _ = try Session(graph: graph, configuration: configuration).run(three) }
    #expect(
      error.hasPrefix("Cannot assign a device for operation two: node two was explicitly assigned to /device:GPU:0"))
  }
}
