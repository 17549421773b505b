import Engine

/// A node as the debugger shows it, whether it comes from a graph or from a folder of dumps.
public struct DebugNode: Sendable {
  /// Where in the program a node was made; the innermost call first.
  public struct SourceFrame: Sendable, Hashable {
    public var file: String
    /// Counted from 1.
    public var line: Int
    public var function: String

    public init(file: String, line: Int, function: String) {
      self.file = file
      self.line = line
      self.function = function
    }
  }

  /// An output of another node that it takes.
  public struct Input: Sendable, Hashable {
    public var node: String
    public var slot: Int

    public init(node: String, slot: Int) {
      self.node = node
      self.slot = slot
    }

    public var name: String { "\(node):\(slot)" }
  }

  public var name: String
  public var op: String
  public var device: String
  public var inputs: [Input]
  public var controlInputs: [String]
  /// Attributes by name, in the text form of protocol buffers.
  public var attributes: [(name: String, text: String)]
  /// The calls that made it; empty where they were not recorded. Looked up when it is first asked for.
  public var traceback: [SourceFrame] {
    recorded?.frames.map { SourceFrame(file: $0.file, line: $0.line, function: $0.function) } ?? []
  }
  private let recorded: Traceback?

  public init(
    name: String, op: String, device: String = "", inputs: [Input] = [], controlInputs: [String] = [],
    attributes: [(name: String, text: String)] = [], traceback: Traceback? = nil
  ) {
    self.name = name
    self.op = op
    self.device = device
    self.inputs = inputs
    self.controlInputs = controlInputs
    self.attributes = attributes
    recorded = traceback
  }
}
