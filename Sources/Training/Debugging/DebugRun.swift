import Engine
import Tensors

/// All that is known of one run of a session: what was asked for, the nodes that ran, and every value they gave.
public struct DebugRun: Sendable {
  /// Counts the runs of a debugged session, from 1.
  public var number: Int
  /// Names of the fetches.
  public var fetches: [String]
  public var feeds: [(name: String, value: Tensor)]
  /// The values, in the order they were there.
  public private(set) var tensors: [DumpedTensor]
  /// The nodes that ran, in the order of the graph.
  public private(set) var nodes: [DebugNode]
  /// Why the run ended early.
  public var error: EngineError?

  private var nodeIndices: [String: Int] = [:]
  private var recipientIndices: [String: [Int]] = [:]
  private var controlRecipientIndices: [String: [Int]] = [:]

  public init(
    number: Int, fetches: [String], feeds: [(name: String, value: Tensor)], tensors: [DumpedTensor],
    nodes: [DebugNode], error: EngineError? = nil
  ) {
    self.number = number
    self.fetches = fetches
    self.feeds = feeds
    self.tensors = tensors
    self.nodes = nodes
    self.error = error
    for (index, node) in nodes.enumerated() {
      nodeIndices[node.name] = index
      for input in Set(node.inputs.map(\.node)) { recipientIndices[input, default: []].append(index) }
      for input in Set(node.controlInputs) { controlRecipientIndices[input, default: []].append(index) }
    }
  }

  /// The node of that name, if it ran.
  public func node(_ name: String) -> DebugNode? { nodeIndices[name].map { nodes[$0] } }

  /// Nodes that took a value of `name`, in the order of the graph.
  public func recipients(of name: String) -> [DebugNode] { (recipientIndices[name] ?? []).map { nodes[$0] } }

  /// Nodes that waited for `name`.
  public func controlRecipients(of name: String) -> [DebugNode] {
    (controlRecipientIndices[name] ?? []).map { nodes[$0] }
  }

  /// The values of one output, one for each time it was computed.
  public func tensors(node: String, slot: Int? = nil) -> [DumpedTensor] {
    tensors.filter { $0.node == node && (slot == nil || $0.slot == slot) }
  }

  /// Milliseconds from the first value of the run to that of `tensor`.
  public func milliseconds(of tensor: DumpedTensor) -> Double {
    Double(tensor.timestamp - (tensors.first?.timestamp ?? tensor.timestamp)) / 1000
  }
}
