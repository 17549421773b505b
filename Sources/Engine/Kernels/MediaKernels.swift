import Foundation
import Protos
import Tensors

/// Kernels of image and sound files, and of the summaries that hold them.
@Sendable func defineMediaKernels(_ ops: inout OpRegistry) {
  ops.kernel("DecodePng") { node in
    let (channels, dtype) = (try node.int("channels"), try node.type("dtype"))
    guard (0...4).contains(channels) else {
      throw EngineError.invalid("channels must be 0, 1, 2, 3, or 4, got \(channels)")
    }
    return { context in
      let picture = try Picture(
        decoding: try onlyString(context, 0, "contents"), channels: channels, bits: dtype == .uint16 ? 16 : 8)
      context.setOutput(0, try picture.tensor(dtype))
    }
  }
  ops.kernel("DecodeJpeg") { node in
    let (channels, ratio) = (try node.int("channels"), try node.int("ratio"))
    guard [0, 1, 3].contains(channels) else {
      throw EngineError.invalid("channels must be 0, 1, or 3, got \(channels)")
    }
    guard [1, 2, 4, 8].contains(ratio) else { throw EngineError.invalid("ratio must be 1, 2, 4, or 8, got \(ratio)") }
    return { context in
      let picture = try Picture(
        decoding: try onlyString(context, 0, "contents"), isJPEG: true, channels: channels, ratio: ratio)
      context.setOutput(0, try picture.tensor(.uint8))
    }
  }
  ops.kernel("EncodePng") { node in
    let level = try node.int("compression")
    guard (-1...9).contains(level) else { throw EngineError.invalid("compression should be in [-1,9], got \(level)") }
    return { context in
      let file = try picture(try context.input(0), channels: 1...4).png(level: level)
      context.setOutput(0, Tensor(strings: [file], shape: .scalar))
    }
  }
  ops.kernel("EncodeJpeg") { node in
    let (quality, progressive) = (try node.int("quality"), try node.bool("progressive"))
    guard (0...100).contains(quality) else { throw EngineError.invalid("quality must be in [0,100], got \(quality)") }
    return { context in
      let image = try picture(try context.input(0), channels: 1...3)
      guard image.channels != 2 else { throw EngineError.invalid("image must have 1 or 3 channels") }
      context.setOutput(
        0, Tensor(strings: [try image.jpeg(quality: quality, progressive: progressive)], shape: .scalar))
    }
  }
  ops.kernel("EncodeWav") { _ in
    { context in
      let (audio, rate) = (try context.input(0), try context.integer(1, "sample_rate"))
      guard audio.rank == 2, audio.shape[1] > 0 else {
        throw EngineError.invalid("audio must be 2-dimensional: \(audio.shape)")
      }
      let file = WaveFile.encode(audio.scalars(Float.self), channels: audio.shape[1], rate: rate)
      context.setOutput(0, Tensor(strings: [file], shape: .scalar))
    }
  }
  ops.kernel("DecodeWav") { node in
    let (wanted, length) = (try node.int("desired_channels"), try node.int("desired_samples"))
    return { context in
      let wave = try WaveFile.decode(try onlyString(context, 0, "contents"))
      let channels = wanted > 0 ? wanted : wave.channels
      let frames = wave.samples.count / wave.channels
      let count = length > 0 ? length : frames
      try KernelContext.checkSize(.float32, [count, channels])
      // Frames that are missing are silent; a channel that is missing repeats the last one.
      let samples = (0..<(count * channels)).map { index -> Float in
        let frame = index / channels
        guard frame < frames else { return 0 }
        return wave.samples[frame * wave.channels + min(index % channels, wave.channels - 1)]
      }
      context.setOutput(0, Tensor(samples, shape: [count, channels]))
      context.setOutput(1, Tensor(Int32(truncatingIfNeeded: wave.rate)))
    }
  }
  ops.kernel("ImageSummary") { node in
    let most = try node.int("max_images")
    let bad = try node.tensor("bad_color")
    guard bad.dtype == .uint8, bad.rank == 1 else { throw EngineError.invalid("bad_color must be a vector of uint8") }
    let colour = bad.scalars(UInt8.self)
    return { try imageSummary($0, most: most, badColour: colour) }
  }
  ops.kernel("AudioSummary") { node in
    let (rate, most) = (try node.float("sample_rate"), try node.int("max_outputs"))
    return { try audioSummary($0, rate: rate, most: most) }
  }
  ops.kernel("AudioSummaryV2") { node in
    let most = try node.int("max_outputs")
    return { context in
      let rate = try context.input(2)
      guard rate.elementCount == 1 else { throw EngineError.invalid("sample_rate must be scalar, got \(rate.shape)") }
      try audioSummary(context, rate: rate.scalar(Float.self), most: most)
    }
  }
  for name in ["TensorSummary", "TensorSummaryV2"] {
    ops.kernel(name) { node in
      { context in
        var value = Tensorflow_Summary.Value()
        if name == "TensorSummaryV2" {
          value.tag = String(decoding: try onlyString(context, 0, "tag"), as: UTF8.self)
          value.tensor = try context.input(1).proto
          do {
            value.metadata = try Tensorflow_SummaryMetadata(serializedBytes: try onlyString(context, 2, "metadata"))
          } catch {
            throw EngineError.invalid("serialized_summary_metadata is no SummaryMetadata")
          }
        } else {
          value.nodeName = node.name
          value.tensor = try context.input(0).proto
        }
        context.setOutput(0, try serialized([value]))
      }
    }
  }
}

/// Input `index` as one byte string.
private func onlyString(_ context: KernelContext, _ index: Int, _ name: String) throws -> [UInt8] {
  let value = try context.input(index)
  guard value.dtype == .string, value.elementCount == 1 else {
    throw EngineError.invalid("\(name) must be scalar, got shape \(value.shape)")
  }
  return value.strings[0]
}

extension Picture {
  fileprivate func tensor(_ dtype: DataType) throws -> Tensor {
    try Tensor(dtype: dtype, shape: [rows, columns, channels], bytes: bytes)
  }
}

/// A tensor [rows, columns, channels] of uint8 or uint16 as a picture.
private func picture(_ image: Tensor, channels: ClosedRange<Int>) throws -> Picture {
  guard image.rank == 3, channels.contains(image.shape[2]) else {
    throw EngineError.invalid(
      "image must be 3-dimensional with \(channels.lowerBound) to \(channels.upperBound) "
        + "channels: \(image.shape)")
  }
  return Picture(
    rows: image.shape[0], columns: image.shape[1], channels: image.shape[2], bits: image.dtype == .uint16 ? 16 : 8,
    bytes: image.withUnsafeBytes { Array($0) })
}

private func serialized(_ values: [Tensorflow_Summary.Value]) throws -> Tensor {
  var summary = Tensorflow_Summary()
  summary.value = values
  do {
    return Tensor(strings: [try summary.serializedBytes()], shape: .scalar)
  } catch {
    throw EngineError(.internal, "a summary cannot be serialized: \(error)")
  }
}

private func imageSummary(_ context: KernelContext, most: Int, badColour: [UInt8]) throws {
  let base = String(decoding: try onlyString(context, 0, "Tags"), as: UTF8.self)
  let images = try context.input(1)
  guard images.rank == 4, [1, 3, 4].contains(images.shape[3]) else {
    throw EngineError.invalid("Tensor must be 4-D with last dim 1, 3, or 4, not \(images.shape)")
  }
  let (rows, columns, channels) = (images.shape[1], images.shape[2], images.shape[3])
  guard rows > 0, columns > 0 else { throw EngineError.invalid("Tensor must have at least one pixel: \(images.shape)") }
  guard badColour.count >= channels else {
    throw EngineError.invalid(
      "expected depth <= bad_color.size, got depth = \(channels), bad_color.size = \(badColour.count)")
  }
  let size = rows * columns * channels
  let count = min(images.shape[0], most)
  let values = try (0..<count).map { index -> Tensorflow_Summary.Value in
    let bytes: [UInt8]
    if images.dtype == .uint8 {
      bytes = images.withUnsafeBytes { Array($0[(index * size)..<((index + 1) * size)]) }
    } else {
      let pixels = Array(try doubles(images, "ImageSummary")[(index * size)..<((index + 1) * size)]).map { Float($0) }
      bytes = scaled(pixels, channels: channels, badColour: badColour)
    }
    var value = Tensorflow_Summary.Value()
    value.tag = most > 1 ? "\(base)/image/\(index)" : "\(base)/image"
    value.image.height = Int32(clamping: rows)
    value.image.width = Int32(clamping: columns)
    value.image.colorspace = Int32(channels)
    value.image.encodedImageString = Data(
      try Picture(rows: rows, columns: columns, channels: channels, bytes: bytes).png())
    return value
  }
  context.setOutput(0, try serialized(values))
}

/// Floats as bytes, by TensorFlow's rule: the largest magnitude becomes 255, or 127 beside 128 where a value is
/// negative. A pixel with a value that is not finite gets the bad colour.
private func scaled(_ pixels: [Float], channels: Int, badColour: [UInt8]) -> [UInt8] {
  var (least, most) = (Float.infinity, -Float.infinity)
  let isGood = stride(from: 0, to: pixels.count, by: channels).map { start in
    pixels[start..<(start + channels)].allSatisfy(\.isFinite)
  }
  for (index, value) in pixels.enumerated() where isGood[index / channels] {
    (least, most) = (min(least, value), max(most, value))
  }
  let (scale, offset): (Float, Float)
  if least < 0 {
    let size = max(abs(least), abs(most))
    (scale, offset) = (size < 1e-6 ? 0 : 127 / size, 128)
  } else {
    (scale, offset) = (most < 1e-6 ? 0 : 255 / most, 0)
  }
  return pixels.enumerated().map { index, value in
    guard isGood[index / channels] else { return badColour[index % channels] }
    return UInt8(min(max(value * scale + offset, 0), 255))
  }
}

private func audioSummary(_ context: KernelContext, rate: Float, most: Int) throws {
  let base = String(decoding: try onlyString(context, 0, "Tag"), as: UTF8.self)
  let sound = try context.input(1)
  guard sound.rank == 2 || sound.rank == 3 else {
    throw EngineError.invalid("Tensor must be 3-D or 2-D, got: \(sound.shape)")
  }
  guard rate > 0, rate < Float(Int32.max) else { throw EngineError.invalid("sample_rate must be > 0, got \(rate)") }
  let (frames, channels) = (sound.shape[1], sound.rank == 3 ? sound.shape[2] : 1)
  let samples = sound.scalars(Float.self)
  let size = frames * channels
  let values = (0..<min(sound.shape[0], most)).map { index -> Tensorflow_Summary.Value in
    var value = Tensorflow_Summary.Value()
    value.tag = most > 1 ? "\(base)/audio/\(index)" : "\(base)/audio"
    value.audio.sampleRate = rate
    value.audio.numChannels = Int64(channels)
    value.audio.lengthFrames = Int64(frames)
    value.audio.contentType = "audio/wav"
    value.audio.encodedAudioString = Data(
      WaveFile.encode(Array(samples[(index * size)..<((index + 1) * size)]), channels: channels, rate: Int(rate)))
    return value
  }
  context.setOutput(0, try serialized(values))
}
