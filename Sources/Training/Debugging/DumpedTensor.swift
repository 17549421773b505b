import Engine
import Tensors

/// One value that a node gave in a debugged run.
public struct DumpedTensor: Sendable {
  /// Name of the node.
  public var node: String
  /// Which of its outputs.
  public var slot: Int
  /// The node's operation.
  public var op: String
  /// nil where the node gave nothing: an uninitialized variable, a resource handle, a branch not taken.
  public var value: Tensor?
  /// When it was there, in microseconds since 1970.
  public var timestamp: Int64
  /// What was done to the value before it was kept, in TensorFlow's words; always the identity here.
  public static let debugOp = "DebugIdentity"

  public init(node: String, slot: Int, op: String, value: Tensor?, timestamp: Int64) {
    self.node = node
    self.slot = slot
    self.op = op
    self.value = value
    self.timestamp = timestamp
  }

  /// The output's name, as `dense/MatMul:0`.
  public var name: String { "\(node):\(slot)" }

  /// Bytes of its elements.
  public var byteCount: Int {
    guard let value else { return 0 }
    return value.dtype == .string ? value.strings.reduce(0) { $0 + $1.count } : value.byteCount
  }
}

/// Tells whether a dumped tensor is one to stop at.
public typealias TensorFilter = @Sendable (DumpedTensor) -> Bool

/// Whether a tensor has a NaN or an infinity (`tfdbg.has_inf_or_nan`); false for what is not floating point or complex,
/// and for variables that are not initialized.
public let hasInfOrNaN: TensorFilter = { $0.value?.hasNonFinite ?? false }
