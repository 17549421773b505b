/// What lies inside a window that moves along a series, and the value drawn for it. Only finite values enter.
protocol WindowFilter: Sendable {
  /// Points up to this many steps before and behind count; all do where it is the largest number there is.
  var reach: Int64 { get }
  mutating func add(_ value: Double, step: Int64) throws(CatalogError)
  mutating func remove(_ value: Double, step: Int64)
  mutating func removeAll()
  /// The value for a step, whose own point is inside.
  mutating func output(at step: Int64) -> Double
  /// Whether what is inside has to be added anew to stay exact.
  var isWornOut: Bool { get }
}

extension WindowFilter {
  var isWornOut: Bool { false }

  /// The first and last step inside the window of a step; they overflow where there is none before or behind it.
  func start(of step: Int64) -> (partialValue: Int64, overflow: Bool) {
    reach == .max ? (.min, true) : step.subtractingReportingOverflow(reach)
  }

  func end(of step: Int64) -> (partialValue: Int64, overflow: Bool) {
    reach == .max ? (.max, true) : step.addingReportingOverflow(reach)
  }
}
