import ArgumentParser
import Catalog
import Dispatch
import Foundation
import Terminal

/// `trainscope tail ROOT`
struct TailCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tail",
    abstract: "Watch curves grow in the terminal.",
    discussion: """
      Draws the newest runs and as many of their tags as fit, and draws again when points come; Ctrl-C ends it and leaves \
      the last picture. Where standard output is no terminal, new points are printed line by line; --once prints one \
      picture and ends. Names of runs and tags are patterns with * and ?.
      """)

  enum ColorChoice: String, ExpressibleByArgument, CaseIterable { case auto, always, never }
  enum Axis: String, ExpressibleByArgument, CaseIterable { case step, relative }

  @OptionGroup var options: CatalogOptions

  @Option(name: .customLong("run"), help: "A run to show, or a pattern; may be repeated. Without it, the newest.")
  var runs: [String] = []

  @Option(name: .customLong("tag"), help: "A tag to show, or a pattern; may be repeated. Without it, as many as fit.")
  var tags: [String] = []

  @Option(help: "Smooth with this weight, from 0 (not at all) to 0.999.")
  var smoothing = 0.0

  @Option(name: .customLong("x"), help: "The x axis: step or relative (seconds since the run began).")
  var axis = Axis.step

  @Option(
    help: ArgumentHelp(
      "Print points in this form, line by line: table, csv or json (an object a line).", valueName: "format"))
  var format: OutputFormat?

  @Option(
    help: ArgumentHelp("Of points that are there already, print so many of each series first.", valueName: "count"))
  var last = 3

  @Flag(help: "Print one picture and end.")
  var once = false

  @Option(help: "Colours: auto, always or never.")
  var color = ColorChoice.auto

  @Flag(help: "Draw with ASCII characters alone.")
  var ascii = false

  func validate() throws {
    guard (0..<1).contains(smoothing) else { throw ValidationError("--smoothing takes a number from 0 to 0.999.") }
    guard last >= 0 else { throw ValidationError("--last cannot be negative.") }
    if once, format != nil { throw ValidationError("Give --once or --format, not both.") }
  }

  private func model(_ style: TerminalStyle) -> TailModel {
    TailModel(
      root: options.root, runs: runs.map { NamePattern($0) }, tags: tags.map { NamePattern($0) },
      smoothing: smoothing > 0 ? .exponential(weight: smoothing) : nil, axis: axis == .step ? .step : .relative,
      hasColor: style.color != .none)
  }

  func run() async throws {
    let isTerminal = isatty(STDOUT_FILENO) == 1
    let environment = ProcessInfo.processInfo.environment
    var style = TerminalStyle.of(environment, isTerminal: isTerminal || color == .always)
    if color == .never { style.color = .none }
    if color == .always, style.color == .none { style.color = .basic }
    if ascii { style.unicode = false }
    let isCapable = isTerminal && (environment["TERM"] ?? "dumb") != "dumb"
    let catalog = try options.refreshed()
    let model = model(style)
    if once {
      let size = TerminalDevice.size(STDOUT_FILENO)
      let view = try model.view(of: catalog, columns: size.columns, rows: size.rows, status: "")
      let lines = view.grid(columns: size.columns, rows: size.rows, style: style).lines(style)
      StandardOutput.write(Self.withoutEmptyEnd(lines).joined(separator: "\n") + "\n")
    } else if isCapable, format == nil {
      try await TailScreen(catalog: catalog, model: model, style: style).run()
    } else {
      try await TailLines(
        catalog: catalog, model: model, format: format ?? .table, last: last
      ).run()
    }
  }

  static func withoutEmptyEnd(_ lines: [String]) -> [String] {
    Array(lines[..<((lines.lastIndex { !$0.isEmpty } ?? -1) + 1)])
  }
}

/// What makes `tail` look again, or end.
enum TailEvent: Sendable {
  case change(CatalogChange)
  case loading(LoadingProgress)
  case tick
  case resized
  case end

  /// Everything that may happen, as one stream: the watcher's events, a tick a second, the signals.
  static func stream(_ watcher: CatalogWatcher) -> (
    events: AsyncStream<TailEvent>, sources: [any DispatchSourceProtocol]
  ) {
    let (events, continuation) = AsyncStream<TailEvent>.makeStream(bufferingPolicy: .bufferingNewest(1000))
    let watched = watcher.events()
    Task {
      for await event in watched {
        switch event {
        case .change(let change): continuation.yield(.change(change))
        case .loading(let progress): continuation.yield(.loading(progress))
        }
      }
      continuation.yield(.end)
    }
    var sources: [any DispatchSourceProtocol] = []
    for (number, event) in [(SIGINT, TailEvent.end), (SIGTERM, .end), (SIGHUP, .end), (SIGWINCH, .resized)] {
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { continuation.yield(event) }
      source.resume()
      sources.append(source)
    }
    let timer = DispatchSource.makeTimerSource(queue: .global())
    timer.schedule(deadline: .now() + 1, repeating: 1)
    timer.setEventHandler { continuation.yield(.tick) }
    timer.resume()
    sources.append(timer)
    return (events, sources)
  }
}
