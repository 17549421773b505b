/// Summaries: each yields a serialized `Summary` message.
@Sendable func defineSummaryOps(_ ops: inout OpRegistry) {
  ops.add(
    OpDefinition(
      "ScalarSummary", inputs: ["tags: string", "values: T"], outputs: ["summary: string"],
      attributes: ["T: realnumbertype"]),
    shapes: Shapes.scalar)
  ops.add(
    OpDefinition(
      "HistogramSummary", inputs: ["tag: string", "values: T"], outputs: ["summary: string"],
      attributes: ["T: realnumbertype = float"]),
    shapes: Shapes.scalar)
  ops.add(
    OpDefinition(
      "MergeSummary", inputs: ["inputs: N * string"], outputs: ["summary: string"], attributes: ["N: int >= 1"]),
    shapes: Shapes.scalar)
}
