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

  /// Summarises a range of points (at least one).
  init(_ columns: PointColumns, _ range: Range<Int>) {
    count = range.count
    columns.steps.withUnsafeBufferPointer { steps in
      firstStep = steps[range.lowerBound]
      lastStep = steps[range.upperBound - 1]
      var (low, high, previous, descents) = (firstStep, firstStep, firstStep, 0)
      for index in range {
        let step = steps[index]
        low = Swift.min(low, step)
        high = Swift.max(high, step)
        descents &+= step < previous ? 1 : 0
        previous = step
      }
      (minStep, maxStep, stepDescents) = (low, high, descents)
    }
    columns.wallTimes.withUnsafeBufferPointer { times in
      firstWall = times[range.lowerBound]
      lastWall = times[range.upperBound - 1]
      var (low, high, previous, descents) = (firstWall, firstWall, firstWall, 0)
      for index in range {
        let time = times[index]
        low = time < low ? time : low
        high = time > high ? time : high
        descents &+= time >= previous ? 0 : 1
        previous = time
      }
      (minWall, maxWall, wallDescents) = (low, high, descents)
    }
    switch columns.values {
    case .float32(let values): values.withUnsafeBufferPointer { summarise($0, range) }
    case .float64(let values): values.withUnsafeBufferPointer { summarise($0, range) }
    case .int64(let values): summarise(values[range])
    }
  }

  init() {}

  private mutating func summarise<T: BinaryFloatingPoint>(_ values: UnsafeBufferPointer<T>, _ range: Range<Int>) {
    var low = T.infinity
    var high = -T.infinity
    var finite = 0
    for index in range {
      let value = values[index]
      if value.isFinite {
        low = value < low ? value : low
        high = value > high ? value : high
        finite &+= 1
      } else if value.isNaN {
        nan += 1
      } else if value > 0 {
        positiveInfinity += 1
      } else {
        negativeInfinity += 1
      }
    }
    guard finite > 0 else { return }
    min = Double(low)
    max = Double(high)
    first = values[range].first { $0.isFinite }.map { Double($0) }
    last = values[range].last { $0.isFinite }.map { Double($0) }
  }

  private mutating func summarise(_ values: ArraySlice<Int64>) {
    guard let low = values.min(), let high = values.max(), let head = values.first, let tail = values.last else {
      return
    }
    (min, max, first, last) = (Double(low), Double(high), Double(head), Double(tail))
  }
}
