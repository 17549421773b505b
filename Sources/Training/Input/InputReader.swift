import Engine
import Records
import Tensors

/// Reads records from the files that a queue names (`tf.ReaderBase`).
public struct InputReader: Sendable, Hashable {
  public let handle: Output

  public var graph: Graph { handle.graph }

  /// The next record: where it comes from, as `FILE:OFFSET` of TFRecord files and `FILE:LINE` of text, and its bytes.
  /// Takes the next file from the queue when one ends.
  public func read(_ queue: Queue, name: String? = nil) throws -> (key: Output, value: Output) {
    let node = try graph.addNode(op: "ReaderReadV2", name: name, inputs: [handle, queue.handle])
    return (node.output(0), node.output(1))
  }

  /// Up to `count` records; fewer at the end of a file (`read_up_to`).
  public func read(
    _ queue: Queue, upTo count: any GraphValue, name: String? = nil
  ) throws -> (keys: Output, values: Output) {
    try graph.nameScope(name ?? "ReaderReadUpToV2") { scope in
      let count = try graph.operand(count, dtype: .int64, name: "num_records")
      let node = try graph.addNode(op: "ReaderReadUpToV2", name: scope, inputs: [handle, queue.handle, count])
      return (node.output(0), node.output(1))
    }
  }

  /// How many records were read so far; a scalar int64.
  public func recordsProduced(name: String? = nil) throws -> Output {
    try graph.add("ReaderNumRecordsProducedV2", [handle], name: name)
  }

  /// How many files were read to their end; a scalar int64.
  public func workUnitsCompleted(name: String? = nil) throws -> Output {
    try graph.add("ReaderNumWorkUnitsCompletedV2", [handle], name: name)
  }

  /// Forgets the file that is being read.
  public func reset(name: String? = nil) throws -> Node {
    try graph.addNode(op: "ReaderResetV2", name: name, inputs: [handle])
  }
}

extension Graph {
  /// Reads the records of TFRecord files (`tf.TFRecordReader`).
  public func tfRecordReader(compression: Compression? = nil, name: String? = nil) throws -> InputReader {
    let type = compression.map { $0 == .gzip ? "GZIP" : "ZLIB" } ?? ""
    return InputReader(
      handle: try add("TFRecordReaderV2", name: name, attributes: ["compression_type": .string(type)]))
  }

  /// Reads lines of text (`tf.TextLineReader`).
  public func textLineReader(skipHeaderLines: Int = 0, name: String? = nil) throws -> InputReader {
    InputReader(
      handle: try add(
        "TextLineReaderV2", name: name, attributes: ["skip_header_lines": .int(Int64(skipHeaderLines))]))
  }

  /// Reads each file as one record (`tf.WholeFileReader`).
  public func wholeFileReader(name: String? = nil) throws -> InputReader {
    InputReader(handle: try add("WholeFileReaderV2", name: name))
  }

  /// Gives each name itself as a record (`tf.IdentityReader`).
  public func identityReader(name: String? = nil) throws -> InputReader {
    InputReader(handle: try add("IdentityReaderV2", name: name))
  }
}
