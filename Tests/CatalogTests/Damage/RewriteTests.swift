import Foundation
import Glibc
import Testing

@testable import Catalog

/// Files that are written over: whatever a program does to a file, the catalogue holds what is in it now, and files
/// that were merely touched are not read again.
@Suite struct RewriteTests {
  private let log: DamageLog

  init() throws { log = try DamageLog() }

  /// Changes one value in the middle, in place: the first 4 KiB, the bytes before the end and the size stay.
  private func rewriteTheMiddle() throws {
    let bytes = DamageLog.records(0..<100) + DamageLog.record(100, value: 7) + DamageLog.records(101..<200)
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: log.path(log.file)))
    defer { try? handle.close() }
    try handle.write(contentsOf: Data(bytes))
  }

  private func status() throws -> FileStatus { try #require(FileStatus(path: log.path(log.file))) }

  private func setTimes(_ nanoseconds: Int64) {
    let time = timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
    let times = [time, time]
    #expect(utimensat(AT_FDCWD, log.path(log.file), times, 0) == 0)
  }

  /// Waits for the clock the file system stamps files with to go on, so that a change shows.
  private func letTheClockTick() throws {
    let before = try status().changedNanoseconds
    let probe = log.path("probe")
    repeat {
      unlink(probe)
      try Data().write(to: URL(fileURLWithPath: probe))
    } while try #require(FileStatus(path: probe)).changedNanoseconds == before
    unlink(probe)
  }

  @Test(arguments: [false, true])
  func `a value changed in the middle, in place, is noticed, also when the time is set back`(restoresTime: Bool) throws
  {
    try log.write(0..<200)
    let catalog = try log.open()
    try catalog.refresh()
    let before = try status()
    try letTheClockTick()
    try rewriteTheMiddle()
    if restoresTime { setTimes(before.modifiedNanoseconds) }
    let after = try status()
    #expect(after.size == before.size && after.inode == before.inode)
    try catalog.refresh()
    let points = try catalog.allPoints("run", "loss")
    #expect(points.count == 200 && points[100].value == 7)
    #expect(try catalog.health().first?.message?.contains("rewritten in place") == true)
    #expect(try catalog.health().first?.ok == true)
  }

  @Test func `a file that was touched, linked or given other permissions is not taken in again`() throws {
    try log.write(0..<200)
    let catalog = try log.open()
    try catalog.refresh()
    for change in [
      { setTimes(1_800_000_000_000_000_000) }, { _ = chmod(log.path(log.file), 0o600) },
      { _ = link(log.path(log.file), log.path("second name")) },
    ] {
      try letTheClockTick()
      change()
      try catalog.refresh()
      #expect(try catalog.generation(log.file) == 1)
      #expect(try catalog.steps() == (0..<200).map { $0 })
      #expect(try catalog.health().first?.message == nil)
      // What was verified is not verified again.
      let revision = try catalog.revision()
      try catalog.refresh()
      #expect(try catalog.revision() == revision)
    }
  }

  @Test func `a copy that takes a file's place is read on, with other records it is read anew`() throws {
    try log.write(0..<200)
    let catalog = try log.open()
    try catalog.refresh()
    // As rsync does: the whole file anew under another name, then renamed.
    try log.write(0..<250, to: "run/copy")
    #expect(rename(log.path("run/copy"), log.path(log.file)) == 0)
    try catalog.refresh()
    #expect(try catalog.generation(log.file) == 1)
    #expect(try catalog.steps() == (0..<250).map { $0 })
    try log.folder.write(
      DamageLog.records(0..<100) + DamageLog.record(100, value: 7) + DamageLog.records(101..<300), to: "run/copy")
    #expect(rename(log.path("run/copy"), log.path(log.file)) == 0)
    try catalog.refresh()
    #expect(try catalog.generation(log.file) == 2)
    #expect(try catalog.steps() == (0..<300).map { $0 })
    #expect(try catalog.allPoints("run", "loss")[100].value == 7)
  }

  @Test func `a damaged record that is repaired in place is taken in`() throws {
    var bytes = DamageLog.records(0..<200)
    let place = DamageLog.records(0..<100).count + 20
    bytes[place] ^= 0x10
    try log.folder.write(bytes, to: log.file)
    let catalog = try log.open()
    try catalog.refresh()
    #expect(try catalog.steps().count == 199 && catalog.health().first?.skipped.count == 1)
    try letTheClockTick()
    try log.write(0..<200)
    try catalog.refresh()
    #expect(try catalog.steps() == (0..<200).map { $0 })
    #expect(try catalog.health().first?.ok == true)
  }

  @Test func `a file emptied in place is read anew when it grows`() throws {
    try log.write(0..<200)
    let catalog = try log.open()
    try catalog.refresh()
    #expect(truncate(log.path(log.file), 0) == 0)
    try catalog.refresh()
    #expect(try catalog.health().first?.message?.contains("shrank from") == true)
    #expect(try catalog.tags(run: "run").isEmpty)
    try log.append(500..<510)
    try catalog.refresh()
    #expect(try catalog.steps() == (500..<510).map { $0 })
  }
}
