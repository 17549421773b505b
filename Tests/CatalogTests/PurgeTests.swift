import Events
import Foundation
import Records
import Testing

@testable import Catalog

/// What the two readers of TensorBoard keep where steps go back, against what they kept of the fixtures, and against
/// their rules written down plainly.
@Suite struct PurgeTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func open(_ name: String) throws -> (EventFixture, Catalog) {
    let fixture = try EventFixture(name)
    let root = "\(folder.path)/\(name)"
    try fixture.copy(to: root)
    let catalog = try Catalog.open(root: root)
    try catalog.refresh()
    return (fixture, catalog)
  }

  /// Where the Python reader stops in files that are damaged; everything behind it is kept here.
  private static let damage: [String: Int64] = ["bad_data_crc": 8, "bad_length_crc": 5]

  // No case has more than the 1,000 points a series of which those readers begin to sample.
  @Test(arguments: EventFixture.names) func `the Python reader's points come back`(name: String) throws {
    let (fixture, catalog) = try open(name)
    for run in fixture.runs.keys {
      for tag in fixture.series(run).keys where fixture.scalars(run, tag) != nil {
        var steps = try catalog.scalars(run: run, tag: tag, branches: .tensorboard).points.steps
        if let damage = Self.damage[name] {
          #expect(steps.contains { $0 > damage })
          steps.removeAll { $0 >= damage }
        }
        #expect(steps == fixture.accumulatorSteps(run, tag), "\(run) \(tag)")
        #expect(try chart(catalog, run, tag, .tensorboard) >= steps.count)
      }
    }
  }

  @Test(arguments: EventFixture.names) func `the data server's points come back`(name: String) throws {
    let (fixture, catalog) = try open(name)
    for run in fixture.runs.keys {
      for tag in fixture.series(run).keys {
        guard let all = fixture.scalars(run, tag) else { continue }
        let points = try catalog.scalars(run: run, tag: tag, branches: .dataServer).points
        var kept = (0..<points.count).map { (step: points.steps[$0], value: points.values[$0]) }
        // It draws scalars of TensorFlow's float32 alone; of other precisions it has no series at all.
        guard var expected = fixture.dataServerPoints(run, tag) else {
          #expect(points.values.dtype != "float32" || all.isEmpty, "\(run) \(tag)")
          continue
        }
        switch name {
        case "bad_data_crc":
          // It does not verify checksums, and shows the record whose data is damaged.
          #expect(expected.map(\.step) == Array(0..<20) && kept.map(\.step) == (0..<20).filter { $0 != 8 })
          expected.remove(at: 8)
        case "bad_length_crc":
          #expect(kept.contains { $0.step > 5 })
          kept.removeAll { $0.step >= 5 }
        default: break
        }
        #expect(kept.map(\.step) == expected.map(\.step), "\(run) \(tag)")
        #expect(
          zip(kept, expected).allSatisfy { Float($0.value) == Float($1.value) || $0.value.isNaN && $1.value.isNaN })
      }
    }
  }

  /// How many points a chart of the selection has.
  private func chart(_ catalog: Catalog, _ run: String, _ tag: String, _ branches: BranchSelection) throws -> Int {
    let answers = try catalog.series(SeriesQuery([.init(tag: tag, runs: [run])], width: 7, branches: branches))
    #expect(answers.allSatisfy { !$0.superseded })
    return answers.reduce(0) { $0 + $1.count }
  }

  // MARK: Against the rules, on random logs

  /// An event of a log: a point of the series, or a session log entry.
  private enum Entry {
    case point(Int64)
    case session(SessionLogEntry.Status, Int64)
  }

  /// A random log of a run with some restarts, session starts and equal steps; a list of entries a file.
  private func log(_ generator: inout SeededGenerator) -> [[Entry]] {
    var step: Int64 = 0
    return (0..<Int.random(in: 1...4, using: &generator)).map { _ in
      var entries: [Entry] = []
      if Bool.random(using: &generator) {
        step = Int64.random(in: 0...max(step, 1), using: &generator)
        if Bool.random(using: &generator) { entries.append(.session(.start, step)) }
      }
      for _ in 0..<Int.random(in: 0...60, using: &generator) {
        switch Int.random(in: 0..<40, using: &generator) {
        case 0: step = max(0, step - Int64.random(in: 0..<20, using: &generator))
        case 1: entries.append(.session(.start, max(0, step - Int64.random(in: 0..<10, using: &generator))))
        case 2: entries.append(.session(.checkpoint, step))
        case 3...8: break
        default: step += Int64.random(in: 1...3, using: &generator)
        }
        entries.append(.point(step))
      }
      return entries
    }
  }

  /// Positions of the points that are kept, by the rule of the Python reader.
  private func accumulated(_ files: [[Entry]], version: Int) -> [Int] {
    var kept: [(step: Int64, number: Int)] = []
    var latest: Int64 = -1
    var number = 0
    for entries in files {
      if version < 2 { latest = 0 }
      for entry in entries {
        switch entry {
        case .session(let status, let step):
          if version < 2 { latest = step } else if status == .start { kept.removeAll { $0.step >= step } }
        case .point(let step):
          if version < 2 {
            if step < latest { kept.removeAll { $0.step >= step } } else { latest = step }
          }
          kept.append((step, number))
          number += 1
        }
      }
    }
    return kept.map(\.number)
  }

  /// The same by the rule of the data server.
  private func preempted(_ files: [[Entry]]) -> [Int] {
    var kept: [(step: Int64, number: Int)] = []
    var number = 0
    for case .point(let step) in files.joined() {
      kept.removeAll { $0.step >= step }
      kept.append((step, number))
      number += 1
    }
    return kept.map(\.number)
  }

  @Test(arguments: [1, 2]) func `random logs are purged as the rules say`(version: Int) throws {
    var generator = SeededGenerator(seed: UInt64(version))
    for round in 0..<60 {
      let files = log(&generator)
      let root = "\(folder.path)/\(version)-\(round)"
      var clock = 1_700_000_000.0
      var number = 0
      for (order, entries) in files.enumerated() {
        clock += 1
        let start = clock
        let writer = try EventFileWriter(directory: root, maxQueue: 10_000, clock: { start })
        for entry in entries {
          clock += 1
          switch entry {
          case .session(let status, let step):
            try writer.addSessionLog(status, step: step, wallTime: clock)
          case .point(let step):
            try writer.addScalar(tag: "t", value: Float(number), step: step, wallTime: clock)
            number += 1
          }
        }
        try writer.close()
        // One file a name, in order; of the version asked for.
        let path = "\(root)/events.out.tfevents.\(order).host"
        try FileManager.default.moveItem(atPath: writer.path, toPath: path)
        if version == 1 { try PurgeTests.setVersion(1, of: path) }
      }
      let catalog = try Catalog.open(root: root)
      try catalog.refresh()
      guard number > 0 else { continue }
      func values(_ branches: BranchSelection) throws -> [Int] {
        try catalog.scalars(run: ".", tag: "t", branches: branches).points.values.doubles.map { Int($0) }
      }
      #expect(try values(.all) == Array(0..<number))
      #expect(try values(.tensorboard) == accumulated(files, version: version), "round \(round)")
      #expect(try values(.dataServer) == preempted(files), "round \(round)")
      for branches in [BranchSelection.tensorboard, .dataServer] {
        #expect(try chart(catalog, ".", "t", branches) == (try values(branches).count))
      }
    }
  }

  /// Rewrites the version record at the beginning of an event file.
  private static func setVersion(_ version: Int, of path: String) throws {
    var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    let length = Int(bytes[0])
    let digit = bytes[..<(12 + length)].lastIndex(of: UInt8(ascii: "2"))!
    bytes[digit] = UInt8(ascii: "0") + UInt8(version)
    let checksum = CRC32C.mask(CRC32C.checksum(Array(bytes[12..<(12 + length)])))
    for index in 0..<4 { bytes[12 + length + index] = UInt8(truncatingIfNeeded: checksum >> UInt32(8 * index)) }
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }

  @Test func `a session that starts drops points of series it has not logged yet`() throws {
    let root = "\(folder.path)/late"
    let writer = try EventFileWriter(directory: root, suffix: ".a", clock: { 100 })
    for step in 0..<10 {
      try writer.addScalar(tag: "a", value: Float(1), step: Int64(step), wallTime: 100 + Double(step))
    }
    try writer.close()
    let catalog = try Catalog.open(root: root)
    try catalog.refresh()
    #expect(try catalog.scalars(run: ".", tag: "a", branches: .tensorboard).points.count == 10)
    let second = try EventFileWriter(directory: root, suffix: ".b", clock: { 200 })
    try second.addSessionLog(.start, step: 4, wallTime: 200)
    try second.close()
    try catalog.refresh()
    #expect(try catalog.scalars(run: ".", tag: "a", branches: .tensorboard).points.count == 4)
    #expect(try catalog.scalars(run: ".", tag: "a").points.count == 10)
  }
}
