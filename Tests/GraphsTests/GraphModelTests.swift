import Foundation
import Protos
import SwiftProtobuf
import Testing

@testable import Graphs

@Suite struct GraphModelTests {
  @Test func countsEqualThoseOfTensorFlow() throws {
    let expected = try Fixture.expected()
    #expect(expected.count == 16)
    for (name, expected) in expected {
      let structure = try Fixture.structure("\(name).pb")
      let summary = structure.summary
      #expect(summary.nodes == expected.nodes, "\(name)")
      #expect(summary.ops == expected.ops, "\(name)")
      #expect(summary.functions == expected.functions, "\(name)")
      // TensorFlow's count of `edges` leaves control inputs out.
      if let edges = expected.edges, let control = expected.controlEdges {
        #expect(summary.edges - summary.controlEdges == edges || summary.edges == edges, "\(name)")
        #expect(summary.controlEdges == control, "\(name)")
      }
      #expect(summary.problems.isEmpty, "\(name)")
    }
  }

  @Test(arguments: ["linear", "mlp_adam_resource", "cnn_slim", "while_cond"])
  func aMetaGraphHoldsTheSameNodes(name: String) throws {
    let expected = try #require(Fixture.expected()[name])
    let model = try GraphModel.load(path: Fixture.path("\(name).meta"))
    #expect(model.opCounts == expected.ops)
    let meta = try #require(model.meta)
    #expect(meta.tensorflowVersion == expected.tensorflowVersion)
    #expect(Dictionary(uniqueKeysWithValues: meta.collections.map { ($0.name, $0.count) }) == expected.collections)
  }

  @Test(arguments: ["linear", "while_cond", "seed_import_meta"])
  func textAndBinaryAreTheSameGraph(name: String) throws {
    let text = try GraphModel.load(path: Fixture.path("\(name).pbtxt"))
    let binary = try GraphModel.load(path: Fixture.path("\(name).pb"))
    #expect(try text.graphDef() == binary.graphDef())
    #expect(text.edges == binary.edges)
    // And what is written as text reads back as the same graph.
    let written = try GraphStructure(binary).export(.pbtxt)
    #expect(try GraphModel.read(written, source: "text").graphDef() == binary.graphDef())
  }

  @Test func exportedBytesAreTheBytesRead() throws {
    let bytes = try Fixture.bytes("cnn_slim.pb")
    #expect(try GraphStructure(GraphModel(graphDefBytes: bytes)).export(.pb) == bytes)
  }

  @Test func aSavedModelFolderOpens() throws {
    let model = try GraphModel.load(path: Fixture.path("saved_model"))
    #expect(model.meta?.tags.contains("serve") == true)
    #expect(model.functions.count > 0)
    #expect(model.mainNodeCount > 0)
    #expect(model.nodes.count > model.mainNodeCount)
  }

  @Test func unknownFieldsAndAttributesSurvive() throws {
    var node = Tensorflow_NodeDef()
    node.name = "a"
    node.op = "Mystery"
    node.attr["never_heard_of"] = .with { $0.i = 7 }
    var bytes = try Tensorflow_GraphDef.with { $0.node = [node] }.serializedBytes() as [UInt8]
    bytes += [0xfa, 0x3e, 2, 104, 105]  // field 1007, two bytes
    let structure = GraphStructure(try GraphModel.read(bytes, source: "g", kind: .graphDef))
    #expect(try structure.export(.pb) == bytes)
    #expect(try structure.details(of: "a").attributes.map(\.name) == ["never_heard_of"])
    #expect(String(decoding: try structure.export(.pbtxt), as: UTF8.self).contains("never_heard_of"))
  }

  @Test func inputsNameOutputsAndControlEdges() throws {
    let model = try makeModel(["a Split", "b Add a:1 a", "c NoOp ^b ^a"])
    #expect(
      model.edges == [
        GraphEdge(source: 0, output: 1, target: 1, input: 0), GraphEdge(source: 0, output: 0, target: 1, input: 1),
        GraphEdge(source: 1, output: -1, target: 2, input: 0), GraphEdge(source: 0, output: -1, target: 2, input: 1),
      ])
  }

  @Test func missingInputsAndDoubleNamesAreReportedAndHideNothing() throws {
    let structure = try makeStructure(["a Variable", "a Variable", "b Add a gone:3", "c Neg b"])
    let messages = structure.model.problems.map(\.message)
    #expect(messages.contains("Input \"gone:3\" of \"b\" is not in the graph."))
    #expect(messages.contains("The name \"a\" is used by more than one node."))
    #expect(structure.summary.nodes == 4)
    #expect(try structure.details(of: "b").missing == ["gone:3"])
    #expect(Set(structure.view(open: .these([])).nodes.map(\.id)) == ["a", "a #2", "b", "c"])
  }

  @Test func aTruncatedFileNamesTheOffset() throws {
    let bytes = try Fixture.bytes("linear.pb")
    let cut = Array(bytes.prefix(bytes.count - 10))
    let error = #expect(throws: GraphError.self) { try GraphModel.read(cut, source: "x.pb") }
    guard case .damaged(let source, let offset, _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(source == "x.pb")
    #expect(offset > 0 && offset < cut.count)
  }

  @Test func offsetsInAMetaGraphCountFromTheFile() throws {
    let node: [UInt8] = [0x0a, 1, 97, 0x12, 3, 65, 100, 100, 0x1a, 90]
    let graph: [UInt8] = [0x0a, UInt8(node.count)] + node
    let bytes: [UInt8] = [0x0a, 2, 0x2a, 0] + [0x12, UInt8(graph.count)] + graph
    #expect(
      throws: GraphError.damaged(
        source: "m", offset: 17, reason: "field 3 says it is 90 bytes long, but only 0 remain")
    ) { try GraphModel.read(bytes, source: "m", kind: .metaGraph) }
  }

  @Test func textErrorsNameTheLine() {
    let text = "node {\n  name: \"a\"\n  op: \"Const\"\n\n"
    let error = #expect(throws: GraphError.self) {
      try GraphModel.read(Array(text.utf8), source: "g.pbtxt", kind: .text)
    }
    #expect(error?.description.hasPrefix("g.pbtxt:1: the graph's text does not parse") == true)
  }

  @Test(arguments: [[], [1, 2, 3], Array("hello: world".utf8), [0x08, 1], [UInt8](repeating: 0xff, count: 64)])
  func whatIsNoGraphIsRefused(bytes: [UInt8]) {
    #expect(throws: GraphError.self) { try GraphModel.read(bytes, source: "x") }
  }

  @Test func aMissingFileIsRefused() {
    #expect(throws: GraphError.self) { try GraphModel.load(path: "/nowhere/graph.pb") }
  }

  @Test func mutatedBytesNeverTrap() throws {
    var random = SeededGenerator(seed: 7)
    for name in ["linear.pb", "while_cond.meta", "saved_model/saved_model.pb", "linear.pbtxt"] {
      let bytes = try Fixture.bytes(name)
      for round in 0..<40 {
        var mutant = bytes
        for _ in 0...(round % 8) {
          mutant[Int.random(in: 0..<mutant.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
        if round % 5 == 0 { mutant.removeLast(Int.random(in: 0..<mutant.count, using: &random)) }
        guard let model = try? GraphModel.read(mutant, source: name) else { continue }
        let structure = GraphStructure(model)
        let view = structure.view()
        #expect(view.width.isFinite && view.height.isFinite)
        for node in view.nodes.prefix(5) { _ = try? structure.details(of: node.id) }
      }
    }
  }

  @Test func randomBytesNeverTrap() {
    var random = SeededGenerator(seed: 11)
    for _ in 0..<300 {
      let bytes = (0..<Int.random(in: 0..<200, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      for kind in [nil, GraphSourceKind.graphDef, .metaGraph, .savedModel, .text] {
        _ = try? GraphModel.read(bytes, source: "random", kind: kind)
      }
    }
  }
}
