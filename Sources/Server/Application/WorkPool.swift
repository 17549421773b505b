import NIOPosix
import Synchronization

/// A few threads for work that blocks: reading files, asking the catalogue. Event loops only move bytes.
///
/// What waits for a thread is bounded; past the bound a request is told to come again. Work whose client has gone before
/// its turn is not done at all.
final class WorkPool: Sendable {
  private let threads: NIOThreadPool
  private let longestQueue: Int
  private let waiting = Atomic<Int>(0)

  init(threads: Int, longestQueue: Int = 512) {
    self.threads = NIOThreadPool(numberOfThreads: threads)
    self.longestQueue = longestQueue
    self.threads.start()
  }

  deinit { threads.shutdownGracefully { _ in } }

  /// Runs `work` on one of the threads.
  func run<Value: Sendable>(
    for connection: ConnectionState? = nil, _ work: @escaping @Sendable () throws -> Value
  ) async throws -> Value {
    guard waiting.add(1, ordering: .relaxed).newValue <= longestQueue else {
      waiting.subtract(1, ordering: .relaxed)
      throw Problem(
        .serviceUnavailable, "The server has more to do than it can keep up with. Try again in a second.",
        headers: [.retryAfter: "1"])
    }
    defer { waiting.subtract(1, ordering: .relaxed) }
    return try await threads.runIfActive {
      if connection?.isClosed == true { throw CancellationError() }
      return try work()
    }
  }

  /// Runs a part of work that has begun, however much is waiting: refusing it would spoil what was done.
  func goOn<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await threads.runIfActive(work)
  }
}
