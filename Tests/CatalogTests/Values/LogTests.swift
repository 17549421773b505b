import Events
import Testing

@testable import Catalog

@Suite struct LogTests {
  @Test func `session marks and messages come in the order they were logged`() throws {
    let folder = try TemporaryFolder()
    let fixture = try EventFixture("tf1_training")
    try fixture.copy(to: "\(folder.path)/logs/tf1")
    let writer = try EventFileWriter(directory: "\(folder.path)/logs/own", clock: { 5 })
    try writer.addSessionLog(.start, message: "hello", step: 3, wallTime: 6)
    try writer.addScalar(tag: "x", value: Float(1), step: 3, wallTime: 6)
    try writer.addSessionLog(.checkpoint, checkpointPath: "model.ckpt-4", step: 4, wallTime: 7)
    try writer.addSessionLog(.stop, step: 5, wallTime: 8)
    try writer.close()
    let catalog = try Catalog.open(root: folder.path + "/logs")
    try catalog.refresh()
    let (total, entries) = try catalog.logs(run: "own")
    #expect(total == 3 && entries.map(\.step) == [3, 4, 5] && entries.map(\.wallTime) == [6, 7, 8])
    #expect(
      entries.map(\.kind) == [
        .session(status: "start", checkpointPath: nil), .session(status: "checkpoint", checkpointPath: "model.ckpt-4"),
        .session(status: "stop", checkpointPath: nil),
      ])
    #expect(entries[0].text == "hello")
    #expect(try catalog.logs(run: "own", offset: 1, limit: 1).entries.map(\.step) == [4])
    #expect(try catalog.logs(run: "own", .messages).total == 0)
    #expect(try catalog.logs().total > 3)
    #expect(throws: CatalogError.unknownRun(run: "q", known: ["own", "tf1"])) { try catalog.logs(run: "q") }
  }
}
