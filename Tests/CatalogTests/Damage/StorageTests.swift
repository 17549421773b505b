import Foundation
import Glibc
import Testing

@testable import Catalog

/// Where the catalogue itself lies in trouble: what it holds stays, it says what is wrong, and goes on when it can.
@Suite struct StorageTests {
  private let log: DamageLog

  init() throws { log = try DamageLog() }

  private func limitPages(_ catalog: Catalog, _ pages: Int?) throws {
    try catalog.store.write { database in
      let now = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
      try database.execute(sql: "PRAGMA max_page_count = \(pages.map { now + $0 } ?? 1_000_000)")
    }
  }

  @Test func `a full disk is named, costs nothing, and reading goes on when there is room`() throws {
    try log.write(0..<1000)
    let catalog = try log.open()
    try catalog.refresh()
    var generator = SeededGenerator(seed: 2)
    let noise = (1000..<60_000).flatMap { (step: Int64) in
      DamageLog.record(
        step, wallTime: Double.random(in: 1e9...2e9, using: &generator),
        value: Float.random(in: 0...1, using: &generator))
    }
    try log.folder.append(noise, to: log.file)
    try limitPages(catalog, 4)
    for _ in 0..<2 {
      do {
        try catalog.refresh()
        Issue.record("four pages took 59,000 points")
      } catch let error as CatalogError {
        #expect(error == .unwritable(path: catalog.path, reason: "the disk is full"))
        #expect("\(error)".contains("Free some space"))
      }
      // What was there before is there, and a part of a batch is not.
      #expect(try catalog.steps() == (0..<1000).map { $0 })
      #expect(try catalog.health().count == 1)
    }
    // Another process that only reads finds the same.
    let reader = try Catalog.open(root: log.folder.path, readOnly: true)
    #expect(try reader.steps().count == 1000)
    try limitPages(catalog, nil)
    try catalog.refresh()
    #expect(try catalog.steps() == (0..<60_000).map { $0 })
    #expect(try catalog.health().map(\.ok) == [true])
  }

  @Test func `a full disk does not stop a watcher for good`() async throws {
    try log.write(0..<1000)
    let catalog = try log.open()
    try catalog.refresh()
    try limitPages(catalog, 0)
    let watcher = CatalogWatcher(catalog, usesNotifications: false, slowest: 0.05)
    let events = watcher.events()
    try watcher.start()
    defer { watcher.stop() }
    try log.append(1000..<40_000)
    while watcher.problem == nil { try await Task.sleep(for: .milliseconds(5)) }
    #expect(watcher.problem?.contains("the disk is full") == true)
    try limitPages(catalog, nil)
    for await event in events {
      if case .change = event, try catalog.steps().count == 40_000 { break }
    }
    #expect(try catalog.steps() == (0..<40_000).map { $0 })
  }

  @Test func `a root that cannot be written has its catalogue in the user's cache`() throws {
    try log.write(0..<10)
    let cache = try TemporaryFolder()
    // A file where the folder should be refuses also those whom no permission stops.
    try log.folder.write([], to: ".trainscope")
    let path = CatalogLocation.path(
      root: log.folder.path, explicit: nil, environment: ["XDG_CACHE_HOME": cache.path, "HOME": "/nowhere"])
    #expect(path.hasPrefix(cache.path + "/trainscope/"))
    let before = try FileManager.default.subpathsOfDirectory(atPath: log.folder.path).sorted()
    let catalog = try Catalog.open(root: log.folder.path, at: path)
    try catalog.refresh()
    #expect(try catalog.steps().count == 10)
    #expect(try FileManager.default.subpathsOfDirectory(atPath: log.folder.path).sorted() == before)
  }

  @Test(.enabled(if: geteuid() != 0, "root may write everywhere"))
  func `a root without permission to write has its catalogue in the user's cache`() throws {
    try log.write(0..<10)
    #expect(chmod(log.folder.path, 0o555) == 0)
    defer { chmod(log.folder.path, 0o755) }
    let path = CatalogLocation.path(root: log.folder.path, explicit: nil, environment: ["HOME": "/home/me"])
    #expect(path.hasPrefix("/home/me/.cache/trainscope/"))
  }

  @Test(.enabled(if: geteuid() != 0, "root may read everything"))
  func `a file without permission to read is told, and read once it may be`() throws {
    try log.write(0..<10)
    try log.write(0..<5, to: "other/events.out.tfevents.1.host")
    #expect(chmod(log.path(log.file), 0) == 0)
    let catalog = try log.open()
    try catalog.refresh()
    #expect(try catalog.steps("other").count == 5)
    #expect(try catalog.health().first { !$0.ok }?.message?.contains("Permission denied") == true)
    #expect(chmod(log.path(log.file), 0o644) == 0)
    try catalog.refresh()
    #expect(try catalog.steps().count == 10)
  }

  @Test(arguments: ["all zeros", "cut", "emptied", "random", "a folder's worth of nothing"])
  func `whatever becomes of the catalogue, the points are there again`(damage: String) throws {
    try log.write(0..<3000)
    do {
      let catalog = try log.open()
      try catalog.refresh()
    }
    let path = log.path(".trainscope/catalog.sqlite")
    for suffix in ["-wal", "-shm"] { unlink(path + suffix) }
    var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    var generator = SeededGenerator(seed: 8)
    switch damage {
    case "all zeros": bytes = [UInt8](repeating: 0, count: bytes.count)
    case "cut": bytes.removeLast(bytes.count / 2)
    case "emptied": bytes = []
    case "random":
      for index in 0..<bytes.count where index % 3 == 0 { bytes[index] = .random(in: 0...255, using: &generator) }
    default: unlink(path)
    }
    if damage != "a folder's worth of nothing" { try Data(bytes).write(to: URL(fileURLWithPath: path)) }
    // A command that meets the damage says to run it again; the second time at the latest it is repaired.
    var catalog: Catalog?
    for _ in 0..<2 where catalog == nil {
      do {
        let opened = try log.open()
        try opened.refresh()
        if try opened.steps().count == 3000 { catalog = opened }
      } catch let error as CatalogError {
        guard case .damaged = error else { throw error }
      }
    }
    #expect(try catalog?.steps() == (0..<3000).map { $0 })
  }
}
