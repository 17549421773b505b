/// Which of the values that stay in event files are meant: pictures, sounds, texts, histograms, tensors, graphs, run
/// metadata and the data of plugins. Scalars are points, not values of this kind.
public struct ValueSelection: Sendable, Equatable {
  /// Nil means all, here and below.
  public var run: String?
  public var tag: String?
  public var kind: SeriesKind?
  /// A plugin's name in event files, such as `pr_curves`, `hparams`, `mesh` or `custom_scalars`.
  public var plugin: String?
  /// The lowest and the highest step.
  public var from: Int64?
  public var to: Int64?
  /// The rules for points hold for values too: with `.newest`, what a restart made void is left out.
  public var branches: BranchSelection

  public init(
    run: String? = nil, tag: String? = nil, kind: SeriesKind? = nil, plugin: String? = nil, from: Int64? = nil,
    to: Int64? = nil, branches: BranchSelection = .all
  ) {
    self.run = run
    self.tag = tag
    self.kind = kind
    self.plugin = plugin
    self.from = from
    self.to = to
    self.branches = branches
  }
}

/// A part of a list of values.
public struct ValuePage: Sendable, Equatable {
  /// How many values are selected, on all pages.
  public var total: Int
  /// The number of the first value of this page, from 0.
  public var offset: Int
  /// By run, tag and kind; within a series in the order they were logged (files by first wall time).
  public var values: [LocatedBlob]
  /// Of each, whether a restart made it void.
  public var superseded: [Bool]
}
