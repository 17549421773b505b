import Foundation
import Protos
import SwiftProtobuf

/// One training example as TFRecord files hold it (`tf.train.Example`): features by name.
///
///     let example = Example(["label": .int64s([3]), "image": .bytes([pixels])])
///     try writer.write(example)
public struct Example: Sendable, Equatable {
  /// The values of one feature (`tf.train.Feature`).
  public enum Feature: Sendable, Equatable {
    case bytes([[UInt8]])
    case floats([Float])
    case int64s([Int64])

    /// Text as its UTF-8 bytes.
    public static func text(_ values: [String]) -> Feature { .bytes(values.map { Array($0.utf8) }) }
  }

  public var features: [String: Feature]

  public init(_ features: [String: Feature] = [:]) { self.features = features }

  /// Reads a serialized message. Features without values of any kind are left out.
  /// - Throws: `BuildError` where the bytes are no `Example`.
  public init(serialized bytes: [UInt8]) throws {
    let proto: Tensorflow_Example
    do {
      proto = try Tensorflow_Example(serializedBytes: bytes)
    } catch {
      throw BuildError.value("Could not parse example input of \(bytes.count) bytes: \(error)")
    }
    features = proto.features.feature.compactMapValues { feature in
      switch feature.kind {
      case .bytesList(let list): .bytes(list.value.map { [UInt8]($0) })
      case .floatList(let list): .floats(list.value)
      case .int64List(let list): .int64s(list.value)
      case nil: nil
      }
    }
  }

  /// The message, always the same bytes for the same features (`SerializeToString`).
  public var serialized: [UInt8] {
    var proto = Tensorflow_Example()
    for (name, feature) in features {
      var message = Tensorflow_Feature()
      switch feature {
      case .bytes(let values): message.bytesList.value = values.map { Data($0) }
      case .floats(let values): message.floatList.value = values
      case .int64s(let values): message.int64List.value = values
      }
      proto.features.feature[name] = message
    }
    // A message without required fields always serializes.
    return (try? proto.serializedBytes(options: MetaGraph.deterministic)) ?? []
  }
}
