/// A line typed at the debugger, taken apart: a command, options and what is left.
struct DebuggerCommand {
  /// What an option needs after it.
  enum OptionKind { case flag, text, number }

  /// Commands with their other names and options. An option has a short form and may have a long one.
  struct Definition: Sendable {
    var name: String
    var aliases: [String] = []
    var options: [(short: String, long: String, kind: OptionKind)] = []
    /// What stands after the options, for the help text.
    var arguments = ""
    var help: String
  }

  let definition: Definition
  private(set) var flags: Set<String> = []
  private(set) var texts: [String: String] = [:]
  private(set) var numbers: [String: Int] = [:]
  private(set) var arguments: [String] = []

  /// What is wrong with a line; the text is what the debugger prints after `ERROR: `.
  struct SyntaxError: Error, Equatable {
    var text: String
  }

  /// Parses a line that is not empty.
  /// - Throws: `SyntaxError`.
  init(_ line: String, definitions: [Definition]) throws {
    let words = try Self.words(line)
    guard let prefix = words.first,
      let definition = definitions.first(where: { $0.name == prefix || $0.aliases.contains(prefix) })
    else { throw SyntaxError(text: "Invalid command prefix \"\(words.first ?? "")\"") }
    self.definition = definition
    var rest = words.dropFirst()[...]
    while let word = rest.popFirst() {
      guard word.hasPrefix("-"), word.count > 1, Int(word) == nil else {
        arguments.append(word)
        continue
      }
      let pieces = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard let option = definition.options.first(where: { $0.short == pieces[0] || $0.long == pieces[0] }) else {
        throw SyntaxError(text: "\(definition.name) has no option \(pieces[0]); see: help \(definition.name)")
      }
      if option.kind == .flag {
        flags.insert(option.short)
        continue
      }
      guard let value = pieces.count > 1 ? pieces[1] : rest.popFirst() else {
        throw SyntaxError(text: "\(pieces[0]) needs a value; see: help \(definition.name)")
      }
      if option.kind == .text {
        texts[option.short] = value
      } else {
        guard let number = Int(value), number > 0 else {
          throw SyntaxError(text: "\(pieces[0]) needs a number above 0, not \"\(value)\"")
        }
        numbers[option.short] = number
      }
    }
  }

  /// Splits at spaces, outside of quotes and brackets: `pt x:0[:, 1]` has two words.
  static func words(_ line: String) throws -> [String] {
    var words: [String] = []
    var word = ""
    var isInWord = false
    var quote: Character?
    var depth = 0
    for character in line {
      if let open = quote {
        if character == open { quote = nil } else { word.append(character) }
        continue
      }
      switch character {
      case "\"", "'":
        quote = character
        isInWord = true
      case " ",
        "\t" where depth == 0:
        if isInWord { words.append(word) }
        word = ""
        isInWord = false
      default:
        if character == "[" { depth += 1 }
        if character == "]" { depth -= 1 }
        word.append(character)
        isInWord = true
      }
    }
    guard quote == nil else { throw SyntaxError(text: "a quote is not closed: \(line)") }
    if isInWord { words.append(word) }
    return words
  }
}

extension DebuggerCommand {
  static let listTensors = Definition(
    name: "list_tensors", aliases: ["lt"],
    options: [
      ("-n", "--node_name_filter", .text), ("-t", "--op_type_filter", .text), ("-f", "--tensor_filter", .text),
      ("-s", "--sort_by", .text), ("-r", "--reverse", .flag),
    ],
    help: """
      List dumped tensors: time, size, op type, name.
        -n REGEX    only of nodes whose whole name matches
        -t REGEX    only of ops whose type begins with a match
        -f FILTER   only those that pass a filter, such as has_inf_or_nan
        -s KEY      sort by timestamp (default), dump_size, op_type or tensor_name
        -r          the other way round
      """)
  static let nodeInfo = Definition(
    name: "node_info", aliases: ["ni"],
    options: [("-a", "--attributes", .flag), ("-d", "--dumps", .flag), ("-t", "--traceback", .flag)],
    arguments: "NODE",
    help: """
      Show a node: op, device, inputs, recipients.
        -a   its attributes
        -d   its dumped tensors
        -t   where in the program it was made
      """)
  private static let treeOptions: [(short: String, long: String, kind: OptionKind)] = [
    ("-c", "--control", .flag), ("-d", "--depth", .number), ("-r", "--recursive", .flag), ("-t", "--op_type", .flag),
  ]
  private static let treeHelp = """
      -r     and theirs, and so on
      -d N   not deeper than N (1; with -r 20)
      -c     through control edges too
      -t     with op types
    """
  static let listInputs = Definition(
    name: "list_inputs", aliases: ["li"], options: treeOptions, arguments: "NODE",
    help: "List what a node takes its inputs from.\n" + treeHelp)
  static let listOutputs = Definition(
    name: "list_outputs", aliases: ["lo"], options: treeOptions, arguments: "NODE",
    help: "List what takes the outputs of a node.\n" + treeHelp)
  static let printTensor = Definition(
    name: "print_tensor", aliases: ["pt"],
    options: [("-a", "--all", .flag), ("-n", "--number", .number), ("-s", "--numeric_summary", .flag)],
    arguments: "TENSOR[SLICE]",
    help: """
      Print a dumped tensor, as dense/MatMul:0 or dense/MatMul:0[:5, 0].
        -a     all elements, however many
        -n N   the Nth dump, where an output was computed several times; counted from 1
        -s     its statistics too
      """)
  static let printFeed = Definition(
    name: "print_feed", aliases: ["pf"], options: [("-a", "--all", .flag)], arguments: "TENSOR[SLICE]",
    help: "Print a value that was fed.\n  -a   all elements, however many")
  static let runInfo = Definition(
    name: "run_info", aliases: ["ri"], help: "Show what this run fetches and is fed.")
  static let printSource = Definition(
    name: "print_source", aliases: ["ps"],
    options: [("-b", "--line_begin", .number), ("-m", "--max_elements_per_line", .number), ("-t", "--tensors", .flag)],
    arguments: "FILE",
    help: """
      Print a source file with the nodes that its lines made.
        -b N   from line N
        -m N   at most N nodes a line (10)
        -t     with the dumped tensors instead of the nodes
      """)
  static let listSource = Definition(
    name: "list_source", aliases: ["ls"],
    options: [("-n", "--node_name_filter", .text), ("-p", "--path_filter", .text)],
    help: """
      List the source files that made nodes.
        -n REGEX   only nodes whose whole name matches
        -p REGEX   only files whose path has a match
      """)
  static let firstOffendingOp = Definition(
    name: "first_offending_op", aliases: ["fo"],
    help: "Show the first op of the run that gave NaN or infinite values, with its inputs' statistics.")
  static let run = Definition(
    name: "run", aliases: ["r"],
    options: [
      ("-n", "--no_debug", .flag), ("-t", "--times", .number), ("-f", "--till_filter_pass", .text),
      ("-N", "--node_name_filter", .text), ("-O", "--op_type_filter", .text),
    ],
    help: """
      Run, or go on to the next run.
        -n          without watching
        -t N        watch the Nth run from here only
        -f FILTER   go on until a dumped tensor passes the filter
        --node_name_filter REGEX, --op_type_filter REGEX   watch only these nodes
      """)
  static let help = Definition(name: "help", aliases: ["h"], arguments: "[COMMAND]", help: "Show this.")
  static let exit = Definition(name: "exit", aliases: ["q"], help: "Leave the debugger and end the program's run.")

  static let all = [
    run, listTensors, nodeInfo, listInputs, listOutputs, printTensor, printFeed, firstOffendingOp, runInfo, printSource,
    listSource, help, exit,
  ]
}
