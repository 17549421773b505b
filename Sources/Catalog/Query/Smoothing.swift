/// The state of an exponential moving average between two points.
struct ExponentialAverage: Sendable, Equatable {
  let weight: Double
  /// The biased average.
  private(set) var mean = 0.0
  /// weight to the power of the number of values so far.
  private(set) var power = 1.0

  init(weight: Double) { self.weight = weight }

  /// Takes the next finite value; gives the average without bias.
  @inline(__always)
  mutating func next(_ value: Double) -> Double {
    mean = mean * weight + (1 - weight) * value
    power *= weight
    // With weight 1 nothing is ever taken in; TensorBoard draws 0 then.
    return weight == 1 ? mean : mean / (1 - power)
  }
}

/// The average over a piece of a branch: the state before it, and what its averages span.
struct SmoothedPiece: Sendable {
  var before: ExponentialAverage
  var first: Double?
  var last: Double?
  var min: Double?
  var max: Double?
}

extension SmoothedPiece {
  /// Runs over all pieces of a branch.
  static func all(
    of branch: Branch, weight: Double, points: (Piece) throws -> (columns: PointColumns, range: Range<Int>)
  ) rethrows -> [SmoothedPiece] {
    var average = ExponentialAverage(weight: weight)
    return try branch.pieces.map { piece in
      var smoothed = SmoothedPiece(before: average)
      let (columns, range) = try points(piece)
      var low = Double.infinity
      var high = -Double.infinity
      columns.values.forEachFinite(range) { _, value in
        let next = average.next(value)
        if smoothed.first == nil { smoothed.first = next }
        smoothed.last = next
        low = Swift.min(low, next)
        high = Swift.max(high, next)
      }
      if smoothed.first != nil { (smoothed.min, smoothed.max) = (low, high) }
      return smoothed
    }
  }
}

extension SeriesValues {
  /// Calls `body` with position and value of each finite value in a range of positions.
  @inline(__always)
  func forEachFinite(_ range: Range<Int>, _ body: (Int, Double) -> Void) {
    switch self {
    case .float32(let values):
      values.withUnsafeBufferPointer { values in
        for index in range where values[index].isFinite { body(index, Double(values[index])) }
      }
    case .float64(let values):
      values.withUnsafeBufferPointer { values in
        for index in range where values[index].isFinite { body(index, values[index]) }
      }
    case .int64(let values):
      values.withUnsafeBufferPointer { values in
        for index in range { body(index, Double(values[index])) }
      }
    }
  }
}
