import Tensors

/// Readers of files named by a queue, and whole files. The reader operations without `V2` are older: their handles are
/// references to strings.
@Sendable func defineReaderOps(_ ops: inout OpRegistry) {
  let shared = ["container: string = ''", "shared_name: string = ''"]
  for (version, handle, shape) in [
    ("V2", "resource", PartialShape.scalar), ("", "Ref(string)", PartialShape([2])),
  ] {
    let kinds: [(String, [String])] = [
      ("TFRecordReader", shared + ["compression_type: string = ''"]), ("WholeFileReader", shared),
      ("TextLineReader", ["skip_header_lines: int = 0"] + shared), ("IdentityReader", shared),
      (
        "FixedLengthRecordReader",
        ["header_bytes: int = 0", "record_bytes: int", "footer_bytes: int = 0", "hop_bytes: int = 0"] + shared
          + (version.isEmpty ? [] : ["encoding: string = ''"])
      ),
    ]
    for (name, attributes) in kinds {
      ops.add(
        OpDefinition(name + version, outputs: ["reader_handle: \(handle)"], attributes: attributes, stateful: true),
        shapes: { _ in [shape] })
    }
    let isStateful = !version.isEmpty
    let reader = "reader_handle: \(handle)"
    ops.add(
      OpDefinition(
        "ReaderRead" + version, inputs: [reader, "queue_handle: \(handle)"], outputs: ["key: string", "value: string"],
        stateful: isStateful),
      shapes: { _ in [.scalar, .scalar] })
    ops.add(
      OpDefinition(
        "ReaderReadUpTo" + version, inputs: [reader, "queue_handle: \(handle)", "num_records: int64"],
        outputs: ["keys: string", "values: string"], stateful: isStateful),
      shapes: { _ in [.ofRank(1), .ofRank(1)] })
    ops.add(
      OpDefinition(
        "ReaderNumRecordsProduced" + version, inputs: [reader], outputs: ["records_produced: int64"],
        stateful: isStateful),
      shapes: Shapes.scalar)
    ops.add(
      OpDefinition(
        "ReaderNumWorkUnitsCompleted" + version, inputs: [reader], outputs: ["units_completed: int64"],
        stateful: isStateful),
      shapes: Shapes.scalar)
    ops.add(OpDefinition("ReaderReset" + version, inputs: [reader], stateful: isStateful), shapes: Shapes.none)
  }
  ops.add(
    OpDefinition("ReadFile", inputs: ["filename: string"], outputs: ["contents: string"]), shapes: Shapes.scalar)
  ops.add(
    OpDefinition("WriteFile", inputs: ["filename: string", "contents: string"], stateful: true), shapes: Shapes.none)
  ops.add(
    OpDefinition("MatchingFiles", inputs: ["pattern: string"], outputs: ["filenames: string"]),
    shapes: { _ in [.ofRank(1)] })
}
