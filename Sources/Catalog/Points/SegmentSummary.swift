/// What one file adds to a series, known without reading blocks: the columns of the table `segments`.
struct SegmentSummary: Sendable, Equatable {
  /// A finite value and the step it was logged at.
  struct Value: Sendable, Equatable {
    var value: Double
    var step: Int64
  }

  var points = 0
  var firstStep: Int64 = 0
  var lastStep: Int64 = 0
  var minStep: Int64 = .max
  var maxStep: Int64 = .min
  /// Points whose step is lower than that of the point before, in the file.
  var stepDescents = 0
  var firstWall = 0.0
  var lastWall = 0.0
  /// Of the finite values; nil where there are none. Of equal ones the one logged first is the smallest and largest.
  var first: Value?
  var last: Value?
  var min: Value?
  var max: Value?
  var nan = 0
  var positiveInfinity = 0
  var negativeInfinity = 0

  init() {}

  /// Of values that stay in the file: steps and times alone.
  init(steps: some Sequence<Int64>, firstWall: Double, lastWall: Double) {
    self.firstWall = firstWall
    self.lastWall = lastWall
    for step in steps {
      if points == 0 { firstStep = step } else if step < lastStep { stepDescents += 1 }
      lastStep = step
      minStep = Swift.min(minStep, step)
      maxStep = Swift.max(maxStep, step)
      points += 1
    }
  }

  /// Adds what was logged next in the same file.
  mutating func append(_ next: SegmentSummary) {
    guard next.points > 0 else { return }
    guard points > 0 else {
      self = next
      return
    }
    stepDescents += next.stepDescents + (next.firstStep < lastStep ? 1 : 0)
    points += next.points
    lastStep = next.lastStep
    minStep = Swift.min(minStep, next.minStep)
    maxStep = Swift.max(maxStep, next.maxStep)
    lastWall = next.lastWall
    first = first ?? next.first
    last = next.last ?? last
    if let other = next.min, min.map({ other.value < $0.value }) ?? true { min = other }
    if let other = next.max, max.map({ other.value > $0.value }) ?? true { max = other }
    nan += next.nan
    positiveInfinity += next.positiveInfinity
    negativeInfinity += next.negativeInfinity
  }
}
