import Engine
import Protos
import SwiftProtobuf
import Tensors

// Summary ops answer a serialized `Summary` message. A summary's tag is its scope's name: inside `name_scope('layer1')`
// a scalar `acc` has the tag `layer1/acc`, a second one `layer1/acc_1`.

extension Graph {
  /// Records one number (`tf.summary.scalar`).
  /// - Parameters:
  ///   - name: name of the op and end of the tag; characters that names cannot have become `_`.
  ///   - value: rank 0, any real type; logged as float32.
  ///   - collections: which the op joins; `summaries` if nil.
  ///   - family: goes before the tag, and into the scope.
  @discardableResult
  public func scalarSummary(
    _ name: String, _ value: any GraphValue, collections: [String]? = nil, family: String? = nil
  ) throws -> Output {
    try summaryScope(name, family: family, collections: collections) { tag, scope in
      let tags = try self.constant(Tensor(tag), name: "tags")
      let value = try self.operand(value, name: "values")
      return try self.add("ScalarSummary", [tags, value], name: scope)
    }
  }

  /// Records the distribution of a tensor's elements (`tf.summary.histogram`). NaN and infinities fail the run.
  @discardableResult
  public func histogramSummary(
    _ name: String, _ values: any GraphValue, collections: [String]? = nil, family: String? = nil
  ) throws -> Output {
    try summaryScope(name, family: family, collections: collections) { tag, scope in
      let tag = try self.constant(Tensor(tag), name: "tag")
      let values = try self.operand(values, name: "values")
      return try self.add("HistogramSummary", [tag, values], name: scope)
    }
  }

  /// Records images (`tf.summary.image`), tagged `NAME/image/0`, `NAME/image/1`, …, or `NAME/image` where one is the
  /// most.
  ///
  /// Numbers are scaled for each image: positive ones so that the largest is white, others so that 0 is the middle.
  /// uint8 stays as it is.
  /// - Parameters:
  ///   - images: `[batch, rows, columns, channels]` with 1, 3 or 4 channels; uint8 or floating point.
  ///   - maximum: how many of a batch are recorded.
  @discardableResult
  public func imageSummary(
    _ name: String, _ images: any GraphValue, maximum: Int = 3, collections: [String]? = nil, family: String? = nil
  ) throws -> Output {
    try summaryScope(name, family: family, collections: collections) { tag, scope in
      let tag = try self.constant(Tensor(tag), name: "tag")
      let images = try self.operand(images, name: "tensor")
      let red = Tensor([UInt8]([255, 0, 0, 255]))
      return try self.add(
        "ImageSummary", [tag, images], name: scope,
        attributes: ["max_images": .int(Int64(maximum)), "bad_color": .tensor(red)])
    }
  }

  /// Records sounds (`tf.summary.audio`), tagged as images are.
  /// - Parameters:
  ///   - sounds: float32 `[batch, frames]` or `[batch, frames, channels]`, between -1 and 1.
  ///   - sampleRate: frames a second.
  @discardableResult
  public func audioSummary(
    _ name: String, _ sounds: any GraphValue, sampleRate: any GraphValue, maximum: Int = 3,
    collections: [String]? = nil, family: String? = nil
  ) throws -> Output {
    try summaryScope(name, family: family, collections: collections) { tag, scope in
      let sounds = try self.operand(sounds, dtype: .float32, name: "tensor")
      let rate = try self.operand(sampleRate, dtype: .float32, name: "sample_rate")
      let tag = try self.constant(Tensor(tag), name: "tag")
      return try self.add(
        "AudioSummaryV2", [tag, sounds, rate], name: scope, attributes: ["max_outputs": .int(Int64(maximum))])
    }
  }

  /// Records text (`tf.summary.text`): a string, or a tensor of strings, which is shown as a table.
  @discardableResult
  public func textSummary(
    _ name: String, _ texts: any GraphValue, collections: [String]? = nil
  ) throws -> Output {
    var metadata = Tensorflow_SummaryMetadata()
    metadata.pluginData.pluginName = "text"
    let value = try operand(texts, name: "Const")
    guard value.dtype == .string else {
      throw BuildError.value("Expected tensor \(value.name) to have dtype string, got \(value.dtype.name)")
    }
    return try tensorSummary(name, value, metadata: metadata.serializedBytes(), collections: collections)
  }

  /// Records a whole tensor (`tf.summary.tensor_summary`).
  /// - Parameter metadata: a serialized `SummaryMetadata`, which says what the tensor is; may be empty.
  @discardableResult
  public func tensorSummary(
    _ name: String, _ tensor: any GraphValue, metadata: [UInt8] = [], collections: [String]? = nil,
    family: String? = nil
  ) throws -> Output {
    try summaryScope(name, family: family, collections: collections) { tag, scope in
      let tag = try self.constant(Tensor(tag), name: "tag")
      let tensor = try self.operand(tensor, name: "tensor")
      let described = try self.constant(
        Tensor(strings: [metadata], shape: .scalar), name: "serialized_summary_metadata")
      return try self.add("TensorSummaryV2", [tag, tensor, described], name: scope)
    }
  }

  /// One summary out of several (`tf.summary.merge`). Running it fails where two have the same tag.
  public func mergeSummaries(
    _ summaries: [Output], collections: [String] = [], name: String? = nil
  ) throws -> Output {
    let cleaned = name.map(Self.cleanTag)
    return try nameScope(cleaned, default: "Merge") { _ in
      let merged = try self.add("MergeSummary", summaries, name: cleaned)
      for collection in collections { try self.addToCollection(collection, merged) }
      return merged
    }
  }

  /// One summary out of all of the collection (`tf.summary.merge_all`); nil where it is empty.
  public func mergeAllSummaries(collection: String = GraphKeys.summaries, name: String? = nil) throws -> Output? {
    let summaries = self.collection(collection).compactMap { $0 as? Output }
    return summaries.isEmpty ? nil : try mergeSummaries(summaries, name: name)
  }

  private func summaryScope(
    _ name: String, family: String?, collections: [String]?, _ make: (_ tag: String, _ scope: String) throws -> Output
  ) throws -> Output {
    let name = Self.cleanTag(name)
    let family = family.map(Self.cleanTag)
    return try nameScope(family.map { $0 + "/" + name } ?? name) { scope in
      let tag = String(scope.dropLast())
      let summary = try make(family.map { $0 + "/" + tag } ?? tag, scope)
      for collection in collections ?? [GraphKeys.summaries] { try self.addToCollection(collection, summary) }
      return summary
    }
  }

  /// A name without characters that op names cannot have, and without slashes at the front.
  static func cleanTag(_ name: String) -> String {
    let allowed = name.unicodeScalars.map { scalar -> Character in
      switch scalar {
      case "A"..."Z", "a"..."z", "0"..."9", "_", "-", ".", "/": Character(scalar)
      default: "_"
      }
    }
    return String(allowed.drop { $0 == "/" })
  }
}
