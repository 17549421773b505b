import GRDB

/// One series of a group on its way along its newest branch: at any time one block of it is unpacked.
struct GroupMember: Sendable {
  let index: SeriesIndex
  private let pieces: [Piece]
  private var piece: Int
  private var position = 0
  private var steps: [Int64] = []
  private var values: [Double] = []
  private var window: WindowSmoother?
  private var average: ExponentialAverage?
  /// The finite point before the one at hand.
  private(set) var before: (step: Int64, value: Double)?

  /// - Parameter from: the first step wanted; averages and lines start earlier.
  init(_ index: SeriesIndex, from: Int64, smoothing: Smoothing?, isConstant: Bool) {
    self.index = index
    pieces = index.branches.last?.pieces ?? []
    piece = 0
    switch smoothing {
    case nil: break
    case .exponential(let weight): if !isConstant { average = ExponentialAverage(weight: weight) }
    case .mean, .median, .gaussian:
      window = smoothing.flatMap { WindowSmoother($0, along: index.branches.last?.pieces ?? []) }
    }
    // An average depends on all that comes before; a line on the point before.
    if average == nil { piece = max(0, (pieces.firstIndex { $0.lastStep >= from } ?? pieces.count) - 1) }
  }

  var lastStep: Int64? { pieces.last?.lastStep }

  /// The step of the next point; nil at the end.
  mutating func step(read: (Int64) throws -> PointColumns) throws -> Int64? {
    while position >= steps.count {
      guard piece < pieces.count else { return nil }
      try load(read)
    }
    return steps[position]
  }

  /// Takes the points of a step: gives the value of the last.
  mutating func take(_ step: Int64, read: (Int64) throws -> PointColumns) throws -> Double? {
    var value: Double?
    while let next = try self.step(read: read), next == step {
      value = values[position]
      position += 1
    }
    if let value, value.isFinite { before = (step, value) }
    return value
  }

  /// The next finite point, without taking it; it lies in the block at hand or is found by reading on.
  mutating func finiteAhead(read: (Int64) throws -> PointColumns) throws -> (step: Int64, value: Double)? {
    while try step(read: read) != nil {
      if let place = (position..<steps.count).first(where: { values[$0].isFinite }) {
        // Of several points at a step the last finite one counts.
        var last = place
        while last + 1 < steps.count, steps[last + 1] == steps[place] {
          last += 1
        }
        let finite = (place...last).last { values[$0].isFinite } ?? place
        return (steps[finite], values[finite])
      }
      position = steps.count
    }
    return nil
  }

  private mutating func load(_ read: (Int64) throws -> PointColumns) throws {
    let (index, pieces) = (index, pieces)
    func part(_ number: Int) throws -> (steps: [Int64], values: [Double]) {
      let (columns, range) = try pieces[number].points(of: read(index.blocks[pieces[number].block].id))
      return (Array(columns.steps[range]), columns.values.doubles(range))
    }
    (steps, values) = try part(piece)
    if var running = average {
      for place in values.indices where values[place].isFinite { values[place] = running.next(values[place]) }
      average = running
    }
    if var smoother = window {
      window = nil
      values = try smoother.averages(of: piece, read: part)
      window = smoother
    }
    position = 0
    piece += 1
  }
}

/// Statistics of a group, some thousand steps at a time. Of each run one block is held, and of a running median its
/// window.
public struct GroupStream: Sendable {
  /// Series that are there.
  public let series: [SeriesName]
  private static let pageSteps = 1024

  private let query: GroupQuery
  private let read: @Sendable (Int64) throws -> PointColumns
  private var members: [GroupMember]
  /// The next step of each member; the largest number at its end.
  private var next: [Int64?] = []
  private var isStarted = false

  init(
    _ query: GroupQuery, series: [SeriesName], members: [GroupMember],
    read: @escaping @Sendable (Int64) throws -> PointColumns
  ) {
    self.query = query
    self.series = series
    self.members = members
    self.read = read
  }

  /// The statistics at the next steps; nil behind the last. No page is empty.
  ///
  /// - Parameter check: called for every thousand steps looked at, most of which may not be in the answer; what it throws
  ///   ends the stream.
  public mutating func nextPage(check: () throws -> Void = {}) throws -> GroupPage? {
    try nextPage(check: check, read: read)
  }

  mutating func nextPage(check: () throws -> Void, read: (Int64) throws -> PointColumns) throws -> GroupPage? {
    if !isStarted {
      isStarted = true
      next = try members.indices.map { try members[$0].step(read: read) }
    }
    var page = GroupPage()
    page.statistics = Array(repeating: [], count: query.statistics.count)
    var values: [Double] = []
    var looked = 0
    while page.steps.count < Self.pageSteps {
      looked += 1
      if looked % Self.pageSteps == 0 { try check() }
      var least: Int64?
      for case .some(let step) in next where step < least ?? .max || least == nil { least = step }
      guard let step = least, step <= query.to ?? .max else { break }
      values.removeAll(keepingCapacity: true)
      var present = 0
      var broken = 0
      for number in members.indices {
        if next[number] == step {
          let value = try members[number].take(step, read: read)
          next[number] = try members[number].step(read: read)
          present += 1
          if let value, value.isFinite {
            values.append(value)
            continue
          }
          if query.join != .linear { broken += 1 }
        }
        if query.join == .linear, step >= query.from ?? .min,
          let value = try interpolate(number, at: step, read)
        {
          values.append(value)
        }
      }
      guard step >= query.from ?? .min, query.join != .common || present == members.count, !values.isEmpty || broken > 0
      else { continue }
      page.steps.append(step)
      page.counts.append(values.count)
      page.nonFinite.append(broken)
      for (place, number) in GroupStatistic.values(of: &values, query.statistics).enumerated() {
        page.statistics[place].append(number)
      }
    }
    return page.steps.isEmpty ? nil : page
  }

  /// On the line between a run's finite points around a step.
  private mutating func interpolate(
    _ number: Int, at step: Int64, _ read: (Int64) throws -> PointColumns
  ) throws -> Double? {
    guard let before = members[number].before, before.step < step,
      let behind = try members[number].finiteAhead(read: read)
    else { return nil }
    next[number] = try members[number].step(read: read)
    let part = (Double(step) - Double(before.step)) / (Double(behind.step) - Double(before.step))
    return before.value * (1 - part) + behind.value * part
  }
}

extension GroupStatistic {
  /// Statistics of some finite values, which it may sort; NaN of none.
  static func values(of values: inout [Double], _ statistics: [GroupStatistic]) -> [Double] {
    guard !values.isEmpty else { return statistics.map { _ in .nan } }
    let count = Double(values.count)
    // Divided first, so that the sum of large numbers stays finite.
    let mean = values.reduce(0) { $0 + $1 / count }
    let needsOrder = statistics.contains {
      switch $0 {
      case .median, .quantile: true
      default: false
      }
    }
    if needsOrder { values.sort() }
    func quantile(_ place: Double) -> Double {
      let position = place * (count - 1)
      let low = Int(position)
      guard low + 1 < values.count else { return values[values.count - 1] }
      let part = position - Double(low)
      return values[low] * (1 - part) + values[low + 1] * part
    }
    return statistics.map { statistic in
      switch statistic {
      case .mean: mean
      case .std:
        count < 2
          ? 0 : (values.reduce(0) { $0 + ($1 - mean) * (($1 - mean) / (count - 1)) }).squareRoot()
      case .min: values.min() ?? .nan
      case .max: values.max() ?? .nan
      case .median: quantile(0.5)
      case .quantile(let place): quantile(place)
      }
    }
  }
}
