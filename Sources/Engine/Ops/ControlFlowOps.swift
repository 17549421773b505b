/// Control flow: branches (`Switch`, `Merge`) and loops (`Enter`, `Exit`, `NextIteration`, `LoopCond`). A plan runs
/// them itself (`FramePlan`), so only `LoopCond` and `RefSelect`'s kin have kernels.
@Sendable func defineControlFlowOps(_ ops: inout OpRegistry) {
  for prefix in ["", "Ref"] {
    let type = prefix.isEmpty ? "T" : "Ref(T)"
    ops.add(
      OpDefinition(
        "\(prefix)Switch", inputs: ["data: \(type)", "pred: bool"],
        outputs: ["output_false: \(type)", "output_true: \(type)"], attributes: ["T: type"],
        allowsUninitializedInput: !prefix.isEmpty),
      shapes: { [$0.inputShapes[0], $0.inputShapes[0]] })
    ops.add(
      OpDefinition(
        "\(prefix)Merge", inputs: [prefix.isEmpty ? "inputs: N * T" : "inputs: Ref(N * T)"],
        outputs: ["output: \(type)", "value_index: int32"],
        attributes: ["T: type", "N: int >= 1"]),
      shapes: { context in
        let known = context.inputShapes
        return [known.dropFirst().allSatisfy { $0 == known[0] } ? known[0] : .unknown, .scalar]
      })
    ops.add(
      OpDefinition(
        "\(prefix)Enter", inputs: ["data: \(type)"], outputs: ["output: \(type)"],
        attributes: [
          "T: type", "frame_name: string", "is_constant: bool = false", "parallel_iterations: int = 10",
        ]),
      shapes: Shapes.unchanged)
    for name in ["Exit", "NextIteration"] {
      ops.add(
        OpDefinition(
          "\(prefix)\(name)", inputs: ["data: \(type)"], outputs: ["output: \(type)"], attributes: ["T: type"]),
        shapes: Shapes.unchanged)
    }
  }
  ops.add(
    OpDefinition(
      "RefIdentity", inputs: ["input: Ref(T)"], outputs: ["output: Ref(T)"], attributes: ["T: type"],
      allowsUninitializedInput: true),
    shapes: Shapes.unchanged)
  ops.add(OpDefinition("LoopCond", inputs: ["input: bool"], outputs: ["output: bool"]), shapes: Shapes.scalar)
}
