import Foundation
import Synchronization
import Tensors

/// How one call of `Session.run` runs (TensorFlow's `RunOptions`).
public struct RunOptions: Sendable {
  /// How much a run tells about itself.
  public enum TraceLevel: Int, Sendable {
    case none = 0
    case software = 1
    case hardware = 2
    case full = 3
  }

  /// Whether times and memory of every node are taken. Any level but `none` takes them all; such a run computes every
  /// node by itself and is slower.
  public var traceLevel = TraceLevel.none
  /// How long the run may take; the session's `operationTimeout` where nil.
  public var timeout: Duration?

  public init(traceLevel: TraceLevel = .none, timeout: Duration? = nil) {
    self.traceLevel = traceLevel
    self.timeout = timeout
  }
}

/// Times and memory of a run's nodes (TensorFlow's `RunMetadata`).
public struct RunMetadata: Sendable {
  /// One execution of a node; nodes in loops have one for each turn.
  public struct NodeExecution: Sendable {
    public var name: String
    public var op: String
    /// Seconds since 1970.
    public var start: Double
    /// Seconds.
    public var duration: Double
    /// Shapes and types of the outputs, nil where an output has no value.
    public var outputs: [(dtype: DataType, shape: Shape)?]
    /// Bytes that the outputs take.
    public var outputBytes: Int
  }

  /// In the order in which they ran.
  public var nodes: [NodeExecution]

  /// The message `RunMetadata` with its `step_stats`, as `FileWriter.addRunMetadata` and TensorBoard take it.
  public var serialized: [UInt8] {
    var device = WireBytes()
    device.text(1, "/job:localhost/replica:0/task:0/device:CPU:0")
    for node in nodes { device.message(2, Self.statistics(node)) }
    var steps = WireBytes()
    steps.message(1, device)
    var metadata = WireBytes()
    metadata.message(1, steps)
    return metadata.bytes
  }

  /// `NodeExecStats` of `step_stats.proto`.
  private static func statistics(_ node: NodeExecution) -> WireBytes {
    let start = Int(node.start * 1e9)
    let nanoseconds = max(Int(node.duration * 1e9), 1)
    var stats = WireBytes()
    stats.text(1, node.name)
    stats.integer(2, start / 1000)
    stats.integer(4, max(nanoseconds / 1000, 1))
    stats.integer(5, max(nanoseconds / 1000, 1))
    var memory = WireBytes()
    memory.text(1, "cpu")
    memory.integer(2, node.outputBytes)
    memory.integer(3, node.outputBytes)
    stats.message(6, memory)
    for (slot, output) in node.outputs.enumerated() {
      guard let output else { continue }
      var shape = WireBytes()
      for size in output.shape.dimensions {
        var dimension = WireBytes()
        dimension.integer(1, size)
        shape.message(2, dimension)
      }
      var allocation = WireBytes()
      let bytes = (output.dtype.byteWidth ?? 0) * output.shape.elementCount
      allocation.integer(1, bytes)
      allocation.integer(2, bytes)
      allocation.text(3, "cpu")
      var description = WireBytes()
      description.integer(1, Int(output.dtype.rawValue))
      description.message(2, shape)
      description.message(4, allocation)
      var made = WireBytes()
      made.integer(1, slot)
      made.message(3, description)
      stats.message(7, made)
    }
    stats.text(8, "\(node.name) = \(node.op)()")
    stats.integer(9, start / 1000)
    stats.integer(13, start)
    stats.integer(15, nanoseconds)
    stats.integer(16, nanoseconds)
    stats.integer(17, start)
    return stats
  }
}

/// Fields of a protocol buffer, written one after the other.
private struct WireBytes {
  private(set) var bytes: [UInt8] = []

  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  /// A number; 0 is left out, as it is the default.
  mutating func integer(_ field: UInt64, _ value: Int) {
    guard value != 0 else { return }
    varint(field << 3)
    varint(UInt64(bitPattern: Int64(value)))
  }

  mutating func text(_ field: UInt64, _ value: String) {
    varint(field << 3 | 2)
    varint(UInt64(value.utf8.count))
    bytes += value.utf8
  }

  mutating func message(_ field: UInt64, _ value: WireBytes) {
    varint(field << 3 | 2)
    varint(UInt64(value.bytes.count))
    bytes += value.bytes
  }
}

/// Takes the time of every node of a run. Nodes run one after the other, so each took the time since the one before.
final class RunTrace: RunObserver {
  private struct State {
    var nodes: [RunMetadata.NodeExecution] = []
    var last = ContinuousClock.now
  }
  private let state = Mutex(State())
  private let origin = (clock: ContinuousClock.now, wall: Date().timeIntervalSince1970)

  func nodeRan(_ node: Node, outputs: [Tensor?]) {
    let now = ContinuousClock.now
    state.withLock { state in
      let start = origin.wall + (state.last - origin.clock) / .seconds(1)
      state.nodes.append(
        .init(
          name: node.name, op: node.op, start: start, duration: (now - state.last) / .seconds(1),
          outputs: outputs.map { value in value.map { ($0.dtype, $0.shape) } },
          outputBytes: outputs.reduce(0) { sum, value in
            sum + (value.map { $0.dtype == .string ? $0.strings.reduce(0) { $0 + $1.count } : $0.byteCount } ?? 0)
          }))
      state.last = ContinuousClock.now
    }
  }

  var metadata: RunMetadata { RunMetadata(nodes: state.withLock { $0.nodes }) }
}
