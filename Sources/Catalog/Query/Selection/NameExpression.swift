import Foundation
import Synchronization

/// A regular expression over names of runs and tags, in the syntax of ICU. It matches where it is found anywhere in a
/// name, as in TensorBoard; `^` and `$` tie it to the ends.
///
/// Some expressions take time that doubles with every character of a name. All matches of one value together may take as
/// long as a few hundred thousand plain ones; an expression that takes longer is refused.
public final class NameExpression: Sendable {
  /// Why an expression cannot be used; the sentence says what to change.
  public struct Problem: Error, Sendable, Equatable, CustomStringConvertible {
    public var description: String
  }

  /// Characters of an expression.
  public static let longest = 1000
  /// Each is 10,000 steps of the matcher, some 0.2 ms.
  private static let budget = 2000

  /// What was given.
  public let text: String
  private let expression: NSRegularExpression
  private let left = Mutex(NameExpression.budget)

  public init(_ text: String) throws(Problem) {
    guard text.count <= Self.longest else {
      throw Problem(description: "A regular expression has at most \(Self.longest) characters.")
    }
    self.text = text
    do {
      expression = try NSRegularExpression(pattern: text)
    } catch {
      throw Problem(
        description: "“\(text)” is no regular expression: a bracket, a quantifier or an escape of it is incomplete.")
    }
  }

  /// Whether the expression is found in a name.
  public func matches(_ name: String) throws(Problem) -> Bool {
    var isFound = false
    var ticks = 0
    var left = left.withLock { $0 }
    let range = NSRange(name.startIndex..., in: name)
    expression.enumerateMatches(in: name, options: .reportProgress, range: range) { match, flags, stop in
      if match != nil {
        isFound = true
        stop.pointee = true
      } else if flags.contains(.progress) {
        ticks += 1
        left -= 1
        if left <= 0 { stop.pointee = true }
      }
    }
    if ticks > 0 { self.left.withLock { $0 -= ticks } }
    guard isFound || left > 0 else {
      throw Problem(
        description:
          "The regular expression “\(text)” takes too long: avoid a repetition inside a repetition, as in (a+)+."
      )
    }
    return isFound
  }
}
