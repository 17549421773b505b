import Tensors

/// Operations on byte strings.
@Sendable func defineStringOps(_ ops: inout OpRegistry) {
  ops.add(
    OpDefinition(
      "AsString", inputs: ["input: T"], outputs: ["output: string"],
      attributes: [
        "T: {int8, int16, int32, int64, complex64, complex128, float, double, bool}", "precision: int = -1",
        "scientific: bool = false", "shortest: bool = false", "width: int = -1", "fill: string = ''",
      ]), shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "StringToNumber", inputs: ["string_tensor: string"], outputs: ["output: out_type"],
      attributes: ["out_type: {float, double, int32, int64} = float"]), shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "StringLength", inputs: ["input: string"], outputs: ["output: int32"],
      attributes: ["unit: {'BYTE', 'UTF8_CHAR'} = 'BYTE'"]), shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "StringLower", inputs: ["input: string"], outputs: ["output: string"], attributes: ["encoding: string = ''"]),
    shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "StringUpper", inputs: ["input: string"], outputs: ["output: string"], attributes: ["encoding: string = ''"]),
    shapes: Shapes.unchanged)
  ops.add(
    OpDefinition("StringStrip", inputs: ["input: string"], outputs: ["output: string"]), shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "EncodeBase64", inputs: ["input: string"], outputs: ["output: string"], attributes: ["pad: bool = false"]),
    shapes: Shapes.unchanged)
  ops.add(
    OpDefinition("DecodeBase64", inputs: ["input: string"], outputs: ["output: string"]), shapes: Shapes.unchanged)
  ops.add(
    OpDefinition(
      "Substr", inputs: ["input: string", "pos: T", "len: T"], outputs: ["output: string"],
      attributes: ["T: {int32, int64}", "unit: {'BYTE', 'UTF8_CHAR'} = 'BYTE'"]), shapes: Shapes.broadcast)
  ops.add(
    OpDefinition(
      "ReduceJoin", inputs: ["inputs: string", "reduction_indices: int32"], outputs: ["output: string"],
      attributes: ["keep_dims: bool = false", "separator: string = ''"]), shapes: StringShapes.reduceJoin)
  ops.add(
    OpDefinition(
      "StringSplit", inputs: ["input: string", "delimiter: string"],
      outputs: ["indices: int64", "values: string", "shape: int64"], attributes: ["skip_empty: bool = true"]),
    shapes: { _ in [[nil, 2], [nil], [2]] })
  ops.add(
    OpDefinition(
      "StringSplitV2", inputs: ["input: string", "sep: string"],
      outputs: ["indices: int64", "values: string", "shape: int64"], attributes: ["maxsplit: int = -1"]),
    shapes: { _ in [[nil, 2], [nil], [2]] })
  ops.add(
    OpDefinition("Timestamp", outputs: ["ts: double"], stateful: true), shapes: Shapes.scalar)
}
