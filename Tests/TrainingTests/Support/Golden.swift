import Engine
import Foundation
import Protos
import SwiftProtobuf
import Tensors
import Testing

/// Files that TensorFlow 1.15.5 wrote.
enum Fixture {
  static func path(_ name: String) throws -> String {
    let url = try #require(Bundle.module.url(forResource: "Fixtures", withExtension: nil))
    return url.appendingPathComponent(name).path
  }

  static func data(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path(name))) }

  static func graphDef(_ name: String) throws -> Tensorflow_GraphDef {
    try Tensorflow_GraphDef(serializedBytes: data(name))
  }
}

/// What a node is, in a form that can be compared: control inputs have no order, constants may be stored in several
/// ways, and inferred shapes do not count.
struct NodeText: CustomStringConvertible {
  let name: String
  let description: String

  init(_ node: Tensorflow_NodeDef) {
    name = node.name
    let data = node.input.filter { !$0.hasPrefix("^") }
    let control = node.input.filter { $0.hasPrefix("^") }.sorted()
    let attributes = node.attr.filter { $0.key != "_output_shapes" }.sorted { $0.key < $1.key }.map {
      "\($0.key)=\(Self.text($0.value))"
    }
    description =
      "\(node.name) = \(node.op)(\((data + control).joined(separator: ", "))) \(node.device) "
      + attributes.joined(separator: " ")
  }

  private static func text(_ value: Tensorflow_AttrValue) -> String {
    if case .tensor(let tensor) = value.value, let decoded = try? AttributeDecoding.tensor(tensor) { return decoded }
    return value.textFormatString().split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
      .joined(separator: " ")
  }
}

/// Constants as type, shape and elements, through a graph of one node.
enum AttributeDecoding {
  static func tensor(_ proto: Tensorflow_TensorProto) throws -> String {
    var node = Tensorflow_NodeDef()
    node.name = "c"
    node.op = "Const"
    node.attr["value", default: .init()].tensor = proto
    node.attr["dtype", default: .init()].type = proto.dtype
    var graphDef = Tensorflow_GraphDef()
    graphDef.node = [node]
    let graph = try Graph(graphDef: graphDef)
    let value = try #require(graph.node(named: "c")).tensor("value")
    let elements =
      value.dtype == .string
      ? value.strings.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "|")
      : value.withUnsafeBytes { $0.map { String($0, radix: 16) }.joined(separator: " ") }
    return "\(value.dtype.name)\(value.shape):\(elements)"
  }
}

/// Compares the graph with TensorFlow's, node by node and in order.
/// - Parameter isCompared: which nodes count, by name.
func expectGraph(
  _ graph: Graph, equals golden: String, where isCompared: (String) -> Bool = { _ in true },
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let expected = try Fixture.graphDef(golden).node.filter { isCompared($0.name) }.map(NodeText.init)
  let found = graph.asGraphDef().node.filter { isCompared($0.name) }.map(NodeText.init)
  let byName = Dictionary(found.map { ($0.name, $0.description) }, uniquingKeysWith: { first, _ in first })
  for node in expected {
    guard let other = byName[node.name] else {
      Issue.record("\(golden): \(node) is missing", sourceLocation: sourceLocation)
      continue
    }
    #expect(other == node.description, sourceLocation: sourceLocation)
  }
  let names = Set(expected.map(\.name))
  for node in found where !names.contains(node.name) {
    Issue.record("\(golden): \(node) is not in TensorFlow's graph", sourceLocation: sourceLocation)
  }
  let first = zip(found, expected).first { $0.name != $1.name }
  #expect(
    first == nil, "order of nodes: \(first.map { "\($0.name) where TensorFlow has \($1.name)" } ?? "")",
    sourceLocation: sourceLocation)
}
