/// A search as people write it, with the tags it is for:
///
///     loss < 0.1                    the first point below 0.1
///     accuracy >= 0.9 for 5         the first of five points one after the other
///     "val loss" is not finite      a tag with a space
///     min(loss)  max(*/accuracy)    the smallest, the largest; of all tags that match
///     first(loss)  last(loss)       ends
///     jump(loss) rise(loss) drop(loss)   the largest jump either way, up, down
///     nonfinite(loss)               the first value that is not finite, and how many there are
///     plateau(loss, 100 steps, 1%)  the first stretch of 100 steps without an improvement of 1 percent
public struct SearchExpression: Sendable, Hashable {
  public var search: SeriesSearch
  /// Which tags are meant; in quotes, or without `*` and `?`, one.
  public var tag: NamePattern

  public init(search: SeriesSearch, tag: NamePattern) {
    self.search = search
    self.tag = tag
  }

  /// - Throws: ``ExpressionError``.
  public init(_ text: String) throws(ExpressionError) {
    var parser = try ExpressionParser(text)
    self = try parser.search()
    try parser.expectEnd()
  }
}
