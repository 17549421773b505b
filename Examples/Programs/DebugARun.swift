import ArgumentParser
import Engine
import Synchronization
import Tensors
import Training

/// A model that gives NaN, in the debugger.
struct DebugARun: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Find where a NaN comes from.",
    discussion: "Without --script the debugger asks at the terminal; try: run -f has_inf_or_nan, lt, fo, exit.")

  @Option(help: "Commands to type, separated by semicolons.") var script: String?

  func run() throws {
    let tf = Graph()
    tf.recordsTracebacks = true
    let x = try tf.placeholder(.float32, shape: [2], name: "x")
    let w = try tf.variable([1.0, 1.0], name: "w")
    // Below zero the logarithm is not a number.
    let logarithm = try tf.log(tf.multiply(w, x, name: "scaled"), name: "logarithm")
    let loss = try tf.reduceSum(logarithm, name: "loss")

    try tf.withSession { session in
      try session.run(tf.globalVariablesInitializer())
      let interface: any DebuggerInterface = script.map { Script($0) } ?? DebuggerTerminal()
      let debugged = DebugSession(session, interface: interface)
      do {
        for step in 0..<5 {
          let value = Tensor([1, 2 - Float(step)] as [Float])
          _ = try debugged.run([.output(loss)], feeds: [x: value])
        }
      } catch is DebuggerExit {
        print("left the debugger")
      }

      // The same without anybody at the terminal.
      let guarded = NonFiniteGuard(session)
      do {
        for step in 0..<5 {
          _ = try guarded.run([.output(loss)], feeds: [x: Tensor([1, 2.5 - Float(step)] as [Float])])
        }
      } catch let error as NonFiniteError {
        print(error)
      }
    }
  }
}

/// Types what was written down before.
private final class Script: DebuggerInterface {
  private let commands: Mutex<[String]>

  init(_ text: String) {
    commands = Mutex(text.split(separator: ";").map { String($0.trimmingPrefix(while: \.isWhitespace)) })
  }

  var width: Int { 80 }

  func readLine(prompt: String, completions: @escaping @Sendable (String, String) -> [String]) -> String? {
    let command = commands.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    if let command { print(prompt + command) }
    return command
  }

  func write(_ text: String) { print(text) }
}
