/// What went wrong while a graph was built or run, with TensorFlow's code, wording and the node concerned.
public struct EngineError: Error, Hashable, Sendable, CustomStringConvertible {
  /// TensorFlow's error codes (`error_codes.proto`), as far as the engine uses them.
  public enum Code: Int, Sendable, CaseIterable {
    case cancelled = 1
    case unknown = 2
    case invalidArgument = 3
    case deadlineExceeded = 4
    case notFound = 5
    case alreadyExists = 6
    case resourceExhausted = 8
    case failedPrecondition = 9
    case aborted = 10
    case outOfRange = 11
    case unimplemented = 12
    case `internal` = 13
    case unavailable = 14
    case dataLoss = 15

    /// The name of Python's class in `tf.errors`.
    public var className: String {
      let name = String(describing: self)
      return name.prefix(1).uppercased() + name.dropFirst() + "Error"
    }
  }

  public var code: Code
  public var message: String
  /// Name of the node that failed, where one did.
  public var node: String?

  public init(_ code: Code, _ message: String, node: String? = nil) {
    self.code = code
    self.message = message
    self.node = node
  }

  public var description: String {
    let place = node.map { "\n\t [[node \($0)]]" } ?? ""
    return "\(code.className): \(message)\(place)"
  }

  /// The same error, said of `name` where no node was named yet.
  func at(node name: String) -> EngineError { node == nil ? EngineError(code, message, node: name) : self }

  static func invalid(_ message: String) -> EngineError { EngineError(.invalidArgument, message) }
}
