import Foundation
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
