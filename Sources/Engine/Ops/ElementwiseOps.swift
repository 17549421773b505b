/// Operations on elements: one or two inputs with broadcasting, comparisons, logic, activations.
@Sendable func defineElementwiseOps(_ ops: inout OpRegistry) {
  let signed = "T: {bfloat16, half, float, double, int32, int64, complex64, complex128}"
  let unary: [(names: [String], types: String)] = [
    (["Abs"], "T: {bfloat16, half, float, double, int8, int16, int32, int64}"),
    (["Neg", "Square", "Reciprocal", "Inv", "Sign"], signed),
    (
      ["Exp", "Expm1", "Log", "Log1p", "Sqrt", "Rsqrt", "Sigmoid", "Tanh", "Sin", "Cos"],
      "T: {bfloat16, half, float, double, complex64, complex128}"
    ),
    (["Tan"], "T: {bfloat16, half, float, double, int32, int64, complex64, complex128}"),
    (["Floor", "Ceil", "Rint", "Erf"], "T: {bfloat16, half, float, double}"),
    (["Round"], signed),
    (["ZerosLike"], "T: type"),
    (
      ["OnesLike"],
      "T: {bfloat16, half, float, double, int8, uint8, int16, uint16, int32, int64, complex64, complex128, bool}"
    ),
  ]
  for (names, types) in unary {
    for name in names {
      ops.add(
        OpDefinition(name, inputs: ["x: T"], outputs: ["y: T"], attributes: [types]), shapes: Shapes.unchanged)
    }
  }
  for (name, types) in [
    (
      "Relu",
      "T: {float, double, int32, uint8, int16, int8, int64, bfloat16, uint16, half, uint32, uint64, qint8}"
    ), ("Relu6", "T: realnumbertype"),
  ] {
    ops.add(
      OpDefinition(name, inputs: ["features: T"], outputs: ["activations: T"], attributes: [types]),
      shapes: Shapes.unchanged)
  }
  for name in ["Elu", "Selu", "Softplus", "Softsign"] {
    ops.add(
      OpDefinition(
        name, inputs: ["features: T"], outputs: ["activations: T"], attributes: ["T: {half, bfloat16, float, double}"]),
      shapes: Shapes.unchanged)
  }
  ops.add(
    OpDefinition(
      "LeakyRelu", inputs: ["features: T"], outputs: ["activations: T"],
      attributes: ["alpha: float = 0.2", "T: {half, bfloat16, float, double} = float"]),
    shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "LeakyReluGrad", inputs: ["gradients: T", "features: T"], outputs: ["backprops: T"],
      attributes: ["alpha: float = 0.2", "T: {half, bfloat16, float, double} = float"]),
    shapes: Shapes.merged)
  for name in ["IsFinite", "IsInf", "IsNan"] {
    ops.add(
      OpDefinition(name, inputs: ["x: T"], outputs: ["y: bool"], attributes: ["T: floattype"]),
      shapes: Shapes.unchanged)
  }
  for name in ["SigmoidGrad", "TanhGrad", "SqrtGrad", "RsqrtGrad", "InvGrad", "ReciprocalGrad"] {
    ops.add(
      OpDefinition(
        name, inputs: ["y: T", "dy: T"], outputs: ["z: T"],
        attributes: ["T: {bfloat16, half, float, double, complex64, complex128}"]),
      shapes: Shapes.merged)
  }
  for name in ["ReluGrad", "Relu6Grad"] {
    ops.add(
      OpDefinition(
        name, inputs: ["gradients: T", "features: T"], outputs: ["backprops: T"], attributes: ["T: realnumbertype"]),
      shapes: Shapes.merged)
  }
  for (name, second) in [
    ("EluGrad", "outputs"), ("SeluGrad", "outputs"), ("SoftplusGrad", "features"), ("SoftsignGrad", "features"),
  ] {
    ops.add(
      OpDefinition(
        name, inputs: ["gradients: T", "\(second): T"], outputs: ["backprops: T"],
        attributes: ["T: {half, bfloat16, float, double}"]),
      shapes: Shapes.merged)
  }

  let arithmetic = "T: {bfloat16, half, float, double, uint8, int8, uint16, int16, int32, int64, complex64, complex128}"
  let withStrings =
    "T: {bfloat16, half, float, double, uint8, int8, int16, int32, int64, complex64, complex128, string}"
  let binary: [(names: [String], types: String)] = [
    (["Add"], withStrings),
    (["AddV2"], "T: {bfloat16, half, float, double, uint8, int8, int16, int32, int64, complex64, complex128}"),
    (["Sub", "Mul", "Div", "RealDiv", "FloorDiv", "TruncateDiv"], arithmetic),
    (["DivNoNan", "MulNoNan", "Xdivy", "Xlogy"], "T: {half, float, double, complex64, complex128}"),
    (["FloorMod", "Mod"], "T: {int32, int64, bfloat16, half, float, double}"),
    (["Maximum", "Minimum"], "T: {bfloat16, half, float, double, int32, int64}"),
    (["Pow"], "T: {bfloat16, float, half, double, int32, int64, complex64, complex128}"),
    (["SquaredDifference"], signed),
  ]
  for (names, types) in binary {
    for name in names {
      ops.add(
        OpDefinition(name, inputs: ["x: T", "y: T"], outputs: ["z: T"], attributes: [types]), shapes: Shapes.broadcast)
    }
  }
  ops.add(
    OpDefinition(
      "Atan2", inputs: ["y: T", "x: T"], outputs: ["z: T"], attributes: ["T: {bfloat16, half, float, double}"]),
    shapes: Shapes.broadcast)
  for name in ["Equal", "NotEqual"] {
    ops.add(
      OpDefinition(
        name, inputs: ["x: T", "y: T"], outputs: ["z: bool"],
        attributes: [
          "T: {bfloat16, half, float, double, uint8, int8, int16, int32, int64, complex64, quint8, qint8, qint32, "
            + "string, bool, complex128}", "incompatible_shape_error: bool = true",
        ]),
      shapes: { context in
        if try context.node.bool("incompatible_shape_error") { return try Shapes.broadcast(context) }
        return [(try? Shapes.broadcast(context).first) ?? .unknown]
      })
  }
  for name in ["Less", "LessEqual", "Greater", "GreaterEqual"] {
    ops.add(
      OpDefinition(name, inputs: ["x: T", "y: T"], outputs: ["z: bool"], attributes: ["T: realnumbertype"]),
      shapes: Shapes.broadcast)
  }
  for name in ["LogicalAnd", "LogicalOr"] {
    ops.add(OpDefinition(name, inputs: ["x: bool", "y: bool"], outputs: ["z: bool"]), shapes: Shapes.broadcast)
  }
  ops.add(OpDefinition("LogicalNot", inputs: ["x: bool"], outputs: ["y: bool"]), shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "AddN", inputs: ["inputs: N * T"], outputs: ["sum: T"],
      attributes: [
        "N: int >= 1",
        "T: {float, double, int32, uint8, int16, int8, complex64, int64, qint8, quint8, qint32, bfloat16, uint16, "
          + "complex128, half, uint32, uint64, variant}",
      ]),
    shapes: Shapes.merged)
  for name in ["Select", "SelectV2"] {
    ops.add(
      OpDefinition(
        name, inputs: ["condition: bool", "t: T", "e: T"], outputs: ["output: T"], attributes: ["T: type"]),
      shapes: { context in
        if context.node.op == "SelectV2" {
          let both = try Shapes.broadcast(context.inputShapes[1], context.inputShapes[2])
          return [try Shapes.broadcast(context.inputShapes[0], both)]
        }
        return [try context.inputShapes[1].merged(with: context.inputShapes[2])]
      })
  }
  ops.add(
    OpDefinition(
      "BroadcastGradientArgs", inputs: ["s0: T", "s1: T"], outputs: ["r0: T", "r1: T"],
      attributes: ["T: {int32, int64} = int32"]),
    shapes: { _ in [.ofRank(1), .ofRank(1)] })
}
