import Dispatch
import Engine
import Foundation
import Protos
import Tensors
import Testing

@testable import Training

/// Record files through readers, queues and parsers.
@Suite struct InputPipelineTests {
  static func url(_ path: String) throws -> URL {
    try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures").appendingPathComponent(path)
  }

  /// A pipeline of TensorFlow 1.15: names of files, a reader, a parser, batches in random order.
  @Test(.timeLimit(.minutes(1))) func anImportedPipelineFeedsBatches() async throws {
    let meta = try Tensorflow_MetaGraphDef(
      serializedBytes: Data(contentsOf: Self.url("graphs/input_pipeline/model.meta")))
    let graph = try Graph(graphDef: meta.graphDef)
    let session = graph.makeSession()
    let runners = try (meta.collectionDef["queue_runners"]?.bytesList.value ?? []).map {
      try Tensorflow_QueueRunnerDef(serializedBytes: $0)
    }
    #expect(runners.count == 2)
    // The file's name of the machine that made the graph is a constant: ours is fed instead.
    let names = try #require(
      meta.graphDef.node.first {
        $0.op == "Const" && $0.attr["dtype"]?.type == .dtString && $0.name.contains("input_prod")
      })
    let file = Tensor(strings: [Array(try Self.url("tfrecord/data.tfrecord").path.utf8)], shape: [1])
    let batch = try #require(graph.nodes.first { $0.op == "QueueDequeueManyV2" })
    await withTaskGroup(of: Void.self) { group in
      for runner in runners {
        for operation in runner.enqueueOpName {
          group.addTask {
            await withCheckedContinuation { continuation in
              DispatchQueue(label: operation).async {
                do {
                  // Until something is over: the file's name is fed five times, its 12 records follow.
                  let times = operation.hasPrefix("input_producer") ? 5 : Int.max
                  for _ in 0..<times { _ = try session.run([operation], feeds: ["\(names.name):0": file]) }
                } catch {}
                _ = try? session.run([runner.closeOpName])
                continuation.resume()
              }
            }
          }
        }
      }
      group.addTask {
        await withCheckedContinuation { continuation in
          DispatchQueue(label: "consumer").async {
            do {
              var labels: [Int64] = []
              for _ in 0..<2 {
                let values = try session.run(batch.outputs.map(GraphElement.output)).compactMap { $0 }
                let numbers = try #require(values.first { $0.rank == 1 })
                let images = try #require(values.first { $0.rank == 4 })
                #expect(Array(images.shape.dimensions.dropFirst()) == [25, 25, 3])
                #expect(numbers.elementCount == images.shape[0])
                labels +=
                  numbers.dtype == .int64 ? numbers.scalars(Int64.self) : numbers.scalars(Int32.self).map(Int64.init)
              }
              #expect(labels.allSatisfy { (0..<3).contains($0) })
              #expect(labels != labels.sorted(), "batches are shuffled")
            } catch {
              Issue.record("\(error)")
            }
            session.close()
            continuation.resume()
          }
        }
      }
    }
  }

  private func reader(_ graph: Graph, _ files: [String], compression: String = "") throws -> (
    read: Node, start: Node, counts: [Output]
  ) {
    let queue = try graph.add(
      "FIFOQueueV2", attributes: ["component_types": .types([.string]), "shapes": .shapes([.scalar])])
    let names = try graph.constant(Tensor(strings: files.map { Array($0.utf8) }, shape: [files.count]))
    let enqueue = try graph.addNode(op: "QueueEnqueueManyV2", inputs: [queue, names])
    let close = try graph.withControlDependencies([enqueue]) { try graph.addNode(op: "QueueCloseV2", inputs: [queue]) }
    let reader = try graph.add("TFRecordReaderV2", attributes: ["compression_type": .string(compression)])
    let read = try graph.addNode(op: "ReaderReadV2", inputs: [reader, queue])
    let counts = [
      try graph.add("ReaderNumRecordsProducedV2", [reader]), try graph.add("ReaderNumWorkUnitsCompletedV2", [reader]),
    ]
    return (read, close, counts)
  }

  @Test(arguments: [("train.tfrecords", ""), ("compressed.gzip.tfrecord", "GZIP")])
  func readersGiveEveryRecord(file: String, compression: String) throws {
    let path = try Self.url("tfrecord/\(file)").path
    let graph = Graph()
    let (read, start, counts) = try reader(graph, [path], compression: compression)
    let session = graph.makeSession()
    try session.run(start)
    var records = 0
    do {
      while true {
        let pair = try session.run(read.outputs)
        if records == 0 { #expect(pair[0].strings == [Array("\(path):0".utf8)]) }
        records += 1
      }
    } catch let error as EngineError {
      #expect(error.code == .outOfRange)
      #expect(error.message.hasSuffix("is closed and has insufficient elements (requested 1, current size 0)"))
    }
    let totals = try session.run(counts).map { $0.scalar(Int64.self) }
    #expect(totals == [Int64(records), 1])
    #expect(records == (file == "train.tfrecords" ? 100 : 6))
  }

  @Test(arguments: [
    ("bad_data_crc.tfrecord", "corrupted record at 148", 4), ("truncated.tfrecord", "truncated record at 306", 9),
  ])
  func damageEndsAFileWithTensorFlowsError(file: String, message: String, good: Int) throws {
    let graph = Graph()
    let (read, start, _) = try reader(graph, [try Self.url("tfrecord/\(file)").path])
    let session = graph.makeSession()
    try session.run(start)
    for _ in 0..<good { try session.run(read) }
    for _ in 0..<2 {
      do {
        try session.run(read)
        Issue.record("a damaged record was read")
      } catch let error as EngineError {
        #expect(error.code == .dataLoss)
        #expect(error.message.hasPrefix(message))
        #expect(error.node == read.name)
      }
    }
  }

  @Test func missingFilesAndCompressionsAreNamed() throws {
    let graph = Graph()
    let (read, start, _) = try reader(graph, ["/nowhere/at all"])
    let session = graph.makeSession()
    try session.run(start)
    do {
      try session.run(read)
      Issue.record("read a file that is not there")
    } catch let error as EngineError {
      #expect(error.code == .notFound)
      #expect(error.message.hasPrefix("/nowhere/at all; No such file or directory"))
    }
  }
}
