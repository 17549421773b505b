import Tensors

/// Kernels of control flow. Branches and loops themselves are the plan's work (`FramePlan`).
@Sendable func defineControlFlowKernels(_ ops: inout OpRegistry) {
  ops.kernel("LoopCond") { _ in { $0.setOutput(0, try $0.take(0)) } }
  for name in ["Switch", "Merge", "Enter", "Exit", "NextIteration"].flatMap({ [$0, "Ref" + $0] }) {
    // The plan runs these without a kernel; this says that it can.
    ops.kernel(name) { node in
      { _ in throw EngineError(.internal, "\(node.op) '\(node.name)' has to be run by a plan with frames") }
    }
  }
  ops.kernel("RefIdentity") { _ in { _ in } }
}
