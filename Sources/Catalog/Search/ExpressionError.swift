/// Why a search, column or condition cannot be understood. The message shows the text and where in it the reader
/// stumbled, and says what was expected there.
public struct ExpressionError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The text as it was given.
  public var text: String
  /// The number of the character where it stops to make sense, from 1; one more than there are at its end.
  public var position: Int
  /// A sentence without its full stop.
  public var reason: String

  public var description: String {
    let shown = text.count > 200 ? "\(text.prefix(200))…" : text
    let place = position > text.count ? "at the end" : "at character \(position)"
    return "“\(shown)” cannot be understood \(place): \(reason)."
  }
}
