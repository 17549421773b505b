import Protos
import SwiftProtobuf

/// The graph of Python objects that an object-based checkpoint describes itself with (`TrackableObjectGraph`).
enum ObjectGraph {
  static func decode(_ bytes: [UInt8], path: String) throws -> Tensorflow_TrackableObjectGraph {
    do { return try Tensorflow_TrackableObjectGraph(serializedBytes: bytes) } catch {
      throw CheckpointError.damagedTensor(
        name: BundleIndex.objectGraphKey, path: path, offset: 0, reason: "the object graph does not parse")
    }
  }

  /// Variable names by checkpoint key. Keys without a name, or whose name is the key, are left out.
  static func fullNames(_ graph: Tensorflow_TrackableObjectGraph) -> [String: String] {
    var result: [String: String] = [:]
    for attribute in graph.nodes.lazy.flatMap(\.attributes)
    where !attribute.fullName.isEmpty && attribute.fullName != attribute.checkpointKey {
      result[attribute.checkpointKey] = attribute.fullName
    }
    return result
  }
}
