import Engine
import Events
import Foundation
import Synchronization

/// Where a training's wall times come from.
public enum TrainingClock: Sendable, Equatable {
  /// The machine's clock.
  case system
  /// Seconds since 1970 at step 0, and how many pass a step: two trainings with the same seed give the same bytes.
  case fixed(start: Double, secondsPerStep: Double)
}

/// The time as the events of a training see it.
final class StepClock: Sendable {
  private let clock: TrainingClock
  private let current = Mutex(0)

  init(_ clock: TrainingClock) { self.clock = clock }

  /// Updates made so far.
  var step: Int {
    get { current.withLock { $0 } }
    set { current.withLock { $0 = newValue } }
  }

  /// Seconds since 1970.
  var now: Double {
    switch clock {
    case .system: Date().timeIntervalSince1970
    case .fixed(let start, let secondsPerStep): start + Double(step) * secondsPerStep
    }
  }
}

/// The two event files of a training.
struct DigitsLog {
  /// How long points may wait until they are on disk, in seconds: a page that watches shows them soon after.
  static let flushInterval = 1.0

  let train: FileWriter
  let test: FileWriter
  private var lastFlush = ContinuousClock.now

  init(folder: String, hostName: String?, time: StepClock, graph: Graph) throws {
    let clock: @Sendable () -> Double = { time.now }
    train = try FileWriter(
      directory: folder + "/train", graph: graph, flushSeconds: Self.flushInterval, hostName: hostName, clock: clock)
    test = try FileWriter(
      directory: folder + "/test", flushSeconds: Self.flushInterval, hostName: hostName, clock: clock)
    // Points that an earlier training left in these folders belong to a branch that is given up.
    try train.addSessionLog(.start, step: 0)
    try test.addSessionLog(.start, step: 0)
  }

  /// Hands points over if that was long ago; answers whether it did.
  mutating func flushIfDue(isLast: Bool) throws -> Bool {
    let now = ContinuousClock.now
    guard isLast || now - lastFlush >= .seconds(Self.flushInterval) else { return false }
    lastFlush = now
    try train.flush()
    try test.flush()
    return true
  }

  func close(step: Int) throws {
    try train.addSessionLog(.stop, step: Int64(step))
    try test.addSessionLog(.stop, step: Int64(step))
    try train.close()
    try test.close()
  }

  /// For the way out after an error, which matters more than what closing may say.
  func closeQuietly() {
    try? train.close()
    try? test.close()
  }
}
