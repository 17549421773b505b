import Foundation
import Synchronization
import Terminal

/// One line on standard error that is drawn over itself: nothing where that is no terminal, or where the job is over in a
/// moment. It is gone when the job ends.
final class ProgressLine: Sendable {
  private struct State {
    var width = 0
    var drawn: ContinuousClock.Instant?
  }

  /// Jobs that take less time than this show nothing.
  private static let patience = Duration.milliseconds(300)

  private let state = Mutex(State())
  private let started = ContinuousClock.now
  private let isTerminal = isatty(STDERR_FILENO) == 1

  func update(done: Int, of total: Int, _ text: () -> String) {
    update(fraction: total > 0 ? Double(done) / Double(total) : 1, text)
  }

  /// May be called from any thread, as often as one likes; it draws ten times a second.
  func update(fraction: Double, _ text: () -> String) {
    let now = ContinuousClock.now
    guard isTerminal, now - started > Self.patience else { return }
    state.withLock { state in
      if let drawn = state.drawn, now - drawn < .milliseconds(100) { return }
      state.drawn = now
      let line = ProgressText.line(done: fraction, text: text(), columns: TerminalDevice.columns(STDERR_FILENO))
      Self.write("\r" + line + String(repeating: " ", count: max(0, state.width - line.count)))
      state.width = line.count
    }
  }

  /// Takes the line away.
  func finish() {
    state.withLock { state in
      guard state.width > 0 else { return }
      Self.write("\r" + String(repeating: " ", count: state.width) + "\r")
      state.width = 0
    }
  }

  private static func write(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data(text.utf8)) }
}

/// What the operating system says of a terminal.
enum TerminalDevice {
  /// Columns and rows; where there is no terminal what `COLUMNS` and `LINES` say, or 80 × 24.
  static func size(_ descriptor: Int32) -> (columns: Int, rows: Int) {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
      func number(_ name: String) -> Int? {
        ProcessInfo.processInfo.environment[name].flatMap(Int.init).flatMap { (1...10_000).contains($0) ? $0 : nil }
      }
      return (number("COLUMNS") ?? 80, number("LINES") ?? 24)
    }
    return (Int(size.ws_col), Int(size.ws_row))
  }

  static func columns(_ descriptor: Int32) -> Int { size(descriptor).columns }
}
