/// What TensorBoard's data server keeps: a point at step n drops every point of its series at n and later, whatever the
/// session log says; of points at one step the last is left. Files count by name.
struct Preemption: BranchBuilder {
  private var kept: [Piece] = []

  mutating func begin(_ file: SeriesFile) {}
  mutating func session(_ session: SeriesFile.Session, steps: (Int) throws -> [Int64]) {}
  mutating func sessionAfterAllPoints(_ session: SeriesFile.Session, steps: (Int) throws -> [Int64]) {}

  mutating func append(_ piece: Piece, steps: (Int) throws -> [Int64]) throws {
    while let last = kept.last, last.lastStep >= piece.firstStep {
      kept.removeLast()
      guard let below = try last.split(at: piece.firstStep, steps: steps).below else { continue }
      kept.append(below)
      break
    }
    kept.append(try piece.keepingLastOfStep(steps: steps))
  }

  var branches: [Branch] { kept.isEmpty ? [] : [Branch(superseded: false, pieces: kept)] }
}
