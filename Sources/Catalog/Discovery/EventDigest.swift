import Events

/// What an event file holds, tag by tag, as far as it could be read.
public struct EventDigest: Sendable, Equatable {
  /// One tag of one kind.
  public struct Tag: Sendable, Equatable {
    public var tag: String
    public var kind: SeriesKind
    public var plugin: String?
    public var values: Int
    /// Of the first and the last value in the file, and the highest of all.
    public var firstStep: Int64
    public var lastStep: Int64
    public var maxStep: Int64
    /// How often a step is lower than the one before, and the first times that is so: from which step to which.
    public var outOfOrder = 0
    public var descents: [Descent] = []
    /// Scalars that are NaN or infinite.
    public var nonFinite = 0

    /// Descents that are listed.
    static let descentsShown = 20

    mutating func note(step: Int64) {
      if step < lastStep {
        outOfOrder += 1
        if descents.count < Self.descentsShown { descents.append(Descent(from: lastStep, to: step)) }
      }
      values += 1
      lastStep = step
      maxStep = max(maxStep, step)
    }
  }

  /// Steps that go back.
  public struct Descent: Sendable, Equatable {
    public var from: Int64
    public var to: Int64
  }

  /// Text of the version record, such as `brain.Event:2`.
  public var fileVersion: String?
  public var writer: String?
  /// Seconds since 1970 of the first and the last event.
  public var firstWallTime: Double?
  public var lastWallTime: Double?
  /// Entries of the session log, and log messages.
  public var sessionLogs = 0
  public var logMessages = 0
  /// By tag, then kind.
  public var tags: [Tag] { found.values.sorted { ($0.tag, $0.kind.rawValue) < ($1.tag, $1.kind.rawValue) } }

  private struct Key: Hashable {
    var tag: ExactName
    var kind: SeriesKind
  }

  private var found: [Key: Tag] = [:]

  init() {}

  /// Takes in what comes next in the file.
  mutating func add(_ batch: EventBatch) {
    fileVersion = fileVersion ?? batch.fileVersion
    writer = writer ?? batch.writer
    firstWallTime = firstWallTime ?? batch.firstWallTime
    lastWallTime = batch.lastWallTime ?? lastWallTime
    sessionLogs += batch.sessionLogs.count
    logMessages += batch.logMessages.count
    for column in batch.scalars {
      let tag = batch.tags[column.tagIndex]
      var digest = digest(tag.name, .scalar, tag.pluginName, first: column.steps.first)
      for step in column.steps { digest.note(step: step) }
      digest.nonFinite += Self.nonFinite(column.values)
      found[Key(tag: ExactName(tag.name), kind: .scalar)] = digest
    }
    for value in batch.values {
      let tag = value.tagIndex.map { batch.tags[$0] }
      guard let key = value.seriesKey(tag) else { continue }
      var digest = digest(key.tag, key.kind, tag?.pluginName, first: value.step)
      digest.note(step: value.step)
      found[Key(tag: ExactName(key.tag), kind: key.kind)] = digest
    }
  }

  private func digest(_ tag: String, _ kind: SeriesKind, _ plugin: String?, first: Int64?) -> Tag {
    let first = first ?? 0
    return found[Key(tag: ExactName(tag), kind: kind)]
      ?? Tag(tag: tag, kind: kind, plugin: plugin, values: 0, firstStep: first, lastStep: first, maxStep: first)
  }

  private static func nonFinite(_ values: ScalarValues) -> Int {
    switch values {
    case .float32(let values): values.reduce(0) { $0 + ($1.isFinite ? 0 : 1) }
    case .float64(let values): values.reduce(0) { $0 + ($1.isFinite ? 0 : 1) }
    case .int64, .uint64: 0
    }
  }
}
