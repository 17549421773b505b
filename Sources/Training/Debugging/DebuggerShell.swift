import Tensors

/// Answers commands about one run, as text.
///
/// The look is that of TensorFlow's command-line debugger, so that its users and its tutorials find what they know.
struct DebuggerShell: Sendable {
  /// The run; before it was made, what will be run, without nodes and tensors.
  var run: DebugRun
  var filters: [(name: String, filter: TensorFilter)]
  /// Characters a line of an array may have.
  var lineWidth = 80
  /// Reads a source file; nil where it cannot be read.
  var readSource: @Sendable (String) -> String? = SourceListing.read

  typealias Failure = DebuggerCommand.SyntaxError

  /// The text for a command that is not `run` or `exit`, which belong to the session.
  func answer(_ command: DebuggerCommand) -> String {
    do {
      return switch command.definition.name {
      case "list_tensors": try TensorListing(run: run, filters: filters).text(command)
      case "node_info": try NodeListing(run: run).text(command)
      case "list_inputs": try NodeTree(run: run, direction: .inputs).text(command)
      case "list_outputs": try NodeTree(run: run, direction: .outputs).text(command)
      case "print_tensor": try TensorPrinting(run: run, lineWidth: lineWidth).tensor(command)
      case "print_feed": try TensorPrinting(run: run, lineWidth: lineWidth).feed(command)
      case "first_offending_op": offendingOp
      case "run_info": runInfo
      case "print_source": try SourceListing(run: run, readSource: readSource).annotated(command)
      case "list_source": try SourceListing(run: run, readSource: readSource).files(command)
      case "help": try help(command)
      default: throw Failure(text: "\(command.definition.name) cannot be answered here")
      }
    } catch let error as Failure {
      return "ERROR: \(error.text)"
    } catch {
      return "ERROR: \(error)"
    }
  }

  private var offendingOp: String {
    OffendingOp.find(in: run)?.description ?? "No dumped tensor of this run has NaN or infinite values."
  }

  /// What is run, and how one can go on.
  var runInfo: String {
    let rule = String(repeating: "=", count: 38)
    var lines = [rule, "Session.run() call #\(run.number):", "", "Fetch(es):"]
    lines += run.fetches.isEmpty ? ["  (none)"] : run.fetches.map { "  " + $0 }
    lines += ["", "Feed dict:"]
    lines += run.feeds.isEmpty ? ["  (Empty)"] : run.feeds.map { "  " + $0.name }
    lines += [
      rule, "", "Select one of the following commands to proceed ---->", "  run:",
      "    Execute the run() call with debug tensor-watching", "  run -n:",
      "    Execute the run() call without debug tensor-watching", "  run -t <T>:",
      "    Execute run() calls (T - 1) times without debugging, then execute run() once more with debugging and drop "
        + "back to the CLI",
      "  run -f <filter_name>:",
      "    Keep executing run() calls until a dumped tensor passes a given, registered filter (conditional breakpoint "
        + "mode)",
      "    Registered filter(s):",
    ]
    lines += filters.map { "        * \($0.name)" }
    lines += ["", "For more details, see help."]
    return lines.joined(separator: "\n")
  }

  /// One line on what is run.
  func title(_ when: String) -> String {
    func count(_ number: Int, _ noun: String, _ plural: String) -> String { "\(number) \(number == 1 ? noun : plural)" }
    let feeds = run.feeds.isEmpty ? "" : " (\(run.feeds.map(\.name).joined(separator: ", ")))"
    return "\(when): run #\(run.number): \(count(run.fetches.count, "fetch", "fetches")); "
      + count(run.feeds.count, "feed", "feeds") + feeds
  }

  private func help(_ command: DebuggerCommand) throws -> String {
    func title(_ definition: DebuggerCommand.Definition) -> String {
      let options = definition.options.isEmpty ? "" : " [OPTIONS]"
      let arguments = definition.arguments.isEmpty ? "" : " " + definition.arguments
      return ([definition.name] + definition.aliases).joined(separator: ", ") + options + arguments
    }
    guard let name = command.arguments.first else {
      return DebuggerCommand.all.map { definition in
        let first = definition.help.split(separator: "\n").first ?? ""
        return "  \(title(definition))\n      \(first)"
      }.joined(separator: "\n") + "\n\nhelp COMMAND shows its options."
    }
    guard let found = DebuggerCommand.all.first(where: { $0.name == name || $0.aliases.contains(name) }) else {
      throw Failure(text: "There is no command \"\(name)\"")
    }
    return title(found) + "\n" + found.help
  }

  /// How a word that is being typed may go on.
  /// - Parameters:
  ///   - line: what stands before the word.
  ///   - word: its beginning.
  func completions(line: String, word: String) -> [String] {
    let before = line.split(separator: " ").map(String.init)
    let candidates: [String]
    if let command = before.first {
      let definition = DebuggerCommand.all.first { $0.name == command || $0.aliases.contains(command) }
      if ["-f", "--tensor_filter", "--till_filter_pass"].contains(before.last ?? "") {
        candidates = filters.map(\.name)
      } else {
        switch definition?.name {
        case "print_tensor": candidates = unique(run.tensors.map(\.name))
        case "print_feed": candidates = run.feeds.map(\.name)
        case "node_info", "list_inputs", "list_outputs": candidates = run.nodes.map(\.name)
        case "print_source": candidates = unique(run.nodes.flatMap { $0.traceback.map(\.file) })
        case "help": candidates = DebuggerCommand.all.map(\.name)
        default: candidates = []
        }
      }
    } else {
      candidates = DebuggerCommand.all.flatMap { [$0.name] + $0.aliases }
    }
    return candidates.filter { $0.hasPrefix(word) }.sorted()
  }

  private func unique(_ names: [String]) -> [String] { Array(Set(names)) }
}

extension DebugRun {
  /// The node that a command names, as `name` or `name:0`.
  /// - Throws: the debugger's error where it did not run.
  func node(forArgumentOf command: DebuggerCommand) throws -> DebugNode {
    guard let argument = command.arguments.first, command.arguments.count == 1 else {
      throw DebuggerCommand.SyntaxError(text: "\(command.definition.name) needs the name of one node")
    }
    let name = argument.split(separator: ":").first.map(String.init) ?? argument
    guard let node = node(name) else {
      throw DebuggerCommand.SyntaxError(text: "There is no node named \"\(name)\" in the partition graphs")
    }
    return node
  }
}
