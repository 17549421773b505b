import Checkpoints
import Engine
import Foundation
import Protos
import SwiftProtobuf
import Tensors

/// A graph with its collections and its saver: what a `.meta` file holds (`MetaGraphDef`).
public struct MetaGraph {
  let proto: Tensorflow_MetaGraphDef

  /// The message as bytes, as an event file stores it too.
  public func serialized() throws -> [UInt8] { try proto.serializedBytes(options: Self.deterministic) }

  /// Maps in a message have no order; a fixed one makes equal graphs equal files.
  static var deterministic: BinaryEncodingOptions {
    var options = BinaryEncodingOptions()
    options.useDeterministicOrdering = true
    return options
  }

  /// Writes the file; a reader sees the old one or the new one, never a part.
  public func write(to path: String) throws {
    do {
      try Data(serialized()).write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      throw SaveError.cannotWrite(path: path, reason: error.localizedDescription)
    }
  }

  /// Describes a graph as TensorFlow 1.15 does (`tf.train.export_meta_graph`): nodes with their shapes, the operations
  /// they use, and every collection whose values a file can hold.
  /// - Parameters:
  ///   - saver: described, too.
  ///   - clearDevices: whether the nodes' devices are left out.
  ///   - stripDefaultAttributes: whether attributes that have their default values are left out.
  public static func export(
    _ graph: Graph, saver: Saver? = nil, clearDevices: Bool = false, stripDefaultAttributes: Bool = false
  ) -> MetaGraph {
    var proto = Tensorflow_MetaGraphDef()
    proto.metaInfoDef.strippedOpList = graph.usedDefinitions()
    proto.metaInfoDef.tensorflowVersion = "1.15.0"
    proto.graphDef = graph.asGraphDef(addShapes: true)
    if clearDevices { for index in proto.graphDef.node.indices { proto.graphDef.node[index].device = "" } }
    if stripDefaultAttributes {
      proto.graphDef.stripDefaultAttributes(of: graph)
      proto.metaInfoDef.strippedDefaultAttrs = true
    }
    if let saver { proto.saverDef = saver.definition }
    for name in graph.collectionNames where !name.hasPrefix("__") {
      if let collection = CollectionCoding.encode(graph.collection(name)) { proto.collectionDef[name] = collection }
    }
    return MetaGraph(proto: proto)
  }

  /// Reads a file, binary or text.
  /// - Throws: `SaveError` where it is missing or is no MetaGraphDef.
  public init(contentsOf path: String) throws {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw SaveError.missing(path: path)
    }
    if let proto = try? Tensorflow_MetaGraphDef(serializedBytes: data), proto.hasGraphDef || proto.hasMetaInfoDef {
      self.proto = proto
    } else if let text = String(data: data, encoding: .utf8),
      let proto = try? Tensorflow_MetaGraphDef(textFormatString: text)
    {
      self.proto = proto
    } else {
      throw SaveError.notAMetaGraph(path: path)
    }
  }

  init(proto: Tensorflow_MetaGraphDef) { self.proto = proto }

  /// Adds the nodes and collections to a graph (`tf.train.import_meta_graph`).
  /// - Parameters:
  ///   - scope: put before every name.
  ///   - clearDevices: whether the nodes' devices are dropped.
  /// - Returns: the saver of the file; where it has none, one of all variables; nil where there are no variables.
  @discardableResult
  public func add(to graph: Graph, scope: String = "", clearDevices: Bool = false) throws -> Saver? {
    var definition = proto.graphDef
    if clearDevices { for index in definition.node.indices { definition.node[index].device = "" } }
    let prefix = scope.isEmpty ? "" : graph.uniqueName(scope)
    // A prefix that ends in a slash is taken as it is; the name is marked as used already.
    try graph.importGraphDef(
      definition, prefix: prefix.isEmpty ? "" : prefix + "/", definitions: proto.metaInfoDef.strippedOpList)
    for (name, collection) in proto.collectionDef.sorted(by: { $0.key < $1.key }) {
      for value in CollectionCoding.decode(collection, name: name, graph: graph, scope: prefix) {
        try graph.addToCollection(name, value)
      }
    }
    if proto.hasSaverDef { return try Saver(graph, definition: proto.saverDef, scope: prefix) }
    return graph.globalVariables.isEmpty ? nil : try Saver(graph)
  }
}

extension Tensorflow_GraphDef {
  /// Leaves out the attributes that say what their operation's definition says anyway.
  fileprivate mutating func stripDefaultAttributes(of graph: Graph) {
    for index in node.indices {
      guard let definition = graph.registry[node[index].op]?.proto else { continue }
      for attribute in definition.attr where attribute.hasDefaultValue {
        if node[index].attr[attribute.name] == attribute.defaultValue { node[index].attr[attribute.name] = nil }
      }
    }
  }
}

extension Graph {
  /// Adds what a `.meta` file holds (`tf.train.import_meta_graph`), and answers its saver.
  @discardableResult
  public func importMetaGraph(_ path: String, scope: String = "", clearDevices: Bool = false) throws -> Saver? {
    try MetaGraph(contentsOf: path).add(to: self, scope: scope, clearDevices: clearDevices)
  }
}

/// Why a `.meta` file could not be read or written.
public enum SaveError: Error, Equatable, CustomStringConvertible {
  case missing(path: String)
  case notAMetaGraph(path: String)
  case cannotWrite(path: String, reason: String)

  public var description: String {
    switch self {
    case .missing(let path): "File \(path) does not exist."
    case .notAMetaGraph(let path):
      "\(path) is no MetaGraphDef: neither its binary nor its text form can be read. It may be damaged or cut short."
    case .cannotWrite(let path, let reason): "\(path) cannot be written: \(reason)"
    }
  }
}
