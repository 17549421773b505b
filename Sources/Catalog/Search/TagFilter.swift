/// Which tags of a listing are wanted.
public struct TagFilter: Sendable, Equatable {
  /// Patterns of which the run's name, and the tag, has to match one; no patterns match all.
  public var runs: [NamePattern]
  public var tags: [NamePattern]
  public var kind: SeriesKind?
  /// The plugin named in the event file or implied by a value's form.
  public var plugin: String?

  public init(runs: [NamePattern] = [], tags: [NamePattern] = [], kind: SeriesKind? = nil, plugin: String? = nil) {
    self.runs = runs
    self.tags = tags
    self.kind = kind
    self.plugin = plugin
  }

  public func matches(_ tag: TagSummary) -> Bool {
    (runs.isEmpty || runs.contains { $0.matches(tag.run) }) && (tags.isEmpty || tags.contains { $0.matches(tag.tag) })
      && (kind == nil || kind == tag.kind) && (plugin == nil || plugin == tag.plugin)
  }
}
