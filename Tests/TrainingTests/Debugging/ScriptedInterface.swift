import Synchronization

@testable import Training

/// Types lines that were written down before, and keeps what is answered.
final class ScriptedInterface: DebuggerInterface {
  private let lines: Mutex<[String]>
  private let texts = Mutex<[String]>([])

  init(_ lines: [String]) { self.lines = Mutex(lines) }

  /// The answers in order; those before the first command too.
  var answers: [String] { texts.withLock { $0 } }
  var output: String { answers.joined(separator: "\n") }
  var isExhausted: Bool { lines.withLock { $0.isEmpty } }
  let width = 80

  func readLine(prompt: String, completions: @escaping @Sendable (String, String) -> [String]) -> String? {
    lines.withLock { $0.isEmpty ? nil : $0.removeFirst() }
  }

  func write(_ text: String) { texts.withLock { $0.append(text) } }
}
