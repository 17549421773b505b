@testable import Catalog

extension BlockSummary {
  /// Sums up a range of points (at least one) in the plain way.
  init(_ columns: PointColumns, _ range: Range<Int>) {
    self.init()
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

extension SegmentSummary {
  /// Of the points of one block.
  init(_ block: BlockSummary, _ columns: PointColumns, _ range: Range<Int>) {
    self.init()
    points = block.count
    (firstStep, lastStep, minStep, maxStep) = (block.firstStep, block.lastStep, block.minStep, block.maxStep)
    stepDescents = block.stepDescents
    (firstWall, lastWall) = (block.firstWall, block.lastWall)
    (nan, positiveInfinity, negativeInfinity) = (block.nan, block.positiveInfinity, block.negativeInfinity)
    func at(_ value: Double?, _ position: (Double) -> Int?) -> Value? {
      value.flatMap { value in position(value).map { Value(value: value, step: columns.steps[$0]) } }
    }
    first = at(block.first) { value in range.first { columns.values[$0] == value } }
    last = at(block.last) { value in range.last { columns.values[$0] == value } }
    min = at(block.min) { value in range.first { columns.values[$0] == value } }
    max = at(block.max) { value in range.first { columns.values[$0] == value } }
  }
}
