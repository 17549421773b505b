/// When a curve counts as having stopped to improve.
///
/// The rule of early stopping (Keras' `EarlyStopping`, PyTorch's `ReduceLROnPlateau`): the best value so far is kept; a
/// value improves on it when it is better by more than the tolerance. A plateau begins at the last improvement when no
/// later point improves for as long as the patience says. Points that are not finite do not improve. Unlike PyTorch's, a
/// relative tolerance is a part of the magnitude of the best value, so that it works for negative values too.
public struct PlateauRule: Sendable, Hashable {
  public enum Goal: String, Sendable, CaseIterable {
    case min, max
  }

  public enum Tolerance: Sendable, Hashable {
    case absolute(Double)
    /// A part of the magnitude of the best value so far.
    case relative(Double)
  }

  /// How long nothing has to improve.
  public enum Patience: Sendable, Hashable {
    /// Until a point at least so many steps later.
    case steps(Int64)
    /// For so many points.
    case points(Int)
  }

  /// Whether small or large values are good.
  public var goal: Goal
  public var tolerance: Tolerance
  public var patience: Patience

  public init(
    goal: Goal = .min, tolerance: Tolerance = .relative(1e-4), patience: Patience = .points(10)
  ) {
    self.goal = goal
    self.tolerance = tolerance
    self.patience = patience
  }

  /// What a value has to be better than to improve on the best one.
  func threshold(_ best: Double) -> Double {
    let margin =
      switch tolerance {
      case .absolute(let number): number
      case .relative(let part): part * abs(best)
      }
    return goal == .min ? best - margin : best + margin
  }

  func improves(_ value: Double, on threshold: Double) -> Bool {
    value.isFinite && (goal == .min ? value < threshold : value > threshold)
  }
}

extension BranchScan {
  /// A stretch without improvement.
  struct Plateau: Equatable {
    /// The last improvement.
    var start: Place
    /// The point that improves again; nil where the plateau lasts to the end.
    var end: Place?
    /// Points after `start` that do not improve.
    var points: Int
    /// The step of the last of them.
    var lastStep: Int64
  }

  /// The first plateau. Blocks that hold no value good enough are passed over without being read.
  func plateau(_ rule: PlateauRule) throws -> Plateau? {
    var start: (place: Place, step: Int64, threshold: Double)?
    // Points since the last improvement, and the step of the last of them.
    var idle = 0
    var lastStep: Int64 = 0

    func lasted() -> Bool {
      guard let start, idle > 0 else { return false }
      switch rule.patience {
      case .points(let count): return idle >= count
      case .steps(let count):
        let (passed, overflow) = lastStep.subtractingReportingOverflow(start.step)
        return overflow || passed >= count
      }
    }

    for (number, piece) in pieces.enumerated() {
      let summary = summary(piece)
      if let start {
        let best = rule.goal == .min ? summary.min : summary.max
        if best.map({ !rule.improves($0, on: start.threshold) }) ?? true {
          idle += piece.count
          lastStep = piece.lastStep
          continue
        }
      } else if summary.finite == 0 {
        continue
      }
      let (columns, range) = try points(piece)
      for (offset, value) in columns.values.doubles(range).enumerated() {
        let position = range.lowerBound + offset
        if start.map({ rule.improves(value, on: $0.threshold) }) ?? value.isFinite {
          let place = Place(piece: number, position: position)
          if let start, lasted() { return Plateau(start: start.place, end: place, points: idle, lastStep: lastStep) }
          start = (place, columns.steps[position], rule.threshold(value))
          idle = 0
        } else if start != nil {
          idle += 1
          lastStep = columns.steps[position]
        }
      }
    }
    guard let start, lasted() else { return nil }
    return Plateau(start: start.place, end: nil, points: idle, lastStep: lastStep)
  }
}
