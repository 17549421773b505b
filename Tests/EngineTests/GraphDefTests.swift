import Foundation
import Protos
import SwiftProtobuf
import Tensors
import Testing

@testable import Engine

enum Fixture {
  static func url(_ path: String) throws -> URL {
    try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures").appendingPathComponent(path)
  }

  static func metaGraph(_ name: String) throws -> Tensorflow_MetaGraphDef {
    try Tensorflow_MetaGraphDef(serializedBytes: Data(contentsOf: url("graphs/\(name)/model.meta")))
  }

  static let graphs = [
    "linear", "seed_import_meta", "mlp_sgd", "mlp_momentum", "mlp_adam_resource", "mlp_adagrad", "mlp_rmsprop",
    "mlp_ftrl", "mlp_adagrad_da", "while_cond",
  ]
}

@Suite struct GraphDefTests {
  @Test(arguments: Fixture.graphs)
  func importingAndExportingLosesNothing(name: String) throws {
    let meta = try Fixture.metaGraph(name)
    let graph = try Graph(graphDef: meta.graphDef, definitions: meta.metaInfoDef.strippedOpList)
    #expect(graph.nodeCount == meta.graphDef.node.count)
    let exported = graph.asGraphDef()
    let original = Dictionary(uniqueKeysWithValues: meta.graphDef.node.map { ($0.name, $0) })
    for node in exported.node { #expect(node == original[node.name]) }
    #expect(exported.versions == meta.graphDef.versions)
    #expect(exported.library == meta.graphDef.library)
    // And once more through bytes.
    let again = try Graph(graphDef: Tensorflow_GraphDef(serializedBytes: exported.serializedData() as Data))
    #expect(again.nodeCount == graph.nodeCount)
  }

  @Test(arguments: Fixture.graphs)
  func inferredShapesAgreeWithTensorFlows(name: String) throws {
    let graphDef = try Fixture.metaGraph(name).graphDef
    // Without the stated shapes, inference must not contradict them; where it knows less, it says so by being nil.
    var bare = graphDef
    for index in bare.node.indices { bare.node[index].attr["_output_shapes"] = nil }
    let graph = try Graph(graphDef: bare)
    var known = 0
    var agreeing = 0
    for proto in graphDef.node {
      let node = try graph.operation(named: proto.name)
      for (output, stated) in zip(node.outputs, proto.attr["_output_shapes"]?.list.shape ?? []) {
        let expected = PartialShape(proto: stated)
        #expect(output.shape.isCompatible(with: expected), "\(output.name): \(output.shape) for \(expected)")
        known += 1
        agreeing += output.shape == expected ? 1 : 0
      }
    }
    // Shapes inside loops depend on the loop's contexts, which a bare GraphDef does not hold.
    let share = name == "while_cond" ? 0.5 : 0.9
    #expect(Double(agreeing) >= share * Double(known), "\(agreeing) of \(known)")
  }

  @Test func unknownOperationsAndAttributesAreKept() throws {
    var graphDef = Tensorflow_GraphDef()
    var odd = Tensorflow_NodeDef()
    odd.name = "odd"
    odd.op = "NobodyKnowsThis"
    odd.attr["secret"] = AttributeValue.string("kept").proto
    odd.attr["_output_shapes"] = AttributeValue.shapes([[2], [3]]).proto
    var user = Tensorflow_NodeDef()
    user.name = "user"
    user.op = "AlsoUnknown"
    user.input = ["odd:1", "^odd"]
    graphDef.node = [user, odd]
    let graph = try Graph(graphDef: graphDef)
    #expect(try graph.output(named: "odd:1").shape == [3])
    #expect(try graph.operation(named: "user").controlInputs.map(\.name) == ["odd"])
    let exported = graph.asGraphDef()
    #expect(Set(exported.node.map(\.name)) == ["odd", "user"])
    #expect(exported.node.first { $0.name == "odd" } == odd)
    #expect(exported.node.first { $0.name == "user" } == user)
  }

  @Test func brokenGraphsSayWhatIsWrong() throws {
    func importing(_ edit: (inout [Tensorflow_NodeDef]) -> Void) -> String {
      var graphDef = Tensorflow_GraphDef()
      var node = Tensorflow_NodeDef()
      node.name = "a"
      node.op = "NoOp"
      graphDef.node = [node]
      edit(&graphDef.node)
      return message { _ = try Graph(graphDef: graphDef) }
    }
    #expect(importing { $0[0].input = ["gone"] } == "Node 'a': Unknown input node 'gone'")
    #expect(importing { $0.append($0[0]) } == "Node 'a' is not unique")
    #expect(importing { $0[0].name = "" }.contains("not a valid node name"))
    #expect(
      importing { nodes in
        var user = nodes[0]
        user.name = "b"
        user.op = "Identity"
        user.attr["T"] = AttributeValue.type(.float32).proto
        user.input = ["a"]
        nodes.append(user)
      }.contains("Connecting to invalid output 0 of source node a which has 0 outputs"))
  }

  @Test func importedNamesAreTakenAndPrefixed() throws {
    let graph = Graph()
    let nodes = try graph.importGraphDef(Fixture.metaGraph("linear").graphDef, prefix: "lin")
    #expect(nodes.allSatisfy { $0.name.hasPrefix("lin/") })
    #expect(graph.uniqueName("lin") == "lin_1")
    #expect(graph.uniqueName("lin/W") == "lin/W_1")
    let before = graph.nodeCount
    #expect(throws: EngineError.self) {
      try graph.importGraphDef(Fixture.metaGraph("linear").graphDef, prefix: "lin/")
    }
    #expect(graph.nodeCount == before)
  }

  @Test func inputsCanBeMappedToExistingOutputs() throws {
    let graph = Graph()
    let mine = try placeholder(graph, .float32, [nil], name: "mine")
    try graph.importGraphDef(Fixture.metaGraph("linear").graphDef, prefix: "", inputMap: ["x:0": mine])
    #expect(try graph.operation(named: "y").inputs.contains(mine))
  }

  @Test func missingAttributesTakeTheirDefaults() throws {
    var node = Tensorflow_NodeDef()
    node.name = "p"
    node.op = "Placeholder"
    node.attr["dtype"] = AttributeValue.type(.int64).proto
    var graphDef = Tensorflow_GraphDef()
    graphDef.node = [node]
    let graph = try Graph(graphDef: graphDef)
    #expect(try graph.output(named: "p:0").dtype == .int64)
    #expect(try graph.operation(named: "p").shape("shape") == .unknown)
  }

  @Test func damagedGraphsNeverCrash() throws {
    let bytes = try [UInt8](Fixture.metaGraph("while_cond").graphDef.serializedData() as Data)
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    func random(_ limit: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % UInt64(limit))
    }
    var parsed = 0
    for _ in 0..<300 {
      var damaged = bytes
      for _ in 0...random(4) { damaged[random(damaged.count)] = UInt8(random(256)) }
      guard let graphDef = try? Tensorflow_GraphDef(serializedBytes: damaged) else { continue }
      parsed += 1
      _ = try? Graph(graphDef: graphDef)
    }
    #expect(parsed > 20)
  }
}

@Suite struct ConstantTests {
  @Test(arguments: DataType.allCases.filter { $0.byteWidth != nil })
  func tensorsRoundTrip(dtype: DataType) throws {
    let bytes = (0..<6 * dtype.byteWidth!).map { UInt8($0 % 2) }
    let tensor = try Tensor(dtype: dtype, shape: [3, 2], bytes: bytes)
    #expect(try Tensor(proto: tensor.proto) == tensor)
    let one = try Tensor(dtype: dtype, shape: [], bytes: Array(bytes.prefix(dtype.byteWidth!)))
    #expect(try Tensor(proto: one.proto) == one)
  }

  @Test func lastValueFillsTheShape() throws {
    var proto = Tensorflow_TensorProto()
    proto.dtype = .dtInt16
    proto.tensorShape = PartialShape([4]).proto
    proto.intVal = [1, -2]
    #expect(try Tensor(proto: proto).scalars(Int16.self) == [1, -2, -2, -2])
    proto.intVal = []
    #expect(try Tensor(proto: proto).scalars(Int16.self) == [0, 0, 0, 0])
    proto.intVal = [1, 2, 3, 4, 5]
    #expect(throws: EngineError.self) { try Tensor(proto: proto) }
  }

  @Test func impossibleShapesAreErrorsBeforeMemoryIsTaken() {
    var proto = Tensorflow_TensorProto()
    proto.dtype = .dtFloat
    proto.tensorShape = PartialShape([1 << 40, 1 << 40]).proto
    #expect(throws: EngineError.self) { try Tensor(proto: proto) }
    proto.tensorShape = PartialShape([1 << 40]).proto
    #expect(throws: EngineError.self) { try Tensor(proto: proto) }
    proto.tensorShape = .init()
    proto.tensorShape.unknownRank = true
    #expect(throws: EngineError.self) { try Tensor(proto: proto) }
  }
}
