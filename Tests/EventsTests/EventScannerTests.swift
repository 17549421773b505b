import Records
import Tensors
import Testing

@testable import Events

/// Bytes of a record file with these events.
func file(_ events: [[UInt8]]) -> [UInt8] {
  var bytes: [UInt8] = []
  for event in events { appendRecordFrame(event, to: &bytes) }
  return bytes
}

func summaryEvent(_ summary: [UInt8], step: Int64 = 1, wallTime: Double = 100) -> [UInt8] {
  EventEncoder.event(wallTime: wallTime, step: step, .summary, summary)
}

/// A message of fields given as (number, content).
func message(_ fields: [(UInt64, [UInt8])]) -> [UInt8] {
  var proto = ProtoBuffer()
  for (number, content) in fields { proto.message(number, content) }
  return proto.bytes
}

/// A summary of one tensor value for the scalars plugin, with the TensorProto given in bytes.
func scalarTensor(_ tensor: [UInt8], tag: String = "t") -> [UInt8] {
  let metadata = message([(1, message([(1, Array("scalars".utf8))]))])
  return message([(1, message([(1, Array(tag.utf8)), (8, tensor), (9, metadata)]))])
}

@Suite struct EventScannerTests {
  /// Rank-0 and one-element tensors of every number type, in every way a TensorProto can hold them.
  @Test func scalarsOfEveryTypeKeepTheirPrecision() throws {
    func tensor(_ dtype: DataType, _ rest: (inout ProtoBuffer) -> Void) -> [UInt8] {
      var proto = ProtoBuffer()
      proto.integer(1, Int64(dtype.rawValue))
      proto.message(2, [])
      rest(&proto)
      return proto.bytes
    }
    let minusThree = UInt64(bitPattern: -3)
    let cases: [(String, [UInt8], ScalarValues, DataType)] = [
      ("packed float", tensor(.float32) { $0.message(5, [0, 0, 0xC0, 0x3F]) }, .float32([1.5]), .float32),
      (
        "unpacked float",
        tensor(.float32) {
          $0.key(5, 5)
          $0.fixed32(Float(2.5).bitPattern)
        }, .float32([2.5]), .float32
      ),
      ("float content", tensor(.float32) { $0.message(4, [0, 0, 0xC0, 0x3F]) }, .float32([1.5]), .float32),
      ("no value", tensor(.float32) { _ in }, .float32([0]), .float32),
      ("double", tensor(.float64) { $0.packed(6, [0.1]) }, .float64([0.1]), .float64),
      (
        "double content", tensor(.float64) { $0.message(4, [0, 0, 0, 0, 0, 0, 0xF8, 0x3F]) }, .float64([1.5]), .float64
      ),
      ("half", tensor(.float16) { $0.message(13, [0x80, 0x78]) }, .float32([1]), .float16),
      ("bfloat16 content", tensor(.bfloat16) { $0.message(4, [0xC0, 0x3F]) }, .float32([1.5]), .bfloat16),
      (
        "int32",
        tensor(.int32) {
          $0.key(7, 0)
          $0.varint(minusThree)
        }, .int64([-3]), .int32
      ),
      ("int8 content", tensor(.int8) { $0.message(4, [0xFD]) }, .int64([-3]), .int8),
      ("uint8 content", tensor(.uint8) { $0.message(4, [0xFD]) }, .int64([253]), .uint8),
      ("int16 content", tensor(.int16) { $0.message(4, [0xFD, 0xFF]) }, .int64([-3]), .int16),
      ("uint16 packed", tensor(.uint16) { $0.message(7, [0xFD, 0x01]) }, .int64([253]), .uint16),
      (
        "int64",
        tensor(.int64) {
          $0.key(10, 0)
          $0.varint(1 << 62)
        }, .int64([1 << 62]), .int64
      ),
      ("bool", tensor(.bool) { $0.message(11, [1]) }, .int64([1]), .bool),
      ("uint32", tensor(.uint32) { $0.message(16, [5]) }, .int64([5]), .uint32),
      (
        "uint64",
        tensor(.uint64) {
          $0.key(17, 0)
          $0.varint(.max)
        }, .uint64([.max]), .uint64
      ),
      (
        "shape [1]",
        {
          var proto = ProtoBuffer()
          proto.integer(1, 1)
          proto.message(2, message([(2, [0x08, 1])]))
          proto.message(5, [0, 0, 0xC0, 0x3F])
          return proto.bytes
        }(), .float32([1.5]), .float32
      ),
    ]
    for (name, tensor, values, dtype) in cases {
      let whole = try WholeFile(file([summaryEvent(scalarTensor(tensor))]))
      let batch = whole.batches[0]
      #expect(batch.scalars.count == 1 && batch.skipped.isEmpty, "\(name)")
      #expect(batch.scalars.first?.values == values, "\(name)")
      #expect(batch.scalars.first?.dtype == dtype, "\(name)")
    }
  }

  @Test func theCommonFormOfTensorFlow2IsReadManyTimes() throws {
    let events = (0..<100).map { index -> [UInt8] in
      var proto = ProtoBuffer()
      proto.integer(1, 1)
      proto.message(2, [])
      proto.key(5, 2)
      proto.varint(4)
      proto.fixed32(Float(index).bitPattern)
      return summaryEvent(scalarTensor(proto.bytes, tag: index % 2 == 0 ? "even" : "odd"), step: Int64(index))
    }
    let whole = try WholeFile(file(events), limit: 500)
    #expect(whole.points["even"]?.map(\.value) == stride(from: 0.0, to: 100, by: 2).map { $0 })
    #expect(whole.points["odd"]?.map(\.step) == stride(from: Int64(1), to: 100, by: 2).map { $0 })
    #expect(whole.batches.count > 5)
  }

  @Test func aTagOfMixedTypesBecomesFloat64() throws {
    var double = ProtoBuffer()
    double.integer(1, 2)
    double.packed(6, [0.1])
    let events = [
      summaryEvent(SummaryEncoder.scalar(tag: "t", 1.5), step: 1), summaryEvent(scalarTensor(double.bytes), step: 2),
      summaryEvent(SummaryEncoder.scalar(tag: "t", 2.5), step: 3),
    ]
    let batch = try WholeFile(file(events)).batches[0]
    // The first value without metadata makes the tag one of scalars.
    #expect(batch.scalars.map(\.values) == [.float64([1.5, 0.1, 2.5])])
    #expect(batch.scalars.map(\.steps) == [[1, 2, 3]])
  }

  @Test func theFirstMetadataOfATagCountsForTheRun() throws {
    let tensor = Tensor([Float(1)], shape: [])
    let first = SummaryEncoder.tensor(tag: "t", tensor, plugin: "scalars", displayName: "First", description: "one")
    let second = SummaryEncoder.tensor(tag: "t", tensor, plugin: "other", displayName: "Second")
    let bare = SummaryEncoder.tensor(tag: "t", tensor)
    let bytes = file([summaryEvent(first), summaryEvent(second), summaryEvent(bare)])
    let whole = try WholeFile(bytes)
    #expect(whole.points["t"]?.count == 3)
    #expect(whole.tags["t"]?.displayName == "First" && whole.tags["t"]?.description == "one")

    // A reader that begins in the middle knows it from the one before.
    let begin = try WholeFile(Array(file([summaryEvent(first)])))
    let later = EventFileReader(
      source: MemorySource(file([summaryEvent(bare)])), knownTags: Array(begin.tags.values))
    let batch = try later.next()
    #expect(batch.scalars.count == 1 && batch.tags.map(\.pluginName) == ["scalars"])
    #expect(batch.tags.map(\.displayName) == ["First"])
  }

  @Test func aTensorWithoutMetadataStaysATensor() throws {
    let summary = SummaryEncoder.tensor(tag: "raw", Tensor([Int32](1...4), shape: [2, 2]))
    let batch = try WholeFile(file([summaryEvent(summary)])).batches[0]
    #expect(batch.values.map(\.kind) == [.tensor] && batch.values[0].shape == [2, 2])
    #expect(batch.values[0].dtype == .int32 && batch.tags[0].pluginName == nil)
  }

  @Test func anEmptyTagFallsBackToTheNodeName() throws {
    let value = message([(7, Array("node".utf8))]) + [0x15, 0, 0, 0x80, 0x3F]
    let whole = try WholeFile(file([summaryEvent(message([(1, value)]))]))
    #expect(whole.points["node"]?.map(\.value) == [1])
  }

  @Test func aTagThatIsNotUTF8IsShownByItsBytesAndTold() throws {
    let value = message([(1, [0x61, 0xFF, 0x62])]) + [0x15, 0, 0, 0x80, 0x3F]
    let bytes = file([summaryEvent(message([(1, value)])), summaryEvent(message([(1, value)]))])
    let whole = try WholeFile(bytes)
    #expect(whole.points["a\u{FFFD}FFb"]?.count == 2)
    #expect(whole.batches[0].warnings.map(\.offset) == [0])
    #expect(whole.skipped.isEmpty)
  }

  @Test func aWallTimeThatIsNotFiniteTakesTheOneBefore() throws {
    let scalar = SummaryEncoder.scalar(tag: "t", 1)
    let bytes = file(
      [.nan, 50, .infinity, -.infinity, 60, .nan].enumerated().map {
        summaryEvent(scalar, step: Int64($0.offset), wallTime: $0.element)
      })
    let reader = EventFileReader(source: MemorySource(bytes), previousWallTime: 7)
    let whole = try WholeFile(reader)
    #expect(whole.points["t"]?.map(\.wallTime) == [7, 50, 50, 50, 60, 60])
    #expect(whole.batches[0].nonFiniteWallTimes == 4)
    #expect(whole.batches[0].firstWallTime == 7 && whole.batches[0].lastWallTime == 60)
  }

  @Test func aMalformedEventHidesOneRecord() throws {
    let good = summaryEvent(SummaryEncoder.scalar(tag: "t", 1))
    let bad: [[UInt8]] = [
      [0x09, 1, 2],  // a wall time cut off
      [0x2A, 50, 1],  // a summary longer than its event
      summaryEvent([0x0A, 9, 1]),  // a value longer than its summary
      summaryEvent(message([(1, message([(1, [0x74]), (8, [0x12, 99])]))])),  // a tensor cut off
      summaryEvent(message([(1, message([(1, [0x68]), (5, [0x32, 8, 0, 0, 0, 0, 0, 0, 0, 0])]))])),  // limits alone
      [0x00, 0x01],  // field number 0
      [0x0C],  // a group that ends without a start
    ]
    for event in bad {
      let bytes = file([good, event, good])
      let whole = try WholeFile(bytes)
      #expect(whole.points["t"]?.count == 2, "\(event)")
      #expect(whole.skipped.count == 1, "\(event)")
      #expect(whole.skipped.first?.offset == UInt64(good.count + 16))
      guard case .malformed = whole.skipped.first?.reason else {
        Issue.record("\(whole.skipped)")
        continue
      }
    }
  }

  @Test func unknownFieldsAreIgnored() throws {
    var event = ProtoBuffer()
    event.bytes = summaryEvent(SummaryEncoder.scalar(tag: "t", 3))
    event.message(99, [1, 2, 3])
    event.integer(98, 5)
    event.key(97, 3)  // a group with a field in it
    event.integer(1, 5)
    event.key(97, 4)
    let whole = try WholeFile(file([event.bytes]))
    #expect(whole.points["t"]?.map(\.value) == [3] && whole.skipped.isEmpty)
  }

  @Test func logMessagesAreKept() throws {
    let log: [UInt8] = [0x08, 30] + message([(2, Array("careful".utf8))])
    var event = ProtoBuffer()
    event.integer(2, 4)
    event.message(6, log)
    let batch = try WholeFile(file([event.bytes])).batches[0]
    #expect(batch.logMessages == [LogMessageEntry(level: 30, message: "careful", step: 4, wallTime: 0, offset: 0)])
  }

  @Test func aValueThatChangedOnDiskIsNotShown() throws {
    let fixture = try FixtureCase("tf1_training")
    let path = fixture.path(".", "events.out.tfevents.1700000100.host")
    let value = try #require(try WholeFile(path: path).untagged.first { $0.kind == .graph })
    var moved = value
    moved.recordOffset += 1
    moved.offset += 1
    #expect(throws: EventError.recordChanged(path: path, offset: moved.recordOffset)) {
      _ = try EventFile.summaryValue(at: moved, path: path)
    }
    var longer = value
    longer.length = .max
    #expect(throws: EventError.recordChanged(path: path, offset: longer.recordOffset)) {
      _ = try EventFile.bytes(of: longer, path: path)
    }
  }

  @Test func aShapeThatPromisesMoreThanThereIsAllocatesNothing() throws {
    var proto = ProtoBuffer()
    proto.integer(1, 1)
    proto.message(2, message([(2, [0x08] + [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]), (2, [0x08, 0x7F])]))
    proto.message(5, [0, 0, 0xC0, 0x3F])
    let form = proto.bytes.withUnsafeBytes { TensorForm($0)?.tensor() }
    #expect(form == nil)
    #expect(try WholeFile(file([summaryEvent(scalarTensor(proto.bytes))])).batches[0].values.map(\.kind) == [.tensor])
  }

  @Test func oneValueDoesNotFillAGigabyte() throws {
    func tensor(rows: UInt8...) -> [UInt8] {
      var proto = ProtoBuffer()
      proto.integer(1, 1)
      proto.message(2, message([(2, [0x08] + rows), (2, [0x08, 3])]))
      proto.message(5, [0, 0, 0xC0, 0x3F])
      return proto.bytes
    }
    // 44,000,000 rows of one stated value; then 1,000, which TensorFlow's rule fills.
    let vast = tensor(rows: 0x80, 0xC6, 0xFD, 0x14)
    vast.withUnsafeBytes { bytes in
      #expect(TensorForm(bytes)?.elements == 132_000_000)
      #expect(SummaryValue(kind: .histogram, form: .tensorProto, bytes) == nil)
      let problem = SummaryValue.problem(kind: .histogram, form: .tensorProto, bytes)
      #expect(problem?.contains("[44000000,3]") == true)
    }
    tensor(rows: 0xE8, 0x07).withUnsafeBytes { bytes in
      guard case .histogram(let rows, _)? = SummaryValue(kind: .histogram, form: .tensorProto, bytes) else {
        Issue.record("a modest shape is filled")
        return
      }
      #expect(rows.count == 1000 && rows.allSatisfy { $0.left == 1.5 && $0.count == 1.5 })
    }
  }

  @Test func manyTagsAreToldApart() throws {
    var random = SplitMix(state: 3)
    var events: [[UInt8]] = []
    for step in 0..<3 {
      for tag in (0..<3000).shuffled(using: &random) {
        events.append(summaryEvent(SummaryEncoder.scalar(tag: "tag/\(tag)", Float(tag)), step: Int64(step)))
      }
    }
    let whole = try WholeFile(file(events), limit: 100_000)
    #expect(whole.points.count == 3000)
    for (tag, points) in whole.points {
      #expect(points.map(\.step) == [0, 1, 2])
      #expect(points.allSatisfy { "tag/\(Int($0.value))" == tag })
    }
  }
}
