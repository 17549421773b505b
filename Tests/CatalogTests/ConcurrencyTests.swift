import Events
import Foundation
import Testing

@testable import Catalog

/// What one process does while another is in the middle of something. Each step of the other is done at a chosen place,
/// so that nothing depends on time.
@Suite struct ConcurrencyTests {
  private let folder: TemporaryFolder
  private let file = "run/events.out.tfevents.1700000100.host"
  private let bytes: [UInt8]

  init() throws {
    folder = try TemporaryFolder()
    bytes = try EventFixture("tf1_nonfinite").bytes("events.out.tfevents.1700000100.host")
    try folder.write(bytes, to: file)
  }

  private func open() throws -> Catalog { try Catalog.open(root: folder.path) }

  @Test func `a run another process adds after the walk is not gone`() throws {
    let catalog = try open()
    try catalog.refresh()
    let registrar = Registrar(store: catalog.store)
    let checkpoints = CheckpointRegistrar(root: catalog.root, store: catalog.store)
    let (known, knownFolders) = (try registrar.known(), try checkpoints.known())
    let discovery = try Discovery.walk(root: catalog.root)
    try folder.write(bytes, to: "new/events.out.tfevents.1.host")
    try folder.write([1], to: "new/model-3.index")
    try folder.write([1], to: "new/model-3.meta")
    try open().refresh()
    _ = try registrar.register(discovery, known: known)
    try checkpoints.register(discovery, known: knownFolders)
    #expect(try catalog.allPoints("new", "loss").count == 11)
    #expect(try catalog.checkpoints().map(\.run) == ["new"])
    #expect(try catalog.graphs().contains { $0.source == .meta })
  }

  @Test func `a run that came back after the walk is not gone`() throws {
    let catalog = try open()
    try catalog.refresh()
    let registrar = Registrar(store: catalog.store)
    let known = try registrar.known()
    try FileManager.default.removeItem(atPath: "\(folder.path)/run")
    let discovery = try Discovery.walk(root: catalog.root)
    try folder.write(bytes, to: "run/events.out.tfevents.2.host")
    try open().refresh()
    _ = try registrar.register(discovery, known: known)
    #expect(try catalog.runs().map(\.run) == ["run"])
    #expect(try !catalog.allPoints("run", "loss").isEmpty)
  }

  @Test func `a batch of a file that was forgotten enters no other file`() throws {
    let catalog = try open()
    let registrar = Registrar(store: catalog.store)
    func register() throws -> [Registrar.Task] {
      let known = try registrar.known()
      return try registrar.register(try Discovery.walk(root: catalog.root), known: known)
    }
    let task = try #require(try register().first)
    let opened = try OpenEventFile(path: catalog.absolute(file))
    let collector = ScalarCollector()
    let events = try EventFileReader(source: opened.source, sink: collector).next()
    let identity = try #require(try FileIdentity(opened.source, offset: Int64(events.end)))
    let batch = FileBatch(
      events, scalars: collector.takeAll(), of: task.record, status: opened.status, identity: identity)

    try FileManager.default.removeItem(atPath: "\(folder.path)/run")
    #expect(try register().isEmpty)
    try folder.write(bytes, to: "other/events.out.tfevents.1.host")
    let other = try #require(try register().first)
    #expect(try BatchWriter(store: catalog.store).commit([batch]) == [batch.fileID])
    #expect(other.record.id != task.record.id && other.record.runID != task.record.runID)
    #expect(try catalog.runs().map(\.points) == [0])
  }

  @Test(arguments: [60, 300, 100_000])
  func `a file rewritten in place while it is read gives what it holds in the end`(batchBytes: Int) throws {
    let first = try EventFixture("bad_data_crc").bytes("events.out.tfevents.1700000100.host")
    let second = try EventFixture("bad_length_crc").bytes("events.out.tfevents.1700000100.host")
    #expect(first.count == second.count)
    try folder.write(first, to: file)
    let catalog = try open()
    let path = catalog.absolute(file)
    let rewriting = AtFirstProgress {
      let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
      try handle.write(contentsOf: Data(second))
      try handle.close()
    }
    try Loader.refreshInSmallBatches(catalog, bytes: batchBytes, progress: rewriting.report)
    // One batch may have been the whole of the old content; then the next look sees another file.
    try catalog.refresh()
    #expect(rewriting.last.isDone)
    #expect(try catalog.allPoints("run", "loss").map(\.step) == (0..<20).filter { $0 != 5 }.map { Int64($0) })
    #expect(try catalog.health().first?.skipped.map(\.offset) == [248])
  }

  @Test func `reading ends, and is told to, when another process has read the same meanwhile`() throws {
    let catalog = try open()
    let root = folder.path
    let other = AtFirstProgress { try Catalog.open(root: root).refresh() }
    try Loader.refreshInSmallBatches(catalog, bytes: 1 << 20, progress: other.report)
    #expect(other.last.isDone && other.last.bytesDone == other.last.bytes)
    #expect(try catalog.allPoints("run", "loss").count == 11)
  }
}
