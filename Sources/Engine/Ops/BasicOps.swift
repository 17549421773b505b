/// Constants, placeholders and operations that only pass values on.
@Sendable func defineBasicOps(_ ops: inout OpRegistry) {
  ops.add(
    OpDefinition("Const", outputs: ["output: dtype"], attributes: ["value: tensor", "dtype: type"]),
    shapes: { [PartialShape(try $0.node.tensor("value").shape)] })
  ops.add(
    OpDefinition("Placeholder", outputs: ["output: dtype"], attributes: ["dtype: type", "shape: shape = ?"]),
    shapes: Shapes.attribute)
  ops.add(
    OpDefinition("PlaceholderV2", outputs: ["output: dtype"], attributes: ["dtype: type", "shape: shape"]),
    shapes: Shapes.attribute)
  ops.add(
    OpDefinition(
      "PlaceholderWithDefault", inputs: ["input: dtype"], outputs: ["output: dtype"],
      attributes: ["dtype: type", "shape: shape"]),
    shapes: { context in
      let shape = try context.node.shape("shape")
      _ = try context.inputShapes[0].merged(with: shape)
      return [shape]
    })
  for name in ["Identity", "StopGradient", "Snapshot"] {
    ops.add(
      OpDefinition(name, inputs: ["input: T"], outputs: ["output: T"], attributes: ["T: type"]),
      shapes: Shapes.unchanged)
  }
  ops.add(
    OpDefinition(
      "PreventGradient", inputs: ["input: T"], outputs: ["output: T"],
      attributes: ["T: type", "message: string = ''"]),
    shapes: Shapes.unchanged)
  ops.add(
    OpDefinition("IdentityN", inputs: ["input: T"], outputs: ["output: T"], attributes: ["T: list(type) >= 1"]),
    shapes: { $0.inputShapes })
  ops.add(OpDefinition("NoOp"), shapes: Shapes.none)
  ops.add(OpDefinition("ControlTrigger"), shapes: Shapes.none)
  ops.add(
    OpDefinition(
      "Assert", inputs: ["condition: bool", "data: T"], attributes: ["T: list(type) >= 1", "summarize: int = 3"],
      stateful: true),
    shapes: Shapes.none)
  ops.add(
    OpDefinition(
      "CheckNumerics", inputs: ["tensor: T"], outputs: ["output: T"],
      attributes: ["T: {bfloat16, half, float, double}", "message: string"], stateful: true),
    shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "Print", inputs: ["input: T", "data: U"], outputs: ["output: T"],
      attributes: [
        "T: type", "U: list(type) >= 0", "message: string = ''", "first_n: int = -1", "summarize: int = 3",
      ], stateful: true),
    shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "Cast", inputs: ["x: SrcT"], outputs: ["y: DstT"],
      attributes: ["SrcT: type", "DstT: type", "Truncate: bool = false"]),
    shapes: Shapes.unchanged)
}
