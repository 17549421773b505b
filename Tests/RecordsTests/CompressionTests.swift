import Foundation
import Testing

@testable import Records

/// `bytes` as one gzip member or zlib stream; without its end mark where `isEnded` is false.
func compressed(_ bytes: [UInt8], _ compression: Compression, isEnded: Bool = true) throws -> [UInt8] {
  let deflater = try #require(Deflater(compression, level: nil))
  var result: [UInt8] = []
  try bytes.withUnsafeBytes { try deflater.deflate($0, isEnded ? .ended : .flushed) { result += Array($0) } }
  return result
}

/// Reads records written by TensorFlow.
func tfrecord(_ name: String) throws -> [UInt8] {
  let folder = try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures/tfrecord")
  return try Array(Data(contentsOf: folder.appendingPathComponent("\(name).tfrecord")))
}

@Suite struct CompressionTests {
  static let payloads = (0..<400).map { number in [UInt8]("record \(number) of four hundred".utf8) }
  static let plain = framed(payloads)

  /// Bytes that do not compress.
  static func noise(_ count: Int, seed: UInt64) -> [UInt8] {
    var random = SplitMix(state: seed)
    return random.bytes(count)
  }

  // MARK: - Sound files

  @Test(arguments: Compression.allCases) func whatTensorFlowCompressedIsRead(_ compression: Compression) throws {
    let reading = try Reading(try tfrecord("compressed.\(compression.rawValue)"))
    #expect(reading.records.map(\.count) == [122, 47, 31, 28, 0, 1000])
    #expect(try Array(reading.records[..<5]) == Reading(try tfrecord("mixed")).records)
    #expect(reading.tail == .clean)
    #expect(reading.skipped == [])
  }

  @Test func theOtherFilesOfTensorFlowAreRead() throws {
    #expect(try Reading(try tfrecord("unpacked")).records.map(\.count) == [54, 24, 27])
    #expect(try Reading(try tfrecord("empty")) == Reading([]))
    #expect(try Reading(try tfrecord("truncated")).records.count == 9)
    // TensorFlow stops at the damage; what follows it is sound, too.
    for (name, damaged) in [("bad_data_crc", 4), ("bad_length", 6)] {
      let reading = try Reading(try tfrecord(name))
      #expect(reading.records.count == 9)
      #expect(reading.skipped.map(\.offset) == [UInt64(damaged * 34)])
    }
  }

  @Test(arguments: Compression.allCases) func offsetsAreThoseOfTheDecompressedBytes(_ compression: Compression) throws {
    let bytes = try compressed(Self.plain, compression)
    #expect(bytes.count < Self.plain.count / 4)
    let reading = try Reading(bytes)
    #expect(reading.records == Self.payloads)
    #expect(try reading.offsets == Reading(Self.plain).offsets)
    for start in [reading.offsets[1], reading.offsets[200], UInt64(Self.plain.count)] {
      let reader = RecordReader(ScriptedSource(bytes), from: start, bufferSize: 64)
      #expect(try Reading(reader).offsets == reading.offsets.filter { $0 >= start })
    }
  }

  @Test(arguments: Compression.allCases) func anyStretchIsReadInAnyOrder(_ compression: Compression) throws {
    // Several marks to return to. Noise repeats too far apart for zlib to see.
    let noise = Self.noise(40_000, seed: 1)
    var plain: [UInt8] = []
    for part in 0..<80 { plain += noise + [UInt8](repeating: UInt8(part), count: 20_000) }
    let source = DecompressedSource(MemorySource(try compressed(plain, compression)))
    var random = SplitMix(state: 9)
    for _ in 0..<40 {
      let start = Int.random(in: 0...plain.count, using: &random)
      var buffer = [UInt8](repeating: 0, count: Int.random(in: 1...300_000, using: &random))
      let count = try buffer.withUnsafeMutableBytes { try source.read(into: $0, at: UInt64(start)) }
      #expect(count == min(buffer.count, plain.count - start))
      #expect(Array(buffer[..<count]) == Array(plain[start..<start + count]))
      let available = try source.available(from: UInt64(start), upTo: 5000)
      #expect(available == UInt64(min(5000, plain.count - start)))
    }
    #expect(try source.size() == UInt64(plain.count))
    #expect(try source.available(from: UInt64(plain.count) + 1, upTo: 1) == nil)
  }

  @Test func membersOneAfterTheOtherAreOneFile() throws {
    let half = Self.plain.count / 2 + 3
    let bytes =
      try compressed(Array(Self.plain[..<half]), .gzip) + compressed([], .gzip) + [0, 0, 0]
      + compressed(Array(Self.plain[half...]), .gzip) + [UInt8](repeating: 0, count: 512)
    let reading = try Reading(bytes)
    #expect(reading.records == Self.payloads)
    #expect(reading.tail == .clean)
    #expect(reading.skipped == [])
  }

  @Test(arguments: Compression.allCases) func nothingCompressedIsNothing(_ compression: Compression) throws {
    #expect(try Reading(try compressed([], compression)) == Reading([]))
  }

  @Test func aRecordThatBeginsLikeGzipIsARecord() throws {
    // The lengths' low bytes are the marks of gzip and zlib.
    for length in [0x088B1F, 0x9C78, 0x0178] {
      let payload = [UInt8](repeating: 5, count: length)
      #expect(try Reading(framed([payload])).records == [payload])
    }
  }

  /// Found by fuzzing: zlib had taken in all of the file, and still had bytes to give.
  @Test func readingInSmallPiecesGivesWhatReadingAtOnceGives() throws {
    let long = [UInt8](repeating: 3, count: 5000) + Self.noise(20, seed: 4) + [UInt8](repeating: 4, count: 5000)
    for compression in Compression.allCases {
      let whole = try compressed(long, compression)
      for length in Compression.headLength...whole.count {
        let source = MemorySource(Array(whole[..<length]))
        var atOnce = [UInt8](repeating: 0, count: long.count)
        let count = try atOnce.withUnsafeMutableBytes { try DecompressedSource(source).read(into: $0, at: 0) }
        #expect(Array(atOnce[..<count]) == Array(long[..<count]))
        let slow = DecompressedSource(source)
        var piece = [UInt8](repeating: 0, count: 301)
        var total = 0
        while true {
          let got = try piece.withUnsafeMutableBytes { try slow.read(into: $0, at: UInt64(total)) }
          if got == 0 { break }
          total += got
        }
        #expect(total == count && (length < whole.count || total == long.count))
      }
    }
  }

  // MARK: - Growing files

  @Test(arguments: Compression.allCases) func aFileThatGrowsIsReadOn(_ compression: Compression) throws {
    let deflater = try #require(Deflater(compression, level: nil))
    let source = ScriptedSource([])
    let reader = RecordReader(source, bufferSize: 64)
    var records: [[UInt8]] = []
    for (number, payload) in Self.payloads.prefix(50).enumerated() {
      try framed([payload]).withUnsafeBytes { frame in
        try deflater.deflate(frame, number == 49 ? .ended : .flushed) { source.bytes += Array($0) }
      }
      // Bytes arrive one at a time.
      while source.visible < source.bytes.count {
        source.visible += 1
        records += try Reading(reader).records
      }
      #expect(records.count == number + 1)
    }
    #expect(records == Array(Self.payloads.prefix(50)))
    #expect(try Reading(reader).tail == .clean)
  }

  @Test func aNewMemberContinuesAFileThatHadEnded() throws {
    let source = ScriptedSource(try compressed(framed([[1], [2]]), .gzip))
    let reader = RecordReader(source, bufferSize: 64)
    #expect(try Reading(reader).records == [[1], [2]])
    source.bytes += try compressed(framed([[3]]), .gzip)
    source.visible = source.bytes.count
    #expect(try Reading(reader).records == [[3]])
  }

  // MARK: - Damage

  @Test(arguments: Compression.allCases) func aCutFileGivesWhatIsThere(_ compression: Compression) throws {
    let bytes = try compressed(framed((0..<100).map { Self.noise(100, seed: $0) }), compression)
    let reading = try Reading(Array(bytes[..<(bytes.count / 2)]))
    #expect((48...50).contains(reading.records.count))
    guard case .truncated(let there, expected: 116?) = reading.tail else {
      Issue.record("the tail is \(reading.tail)")
      return
    }
    #expect((0..<116).contains(there))
    #expect(reading.skipped == [])
  }

  @Test(arguments: Compression.allCases) func aMissingEndMarkIsSaid(_ compression: Compression) throws {
    let reading = try Reading(try compressed(Self.plain, compression, isEnded: false))
    #expect(reading.records == Self.payloads)
    #expect(reading.tail == .truncated(bytes: 0, expected: nil))
  }

  @Test(arguments: Compression.allCases) func damagedDataEndsTheFileThere(_ compression: Compression) throws {
    let payloads = (0..<100).map { Self.noise(100, seed: $0) }
    var bytes = try compressed(framed(payloads), compression)
    for index in 6000..<6100 { bytes[index] ^= 0x55 }
    let reader = RecordReader(ScriptedSource(bytes), bufferSize: 64)
    let reading = try Reading(reader)
    #expect(reading.records.count >= 40)
    #expect(reading.records.allSatisfy(payloads.contains))
    #expect(Array(payloads[..<40]) == Array(reading.records[..<40]))
    // Noise is stored as it is, so the damage shows in the records, or at the checksum of all at the end.
    let damage = try #require(reader.compressionDamage)
    #expect(!reading.skipped.isEmpty || reading.tail != .clean)
    #expect(damage.fileOffset >= 6000)
    #expect(damage.message.contains("byte \(damage.fileOffset)"))
  }

  @Test func theMembersAfterADamagedOneAreRead() throws {
    let parts = (0..<4).map { part in (0..<200).map { [UInt8]("part \(part), record \($0 * 7919)".utf8) } }
    let members = try parts.map { try compressed(framed($0), .gzip) }
    var bytes = Array(members.joined())
    let second = members[0].count
    for index in second + 300..<second + 420 { bytes[index] = 0xFF }
    let reader = RecordReader(ScriptedSource(bytes), bufferSize: 64)
    let reading = try Reading(reader)
    #expect(parts[0].allSatisfy(reading.records.contains))
    #expect(parts[2].allSatisfy(reading.records.contains))
    #expect(parts[3].allSatisfy(reading.records.contains))
    let gaps = reader.gaps(in: 0..<reader.position)
    #expect(gaps.count == 1)
    #expect(gaps.first.map { $0.length > 0 && $0.reason.description.contains("compressed data is damaged") } == true)
    #expect(reading.tail == .clean)
  }

  @Test func whatFollowsTheEndIsReported() throws {
    let end = try compressed(Self.plain, .gzip)
    let reader = RecordReader(ScriptedSource(end + Self.noise(100, seed: 3)), bufferSize: 64)
    let reading = try Reading(reader)
    #expect(reading.records == Self.payloads)
    #expect(reading.tail == .damaged(bytes: 100))
    #expect(reader.compressionDamage?.fileOffset == UInt64(end.count))
    #expect(reader.compressionDamage?.offset == UInt64(Self.plain.count))
  }

  @Test func aSmallFileThatHoldsAlmostNothingManyTimesTakesNoMemory() throws {
    // A record of 80 MiB of zeros is 80 KiB compressed: it is passed over, and what follows is read.
    var big = [UInt8](repeating: 0, count: (80 << 20) + RecordFrame.overhead)
    big.withUnsafeMutableBytes { RecordFrame.seal($0) }
    let bytes = try compressed(big, .gzip) + compressed(framed([[1, 2, 3]]), .gzip)
    #expect(bytes.count < 100_000)
    let reader = RecordReader(ScriptedSource(bytes))
    let reading = try Reading(reader)
    #expect(reading.records == [[1, 2, 3]])
    #expect(reading.skipped.map(\.reason) == [.tooLong(length: 80 << 20)])
    #expect(reader.capacity <= 1 << 20)
  }

  @Test func aLengthBeyondTheDataAllocatesNothing() throws {
    var header = [UInt8](repeating: 0, count: 16)
    header.withUnsafeMutableBytes { RecordFrame.seal($0) }
    for length in [UInt64(1) << 29, 1 << 62, .max] {
      var bytes = header
      bytes.withUnsafeMutableBytes {
        $0.storeBytes(of: length, as: UInt64.self)
        let checksum = CRC32C.mask(CRC32C.checksum(UnsafeRawBufferPointer(rebasing: $0[..<8])))
        $0.storeBytes(of: checksum, toByteOffset: 8, as: UInt32.self)
      }
      let reader = RecordReader(ScriptedSource(try compressed(bytes, .gzip)), bufferSize: 64)
      guard case .end(.truncated(bytes: 16, expected: .some)) = try reader.next() else {
        Issue.record("a length of \(length) was believed")
        continue
      }
      #expect(reader.capacity < 1000)
    }
  }

  @Test(arguments: Compression.allCases) func mutatedFilesEndWell(_ compression: Compression) throws {
    let bytes = try compressed(framed(Array(Self.payloads.prefix(60))), compression)
    var random = SplitMix(state: 11)
    for _ in 0..<600 {
      var mutated = bytes
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        mutated[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      mutated.removeLast(Int.random(in: 0...(bytes.count / 4), using: &random))
      let reader = RecordReader(ScriptedSource(mutated), bufferSize: 64)
      let reading = try Reading(reader)
      // The records' own checksums vouch for them, whatever zlib made of the rest.
      #expect(reading.records.allSatisfy(Self.payloads.contains))
    }
  }

  // MARK: - Writing

  @Test(arguments: Compression.allCases, [0, 1, 9]) func whatIsWrittenReadsBack(
    _ compression: Compression, _ level: Int
  ) throws {
    try RecordWriterTests().withTemporaryPath { path in
      var writer = try RecordWriter(path: path, compression: compression, level: level, bufferSize: 100)
      for payload in Self.payloads { try writer.append(payload) }
      try writer.append([UInt8](repeating: 1, count: 1000))
      try writer.appendFrames(framed([[8], [9]]))
      #expect(writer.position == UInt64(Self.plain.count + 1016 + 34))
      try writer.close()
      let reader = try RecordReader(path: path)
      let reading = try Reading(reader)
      #expect(reading.records == Self.payloads + [[UInt8](repeating: 1, count: 1000), [8], [9]])
      #expect(reading.tail == .clean)
      #expect(reader.position == writer.position)
    }
  }

  @Test(arguments: Compression.allCases) func flushedRecordsCanBeRead(_ compression: Compression) throws {
    try RecordWriterTests().withTemporaryPath { path in
      var writer = try RecordWriter(path: path, compression: compression)
      let reader = try RecordReader(path: path)
      for number in UInt8(0)..<20 {
        try writer.append([number])
        #expect(try Reading(reader).records == [])
        try writer.flush()
        #expect(try Reading(reader).records == [[number]])
        let length = writer.writtenOffset
        try writer.flush()
        #expect(writer.writtenOffset == length)
      }
      try writer.close()
      #expect(try Reading(reader).tail == .clean)
    }
  }

  @Test func gzipIsContinuedAndZlibIsNot() throws {
    try RecordWriterTests().withTemporaryPath { path in
      for number in UInt8(0)..<3 {
        var writer = try RecordWriter(path: path, mode: .append, compression: .gzip)
        try writer.append([number])
        try writer.close()
      }
      #expect(try Reading(RecordReader(path: path)).records == [[0], [1], [2]])
      #expect(throws: RecordError.cannotAppend(path: path)) {
        _ = try RecordWriter(path: path, mode: .append, compression: .zlib)
      }
    }
  }

  @Test func aFullDiskEndsACompressedFile() throws {
    guard access("/dev/full", W_OK) == 0 else { return }
    var writer = try RecordWriter(path: "/dev/full", mode: .append, compression: .gzip)
    try writer.append([1])
    for _ in 0..<2 {
      do {
        try writer.flush()
        Issue.record("a full disk took the bytes")
      } catch let error as RecordError {
        #expect(error == .cannotWrite(path: "/dev/full", offset: 0, errno: ENOSPC))
      }
    }
  }
}
