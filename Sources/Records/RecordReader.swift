import CKernels

// A TFRecord file is frames one after the other, little-endian:
//
//   offset 0   uint64   length of the payload
//          8   uint32   masked CRC-32C of the 8 length bytes
//         12   bytes    payload
//   12+length  uint32   masked CRC-32C of the payload
//
// Source: TensorFlow, core/lib/io/record_writer.h.

/// Where things stand in a frame.
public enum RecordFrame {
  /// Bytes before the payload.
  public static let headerLength = 12
  /// Bytes after the payload.
  public static let footerLength = 4
  /// Bytes around the payload.
  public static let overhead = headerLength + footerLength
}

/// A sound record.
public struct Record {
  /// Where its frame starts in the file; the payload follows 12 bytes later.
  public var offset: UInt64
  /// The payload, in the reader's buffer: valid until the reader is asked for the next record.
  public var payload: UnsafeRawBufferPointer

  @inlinable
  init(offset: UInt64, payload: UnsafeRawBufferPointer) {
    self.offset = offset
    self.payload = payload
  }
}

/// Reads the records of a file that may still grow, and of one that is damaged.
///
/// Both checksums of every record are verified. A record cut short by the end of the file is not an error: `next()`
/// gives `.end(.truncated)`, keeps its place, and gives the record once its last byte has arrived. A damaged record is
/// reported and passed over:
/// - wrong payload checksum: this record is left out, unless what follows it is no record either; then
/// - as with a wrong length checksum: the reader looks for the next offset where a header and its payload both have
///   good checksums, and reports the bytes between as lost.
///
/// A length is never trusted before it was compared with what the file holds, so the buffer (1 MiB at first) grows no
/// further than the longest record that is really there.
///
/// A file that is compressed as a whole, with gzip or zlib, is decompressed on the way; offsets are those of the
/// decompressed bytes. Its records may have 64 MiB at most, since a small file can claim to hold anything.
public final class RecordReader {
  /// What a call of ``next()`` met.
  public enum Step {
    case record(Record)
    case skipped(SkippedRecord)
    /// Nothing more at present; call again when the file has changed.
    case end(Tail)
  }

  let source: any ByteSource
  let bufferSize: Int
  let maximumLength: UInt64
  private static let maximumCompressedLength: UInt64 = 64 << 20
  // The buffer holds the file's bytes [bufferOffset, bufferOffset + filled); the next frame starts at `head` in it.
  @usableFromInline var base: UnsafeMutableRawPointer
  @usableFromInline var head = 0
  @usableFromInline var filled = 0
  @usableFromInline var bufferOffset: UInt64
  var capacity: Int
  /// The sum of what each sound record so far comes to: its place mixed with its checksum, which was found to be right.
  /// Two files that agree in it up to an offset hold, for all that can be said, the same records up to there. Sums of
  /// stretches read one by one add up, wrapping, to that of the whole.
  @inlinable public var fingerprint: UInt64 { sum }
  @usableFromInline var sum: UInt64 = 0
  /// Payload bytes checked in vain while looking for a good record, see `resynchronise`.
  var spentOnCandidates: UInt64 = 0

  /// - Parameters:
  ///   - source: where bytes come from.
  ///   - offset: where to start: 0, or a `position` an earlier reader of the same file had.
  ///   - bufferSize: how much is read at once.
  ///   - maximumLength: longer records are passed over and reported.
  public init(
    _ source: any ByteSource, from offset: UInt64 = 0, bufferSize: Int = 1 << 20, maximumLength: UInt64 = 1 << 30
  ) {
    self.source = decompressed(source)
    self.bufferSize = max(bufferSize, 64)
    self.maximumLength = maximumLength
    capacity = self.bufferSize
    base = .allocate(byteCount: capacity, alignment: 64)
    bufferOffset = offset
  }

  /// Reads the file at `path`.
  public convenience init(path: String, from offset: UInt64 = 0) throws {
    self.init(try FileSource(path: path), from: offset)
  }

  deinit { base.deallocate() }

  /// Where the next record starts; a later reader may go on from here.
  @inlinable
  public var position: UInt64 { bufferOffset + UInt64(head) }

  /// What messages call the file.
  public var path: String { source.path }

  /// The next record if it is sound and in the buffer already: the quick way through a file. After `nil`, ``next()``
  /// tells what comes.
  @inlinable
  public func nextBuffered() -> Record? {
    var length: UInt64 = 0
    guard ck_frame_check(base + head, filled - head, &length) == CK_FRAME_GOOD else { return nil }
    return take(Int(length))
  }

  /// A hash of a record's place and checksum (a multiplication by an odd number and folding, as in splitmix64).
  @inlinable
  static func mixed(_ offset: UInt64, _ checksum: UInt32) -> UInt64 {
    var hash = (offset &* 0x9E37_79B9_7F4A_7C15) ^ UInt64(checksum)
    hash = (hash ^ (hash >> 32)) &* 0xBF58_476D_1CE4_E5B9
    return hash ^ (hash >> 29)
  }

  @inlinable
  func take(_ length: Int) -> Record {
    let record = Record(
      offset: position,
      payload: UnsafeRawBufferPointer(start: base + head + RecordFrame.headerLength, count: length))
    let checksum = (base + head).loadUnaligned(fromByteOffset: RecordFrame.headerLength + length, as: UInt32.self)
    sum &+= Self.mixed(record.offset, checksum.littleEndian)
    head += RecordFrame.overhead + length
    return record
  }

  /// The next record, a stretch that was passed over, or the present end.
  ///
  /// Throws ``RecordError`` when the file cannot be read or has shrunk; the reader's place is unchanged.
  public func next() throws -> Step {
    while true {
      var length: UInt64 = 0
      switch ck_frame_check(base + head, filled - head, &length) {
      case CK_FRAME_GOOD:
        return .record(take(Int(length)))
      case CK_FRAME_SHORT_HEADER:
        guard try fill(atLeast: RecordFrame.headerLength) else {
          return .end(ended(after: filled - head, expected: nil))
        }
      case CK_FRAME_SHORT_PAYLOAD:
        // A length beyond Int cannot be in any file, and needs no exact answer.
        let (sum, overflow) = Int(clamping: length).addingReportingOverflow(RecordFrame.overhead)
        let expected = overflow ? Int.max : sum
        let remaining = try remainingSize(upTo: UInt64(expected))
        guard !overflow, UInt64(expected) <= remaining else {
          // A record that would not be taken is not waited for where others follow.
          if try length > longestRecord(), let skipped = try passImpossibleLength(length) { return .skipped(skipped) }
          return .end(ended(after: Int(clamping: remaining), expected: expected))
        }
        if try length > longestRecord() {
          return .skipped(skip(UInt64(expected), .tooLong(length: length)))
        }
        guard try fill(atLeast: expected) else {
          return .end(ended(after: filled - head, expected: expected))
        }
      case CK_FRAME_BAD_PAYLOAD:
        return .skipped(try passDamagedPayload(length))
      default:
        return try passDamagedLength()
      }
    }
  }

  /// How the file is compressed as a whole, where it is.
  public func compression() throws -> Compression? { try source.compression() }

  /// Parts of a compressed file that are missing between two offsets of what was read.
  public func gaps(in range: Range<UInt64>) -> [SkippedRecord] {
    source.gaps(in: range).map {
      SkippedRecord(offset: $0.offset, length: $0.fileBytes, reason: .compression($0.message))
    }
  }

  /// Why a compressed file cannot be read on from its present end, where that is so.
  public var compressionDamage: CompressionGap? {
    if case .damaged(let gap) = source.ending() { gap } else { nil }
  }

  /// How the file ends, `bytes` after the last whole record.
  private func ended(after bytes: Int, expected: Int?) -> Tail {
    switch source.ending() {
    case .damaged(let gap):
      return .damaged(bytes: Int(clamping: UInt64(bytes) + gap.fileBytes))  // both are sizes in a file
    case .unfinished: return .truncated(bytes: bytes, expected: expected)
    case .whole: return bytes == 0 && expected == nil ? .clean : .truncated(bytes: bytes, expected: expected)
    }
  }

  // MARK: damage

  /// Moves over `count` bytes and says so.
  private func skip(_ count: UInt64, _ reason: SkippedRecord.Reason) -> SkippedRecord {
    let skipped = SkippedRecord(offset: position, length: count, reason: reason)
    move(to: position + count)
    return skipped
  }

  /// The payload at `head` is damaged. Where a header follows it (or the file ends), the length can be believed;
  /// otherwise this record was cut off and others written over its end: look for them.
  private func passDamagedPayload(_ length: UInt64) throws -> SkippedRecord {
    let start = position
    let whole = length + UInt64(RecordFrame.overhead)
    let follower = start + whole
    var header = [UInt8](repeating: 0, count: RecordFrame.headerLength)
    let count = try header.withUnsafeMutableBytes { try source.read(into: $0, at: follower) }
    if count == header.count, ck_frame_find_header(header, header.count, .max) != 0,
      let next = try resynchronise(from: start + 1, before: follower)
    {
      move(to: next)
      return SkippedRecord(offset: start, length: next - start, reason: .payloadChecksum)
    }
    move(to: start)
    return skip(whole, .payloadChecksum)
  }

  /// The length at `head` has a good checksum, but is beyond the file and any limit: looks for a record after it.
  private func passImpossibleLength(_ length: UInt64) throws -> SkippedRecord? {
    let start = position
    guard let next = try resynchronise(from: start + 1, before: .max) else {
      drop(to: start)
      return nil
    }
    move(to: next)
    return SkippedRecord(offset: start, length: next - start, reason: .tooLong(length: length))
  }

  private func passDamagedLength() throws -> Step {
    let start = position
    if let next = try resynchronise(from: start + 1, before: .max) {
      move(to: next)
      return .skipped(SkippedRecord(offset: start, length: next - start, reason: .lengthChecksum))
    }
    // Bytes of a file system over the network may arrive late: forget what was read, and look again next time.
    drop(to: start)
    let lost = try remainingSize(upTo: .max) + (compressionDamage?.fileBytes ?? 0)
    return .end(.damaged(bytes: Int(clamping: lost)))
  }

  /// Goes to the first sound record that begins at the present position or later and before `limit`; false where there
  /// is none. What a record holds may look like one, so where a file is read in several places at a time, a place found
  /// like this counts only if reading from the start comes by it.
  public func seekRecord(before limit: UInt64) throws -> Bool {
    let start = position
    if let found = try resynchronise(from: start, before: limit) {
      move(to: found)
      var length: UInt64 = 0
      if ck_frame_check(base + head, filled - head, &length) == CK_FRAME_GOOD { return true }
    }
    move(to: start)
    return false
  }

  /// The first offset in [start, limit) where a good record stands: header and payload checksums both right. Where
  /// there is none, the first header whose payload has not arrived yet.
  ///
  /// A crafted file of many headers with long payloads could make this quadratic; therefore candidates longer than
  /// 64 KiB are no longer tried once 1 GiB of payloads was checked in vain.
  private func resynchronise(from start: UInt64, before limit: UInt64) throws -> UInt64? {
    let limitOfLength = try longestRecord()
    var unfinished: UInt64?
    move(to: start)
    while position < limit {
      let longest = spentOnCandidates < 1 << 30 ? limitOfLength : 1 << 16
      let found = ck_frame_find_header(base + head, filled - head, longest)
      if found < 0 {
        // The last 11 bytes may be the start of a header.
        head = max(head, filled - (RecordFrame.headerLength - 1))
        guard try fill(atLeast: RecordFrame.headerLength) else { break }
        continue
      }
      head += found
      guard position < limit else { break }
      var length: UInt64 = 0
      var state = ck_frame_check(base + head, filled - head, &length)
      if state == CK_FRAME_SHORT_PAYLOAD {
        let whole = Int(length) + RecordFrame.overhead  // the length is at most maximumLength
        if try UInt64(whole) > source.available(from: position, upTo: UInt64(whole)) ?? 0 {
          unfinished = unfinished ?? position
        } else if try fill(atLeast: whole) {
          state = ck_frame_check(base + head, filled - head, &length)
        }
      }
      if state == CK_FRAME_GOOD { return position }
      if state == CK_FRAME_BAD_PAYLOAD { spentOnCandidates += length }
      head += 1
    }
    return unfinished
  }

  /// The longest payload that is taken.
  private func longestRecord() throws -> UInt64 {
    try source.compression() == nil ? maximumLength : min(maximumLength, Self.maximumCompressedLength)
  }

  // MARK: buffer

  /// How many bytes the file has from `position` on, `limit` where there are as many or more.
  private func remainingSize(upTo limit: UInt64) throws -> UInt64 {
    guard let remaining = try source.available(from: position, upTo: limit) else {
      throw RecordError.shrunk(path: path, offset: position, size: try source.size())
    }
    return remaining
  }

  /// Goes to an offset of the file, keeping buffered bytes that are still ahead.
  private func move(to offset: UInt64) {
    if offset >= bufferOffset, offset - bufferOffset <= UInt64(filled) {
      head = Int(offset - bufferOffset)
    } else {
      drop(to: offset)
    }
  }

  private func drop(to offset: UInt64) {
    bufferOffset = offset
    head = 0
    filled = 0
  }

  /// Reads until `count` bytes from `head` on are there; false when the file has fewer at present.
  private func fill(atLeast count: Int) throws -> Bool {
    if filled - head >= count { return true }
    let kept = filled - head
    let wanted = max(bufferSize, count)
    if wanted > capacity || capacity > 4 * wanted {
      let larger = UnsafeMutableRawPointer.allocate(byteCount: wanted, alignment: 64)
      larger.copyMemory(from: base + head, byteCount: kept)
      base.deallocate()
      base = larger
      capacity = wanted
    } else if head > 0 {
      memmoveWithin(base, from: head, count: kept)
    }
    bufferOffset += UInt64(head)
    head = 0
    filled = kept
    while filled < count {
      let got = try source.read(
        into: UnsafeMutableRawBufferPointer(start: base + filled, count: capacity - filled),
        at: bufferOffset + UInt64(filled))
      if got == 0 {
        _ = try remainingSize(upTo: 0)  // throws where the file has shrunk
        return false
      }
      filled += got
    }
    return true
  }
}

/// Moves bytes to the buffer's start; the two ranges may overlap.
private func memmoveWithin(_ base: UnsafeMutableRawPointer, from: Int, count: Int) {
  UnsafeMutableRawBufferPointer(start: base, count: count)
    .copyMemory(from: UnsafeRawBufferPointer(start: base + from, count: count))
}
