import Engine
import Events
import Foundation
import Protos
import Tensors
import Testing

@testable import Training

/// Images, sounds, text and health, and the writer that takes them.
@Suite struct MediaSummaryTests {
  @Test func summariesMakeTensorFlowsNodes() throws {
    let tf = Graph()
    let x = try tf.placeholder(.float32, shape: [nil, 4, 4, 3], name: "x")
    try tf.imageSummary("img", x)
    try tf.imageSummary("one", x, maximum: 1, family: "f")
    try tf.audioSummary("snd", tf.placeholder(.float32, shape: [2, 8], name: "a"), sampleRate: 44100.0)
    try tf.textSummary("words", tf.constant(["a", "b"]))
    try tf.nameScope("s") {
      try tf.histogramSummary("h w", x)
      try tf.scalarSummary("/odd:name", tf.constant(1.0))
      try tf.tensorSummary("t", x)
    }
    _ = try tf.mergeAllSummaries()
    try expectGraph(tf, equals: "golden/summaries.pb")
  }

  @Test func imagesAreScaledAsTensorFlowDoes() throws {
    struct File: Decodable {
      struct Case: Decodable {
        let name: String
        let tag: String
        let input: JSONTensor
        let height: Int
        let width: Int
        let colorspace: Int
        let pixels: JSONTensor
      }
      let cases: [Case]
    }
    for item in try Fixture.json(File.self, "numerics/image_summary.json").cases {
      let shape = Shape(item.input.shape)
      let input =
        item.input.dtype == "uint8"
        ? Tensor(try item.input.data.map { UInt8(clamping: try #require($0.int)) }, shape: shape)
        : Tensor(item.input.floats, shape: shape)
      let tf = Graph()
      let summary = try tf.imageSummary("i", tf.constant(input), maximum: 1)
      let bytes = try tf.makeSession().run(summary).strings[0]
      let value = try #require(try Tensorflow_Summary(serializedBytes: bytes).value.first)
      #expect(value.tag == item.tag)
      #expect(value.image.height == item.height && value.image.width == item.width)
      #expect(value.image.colorspace == item.colorspace)
      let decoded = try unpackedPNG([UInt8](value.image.encodedImageString))
      let expected = item.pixels.data.compactMap { $0.int.map { UInt8(clamping: $0) } }
      #expect(decoded == expected, "\(item.name)")
    }
  }

  /// The pixels of a PNG, row by row.
  private func unpackedPNG(_ file: [UInt8]) throws -> [UInt8] {
    let tf = Graph()
    let bytes = try tf.constant(Tensor(strings: [file], shape: .scalar))
    let image = try tf.add("DecodePng", [bytes], attributes: ["channels": .int(0), "dtype": .type(.uint8)])
    return try tf.makeSession().run(image).scalars()
  }

  @Test func soundsAndTextsAreRecorded() throws {
    let tf = Graph()
    let sounds = try tf.constant([[0.0, 0.5, -1.0, 2.0], [0.0, 0.0, 0.0, 0.0]])
    let sound = try tf.audioSummary("snd", sounds, sampleRate: 8000.0, maximum: 1)
    let text = try tf.textSummary("words", "hello")
    let session = tf.makeSession()
    let value = try #require(
      try Tensorflow_Summary(serializedBytes: session.run(sound).strings[0]).value.first)
    #expect(value.tag == "snd/audio")
    #expect(value.audio.sampleRate == 8000 && value.audio.numChannels == 1 && value.audio.lengthFrames == 4)
    let wave = [UInt8](value.audio.encodedAudioString)
    #expect(wave.count == 44 + 8)
    #expect(Array(wave[44...]) == [0, 0, 0, 0x40, 0, 0x80, 0xFF, 0x7F])
    let words = try #require(
      try Tensorflow_Summary(serializedBytes: session.run(text).strings[0]).value.first)
    #expect(words.tag == "words" && words.metadata.pluginData.pluginName == "text")
    #expect(words.tensor.stringVal.map { String(decoding: $0, as: UTF8.self) } == ["hello"])
    #expect(throws: BuildError.self) { try tf.textSummary("number", 1.0) }
    let wrong = try tf.imageSummary("wrong", tf.zeros([2, 4, 4, 2]))
    let error = #expect(throws: EngineError.self) { try session.run(wrong) }
    #expect(error?.message.contains("Tensor must be 4-D with last dim 1, 3, or 4, not [2,4,4,2]") == true)
  }

  @Test func aClosedWriterIgnoresAndReopens() throws {
    let folder = TemporaryFolder()
    let writer = try FileWriter(directory: folder.path, hostName: "host", clock: { 1000 })
    let first = writer.path
    try writer.addScalar("a", 1, step: 0)
    try writer.close()
    try writer.addScalar("a", 2, step: 1)
    try writer.flush()
    try writer.reopen()
    #expect(writer.path != first)
    try writer.addScalar("a", 3, step: 2)
    try writer.addRunMetadata([], tag: "run", step: 2)
    #expect(throws: BuildError.value("The provided tag was already used for this event type")) {
      try writer.addRunMetadata([], tag: "run", step: 3)
    }
    try writer.close()
    let found = try [first, writer.path].map { path in
      let batch = try EventFileReader(path: path).next(limit: 1 << 20)
      return batch.scalars.flatMap(\.steps)
    }
    #expect(found == [[0], [2]])
  }

  @Test func healthIsWhatTheStepDid() throws {
    let tf = Graph()
    let w = try tf.variable([3.0, 0.0, 4.0], name: "w")
    let idle = try tf.variable([1.0], name: "idle")
    let x = try tf.placeholder(.float32, shape: [3])
    let loss = try tf.reduceSum(w * x)
    let optimizer = GradientDescentOptimizer(learningRate: 0.5)
    let pairs = try optimizer.computeGradients(loss, variables: [w, idle])
    let train = try optimizer.applyGradients(pairs)
    let session = tf.makeSession()
    try session.run(tf.globalVariablesInitializer())
    let measured = try LayerHealth(pairs).step(
      session, running: train, fetching: [loss], feeds: [x: Tensor([Float](arrayLiteral: 0, 2, 0))])
    #expect(measured.outputs[0].scalars(Float.self) == [0])
    let health = try #require(measured.variables.first)
    #expect(
      health
        == VariableHealth(
          name: "w", weightNorm: 5, gradientNorm: 2, updateRatio: 0.2, zeroFraction: 1.0 / 3, nonFiniteCount: 0))
    #expect(measured.variables[1].gradientNorm == nil && measured.variables[1].updateRatio == 0)
    let next = try LayerHealth(pairs).step(
      session, running: train, feeds: [x: Tensor([Float](arrayLiteral: .nan, 0, .infinity))])
    #expect(next.variables[0].nonFiniteCount == 2)
    let tags = try #require(SummaryEncoder.tags(of: LayerHealth.summary(of: measured.variables)))
    #expect(tags.count == 9 && tags.contains("health/w/update_ratio") && !tags.contains("health/idle/gradient_norm"))
  }
}
