import Tensors

/// Examples, raw bytes and comma-separated lines as tensors.
@Sendable func defineParsingOps(_ ops: inout OpRegistry) {
  ops.add(
    OpDefinition(
      "ParseExample",
      inputs: [
        "serialized: string", "names: string", "sparse_keys: Nsparse * string", "dense_keys: Ndense * string",
        "dense_defaults: Tdense",
      ],
      outputs: [
        "sparse_indices: Nsparse * int64", "sparse_values: sparse_types", "sparse_shapes: Nsparse * int64",
        "dense_values: Tdense",
      ],
      attributes: [
        "Nsparse: int >= 0", "Ndense: int >= 0", "sparse_types: list({float, int64, string}) >= 0",
        "Tdense: list({float, int64, string}) >= 0", "dense_shapes: list(shape) >= 0",
      ]),
    shapes: { context in
      let count = context.inputShapes[0][0]
      let sparse = try context.node.int("Nsparse")
      let dense = try context.node.shapes("dense_shapes").map { shape in
        // A first dimension that varies is that of the longest example.
        PartialShape([count]).concatenated(with: shape)
      }
      return [PartialShape](repeating: [nil, 2], count: sparse) + [PartialShape](repeating: [nil], count: sparse)
        + [PartialShape](repeating: [2], count: sparse) + dense
    })
  ops.add(
    OpDefinition(
      "ParseSingleExample", inputs: ["serialized: string", "dense_defaults: Tdense"],
      outputs: [
        "sparse_indices: num_sparse * int64", "sparse_values: sparse_types", "sparse_shapes: num_sparse * int64",
        "dense_values: Tdense",
      ],
      attributes: [
        "num_sparse: int >= 0", "sparse_keys: list(string) >= 0", "dense_keys: list(string) >= 0",
        "sparse_types: list({float, int64, string}) >= 0", "Tdense: list({float, int64, string}) >= 0",
        "dense_shapes: list(shape) >= 0",
      ]),
    shapes: { context in
      let sparse = try context.node.int("num_sparse")
      return [PartialShape](repeating: [nil, 1], count: sparse) + [PartialShape](repeating: [nil], count: sparse)
        + [PartialShape](repeating: [1], count: sparse) + (try context.node.shapes("dense_shapes"))
    })
  ops.add(
    OpDefinition(
      "DecodeRaw", inputs: ["bytes: string"], outputs: ["output: out_type"],
      attributes: [
        "out_type: {half, float, double, int32, uint16, uint8, int16, int8, int64, complex64, complex128, bool}",
        "little_endian: bool = true",
      ]),
    shapes: { [$0.inputShapes[0].concatenated(with: [nil])] })
  ops.add(
    OpDefinition(
      "DecodeCSV", inputs: ["records: string", "record_defaults: OUT_TYPE"], outputs: ["output: OUT_TYPE"],
      attributes: [
        "OUT_TYPE: list({float, double, int32, int64, string}) >= 1", "field_delim: string = ','",
        "use_quote_delim: bool = true", "na_value: string = ''", "select_cols: list(int) = []",
      ]),
    shapes: { context in
      [PartialShape](repeating: context.inputShapes[0], count: context.node.outputCount)
    })
}
