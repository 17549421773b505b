import Catalog
import Dispatch
import Foundation
import Terminal

/// `tail` on a terminal: a screen of its own that is drawn over itself, and the last picture left behind at the end.
struct TailScreen {
  let catalog: Catalog
  let model: TailModel
  let style: TerminalStyle

  private static let enter = "\u{1b}[?1049h\u{1b}[?25l"
  private static let leave = "\u{1b}[?25h\u{1b}[?1049l"

  func run() async throws {
    let watcher = CatalogWatcher(catalog)
    let (events, sources) = TailEvent.stream(watcher)
    try watcher.start()
    StandardOutput.write(Self.enter)
    var lines: [String] = []
    var failure: (any Error)?
    var loading: LoadingProgress?
    var drawn = ContinuousClock.now - .seconds(10)
    var isStale = true
    do {
      lines = try draw(status: status(loading, watcher))
      for await event in events {
        switch event {
        case .end: watcher.stop()
        case .change: isStale = true
        case .loading(let progress):
          loading = progress.isDone ? nil : progress
          isStale = true
        case .resized: (isStale, drawn) = (true, ContinuousClock.now - .seconds(10))
        // The clock in the first line, and what came too soon after the last drawing.
        case .tick: isStale = true
        }
        if case .end = event { break }
        guard isStale, ContinuousClock.now - drawn > .milliseconds(200) else { continue }
        lines = try draw(status: status(loading, watcher))
        (isStale, drawn) = (false, ContinuousClock.now)
      }
    } catch { failure = error }
    for source in sources { source.cancel() }
    watcher.stop()
    StandardOutput.write(Self.leave)
    if let failure { throw failure }
    StandardOutput.write(TailCommand.withoutEmptyEnd(lines).joined(separator: "\n") + "\n")
  }

  private func status(_ loading: LoadingProgress?, _ watcher: CatalogWatcher) -> String {
    if let problem = watcher.problem { return problem }
    let time = Date().formatted(
      .verbatim(
        "\(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased)):\(minute: .twoDigits):\(second: .twoDigits)",
        timeZone: .current, calendar: Calendar(identifier: .gregorian)))
    guard let loading, loading.bytes > 0 else { return time }
    return "reading \(UnitText.bytes(loading.bytesDone)) of \(UnitText.bytes(loading.bytes))  \(time)"
  }

  /// Draws the picture; gives its lines.
  private func draw(status: String) throws -> [String] {
    let size = TerminalDevice.size(STDOUT_FILENO)
    let view = try model.view(of: catalog, columns: size.columns, rows: size.rows, status: status)
    let lines = view.grid(columns: size.columns, rows: size.rows, style: style).lines(style)
    // Each line is cleared behind its text, and what is below all of them; no newline at the end, which would scroll.
    StandardOutput.write("\u{1b}[H" + lines.map { $0 + "\u{1b}[K" }.joined(separator: "\r\n") + "\u{1b}[J")
    return lines
  }
}
