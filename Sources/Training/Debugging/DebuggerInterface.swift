/// Where a debugger reads its commands and writes its answers.
public protocol DebuggerInterface: Sendable {
  /// The next line; nil at the end of the input, which leaves the debugger.
  /// - Parameter completions: how the word after a text may go on, for who offers that.
  func readLine(prompt: String, completions: @escaping @Sendable (_ line: String, _ word: String) -> [String])
    -> String?
  func write(_ text: String)
  /// Characters a line has.
  var width: Int { get }
}
