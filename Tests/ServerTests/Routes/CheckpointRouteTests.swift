import Checkpoints
import Foundation
import Tensors
import Testing

@testable import Server

@Suite struct CheckpointRouteTests {
  /// A run `a` with two checkpoints, the second of which lacks its data file.
  private static func fill(_ root: String) throws {
    let folder = "\(root)/a b"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for step in [10, 20] {
      let writer = try CheckpointWriter(prefix: "\(folder)/model.ckpt-\(step)")
      try writer.add(name: "dense/kernel", tensor: Tensor((0..<6).map { Float($0) - 2 }, shape: [2, 3]))
      try writer.add(name: "holes", tensor: Tensor([Float.nan, .infinity, 1, -1]))
      try writer.add(name: "names", tensor: Tensor(strings: [Array("a<b".utf8), [0xff]], shape: [2]))
      try writer.add(name: "large", tensor: Tensor(zeros: .float32, shape: [1024, 1024]))
      try writer.finish()
    }
    try FileManager.default.removeItem(atPath: "\(folder)/model.ckpt-20.data-00000-of-00001")
  }

  private static func path(_ call: String, _ parameters: [(String, String)] = []) -> String {
    let text = parameters.map { name, value in
      "\(name)=" + value.addingPercentEncoding(withAllowedCharacters: .alphanumerics)!
    }
    return "/api/v1/checkpoints\(call)" + (text.isEmpty ? "" : "?" + text.joined(separator: "&"))
  }

  private static func ids(_ test: TestServer) async throws -> [String] {
    try await test.client.get(path("")).objects().map { try #require($0["id"] as? String) }
  }

  @Test func checkpointsAreListedWithTheirProblems() async throws {
    try await TestServer.with(fill: Self.fill) { test in
      let found = try await test.client.get(Self.path("")).objects()
      #expect(found.map { $0["prefix"] as? String } == ["a b/model.ckpt-10", "a b/model.ckpt-20"])
      #expect(found.map { $0["step"] as? Int } == [10, 20])
      #expect(found[0]["problem"] is NSNull && found[0]["format"] as? String == "V2")
      #expect((found[1]["problem"] as? String)?.contains("missing") == true)
      for id in try await Self.ids(test) {
        #expect(!id.contains("/") && id.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) == id)
      }
    }
  }

  @Test func variablesHaveTheShapeOfTheCommandLine() async throws {
    try await TestServer.with(fill: Self.fill) { test in
      for (number, id) in try await Self.ids(test).enumerated() {
        let answer = try await test.client.get(Self.path("/variables", [("id", id)])).object()
        #expect(answer["prefix"] as? String == "a b/model.ckpt-\(10 + 10 * number)")
        let tensors = try #require(answer["tensors"] as? [[String: Any]])
        #expect(tensors.map { $0["name"] as? String } == ["dense/kernel", "holes", "large", "names"])
        #expect(tensors[0]["shape"] as? [Int] == [2, 3])
        #expect(Set(tensors[0].keys) == ["name", "dtype", "shape", "bytes", "shard", "offset"])
        #expect((answer["problems"] as? [String])?.count == number)
      }
    }
  }

  @Test func aTensorHasStatisticsHistogramAndValuesOfASlice() async throws {
    try await TestServer.with(fill: Self.fill) { test in
      let id = try await Self.ids(test)[0]
      let path = Self.path("/tensor", [("id", id), ("name", "dense/kernel"), ("slice", ":,1:"), ("values", "3")])
      let answer = try await test.client.get(path).object()
      #expect(answer["min"] as? Double == -2 && answer["max"] as? Double == 3 && answer["mean"] as? Double == 0.5)
      #expect(answer["values"] as? [Double] == [-1, 0, 2])
      #expect(answer["slice_shape"] as? [Int] == [2, 2] && answer["truncated"] as? Bool == true)
      let histogram = try #require(answer["histogram"] as? [String: [Double]])
      #expect(histogram["edges"]?.count == 65 && histogram["counts"]?.reduce(0, +) == 6)

      let holes = try await test.client.get(Self.path("/tensor", [("id", id), ("name", "holes")])).object()
      #expect(holes["nan"] as? Int == 1 && holes["inf"] as? Int == 1 && holes["mean"] as? Double == 0)
      #expect((holes["values"] as? [Any])?.prefix(2).map { $0 as? String } == ["NaN", "Infinity"])

      let names = try await test.client.get(Self.path("/tensor", [("id", id), ("name", "names")])).object()
      #expect((names["values"] as? [Any])?.first as? String == "a<b")
      #expect((names["values"] as? [Any])?.last as? [String: String] == ["base64": "/w=="])
      #expect(names["min"] is NSNull && names["histogram"] is NSNull)
    }
  }

  @Test func aSliceIsRawBytesOfBoundedSize() async throws {
    try await TestServer.with(fill: Self.fill) { test in
      let id = try await Self.ids(test)[0]
      let slice = { (name: String, slice: String) in
        try await test.client.get(Self.path("/slice", [("id", id), ("name", name), ("slice", slice)]))
      }
      let answer = try await slice("dense/kernel", "1,::2")
      #expect(answer.status == 200)
      #expect(answer["trainscope-dtype"] == "float32" && answer["trainscope-shape"] == "[2]")
      #expect(answer.body == [0, 0, 128, 63, 0, 0, 64, 64])
      expect(status: 413, try await slice("large", ""))
      expect(status: 200, try await slice("large", ":976"))
      expect(status: 400, try await slice("names", ""))
      expect(status: 400, try await slice("dense/kernel", "5"))
      expect(status: 400, try await slice("dense/kernel", "x"))
      expect(status: 404, try await slice("nope", ""))
    }
  }

  @Test func aHeatMapIsAFrameOfCells() async throws {
    try await TestServer.with(fill: Self.fill) { test in
      let id = try await Self.ids(test)[0]
      let map = { (parameters: [(String, String)]) in
        try await test.client.get(Self.path("/heatmap", [("id", id)] + parameters))
      }
      let answer = try await map([("name", "dense/kernel"), ("row", "0"), ("column", "1"), ("width", "2")])
      #expect(answer.status == 200 && Array(answer.body.prefix(4)) == Array("TSS1".utf8))
      let length = Int(answer.body[4]) | Int(answer.body[5]) << 8
      let header = try #require(
        JSONSerialization.jsonObject(with: Data(answer.body[8..<8 + length])) as? [String: Any])
      #expect(header["rows"] as? Int == 2 && header["columns"] as? Int == 3)
      #expect(header["height"] as? Int == 2 && header["width"] as? Int == 2)
      #expect(header["min"] as? Double == -2 && header["max"] as? Double == 3)
      let cells = try #require(header["cells"] as? [String: Int])
      func floats(_ name: String) -> [Float] {
        let start = 8 + length + (cells[name] ?? 0)
        return (0..<4).map { index in
          Array(answer.body[start + 4 * index..<start + 4 * index + 4]).withUnsafeBytes {
            $0.loadUnaligned(as: Float.self)
          }
        }
      }
      #expect(
        floats("mean") == [-1.5, 0, 1.5, 3] && floats("min") == [-2, 0, 1, 3] && floats("max") == [-1, 0, 2, 3])
      for (name, value) in [("row", "9"), ("row", "1"), ("at", "x"), ("rows", "0:9"), ("rows", "1:1"), ("width", "0")] {
        let wrong = [("name", "dense/kernel"), ("column", "1"), ("row", "0")].filter { $0.0 != name } + [(name, value)]
        expect(status: 400, try await map(wrong), "\(name)=\(value)")
      }
      expect(status: 400, try await map([("name", "names"), ("column", "0")]))
    }
  }

  @Test func damageIsASentenceAndHidesNothingElse() async throws {
    try await TestServer.with(fill: Self.fill) { test in
      let ids = try await Self.ids(test)
      for call in ["/tensor", "/slice", "/heatmap"] {
        var parameters = [("id", ids[1]), ("name", "holes")]
        if call == "/heatmap" { parameters.append(("column", "0")) }
        let answer = try await test.client.get(Self.path(call, parameters))
        expect(status: 422, answer)
        #expect((try answer.object()["detail"] as? String)?.contains("data-00000-of-00001") == true)
      }
      for id in ["nope", "..~2f..", "", "a b/model.ckpt-10"] {
        expect(status: 404, try await test.client.get(Self.path("/variables", [("id", id)])), "\(id)")
      }
    }
  }

  @Test func aCheckpointSavedAgainIsReadAnew() async throws {
    try await TestServer.with(fill: Self.fill) { test in
      let id = try await Self.ids(test)[0]
      let path = Self.path("/tensor", [("id", id), ("name", "dense/kernel")])
      #expect(try await test.client.get(path).object()["max"] as? Double == 3)
      let writer = try CheckpointWriter(prefix: "\(test.root)/a b/model.ckpt-10")
      try writer.add(name: "dense/kernel", tensor: Tensor([Float(8)]))
      try writer.finish()
      #expect(try await test.client.get(path).object()["max"] as? Double == 8)
    }
  }

  @Test func noLinkOrStateFileLeadsOutOfTheRoot() async throws {
    let outside = FileManager.default.temporaryDirectory.path + "/outside-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: outside, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: outside) }
    let writer = try CheckpointWriter(prefix: "\(outside)/m")
    try writer.add(name: "secret", tensor: Tensor([Float(1)]))
    try writer.finish()
    let fill: (String) throws -> Void = { root in
      let files = FileManager.default
      for part in ["index", "data-00000-of-00001"] {
        try files.createSymbolicLink(atPath: "\(root)/link.ckpt.\(part)", withDestinationPath: "\(outside)/m.\(part)")
      }
      // A folder beside a checkpoint of the same name.
      let writer = try CheckpointWriter(prefix: "\(root)/n")
      try writer.add(name: "own", tensor: Tensor([Float(2)]))
      try writer.finish()
      try files.createDirectory(atPath: "\(root)/n", withIntermediateDirectories: true)
      try CheckpointStateFile.write(
        CheckpointState(modelCheckpointPath: "\(outside)/m", allModelCheckpointPaths: []), directory: "\(root)/n")
    }
    try await TestServer.with(fill: fill) { test in
      let listed = try await test.client.get(Self.path("")).objects()
      #expect(listed.filter { $0["problem"] is NSNull }.map { $0["prefix"] as? String } == ["n"])
      for id in try await Self.ids(test) {
        let answer = try await test.client.get(Self.path("/variables", [("id", id)]))
        expect(status: id == "n" ? 200 : 422, answer)
        #expect(!String(decoding: answer.body, as: UTF8.self).contains("secret"))
        if id == "n" {
          let tensors = try #require(try answer.object()["tensors"] as? [[String: Any]])
          #expect(tensors.map { $0["name"] as? String } == ["own"])
        }
      }
    }
  }
}
