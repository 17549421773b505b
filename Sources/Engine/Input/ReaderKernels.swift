import Tensors

/// Kernels of readers and of whole files.
@Sendable func defineReaderKernels(_ ops: inout OpRegistry) {
  for version in ["V2", ""] {
    ops.resource("TFRecordReader" + version) { node, name in
      WorkReader(kind: .records(compression: try node.string("compression_type")), name: name)
    }
    ops.resource("WholeFileReader" + version) { _, name in WorkReader(kind: .wholeFiles, name: name) }
    ops.resource("IdentityReader" + version) { _, name in WorkReader(kind: .names, name: name) }
    ops.resource("TextLineReader" + version) { node, name in
      WorkReader(kind: .lines(skipping: try node.int("skip_header_lines")), name: name)
    }
    ops.resource("FixedLengthRecordReader" + version) { node, name in
      let sizes = try ["header_bytes", "record_bytes", "footer_bytes", "hop_bytes"].map { try node.int($0) }
      guard sizes.allSatisfy({ (0...1 << 40).contains($0) }), sizes[1] > 0 else {
        throw EngineError.invalid("record_bytes must be > 0 and the other sizes >= 0, got \(sizes)")
      }
      if !version.isEmpty, try node.string("encoding") != "" {
        throw EngineError(.unimplemented, "FixedLengthRecordReader reads no encoded files")
      }
      return WorkReader(
        kind: .fixedLength(header: sizes[0], record: sizes[1], footer: sizes[2], hop: sizes[3]), name: name)
    }
    ops.kernel("ReaderRead" + version) { _ in
      { context in
        let found = try reader(context).read(try queue(context), context.records, context.control)
        context.setOutput(0, Tensor(strings: [found.key], shape: .scalar))
        context.setOutput(1, Tensor(strings: [found.value], shape: .scalar))
      }
    }
    ops.kernel("ReaderReadUpTo" + version) { _ in
      { context in
        let limit = try context.integer(2, "num_records")
        guard limit > 0 else { throw EngineError.invalid("num_records must be > 0, got \(limit)") }
        let found = try reader(context).read(upTo: limit, try queue(context), context.records, context.control)
        context.setOutput(0, Tensor(strings: found.map(\.key), shape: [found.count]))
        context.setOutput(1, Tensor(strings: found.map(\.value), shape: [found.count]))
      }
    }
    ops.kernel("ReaderNumRecordsProduced" + version) { _ in
      { $0.setOutput(0, Tensor(try reader($0).recordsProduced)) }
    }
    ops.kernel("ReaderNumWorkUnitsCompleted" + version) { _ in
      { $0.setOutput(0, Tensor(try reader($0).unitsCompleted)) }
    }
    ops.kernel("ReaderReset" + version) { _ in { try reader($0).reset() } }
  }
  ops.kernel("ReadFile") { _ in
    { $0.setOutput(0, Tensor(strings: [try LocalFiles.read(try path($0, 0))], shape: .scalar)) }
  }
  ops.kernel("WriteFile") { _ in
    { context in
      let contents = try context.input(1)
      guard contents.elementCount == 1 else {
        throw EngineError.invalid("Contents tensor must be scalar, but had shape: \(contents.shape)")
      }
      try LocalFiles.write(try path(context, 0), contents.strings[0])
    }
  }
  ops.kernel("MatchingFiles") { _ in
    { context in
      let patterns = try context.input(0).strings.map { String(decoding: $0, as: UTF8.self) }
      let found = Set(patterns.flatMap(LocalFiles.matching)).sorted().map { Array($0.utf8) }
      context.setOutput(0, Tensor(strings: found, shape: [found.count]))
    }
  }
}

private func reader(_ context: KernelContext) throws -> WorkReader {
  try context.object(0, WorkReader.self, "reader")
}

private func queue(_ context: KernelContext) throws -> TensorQueue {
  try context.object(1, TensorQueue.self, "queue")
}

private func path(_ context: KernelContext, _ index: Int) throws -> String {
  let value = try context.input(index)
  guard value.elementCount == 1 else {
    throw EngineError.invalid("Input filename tensor must be scalar, but had shape: \(value.shape)")
  }
  return String(decoding: value.strings[0], as: UTF8.self)
}
