import Foundation
import Protos
import SwiftProtobuf

/// The forms in which a graph can be written.
public enum GraphExportFormat: String, CaseIterable, Sendable {
  /// The GraphDef's bytes, exactly as they were read.
  case pb
  /// Protocol buffer text of the GraphDef.
  case pbtxt
  /// The project's own JSON; docs/format-graph.md.
  case json
  /// Graphviz, with open scopes as clusters.
  case dot
  /// The picture, as on the page.
  case svg

  public var mediaType: String {
    switch self {
    case .pb: "application/octet-stream"
    case .pbtxt: "text/plain; charset=utf-8"
    case .json: "application/json"
    case .dot: "text/vnd.graphviz; charset=utf-8"
    case .svg: "image/svg+xml"
    }
  }
}

extension GraphStructure {
  /// Writes the graph. `open` and `direction` matter for the pictures (dot, svg) only.
  ///
  /// - Throws: ``GraphError/damaged(source:offset:reason:)`` if an attribute does not decode (pbtxt, json).
  public func export(
    _ format: GraphExportFormat, open: OpenScopes = .automatic, direction: GraphView.Direction = .topToBottom
  ) throws -> [UInt8] {
    switch format {
    case .pb: return model.serialized
    case .pbtxt: return Array(try model.graphDef().textFormatString().utf8)
    case .json: return try GraphJSON.write(model)
    case .dot: return Array(DOTWriter.write(view(open: open, direction: direction)).utf8)
    case .svg: return Array(SVGWriter.write(view(open: open, direction: direction), title: model.source).utf8)
    }
  }
}

/// The project's own JSON form of a graph.
enum GraphJSON {
  private struct Document: Encodable {
    var format = "trainscope-graph"
    var version = 1
    var nodes: [Node]
    var functions: [Function]
  }

  private struct Node: Encodable {
    var name: String
    var op: String
    var device: String?
    var inputs: [String]
    var attributes: [String: Attribute]
    var outputShapes: [[Int64]?]?

    enum CodingKeys: String, CodingKey {
      case name, op, device, inputs, attributes
      case outputShapes = "output_shapes"
    }
  }

  private struct Attribute: Encodable {
    var type: String
    var value: String
  }

  private struct Function: Encodable {
    var name: String
    var nodes: [Node]
  }

  static func write(_ model: GraphModel) throws -> [UInt8] {
    let document = Document(
      nodes: try (0..<model.mainNodeCount).map { try node($0, model) },
      functions: try model.functions.map { function in
        Function(name: function.name, nodes: try function.nodes.map { try node($0, model) })
      })
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return [UInt8](try encoder.encode(document))
  }

  private static func node(_ index: Int, _ model: GraphModel) throws -> Node {
    let node = model.nodes[index]
    let definition = try model.definition(of: index)
    let shapes = node.shapes.map { model.outputShapes[$0].dimensions }
    return Node(
      name: node.name, op: model.opNames[node.op],
      device: node.device == 0 ? nil : model.deviceNames[node.device], inputs: definition.input,
      attributes: definition.attr.filter { $0.key != "_output_shapes" }
        .mapValues { Attribute(type: AttributePrinter.kind($0), value: AttributePrinter.text($0)) },
      outputShapes: shapes.isEmpty ? nil : shapes)
  }
}
