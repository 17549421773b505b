import Events
import Foundation
import Graphs
import Protos
import Testing

@testable import Server

@Suite struct GraphRouteTests {
  /// A small model: x -> layer (w, MatMul, Relu) -> y, with a constant.
  private static func graph(last: String = "Softmax") throws -> [UInt8] {
    func node(_ name: String, _ op: String, _ inputs: String...) -> Tensorflow_NodeDef {
      .with {
        $0.name = name
        $0.op = op
        $0.input = inputs
        $0.attr["T"] = .with { $0.type = .dtFloat }
      }
    }
    return try Tensorflow_GraphDef.with {
      $0.node = [
        node("x", "Placeholder"), node("layer/w", "VariableV2"), node("layer/MatMul", "MatMul", "x", "layer/w"),
        node("layer/Relu", "Relu", "layer/MatMul"), node("<b>y", last, "layer/Relu"),
      ]
    }.serializedBytes()
  }

  private static func fill(_ root: String) throws {
    let writer = try EventFileWriter(directory: "\(root)/a")
    try writer.addGraph(graphDef: graph())
    try writer.addScalar(tag: "loss", value: Float(1), step: 0, wallTime: 1)
    try writer.close()
    try TestServer.log([1], tag: "loss", run: "b", root: root)
    try Data(graph()).write(to: URL(fileURLWithPath: "\(root)/b/frozen.pb"))
    try Data(graph().dropLast(3)).write(to: URL(fileURLWithPath: "\(root)/b/torn.pb"))
  }

  private static func ids(_ test: TestServer) async throws -> [String: String] {
    let list = try await test.client.get("/api/v1/graphs").objects()
    return Dictionary(
      uniqueKeysWithValues: list.map { entry in
        let path = entry["path"] as? String ?? ""
        return (path.contains("tfevents") ? "logged" : path, entry["id"] as? String ?? "")
      })
  }

  @Test func aGraphAndAMetaGraphOfOneFileAreToldApart() async throws {
    func fill(_ root: String) throws {
      let writer = try EventFileWriter(directory: "\(root)/a")
      try writer.addGraph(graphDef: Self.graph())
      let meta = try Tensorflow_MetaGraphDef.with {
        $0.graphDef = try Tensorflow_GraphDef(serializedBytes: Self.graph())
      }
      try writer.addMetaGraph(metaGraphDef: meta.serializedBytes())
      try writer.close()
      try Data(Self.graph()).write(to: URL(fileURLWithPath: "\(root)/a/frozen.pb"))
    }
    try await TestServer.with(fill: fill) { test in
      let list = try await test.client.get("/api/v1/graphs").objects()
      #expect(list.map { $0["kind"] as? String } == ["graph", "meta_graph", nil])
    }
  }

  @Test func graphsOfEventFilesAndGraphFilesAreListed() async throws {
    try await TestServer.with(fill: Self.fill) { test in
      let list = try await test.client.get("/api/v1/graphs").objects()
      #expect(list.map { $0["run"] as? String } == ["a", "b", "b"])
      #expect(list.map { $0["source"] as? String } == ["event_file", "pb", "pb"])
      for entry in list {
        let id = try #require(entry["id"] as? String)
        #expect(id.allSatisfy { $0.isLetter || $0.isNumber })
        // Paths are relative to the root.
        #expect((entry["path"] as? String)?.hasPrefix("/") == false)
      }
    }
  }

  @Test func aViewShowsWhatIsOpen() async throws {
    try await TestServer.with(fill: Self.fill) { test in
      for (name, id) in try await Self.ids(test) where !name.contains("torn") {
        let closed = try await test.client.get("/api/v1/graphs/view?id=\(id)&open=").object()
        let nodes = try #require(closed["nodes"] as? [[String: Any]])
        #expect(nodes.map { $0["id"] as? String } == ["x", "layer", "<b>y"])
        #expect(closed["total"] as? Int == 5)
        let open = try await test.client.get("/api/v1/graphs/view?id=\(id)&open=layer&direction=lr").object()
        #expect((open["nodes"] as? [Any])?.count == 6)
        #expect(open["open"] as? [String] == ["layer"])
        #expect(open["direction"] as? String == "lr")
        #expect((open["edges"] as? [Any])?.count == 4)
      }
      let known = try await test.client.get("/api/v1/graphs").objects()
      #expect(known[0]["nodes"] as? Int == 5)
    }
  }

  @Test func nodesAndSearch() async throws {
    try await TestServer.with(fill: Self.fill) { test in
      let id = try #require(await Self.ids(test)["logged"])
      let node = try await test.client.get("/api/v1/graphs/node?id=\(id)&name=layer%2FMatMul").object()
      #expect(node["op"] as? String == "MatMul")
      #expect((node["inputs"] as? [[String: Any]])?.map { $0["id"] as? String } == ["x", "layer/w"])
      #expect((node["attributes"] as? [[String: Any]])?.first?["value"] as? String == "float32")
      let scope = try await test.client.get("/api/v1/graphs/node?id=\(id)&name=layer").object()
      #expect(scope["ops"] as? Int == 3)
      let hits = try await test.client.get("/api/v1/graphs/search?id=\(id)&q=RELU").objects()
      #expect(hits.map { $0["id"] as? String } == ["layer/Relu"])
      let gone = try await test.client.get("/api/v1/graphs/node?id=\(id)&name=nothing")
      #expect(gone.status == 404)
      #expect(try gone.object()["detail"] as? String != nil)
    }
  }

  @Test func exportsAreAttachmentsAndEscapeNames() async throws {
    try await TestServer.with(fill: Self.fill) { test in
      let id = try #require(await Self.ids(test)["b/frozen.pb"])
      let address = "/api/v1/graphs/export?id=\(id)&format="
      #expect(try await test.client.get(address + "pb").body == Self.graph())
      for format in ["pb", "pbtxt", "json", "dot", "svg"] {
        let answer = try await test.client.get(address + format)
        #expect(answer.status == 200)
        #expect(answer["content-disposition"] == "attachment; filename=\"graph.\(format)\"")
      }
      let svg = try await test.client.get(address + "svg").text
      #expect(svg.contains("&lt;b&gt;y"))
      #expect(!svg.contains("<b>"))
      #expect(try await test.client.get(address + "exe").status == 400)
    }
  }

  @Test func aDamagedGraphIsToldWithFileAndOffsetAndHidesNothing() async throws {
    try await TestServer.with(fill: Self.fill) { test in
      let ids = try await Self.ids(test)
      let torn = try #require(ids["b/torn.pb"])
      let answer = try await test.client.get("/api/v1/graphs/view?id=\(torn)")
      #expect(answer.status == 422)
      let detail = try #require(answer.object()["detail"] as? String)
      #expect(detail.hasPrefix("b/torn.pb: the graph is damaged at byte "))
      let listed = try await test.client.get("/api/v1/graphs").objects()
      #expect(listed.first { $0["id"] as? String == torn }?["problem"] as? String == detail)
      let other = try #require(ids["b/frozen.pb"])
      #expect(try await test.client.get("/api/v1/graphs/view?id=\(other)").status == 200)
    }
  }

  /// The other graph has the same length, so that it lies at the same place.
  @Test func aReplacedFileIsReadAgainAndAGrowingOneIsNot() async throws {
    try await TestServer.with(fill: Self.fill) { test in
      let id = try #require(await Self.ids(test)["logged"])
      func eventFile(_ folder: String) throws -> URL {
        let name = try #require(try FileManager.default.contentsOfDirectory(atPath: folder).first)
        return URL(fileURLWithPath: "\(folder)/\(name)")
      }
      let file = try eventFile("\(test.root)/a")
      let store = GraphStore(test.server.context.catalog)
      let first = try store.structure(id)
      #expect(first.model.opNames.contains("Softmax"))

      let handle = try FileHandle(forWritingTo: file)
      try handle.seekToEnd()
      try handle.write(contentsOf: Data("more".utf8))
      try handle.close()
      #expect(try store.structure(id) === first)

      let writer = try EventFileWriter(directory: "\(test.root)/other")
      try writer.addGraph(graphDef: Self.graph(last: "Sigmoid"))
      try writer.close()
      try Data(contentsOf: eventFile("\(test.root)/other")).write(to: file)
      #expect(try store.structure(id).model.opNames.contains("Sigmoid"))
    }
  }

  @Test func unknownIdsAreRefused() async throws {
    try await TestServer.with(fill: Self.fill) { test in
      for id in ["gnothing", "..%2F..%2Fetc%2Fpasswd", ""] {
        let answer = try await test.client.get("/api/v1/graphs/view?id=\(id)")
        #expect([400, 404].contains(answer.status), "\(id)")
      }
    }
  }
}
