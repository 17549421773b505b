/// Softmax and cross entropies.
@Sendable func defineLossOps(_ ops: inout OpRegistry) {
  for name in ["Softmax", "LogSoftmax"] {
    ops.add(
      OpDefinition(
        name, inputs: ["logits: T"], outputs: [name == "Softmax" ? "softmax: T" : "logsoftmax: T"],
        attributes: ["T: {half, bfloat16, float, double}"]),
      shapes: { [try $0.withRankAtLeast(0, 1)] })
  }
  ops.add(
    OpDefinition(
      "SoftmaxCrossEntropyWithLogits", inputs: ["features: T", "labels: T"], outputs: ["loss: T", "backprop: T"],
      attributes: ["T: {half, bfloat16, float, double}"]),
    shapes: { context in
      let both = try Shapes.broadcast(context)[0]
      guard both.rank == nil || both.rank == 2 else {
        throw ShapeError("Shape must be rank 2 but is rank \(both.rank ?? 0)")
      }
      return [[both[0]], both.rank == nil ? .ofRank(2) : both]
    })
  ops.add(
    OpDefinition(
      "SparseSoftmaxCrossEntropyWithLogits", inputs: ["features: T", "labels: Tlabels"],
      outputs: ["loss: T", "backprop: T"],
      attributes: ["T: {half, bfloat16, float, double}", "Tlabels: {int32, int64} = int64"]),
    shapes: { context in
      let features = try context.withRank(0, 2)
      let labels = try context.withRank(1, 1)
      let batch = try ShapeContext.mergeDimension(features[0], labels[0])
      return [[batch], [batch, features[1]]]
    })
}
