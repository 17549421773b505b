import Runtime
import Synchronization

/// Where in the program a node was made: the calls on the stack, without those inside this library.
///
/// Recording costs some tenths of a millisecond a node, so it has to be asked for (`Graph.recordsTracebacks`). File and
/// line are looked up when they are read, from the program's debugging information; frames without it are left out.
public final class Traceback: Sendable {
  /// One call.
  public struct Frame: Sendable, Hashable {
    public var file: String
    /// Counted from 1.
    public var line: Int
    public var function: String
  }

  private let backtrace: Backtrace
  /// Looked up once: it can take a good part of a second.
  private let found = Mutex<[Frame]?>(nil)

  /// The calls that lead here; nil where the system cannot tell.
  init?() {
    guard let backtrace = try? Backtrace.capture(limit: 48) else { return nil }
    self.backtrace = backtrace
  }

  /// The calls, the innermost first.
  public var frames: [Frame] {
    found.withLock { found in
      if let found { return found }
      let frames = lookUp()
      found = frames
      return frames
    }
  }

  private func lookUp() -> [Frame] {
    guard let symbolicated = backtrace.symbolicated() else { return [] }
    return symbolicated.frames.compactMap { frame in
      guard let symbol = frame.symbol, let location = symbol.sourceLocation, location.line > 0,
        !Self.library.contains(where: { location.path.hasPrefix($0) })
      else { return nil }
      return Frame(file: location.path, line: location.line, function: symbol.name)
    }
  }

  /// The folders of the modules that build graphs, from this file's own path.
  private static let library: [String] = {
    let sources = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
    return [sources + "/Engine/", sources + "/Training/"]
  }()
}

extension Graph {
  /// Whether nodes made from now on remember where they were made.
  public var recordsTracebacks: Bool {
    get { state.withLock { $0.recordsTracebacks } }
    set { state.withLock { $0.recordsTracebacks = newValue } }
  }
}

extension Node {
  /// Where the node was made, if that was recorded.
  public var traceback: Traceback? { graph.state.withLock { $0.tracebacks[index] } }
}
