import CEdit
import Foundation
import Synchronization

/// The debugger at the terminal: line editing, history and completion by the tab key through Debian's libedit. Where
/// standard input is no terminal, lines are read as they are.
public final class DebuggerTerminal: DebuggerInterface {
  private let isInteractive: Bool

  public init() { isInteractive = isatty(STDIN_FILENO) != 0 && isatty(STDOUT_FILENO) != 0 }

  public var width: Int {
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  public func write(_ text: String) {
    try? FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8))
  }

  public func readLine(
    prompt: String, completions: @escaping @Sendable (_ line: String, _ word: String) -> [String]
  ) -> String? {
    guard isInteractive else {
      try? FileHandle.standardOutput.write(contentsOf: Data(prompt.utf8))
      return Swift.readLine()
    }
    return LineEditor.shared.read(prompt, completions)
  }
}

/// libedit, which keeps its state in global variables: one line is read at a time.
private final class LineEditor: Sendable {
  static let shared = LineEditor()

  private struct Completing {
    var candidates: (@Sendable (String, String) -> [String])?
    var found: [String] = []
  }
  private let state = Mutex(Completing())
  private let reading = Mutex(())

  private init() {
    edit_start(
      { text, start, _ in
        guard let text else { return nil }
        edit_without_file_names()
        LineEditor.shared.find(word: String(cString: text), start: Int(start))
        return rl_completion_matches(text) { _, index in LineEditor.shared.candidate(Int(index)) }
      }, " \t\"'")
  }

  func read(_ prompt: String, _ completions: @escaping @Sendable (String, String) -> [String]) -> String? {
    reading.withLock { _ in
      state.withLock { $0.candidates = completions }
      defer { state.withLock { $0.candidates = nil } }
      guard let line = readline(prompt) else { return nil }
      defer { free(line) }
      let text = String(cString: line)
      if text.contains(where: { !$0.isWhitespace }) { add_history(line) }
      return text
    }
  }

  private func find(word: String, start: Int) {
    let line = edit_line().map { String(cString: $0) } ?? ""
    let before = String(decoding: line.utf8.prefix(start), as: UTF8.self)
    let candidates = state.withLock { $0.candidates }
    let found = candidates?(before, word) ?? []
    state.withLock { $0.found = found }
  }

  /// A copy that libedit frees; nil after the last.
  private func candidate(_ index: Int) -> UnsafeMutablePointer<CChar>? {
    state.withLock { $0.found.indices.contains(index) ? strdup($0.found[index]) : nil }
  }
}
