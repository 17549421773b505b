import Engine
import Synchronization
import Tensors

/// Runs a training and, when a fetched value or a variable becomes NaN or infinite, finds the op that began it.
///
/// Watching every op of every step would be slow. So the guard remembers variables and random streams every few steps,
/// which costs one copy of the variables, and the feeds of the steps since. When something goes wrong it goes back, runs
/// those steps again with every op watched, and reports the first op that gave a value that is not finite, with the
/// statistics of what it was given (`OffendingOp`).
///
/// Steps that take their input from queues or readers cannot be run again with the same input; then the report says that
/// the op was not found.
public final class NonFiniteGuard: Sendable {
  public let session: Session
  /// Steps between two snapshots.
  public let interval: Int

  private struct State {
    var snapshot: SessionSnapshot?
    var recorded: [(fetches: [GraphElement], feeds: [Output: Tensor])] = []
    var steps = 0
  }
  private let state = Mutex(State())

  public init(_ session: Session, snapshotEvery interval: Int = 16) {
    precondition(interval > 0, "a snapshot is taken every so many steps, at least one")
    self.session = session
    self.interval = interval
  }

  /// One step, as `Session.run`. One runs at a time.
  /// - Throws: `NonFiniteError` where a fetched value is not finite, or where a variable is found not to be, which is
  ///   looked at every `interval` steps; what the run throws.
  public func run(_ fetches: [GraphElement], feeds: [Output: Tensor] = [:]) throws -> [Tensor?] {
    try state.withLock { state in
      if state.snapshot == nil || state.recorded.count >= interval {
        let snapshot = session.snapshot()
        if snapshot.hasNonFinite, state.snapshot != nil { throw try investigate(&state) }
        state.snapshot = snapshot
        state.recorded = []
      }
      state.recorded.append((fetches, feeds))
      state.steps += 1
      let results = try session.run(fetches, feeds: feeds)
      if results.contains(where: { $0?.hasNonFinite ?? false }) { throw try investigate(&state) }
      return results
    }
  }

  /// Looks at the variables now, as happens by itself every `interval` steps: at the end of a training.
  /// - Throws: `NonFiniteError` where one is not finite.
  public func check() throws {
    try state.withLock { state in
      if session.snapshot().hasNonFinite, state.snapshot != nil { throw try investigate(&state) }
    }
  }

  /// Runs the recorded steps again, watched, from the snapshot on.
  private func investigate(_ state: inout State) throws -> NonFiniteError {
    guard let snapshot = state.snapshot else { return NonFiniteError(step: state.steps, op: nil) }
    try session.restore(snapshot)
    let first = state.steps - state.recorded.count + 1
    let recorded = state.recorded
    state.snapshot = nil
    state.recorded = []
    for (index, step) in recorded.enumerated() {
      let recorder = RunRecorder()
      let failure: EngineError?
      do {
        _ = try session.run(step.fetches, feeds: step.feeds, observer: recorder)
        failure = nil
      } catch let error as EngineError {
        failure = error
      }
      let run = recorder.debugRun(number: first + index, fetches: step.fetches, feeds: step.feeds, error: failure)
      if let op = OffendingOp.find(in: run) { return NonFiniteError(step: first + index, op: op, run: run) }
    }
    return NonFiniteError(step: state.steps, op: nil)
  }
}

/// A training that ran into NaN or infinity.
public struct NonFiniteError: Error, CustomStringConvertible {
  /// The step, counted from 1 since the guard was made.
  public var step: Int
  /// The op that began it; nil where the steps, run again, did not lead there.
  public var op: OffendingOp?
  /// All values of that step.
  public var run: DebugRun?

  public var description: String {
    guard let op else {
      return
        "A value became NaN or infinite by step \(step). Run again, the steps gave finite values: their input comes "
        + "from a queue, a reader or another source that cannot be read twice."
    }
    return "At step \(step) a value became NaN or infinite.\n\(op)"
  }
}
