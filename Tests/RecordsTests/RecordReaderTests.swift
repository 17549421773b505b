import Glibc
import Testing

@testable import Records

/// Gives its bytes in pieces: `visible` says how many a reader sees at present, `chunk` how many one read gives.
final class ScriptedSource: ByteSource {
  let path = "scripted"
  var bytes: [UInt8]
  var visible: Int
  var chunk: Int

  init(_ bytes: [UInt8], visible: Int? = nil, chunk: Int = .max) {
    self.bytes = bytes
    self.visible = visible ?? bytes.count
    self.chunk = chunk
  }

  func size() -> UInt64 { UInt64(visible) }

  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) -> Int {
    guard offset < UInt64(visible) else { return 0 }
    let start = Int(offset)
    let count = min(buffer.count, visible - start, chunk)
    bytes.withUnsafeBytes { buffer.copyMemory(from: .init(rebasing: $0[start..<start + count])) }
    return count
  }
}

/// What a reader gives until its end, with payloads copied.
struct Reading: Equatable {
  var records: [[UInt8]] = []
  var offsets: [UInt64] = []
  var skipped: [SkippedRecord] = []
  var tail: Tail = .clean

  init(_ reader: RecordReader) throws {
    loop: while true {
      switch try reader.next() {
      case .record(let record):
        records.append(Array(record.payload))
        offsets.append(record.offset)
      case .skipped(let skip): skipped.append(skip)
      case .end(let tail):
        self.tail = tail
        break loop
      }
    }
  }

  init(_ bytes: [UInt8]) throws { try self.init(RecordReader(ScriptedSource(bytes), bufferSize: 64)) }
}

func framed(_ payloads: [[UInt8]]) -> [UInt8] {
  var bytes: [UInt8] = []
  for payload in payloads { appendRecordFrame(payload, to: &bytes) }
  return bytes
}

@Suite struct RecordReaderTests {
  static let payloads: [[UInt8]] = (0..<12).map { i in (0..<i * 17).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ i) } }
  static let starts: [Int] = payloads.indices.map { i in payloads[..<i].reduce(0) { $0 + $1.count + 16 } }

  @Test(.timeLimit(.minutes(1))) func aPipeOrFolderIsRefusedAtOnce() throws {
    var name = Array("/tmp/records-XXXXXX".utf8CString)
    try #require(name.withUnsafeMutableBufferPointer { mkdtemp($0.baseAddress!) } != nil)
    let folder = String(decoding: name.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    let pipe = folder + "/pipe"
    defer {
      unlink(pipe)
      rmdir(folder)
    }
    try #require(mkfifo(pipe, 0o600) == 0)
    for path in [pipe, folder] {
      #expect(throws: RecordError.notAFile(path: path)) { try FileSource(path: path) }
    }
  }

  @Test func aFrameHasTheDocumentedBytes() {
    let abc = Array("abc".utf8)
    let expected: [UInt8] =
      [3, 0, 0, 0, 0, 0, 0, 0, 0xB0, 0x99, 0x49, 0x0E] + abc + [0x6E, 0x57, 0xF1, 0x21]
    #expect(framed([abc]) == expected)
  }

  func littleEndian(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }

  @Test(arguments: [1, 3, 12, 64, 1000])
  func readsRecordsHoweverTheyArrive(chunk: Int) throws {
    let source = ScriptedSource(framed(Self.payloads), chunk: chunk)
    let reading = try Reading(RecordReader(source, bufferSize: 64))
    #expect(reading.records == Self.payloads)
    #expect(reading.offsets == Self.starts.map(UInt64.init))
    #expect(reading.skipped == [])
    #expect(reading.tail == .clean)
  }

  @Test func anEmptyFileEndsClean() throws {
    #expect(try Reading([]) == Reading(RecordReader(ScriptedSource([]))))
    #expect(try Reading([]).tail == .clean)
  }

  @Test func everyCutIsATruncatedTailAndGoesOnWhenBytesArrive() throws {
    let bytes = framed(Self.payloads)
    for cut in 0...bytes.count {
      let source = ScriptedSource(bytes, visible: cut)
      let reader = RecordReader(source, bufferSize: 64)
      let before = try Reading(reader)
      let whole = Self.starts.lastIndex { $0 <= cut }!
      let start = cut == bytes.count ? bytes.count : Self.starts[whole]
      #expect(before.records == Array(Self.payloads[..<(cut == bytes.count ? Self.payloads.count : whole)]))
      let held = cut - start
      let expected = held >= 12 ? Self.payloads[whole].count + 16 : nil
      #expect(before.tail == (held == 0 ? .clean : .truncated(bytes: held, expected: expected)))
      #expect(reader.position == UInt64(start))
      source.visible = bytes.count
      let after = try Reading(reader)
      #expect(before.records + after.records == Self.payloads)
      #expect(after.tail == .clean && after.skipped == [])
    }
  }

  @Test func aLaterReaderGoesOnFromAPosition() throws {
    let bytes = framed(Self.payloads)
    for (index, start) in Self.starts.enumerated() {
      let reader = RecordReader(ScriptedSource(bytes), from: UInt64(start))
      #expect(try Reading(reader).records == Array(Self.payloads[index...]))
    }
  }

  @Test func aDamagedPayloadHidesOnlyItsRecord() throws {
    for index in 1..<Self.payloads.count {
      var bytes = framed(Self.payloads)
      bytes[Self.starts[index] + 12 + 5] ^= 0x10
      let reading = try Reading(bytes)
      var expected = Self.payloads
      expected.remove(at: index)
      #expect(reading.records == expected)
      #expect(
        reading.skipped == [
          SkippedRecord(
            offset: UInt64(Self.starts[index]), length: UInt64(Self.payloads[index].count + 16),
            reason: .payloadChecksum)
        ])
      #expect(reading.tail == .clean)
    }
  }

  @Test func aDamagedLengthLosesTheBytesUpToTheNextGoodRecord() throws {
    for index in 0..<Self.payloads.count - 1 {
      for byte in 0..<12 {
        var bytes = framed(Self.payloads)
        bytes[Self.starts[index] + byte] ^= 0x41
        let reading = try Reading(bytes)
        var expected = Self.payloads
        expected.remove(at: index)
        #expect(reading.records == expected)
        #expect(
          reading.skipped == [
            SkippedRecord(
              offset: UInt64(Self.starts[index]), length: UInt64(Self.payloads[index].count + 16),
              reason: .lengthChecksum)
          ])
      }
    }
  }

  @Test func damageAtTheEndIsLookedAtAgainWhenTheFileGrows() throws {
    var bytes = framed(Self.payloads)
    let last = Self.starts.last!
    bytes[last + 2] ^= 1
    let source = ScriptedSource(bytes)
    let reader = RecordReader(source, bufferSize: 64)
    let before = try Reading(reader)
    #expect(before.records == Array(Self.payloads.dropLast()))
    #expect(before.tail == .damaged(bytes: bytes.count - last))
    #expect(reader.position == UInt64(last))
    appendRecordFrame([1, 2, 3], to: &source.bytes)
    source.visible = source.bytes.count
    let after = try Reading(reader)
    #expect(after.records == [[1, 2, 3]])
    #expect(after.skipped.map(\.reason) == [.lengthChecksum])
    #expect(after.skipped.map(\.length) == [UInt64(bytes.count - last)])
  }

  @Test func aRecordCutOffAndWrittenOverLosesNoneAfterIt() throws {
    // A writer died inside a record, another appended to the file.
    let first = framed([[1], [UInt8](repeating: 9, count: 300)])
    let bytes = Array(first[..<100]) + framed([[2], [3], [UInt8](repeating: 4, count: 400)])
    let reading = try Reading(bytes)
    #expect(reading.records == [[1], [2], [3], [UInt8](repeating: 4, count: 400)])
    #expect(reading.skipped == [SkippedRecord(offset: 17, length: 83, reason: .payloadChecksum)])
  }

  @Test func aHeaderInsideAPayloadIsNoRecord() throws {
    // The damaged record holds a sound header whose payload is not there, then the rest of the file is good.
    var inner = Array(framed([[UInt8](repeating: 1, count: 40)])[..<12])
    inner += [UInt8](repeating: 7, count: 30)
    var bytes = framed([[5], inner, [6], [UInt8](repeating: 8, count: 100)])
    bytes[17] ^= 1
    #expect(try Reading(bytes).records == [[5], [6], [UInt8](repeating: 8, count: 100)])
  }

  @Test func aLengthBeyondTheFileAllocatesNothing() throws {
    var header: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]
    header += littleEndian(CRC32C.mask(CRC32C.checksum(header)))
    let reader = RecordReader(ScriptedSource(header + [1, 2, 3]), bufferSize: 64)
    #expect(try Reading(reader).tail == .truncated(bytes: 15, expected: .max))
    #expect(reader.capacity == 64)
  }

  @Test func aRecordOverTheLimitIsPassedOver() throws {
    let bytes = framed([[1], [UInt8](repeating: 2, count: 500), [3]])
    let reader = RecordReader(ScriptedSource(bytes), bufferSize: 64, maximumLength: 400)
    let reading = try Reading(reader)
    #expect(reading.records == [[1], [3]])
    #expect(reading.skipped == [SkippedRecord(offset: 17, length: 516, reason: .tooLong(length: 500))])
  }

  static let impossibleLengths: [UInt64] = [
    0x7FFF_FFFF, 0x8000_0000, 0x100_0000_0000, 0x4000_0000_0000_0000, 0x7FFF_FFFF_FFFF_FFFF, 0x8000_0000_0000_0000,
    0xFFFF_FFFF_FFFF_FFEF, 0xFFFF_FFFF_FFFF_FFFF,
  ]

  @Test(arguments: impossibleLengths)
  func aSoundHeaderOfAnImpossibleLengthHidesNothing(length: UInt64) throws {
    var header = [UInt8](repeating: 0, count: 16)
    header.withUnsafeMutableBytes {
      RecordFrame.seal($0)
      $0.storeBytes(of: length.littleEndian, as: UInt64.self)
      let checksum = CRC32C.mask(CRC32C.checksum(UnsafeRawBufferPointer(rebasing: $0[..<8])))
      $0.storeBytes(of: checksum.littleEndian, toByteOffset: 8, as: UInt32.self)
    }
    let reader = RecordReader(ScriptedSource(framed([[1]]) + header[..<12] + framed([[2], [3]])), bufferSize: 64)
    let reading = try Reading(reader)
    #expect(reading.records == [[1], [2], [3]])
    #expect(reading.skipped == [SkippedRecord(offset: 17, length: 12, reason: .tooLong(length: length))])
    #expect(reader.capacity < 1000)
    // Alone at the end it may be one that is being written.
    let alone = try Reading(framed([[1]]) + header[..<12])
    #expect(alone.records == [[1]])
    guard case .truncated(bytes: 12, expected: .some) = alone.tail else {
      Issue.record("the tail is \(alone.tail)")
      return
    }
  }

  @Test func theFingerprintIsThatOfTheRecords() throws {
    func fingerprint(_ bytes: [UInt8], from start: UInt64 = 0) throws -> UInt64 {
      let reader = RecordReader(ScriptedSource(bytes), from: start, bufferSize: 64)
      _ = try Reading(reader)
      return reader.fingerprint
    }
    let bytes = framed(Self.payloads)
    let whole = try fingerprint(bytes)
    // Parts add up.
    for start in Self.starts {
      #expect(try fingerprint(Array(bytes[..<start])) &+ fingerprint(bytes, from: UInt64(start)) == whole)
    }
    // Other contents, other places and other orders have others.
    var payloads = Self.payloads
    payloads.swapAt(0, 1)
    #expect(try fingerprint(framed(payloads)) != whole)
    payloads.swapAt(0, 1)
    payloads[2] = payloads[2].map { $0 ^ 1 } + (payloads[2].isEmpty ? [1] : [])
    #expect(try fingerprint(framed(payloads)) != whole)
    #expect(try fingerprint(framed([[], []])) != fingerprint(framed([[]])))
  }

  @Test func theBufferShrinksAgainAfterALongRecord() throws {
    let small = (0..<40).map { [UInt8](repeating: UInt8($0), count: 50) }
    let reader = RecordReader(
      ScriptedSource(framed([[UInt8](repeating: 2, count: 5000)] + small)), bufferSize: 64)
    #expect(try Reading(reader).records.count == 41)
    #expect(reader.capacity < 1000)
  }

  @Test func aFileThatShrankIsSaid() throws {
    let source = ScriptedSource(framed(Self.payloads))
    let reader = RecordReader(source, bufferSize: 64)
    _ = try Reading(reader)
    source.visible = 10
    #expect(throws: RecordError.shrunk(path: "scripted", offset: UInt64(source.bytes.count), size: 10)) {
      _ = try reader.next()
    }
  }

  @Test func randomBytesHoldNoRecord() throws {
    var random = SplitMix(state: 5)
    for size in [1, 11, 12, 13, 100, 5000] {
      let bytes = [0] + random.bytes(size)
      let reading = try Reading(bytes)
      #expect(reading.records == [])
      #expect(reading.tail != .clean)
    }
  }

  @Test func mutatedFilesLoseOnlyWhatWasHit() throws {
    var random = SplitMix(state: 6)
    let bytes = framed(Self.payloads)
    for _ in 0..<2000 {
      var mutated = bytes
      let hits = Int.random(in: 1...3, using: &random)
      var touched = Set<Int>()
      for _ in 0..<hits {
        let at = Int.random(in: 0..<bytes.count, using: &random)
        mutated[at] = mutated[at] &+ UInt8.random(in: 1...255, using: &random)
        if mutated[at] != bytes[at] { touched.insert(Self.starts.lastIndex { $0 <= at }!) }
      }
      let reading = try Reading(mutated)
      for index in Self.payloads.indices where !touched.contains(index) {
        #expect(reading.records.contains(Self.payloads[index]))
      }
      #expect(reading.records.count <= Self.payloads.count)
    }
  }
}
