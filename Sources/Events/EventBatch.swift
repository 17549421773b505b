import Records
import Tensors

/// What an event reader found in one stretch of a file. Everything belongs to bytes [start, end) of it, so that a
/// consumer can store the batch and `end` in one transaction and lose or double nothing.
public struct EventBatch: Sendable {
  /// The file bytes this batch covers; reading goes on at `end`.
  public var start: UInt64 = 0
  public var end: UInt64 = 0
  /// Sound records read.
  public var records = 0
  /// What these records add to the file's `RecordReader.fingerprint`.
  public var fingerprint: UInt64 = 0
  /// How the file is compressed as a whole, where it is.
  public var compression: Compression?
  /// Whether the file's present end was reached; otherwise call `next` again.
  public var reachedEnd = false
  /// The text of the version record, `brain.Event:2` today, where this batch holds it.
  public var fileVersion: String?
  /// The program that wrote the file, where its version record says so (`tensorflow.core.util.events_writer`).
  public var writer: String?
  /// The tags met in this batch; `tagIndex` elsewhere counts in this list.
  public var tags: [EventTag] = []
  /// Scalars, one entry a tag. Points stand in file order.
  public var scalars: [ScalarColumns] = []
  /// Everything that is not a scalar, in file order.
  public var values: [LocatedValue] = []
  public var sessionLogs: [SessionLogEntry] = []
  public var logMessages: [LogMessageEntry] = []
  /// What could not be read. Records are lost as a whole when their frame is damaged; from a record that does not
  /// parse, the values before the damage are kept.
  public var skipped: [SkippedRecord] = []
  /// Things worth telling that lost nothing, such as a tag that is not valid UTF-8.
  public var warnings: [EventWarning] = []
  /// How the file ends at present; `.clean` while `reachedEnd` is false.
  public var tail: Tail = .clean
  /// Wall times, in seconds since 1970, and step of the first and last event. The version record counts.
  public var firstWallTime: Double?
  public var lastWallTime: Double?
  public var lastStep: Int64?
  /// Events whose wall time was NaN or infinite; they carry the wall time of the event before them instead.
  public var nonFiniteWallTimes = 0
  /// Whether the first event is one of them, so that the batch depends on what stands before it.
  public var beginsWithoutWallTime = false

  public init() {}

  /// Points of all scalar tags.
  public var scalarCount: Int { scalars.reduce(0) { $0 + $1.steps.count } }
}

/// The name of a series of values, and what the file says about it.
public struct EventTag: Sendable, Hashable {
  /// The number of the tag within the reader that met it, from 0 in the order of meeting.
  public var id: Int
  public var name: String
  /// TensorBoard's plugin (`scalars`, `images`, …): as written, or what the form of the first value implies; nil where
  /// neither says one.
  public var pluginName: String?
  /// The plugin's own bytes, empty for most.
  public var pluginContent: [UInt8] = []
  public var displayName: String?
  /// Markdown.
  public var description: String?
  public var dataClass: DataClass = .unknown
  /// Whether a value carried the metadata; the first that does decides for the whole run.
  public var hasMetadata = false
  /// Whether later values can no longer change what is known.
  var isSettled = false

  public init(id: Int = 0, name: String) {
    self.id = id
    self.name = name
  }
}

/// TensorBoard's `DataClass`: how much a value weighs.
public enum DataClass: Int, Sendable, Hashable, Codable {
  case unknown = 0
  case scalar = 1
  case tensor = 2
  case blobSequence = 3
}

/// The scalars of one tag in a batch, as columns of equal length.
public struct ScalarColumns: Sendable, Hashable {
  /// In ``EventBatch/tags``.
  public var tagIndex: Int
  /// The type they were logged in.
  public var dtype: DataType
  public var steps: [Int64]
  /// Seconds since 1970.
  public var wallTimes: [Double]
  public var values: ScalarValues
}

/// Scalars in their own precision: 16-bit floats widen to float32, integers and booleans to 64 bits, losing nothing.
/// A tag that mixes kinds within a batch is widened to float64 there.
public enum ScalarValues: Sendable, Hashable {
  case float32([Float])
  case float64([Double])
  case int64([Int64])
  case uint64([UInt64])

  public var count: Int {
    switch self {
    case .float32(let values): values.count
    case .float64(let values): values.count
    case .int64(let values): values.count
    case .uint64(let values): values.count
    }
  }

  /// All as float64: exact, except for integers beyond 2^53.
  public var doubles: [Double] {
    switch self {
    case .float32(let values): values.map(Double.init)
    case .float64(let values): values
    case .int64(let values): values.map(Double.init)
    case .uint64(let values): values.map(Double.init)
    }
  }
}

/// What a value is, whatever form it has on disk.
public enum ValueKind: String, Sendable, Hashable, Codable, CaseIterable {
  case scalar
  case histogram
  case image
  case audio
  case text
  /// Any other tensor; the tag's plugin tells whose (`pr_curves`, `mesh`, `hparams`, …).
  case tensor
  /// A GraphDef.
  case graph
  /// A MetaGraphDef.
  case metaGraph = "meta_graph"
  /// A RunMetadata: times and memory of one step, or the graphs of a traced function.
  case runMetadata = "run_metadata"
  /// A value that is metadata alone (`hparams` writes these): its tag's `pluginContent` says everything.
  case metadata
}

/// The bytes a located value consists of.
public enum ValueForm: String, Sendable, Hashable, Codable {
  /// A HistogramProto.
  case histogramProto
  /// A Summary.Image.
  case imageProto
  /// A Summary.Audio.
  case audioProto
  /// A TensorProto.
  case tensorProto
  /// A GraphDef, MetaGraphDef or RunMetadata, as the kind says.
  case message
  /// Nothing.
  case none
}

/// Where a value that was not read stands, and what a list needs to know about it.
public struct LocatedValue: Sendable, Hashable {
  public var kind: ValueKind
  public var form: ValueForm
  /// In ``EventBatch/tags``; nil for graphs and tagged run metadata.
  public var tagIndex: Int?
  /// The tag of tagged run metadata (`step_60`), which lives apart from summary tags.
  public var name: String?
  public var step: Int64
  /// Seconds since 1970.
  public var wallTime: Double
  /// The record's payload in the file (its frame starts 12 bytes earlier and ends 4 later).
  public var recordOffset: UInt64
  public var recordLength: Int
  /// The value's own bytes in the file: those of the message `form` names.
  public var offset: UInt64
  public var length: Int
  /// Of tensors.
  public var dtype: DataType?
  public var shape: [Int] = []
  /// Images, sound clips, histogram buckets, or elements.
  public var count = 0
  /// In pixels, of images, where known.
  public var width: Int?
  public var height: Int?
  /// In Hz, of sound, where known without decoding it.
  public var sampleRate: Double?
  /// `audio/wav` or `image/png`, where written.
  public var contentType: String?

  init(
    kind: ValueKind, form: ValueForm, tagIndex: Int? = nil, name: String? = nil, step: Int64, wallTime: Double,
    recordOffset: UInt64, recordLength: Int, offset: UInt64, length: Int
  ) {
    self.kind = kind
    self.form = form
    self.tagIndex = tagIndex
    self.name = name
    self.step = step
    self.wallTime = wallTime
    self.recordOffset = recordOffset
    self.recordLength = recordLength
    self.offset = offset
    self.length = length
  }

  /// A value located earlier, for reading it again with ``EventFile/summaryValue(at:path:)``.
  public init(
    kind: ValueKind, form: ValueForm, recordOffset: UInt64, recordLength: Int, offset: UInt64, length: Int
  ) {
    self.init(
      kind: kind, form: form, step: 0, wallTime: 0, recordOffset: recordOffset, recordLength: recordLength,
      offset: offset, length: length)
  }
}

/// A mark a training session left in the file.
public struct SessionLogEntry: Sendable, Hashable {
  public enum Status: Int, Sendable, Hashable, Codable {
    case unspecified = 0
    /// A session began at this step; points of an earlier session at or after it were abandoned.
    case start = 1
    case stop = 2
    /// A checkpoint was written to `checkpointPath`.
    case checkpoint = 3
  }

  public var status: Status
  public var step: Int64
  public var wallTime: Double
  public var checkpointPath: String
  public var message: String
  /// Where the record's frame starts: orders the entry among values.
  public var offset: UInt64
}

/// A line of text a program logged into the file.
public struct LogMessageEntry: Sendable, Hashable {
  /// 10 debug, 20 info, 30 warning, 40 error, 50 fatal; 0 where it was not said. Others are kept as they are.
  public var level: Int
  public var message: String
  public var step: Int64
  public var wallTime: Double
  /// Where the record's frame starts.
  public var offset: UInt64

  /// The level in a word; nil for one that has none.
  public var levelName: String? {
    switch level {
    case 0: "unknown"
    case 10: "debug"
    case 20: "info"
    case 30: "warning"
    case 40: "error"
    case 50: "fatal"
    default: nil
    }
  }
}

/// Something odd at an offset of a file that lost no data.
public struct EventWarning: Sendable, Hashable, Codable {
  public var offset: UInt64
  public var message: String
}
