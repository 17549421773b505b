import Records

/// Reads one event file from an offset on, as often as it grows.
///
///     let reader = try EventFileReader(path: path, from: stored.offset, knownTags: stored.tags)
///     while true {
///       let batch = try reader.next(limit: 8 << 20)
///       store(batch)                       // together with batch.end
///       if batch.reachedEnd { break }
///     }
///
/// Every record's checksums are verified; what is damaged is reported in the batch and costs nothing else. Call
/// `next` again when the file has grown. Not safe to share between threads.
///
/// A file compressed with gzip or zlib is decompressed on the way, and offsets are those of the decompressed bytes.
public final class EventFileReader {
  private let records: RecordReader
  private let scanner: EventScanner

  /// - Parameters:
  ///   - path: the event file.
  ///   - offset: 0, or the `end` of a batch an earlier reader gave.
  ///   - knownTags: tags of the run that were met before, in this file or an earlier one: the first metadata of a tag
  ///     counts for the whole run, and writers leave it out of later values. Their `id`s are given anew, in order.
  ///   - previousWallTime: of the last event before `offset`; stands in for a wall time that is not finite.
  ///   - sink: takes scalars in place of ``EventBatch/scalars``.
  public convenience init(
    path: String, from offset: UInt64 = 0, knownTags: [EventTag] = [], previousWallTime: Double = 0,
    sink: (any ScalarSink)? = nil
  ) throws {
    self.init(
      source: try FileSource(path: path), from: offset, knownTags: knownTags, previousWallTime: previousWallTime,
      sink: sink)
  }

  /// Reads any source of bytes in the same way.
  public init(
    source: any ByteSource, from offset: UInt64 = 0, knownTags: [EventTag] = [], previousWallTime: Double = 0,
    sink: (any ScalarSink)? = nil
  ) {
    records = RecordReader(source, from: offset)
    scanner = EventScanner(knownTags: knownTags, previousWallTime: previousWallTime, sink: sink)
  }

  /// Where reading goes on.
  public var position: UInt64 { records.position }

  /// Goes to the first sound record that begins here or later and before `limit`; false, with nothing changed, where there
  /// is none. For reading a file in several places at a time.
  public func seekRecord(before limit: UInt64) throws -> Bool { try records.seekRecord(before: limit) }

  /// Every tag met so far, and what is known of it.
  public var tags: [EventTag] { scanner.table.tags }

  /// Reads on until about `limit` bytes were consumed or the file's present end was reached.
  ///
  /// Throws `RecordError` when the file cannot be read or has shrunk. What was read before is then still given by the
  /// following call.
  public func next(limit: Int = 8 << 20) throws -> EventBatch {
    try next(upTo: (pendingStart ?? records.position) + UInt64(max(1, limit)))
  }

  /// Reads the records that begin before the offset `stop`, the next one in any case.
  public func next(upTo stop: UInt64) throws -> EventBatch {
    let start = pendingStart ?? records.position
    pendingStart = start
    let stop = max(stop, start + 1)
    var tail: Tail?
    let fingerprint = pendingFingerprint ?? records.fingerprint
    pendingFingerprint = fingerprint
    reading: while records.position < stop {
      if let record = records.nextBuffered() {
        scanner.scan(record)
        continue
      }
      switch try records.next() {
      case .record(let record): scanner.scan(record)
      case .skipped(let skipped): scanner.note(skipped)
      case .end(let end):
        tail = end
        break reading
      }
    }
    scanner.noteEnd()
    pendingStart = nil
    pendingFingerprint = nil
    var batch = scanner.takeBatch()
    batch.start = start
    batch.end = records.position
    batch.reachedEnd = tail != nil
    batch.tail = tail ?? .clean
    batch.fingerprint = records.fingerprint &- fingerprint
    batch.compression = try records.compression()
    batch.skipped += records.gaps(in: batch.start..<batch.end)
    if tail != nil, let damage = records.compressionDamage, damage != toldDamage {
      toldDamage = damage
      batch.warnings.append(EventWarning(offset: damage.offset, message: damage.message))
    }
    return batch
  }

  /// What was said of the end of a compressed file, so that it is not said with every look.
  private var toldDamage: CompressionGap?

  /// Where the batch begins whose reading an error broke off.
  private var pendingStart: UInt64?
  private var pendingFingerprint: UInt64?
}
