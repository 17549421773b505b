import Catalog
import Events
import Foundation
import Testing

@testable import Server

/// A server of a log root of its own, on a port of its own, for the length of a test.
struct TestServer: Sendable {
  /// The log root.
  let root: String
  let server: TrainscopeServer
  let client: TestClient

  /// Makes a log root, has `fill` put files in it, reads it, serves it, and runs `body`.
  ///
  /// - Parameters:
  ///   - watches: whether the server sees what is written later.
  ///   - options: how to serve; by default on any free port of 127.0.0.1.
  static func with<Value: Sendable>(
    watches: Bool = false, options: ServerOptions = .test(),
    fill: (_ root: String) throws -> Void = { _ in }, _ body: @escaping @Sendable (TestServer) async throws -> Value
  ) async throws -> Value {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("trainscope-\(UUID().uuidString)")
    let root = folder.appendingPathComponent("logs").path
    try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try fill(root)
    let catalog = try Catalog.open(root: root)
    try catalog.refresh()
    let server = try TrainscopeServer(
      catalog: catalog, watcher: watches ? CatalogWatcher(catalog) : nil, options: options)
    return try await withThrowingTaskGroup(of: Void.self) { group in
      let (addresses, continuation) = AsyncStream<TrainscopeServer.Address>.makeStream()
      group.addTask {
        defer { continuation.finish() }
        try await server.run(stoppingOn: []) { continuation.yield($0) }
      }
      var iterator = addresses.makeAsyncIterator()
      guard let address = await iterator.next() else {
        try await group.next()
        throw CancellationError()
      }
      let test = TestServer(root: root, server: server, client: TestClient(port: address.port))
      defer { group.cancelAll() }
      return try await body(test)
    }
  }

  /// Writes `values` as steps 0, 1, … of a scalar series, one event file a call.
  static func log(_ values: [Float], tag: String, run: String, root: String) throws {
    let writer = try EventFileWriter(directory: run == "." ? root : "\(root)/\(run)")
    for (step, value) in values.enumerated() {
      try writer.addScalar(tag: tag, value: value, step: Int64(step), wallTime: 1_700_000_000 + Double(step))
    }
    try writer.close()
  }
}

extension ServerOptions {
  /// Options for tests: any free port of 127.0.0.1, and what `change` changes.
  static func test(_ change: (inout ServerOptions) -> Void = { _ in }) -> ServerOptions {
    var options = ServerOptions(port: 0, version: "test")
    change(&options)
    return options
  }
}

/// The JSON object or array in a response, as Foundation reads it.
extension TestResponse {
  func json() throws -> Any { try JSONSerialization.jsonObject(with: Data(body), options: .fragmentsAllowed) }
  func object() throws -> [String: Any] { try json() as? [String: Any] ?? [:] }
  func objects() throws -> [[String: Any]] { try json() as? [[String: Any]] ?? [] }
}

/// Checks the status of an answer.
func expect(
  status: Int, _ answer: TestResponse, _ comment: @autoclosure () -> Comment? = nil,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(answer.status == status, comment(), sourceLocation: sourceLocation)
}
