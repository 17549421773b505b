/// Random numbers (TensorFlow's generator; see `Philox`).
@Sendable func defineRandomOps(_ ops: inout OpRegistry) {
  for name in ["RandomStandardNormal", "TruncatedNormal", "RandomUniform"] {
    ops.add(
      OpDefinition(
        name, inputs: ["shape: T"], outputs: ["output: dtype"],
        attributes: [
          "seed: int = 0", "seed2: int = 0", "dtype: {half, bfloat16, float, double}", "T: {int32, int64}",
        ], stateful: true),
      shapes: Shapes.fromValue(0))
  }
  ops.add(
    OpDefinition(
      "RandomUniformInt", inputs: ["shape: T", "minval: Tout", "maxval: Tout"], outputs: ["output: Tout"],
      attributes: ["seed: int = 0", "seed2: int = 0", "Tout: {int32, int64}", "T: {int32, int64}"], stateful: true),
    shapes: { context in
      try context.withRank(1, 0)
      try context.withRank(2, 0)
      return [try context.shapeValue(0)]
    })
  ops.add(
    OpDefinition(
      "RandomShuffle", inputs: ["value: T"], outputs: ["output: T"],
      attributes: ["seed: int = 0", "seed2: int = 0", "T: type"], stateful: true),
    shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "Multinomial", inputs: ["logits: T", "num_samples: int32"], outputs: ["output: output_dtype"],
      attributes: [
        "seed: int = 0", "seed2: int = 0", "T: realnumbertype", "output_dtype: {int32, int64} = int64",
      ], stateful: true),
    shapes: { context in
      let logits = try context.withRank(0, 2)
      try context.withRank(1, 0)
      return [[logits[0], context.integers(1)?.first]]
    })
}
