/// Why a graph could not be read or shown. Every message names the source, and where known the byte offset or the line.
public enum GraphError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file or folder cannot be read at all. Check the path and its permissions.
  case unreadable(source: String, reason: String)
  /// The bytes are damaged at `offset`, counted from the start of the file or blob. Write or copy the file again.
  case damaged(source: String, offset: Int, reason: String)
  /// The text form has an error. The reason says what was expected; correct the file there.
  case text(source: String, line: Int?, reason: String)
  /// The file parses as nothing that holds a graph. Point to an event file, .meta, .pb, .pbtxt or SavedModel.
  case notAGraph(source: String, reason: String)
  /// The file is larger than the program is willing to hold.
  case tooLarge(source: String, bytes: Int, limit: Int)
  /// The graph has no node and no scope of this name. Search for it, or list the scopes.
  case unknownNode(name: String, source: String)

  public var description: String {
    switch self {
    case .unreadable(let source, let reason):
      "\(source): cannot be read: \(reason). Check the path and its permissions."
    case .damaged(let source, let offset, let reason):
      "\(source): the graph is damaged at byte \(offset): \(reason). Write or copy the file again."
    case .text(let source, let line, let reason):
      "\(source)\(line.map { ":\($0)" } ?? ""): the graph's text does not parse: \(reason)."
    case .notAGraph(let source, let reason):
      "\(source): holds no graph: \(reason). A graph comes from an event file, a run folder, a .meta, .pb or .pbtxt "
        + "file, or a SavedModel folder."
    case .tooLarge(let source, let bytes, let limit):
      "\(source): \(bytes) bytes is more than the \(limit) bytes a graph may have."
    case .unknownNode(let name, let source):
      "\(source): no node or scope is named \"\(name)\". Names are case-sensitive and go from the root, as in \"a/b/c\"."
    }
  }
}

/// Something odd in a graph that could still be read: a missing input, a name used twice.
public struct GraphProblem: Hashable, Sendable, Codable {
  /// The node it concerns, if it concerns one.
  public let node: String?
  /// One sentence.
  public let message: String

  init(node: String? = nil, _ message: String) {
    self.node = node
    self.message = message
  }
}
