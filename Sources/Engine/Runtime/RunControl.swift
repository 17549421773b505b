import Synchronization

/// What may stop a run before it ends: the session is closed, or time is up. One object serves one run.
final class RunControl: Sendable {
  private let cancellation: Cancellation
  /// When the run has to end; nil where it may take as long as it wants.
  let deadline: ContinuousClock.Instant?
  /// Who wants to see the values of the run.
  let observer: (any RunObserver)?

  init(cancellation: Cancellation, timeout: Duration? = nil, observer: (any RunObserver)? = nil) {
    self.cancellation = cancellation
    self.observer = observer
    deadline = timeout.map { ContinuousClock.now + $0 }
  }

  /// Throws where the run has to end now. Cheap enough for every turn of a loop.
  func check() throws {
    if cancellation.isCancelled { throw EngineError(.cancelled, "Session was closed while the run was under way.") }
    if let deadline, ContinuousClock.now >= deadline { throw Self.timedOut }
  }

  var isCancelled: Bool { cancellation.isCancelled }

  static let timedOut = EngineError(.deadlineExceeded, "Timed out waiting for notification")

  /// Calls `body` when the session is closed, at once where it is; answers what takes the wish back.
  func onCancellation(_ body: @escaping @Sendable () -> Void) -> Cancellation.Registration {
    cancellation.register(body)
  }

  /// Takes a wish to hear of the session's end back.
  func forget(_ registration: Cancellation.Registration) { cancellation.unregister(registration) }
}

/// Whether a session has been closed, and who wants to hear of it.
final class Cancellation: Sendable {
  struct Registration: Sendable {
    fileprivate let id: Int
  }

  private struct State {
    var listeners: [Int: @Sendable () -> Void] = [:]
    var next = 0
  }
  private let flag = Atomic(false)
  private let state = Mutex(State())

  var isCancelled: Bool { flag.load(ordering: .acquiring) }

  func cancel() {
    flag.store(true, ordering: .releasing)
    let listeners = state.withLock { state in
      defer { state.listeners = [:] }
      return state.listeners.values
    }
    for listener in listeners { listener() }
  }

  func register(_ body: @escaping @Sendable () -> Void) -> Registration {
    let id = state.withLock { state in
      state.next += 1
      state.listeners[state.next] = body
      return state.next
    }
    if isCancelled { body() }
    return Registration(id: id)
  }

  func unregister(_ registration: Registration) {
    state.withLock { $0.listeners[registration.id] = nil }
  }
}
