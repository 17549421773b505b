import Foundation

/// Progress of a long job on a terminal: one line that is drawn over itself; plain lines elsewhere.
///
/// On a terminal every call of `update` may redraw, at most about ten times a second. Elsewhere (a file, a pipe) a line
/// is written whenever another tenth of the job is done, so that logs stay short.
public struct ProgressBar: Sendable {
  public enum Style: Sendable {
    case bar(columns: Int)
    case lines
  }

  private let total: Int
  private let style: Style
  private let write: @Sendable (String) -> Void
  private var lastDrawn: ContinuousClock.Instant?
  private var lastTenth = 0
  private var lastWidth = 0

  /// - Parameters:
  ///   - total: steps of the whole job.
  ///   - style: nil looks at standard error: a bar where it is a terminal, lines elsewhere.
  ///   - write: where the text goes; nil is standard error.
  public init(total: Int, style: Style? = nil, write: (@Sendable (String) -> Void)? = nil) {
    self.total = max(total, 1)
    self.style = style ?? Self.styleOfStandardError()
    self.write = write ?? { FileHandle.standardError.write(Data($0.utf8)) }
  }

  /// Shows that `done` steps are done, with a short text such as the present loss.
  public mutating func update(_ done: Int, detail: @autoclosure () -> String) {
    switch style {
    case .bar(let columns):
      let now = ContinuousClock.now
      if done < total, let last = lastDrawn, now - last < .milliseconds(100) { return }
      lastDrawn = now
      draw(Self.line(done: done, total: total, detail: detail(), columns: columns))
    case .lines:
      let tenth = done * 10 / total
      if tenth <= lastTenth { return }
      lastTenth = tenth
      write("step \(done) of \(total)  \(detail())\n")
    }
  }

  /// Writes a line of its own, above the bar.
  public mutating func message(_ text: String) {
    if case .bar = style, lastWidth > 0 {
      write("\r" + String(repeating: " ", count: lastWidth) + "\r")
      lastWidth = 0
      lastDrawn = nil
    }
    write(text + "\n")
  }

  /// Ends the bar's line; call it once, when the job is over or given up.
  public mutating func finish() {
    if case .bar = style, lastWidth > 0 { write("\n") }
    lastWidth = 0
  }

  private mutating func draw(_ line: String) {
    let padding = String(repeating: " ", count: max(0, lastWidth - line.count))
    write("\r" + line + padding)
    lastWidth = line.count
  }

  /// One drawing of the bar, never wider than the terminal.
  static func line(done: Int, total: Int, detail: String, columns: Int) -> String {
    let counter = "\(done)/\(total)"
    let width = max(10, min(40, columns - counter.count - detail.count - 6))
    let filled = min(width, max(0, done) * width / max(total, 1))
    let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled)
    return String("[\(bar)] \(counter)  \(detail)".prefix(max(columns - 1, 20)))
  }

  private static func styleOfStandardError() -> Style {
    guard isatty(STDERR_FILENO) == 1 else { return .lines }
    var size = winsize()
    let known = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
    return .bar(columns: known ? Int(size.ws_col) : 80)
  }
}
