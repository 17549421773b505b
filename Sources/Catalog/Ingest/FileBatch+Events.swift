import Events
import Records

extension FileBatch {
  /// TensorBoard's name for the graph of a run.
  static let graphTag = "__run_graph__"

  /// Turns what a reader gave into series of this catalogue.
  init(
    _ events: EventBatch, scalars: [(tag: Int, scalars: ScalarCollector.Collected)], of record: FileRecord,
    status: FileStatus, identity: FileIdentity
  ) {
    fileID = record.id
    runID = record.runID
    generation = record.generation
    start = Int64(clamping: events.start)
    end = Int64(clamping: events.end)
    self.status = status
    self.identity = identity
    reachedEnd = events.reachedEnd
    records = events.records
    fingerprint = events.fingerprint
    compression = events.compression
    fileVersion = events.fileVersion
    firstWallTime = events.firstWallTime
    lastWallTime = events.lastWallTime
    tail = FileTail(events.tail)
    skips = events.skipped.map {
      (Int64(clamping: $0.offset), Int64(clamping: $0.length), $0.reason.description)
    }
    warnings = events.warnings.map { (Int64(clamping: $0.offset), $0.message) }
    if events.nonFiniteWallTimes > 0 {
      let count = events.nonFiniteWallTimes
      warnings.append(
        (
          Int64(clamping: events.start),
          "\(count) \(count == 1 ? "event has a wall time that is" : "events have wall times that are") no finite "
            + "number from here on; they go with the time of the event before them"
        ))
    }
    sessions = events.sessionLogs
    logMessages = events.logMessages
    writer = events.writer
    let tags = Dictionary(events.tags.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    series = scalars.compactMap { tag, scalars in
      guard let tag = tags[tag] else { return nil }
      return SeriesBatch(
        key: SeriesBatch.Key(tag: tag.name, kind: .scalar), dtype: scalars.dtype.name, tag: tag,
        blocks: scalars.blocks, mergeable: scalars.mergeable, segment: scalars.segment)
    }
    series.append(contentsOf: Self.located(events))
    lastStep = series.lazy.map(\.segment.maxStep).max()
  }

  /// Values that stay in the file, by series, in the order the series were met.
  private static func located(_ events: EventBatch) -> [SeriesBatch] {
    var series: [SeriesBatch] = []
    var indices: [SeriesBatch.Key: Int] = [:]
    for value in events.values {
      let tag = value.tagIndex.map { events.tags[$0] }
      guard let key = value.seriesKey(tag) else { continue }
      let index: Int
      if let known = indices[key] {
        index = known
      } else {
        index = series.count
        indices[key] = index
        series.append(SeriesBatch(key: key, dtype: value.dtype?.name, tag: tag))
      }
      series[index].blobs.append(value)
    }
    for index in series.indices {
      let blobs = series[index].blobs
      series[index].segment = SegmentSummary(
        steps: blobs.lazy.map(\.step), firstWall: blobs[0].wallTime, lastWall: blobs[blobs.count - 1].wallTime)
    }
    return series
  }
}

extension LocatedValue {
  /// The series the value belongs to; nil where it says nothing.
  func seriesKey(_ tag: EventTag?) -> SeriesBatch.Key? {
    let kind: SeriesKind
    switch self.kind {
    case .scalar: kind = .scalar
    case .histogram: kind = .histogram
    case .image: kind = .image
    case .audio: kind = .audio
    case .text: kind = .text
    case .tensor: kind = .tensor
    case .graph, .metaGraph: kind = .graph
    case .runMetadata: kind = .runMetadata
    case .metadata:
      // A value without a value and without a plugin that could make sense of it says nothing.
      guard tag?.pluginName != nil else { return nil }
      kind = .tensor
    }
    return SeriesBatch.Key(tag: tag?.name ?? name ?? (kind == .graph ? FileBatch.graphTag : ""), kind: kind)
  }
}

extension SessionLogEntry.Status {
  /// As in the table `sessions`.
  var name: String {
    switch self {
    case .unspecified: "unspecified"
    case .start: "start"
    case .stop: "stop"
    case .checkpoint: "checkpoint"
    }
  }
}

extension FileTail {
  init(_ tail: Tail) {
    switch tail {
    case .clean: self.init()
    case .truncated(let bytes, let expected):
      self.init(state: .truncated, bytes: Int64(bytes), expected: expected.map { Int64($0) })
    case .damaged(let bytes): self.init(state: .damaged, bytes: Int64(bytes))
    }
  }
}
