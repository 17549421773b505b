import GRDB
import Synchronization
import Testing

@testable import Catalog

extension Catalog {
  /// How many blocks each scalar series has.
  func blockCounts() throws -> [String: Int] {
    try store.read { database in
      Dictionary(
        uniqueKeysWithValues: try Row.fetchAll(
          database,
          sql: "SELECT r.name || ' ' || s.tag, count(*) FROM blocks b JOIN series s ON s.id = b.series_id "
            + "JOIN runs r ON r.id = s.run_id GROUP BY s.id"
        ).map { ($0[0] as String, $0[1] as Int) })
    }
  }
}

extension Loader {
  /// Takes in everything in batches of a few thousand bytes, so that several at work often meet.
  static func refreshInSmallBatches(
    _ catalog: Catalog, bytes: Int = 4000, workers: Int = 3, progress: (@Sendable (LoadingProgress) -> Void)? = nil
  ) throws {
    let registrar = Registrar(store: catalog.store)
    let known = try registrar.known()
    let tasks = try registrar.register(try Discovery.walk(root: catalog.root), known: known)
    let options = Loader.Options(sliceBytes: Int64(bytes), workers: workers)
    let loader = Loader(root: catalog.root, store: catalog.store, options: options)
    try loader.wait(for: loader.add(tasks, progress: progress))
  }
}

/// Runs something once, when reading has begun, and keeps the last progress told.
final class AtFirstProgress: Sendable {
  private let state = Mutex((isDone: false, last: LoadingProgress()))
  private let body: @Sendable () throws -> Void

  init(_ body: @escaping @Sendable () throws -> Void) { self.body = body }

  var last: LoadingProgress { state.withLock { $0.last } }

  func report(_ progress: LoadingProgress) {
    let isFirst = state.withLock { state in
      state.last = progress
      guard progress.bytesDone > 0, !state.isDone else { return false }
      state.isDone = true
      return true
    }
    guard isFirst else { return }
    do { try body() } catch { Issue.record(error) }
  }
}

/// A database that is no catalogue.
enum ForeignDatabase {
  static func make(at path: String) throws {
    let queue = try DatabaseQueue(path: path)
    try queue.write { try $0.execute(sql: "CREATE TABLE precious (id INTEGER)") }
  }
}
