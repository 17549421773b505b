import Catalog
import Synchronization

/// Tells streams that there is news: a new revision of the catalogue, or progress of loading.
///
/// The feed carries no news itself. A stream that wakes asks the catalogue what changed since it last told its client;
/// so a slow client misses nothing, costs no memory, and gets all that came meanwhile in one piece.
final class ChangeFeed: Sendable {
  private struct State {
    var revision: Int64
    var loading = LoadingProgress()
    var isClosed = false
    var wakers: [Int: AsyncStream<Void>.Continuation] = [:]
    var nextID = 0
  }

  private let state: Mutex<State>
  /// How many streams may be open at a time.
  let limit: Int

  init(revision: Int64, limit: Int = 64) {
    state = Mutex(State(revision: revision))
    self.limit = limit
  }

  /// The newest revision heard of.
  var revision: Int64 { state.withLock { $0.revision } }
  /// How far loading is.
  var loading: LoadingProgress { state.withLock { $0.loading } }
  var isClosed: Bool { state.withLock { $0.isClosed } }
  /// Streams that are open.
  var count: Int { state.withLock { $0.wakers.count } }

  func publish(revision: Int64) {
    wake { state in
      guard revision > state.revision else { return false }
      state.revision = revision
      return true
    }
  }

  func publish(loading: LoadingProgress) {
    wake { state in
      guard loading != state.loading else { return false }
      state.loading = loading
      return true
    }
  }

  /// Wakes every stream so that it can say that it is alive.
  func beat() { wake { _ in true } }

  /// Ends all streams, and every one opened later.
  func close() {
    let wakers = state.withLock { state in
      state.isClosed = true
      defer { state.wakers = [:] }
      return state.wakers.values.map { $0 }
    }
    for waker in wakers { waker.finish() }
  }

  private func wake(_ change: (inout State) -> Bool) {
    let wakers = state.withLock { state in change(&state) ? state.wakers.values.map { $0 } : [] }
    for waker in wakers { waker.yield() }
  }

  /// A sequence of wake-ups, of which any number that come while nobody waits are one. Ends when the feed closes or
  /// `end` is called.
  struct Subscription: Sendable {
    let wakeups: AsyncStream<Void>
    let end: @Sendable () -> Void
  }

  /// - Throws: a ``Problem`` where too many streams are open.
  func subscribe() throws(Problem) -> Subscription {
    let (wakeups, waker) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    let id: Int? = state.withLock { state in
      guard state.wakers.count < limit else { return nil }
      state.nextID += 1
      if state.isClosed { waker.finish() } else { state.wakers[state.nextID] = waker }
      return state.nextID
    }
    guard let id else {
      throw Problem(
        .serviceUnavailable, "\(limit) streams of events are open, which is the limit. Poll /api/v1/changes instead.",
        headers: [.retryAfter: "10"])
    }
    return Subscription(wakeups: wakeups) { [weak self] in
      waker.finish()
      _ = self?.state.withLock { $0.wakers.removeValue(forKey: id) }
    }
  }
}
