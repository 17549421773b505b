import Engine
import Foundation
import Records
import Synchronization
import Tensors
import Testing

@testable import Training

/// Whole pipelines: files in, batches out, a clean end.
@Suite struct PipelineRunTests {
  /// Writes `count` examples: label i, and four bytes of it.
  private func write(_ path: String, _ range: Range<Int>, compression: Compression? = nil) throws {
    let writer = try TFRecordWriter(path: path, compression: compression)
    for index in range {
      try writer.write(
        Example([
          "label": .int64s([Int64(index)]), "image": .bytes([[UInt8](repeating: UInt8(index), count: 4)]),
        ]))
    }
    try writer.close()
    try writer.close()
    #expect(throws: EngineError(.failedPrecondition, "Writer not initialized or previously closed")) {
      try writer.write([1])
    }
  }

  private func labels(
    _ paths: [String], epochs: Int = 1, threads: Int = 1, compression: Compression? = nil, shuffle: Bool = true
  ) throws -> (batches: [[Int64]], session: Session, coordinator: Coordinator) {
    let graph = Graph()
    graph.seed = 1
    let names = try graph.stringInputProducer(
      Tensor(strings: paths.map { Array($0.utf8) }, shape: [paths.count]), epochs: epochs)
    let parsed = try graph.parseSingleExample(
      graph.tfRecordReader(compression: compression).read(names).value,
      features: ["label": .fixedLength([], .int64), "image": .fixedLength([], .string)])
    let image = try graph.reshape(graph.decodeRaw(parsed["image"], .uint8), to: [2, 2])
    let batch =
      shuffle
      ? try graph.shuffleBatch(
        [image, parsed["label"]], batchSize: 8, capacity: 40, minimumAfterDequeue: 10, threads: threads,
        allowsSmallerFinalBatch: true)
      : try graph.batch([image, parsed["label"]], batchSize: 8, threads: threads)
    let session = graph.makeSession()
    try session.run(graph.localVariablesInitializer())
    let coordinator = Coordinator()
    session.startQueueRunners(coordinator)
    var batches: [[Int64]] = []
    do {
      while !coordinator.shouldStop {
        let values = try session.run(batch)
        let labels = values[1].scalars(Int64.self)
        #expect(values[0].shape == [labels.count, 2, 2])
        #expect(values[0].scalars(UInt8.self) == labels.flatMap { [UInt8](repeating: UInt8($0), count: 4) })
        batches.append(labels)
      }
    } catch let error as EngineError where error.code == .outOfRange {
      coordinator.requestStop()
    }
    return (batches, session, coordinator)
  }

  @Test(arguments: [1, 3]) func everyExampleComesOnceAnEpochAndInRandomOrder(_ threads: Int) throws {
    let folder = TemporaryFolder()
    try write(folder.path + "/a", 0..<40)
    try write(folder.path + "/b", 40..<50)
    let (batches, _, coordinator) = try labels([folder.path + "/a", folder.path + "/b"], epochs: 2, threads: threads)
    try coordinator.join()
    let all = batches.flatMap { $0 }
    #expect(all.sorted() == (0..<50).flatMap { [Int64($0), Int64($0)] })
    #expect(all != all.sorted())
    #expect(batches.dropLast().allSatisfy { $0.count == 8 })
    #expect(batches.last?.count == 4)
  }

  @Test func withoutShufflingTheOrderStaysAndTheRestIsDropped() throws {
    let folder = TemporaryFolder()
    try write(folder.path + "/a.gz", 0..<20, compression: .gzip)
    let (batches, _, coordinator) = try labels([folder.path + "/a.gz"], compression: .gzip, shuffle: false)
    try coordinator.join()
    #expect(batches == [Array(0..<8), Array(8..<16)])
  }

  @Test func anErrorOfAThreadComesOutWhereItIsJoined() throws {
    let path = try Fixture.path("tfrecord/bad_data_crc.tfrecord")
    let graph = Graph()
    let names = try graph.stringInputProducer(Tensor(strings: [Array(path.utf8)], shape: [1]), shuffle: false)
    let record = try graph.tfRecordReader().read(names)
    let batch = try graph.batch([record.value], batchSize: 2)
    let session = graph.makeSession()
    let coordinator = Coordinator()
    session.startQueueRunners(coordinator)
    var count = 0
    #expect(throws: EngineError.self) { while true { count += try session.run(batch)[0].elementCount } }
    #expect(count == 4)
    let error = #expect(throws: EngineError.self) { try coordinator.join() }
    #expect(error?.code == .dataLoss)
    #expect(error?.message.contains("corrupted record at 148") == true)
  }

  @Test func aMissingLocalInitializerIsNamed() throws {
    let graph = Graph()
    let names = try graph.stringInputProducer(["a"], epochs: 1)
    let name = try names.dequeue()[0]
    let session = graph.makeSession()
    let coordinator = Coordinator()
    session.startQueueRunners(coordinator)
    #expect(throws: EngineError.self) { try session.run(name) }
    let error = #expect(throws: EngineError.self) { try coordinator.join() }
    #expect(error?.code == .failedPrecondition)
    #expect(error?.message.contains("input_producer/limit_epochs/epochs") == true)
  }

  @Test func importedPipelinesBringTheirRunners() throws {
    let graph = Graph()
    _ = try graph.importMetaGraph(Fixture.path("graphs/input_pipeline/model.meta"))
    let session = graph.makeSession()
    // The queue of names is fed from here: where the graph's own file was is not known.
    let runners = graph.collection(GraphKeys.queueRunners).compactMap { $0 as? QueueRunner }
    #expect(runners.map(\.queueName) == ["input_producer", "shuffle_batch/random_shuffle_queue"])
    #expect(runners[1].enqueueOps.count == 2)
    let path = try Fixture.path("tfrecord/data.tfrecord")
    let identity = try graph.output(named: "input_producer/Identity:0")
    for _ in 0..<12 {
      _ = try session.run(
        [.node(runners[0].enqueueOps[0])], feeds: [identity: Tensor(strings: [Array(path.utf8)], shape: [1])])
    }
    let coordinator = Coordinator()
    runners[1].start(session, coordinator)
    let images = try session.run(graph.output(named: "shuffle_batch:0"))
    let labels = try session.run(graph.output(named: "shuffle_batch:1"))
    #expect(images.shape == [18, 25, 25, 3])
    #expect(labels.scalars(Int32.self).allSatisfy { (0..<3).contains($0) })
    coordinator.requestStop()
    // Nobody runs the queue of names, so nobody wakes those who wait for one.
    try session.run(runners[0].cancelOp)
    try coordinator.join()
  }

  @Test func examplesReadBack() throws {
    let example = Example([
      "a": .floats([1.5, .infinity]), "b": .int64s([.min, .max]), "c": .text(["é", ""]), "d": .bytes([]),
    ])
    #expect(try Example(serialized: example.serialized) == example)
    #expect(try Example(serialized: []) == Example())
    #expect(throws: BuildError.self) { try Example(serialized: [0xff, 1]) }
    let graph = Graph()
    let parsed = try graph.parseSingleExample(
      Tensor(strings: [example.serialized], shape: .scalar),
      features: ["a": .fixedLength([2], .float32), "b": .variableLength(.int64)])
    let session = graph.makeSession()
    #expect(try session.run(parsed["a"]).scalars(Float.self) == [1.5, .infinity])
    #expect(try session.run(try #require(parsed.sparse["b"]).values).scalars(Int64.self) == [.min, .max])
  }
}
