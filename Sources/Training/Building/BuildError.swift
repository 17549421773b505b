/// A mistake in how a graph is built, with TensorFlow's own message where it has one.
public struct BuildError: Error, Equatable, CustomStringConvertible {
  /// Which of Python's errors TensorFlow 1 raises for it.
  public enum Kind: String, Sendable {
    case value = "ValueError"
    case type = "TypeError"
    case key = "KeyError"
    case runtime = "RuntimeError"
  }

  public let kind: Kind
  public let message: String

  public var description: String { message }

  static func value(_ message: String) -> BuildError { BuildError(kind: .value, message: message) }
  static func type(_ message: String) -> BuildError { BuildError(kind: .type, message: message) }
  static func key(_ message: String) -> BuildError { BuildError(kind: .key, message: message) }
  static func runtime(_ message: String) -> BuildError { BuildError(kind: .runtime, message: message) }
}
