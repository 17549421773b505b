import Events
import Foundation

@testable import Catalog

/// A log root to which tests write series.
struct SeriesLog {
  struct Point: Equatable {
    var step: Int64
    var wallTime: Double
    var value: Double

    init(_ step: Int64, _ value: Double, wallTime: Double? = nil) {
      self.step = step
      self.value = value
      self.wallTime = wallTime ?? 1_700_000_000 + Double(step)
    }
  }

  let folder: TemporaryFolder
  let catalog: Catalog

  init() throws {
    folder = try TemporaryFolder()
    catalog = try Catalog.open(root: folder.path)
  }

  /// Logs float32 points as one file.
  func log(_ points: [Point], run: String = "run", tag: String = "loss") throws {
    let writer = try EventFileWriter(
      directory: "\(folder.path)/\(run)", maxQueue: 100_000, clock: { points.first?.wallTime ?? 1_700_000_000 })
    for point in points {
      try writer.addScalar(tag: tag, value: Float(point.value), step: point.step, wallTime: point.wallTime)
    }
    try writer.close()
    try catalog.refresh()
  }

  /// A random walk with equal steps, gaps and, where asked for, values that are not finite and steps that go back.
  static func walk(_ count: Int, seed: UInt64, nonFinite: Bool = true, restarts: Bool = false) -> [Point] {
    var generator = SeededGenerator(seed: seed)
    var step: Int64 = 0
    var wallTime = 1_700_000_000.0
    var value = 1.0
    return (0..<count).map { _ in
      step += [0, 1, 1, 1, 1, 2, 500].randomElement(using: &generator)!
      if restarts, Int.random(in: 0..<1500, using: &generator) == 0 { step = max(0, step - 20_000) }
      wallTime += Double.random(in: 0..<0.4, using: &generator)
      value += Double.random(in: -0.1..<0.1, using: &generator)
      var drawn = Double(Float(value))
      if nonFinite, Int.random(in: 0..<50, using: &generator) == 0 {
        drawn = [.nan, .infinity, -.infinity].randomElement(using: &generator)!
      }
      return Point(step, drawn, wallTime: wallTime)
    }
  }
}

/// Whether two lists of numbers are the same, NaN counting as equal to itself, within a tolerance relative to 1 or more.
func close(_ left: [Double], _ right: [Double], within tolerance: Double = 1e-9) -> Bool {
  left.count == right.count
    && zip(left, right).allSatisfy {
      $0 == $1 || $0.isNaN && $1.isNaN || abs($0 - $1) <= tolerance * max(1, abs($0), abs($1))
    }
}
