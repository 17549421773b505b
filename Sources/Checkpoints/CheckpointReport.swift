import Tensors

/// What the command line prints and the server answers about a checkpoint, as JSON. One place for both, so that their
/// shapes cannot drift apart.
public enum CheckpointReport {
  /// `{"prefix","format","tensors":[{"name","dtype","shape","bytes","shard","offset"}],"problems":[…]}`.
  ///
  /// A tensor has `full_name` too where an object graph tells what the variable was called. `problems` are sentences.
  public static func listing(_ reader: CheckpointReader, prefix: String? = nil) -> String {
    var names: [String: String] = [:]
    var problems = reader.problems
    do { names = try reader.fullNames } catch { problems.append("\(error)") }
    problems += reader.dataFileProblems
    var json =
      "{\"prefix\":\(JSONText.quoted(prefix ?? reader.prefix)),\"format\":\"\(reader.format.rawValue)\",\"tensors\":["
    for (number, entry) in reader.entries.enumerated() {
      if number > 0 { json += "," }
      json += "{\"name\":\(JSONText.quoted(entry.name)),\"dtype\":\"\(entry.dtype.name)\",\"shape\":\(entry.shape)"
      json += ",\"bytes\":\(entry.byteCount),\"shard\":\(entry.shard)"
      json += ",\"offset\":\(entry.offset.map { String($0) } ?? "null")"
      if let name = names[entry.name] { json += ",\"full_name\":\(JSONText.quoted(name))" }
      if entry.isPartitioned { json += ",\"slices\":\(entry.slices.count)" }
      json += "}"
    }
    return json + "],\"problems\":[" + problems.map(JSONText.quoted).joined(separator: ",") + "]}"
  }

  /// One tensor: digest, statistics, histogram, and values of a slice.
  public struct TensorReport: Sendable {
    public var summary: TensorSummary
    /// The slice as it was given; empty for everything.
    public var slice: String
    public var sliceShape: Shape
    /// The slice's first values, row-major.
    public var values: [ScalarValue]
    /// Whether the slice has more values than `values`.
    public var isTruncated: Bool

    /// `{"name","dtype","shape","bytes","sha256","min","max","mean","std","l2","nan","inf","zeros","values","slice",
    /// "slice_shape","truncated","histogram":{"edges","counts"}}`; statistics are of the whole tensor, `null` where it
    /// has no finite number, `histogram` too.
    public var json: String {
      let statistics = summary.statistics
      var json = "{\"name\":\(JSONText.quoted(summary.entry.name)),\"dtype\":\"\(summary.entry.dtype.name)\""
      json += ",\"shape\":\(summary.entry.shape),\"bytes\":\(summary.entry.byteCount),\"sha256\":\"\(summary.sha256)\""
      json += ",\"min\":\(statistics.minValue?.json ?? "null"),\"max\":\(statistics.maxValue?.json ?? "null")"
      json += ",\"mean\":\(JSONText.number(statistics.mean)),\"std\":\(JSONText.number(statistics.std))"
      json += ",\"l2\":\(JSONText.number(statistics.l2)),\"nan\":\(statistics.nan),\"inf\":\(statistics.inf)"
      json += ",\"zeros\":\(statistics.zeros)"
      json += ",\"values\":[" + values.map(\.json).joined(separator: ",") + "],\"slice\":\(JSONText.quoted(slice))"
      json += ",\"slice_shape\":\(sliceShape),\"truncated\":\(isTruncated),\"histogram\":"
      guard let histogram = statistics.histogram else { return json + "null}" }
      json += "{\"edges\":[" + histogram.edges.map(JSONText.number).joined(separator: ",") + "],\"counts\":["
      return json + histogram.counts.map { String($0) }.joined(separator: ",") + "]}}"
    }
  }

  /// Looks at one tensor. Memory does not grow with the tensor: at most `maximumValues` values of the slice are read.
  ///
  /// - Parameters:
  ///   - slice: `0:10,:,3`; empty for everything.
  ///   - summary: gives the tensor's summary where it may be known already.
  public static func tensor(
    _ name: String, slice text: String, maximumValues: Int, in reader: CheckpointReader,
    summary: ((String) throws -> TensorSummary)? = nil
  ) throws -> TensorReport {
    let entry = try reader.entry(named: name)
    let slice = try reader.resolve(parse(text, of: entry), of: entry)
    let summary = try summary?(name) ?? reader.summary(of: name)
    let shown = slice.prefix(maximumValues)
    let values = try reader.tensor(named: name, slice: shown).values(0..<maximumValues)
    return TensorReport(
      summary: summary, slice: text, sliceShape: slice.shape, values: values,
      isTruncated: slice.shape.elementCount > values.count)
  }

  /// Parses a slice of a tensor; throws `CheckpointError.invalidSlice`.
  public static func parse(_ slice: String, of entry: CheckpointEntry) throws -> [SliceRange] {
    do { return try SliceRange.parse(slice) } catch let error as SliceError {
      throw CheckpointError.invalidSlice(name: entry.name, reason: error.description)
    }
  }
}

extension ResolvedSlice {
  /// A smaller slice whose elements begin with the first `count` of this one, if it has as many: whole rows are taken,
  /// so it may have more.
  func prefix(_ count: Int) -> ResolvedSlice {
    var result = self
    var rest = max(1, count)
    // From the innermost axis outwards: what an axis takes whole leaves fewer of its rows to read.
    for axis in axes.indices.reversed() {
      let size = max(1, axes[axis].count)
      result.axes[axis].count = min(axes[axis].count, rest)
      // Once an axis is not taken whole, one place on each outer axis is enough.
      rest = rest >= size ? (rest + size - 1) / size : 1
    }
    return result
  }
}
