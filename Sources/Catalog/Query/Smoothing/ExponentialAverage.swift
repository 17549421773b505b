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

/// What the averages over a piece of a branch span; nil where it has no finite value.
struct SmoothedPiece: Sendable, Equatable {
  var first: Double?
  var last: Double?
  var min: Double?
  var max: Double?
}

extension SmoothedPiece {
  /// Of averages beside their values: those of values that are not finite do not count.
  init(_ averages: [Double], beside values: [Double]) {
    for position in averages.indices where values[position].isFinite {
      let average = averages[position]
      if first == nil { first = average }
      last = average
      min = Swift.min(min ?? average, average)
      max = Swift.max(max ?? average, average)
    }
  }

  /// Of values that smoothing leaves alone.
  init(unsmoothed summary: BlockSummary) {
    (first, last, min, max) = (summary.first, summary.last, summary.min, summary.max)
  }
}

/// The exponential average along a branch: its state before every piece, and what its averages span.
struct ExponentialPieces: Sendable {
  private(set) var before: [ExponentialAverage] = []
  private(set) var spans: [SmoothedPiece] = []
  private var pieces: [PieceIdentity] = []
  private var average: ExponentialAverage

  init(weight: Double) { average = ExponentialAverage(weight: weight) }

  var count: Int { spans.count }

  /// Goes on to the end of a branch. What was computed before is taken as far as the branch is still the same; where
  /// points were appended, only they are read.
  mutating func run(
    along branch: [PieceIdentity], points: (Int) throws -> (columns: PointColumns, range: Range<Int>)
  ) rethrows {
    let same = zip(pieces, branch).prefix { $0 == $1 }.count
    if same < pieces.count {
      average = before[same]
      before.removeSubrange(same...)
      spans.removeSubrange(same...)
      pieces.removeSubrange(same...)
    }
    for number in same..<branch.count {
      var running = average
      var span = SmoothedPiece()
      let (columns, range) = try points(number)
      var low = Double.infinity
      var high = -Double.infinity
      columns.values.forEachFinite(range) { _, value in
        let next = running.next(value)
        if span.first == nil { span.first = next }
        span.last = next
        low = Swift.min(low, next)
        high = Swift.max(high, next)
      }
      if span.first != nil { (span.min, span.max) = (low, high) }
      before.append(average)
      spans.append(span)
      pieces.append(branch[number])
      average = running
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
