import Catalog
import Dispatch
import Foundation
import Synchronization

/// Brings the catalogue of a log root up to date while a training writes, in the background. A catalogue that cannot be
/// written costs a warning, not the training: whoever reads the files later takes everything in.
final class CatalogIndexer: Sendable {
  private let root: String
  private let path: String?
  private let warn: @Sendable (String) -> Void
  private let queue = DispatchQueue(label: "catalogue")
  private let state = Mutex(State())

  private struct State {
    var catalog: Catalog?
    var isWaiting = false
    var hasFailed = false
  }

  init(root: String, path: String?, warn: @escaping @Sendable (String) -> Void) {
    self.root = root
    self.path = path
    self.warn = warn
  }

  /// Takes in what is new soon; calls while one is waiting are one.
  func refresh() {
    let isFirst = state.withLock { state in
      defer { state.isWaiting = true }
      return !state.isWaiting && !state.hasFailed
    }
    guard isFirst else { return }
    queue.async { self.work() }
  }

  /// Takes in what is new and returns when that is done.
  func finish() { queue.sync { work() } }

  private func work() {
    let catalog = state.withLock { state in
      state.isWaiting = false
      return state.hasFailed ? nil : state.catalog
    }
    if state.withLock({ $0.hasFailed }) { return }
    do {
      let open = try catalog ?? Catalog.open(root: root, at: path)
      state.withLock { $0.catalog = open }
      _ = try open.refresh()
    } catch {
      state.withLock { $0.hasFailed = true }
      warn("The catalogue is not kept up to date during this training: \(error)")
    }
  }
}
