import Events
import Foundation
import Testing

@testable import Catalog

/// Series that grow, followed point by point.
@Suite struct FollowTests {
  private let folder: TemporaryFolder
  private let catalog: Catalog

  init() throws {
    folder = try TemporaryFolder()
    catalog = try Catalog.open(root: folder.path)
  }

  private func steps(_ columns: [PointColumns]) -> [Int64] { columns.flatMap(\.steps) }

  @Test func `each point is given once, across merged blocks and files`() throws {
    var follower = PointFollower(catalog)
    let first = try EventFileWriter(directory: "\(folder.path)/run", maxQueue: 100_000)
    var given: [Int64] = []
    for round in 0..<20 {
      for step in round * 500..<(round + 1) * 500 {
        try first.addScalar(tag: "loss", value: Float(step), step: Int64(step), wallTime: 1e9 + Double(step))
      }
      try first.flush()
      try catalog.refresh()
      given += steps(try follower.newPoints(run: "run", tag: "loss"))
      #expect(given.count == (round + 1) * 500)
    }
    #expect(given == (0..<10_000).map(Int64.init))
    #expect(try follower.newPoints(run: "run", tag: "loss").isEmpty)
    // A second file starts while the first still grows.
    let second = try EventFileWriter(directory: "\(folder.path)/run", suffix: ".second", maxQueue: 1000)
    try second.addScalar(tag: "loss", value: Float(1), step: 20_000, wallTime: 2e9)
    try second.flush()
    try first.addScalar(tag: "loss", value: Float(1), step: 10_000, wallTime: 1e9 + 10_000)
    try first.flush()
    try catalog.refresh()
    #expect(steps(try follower.newPoints(run: "run", tag: "loss")) == [10_000, 20_000])
    #expect(try follower.newPoints(run: "run", tag: "nothing").isEmpty)
  }

  @Test func `what was there before is passed over, but for the last points`() throws {
    let writer = try EventFileWriter(directory: "\(folder.path)/run", maxQueue: 100_000)
    for step in 0..<5000 { try writer.addScalar(tag: "loss", value: Float(step), step: Int64(step), wallTime: 1e9) }
    try writer.flush()
    try catalog.refresh()
    for keeping in [0, 3, 900, 1_000_000] {
      var follower = PointFollower(catalog)
      let kept = steps(try follower.skip(run: "run", tag: "loss", keeping: keeping))
      #expect(kept == (max(0, 5000 - keeping)..<5000).map(Int64.init))
      #expect(try follower.newPoints(run: "run", tag: "loss").isEmpty)
    }
    var follower = PointFollower(catalog)
    _ = try follower.skip(run: "run", tag: "loss", keeping: 0)
    try writer.addScalar(tag: "loss", value: Float(1), step: 5000, wallTime: 1e9)
    try writer.flush()
    try catalog.refresh()
    #expect(steps(try follower.newPoints(run: "run", tag: "loss")) == [5000])
  }

  @Test func `a file that was replaced is given from its start`() throws {
    var follower = PointFollower(catalog)
    let other = try TemporaryFolder()
    func write(_ count: Int, to path: String) throws {
      let writer = try EventFileWriter(directory: other.path, maxQueue: 1000)
      for step in 0..<count {
        try writer.addScalar(tag: "loss", value: Float(count), step: Int64(step), wallTime: 1e9)
      }
      try writer.close()
      let name = try #require(try FileManager.default.contentsOfDirectory(atPath: other.path).first)
      let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(other.path)/\(name)")))
      try FileManager.default.removeItem(atPath: "\(other.path)/\(name)")
      try folder.write(bytes, to: path)
    }
    try write(10, to: "run/events.out.tfevents.1")
    try catalog.refresh()
    #expect(steps(try follower.newPoints(run: "run", tag: "loss")).count == 10)
    try write(4, to: "run/events.out.tfevents.1")
    try catalog.refresh()
    #expect(steps(try follower.newPoints(run: "run", tag: "loss")) == [0, 1, 2, 3])
    // By one that is as long, or longer, before the next look.
    for count in [4, 9] {
      try write(count, to: "run/events.out.tfevents.1")
      try catalog.refresh()
      let given = try follower.newPoints(run: "run", tag: "loss")
      #expect(steps(given) == (0..<count).map(Int64.init))
      #expect(try follower.newPoints(run: "run", tag: "loss").isEmpty)
    }
  }

  @Test func `the pulse tells the last point, the pace and what is not finite`() throws {
    let writer = try EventFileWriter(directory: "\(folder.path)/run", maxQueue: 100_000)
    for step in 0..<6000 {
      let value: Float = step == 5500 || step == 5700 ? .nan : step == 2000 ? .infinity : Float(step)
      try writer.addScalar(tag: "loss", value: value, step: Int64(step), wallTime: 1e9 + Double(step) / 4)
    }
    try writer.addScalar(tag: "once", value: Float(1), step: 7, wallTime: 1e9)
    try writer.close()
    try catalog.refresh()
    let pulse = try #require(try catalog.pulse(run: "run", tag: "loss"))
    #expect(pulse.points == 6000 && pulse.last.step == 5999 && pulse.last.value == 5999)
    #expect(pulse.stepsPerSecond == 4 && pulse.nonFinite == 3)
    #expect(pulse.firstNonFinite?.step == 2000 && pulse.firstNonFinite?.value == .infinity)
    let once = try #require(try catalog.pulse(run: "run", tag: "once"))
    #expect(once.stepsPerSecond == nil && once.nonFinite == 0 && once.points == 1)
    #expect(try catalog.pulse(run: "run", tag: "nothing") == nil)
  }
}
