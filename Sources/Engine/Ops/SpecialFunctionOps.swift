import Tensors

/// Special functions, complex numbers, bits: operations on elements that few models use.
@Sendable func defineSpecialFunctionOps(_ ops: inout OpRegistry) {
  ops.add(
    OpDefinition("Lgamma", inputs: ["x: T"], outputs: ["y: T"], attributes: ["T: {bfloat16, half, float, double}"]),
    shapes: Shapes.unchanged)
  ops.add(
    OpDefinition("Digamma", inputs: ["x: T"], outputs: ["y: T"], attributes: ["T: {bfloat16, half, float, double}"]),
    shapes: Shapes.unchanged)
  ops.add(
    OpDefinition("Erfc", inputs: ["x: T"], outputs: ["y: T"], attributes: ["T: {bfloat16, half, float, double}"]),
    shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "Sinh", inputs: ["x: T"], outputs: ["y: T"],
      attributes: ["T: {bfloat16, half, float, double, complex64, complex128}"]), shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "Cosh", inputs: ["x: T"], outputs: ["y: T"],
      attributes: ["T: {bfloat16, half, float, double, complex64, complex128}"]), shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "Asin", inputs: ["x: T"], outputs: ["y: T"],
      attributes: ["T: {bfloat16, half, float, double, int32, int64, complex64, complex128}"]), shapes: Shapes.unchanged
  )
  ops.add(
    OpDefinition(
      "Acos", inputs: ["x: T"], outputs: ["y: T"],
      attributes: ["T: {bfloat16, half, float, double, int32, int64, complex64, complex128}"]), shapes: Shapes.unchanged
  )
  ops.add(
    OpDefinition(
      "Atan", inputs: ["x: T"], outputs: ["y: T"],
      attributes: ["T: {bfloat16, half, float, double, int32, int64, complex64, complex128}"]), shapes: Shapes.unchanged
  )
  ops.add(
    OpDefinition(
      "Asinh", inputs: ["x: T"], outputs: ["y: T"],
      attributes: ["T: {bfloat16, half, float, double, complex64, complex128}"]), shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "Acosh", inputs: ["x: T"], outputs: ["y: T"],
      attributes: ["T: {bfloat16, half, float, double, complex64, complex128}"]), shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "Atanh", inputs: ["x: T"], outputs: ["y: T"],
      attributes: ["T: {bfloat16, half, float, double, complex64, complex128}"]), shapes: Shapes.unchanged)
  ops.add(
    OpDefinition("Polygamma", inputs: ["a: T", "x: T"], outputs: ["z: T"], attributes: ["T: {float, double}"]),
    shapes: Shapes.broadcast)
  ops.add(
    OpDefinition("Zeta", inputs: ["x: T", "q: T"], outputs: ["z: T"], attributes: ["T: {float, double}"]),
    shapes: Shapes.broadcast)
  ops.add(
    OpDefinition(
      "TruncateMod", inputs: ["x: T", "y: T"], outputs: ["z: T"],
      attributes: ["T: {int32, int64, bfloat16, half, float, double}"]), shapes: Shapes.broadcast)
  ops.add(
    OpDefinition(
      "NextAfter", inputs: ["x1: T", "x2: T"], outputs: ["output: T"], attributes: ["T: {double, float} = float"]),
    shapes: Shapes.broadcast)
  ops.add(
    OpDefinition(
      "ApproximateEqual", inputs: ["x: T", "y: T"], outputs: ["z: bool"],
      attributes: ["T: numbertype", "tolerance: float = 1e-05"]), shapes: Shapes.broadcast)
  ops.add(
    OpDefinition(
      "ClipByValue", inputs: ["t: T", "clip_value_min: T", "clip_value_max: T"], outputs: ["output: T"],
      attributes: ["T: numbertype"]), shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "Bucketize", inputs: ["input: T"], outputs: ["output: int32"],
      attributes: ["T: {int32, int64, float, double}", "boundaries: list(float)"]), shapes: Shapes.unchanged)
  ops.add(
    OpDefinition("Cross", inputs: ["a: T", "b: T"], outputs: ["product: T"], attributes: ["T: realnumbertype"]),
    shapes: Shapes.merged)
  ops.add(
    OpDefinition(
      "Complex", inputs: ["real: T", "imag: T"], outputs: ["out: Tout"],
      attributes: ["T: {float, double} = float", "Tout: {complex64, complex128} = complex64"]), shapes: Shapes.broadcast
  )
  ops.add(
    OpDefinition(
      "Real", inputs: ["input: T"], outputs: ["output: Tout"],
      attributes: ["T: {complex64, complex128} = complex64", "Tout: {float, double} = float"]), shapes: Shapes.unchanged
  )
  ops.add(
    OpDefinition(
      "Imag", inputs: ["input: T"], outputs: ["output: Tout"],
      attributes: ["T: {complex64, complex128} = complex64", "Tout: {float, double} = float"]), shapes: Shapes.unchanged
  )
  ops.add(
    OpDefinition(
      "Conj", inputs: ["input: T"], outputs: ["output: T"],
      attributes: ["T: {complex64, complex128, variant} = complex64"]), shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "Angle", inputs: ["input: T"], outputs: ["output: Tout"],
      attributes: ["T: {complex64, complex128} = complex64", "Tout: {float, double} = float"]), shapes: Shapes.unchanged
  )
  ops.add(
    OpDefinition(
      "ComplexAbs", inputs: ["x: T"], outputs: ["y: Tout"],
      attributes: ["T: {complex64, complex128} = complex64", "Tout: {float, double} = float"]), shapes: Shapes.unchanged
  )
  ops.add(
    OpDefinition(
      "BitwiseAnd", inputs: ["x: T", "y: T"], outputs: ["z: T"],
      attributes: ["T: {int8, int16, int32, int64, uint8, uint16, uint32, uint64}"]), shapes: Shapes.broadcast)
  ops.add(
    OpDefinition(
      "BitwiseOr", inputs: ["x: T", "y: T"], outputs: ["z: T"],
      attributes: ["T: {int8, int16, int32, int64, uint8, uint16, uint32, uint64}"]), shapes: Shapes.broadcast)
  ops.add(
    OpDefinition(
      "BitwiseXor", inputs: ["x: T", "y: T"], outputs: ["z: T"],
      attributes: ["T: {int8, int16, int32, int64, uint8, uint16, uint32, uint64}"]), shapes: Shapes.broadcast)
  ops.add(
    OpDefinition(
      "LeftShift", inputs: ["x: T", "y: T"], outputs: ["z: T"],
      attributes: ["T: {int8, int16, int32, int64, uint8, uint16, uint32, uint64}"]), shapes: Shapes.broadcast)
  ops.add(
    OpDefinition(
      "RightShift", inputs: ["x: T", "y: T"], outputs: ["z: T"],
      attributes: ["T: {int8, int16, int32, int64, uint8, uint16, uint32, uint64}"]), shapes: Shapes.broadcast)
  ops.add(
    OpDefinition(
      "Invert", inputs: ["x: T"], outputs: ["y: T"],
      attributes: ["T: {int8, int16, int32, int64, uint8, uint16, uint32, uint64}"]), shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "PopulationCount", inputs: ["x: T"], outputs: ["y: uint8"],
      attributes: ["T: {int8, int16, int32, int64, uint8, uint16, uint32, uint64}"]), shapes: Shapes.unchanged)
}
