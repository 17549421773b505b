import Engine
import Foundation
import Synchronization
import Tensors

/// Keeps what a run computes, for the debugger.
final class RunRecorder: RunObserver {
  private struct State {
    var tensors: [DumpedTensor] = []
    var nodes: [Node] = []
    var seen: Set<Node> = []
    var lastTimestamp: Int64 = 0
  }
  private let state = Mutex(State())
  private let watched: Set<Node>?

  /// - Parameter watched: the nodes whose values are kept; nil keeps all.
  init(watched: Set<Node>? = nil) { self.watched = watched }

  func nodeRan(_ node: Node, outputs: [Tensor?]) {
    let now = Int64(Date().timeIntervalSince1970 * 1e6)
    let isWatched = watched?.contains(node) ?? true
    state.withLock { state in
      if state.seen.insert(node).inserted { state.nodes.append(node) }
      guard isWatched else { return }
      for (slot, value) in outputs.enumerated() {
        // Files are named by time, so no two values of an output may share one.
        state.lastTimestamp = max(now, state.lastTimestamp + 1)
        state.tensors.append(
          DumpedTensor(node: node.name, slot: slot, op: node.op, value: value, timestamp: state.lastTimestamp))
      }
    }
  }

  /// The run as recorded so far.
  func debugRun(number: Int, fetches: [GraphElement], feeds: [Output: Tensor], error: EngineError?) -> DebugRun {
    let (tensors, nodes) = state.withLock { ($0.tensors, $0.nodes) }
    // What only has to be there, such as a NoOp, runs without being seen.
    var all = Set(nodes)
    for fetch in fetches { if case .node(let node) = fetch { all.insert(node) } }
    return DebugRun(
      number: number, fetches: fetches.map(\.name), feeds: RunRecorder.named(feeds), tensors: tensors,
      nodes: all.sorted { $0.index < $1.index }.map { DebugNode($0) }, error: error)
  }

  static func named(_ feeds: [Output: Tensor]) -> [(name: String, value: Tensor)] {
    feeds.map { (name: $0.key.name, value: $0.value) }.sorted { $0.name < $1.name }
  }
}
