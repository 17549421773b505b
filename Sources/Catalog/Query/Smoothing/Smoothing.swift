import Foundation

/// A running average that is drawn over the points. It runs over the whole branch, before a range is cut out of it and
/// before it is drawn small. Values that are not finite are passed over.
public enum Smoothing: Sendable, Hashable {
  /// TensorBoard's exponential moving average, without the bias towards 0 at its start: with weight w in 0..<1,
  /// m = w m + (1 - w) value, drawn as m / (1 - w^n) after n finite values. A constant series stays as it is.
  case exponential(weight: Double)
  /// The mean of the points at most half a window of steps before or behind.
  case mean(window: Double)
  /// The median of the same points; of an even number of them the mean of the two in the middle.
  case median(window: Double)
  /// The mean of all points weighted by exp(-d²/2σ²), with d the steps between them and σ a quarter of the window.
  case gaussian(window: Double)

  /// The names of the kinds in queries.
  public static let kinds = ["ema", "mean", "median", "gaussian"]

  /// The smoothing that queries write as a kind and a number: the weight of `ema`, from 0 to below 1, or the window of
  /// the others in steps, above 0. Nil where there is no such smoothing.
  public init?(kind: String, _ number: Double) {
    switch kind {
    case "ema" where number >= 0 && number < 1: self = .exponential(weight: number)
    case "mean" where number > 0 && number.isFinite: self = .mean(window: number)
    case "median" where number > 0 && number.isFinite: self = .median(window: number)
    case "gaussian" where number > 0 && number.isFinite: self = .gaussian(window: number)
    default: return nil
    }
  }

  /// The smoothing that `ema:0.6` or `median:100` stands for.
  public init?(_ text: String) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, let number = Double(parts[1]) else { return nil }
    self.init(kind: String(parts[0]), number)
  }

  /// What to tell of a text that is no smoothing.
  public static let usage =
    "give ema:WEIGHT, with a weight from 0 to below 1, or mean:WINDOW, median:WINDOW or gaussian:WINDOW, with a window "
    + "of steps above 0"
}

/// Smooths along one branch with a window.
enum WindowSmoother: Sendable {
  case mean(WindowRun<MeanWindow>)
  case median(WindowRun<MedianWindow>)
  case gaussian(WindowRun<GaussianWindow>)

  /// Nil for smoothing without a window.
  init?(_ smoothing: Smoothing, along pieces: [Piece]) {
    func reach(_ window: Double) -> Int64 { Int64(exactly: (window / 2).rounded(.down)) ?? .max }
    switch smoothing {
    case .exponential: return nil
    case .mean(let window): self = .mean(WindowRun(MeanWindow(reach: reach(window)), along: pieces))
    case .median(let window): self = .median(WindowRun(MedianWindow(reach: reach(window)), along: pieces))
    case .gaussian(let window):
      let filter = GaussianWindow(sigma: window / 4, origin: pieces.first?.firstStep ?? 0)
      self = .gaussian(WindowRun(filter, along: pieces))
    }
  }

  mutating func averages(
    of piece: Int, read: (Int) throws -> (steps: [Int64], values: [Double])
  ) throws -> [Double] {
    switch self {
    // The buffers of a window must not be copied, as they would be while `self` still holds them.
    case .mean(var run):
      self = .mean(WindowRun(MeanWindow(reach: 0), along: []))
      defer { self = .mean(run) }
      return try run.averages(of: piece, read: read)
    case .median(var run):
      self = .median(WindowRun(MedianWindow(reach: 0), along: []))
      defer { self = .median(run) }
      return try run.averages(of: piece, read: read)
    case .gaussian(var run):
      self = .gaussian(WindowRun(GaussianWindow(sigma: 1, origin: 0), along: []))
      defer { self = .gaussian(run) }
      return try run.averages(of: piece, read: read)
    }
  }

  /// The pieces that have a say in the averages of a piece.
  func neighbourhood(of piece: Int) -> ClosedRange<Int> {
    switch self {
    case .mean(let run): run.neighbourhood(of: piece)
    case .median(let run): run.neighbourhood(of: piece)
    case .gaussian(let run): run.neighbourhood(of: piece)
    }
  }
}
