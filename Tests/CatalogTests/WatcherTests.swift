import Foundation
import Glibc
import Synchronization
import Testing

@testable import Catalog

@Suite(.timeLimit(.minutes(1))) struct WatcherTests {
  /// Waits for an event that fits, as long as the suite's time limit lets it.
  private func first(
    _ events: AsyncStream<CatalogEvent>, where fits: @escaping @Sendable (CatalogChange) throws -> Bool
  ) async throws -> CatalogChange? {
    for await case .change(let change) in events where try fits(change) { return change }
    return nil
  }

  @Test(arguments: [true, false])
  func `data written while it watches is told and can be queried`(usesNotifications: Bool) async throws {
    let folder = try TemporaryFolder()
    let fixture = try EventFixture("tf1_nonfinite")
    let bytes = try fixture.bytes("events.out.tfevents.1700000100.host")
    try folder.write(Array(bytes[..<200]), to: "run/events.out.tfevents.1.host")
    let catalog = try Catalog.open(root: folder.path)
    let watcher = CatalogWatcher(catalog, usesNotifications: usesNotifications, slowest: 0.5)
    defer { watcher.stop() }
    let events = watcher.events()
    try watcher.start()
    let initial = try await first(events) { $0.runs == ["run"] && !$0.series.isEmpty }
    #expect(initial?.series.first?.tags == ["loss"])

    try folder.append(bytes[200...], to: "run/events.out.tfevents.1.host")
    _ = try await first(events) { _ in try catalog.runs().first?.points == 15 }
    #expect(try catalog.allPoints("run", "loss").count == 11)

    try fixture.copy(to: "\(folder.path)/deep/er/other")
    _ = try await first(events) { $0.runs.contains("deep/er/other") && !$0.series.isEmpty }
    #expect(try catalog.allPoints("deep/er/other", "loss").count == 11)
    #expect(watcher.problem == nil)
  }

  @Test func `folders are told before anything in them is read`() throws {
    let folder = try TemporaryFolder()
    try EventFixture("tf1_nonfinite").copy(to: "\(folder.path)/run")
    let catalog = try Catalog.open(root: folder.path)
    let steps = Mutex<[String]>([])
    try catalog.refreshAll(
      progress: { _ in steps.withLock { $0.append("read") } },
      met: { folders in steps.withLock { $0.append(folders.joined(separator: " ")) } })
    let order = steps.withLock { $0 }
    #expect(order.first == ". run" && order.dropFirst().allSatisfy { $0 == "read" } && order.count > 2)
  }

  @Test func `a folder watched for the first time asks for another look`() throws {
    let folder = try TemporaryFolder()
    try folder.write([], to: "run/notes.txt")
    let notifications = try #require(FolderNotifications(root: folder.path))
    #expect(notifications.watch(["."]) == (isComplete: true, isNew: true))
    #expect(notifications.watch(["."]) == (isComplete: true, isNew: false))
    #expect(notifications.watch([".", "run"]) == (isComplete: true, isNew: true))
    try folder.append([1], to: "run/events.out.tfevents.1.host")
    var events = notifications.take()
    #expect(events.modified.contains(ExactName("run/events.out.tfevents.1.host")))
    events.add(FolderNotifications.Events(modified: [ExactName("other")], needsWalk: false))
    #expect(events.modified.count == 2 && events.needsWalk)
  }

  @Test(arguments: [true, false])
  func `what a failed look left undone is done by the next`(usesNotifications: Bool) async throws {
    let folder = try TemporaryFolder()
    let root = folder.path + "/root"
    try TemporaryFolder.write(EventBytes.log(3), to: root + "/one/events.out.tfevents.1.host")
    let catalog = try Catalog.open(root: root, at: folder.path + "/catalog.sqlite")
    let watcher = CatalogWatcher(catalog, usesNotifications: usesNotifications, slowest: 0.2)
    defer { watcher.stop() }
    let events = watcher.events()
    try watcher.start()
    _ = try await first(events) { $0.runs.contains("one") && !$0.series.isEmpty }

    // While the root cannot be found every look fails; a run comes in that time.
    #expect(rename(root, root + ".away") == 0)
    while watcher.problem == nil { try await Task.sleep(for: .milliseconds(5)) }
    #expect(watcher.problem?.contains("root") == true)
    try TemporaryFolder.write(EventBytes.log(4), to: root + ".away/two/events.out.tfevents.1.host")
    #expect(rename(root + ".away", root) == 0)
    _ = try await first(events) { _ in try catalog.runs().contains { $0.run == "two" && $0.points == 4 } }
    #expect(try catalog.runs().map(\.run).sorted() == ["one", "two"])
    while watcher.problem != nil { try await Task.sleep(for: .milliseconds(5)) }
  }

  @Test func `a new run is told while a large one is still loading`() async throws {
    let folder = try TemporaryFolder()
    try folder.write(EventBytes.log(60_000), to: "large/events.out.tfevents.1.host")
    let catalog = try Catalog.open(root: folder.path)
    let watcher = CatalogWatcher(catalog)
    defer { watcher.stop() }
    let events = watcher.events()
    try watcher.start()
    _ = try await first(events) { $0.runs.contains("large") }
    try folder.write(EventBytes.log(6), to: "new/events.out.tfevents.1.host")
    _ = try await first(events) { _ in try catalog.runs().contains { $0.run == "new" && $0.points == 6 } }
    while try catalog.runs().first(where: { $0.run == "large" })?.points != 60_000 {
      try await Task.sleep(for: .milliseconds(5))
    }
    #expect(watcher.problem == nil)
  }

  @Test func `a watcher that is stopped ends its streams`() async throws {
    let folder = try TemporaryFolder()
    let watcher = CatalogWatcher(try Catalog.open(root: folder.path))
    let events = watcher.events()
    try watcher.start()
    watcher.stop()
    for await _ in events {}
    for await _ in watcher.events() {}
  }
}
