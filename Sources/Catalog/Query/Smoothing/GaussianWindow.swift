import Foundation

/// The mean of all points weighted by exp(-d²/2σ²), d being how many steps a point is away.
///
/// A weight is found in constant time, however many points are near. Steps are parted into cells of σ/2. With u and y the
/// places of a step and of a point beside the middle of the point's cell, in units of σ,
///
///     exp(-(u - y)²/2) = exp(-u²/2) · Σ_k u^k · y^k exp(-y²/2) / k!
///
/// so a cell needs no more than the sums over its points of y^k exp(-y²/2) / k! and of the same times the value. |y| is at
/// most 1/4: 14 terms leave an error below 1e-9. Cells farther than 6σ, whose weights are below 2e-8, are left out.
struct GaussianWindow: WindowFilter {
  private static let terms = 14
  private static let farthest = 6.0
  /// Where 6σ is less than a step, a point is its own average. A power of 2 parts steps into cells without rounding.
  private static let smallestSigma = 0.125

  let reach: Int64
  private let sigma: Double
  private let origin: Int64
  /// Numbers of the cells that hold points, ascending; those before `start` are out of reach.
  private var cells: [Double] = []
  private var start = 0
  /// Of each cell the sums of weights, then of weighted values.
  private var sums: [Double] = []

  /// - Parameter origin: where cells are counted from, so that they are the same wherever a run begins.
  init(sigma: Double, origin: Int64) {
    let sigma = max(sigma, Self.smallestSigma)
    self.sigma = sigma
    self.origin = origin
    reach = Int64(exactly: (6.5 * sigma).rounded(.up)) ?? .max
  }

  /// How many steps a step lies behind the origin.
  private func offset(_ step: Int64) -> Double {
    let (difference, overflow) = step.subtractingReportingOverflow(origin)
    return overflow ? Double(step) - Double(origin) : Double(difference)
  }

  mutating func add(_ value: Double, step: Int64) {
    let offset = offset(step)
    let cell = (offset / (sigma / 2)).rounded(.down)
    if cells.last != cell {
      cells.append(cell)
      sums.append(contentsOf: repeatElement(0, count: 2 * Self.terms))
    }
    let y = max(-0.25, min(0.25, offset / sigma - (cell + 0.5) / 2))
    var term = exp(-y * y / 2)
    let base = sums.count - 2 * Self.terms
    for k in 0..<Self.terms {
      if k > 0 { term *= y / Double(k) }
      sums[base + k] += term
      sums[base + Self.terms + k] += term * value
    }
  }

  mutating func remove(_ value: Double, step: Int64) {}

  mutating func removeAll() {
    cells = []
    sums = []
    start = 0
  }

  mutating func output(at step: Int64) -> Double {
    let place = offset(step) / sigma
    while start < cells.count, place - (cells[start] + 0.5) / 2 > Self.farthest { start += 1 }
    if start > 256 {
      cells.removeFirst(start)
      sums.removeFirst(start * 2 * Self.terms)
      start = 0
    }
    var weight = 0.0
    var total = 0.0
    for cell in start..<cells.count {
      let u = place - (cells[cell] + 0.5) / 2
      guard u >= -Self.farthest else { break }
      var weights = 0.0
      var values = 0.0
      let base = cell * 2 * Self.terms
      for k in stride(from: Self.terms - 1, through: 0, by: -1) {
        weights = weights * u + sums[base + k]
        values = values * u + sums[base + Self.terms + k]
      }
      let scale = exp(-u * u / 2)
      weight += scale * weights
      total += scale * values
    }
    return total / weight
  }
}
