import Foundation
import Glibc
import Testing

@testable import Catalog

/// What cannot be looked at just now is not gone. The tests look at a root through a name so long that the system
/// refuses the names below it: a failure that no permission of the user who runs them can undo.
@Suite struct UnreadableTests {
  private let folder: TemporaryFolder
  private let file = "run/events.out.tfevents.1700000100.host"
  private let database: String

  init() throws {
    folder = try TemporaryFolder()
    database = folder.path + ".sqlite"
    try folder.write(try EventFixture("tf1_nonfinite").bytes("events.out.tfevents.1700000100.host"), to: file)
    try folder.write([1], to: "run/model.meta")
    try folder.write([1], to: "run/model-7.index")
  }

  /// The root under a name with which `name` below it just reaches the system's limit, 4,096 bytes with the zero.
  private func root(refusing name: String) -> String {
    let length = 4096 - 1 - name.utf8.count
    var path = folder.path
    if (length - path.utf8.count) % 2 == 1 { path += "/" }
    while path.utf8.count < length { path += "/." }
    return path
  }

  /// What a catalogue holds, filled from the whole root and then refreshed where `name` cannot be looked at.
  private func afterRefresh(refusing name: String) throws -> (catalog: Catalog, change: CatalogChange) {
    defer { for suffix in ["", "-wal", "-shm", ".lock"] { unlink(database + suffix) } }
    try Catalog.open(root: folder.path, at: database).refresh()
    let catalog = try Catalog.open(root: root(refusing: name), at: database)
    return (catalog, try catalog.refresh())
  }

  @Test func `the long name is refused, and not because nothing is there`() {
    #expect(FileStatus(path: "\(root(refusing: "run"))/run") == nil)
    #expect(errno == ENAMETOOLONG)
  }

  @Test(arguments: ["run", "run/model.meta", "run/model-7.index", "run/events.out.tfevents.1700000100.host"])
  func `a name that is refused is told, and all that was known stays`(name: String) throws {
    let (catalog, change) = try afterRefresh(refusing: name)
    #expect(try catalog.runs().map(\.run) == ["run"])
    #expect(try catalog.allPoints("run", "loss").count == 11)
    #expect(try catalog.checkpoints().map(\.step) == [7])
    #expect(try catalog.graphs().contains { $0.source == .meta })
    #expect(change.series.isEmpty && !change.checkpoints && !change.graphs)
    let health = try catalog.health()
    #expect(health.first { $0.kind == "events" }?.ok == true)
    let notice = try #require(health.first { $0.path == name && $0.kind == "folder" })
    #expect(!notice.ok && notice.message?.contains("File name too long") == true)
  }

  @Test func `what is gone is still told from what is refused`() throws {
    try folder.write([1], to: "other/model-1.index")
    let catalog = try Catalog.open(root: folder.path)
    try catalog.refresh()
    #expect(try catalog.runs().map(\.run).sorted() == ["other", "run"])
    try FileManager.default.removeItem(atPath: "\(folder.path)/other")
    try FileManager.default.removeItem(atPath: "\(folder.path)/run/model.meta")
    try catalog.refresh()
    #expect(try catalog.runs().map(\.run) == ["run"])
    #expect(try !catalog.graphs().contains { $0.source == .meta })
  }
}
