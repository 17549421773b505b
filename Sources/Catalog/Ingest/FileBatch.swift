import Events
import Records

/// New points and blobs of one series in one stretch of an event file.
struct SeriesBatch: Sendable {
  /// A series of a run is known by its tag and kind.
  struct Key: Hashable, Sendable {
    var tag: String
    var kind: SeriesKind
  }

  var key: Key
  var dtype: String?
  /// What the event file says of the tag; nil for graphs.
  var tag: EventTag?
  /// Scalars, packed.
  var blocks: [PackedBlock] = []
  /// The points of the only block where it is small: it may be merged with what the catalogue has.
  var mergeable: PointColumns?
  /// What they add to the series.
  var segment = SegmentSummary()
  /// Values that stay in the event file.
  var blobs: [LocatedValue] = []
}

/// How the bytes of a file end at present.
struct FileTail: Equatable, Sendable {
  enum State: String, Sendable {
    /// After a whole record.
    case clean
    /// Inside a record; the rest may arrive.
    case truncated
    /// With bytes that are no record.
    case damaged
  }

  var state = State.clean
  /// Bytes behind the last record.
  var bytes: Int64 = 0
  /// Bytes the unfinished record will have, where its header is there.
  var expected: Int64?
}

/// What one stretch of an event file brought, ready to be committed.
struct FileBatch: Sendable {
  var fileID: Int64
  var runID: Int64
  var generation: Int64
  /// The batch holds what lies in `start..<end`; it is valid only while the catalogue's offset is `start`.
  var start: Int64
  var end: Int64
  var status: FileStatus
  var identity: FileIdentity
  /// Whether the file's present end was reached. Only then its size and times are stored: a loading that is broken off
  /// before must go on later.
  var reachedEnd = true
  var records = 0
  /// What these records add to the file's fingerprint.
  var fingerprint: UInt64 = 0
  /// How the file is compressed as a whole, where it is.
  var compression: Compression?
  var fileVersion: String?
  /// The program that wrote the file, where the file says so.
  var writer: String?
  var series: [SeriesBatch] = []
  var skips: [(offset: Int64, length: Int64, reason: String)] = []
  var warnings: [(offset: Int64, message: String)] = []
  var sessions: [SessionLogEntry] = []
  var logMessages: [LogMessageEntry] = []
  var tail = FileTail()
  var firstWallTime: Double?
  var lastWallTime: Double?
  var lastStep: Int64?
}

/// What a series holds.
public enum SeriesKind: String, Sendable, Codable, CaseIterable, Hashable {
  case scalar, histogram, image, audio, text, tensor, graph
  case runMetadata = "run_metadata"
}
