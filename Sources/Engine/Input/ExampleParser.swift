import Foundation
import Protos
import SwiftProtobuf
import Tensors

/// Turns serialized `Example` messages into tensors, as `ParseExample` and `ParseSingleExample` do.
struct ExampleParser {
  struct DenseFeature: Sendable {
    var key: String
    var dtype: DataType
    /// The shape of one example's values; the first dimension may vary.
    var shape: PartialShape
    /// What stands where an example lacks the feature; empty where it may not. Where the first dimension varies, a
    /// scalar that fills up shorter examples.
    var fallback: Tensor

    var varies: Bool { shape.rank ?? 0 > 0 && shape[0] == nil }
    /// Elements of one row along a dimension that varies, or of everything.
    var stride: Int { (shape.dimensions ?? []).dropFirst(varies ? 1 : 0).reduce(1) { $0 * ($1 ?? 0) } }
  }

  struct SparseFeature: Sendable {
    var key: String
    var dtype: DataType
  }

  let dense: [DenseFeature]
  let sparse: [SparseFeature]
  /// Whether messages are those of the batched operation, which names examples.
  let isBatch: Bool

  init(dense: [DenseFeature], sparse: [SparseFeature], isBatch: Bool) throws {
    for feature in dense {
      guard let dimensions = feature.shape.dimensions, dimensions.dropFirst().allSatisfy({ $0 != nil }) else {
        throw EngineError.invalid("dense_shapes of '\(feature.key)' must be known beyond the first dimension")
      }
      guard KernelContext.hasModestDimensions(Shape(dimensions.map { $0 ?? 1 })) else {
        throw EngineError.invalid("dense_shapes of '\(feature.key)' is too large: \(feature.shape)")
      }
      let fallback = feature.fallback
      guard fallback.dtype == feature.dtype else {
        throw EngineError.invalid(
          "Expected default of '\(feature.key)' to be \(feature.dtype.shortName), got \(fallback.dtype.shortName)")
      }
      guard fallback.elementCount == 0 || feature.varies || feature.shape.accepts(fallback.shape) else {
        throw EngineError.invalid(
          "def_value[\(feature.key)].shape() == \(fallback.shape) is not compatible with dense_shapes == \(feature.shape)"
        )
      }
    }
    self.dense = dense
    self.sparse = sparse
    self.isBatch = isBatch
  }

  /// The values of one example; nil where it lacks a feature.
  struct Parsed {
    var dense: [Tensor?]
    var sparse: [Tensor]
  }

  /// - Parameter name: what messages call the example.
  func parse(_ bytes: [UInt8], name: String = "<unknown>", index: Int = 0) throws -> Parsed {
    let example: Tensorflow_Example
    do {
      example = try Tensorflow_Example(serializedBytes: bytes)
    } catch {
      let text = String(decoding: bytes.prefix(64), as: UTF8.self)
      throw EngineError.invalid("Could not parse example input, value: '\(text)'")
    }
    let features = example.features.feature
    let denseValues = try dense.map { feature -> Tensor? in
      guard let kind = features[feature.key]?.kind else {
        guard feature.fallback.elementCount > 0 || feature.varies else {
          throw EngineError.invalid(
            "\(isBatch ? "Name: \(name), " : "")Feature: \(feature.key) (data type: \(feature.dtype.shortName)) is "
              + "required but could not be found.")
        }
        return feature.varies ? nil : feature.fallback
      }
      let values = Self.values(kind)
      guard values.dtype == feature.dtype else {
        throw EngineError.invalid(
          place(feature.key, name, index) + "Data types don't match. Data type: \(values.dtype.shortName) but expected "
            + "type: \(feature.dtype.shortName)")
      }
      try checkCount(values.elementCount, feature, name, index)
      return values
    }
    let sparseValues = try sparse.map { feature -> Tensor in
      guard let kind = features[feature.key]?.kind else { return Tensor(zeros: feature.dtype, shape: [0]) }
      let values = Self.values(kind)
      guard values.dtype == feature.dtype else {
        throw EngineError.invalid(
          place(feature.key, name, index) + "Data types don't match. Expected type: \(feature.dtype.shortName), Actual "
            + "type: \(values.dtype.shortName)")
      }
      return values
    }
    return Parsed(dense: denseValues, sparse: sparseValues)
  }

  private func place(_ key: String, _ name: String, _ index: Int) -> String {
    isBatch ? "Name: \(name), Key: \(key), Index: \(index).  " : "Key: \(key).  "
  }

  private func checkCount(_ count: Int, _ feature: DenseFeature, _ name: String, _ index: Int) throws {
    let fits = feature.varies ? feature.stride > 0 && count % feature.stride == 0 : count == feature.stride
    guard !fits else { return }
    let place = place(feature.key, name, index)
    guard isBatch else { throw EngineError.invalid(place + "Can't parse serialized Example.") }
    let type = feature.dtype.shortName
    throw EngineError.invalid(
      feature.varies
        ? place
          + "Number of \(type) values is not a multiple of stride length. Saw \(count) values but output shape is: "
          + "\(feature.shape)"
        : place + "Number of \(type) values != expected.  Values size: \(count) but output shape: \(feature.shape)")
  }

  private static func values(_ kind: Tensorflow_Feature.OneOf_Kind) -> Tensor {
    switch kind {
    case .bytesList(let list): Tensor(strings: list.value.map { [UInt8]($0) }, shape: [list.value.count])
    case .floatList(let list): Tensor(list.value)
    case .int64List(let list): Tensor(list.value)
    }
  }
}
