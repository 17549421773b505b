import Engine
import Synchronization
import Tensors

/// A session whose runs stop in a debugger (`tfdbg.LocalCLIDebugWrapperSession`).
///
/// Before a run it asks how to go on (`run`, `run -n`, `run -t 10`, `run -f has_inf_or_nan`); after one that was watched
/// it answers questions about every value the run computed, until `run` is typed.
///
///     let session = DebugSession(graph.makeSession())
///     session.addFilter("has_inf_or_nan", hasInfOrNaN)
///     try session.run([.output(loss), .node(trainStep)], feeds: [x: images])
public final class DebugSession: Sendable {
  public let session: Session
  private let interface: any DebuggerInterface
  private let dumpRoot: String?
  private let state = Mutex(State())

  private struct State {
    var filters: [(name: String, filter: TensorFilter)] = [("has_inf_or_nan", hasInfOrNaN)]
    var runs = 0
    var plan = Plan.ask
    var last: DebugRun?
    var hasGreeted = false
  }

  /// How runs go on.
  private enum Plan {
    /// Ask before the next.
    case ask
    /// Watch the next, and ask after it.
    case watch(Watch)
    /// Do not watch the next.
    case plain
    /// So many without watching, then one with.
    case skip(Int)
    /// Watch each, until a tensor passes.
    case until(filter: String, watch: Watch)
  }

  /// Which nodes a run is watched at, by whole name and by op; all where nil.
  private struct Watch {
    var node: String?
    var op: String?
  }

  /// - Parameters:
  ///   - session: what runs.
  ///   - interface: the terminal by default.
  ///   - dumpRoot: a folder in which each watched run is kept too, as `run_1`, `run_2`, …; see `DumpFolder`.
  public init(
    _ session: Session, interface: any DebuggerInterface = DebuggerTerminal(), dumpRoot: String? = nil
  ) {
    self.session = session
    self.interface = interface
    self.dumpRoot = dumpRoot
  }

  /// Registers a filter for `lt -f` and `run -f`; one of the same name is replaced. `has_inf_or_nan` is always there.
  public func addFilter(_ name: String, _ filter: @escaping TensorFilter) {
    state.withLock { state in
      state.filters.removeAll { $0.name == name }
      state.filters.append((name, filter))
    }
  }

  /// The last run that was watched.
  public var lastRun: DebugRun? { state.withLock { $0.last } }

  /// Runs what the fetches need, as `Session.run`, with the debugger before and after.
  /// - Throws: what the run throws, after the debugger has shown it; `DebuggerExit` when the debugger is left.
  public func run(_ fetches: [GraphElement], feeds: [Output: Tensor] = [:]) throws -> [Tensor?] {
    let number = state.withLock { state in
      state.runs += 1
      return state.runs
    }
    let planned = DebugRun(
      number: number, fetches: fetches.map(\.name), feeds: RunRecorder.named(feeds), tensors: [], nodes: [])
    if case .ask = state.withLock({ $0.plan }) { try ask(before: planned) }

    let plan = state.withLock { state in
      let plan = state.plan
      switch plan {
      case .skip(let count) where count > 0: state.plan = .skip(count - 1)
      case .until: break
      default: state.plan = .ask
      }
      return plan
    }
    switch plan {
    case .plain: return try session.run(fetches, feeds: feeds)
    case .skip(let count) where count > 0: return try session.run(fetches, feeds: feeds)
    case .watch(let watch): return try watchedRun(fetches, feeds, number, watch, until: nil)
    case .until(let filter, let watch): return try watchedRun(fetches, feeds, number, watch, until: filter)
    case .ask, .skip: return try watchedRun(fetches, feeds, number, Watch(), until: nil)
    }
  }

  private func watchedRun(
    _ fetches: [GraphElement], _ feeds: [Output: Tensor], _ number: Int, _ watch: Watch, until filter: String?
  ) throws -> [Tensor?] {
    let recorder = RunRecorder(watched: try watchedNodes(watch))
    let result = Result { try session.run(fetches, feeds: feeds, observer: recorder) }
    var failure: EngineError?
    if case .failure(let error) = result { failure = error as? EngineError }
    let run = recorder.debugRun(number: number, fetches: fetches, feeds: feeds, error: failure)
    state.withLock { $0.last = run }
    if let dumpRoot { try DumpFolder.write(run, of: session.graph, to: "\(dumpRoot)/run_\(number)") }
    try ask(after: run, until: filter)
    return try result.get()
  }

  /// The nodes whose values are kept; nil where all.
  private func watchedNodes(_ watch: Watch) throws -> Set<Node>? {
    guard watch.node != nil || watch.op != nil else { return nil }
    var nodes = session.graph.nodes
    if let pattern = try watch.node.map(TensorListing.regex) {
      nodes = nodes.filter { ((try? pattern.wholeMatch(in: $0.name)) ?? nil) != nil }
    }
    if let pattern = try watch.op.map(TensorListing.regex) {
      nodes = nodes.filter { ((try? pattern.wholeMatch(in: $0.op)) ?? nil) != nil }
    }
    return Set(nodes)
  }

  // MARK: Asking

  private func ask(before run: DebugRun) throws {
    let shell = shell(run)
    interface.write(shell.title("run-start"))
    if !state.withLock({ state in
      defer { state.hasGreeted = true }
      return state.hasGreeted
    }) {
      interface.write("\nTrainscope's debugger: the commands are those of TensorFlow's.")
    }
    interface.write("\n" + shell.runInfo + "\n")
    try converse(shell, hasRun: false)
  }

  private func ask(after run: DebugRun, until name: String?) throws {
    let shell = shell(run)
    let listing = TensorListing(run: run, filters: shell.filters)
    if let name, run.error == nil {
      let filter = shell.filters.first { $0.name == name }?.filter
      let passing = run.tensors.filter { filter?($0) ?? true }
      guard !passing.isEmpty else { return }
      state.withLock { $0.plan = .ask }
      interface.write(shell.title("run-end") + "\n" + listing.text(passing, filter: name) + "\n")
      return try converse(shell, hasRun: true)
    }
    state.withLock { $0.plan = .ask }
    var text = shell.title("run-end") + "\n"
    if let error = run.error { text += "\nThe run failed:\n\n\(error)\n\n" }
    interface.write(text + listing.text(run.tensors) + "\n")
    try converse(shell, hasRun: true)
  }

  private func shell(_ run: DebugRun) -> DebuggerShell {
    DebuggerShell(run: run, filters: state.withLock { $0.filters }, lineWidth: max(interface.width, 40))
  }

  /// Answers commands until one goes on.
  private func converse(_ shell: DebuggerShell, hasRun: Bool) throws {
    while true {
      guard let line = interface.readLine(prompt: "tfdbg> ", completions: { shell.completions(line: $0, word: $1) })
      else { throw DebuggerExit() }
      guard line.contains(where: { !$0.isWhitespace }) else { continue }
      let command: DebuggerCommand
      do {
        command = try DebuggerCommand(line, definitions: DebuggerCommand.all)
      } catch let error as DebuggerCommand.SyntaxError {
        interface.write("ERROR: \(error.text)\n")
        continue
      }
      switch command.definition.name {
      case "exit": throw DebuggerExit()
      case "run":
        do {
          let plan = try plan(command, shell, hasRun: hasRun)
          state.withLock { $0.plan = plan }
          return
        } catch let error as DebuggerCommand.SyntaxError {
          interface.write("ERROR: \(error.text)\n")
        }
      default: interface.write(shell.answer(command) + "\n")
      }
    }
  }

  /// What a `run` command asks for.
  private func plan(_ command: DebuggerCommand, _ shell: DebuggerShell, hasRun: Bool) throws -> Plan {
    let watch = Watch(node: command.texts["-N"], op: command.texts["-O"])
    for pattern in [watch.node, watch.op].compactMap({ $0 }) { _ = try TensorListing.regex(pattern) }
    if let filter = command.texts["-f"] {
      guard shell.filters.contains(where: { $0.name == filter }) else {
        throw DebuggerCommand.SyntaxError(text: "There is no tensor filter named \"\(filter)\"")
      }
      return .until(filter: filter, watch: watch)
    }
    if let times = command.numbers["-t"] { return .skip(times - 1) }
    if command.flags.contains("-n") { return .plain }
    // After a run, a bare `run` leads to the question before the next.
    return hasRun && watch.node == nil && watch.op == nil ? .ask : .watch(watch)
  }
}

/// Somebody left the debugger; the program should end.
public struct DebuggerExit: Error, CustomStringConvertible {
  public var description: String { "The debugger was left." }
}

extension GraphElement {
  /// `x:0` of an output, `x` of a node.
  public var name: String {
    switch self {
    case .node(let node): node.name
    case .output(let output): output.name
    }
  }
}
