import Foundation
import Glibc
import Testing

@testable import Catalog

/// A file read in several places at a time gives what it gives read from start to end.
@Suite struct SliceTests {
  /// A log in which everything happens that makes a place in a file depend on what stands before it.
  private static func oddLog(_ generator: inout SeededGenerator) -> [UInt8] {
    var bytes = EventBytes.version
    let tags = (0..<Int.random(in: 1...6, using: &generator)).map { "tag\($0)" }
    var introduced: Set<String> = []
    for step in 0..<Int64.random(in: 50...400, using: &generator) {
      let tag = tags.randomElement(using: &generator)!
      var wallTime = 100 + Double(step)
      if Int.random(in: 0..<25, using: &generator) == 0 {
        wallTime = [.nan, .infinity].randomElement(using: &generator)!
      }
      let content: [UInt8]
      switch Int.random(in: 0..<40, using: &generator) {
      case 0...20: content = EventBytes.scalar(tag, Float(step))
      case 21...32:
        // Metadata stands with the first value only, as writers of TensorFlow 1 leave it out later.
        let name = "t" + tag
        let isFirst = introduced.insert(name).inserted
        content = EventBytes.tensor(name, [Float(step)], shape: [1], plugin: isFirst ? "scalars" : nil)
      case 33...35:
        let name = "h" + tag
        let isFirst = introduced.insert(name).inserted
        content = EventBytes.tensor(
          name, [0, 1, 2, 1, 2, Float(step)], shape: [2, 3], plugin: isFirst ? "histograms" : nil)
      case 36:
        // A record that holds records.
        content = EventBytes.graph(EventBytes.log(Int.random(in: 1...30, using: &generator), tag: "inner"))
      case 37: content = EventBytes.graph([UInt8](repeating: 7, count: Int.random(in: 1...5000, using: &generator)))
      case 38: content = EventBytes.field(7, [0x08, 1])
      default: content = EventBytes.scalar("bad\u{FFFD}", 1)
      }
      bytes += EventFixture.frame(EventBytes.event(step: step, wallTime: wallTime, content))
    }
    return bytes
  }

  private static func damage(_ bytes: inout [UInt8], _ generator: inout SeededGenerator) {
    for _ in 0..<Int.random(in: 0...4, using: &generator) {
      let place = Int.random(in: 0..<bytes.count, using: &generator)
      switch Int.random(in: 0..<4, using: &generator) {
      case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      case 1:
        let end = min(bytes.count, place + Int.random(in: 1...2000, using: &generator))
        for index in place..<end { bytes[index] = 0 }
      case 2: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...300, using: &generator)))
      default: bytes.removeLast(min(bytes.count - 100, Int.random(in: 0...40, using: &generator)))
      }
    }
  }

  private func dump(_ root: String, slice: Int, workers: Int) throws -> [String] {
    let place = try TemporaryFolder()
    let catalog = try Catalog.open(root: root, at: "\(place.path)/catalog.sqlite")
    try Loader.refreshInSmallBatches(catalog, bytes: slice, workers: workers)
    return try catalog.dump()
  }

  @Test(arguments: 0..<12)
  func `any number of workers makes the same catalogue, also of damaged files`(seed: Int) throws {
    var generator = SeededGenerator(seed: UInt64(seed) * 77 + 1)
    let folder = try TemporaryFolder()
    for run in 0..<2 {
      var bytes = Self.oddLog(&generator)
      if seed % 3 > 0 { Self.damage(&bytes, &generator) }
      try folder.write(bytes, to: "run\(run)/events.out.tfevents.1.host")
    }
    let slice = [400, 900, 2500][seed % 3]
    let inOrder = try dump(folder.path, slice: slice, workers: 1)
    #expect(inOrder.count > 20)
    for workers in [2, 5] {
      let parallel = try dump(folder.path, slice: slice, workers: workers)
      #expect(parallel == inOrder, "\(workers) workers")
    }
  }

  @Test func `a large file is read in several places at a time`() throws {
    let folder = try TemporaryFolder()
    try folder.write(EventBytes.log(4000), to: "run/events.out.tfevents.1.host")
    let catalog = try Catalog.open(root: folder.path)
    let registrar = Registrar(store: catalog.store)
    let known = try registrar.known()
    let tasks = try registrar.register(try Discovery.walk(root: folder.path), known: known)
    let loader = Loader(root: folder.path, store: catalog.store, options: .init(sliceBytes: 5000, workers: 4))
    let first = AtFirstProgress {
      // Whoever had the first turn waits a little for others to come.
      for _ in 0..<100_000 where loader.slicesReadAhead.read == 0 { sched_yield() }
    }
    try loader.wait(for: loader.add(tasks, progress: first.report))
    #expect(loader.slicesReadAhead.used > 0)
    #expect(try catalog.allPoints("run", "loss").count == 4000)
    #expect(try catalog.health().allSatisfy(\.ok))
  }

  @Test func `a loading that was broken off goes on at the next start`() throws {
    let folder = try TemporaryFolder()
    try folder.write(EventBytes.log(1000), to: "run/events.out.tfevents.1.host")
    do {
      let catalog = try Catalog.open(root: folder.path)
      let registrar = Registrar(store: catalog.store)
      let known = try registrar.known()
      let task = try #require(try registrar.register(try Discovery.walk(root: folder.path), known: known).first)
      let file = try OpenEventFile(path: catalog.absolute(task.record.path))
      let reader = SliceReader(file, task.record, known: KnownTags(), previousWallTime: 0)
      let slice = try reader.next(upTo: 5000, of: task.record)
      #expect(try !slice.reachedEnd && BatchWriter(store: catalog.store).commit([slice.batch]).isEmpty)
      #expect(try (1..<1000).contains(catalog.allPoints("run", "loss").count))
    }
    let catalog = try Catalog.open(root: folder.path)
    try catalog.refresh()
    #expect(try catalog.allPoints("run", "loss").map(\.step) == (0..<1000).map { Int64($0) })
  }

  @Test func `a record is found from any place before it, and none that is only part of one`() throws {
    let inner = EventBytes.log(3, tag: "inner")
    let first = EventBytes.version
    let bytes = first + EventFixture.frame(EventBytes.event(step: 1, wallTime: 2, EventBytes.graph(inner))) + inner
    let folder = try TemporaryFolder()
    try folder.write(bytes, to: "events.out.tfevents.1.host")
    let file = try OpenEventFile(path: "\(folder.path)/events.out.tfevents.1.host")
    func found(_ offset: Int, before limit: Int) throws -> Int64? {
      let reader = SliceReader(file, ahead: Int64(offset), known: KnownTags())
      return try reader.seekRecord(before: Int64(limit)) ? reader.position : nil
    }
    #expect(try found(0, before: 10) == 0)
    #expect(try found(1, before: bytes.count) == Int64(first.count))
    #expect(try found(1, before: first.count) == nil)
    // Inside the graph another event file's records look sound; who reads from the start never comes by them.
    let place = try #require(try found(first.count + 1, before: bytes.count))
    #expect(place > Int64(first.count) && place < Int64(bytes.count - inner.count))
    #expect(try found(bytes.count - 3, before: bytes.count) == nil)
  }
}
