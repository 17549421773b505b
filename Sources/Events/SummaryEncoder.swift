import Tensors

/// Turns values into serialized `Summary` messages, equal to those of TensorFlow 1's summary ops.
///
/// Serialized summaries merge by being put one after the other: see ``merged(_:)``.
public enum SummaryEncoder {
  /// A scalar as TensorFlow 1 writes it (`simple_value`), which every reader knows.
  public static func scalar(tag: String, _ value: Float) -> [UInt8] {
    var content = ProtoBuffer()
    content.string(1, tag)
    content.key(2, 5)
    content.fixed32(value.bitPattern)
    return summary(content)
  }

  /// A histogram in proto form.
  public static func histogram(tag: String, _ histogram: Histogram) -> [UInt8] {
    var content = ProtoBuffer()
    content.string(1, tag)
    content.message(5, histogram.serialized)
    return summary(content)
  }

  /// A picture. `colorspace`: 1 gray, 2 gray and alpha, 3 RGB, 4 RGBA.
  public static func image(tag: String, width: Int, height: Int, colorspace: Int, png: [UInt8]) -> [UInt8] {
    var image = ProtoBuffer()
    image.integer(1, Int64(height))
    image.integer(2, Int64(width))
    image.integer(3, Int64(colorspace))
    if !png.isEmpty { image.message(4, png) }
    var content = ProtoBuffer()
    content.string(1, tag)
    content.message(4, image.bytes)
    return summary(content)
  }

  /// A sound clip in WAV form. `frames` is its length in samples of each channel.
  public static func audio(tag: String, sampleRate: Float, channels: Int, frames: Int, wav: [UInt8]) -> [UInt8] {
    var audio = ProtoBuffer()
    audio.float(1, sampleRate)
    audio.integer(2, Int64(channels))
    audio.integer(3, Int64(frames))
    if !wav.isEmpty { audio.message(4, wav) }
    audio.string(5, "audio/wav")
    var content = ProtoBuffer()
    content.string(1, tag)
    content.message(6, audio.bytes)
    return summary(content)
  }

  /// Markdown texts of any shape; `shape` is empty for a single one.
  public static func text(tag: String, _ texts: [String], shape: [Int]) -> [UInt8] {
    tensor(tag: tag, Tensor(strings: texts.map { Array($0.utf8) }, shape: Shape(shape)), plugin: PluginName.text)
  }

  /// A tensor for a plugin, or for none.
  public static func tensor(
    tag: String, _ tensor: Tensor, plugin: String? = nil, pluginContent: [UInt8] = [], displayName: String = "",
    description: String = ""
  ) -> [UInt8] {
    var content = ProtoBuffer()
    content.string(1, tag)
    content.message(8, TensorEncoder.serialized(tensor))
    if plugin != nil || !displayName.isEmpty || !description.isEmpty {
      var metadata = ProtoBuffer()
      if let plugin {
        var data = ProtoBuffer()
        data.string(1, plugin)
        if !pluginContent.isEmpty { data.message(2, pluginContent) }
        metadata.message(1, data.bytes)
      }
      metadata.string(2, displayName)
      metadata.string(3, description)
      content.message(9, metadata.bytes)
    }
    return summary(content)
  }

  /// One summary with the values of all, in order.
  public static func merged(_ summaries: [[UInt8]]) -> [UInt8] { Array(summaries.joined()) }

  /// The tags of a serialized summary's values, in order; nil when it does not parse.
  public static func tags(of summary: [UInt8]) -> [String]? {
    summary.withUnsafeBytes { bytes in
      var tags: [String] = []
      var cursor = WireCursor(bytes)
      while cursor.hasMore {
        let key = cursor.varint()
        guard key == 0x0A else {
          cursor.skip(key)
          continue
        }
        var value = WireCursor(cursor.bytes())
        var tag = ""
        while value.hasMore {
          let inner = value.varint()
          if inner == 0x0A { tag = value.bytes().text } else { value.skip(inner) }
        }
        if value.failed { return nil }
        tags.append(tag)
      }
      return cursor.failed ? nil : tags
    }
  }

  private static func summary(_ value: ProtoBuffer) -> [UInt8] {
    var summary = ProtoBuffer()
    summary.message(1, value.bytes)
    return summary.bytes
  }
}

extension Histogram {
  /// As a HistogramProto.
  public var serialized: [UInt8] {
    var proto = ProtoBuffer()
    proto.double(1, min)
    proto.double(2, max)
    proto.double(3, num)
    proto.double(4, sum)
    proto.double(5, sumSquares)
    proto.packed(6, bucketLimits)
    proto.packed(7, bucketCounts)
    return proto.bytes
  }
}

/// Serializes tensors as TensorProto messages: numbers in `tensor_content`, strings in `string_val`.
enum TensorEncoder {
  static func serialized(_ tensor: Tensor) -> [UInt8] {
    var proto = ProtoBuffer()
    proto.integer(1, Int64(tensor.dtype.rawValue))
    var shape = ProtoBuffer()
    for size in tensor.shape.dimensions {
      var dimension = ProtoBuffer()
      dimension.integer(1, Int64(size))
      shape.message(2, dimension.bytes)
    }
    proto.message(2, shape.bytes)
    if tensor.dtype == .string {
      for string in tensor.strings { proto.message(8, string) }
    } else {
      let content = tensor.withUnsafeBytes { Array($0) }
      if !content.isEmpty { proto.message(4, content) }
    }
    return proto.bytes
  }
}
