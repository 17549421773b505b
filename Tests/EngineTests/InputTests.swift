import Dispatch
import Foundation
import Protos
import SwiftProtobuf
import Tensors
import Testing

@testable import Engine

/// Queues: what goes in comes out, who cannot go on waits, who never can gets TensorFlow's error.
@Suite struct QueueTests {
  private func queue(
    _ op: String, _ types: [DataType], _ shapes: [PartialShape] = [], capacity: Int = -1,
    _ more: [String: AttributeValue] = [:]
  ) throws -> (graph: Graph, queue: Output) {
    let graph = Graph()
    let attributes: [String: AttributeValue] = [
      "component_types": .types(types), "shapes": shapes.isEmpty ? .emptyList : .shapes(shapes),
      "capacity": .int(Int64(capacity)),
    ]
    return (graph, try graph.add(op, name: "q", attributes: attributes.merging(more) { $1 }))
  }

  private func dequeue(_ queue: Output, _ type: DataType, many: Int? = nil, upTo: Bool = false) throws -> Output {
    let graph = queue.graph
    guard let many else {
      return try graph.add("QueueDequeueV2", [queue], attributes: ["component_types": .types([type])])
    }
    return try graph.add(
      upTo ? "QueueDequeueUpToV2" : "QueueDequeueManyV2", [queue, graph.constant(Tensor(Int32(many)))],
      attributes: ["component_types": .types([type])])
  }

  private func code(_ body: () throws -> Void) -> EngineError.Code? {
    do {
      try body()
      return nil
    } catch {
      return (error as? EngineError)?.code
    }
  }

  @Test func elementsComeOutInOrderUntilTheQueueIsClosedAndEmpty() throws {
    let (graph, queue) = try queue("FIFOQueueV2", [.float32], [[2]], capacity: 5)
    let batch = try graph.constant(Tensor([1, 2, 3, 4] as [Float], shape: [2, 2]))
    let enqueue = try graph.addNode(op: "QueueEnqueueManyV2", inputs: [queue, batch])
    let one = try dequeue(queue, .float32)
    let many = try dequeue(queue, .float32, many: 3)
    let upTo = try dequeue(queue, .float32, many: 3, upTo: true)
    let size = try graph.add("QueueSizeV2", [queue])
    let close = try graph.addNode(op: "QueueCloseV2", inputs: [queue])
    #expect(one.shape == [2])
    #expect(many.shape == [3, 2])
    #expect(upTo.shape == [nil, 2])
    let session = Session(graph: graph)
    try session.run(enqueue)
    #expect(try session.run(one).scalars(Float.self) == [1, 2])
    #expect(try session.run(size).scalar(Int32.self) == 1)
    try session.run(close)
    #expect(message { try session.run(close) } == "Queue '_0_q' is already closed.")
    #expect(message { try session.run(enqueue) } == "FIFOQueue '_0_q' is closed.")
    #expect(code { try session.run(enqueue) } == .cancelled)
    #expect(
      message { _ = try session.run(many) }
        == "FIFOQueue '_0_q' is closed and has insufficient elements (requested 3, current size 1)")
    #expect(code { _ = try session.run(many) } == .outOfRange)
    #expect(try session.run(upTo).scalars(Float.self) == [3, 4])
    #expect(
      message { _ = try session.run(one) }
        == "FIFOQueue '_0_q' is closed and has insufficient elements (requested 1, current size 0)")
  }

  @Test func whatDoesNotFitIsRefused() throws {
    let (graph, queue) = try queue("FIFOQueueV2", [.float32], [[2]])
    let x = try placeholder(graph, name: "x")
    let enqueue = try graph.addNode(op: "QueueEnqueueV2", inputs: [queue, x])
    let many = try graph.addNode(op: "QueueEnqueueManyV2", inputs: [queue, x])
    let taken = try graph.add(
      "QueueDequeueManyV2", [queue, placeholder(graph, .int32, [], name: "n")],
      attributes: ["component_types": .types([.float32])])
    let n = try graph.output(named: "n:0")
    let session = Session(graph: graph)
    let three = Tensor([1, 2, 3] as [Float], shape: [3])
    #expect(
      message { try session.run(enqueue, feeds: [x: three]) }
        == "Shape mismatch in tuple component 0. Expected [2], got [3]")
    #expect(
      message { try session.run(many, feeds: [x: three.reshaped(to: [1, 3])]) }
        == "Shape mismatch in tuple component 0. Expected [1,2], got [1,3]")
    #expect(message { try session.run(many, feeds: [x: Tensor(Float(1))]) }.contains("is a scalar"))
    #expect(
      message { _ = try session.run(taken, feeds: [n: Tensor(Int32(-1))]) }
        == "DequeueManyOp requested -1 < 0 elements")
    #expect(try session.run(taken, feeds: [n: Tensor(Int32(0))]).shape == [0, 2])
  }

  /// TensorFlow 1.15.5 gave these numbers for `seed=7`.
  @Test func shufflesAreTensorFlows() throws {
    let (graph, queue) = try queue(
      "RandomShuffleQueueV2", [.int32], [[]], capacity: 100,
      ["min_after_dequeue": .int(2), "seed": .int(87_654_321), "seed2": .int(7)])
    let enqueue = try graph.addNode(
      op: "QueueEnqueueManyV2", inputs: [queue, graph.constant(Tensor((0..<20).map(Int32.init)))])
    let five = try dequeue(queue, .int32, many: 5)
    let one = try dequeue(queue, .int32)
    let close = try graph.addNode(op: "QueueCloseV2", inputs: [queue])
    let rest = try dequeue(queue, .int32, many: 50, upTo: true)
    let fifty = try dequeue(queue, .int32, many: 50)
    let session = Session(graph: graph)
    try session.run(enqueue)
    #expect(try session.run(five).scalars(Int32.self) == [7, 4, 19, 15, 0])
    let singles = try (0..<5).map { _ in try session.run(one).scalar(Int32.self) }
    #expect(singles == [8, 10, 11, 14, 6])
    try session.run(close)
    #expect(
      message { _ = try session.run(fifty) }
        == "RandomShuffleQueue '_0_q' is closed and has insufficient elements (requested 50, current size 10)")
    #expect(Set(try session.run(rest).scalars(Int32.self)) == [16, 1, 12, 3, 17, 5, 2, 18, 13, 9])
  }

  @Test func shorterElementsAreFilledUp() throws {
    let (graph, queue) = try queue("PaddingFIFOQueueV2", [.int32], [[nil]])
    let x = try placeholder(graph, .int32, .unknown, name: "x")
    let enqueue = try graph.addNode(op: "QueueEnqueueV2", inputs: [queue, x])
    let two = try dequeue(queue, .int32, many: 2)
    let session = Session(graph: graph)
    try session.run(enqueue, feeds: [x: Tensor([1, 2] as [Int32])])
    try session.run(enqueue, feeds: [x: Tensor([3] as [Int32])])
    let batch = try session.run(two)
    #expect(batch.shape == [2, 2])
    #expect(batch.scalars(Int32.self) == [1, 2, 3, 0])
    #expect(
      message { try session.run(enqueue, feeds: [x: Tensor([1] as [Int32], shape: [1, 1])]) }
        == "Shape mismatch in tuple component 0. Expected [?], got [1,1]")
  }

  @Test(.timeLimit(.minutes(1))) func producersWaitForRoomAndConsumersForElements() async throws {
    let (graph, queue) = try queue("FIFOQueueV2", [.int32], [[]], capacity: 3)
    let x = try placeholder(graph, .int32, [], name: "x")
    let enqueue = try graph.addNode(op: "QueueEnqueueV2", inputs: [queue, x])
    let ten = try dequeue(queue, .int32, many: 10)
    let session = Session(graph: graph)
    let producer = DispatchQueue(label: "producer")
    producer.async {
      for value in 0..<30 { try? session.run(enqueue, feeds: [x: Tensor(Int32(value))]) }
    }
    var all: [Int32] = []
    // Ten at a time, though only three fit in at once.
    for _ in 0..<3 { all += try session.run(ten).scalars(Int32.self) }
    #expect(all == (0..<30).map(Int32.init))
  }

  @Test(.timeLimit(.minutes(1))) func waitsEndWhenTimeIsUpOrTheSessionCloses() async throws {
    let (graph, queue) = try queue("FIFOQueueV2", [.int32], [[]], capacity: 3)
    let one = try dequeue(queue, .int32)
    let hasty = Session(graph: graph, configuration: .init(operationTimeout: .milliseconds(10)))
    #expect(message { _ = try hasty.run(one) } == "Timed out waiting for notification")
    #expect(code { _ = try hasty.run(one) } == .deadlineExceeded)
    let session = Session(graph: graph)
    let waiter = DispatchQueue(label: "waiter")
    let outcome: EngineError.Code? = await withCheckedContinuation { continuation in
      waiter.async { continuation.resume(returning: self.code { _ = try session.run(one) }) }
      session.close()
    }
    #expect(outcome == .cancelled || outcome == .failedPrecondition)
  }

  @Test(.timeLimit(.minutes(1))) func pendingEnqueuesCanBeCancelled() async throws {
    let (graph, queue) = try queue("FIFOQueueV2", [.int32], [[]], capacity: 1)
    let enqueue = try graph.addNode(
      op: "QueueEnqueueManyV2", inputs: [queue, graph.constant(Tensor([1, 2, 3] as [Int32]))])
    let close = try graph.addNode(
      op: "QueueCloseV2", inputs: [queue], attributes: ["cancel_pending_enqueues": .bool(true)])
    let one = try dequeue(queue, .int32)
    let session = Session(graph: graph)
    let producer = DispatchQueue(label: "producer")
    let outcome: EngineError.Code? = await withCheckedContinuation { continuation in
      producer.async { continuation.resume(returning: self.code { try session.run(enqueue) }) }
      // The first element is in: the producer waits for room.
      _ = try? session.run(one)
      try? session.run(close)
    }
    #expect(outcome == .cancelled)
    // Closed for good; what was in may come out.
    #expect(code { try session.run(enqueue) } == .cancelled)
  }

  @Test func namesAreSharedWithinASession() throws {
    let graph = Graph()
    let attributes: [String: AttributeValue] = [
      "component_types": .types([.int32]), "shared_name": .string("common"),
    ]
    let first = try graph.add("FIFOQueueV2", attributes: attributes)
    let second = try graph.add("FIFOQueueV2", attributes: attributes)
    let other = try graph.add("PaddingFIFOQueueV2", attributes: attributes)
    let enqueue = try graph.addNode(op: "QueueEnqueueV2", inputs: [first, graph.constant(Tensor(Int32(7)))])
    let session = Session(graph: graph)
    try session.run(enqueue)
    #expect(try session.run(dequeue(second, .int32)).scalar(Int32.self) == 7)
    #expect(message { _ = try session.run(graph.add("QueueSizeV2", [other])) }.contains("is shared by"))
    // Another session has queues of its own.
    #expect(try Session(graph: graph).run(graph.add("QueueSizeV2", [first])).scalar(Int32.self) == 0)
  }
}

/// Examples, raw bytes and lines.
@Suite struct ParsingTests {
  static func example(_ features: [String: Tensorflow_Feature]) throws -> [UInt8] {
    try [UInt8](Tensorflow_Example.with { $0.features.feature = features }.serializedData() as Data)
  }

  static let common: [String: Tensorflow_Feature] = [
    "label": .with { $0.int64List.value = [3] }, "f": .with { $0.floatList.value = [1, 2] },
    "s": .with { $0.bytesList.value = [Data("ab".utf8)] },
  ]

  private func single(
    _ key: String, _ dtype: DataType, _ shape: PartialShape, fallback: Tensor? = nil, _ bytes: [UInt8]? = nil
  ) throws -> Tensor {
    let graph = Graph()
    let serialized = try graph.constant(Tensor(strings: [try bytes ?? Self.example(Self.common)], shape: .scalar))
    let none = try graph.constant(fallback ?? Tensor(zeros: dtype, shape: [0]))
    let parsed = try graph.addNode(
      op: "ParseSingleExample", inputs: [serialized, none],
      attributes: [
        "num_sparse": .int(0), "sparse_keys": .emptyList, "sparse_types": .emptyList, "dense_keys": .strings([key]),
        "Tdense": .types([dtype]), "dense_shapes": .shapes([shape]),
      ])
    return try Session(graph: graph).run(parsed.output(0))
  }

  @Test func denseFeaturesHaveTheirShape() throws {
    #expect(try single("label", .int64, []).scalar(Int64.self) == 3)
    #expect(try single("f", .float32, [2]).scalars(Float.self) == [1, 2])
    #expect(try single("f", .float32, [1, 2]).shape == [1, 2])
    #expect(try single("f", .float32, [nil]).shape == [2])
    #expect(try single("none", .float32, [nil]).shape == [0])
    #expect(try single("s", .string, []).strings == [Array("ab".utf8)])
    #expect(try single("none", .float32, [2], fallback: Tensor([5, 6] as [Float])).scalars(Float.self) == [5, 6])
  }

  @Test func errorsAreTensorFlows() throws {
    #expect(
      message { _ = try single("nope", .int64, []) }
        == "Feature: nope (data type: int64) is required but could not be found.")
    #expect(
      message { _ = try single("label", .float32, []) }
        == "Key: label.  Data types don't match. Data type: int64 but expected type: float")
    #expect(message { _ = try single("f", .float32, [3]) } == "Key: f.  Can't parse serialized Example.")
    #expect(
      message { _ = try single("f", .float32, [2], Array("garbage".utf8)) }
        == "Could not parse example input, value: 'garbage'")
    let empty = try Self.example(["e": Tensorflow_Feature()])
    #expect(
      message { _ = try single("e", .float32, [], empty) }
        == "Feature: e (data type: float) is required but could not be found.")
  }

  private func batch(
    _ examples: [[UInt8]], sparse: [(String, DataType)] = [], dense: [(String, DataType, PartialShape)] = []
  ) throws -> [Tensor] {
    let graph = Graph()
    func text(_ string: String) throws -> Output { try graph.constant(Tensor(string)) }
    var inputs = [
      try graph.constant(Tensor(strings: examples, shape: [examples.count])),
      try graph.constant(Tensor(strings: [], shape: [0])),
    ]
    inputs += try sparse.map { try text($0.0) } + dense.map { try text($0.0) }
    inputs += try dense.map { try graph.constant(Tensor(zeros: $0.1, shape: [0])) }
    let node = try graph.addNode(
      op: "ParseExample", inputs: inputs,
      attributes: [
        "Nsparse": .int(Int64(sparse.count)), "Ndense": .int(Int64(dense.count)),
        "sparse_types": sparse.isEmpty ? .emptyList : .types(sparse.map(\.1)),
        "Tdense": dense.isEmpty ? .emptyList : .types(dense.map(\.1)),
        "dense_shapes": dense.isEmpty ? .emptyList : .shapes(dense.map(\.2)),
      ])
    return try Session(graph: graph).run(node.outputs)
  }

  @Test func batchesAreJoinedAndFilledUp() throws {
    let common = try Self.example(Self.common)
    let short = try Self.example(["f": .with { $0.floatList.value = [9] }])
    let dense = try batch([common, short], dense: [("f", .float32, [nil])])
    #expect(dense[0].shape == [2, 2])
    #expect(dense[0].scalars(Float.self) == [1, 2, 9, 0])
    let sparse = try batch([common, short], sparse: [("f", .float32), ("z", .int64)])
    #expect(sparse[0].scalars(Int64.self) == [0, 0, 0, 1, 1, 0])
    #expect(sparse[1].shape == [0, 2])
    #expect(sparse[2].scalars(Float.self) == [1, 2, 9])
    #expect(sparse[4].scalars(Int64.self) == [2, 2])
    #expect(sparse[5].scalars(Int64.self) == [2, 0])
    #expect(
      message { _ = try batch([common, short], dense: [("label", .int64, [])]) }
        == "Name: <unknown>, Feature: label (data type: int64) is required but could not be found.")
    #expect(
      message { _ = try batch([common], dense: [("f", .float32, [3])]) }
        == "Name: <unknown>, Key: f, Index: 0.  Number of float values != expected.  Values size: 2 but output shape: [3]"
    )
    #expect(
      message { _ = try batch([common, short], dense: [("f", .float32, [nil, 2])]) }
        == "Name: <unknown>, Key: f, Index: 1.  Number of float values is not a multiple of stride length. Saw 1 values "
        + "but output shape is: [?,2]")
  }

  private func raw(_ strings: [String], _ dtype: DataType, littleEndian: Bool = true) throws -> Tensor {
    let graph = Graph()
    let bytes = try graph.constant(Tensor(strings: strings.map { Array($0.utf8) }, shape: [strings.count]))
    return try Session(graph: graph).run(
      graph.add("DecodeRaw", [bytes], attributes: ["out_type": .type(dtype), "little_endian": .bool(littleEndian)]))
  }

  @Test func rawBytesBecomeNumbers() throws {
    #expect(try raw(["ab", "cd"], .int16).scalars(Int16.self) == [25185, 25699])
    #expect(try raw(["ab", "cd"], .int16, littleEndian: false).scalars(Int16.self) == [24930, 25444])
    #expect(try raw(["", ""], .int16).shape == [2, 0])
    #expect(
      message { _ = try raw(["abc"], .int16) }
        == "Input to DecodeRaw has length 3 that is not a multiple of 2, the size of int16")
    #expect(
      message { _ = try raw(["ab", "c"], .uint8) }
        == "DecodeRaw requires input strings to all be the same size, but element 1 has size 2 != 1")
  }

  private func csv(_ lines: [String], _ more: [String: AttributeValue] = [:], required: Bool = false) throws -> [Tensor]
  {
    let graph = Graph()
    let records = try graph.constant(Tensor(strings: lines.map { Array($0.utf8) }, shape: [lines.count]))
    let first = required ? Tensor([] as [Int32], shape: [0]) : Tensor(Int32(7))
    let defaults = try [first, Tensor(Float(1.5)), Tensor("")].map { try graph.constant($0) }
    return try Session(graph: graph).run(
      graph.addNode(op: "DecodeCSV", inputs: [records] + defaults, attributes: more).outputs)
  }

  @Test func linesBecomeColumns() throws {
    let columns = try csv(["1,2.5,abc", "4,,\"x,\"\"y\""])
    #expect(columns[0].scalars(Int32.self) == [1, 4])
    #expect(columns[1].scalars(Float.self) == [2.5, 1.5])
    #expect(columns[2].strings.map { String(decoding: $0, as: UTF8.self) } == ["abc", "x,\"y"])
    #expect(try csv(["NA,2,3"], ["na_value": .string("NA")])[0].scalars(Int32.self) == [7])
    let chosen = try csv(["0,1,2,3"], ["select_cols": .ints([1, 2, 3])])
    #expect(chosen[0].scalars(Int32.self) == [1])
    #expect(message { _ = try csv(["1,2"]) } == "Expect 3 fields but have 2 in record 0")
    #expect(message { _ = try csv(["z,2,3"]) } == "Field 0 in record 0 is not a valid int32: z")
    #expect(message { _ = try csv(["1,z,3"]) } == "Field 1 in record 0 is not a valid float: z")
    #expect(message { _ = try csv([",2,3"], required: true) } == "Field 0 is required but missing in record 0!")
    #expect(message { _ = try csv(["1,2,a\"b"]) } == "Unquoted fields cannot have quotes/CRLFs inside")
    #expect(message { _ = try csv(["\"1,2"]) } == "Quoted field has to end with quote followed by delim or end")
    #expect(message { _ = try csv(["\"1\"2,3,4"]) } == "Quote inside a string has to be escaped by another quote")
  }

  @Test func filesAreReadAndWrittenWhole() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let graph = Graph()
    let path = try graph.constant(Tensor(folder + "/deep/file.txt"))
    let write = try graph.addNode(op: "WriteFile", inputs: [path, graph.constant(Tensor("a\nbb\r\nccc"))])
    let read = try graph.add("ReadFile", [path])
    let matching = try graph.add("MatchingFiles", [graph.constant(Tensor(folder + "/*/*.txt"))])
    let session = Session(graph: graph)
    #expect(message { _ = try session.run(read) }.hasSuffix("/deep/file.txt; No such file or directory"))
    try session.run(write)
    #expect(try session.run(read).strings == [Array("a\nbb\r\nccc".utf8)])
    #expect(try session.run(matching).strings == [Array((folder + "/deep/file.txt").utf8)])
    // Line by line.
    let queue = try graph.add("FIFOQueueV2", attributes: ["component_types": .types([.string])])
    let names = try graph.addNode(op: "QueueEnqueueV2", inputs: [queue, path])
    let lines = try graph.add("TextLineReaderV2", attributes: ["skip_header_lines": .int(1)])
    let line = try graph.addNode(op: "ReaderReadV2", inputs: [lines, queue])
    try session.run(names)
    let two = try (0..<2).map { _ in
      try session.run(line.outputs).map { String(decoding: $0.strings[0], as: UTF8.self) }
    }
    #expect(two.map { $0[1] } == ["bb", "ccc"])
    #expect(two[0][0].hasSuffix("file.txt:2"))
  }
}
