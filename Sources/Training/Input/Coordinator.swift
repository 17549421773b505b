import Dispatch
import Engine
import Foundation
import Synchronization

/// Stops several threads together (`tf.train.Coordinator`): when one asks for it, all end, and the first error is thrown
/// where they are joined.
public final class Coordinator: Sendable {
  private struct State {
    var isStopping = false
    var error: (any Error)?
    var threads: [CoordinatedThread] = []
    var isJoined = false
  }
  private let state = Mutex(State())
  private let changed = Bell()

  public init() {}

  /// Whether threads should end.
  public var shouldStop: Bool { state.withLock { $0.isStopping } }

  /// Asks all threads to end (`request_stop`).
  /// - Parameter error: why; the first one is thrown by `join`. `OutOfRange` and `Cancelled` are clean ends: that is how
  ///   a pipeline says that its input is used up.
  public func requestStop(_ error: (any Error)? = nil) {
    state.withLock { state in
      if let error, !Self.isCleanEnd(error), state.error == nil, !state.isJoined { state.error = error }
      state.isStopping = true
    }
    changed.signal()
  }

  static func isCleanEnd(_ error: any Error) -> Bool {
    guard let error = error as? EngineError else { return false }
    return error.code == .outOfRange || error.code == .cancelled
  }

  /// Makes the coordinator as new: for another round of threads.
  public func clearStop() {
    state.withLock { state in
      state.isStopping = false
      state.error = nil
      state.isJoined = false
    }
  }

  /// Waits until somebody asks to stop.
  /// - Returns: whether somebody has; false where time was up.
  @discardableResult
  public func waitForStop(timeout: Duration? = nil) -> Bool { changed.wait(timeout) { self.shouldStop } }

  /// Runs `body`; an error it throws stops all threads instead of coming out (`stop_on_exception`).
  public func stopOnError(_ body: () throws -> Void) {
    do {
      try body()
    } catch {
      requestStop(error)
    }
  }

  /// Starts a thread that `join` waits for. An error it throws stops all.
  @discardableResult
  public func start(name: String, _ body: @escaping @Sendable () throws -> Void) -> CoordinatedThread {
    let thread = CoordinatedThread(name: name)
    state.withLock { $0.threads.append(thread) }
    thread.run({ [self] in stopOnError(body) }, whenDone: { [self] in changed.signal() })
    return thread
  }

  /// Waits for the threads, then throws what stopped them (`join`).
  /// - Parameters:
  ///   - threads: nil means all.
  ///   - grace: how long threads may go on after somebody asked to stop.
  /// - Throws: the first error a thread ended with; `BuildError` where threads did not end in time.
  public func join(_ threads: [CoordinatedThread]? = nil, grace: Duration = .seconds(120)) throws {
    let waited = threads ?? state.withLock { $0.threads }
    _ = changed.wait(nil) { self.shouldStop || waited.allSatisfy(\.isDone) }
    let ended = changed.wait(grace) { waited.allSatisfy(\.isDone) }
    let error = state.withLock { state in
      state.isJoined = true
      state.threads.removeAll { thread in waited.contains { $0 === thread } }
      return state.error
    }
    if let error { throw error }
    guard ended else {
      let names = waited.filter { !$0.isDone }.map(\.name).joined(separator: " ")
      throw BuildError.runtime("Coordinator stopped with threads still running: \(names)")
    }
  }
}

/// A thread of a coordinator.
public final class CoordinatedThread: Sendable {
  public let name: String
  private let done = Atomic(false)

  init(name: String) { self.name = name }

  public var isDone: Bool { done.load(ordering: .acquiring) }

  /// Runs `body` on a thread of its own: it may wait for long.
  fileprivate func run(_ body: @escaping @Sendable () -> Void, whenDone: @escaping @Sendable () -> Void) {
    DispatchQueue(label: name).async { [self] in
      body()
      done.store(true, ordering: .releasing)
      whenDone()
    }
  }
}

/// Wakes those who wait for something to become true.
private final class Bell: Sendable {
  private let condition = NSCondition()

  func signal() {
    condition.lock()
    condition.broadcast()
    condition.unlock()
  }

  /// Waits until `isTrue`; answers whether it is when time is up.
  func wait(_ timeout: Duration?, until isTrue: () -> Bool) -> Bool {
    let deadline = timeout.map {
      Date(
        timeIntervalSinceNow: Double($0.components.seconds)
          + Double($0.components.attoseconds) / 1e18)
    }
    condition.lock()
    defer { condition.unlock() }
    while !isTrue() {
      if let deadline {
        if !condition.wait(until: deadline) { return isTrue() }
      } else {
        condition.wait()
      }
    }
    return true
  }
}
