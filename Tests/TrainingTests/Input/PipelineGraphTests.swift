import Engine
import Protos
import Records
import Tensors
import Testing

@testable import Training

/// Input pipelines built here: every node equals that of TensorFlow's GraphDef. Keep each equal to the function of the
/// same name in tools/pipeline_graphs.py.
@Suite struct PipelineGraphTests {
  @Test func pipelinesAreTensorFlows() throws {
    let tf = Graph()
    tf.setRandomSeed(3)
    let names = try tf.stringInputProducer(["a", "b", "c"], epochs: 2, capacity: 8)
    let reader = try tf.tfRecordReader(compression: .gzip)
    let serialized = try reader.read(names).value
    let parsed = try tf.parseSingleExample(
      serialized,
      features: [
        "label": .fixedLength([], .int64),
        "weight": .fixedLength([2], .float32, defaultValue: Tensor([1, 2] as [Float])),
        "img": .fixedLength([], .string), "words": .variableLength(.string),
      ])
    let image = try tf.reshape(tf.decodeRaw(parsed["img"], .uint8), to: [4, 4])
    _ = try tf.batch([image, parsed["label"]], batchSize: 5, threads: 2, capacity: 16)
    _ = try tf.batch([image], batchSize: 5, allowsSmallerFinalBatch: true, name: "rest")
    _ = try tf.shuffleBatch(
      [image, parsed["weight"]], batchSize: 5, capacity: 60, minimumAfterDequeue: 20, seed: 9,
      allowsSmallerFinalBatch: true)
    _ = try reader.recordsProduced()
    let lines = try tf.textLineReader(skipHeaderLines: 1)
    let line = try lines.read(names).value
    _ = try tf.decodeCSV(line, defaults: [Tensor([0] as [Float]), Tensor([1] as [Int32])])
    let values = try tf.wholeFileReader().read(names, upTo: 3).values
    _ = try tf.parseExample(
      values,
      features: [
        "label": .fixedLength([], .int64, defaultValue: Tensor(Int64(7))), "words": .variableLength(.string),
      ])
    let rows = try tf.inputProducer(tf.constant([[1, 2], [3, 4]]), shuffle: false, name: "rows")
    _ = try rows.dequeue()
    try expectGraph(tf, equals: "golden/pipeline.pb")
  }

  @Test func queuesAreTensorFlows() throws {
    let tf = Graph()
    let queue = try tf.fifoQueue(capacity: 10, dtypes: [.float32, .int32], shapes: [[2], []])
    _ = try queue.enqueue([[1.0, 2.0], 3])
    _ = try queue.enqueueMany([[[1.0, 2.0]], [3]])
    _ = try (queue.dequeue(), queue.dequeueMany(2), queue.dequeueUpTo(3, name: "some"))
    _ = try (queue.size(), queue.close(), queue.close(cancelPendingEnqueues: true))
    _ = try tf.paddingFIFOQueue(capacity: 5, dtypes: [.float32], shapes: [[nil]], name: "padded").dequeueMany(2)
    try tf.nameScope("deep") {
      let shuffled = try tf.randomShuffleQueue(capacity: 5, minimumAfterDequeue: 2, dtypes: [.int32], seed: 4)
      _ = try shuffled.enqueue([1])
      _ = try shuffled.dequeue()
    }
    try expectGraph(tf, equals: "golden/queues.pb")
  }

  @Test func theTextbookPipelineHasTensorFlowsNodesAndRunners() throws {
    let expected = try Tensorflow_MetaGraphDef(serializedBytes: Fixture.data("graphs/input_pipeline/model.meta"))
    let tf = Graph()
    tf.setRandomSeed(67)
    let file = expected.graphDef.node.first { $0.name == "input_producer/Const" }
    let name = String(decoding: file?.attr["value"]?.tensor.stringVal.first ?? .init(), as: UTF8.self)
    let names = try tf.stringInputProducer([name], shuffle: false)
    let serialized = try tf.tfRecordReader().read(names).value
    let parsed = try tf.parseSingleExample(
      serialized, features: ["label": .fixedLength([], .int64), "img_raw": .fixedLength([], .string)])
    let image = try tf.reshape(tf.decodeRaw(parsed["img_raw"], .uint8), to: [25, 25, 3])
    let label = try tf.cast(parsed["label"], to: .int32)
    _ = try tf.shuffleBatch([image, label], batchSize: 18, capacity: 2000, minimumAfterDequeue: 100, threads: 2)
    let found = try MetaGraph.export(tf).proto
    #expect(found.graphDef.node.map(\.name) == expected.graphDef.node.map(\.name))
    for (one, other) in zip(found.graphDef.node, expected.graphDef.node) {
      #expect(NodeText(one).description == NodeText(other).description)
    }
    #expect(found.collectionDef["queue_runners"] == expected.collectionDef["queue_runners"])
    #expect(found.collectionDef["summaries"] == expected.collectionDef["summaries"])
  }

  @Test func mistakesAreNamedAsInTensorFlow() throws {
    let tf = Graph()
    func message(_ body: () throws -> some Any) -> String {
      do {
        _ = try body()
        return ""
      } catch {
        return "\(error)"
      }
    }
    #expect(message { try tf.batch([], batchSize: 2) } == "Expected at least one tensor in batch().")
    #expect(
      message { try tf.shuffleBatch([1], batchSize: 2, capacity: 10, minimumAfterDequeue: 10) }
        == "capacity 10 must be bigger than min_after_dequeue 10.")
    let unknown = try tf.placeholder(.float32)
    #expect(message { try tf.batch([unknown], batchSize: 2) }.hasPrefix("Cannot infer Tensor's rank"))
    #expect(message { try tf.parseSingleExample("", features: [:]) } == "Missing features.")
    #expect(
      message { try tf.parseSingleExample("", features: ["f": .fixedLength([], .int32)]) }
        .contains("not in list of allowed values"))
    #expect(
      message { try tf.stringInputProducer(Tensor(strings: [], shape: [0])) }
        == "string_input_producer requires a non-null input tensor")
  }
}
