import Tensors

/// `lt`: the dumped tensors as a table.
struct TensorListing {
  let run: DebugRun
  let filters: [(name: String, filter: TensorFilter)]

  func text(_ command: DebuggerCommand) throws -> String {
    guard command.arguments.isEmpty else {
      throw DebuggerCommand.SyntaxError(text: "list_tensors takes options only; for one tensor use print_tensor")
    }
    var notes: [String] = []
    var shown = run.tensors
    var filterName: String?
    if let name = command.texts["-f"] {
      guard let filter = filters.first(where: { $0.name == name }) else {
        throw DebuggerCommand.SyntaxError(
          text: "There is no tensor filter named \"\(name)\"; there are: "
            + filters.map(\.name).joined(separator: ", "))
      }
      shown = shown.filter(filter.filter)
      filterName = name
    }
    if let pattern = command.texts["-n"] {
      let regex = try Self.regex(pattern)
      shown = shown.filter { ((try? regex.prefixMatch(in: $0.node)) ?? nil) != nil }
      notes.append("Node name regex filter: \"\(pattern)\"")
    }
    if let pattern = command.texts["-t"] {
      let regex = try Self.regex(pattern)
      shown = shown.filter { ((try? regex.prefixMatch(in: $0.op)) ?? nil) != nil }
      notes.append("Op type regex filter: \"\(pattern)\"")
    }
    let key = command.texts["-s"] ?? "timestamp"
    // Sorting keeps the order of equals, so that a listing is the same each time.
    let order = Array(shown.enumerated())
    switch key {
    case "timestamp": break
    case "dump_size": shown = order.sorted { ($0.1.byteCount, $0.0) < ($1.1.byteCount, $1.0) }.map(\.element)
    case "op_type": shown = order.sorted { ($0.1.op, $0.0) < ($1.1.op, $1.0) }.map(\.element)
    case "tensor_name": shown = order.sorted { ($0.1.name, $0.0) < ($1.1.name, $1.0) }.map(\.element)
    default:
      throw DebuggerCommand.SyntaxError(
        text: "Unsupported key \"\(key)\"; sort by timestamp, dump_size, op_type or tensor_name")
    }
    if command.flags.contains("-r") { shown.reverse() }
    return text(shown, filter: filterName, notes: notes)
  }

  /// The table; `filter` is the filter all of them passed.
  func text(_ tensors: [DumpedTensor], filter: String? = nil, notes: [String] = []) -> String {
    let heading =
      "\(tensors.count) dumped tensor(s)" + (filter.map { " passing filter \"\($0)\"" } ?? "") + ":"
    var rows = [["t (ms)", "Size (B)", "Op type", "Tensor name"]]
    rows += tensors.map {
      ["[\(Self.milliseconds(run.milliseconds(of: $0)))]", String($0.byteCount), $0.op, $0.name]
    }
    let widths = (0..<3).map { column in rows.map { $0[column].count }.max() ?? 0 }
    let lines = rows.map { row in
      (0..<3).map { row[$0] + String(repeating: " ", count: widths[$0] - row[$0].count) + " " }.joined() + row[3]
    }
    return ([heading] + notes + [""] + lines).joined(separator: "\n")
  }

  /// Three decimals, without a locale.
  static func milliseconds(_ value: Double) -> String {
    let thousandths = Int((value * 1000).rounded())
    let fraction = String(abs(thousandths) % 1000)
    return "\(thousandths < 0 ? "-" : "")\(abs(thousandths) / 1000)."
      + String(repeating: "0", count: 3 - fraction.count) + fraction
  }

  static func regex(_ pattern: String) throws -> Regex<AnyRegexOutput> {
    do {
      return try Regex(pattern)
    } catch {
      throw DebuggerCommand.SyntaxError(text: "\"\(pattern)\" is no regular expression: \(error)")
    }
  }
}
