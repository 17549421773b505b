import Foundation
import Protos
import SwiftProtobuf
import Tensors
import Testing

@testable import Engine

/// Summaries of images and histograms against what TensorFlow 1.15 wrote, and files of images and sound.
@Suite struct SummaryNumericsTests {
  private func value(_ g: GraphMaker, _ summary: Output, feeds: [Output: Tensor] = [:]) throws -> Tensorflow_Summary {
    let bytes = try Session(graph: g.graph).run(summary, feeds: feeds).strings[0]
    return try Tensorflow_Summary(serializedBytes: bytes)
  }

  @Test func imagesHaveTensorFlowsPixels() throws {
    let cases = try Golden.cases("image_summary")
    #expect(cases.count == 10)
    for example in cases {
      let name = try #require(example["name"] as? String)
      let tag = try #require(example["tag"] as? String)
      let input = try Golden.tensor(example["input"])
      let g = GraphMaker()
      let summary = try g(
        "ImageSummary", g.constant(Tensor(String(tag.dropLast("/image".count)))), g.constant(input),
        attributes: ["max_images": .int(1)])
      let image = try #require(try value(g, summary).value.first)
      #expect(image.tag == tag, "\(name)")
      #expect(image.image.height == Int32(example["height"] as? Int ?? 0))
      #expect(image.image.width == Int32(example["width"] as? Int ?? 0))
      #expect(image.image.colorspace == Int32(example["colorspace"] as? Int ?? 0))
      let decode = GraphMaker()
      let pixels = try decode(
        "DecodePng", decode.constant(Tensor(strings: [[UInt8](image.image.encodedImageString)], shape: .scalar)))
      #expect(try Session(graph: decode.graph).run(pixels) == Golden.tensor(example["pixels"]), "\(name)")
    }
  }

  @Test func histogramsAreTensorFlowsToTheBit() throws {
    let cases = try Golden.cases("histograms")
    #expect(cases.count == 10)
    for example in cases {
      let g = GraphMaker()
      let values = try Golden.tensor(example["values"])
      let summary = try g("HistogramSummary", g.constant(Tensor("h")), g.constant(values))
      let histogram = try #require(try value(g, summary).value.first).histo
      let label = "\(example["name"] ?? "")"
      if let hex = example["proto_hex"] as? String {
        let bytes = stride(from: 0, to: hex.count, by: 2).compactMap { offset -> UInt8? in
          let start = hex.index(hex.startIndex, offsetBy: offset)
          return UInt8(hex[start..<hex.index(start, offsetBy: 2)], radix: 16)
        }
        #expect(try histogram == Tensorflow_HistogramProto(serializedBytes: bytes), "\(label)")
        continue
      }
      // Long ones are given as numbers of fifteen digits.
      func expectClose(_ found: [Double], _ name: String) throws {
        let expected = try (example[name] as? [Any] ?? [example[name] as Any]).map { try Golden.double($0) }
        #expect(found.count == expected.count, "\(label) \(name)")
        for (x, y) in zip(found, expected) { #expect(abs(x - y) <= 1e-12 * abs(y), "\(label) \(name)") }
      }
      try expectClose([histogram.min], "min")
      try expectClose([histogram.max], "max")
      try expectClose([histogram.num], "num")
      try expectClose([histogram.sum], "sum")
      try expectClose([histogram.sumSquares], "sum_squares")
      try expectClose(histogram.bucketLimit, "bucket_limit")
      try expectClose(histogram.bucket, "bucket")
    }
  }

  @Test(arguments: [
    (1, DataType.uint8), (2, .uint8), (3, .uint8), (4, .uint8), (1, .uint16), (3, .uint16), (4, .uint16),
  ])
  func pngFilesComeBackAsTheyWere(channels: Int, dtype: DataType) throws {
    let count = 3 * 5 * channels
    let image =
      dtype == .uint8
      ? Tensor((0..<count).map { UInt8(truncatingIfNeeded: $0 * 37) }, shape: [3, 5, channels])
      : Tensor((0..<count).map { UInt16(truncatingIfNeeded: $0 * 4099) }, shape: [3, 5, channels])
    let g = GraphMaker()
    let file = try g("EncodePng", g.constant(image), attributes: ["T": .type(dtype)])
    let decoded = try g("DecodePng", file, attributes: ["dtype": .type(dtype)])
    #expect(try Session(graph: g.graph).run(decoded) == image)
    let grey = try g("DecodePng", file, attributes: ["dtype": .type(dtype), "channels": .int(1)])
    #expect(try Session(graph: g.graph).run(grey).shape == [3, 5, 1])
  }

  @Test func jpegFilesComeBackAlmostAsTheyWere() throws {
    let pixels: [UInt8] = (0..<768).map { index in UInt8(index / 3 % 16 * 10 + 40) }
    let image = Tensor(pixels, shape: [16, 16, 3])
    let g = GraphMaker()
    let decoded = try g("DecodeJpeg", g("EncodeJpeg", g.constant(image)))
    let result = try Session(graph: g.graph).run(decoded)
    #expect(result.shape == image.shape)
    let worst = zip(result.scalars(UInt8.self), pixels).map { abs(Int($0) - Int($1)) }.max() ?? 0
    #expect(worst < 12)
  }

  @Test func damagedImagesAreRefusedWithTheReason() throws {
    let g = GraphMaker()
    let file = try Session(graph: g.graph).run(
      g("EncodePng", g.constant(Tensor([UInt8](repeating: 9, count: 48), shape: [4, 4, 3]))))
    let contents = try g.placeholder(.string, [])
    let png = try g("DecodePng", contents)
    let jpeg = try g("DecodeJpeg", contents)
    let session = Session(graph: g.graph)
    var generator = SteadyGenerator(seed: 11)
    for length in [0, 1, 8, 20, 40, file.strings[0].count] {
      for _ in 0..<8 {
        var bytes = Array(file.strings[0].prefix(length))
        if !bytes.isEmpty { bytes[Int.random(in: bytes.indices, using: &generator)] ^= 0x55 }
        let feeds = [contents: Tensor(strings: [bytes], shape: .scalar)]
        _ = try? session.run(png, feeds: feeds)
        #expect(throws: EngineError.self) { try session.run(jpeg, feeds: feeds) }
      }
    }
    #expect(
      message { _ = try session.run(png, feeds: [contents: Tensor("nothing")]) }
        .hasPrefix("Invalid PNG data, size 7"))
  }

  @Test func soundIsWrittenAsWav() throws {
    let g = GraphMaker()
    let samples = Tensor([0, 0.5, -0.5, 1, -1, 0.25] as [Float], shape: [1, 3, 2])
    let summary = try g(
      "AudioSummaryV2", g.constant(Tensor("a")), g.constant(samples), g.float(8000),
      attributes: ["max_outputs": .int(3)])
    let audio = try #require(try value(g, summary).value.first)
    #expect(audio.tag == "a/audio/0" && audio.audio.lengthFrames == 3 && audio.audio.numChannels == 2)
    #expect(audio.audio.contentType == "audio/wav" && audio.audio.sampleRate == 8000)
    let d = GraphMaker()
    let outputs = try d.all(
      "DecodeWav", [d.constant(Tensor(strings: [[UInt8](audio.audio.encodedAudioString)], shape: .scalar))])
    let results = try Session(graph: d.graph).run(outputs)
    #expect(results[0].shape == [3, 2] && results[1].scalar(Int32.self) == 8000)
    let worst = zip(results[0].scalars(Float.self), samples.scalars(Float.self)).map { abs($0 - $1) }.max() ?? 1
    #expect(worst < 1e-4)
  }
}
