import Engine
import Foundation
import Protos
import SwiftProtobuf
import Tensors

/// Collections as `CollectionDef` messages: variables as `VariableDef`, nodes and outputs by name, numbers as they are.
enum CollectionCoding {
  /// A message of a collection that this build has no type for; it is written again as it was read.
  struct Opaque: Sendable {
    let collection: Tensorflow_CollectionDef
  }

  /// The message; nil for values that no file can hold.
  static func encode(_ values: [any Sendable]) -> Tensorflow_CollectionDef? {
    var proto = Tensorflow_CollectionDef()
    if let opaque = values.first as? Opaque { return opaque.collection }
    if let variables = values as? [Variable] ?? cast(values) {
      proto.bytesList.value = variables.compactMap { try? $0.definition.serializedData() }
      return proto
    }
    if let runners: [QueueRunner] = cast(values) {
      proto.bytesList.value = runners.compactMap { try? $0.definition.serializedData() }
      return proto
    }
    if let outputs: [Output] = cast(values) {
      proto.nodeList.value = outputs.map(\.name)
      return proto
    }
    if let nodes: [Node] = cast(values) {
      proto.nodeList.value = nodes.map(\.name)
      return proto
    }
    if let numbers: [Int64] = cast(values) {
      proto.int64List.value = numbers
      return proto
    }
    if let numbers: [Float] = cast(values) {
      proto.floatList.value = numbers
      return proto
    }
    if let bytes: [Data] = cast(values) {
      proto.bytesList.value = bytes
      return proto
    }
    return nil
  }

  private static func cast<Value>(_ values: [any Sendable]) -> [Value]? {
    let typed = values.compactMap { $0 as? Value }
    return typed.count == values.count ? typed : nil
  }

  /// Collections whose bytes are `VariableDef` messages.
  private static let variableCollections: Set<String> = [
    GraphKeys.globalVariables, GraphKeys.trainableVariables, GraphKeys.localVariables, GraphKeys.modelVariables,
    GraphKeys.movingAverageVariables, GraphKeys.globalStep,
  ]

  /// The values of a collection, found in `graph` below `scope`. A collection that names what is not there is kept as
  /// it is, unread.
  static func decode(
    _ proto: Tensorflow_CollectionDef, name: String, graph: Graph, scope: String
  ) -> [any Sendable] {
    switch proto.kind {
    case .nodeList(let list):
      let elements = list.value.compactMap { try? graph.element(named: scoped($0, scope)) }
      guard elements.count == list.value.count else { return [Opaque(collection: proto)] }
      return elements.map { element -> any Sendable in
        switch element {
        case .node(let node): node
        case .output(let output): output
        }
      }
    case .bytesList(let list) where variableCollections.contains(name):
      let variables = list.value.compactMap { bytes -> Variable? in
        guard let definition = try? Tensorflow_VariableDef(serializedBytes: bytes) else { return nil }
        return known(definition, graph: graph, scope: scope)
          ?? (try? Variable(definition, graph: graph, scope: scope))
      }
      return variables.count == list.value.count ? variables : [Opaque(collection: proto)]
    case .bytesList(let list) where name == GraphKeys.queueRunners:
      let runners = list.value.compactMap { bytes in
        (try? Tensorflow_QueueRunnerDef(serializedBytes: bytes)).flatMap {
          try? QueueRunner($0, graph: graph, scope: scope)
        }
      }
      return runners.count == list.value.count ? runners : [Opaque(collection: proto)]
    case .bytesList, .anyList, nil: return [Opaque(collection: proto)]
    case .int64List(let list): return list.value
    case .floatList(let list): return list.value
    }
  }

  /// A variable that another collection has made already: it must stay one object.
  private static func known(_ definition: Tensorflow_VariableDef, graph: Graph, scope: String) -> Variable? {
    let name = scoped(definition.variableName, scope)
    for collection in variableCollections {
      if let variable = graph.variables(in: collection).first(where: { $0.name == name }) { return variable }
    }
    return nil
  }

  static func scoped(_ name: String, _ scope: String) -> String {
    if scope.isEmpty || name.isEmpty { return name }
    if name.hasPrefix("^") { return "^" + scope + "/" + name.dropFirst() }
    return scope + "/" + name
  }
}

extension Variable {
  /// The message TensorFlow stores in collections.
  var definition: Tensorflow_VariableDef {
    var proto = Tensorflow_VariableDef()
    proto.variableName = name
    proto.initializerName = initializer.name
    proto.snapshotName = value.name
    if let initialValue { proto.initialValueName = initialValue.name }
    proto.isResource = isResource
    proto.trainable = isTrainable
    proto.synchronization = Int32(clamping: synchronization)
    proto.aggregation = Int32(clamping: aggregation)
    if let slice {
      proto.saveSliceInfoDef.fullName = slice.fullName
      proto.saveSliceInfoDef.fullShape = slice.fullShape.map(Int64.init)
      proto.saveSliceInfoDef.varOffset = slice.offset.map(Int64.init)
      proto.saveSliceInfoDef.varShape = slice.shape.map(Int64.init)
    }
    return proto
  }

  /// The variable that a message describes, of nodes that are in the graph.
  convenience init(_ proto: Tensorflow_VariableDef, graph: Graph, scope: String) throws {
    func named(_ name: String) -> String { CollectionCoding.scoped(name, scope) }
    self.init(
      reference: try graph.output(named: named(proto.variableName)),
      initializer: try graph.operation(named: named(proto.initializerName)),
      value: try graph.output(named: named(proto.snapshotName)),
      initialValue: proto.initialValueName.isEmpty ? nil : try graph.output(named: named(proto.initialValueName)),
      isTrainable: proto.trainable, aggregation: Int(proto.aggregation), synchronization: Int(proto.synchronization),
      slice: proto.hasSaveSliceInfoDef ? VariableSlice(proto.saveSliceInfoDef) : nil)
  }
}

extension VariableSlice {
  fileprivate init(_ proto: Tensorflow_SaveSliceInfoDef) {
    self.init(
      fullName: proto.fullName, fullShape: proto.fullShape.map { Int(clamping: $0) },
      offset: proto.varOffset.map { Int(clamping: $0) }, shape: proto.varShape.map { Int(clamping: $0) })
  }
}
