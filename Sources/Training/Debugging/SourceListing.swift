import Foundation

/// `ps` and `ls`: where in the program the nodes were made.
struct SourceListing {
  let run: DebugRun
  let readSource: @Sendable (String) -> String?

  private typealias Failure = DebuggerCommand.SyntaxError

  /// A source file's text; files above 4 MB are not source.
  static let read: @Sendable (String) -> String? = { path in
    guard let handle = FileHandle(forReadingAtPath: path) else { return nil }
    defer { try? handle.close() }
    guard let data = try? handle.read(upToCount: 4 << 20) else { return nil }
    return String(data: data, encoding: .utf8)
  }

  func files(_ command: DebuggerCommand) throws -> String {
    let name = try command.texts["-n"].map(TensorListing.regex)
    let path = try command.texts["-p"].map(TensorListing.regex)
    var files: [String: (nodes: Set<String>, firstLine: Int)] = [:]
    for node in run.nodes where try name?.prefixMatch(in: node.name) != nil || name == nil {
      for frame in node.traceback where try path?.firstMatch(in: frame.file) != nil || path == nil {
        var entry = files[frame.file] ?? ([], frame.line)
        entry.nodes.insert(node.name)
        entry.firstLine = min(entry.firstLine, frame.line)
        files[frame.file] = entry
      }
    }
    guard !files.isEmpty else { throw Failure(text: noTracebacks) }
    let width = files.keys.map(\.count).max() ?? 0
    let rows = files.sorted { $0.key < $1.key }.map { path, entry in
      path + String(repeating: " ", count: width - path.count) + "  \(entry.nodes.count) node(s), from line "
        + "\(entry.firstLine)"
    }
    return ["List of source files that created nodes in this run", ""].joined(separator: "\n") + "\n"
      + rows.joined(separator: "\n")
  }

  func annotated(_ command: DebuggerCommand) throws -> String {
    guard let argument = command.arguments.first, command.arguments.count == 1 else {
      throw Failure(text: "print_source needs the path of one file; list_source shows which there are")
    }
    let paths = Set(run.nodes.flatMap { $0.traceback.map(\.file) })
    // The end of a path will do where it is the end of one only.
    let matching = paths.filter { $0 == argument || $0.hasSuffix("/" + argument) }
    guard let path = matching.first, matching.count == 1 else {
      throw Failure(
        text: paths.isEmpty
          ? noTracebacks
          : matching.isEmpty
            ? "No node was made in \"\(argument)\"; list_source shows where they were"
            : "Several files end in \"\(argument)\": \(matching.sorted().joined(separator: ", "))")
    }
    guard let text = readSource(path) else { throw Failure(text: "\(path) cannot be read") }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    var made: [Int: [String]] = [:]
    for node in run.nodes {
      let tensors = command.flags.contains("-t") ? run.tensors(node: node.name).map(\.name) : [node.name]
      for line in Set(node.traceback.filter { $0.file == path }.map(\.line)) { made[line, default: []] += tensors }
    }
    let begin = command.numbers["-b"] ?? 1
    let limit = command.numbers["-m"] ?? 10
    guard begin <= lines.count else { throw Failure(text: "\(path) has \(lines.count) lines") }
    let width = String(lines.count).count
    var result = ["Source file: \(path)", ""]
    for number in begin...lines.count {
      let label = String(number)
      result.append("L\(label)\(String(repeating: " ", count: width - label.count + 1))\(lines[number - 1])")
      guard let names = made[number] else { continue }
      result += names.prefix(limit).map { "    \($0)" }
      if names.count > limit { result.append("    (… Omitted \(names.count - limit) of \(names.count) …)") }
    }
    return result.joined(separator: "\n")
  }

  private var noTracebacks: String {
    "No source locations were recorded; set recordsTracebacks of the graph before its nodes are made"
  }
}
