import Events
import Records

/// What one stretch of a file brought, and what it was read on the assumption of.
struct Slice: Sendable {
  var batch: FileBatch
  /// Whether the file's present end was reached.
  var reachedEnd: Bool
  /// The identity of the file at the slice's start, taken after it was read; nil where it starts the file.
  var before: FileIdentity?
  /// The tags with values in it, as they are known at its end.
  var tags: [EventTag]
  /// What was assumed to be known of tags at its start.
  var assumed: KnownTags
  /// Whether its first event takes the wall time of the event before it.
  var beginsWithoutWallTime: Bool
}

/// What is known of the tags of a file from what was read of it.
struct KnownTags: Sendable {
  private var numbers: [ExactName: Int] = [:]
  private(set) var all: [EventTag] = []

  init(_ tags: [EventTag] = []) { add(tags) }

  subscript(name: String) -> EventTag? { numbers[ExactName(name)].map { all[$0] } }

  /// Takes in what is known of tags now.
  mutating func add(_ tags: [EventTag]) {
    for var tag in tags {
      if let number = numbers[ExactName(tag.name)] {
        tag.id = number
        if all[number] != tag { all[number] = tag }
      } else {
        tag.id = all.count
        numbers[ExactName(tag.name)] = all.count
        all.append(tag)
      }
    }
  }

  /// Whether as much is known here of some tags as there.
  func agrees(with other: KnownTags, on tags: [EventTag]) -> Bool {
    tags.allSatisfy { tag in
      switch (self[tag.name], other[tag.name]) {
      case (nil, nil): return true
      case (var mine?, let theirs?):
        mine.id = theirs.id
        return mine == theirs
      default: return false
      }
    }
  }
}

/// An event file opened for reading stretches of it, one after the other.
///
/// Slices end at the first record that begins at a multiple of the slice length or later, so that a file falls into the
/// same slices whoever reads them and in whatever order.
final class SliceReader {
  let file: OpenEventFile
  private let reader: EventFileReader
  private let collector = ScalarCollector()
  /// What was assumed to be known of tags where reading began.
  private var known: KnownTags

  /// Reads on from where a file was read to.
  init(_ file: OpenEventFile, _ record: FileRecord, known: KnownTags, previousWallTime: Double) {
    self.file = file
    self.known = known
    reader = EventFileReader(
      source: file.source, from: UInt64(record.offset), knownTags: known.all, previousWallTime: previousWallTime,
      sink: collector)
  }

  /// Reads ahead: from the first sound record at `offset` or later.
  init(_ file: OpenEventFile, ahead offset: Int64, known: KnownTags) {
    self.file = file
    self.known = known
    reader = EventFileReader(source: file.source, from: UInt64(offset), knownTags: known.all, sink: collector)
  }

  /// Where the next slice starts.
  var position: Int64 { Int64(clamping: reader.position) }

  /// Goes to the first sound record before `limit`; false where there is none.
  func seekRecord(before limit: Int64) throws -> Bool { try reader.seekRecord(before: UInt64(limit)) }

  /// Reads the records that begin before `stop`. Throws ``Records/RecordError`` where the file cannot be read or has
  /// shrunk.
  func next(upTo stop: Int64, of record: FileRecord) throws -> Slice {
    let assumed = known
    let events = try reader.next(upTo: UInt64(stop))
    let (start, end) = (Int64(clamping: events.start), Int64(clamping: events.end))
    guard let identity = try FileIdentity(file.source, offset: end) else {
      throw RecordError.shrunk(path: record.path, offset: events.end, size: try file.source.size())
    }
    let before = start == 0 ? nil : try FileIdentity(file.source, offset: start)
    known.add(events.tags)
    return Slice(
      batch: FileBatch(
        events, scalars: collector.takeAll(), of: record, status: file.status, identity: identity),
      reachedEnd: events.reachedEnd, before: before, tags: events.tags, assumed: assumed,
      beginsWithoutWallTime: events.beginsWithoutWallTime)
  }
}
