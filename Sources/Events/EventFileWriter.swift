import Dispatch
import Foundation
import Records
import Synchronization

/// Writes an event file that TensorBoard and TensorFlow read as one of their own.
///
/// The file is `events.out.tfevents.SECONDS.HOST[.SUFFIX]` in the folder, created at once with its version record. A
/// name that is taken gets a number at its end: no file is ever overwritten or continued.
///
/// Adding costs the caller encoding and a checksum, well under a microsecond for a scalar; a background thread hands
/// records to the operating system when `maxQueue` events wait, or `flushSeconds` after the last time. What it has, and
/// everything added before a `flush()` that returned, survives the end of the process by any signal. A record is always
/// handed over whole.
///
/// May be used from any thread. An error of the background thread is thrown by the next call.
public final class EventFileWriter: Sendable {
  /// The file.
  public let path: String
  private let core: Core
  private let clock: @Sendable () -> Double
  private let maxQueue: Int
  private let seen = Mutex(Seen())

  /// Tags whose metadata is written, and names of run metadata.
  private struct Seen {
    var described: Set<String> = []
    var runMetadata: Set<String> = []
  }

  /// - Parameters:
  ///   - directory: made where it does not exist.
  ///   - suffix: ends the file's name.
  ///   - maxQueue: how many events may wait before the background thread is woken.
  ///   - flushSeconds: how long an event may wait at most.
  ///   - hostName: stands in the file's name; the machine's by default.
  ///   - clock: seconds since 1970, for the name and for events without a wall time of their own.
  public init(
    directory: String, suffix: String? = nil, maxQueue: Int = 10, flushSeconds: Double = 120,
    hostName: String? = nil, clock: @escaping @Sendable () -> Double = { Date().timeIntervalSince1970 }
  ) throws {
    do {
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    } catch {
      throw EventError.cannotCreateDirectory(path: directory, reason: "\(error.localizedDescription)")
    }
    self.clock = clock
    self.maxQueue = max(1, maxQueue)
    let time = clock()
    let writer = try Self.create(
      in: directory, seconds: Int64(time), host: hostName ?? ProcessInfo.processInfo.hostName, suffix: suffix)
    path = writer.path
    core = Core(writer, flushSeconds: flushSeconds)
    try append(.fileVersion, Array(EventEncoder.fileVersion.utf8), step: 0, wallTime: time)
    try core.drain()
    core.start()
  }

  deinit { try? core.close() }

  private static func create(
    in directory: String, seconds: Int64, host: String, suffix: String?
  ) throws -> RecordWriter {
    let padded = String(repeating: "0", count: max(0, 10 - "\(seconds)".count)) + "\(seconds)"
    let safeHost = host.isEmpty ? "localhost" : host.replacingOccurrences(of: "/", with: "_")
    var ending = ""
    if let suffix, !suffix.isEmpty { ending = suffix.hasPrefix(".") ? suffix : ".\(suffix)" }
    let name = "events.out.tfevents.\(padded).\(safeHost)"
    for attempt in 0..<1000 {
      let number = attempt == 0 ? "" : ".\(attempt)"
      do {
        return try RecordWriter(path: "\(directory)/\(name)\(number)\(ending)", mode: .createNew)
      } catch RecordError.cannotOpen(_, EEXIST) {
        continue
      }
    }
    throw EventError.noFreeName(directory: directory)
  }

  // MARK: adding

  /// Adds a scalar.
  public func addScalar(tag: String, value: Float, step: Int64, wallTime: Double? = nil) throws {
    let time = wallTime ?? clock()
    try core.add(wakingAt: maxQueue) {
      EventEncoder.appendScalarFrame(tag: tag, value: value, step: step, wallTime: time, to: &$0)
    }
  }

  /// Adds a scalar, rounded to float32: readers of every age know scalars in this form alone.
  public func addScalar(tag: String, value: Double, step: Int64, wallTime: Double? = nil) throws {
    try addScalar(tag: tag, value: Float(value), step: step, wallTime: wallTime)
  }

  /// Adds a histogram.
  public func addHistogram(tag: String, histogram: Histogram, step: Int64, wallTime: Double? = nil) throws {
    try append(.summary, SummaryEncoder.histogram(tag: tag, histogram), step: step, wallTime: wallTime)
  }

  /// Adds a serialized `Summary`, as ``SummaryEncoder`` and summary ops make them. A tag's metadata is written with its
  /// first value alone, as TensorFlow's FileWriter does.
  public func add(summary: [UInt8], step: Int64, wallTime: Double? = nil) throws {
    let written = seen.withLock { SummaryMetadata.withoutRepeats(summary, described: &$0.described) }
    try append(.summary, written, step: step, wallTime: wallTime)
  }

  /// Adds a serialized GraphDef.
  public func addGraph(graphDef: [UInt8], step: Int64 = 0, wallTime: Double? = nil) throws {
    try append(.graphDef, graphDef, step: step, wallTime: wallTime)
  }

  /// Adds a serialized MetaGraphDef.
  public func addMetaGraph(metaGraphDef: [UInt8], step: Int64 = 0, wallTime: Double? = nil) throws {
    try append(.metaGraphDef, metaGraphDef, step: step, wallTime: wallTime)
  }

  /// Adds a serialized RunMetadata under a tag that was not used for one before; returns whether it was written.
  @discardableResult
  public func addRunMetadata(_ metadata: [UInt8], tag: String, step: Int64, wallTime: Double? = nil) throws -> Bool {
    guard seen.withLock({ $0.runMetadata.insert(tag).inserted }) else { return false }
    let content = EventEncoder.taggedRunMetadata(tag: tag, metadata)
    try append(.taggedRunMetadata, content, step: step, wallTime: wallTime)
    return true
  }

  /// Adds a mark of the training session.
  public func addSessionLog(
    _ status: SessionLogEntry.Status, checkpointPath: String = "", message: String = "", step: Int64,
    wallTime: Double? = nil
  ) throws {
    let content = EventEncoder.sessionLog(status, checkpointPath: checkpointPath, message: message)
    try append(.sessionLog, content, step: step, wallTime: wallTime)
  }

  private func append(_ field: EventEncoder.Field, _ content: [UInt8], step: Int64, wallTime: Double?) throws {
    let event = EventEncoder.event(wallTime: wallTime ?? clock(), step: step, field, content)
    try core.add(wakingAt: maxQueue) { appendRecordFrame(event, to: &$0) }
  }

  // MARK: handing over

  /// Returns when everything added before is with the operating system.
  public func flush() throws { try core.drain() }

  /// Flushes and ends the file. Adding afterwards throws; closing again does nothing.
  public func close() throws { try core.close() }

  /// What the writer shares with its thread, which must not keep the writer itself alive.
  ///
  /// Lock order: `file` before `queue`; no call is made under `queue`. Whoever holds `file` writes what waits, so
  /// records reach the file in the order they were added, whichever thread writes them.
  private final class Core: Sendable {
    struct Queue {
      var frames: [UInt8] = []
      var events = 0
      var isClosed = false
      var failure: RecordError?
    }

    struct File: ~Copyable {
      var writer: RecordWriter
      /// The buffer that is not in the queue, kept for its capacity.
      var spare: [UInt8] = []
    }

    /// Waiting bytes at which a caller writes them itself instead of adding more.
    static let most = 4 << 20

    let path: String
    private let queue = Mutex(Queue())
    private let file: Mutex<File>
    private let wake = DispatchSemaphore(value: 0)
    private let flushSeconds: Double

    init(_ writer: consuming RecordWriter, flushSeconds: Double) {
      path = writer.path
      self.flushSeconds = max(0.01, flushSeconds)
      file = Mutex(File(writer: writer))
    }

    func start() {
      // A queue of its own has a thread of its own while this runs, however many writers there are. Foundation's Thread
      // is no choice on Linux: its end damages the heap there.
      DispatchQueue(label: "event writer").async { [self] in
        while true {
          _ = wake.wait(timeout: .now() + flushSeconds)
          if queue.withLock({ $0.isClosed }) { return }
          try? drain()  // the failure is kept, and thrown to the next caller
        }
      }
    }

    func add(wakingAt count: Int, _ body: (inout [UInt8]) -> Void) throws {
      let (events, size) = try queue.withLock { queue in
        if let failure = queue.failure { throw failure as any Error }
        guard !queue.isClosed else { throw EventError.closed(path: path) }
        body(&queue.frames)
        queue.events += 1
        return (queue.events, queue.frames.count)
      }
      if events == count { wake.signal() }
      if size > Self.most { try drain() }
    }

    func drain() throws {
      try file.withLock { file in
        var frames = file.spare
        file.spare = []
        let failure = queue.withLock { queue in
          swap(&frames, &queue.frames)
          queue.events = 0
          return queue.failure
        }
        if let failure { throw failure as any Error }
        guard !frames.isEmpty else {
          file.spare = frames
          return
        }
        do {
          try file.writer.appendFrames(frames)
          try file.writer.flush()
        } catch let error as RecordError {
          queue.withLock { $0.failure = error }
          throw error
        }
        frames.removeAll(keepingCapacity: frames.capacity <= 2 * Self.most)
        file.spare = frames
      }
    }

    func close() throws {
      let isFirst = queue.withLock { queue in
        defer { queue.isClosed = true }
        return !queue.isClosed
      }
      guard isFirst else { return }
      wake.signal()
      try drain()
      try file.withLock { try $0.writer.close() }
    }
  }
}

/// Leaving out what a file says already.
enum SummaryMetadata {
  /// A serialized summary without the metadata of values whose tag is in `described`; tags met with metadata are added.
  static func withoutRepeats(_ summary: [UInt8], described: inout Set<String>) -> [UInt8] {
    summary.withUnsafeBytes { bytes in
      var result = ProtoBuffer()
      var changed = false
      var cursor = WireCursor(bytes)
      while cursor.hasMore {
        let key = cursor.varint()
        guard key == 0x0A else { return summary }
        let value = cursor.bytes()
        var inner = WireCursor(value)
        var tag = ""
        var metadata: Range<Int>?
        while inner.hasMore {
          let start = inner.at
          let field = inner.varint()
          switch field {
          case 0x0A: tag = inner.bytes().text
          case 0x4A:
            _ = inner.bytes()
            metadata = start - value.baseAddress!..<inner.at - value.baseAddress!
          default: inner.skip(field)
          }
        }
        if inner.failed { return summary }
        if let metadata, !described.insert(tag).inserted {
          changed = true
          result.message(1, Array(value[..<metadata.lowerBound]) + Array(value[metadata.upperBound...]))
        } else {
          result.message(1, Array(value))
        }
      }
      return changed && !cursor.failed ? result.bytes : summary
    }
  }
}
