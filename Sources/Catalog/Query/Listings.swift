import Events

/// A run in a listing.
public struct RunSummary: Sendable, Equatable, Codable {
  /// Its folder relative to the log root; `.` for the root.
  public var run: String
  /// Seconds since 1970 of the first and last event; nil while there is none.
  public var firstWallTime: Double?
  public var lastWallTime: Double?
  /// The highest step in the file written last.
  public var lastStep: Int64?
  /// Series, of all kinds.
  public var tags: Int
  /// Points of all series: scalars, and values of other kinds.
  public var points: Int
  /// Event files.
  public var files: Int
  public var checkpoints: Int
  /// Event files of which something could not be read.
  public var damagedFiles: Int

  enum CodingKeys: String, CodingKey {
    case run
    case firstWallTime = "first_wall_time"
    case lastWallTime = "last_wall_time"
    case lastStep = "last_step"
    case tags, points, files, checkpoints
    case damagedFiles = "damaged_files"
  }
}

/// A series in a listing.
public struct TagSummary: Sendable, Equatable, Codable {
  public var run: String
  public var tag: String
  public var kind: SeriesKind
  /// Precision of scalars (`float32`, `float64`, `int64`), element type of tensors; nil where there is none.
  public var dtype: String?
  public var points: Int
  /// Of the first and the last point logged.
  public var firstStep: Int64?
  public var lastStep: Int64?
  public var displayName: String?
  public var description: String?
  /// The summary plugin named in the event file, if any.
  public var plugin: String?

  enum CodingKeys: String, CodingKey {
    case run, tag, kind, dtype, points
    case firstStep = "first_step"
    case lastStep = "last_step"
    case displayName = "display_name"
    case description, plugin
  }
}

/// A value that stays in its event file: where it is, and what a list of such values shows.
public struct LocatedBlob: Sendable, Equatable {
  /// Stable until the file is replaced or the catalogue rebuilt.
  public var id: Int64
  public var run: String
  public var tag: String
  public var kind: SeriesKind
  /// The event file, absolute.
  public var path: String
  /// Where in the file, step, wall time, and what a list shows; `EventFile.summaryValue(at:path:)` reads it.
  public var value: LocatedValue
  /// The plugin named in the event file (`pr_curves`, `hparams`, `mesh`, …), or implied by the value's form.
  public var plugin: String?
}

/// A checkpoint found on disk.
public struct CheckpointSummary: Sendable, Equatable {
  /// Stable while the catalogue lives.
  public var id: Int64
  public var run: String
  /// Relative to the root.
  public var prefix: String
  public var step: Int64?
  /// `V1`, `V2`, `object` or `saved_model`.
  public var format: String
  public var bytes: Int64
  /// Seconds since 1970.
  public var modified: Double
  /// Why it cannot be read, where that is known.
  public var problem: String?
}

/// A graph: of an event file, or a graph file on disk.
public struct GraphSource: Sendable, Equatable {
  public enum Source: String, Sendable, Codable {
    case eventFile = "event_file"
    case meta, pb, pbtxt
    case savedModel = "saved_model"
  }

  /// Stable while the catalogue lives; URL-safe.
  public var id: String
  public var run: String
  public var source: Source
  /// The file, absolute.
  public var path: String
  /// Of an event file's graph: its place. Nil for graph files.
  public var blob: LocatedBlob?
  public var bytes: Int64
}

/// What is known of the soundness of a file.
public struct FileHealth: Sendable, Equatable, Codable {
  public struct Skip: Sendable, Equatable, Codable {
    public var offset: Int64
    public var reason: String
    /// How many bytes were left out.
    public var bytes: Int64
  }

  public var run: String
  /// Relative to the root.
  public var path: String
  /// `events`, or for things below the root that are left out: `folder`, `link`, `name`, `not_a_file`.
  public var kind: String
  public var records: Int
  /// Records left out, by offset; of event files at most the first 100, and the message tells how many there are.
  public var skipped: [Skip]
  public var bytesLost: Int64
  /// Whether the file ends inside a record.
  public var truncatedTail: Bool
  /// Whether everything of the file could be read.
  public var ok: Bool
  /// A sentence for a person where something is to be said.
  public var message: String?

  enum CodingKeys: String, CodingKey {
    case run, path, kind, records, skipped
    case bytesLost = "bytes_lost"
    case truncatedTail = "truncated_tail"
    case ok, message
  }
}

/// What changed since a revision.
public struct CatalogChange: Sendable, Equatable, Codable {
  public struct Series: Sendable, Equatable, Codable {
    public var run: String
    public var tags: [String]
  }

  /// The catalogue's revision now.
  public var revision: Int64
  /// Runs that have new data, or all runs where one came or went.
  public var runs: [String]
  /// Series that have new points, by run.
  public var series: [Series]
  public var checkpoints: Bool
  public var graphs: Bool
  public var health: Bool

  /// Whether nothing changed.
  public var isEmpty: Bool { runs.isEmpty && series.isEmpty && !checkpoints && !graphs && !health }
}
