/// What is known of a block without unpacking it; the columns of the table `blocks`.
struct BlockSummary: Sendable, Equatable {
  var count = 0
  var firstStep: Int64 = 0
  var lastStep: Int64 = 0
  var minStep: Int64 = 0
  var maxStep: Int64 = 0
  /// Points whose step is lower than that of the point before.
  var stepDescents = 0
  var firstWall = 0.0
  var lastWall = 0.0
  var minWall = 0.0
  var maxWall = 0.0
  /// Points whose wall time is not at or after that of the point before.
  var wallDescents = 0
  /// Of the finite values; nil where there is none.
  var first: Double?
  var last: Double?
  var min: Double?
  var max: Double?
  var nan = 0
  var positiveInfinity = 0
  var negativeInfinity = 0

  var finite: Int { count - nan - positiveInfinity - negativeInfinity }

  init() {}
}
