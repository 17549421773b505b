import Tensors

/// Queues. The operations without `V2` are older: their handles are references to strings.
@Sendable func defineQueueOps(_ ops: inout OpRegistry) {
  for (version, handle, shape) in [
    ("V2", "resource", PartialShape.scalar), ("", "Ref(string)", PartialShape([2])),
  ] {
    for (name, more) in [
      ("FIFOQueue", []), ("PaddingFIFOQueue", []),
      ("RandomShuffleQueue", ["min_after_dequeue: int = 0", "seed: int = 0", "seed2: int = 0"]),
    ] {
      ops.add(
        OpDefinition(
          name + version, outputs: ["handle: \(handle)"],
          attributes: ["component_types: list(type) >= 1", "shapes: list(shape) >= 0 = []", "capacity: int = -1"]
            + more + ["container: string = ''", "shared_name: string = ''"],
          stateful: true),
        shapes: { _ in [shape] })
    }
    let isStateful = !version.isEmpty
    for name in ["QueueEnqueue", "QueueEnqueueMany"] {
      ops.add(
        OpDefinition(
          name + version, inputs: ["handle: \(handle)", "components: Tcomponents"],
          attributes: ["Tcomponents: list(type) >= 1", "timeout_ms: int = -1"], stateful: isStateful),
        shapes: Shapes.none)
    }
    for name in ["QueueDequeue", "QueueDequeueMany", "QueueDequeueUpTo"] {
      ops.add(
        OpDefinition(
          name + version, inputs: ["handle: \(handle)"] + (name == "QueueDequeue" ? [] : ["n: int32"]),
          outputs: ["components: component_types"],
          attributes: ["component_types: list(type) >= 1", "timeout_ms: int = -1"], stateful: isStateful),
        shapes: dequeuedShapes)
    }
    ops.add(
      OpDefinition(
        "QueueClose" + version, inputs: ["handle: \(handle)"], attributes: ["cancel_pending_enqueues: bool = false"],
        stateful: isStateful),
      shapes: Shapes.none)
    ops.add(
      OpDefinition(
        "QueueSize" + version, inputs: ["handle: \(handle)"], outputs: ["size: int32"], stateful: isStateful),
      shapes: Shapes.scalar)
    ops.add(
      OpDefinition(
        "QueueIsClosed" + version, inputs: ["handle: \(handle)"], outputs: ["is_closed: bool"], stateful: isStateful),
      shapes: Shapes.scalar)
  }
}

/// What a queue's node says of its elements' shapes, with the number of elements in front.
@Sendable private func dequeuedShapes(_ context: ShapeContext) throws -> [PartialShape] {
  let unknown = [PartialShape](repeating: .unknown, count: context.node.outputCount)
  guard let queue = context.inputs.first?.node, case .shapes(let shapes)? = queue.attribute("shapes"),
    shapes.count == unknown.count
  else { return unknown }
  guard context.inputs.count > 1 else { return shapes }
  let isExact = context.node.op.hasPrefix("QueueDequeueMany")
  let count = isExact ? context.integers(1)?.first.flatMap { $0 < 0 ? nil : $0 } : nil
  return shapes.map { PartialShape([count]).concatenated(with: $0) }
}
