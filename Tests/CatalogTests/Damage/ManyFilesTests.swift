import Foundation
import Glibc
import Testing

@testable import Catalog

/// Many event files in one run and many runs: whichever grows, comes, goes or comes back, every point is there once.
@Suite struct ManyFilesTests {
  private let log: DamageLog

  init() throws { log = try DamageLog() }

  private func name(_ number: Int, _ run: String = "run") -> String { "\(run)/events.out.tfevents.\(number).host" }

  @Test func `files that grow in any order, and older ones again, all count`() throws {
    let catalog = try log.open()
    var written: [Int: Int64] = [:]
    var generator = SeededGenerator(seed: 5)
    for _ in 0..<40 {
      let number = Int.random(in: 1...4, using: &generator)
      let start = written[number] ?? 0
      let end = start + Int64.random(in: 1...5, using: &generator)
      try log.folder.append(
        (start..<end).flatMap { DamageLog.record($0, wallTime: Double(number) * 1e6 + Double($0)) }, to: name(number))
      written[number] = end
      try catalog.refresh()
      let expected = written.keys.sorted().flatMap { Array(0..<(written[$0] ?? 0)) }
      #expect(try catalog.steps() == expected)
    }
    #expect(try catalog.health().allSatisfy(\.ok))
  }

  @Test func `empty files between others hide nothing, and are read when they grow`() throws {
    try log.write(0..<10, to: name(1))
    try log.folder.write([], to: name(2))
    try log.write(20..<30, to: name(3))
    let catalog = try log.open()
    try catalog.refresh()
    #expect(try catalog.steps() == Array(0..<10) + Array(20..<30))
    #expect(try catalog.health().map(\.records) == [10, 0, 10])
    try log.append(10..<20, to: name(2))
    try catalog.refresh()
    #expect(try catalog.steps() == (0..<30).map { $0 })
  }

  @Test func `an older file that comes late is put where its time says`() throws {
    try log.write(100..<110, to: name(2))
    let catalog = try log.open()
    try catalog.refresh()
    try log.write(0..<100, to: name(1))
    try catalog.refresh()
    #expect(try catalog.steps() == (0..<110).map { $0 })
    #expect(try catalog.scalars(run: "run", tag: "loss").points.count == 110)
  }

  @Test func `names that lie about time do not change the order`() throws {
    // The clocks of two machines: the file named later was written first.
    try log.folder.write((0..<10).flatMap { DamageLog.record($0, wallTime: 1000 + Double($0)) }, to: name(9))
    try log.folder.write((10..<20).flatMap { DamageLog.record($0, wallTime: 2000 + Double($0)) }, to: name(1))
    let catalog = try log.open()
    try catalog.refresh()
    #expect(try catalog.steps() == (0..<20).map { $0 })
    #expect(try catalog.scalars(run: "run", tag: "loss").points.steps.count == 20)
  }

  @Test func `two writers that take turns in a folder lose nothing`() throws {
    let catalog = try log.open()
    for round in Int64(0)..<20 {
      for writer in [1, 2] {
        try log.folder.append(
          DamageLog.record(round, wallTime: 1e6 + Double(round) + Double(writer) / 10, value: Float(writer)),
          to: name(writer))
        try catalog.refresh()
      }
    }
    let points = try catalog.allPoints("run", "loss")
    #expect(points.count == 40)
    for writer in [1.0, 2.0] {
      #expect(points.filter { $0.value == writer }.map(\.step) == (0..<20).map { $0 })
    }
  }

  @Test func `a clock that jumps back and far ahead loses no point`() throws {
    let times: [Double] = [1.7e9, 1.7e9 + 1, 3600, 1e12, -5, 1.7e9 + 2, 0]
    try log.folder.write(
      times.enumerated().flatMap { DamageLog.record(Int64($0.offset), wallTime: $0.element) }, to: log.file)
    let catalog = try log.open()
    try catalog.refresh()
    #expect(try catalog.allPoints("run", "loss").map(\.wallTime) == times)
    let points = try catalog.scalars(run: "run", tag: "loss").points
    #expect(points.steps == (0..<Int64(times.count)).map { $0 })
    #expect(try catalog.runs().first?.lastStep == Int64(times.count - 1))
  }

  @Test func `a run that is deleted and made again holds the new points alone`() throws {
    try log.write(0..<100)
    let catalog = try log.open()
    try catalog.refresh()
    for looksBetween in [true, false] {
      try FileManager.default.removeItem(atPath: log.path("run"))
      if looksBetween {
        try catalog.refresh()
        #expect(try catalog.runs().isEmpty)
      }
      let steps: Range<Int64> = looksBetween ? 1000..<1050 : 2000..<2200
      try log.write(steps)
      try catalog.refresh()
      #expect(try catalog.steps() == Array(steps))
      #expect(try catalog.runs().map(\.run) == ["run"])
      #expect(try catalog.health().allSatisfy(\.ok))
    }
  }

  @Test func `a file deleted while others are read keeps what was read of it`() throws {
    for number in 1...3 { try log.write(Int64(number) * 10..<Int64(number) * 10 + 10, to: name(number)) }
    let catalog = try log.open()
    try catalog.refresh()
    #expect(unlink(log.path(name(2))) == 0)
    try log.append(40..<45, to: name(3))
    try catalog.refresh()
    #expect(try catalog.steps() == Array(10..<45))
    let gone = try #require(try catalog.health().first { !$0.ok })
    #expect(gone.path == name(2) && gone.message?.contains("gone") == true)
  }

  @Test func `a file that cannot be opened when its turn comes is told, and read when it can be`() throws {
    try log.write(0..<10, to: name(1))
    try log.write(10..<20, to: name(2))
    let catalog = try log.open()
    let registrar = Registrar(store: catalog.store)
    let tasks = try registrar.register(try Discovery.walk(root: catalog.root), known: try registrar.known())
    #expect(rename(log.path(name(2)), log.path("elsewhere")) == 0)
    let loader = Loader(root: catalog.root, store: catalog.store)
    try loader.wait(for: loader.add(tasks, progress: nil))
    #expect(try catalog.steps() == (0..<10).map { $0 })
    let health = try #require(try catalog.health().first { !$0.ok })
    #expect(health.path == name(2) && health.message == "cannot be opened: No such file or directory")
    #expect(rename(log.path("elsewhere"), log.path(name(2))) == 0)
    try catalog.refresh()
    #expect(try catalog.steps() == (0..<20).map { $0 })
    #expect(try catalog.health().allSatisfy(\.ok))
  }

  @Test func `a file under several names counts once, and one of them may be any name`() throws {
    try log.write(0..<10)
    #expect(link(log.path(log.file), log.path("backup")) == 0)
    try FileManager.default.createDirectory(atPath: log.path("other"), withIntermediateDirectories: true)
    #expect(symlink("../\(log.file)", log.path("other/events.out.tfevents.9.link")) == 0)
    #expect(symlink("run", log.path("alias")) == 0)
    #expect(symlink("..", log.path("run/up")) == 0)
    let catalog = try log.open()
    try catalog.refresh()
    #expect(try catalog.runs().map(\.run) == ["run"])
    #expect(try catalog.steps() == (0..<10).map { $0 })
    #expect(try catalog.runs().map(\.points) == [10])
  }

  @Test func `files are opened one at a time for each worker and closed again`() throws {
    for number in 0..<300 { try log.write(0..<3, to: name(1, "run \(number)")) }
    let catalog = try log.open()
    let root = log.folder.path
    let most = MostOpen()
    try catalog.refresh { _ in most.note(Self.openFiles(below: root)) }
    #expect(most.count >= 0 && most.count <= ProcessInfo.processInfo.activeProcessorCount + 3)
    #expect(Self.openFiles(below: root) == 0)
    #expect(try catalog.runs().count == 300)
  }

  /// How many event files below a folder this process has open.
  private static func openFiles(below root: String) -> Int {
    let descriptors = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
    return descriptors.count { descriptor in
      var target = [CChar](repeating: 0, count: 4096)
      let count = readlink("/proc/self/fd/\(descriptor)", &target, target.count - 1)
      guard count > 0 else { return false }
      let path = String(decoding: target[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
      return path.hasPrefix(root) && path.contains("tfevents")
    }
  }
}

/// The largest number told from any thread.
private final class MostOpen: @unchecked Sendable {
  // Sendable by inspection: guarded by the lock.
  private let lock = NSLock()
  private var most = 0
  var count: Int { lock.withLock { most } }
  func note(_ number: Int) { lock.withLock { most = max(most, number) } }
}
