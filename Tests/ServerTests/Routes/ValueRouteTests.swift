import Catalog
import Events
import Foundation
import Tensors
import Testing

@testable import Server

@Suite struct ValueRouteTests {
  private static let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 1, 2, 3]
  private static let svg = Array("<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>".utf8)
  private static let wav = Array("RIFF\u{4}\u{0}\u{0}\u{0}WAVEfmt ".utf8)

  /// An op x that does nothing.
  private static let graph: [UInt8] = [0x0A, 9, 0x0A, 1, 0x78, 0x12, 4] + Array("NoOp".utf8)

  private static func fill(_ root: String) throws {
    let writer = try EventFileWriter(directory: "\(root)/a")
    var time = 1_700_000_000.0
    func add(_ summary: [UInt8], _ step: Int64) throws {
      time += 1
      try writer.add(summary: summary, step: step, wallTime: time)
    }
    try add(SummaryEncoder.image(tag: "img", width: 2, height: 3, colorspace: 3, png: png), 1)
    try add(SummaryEncoder.image(tag: "svg", width: 2, height: 3, colorspace: 3, png: svg), 1)
    try add(SummaryEncoder.audio(tag: "tone", sampleRate: 8000, channels: 1, frames: 4, wav: wav), 2)
    try add(SummaryEncoder.text(tag: "note", ["<b>one</b>", "two"], shape: [2]), 3)
    try add(SummaryEncoder.tensor(tag: "raw", Tensor((0..<6).map { Int32($0) }, shape: [2, 3])), 4)
    try add(SummaryEncoder.tensor(tag: "words", Tensor(strings: [[0xFF], Array("ok".utf8)], shape: [2])), 4)
    try add(
      SummaryEncoder.tensor(
        tag: "pr", Tensor((0..<12).map { Float($0) }, shape: [6, 2]), plugin: "pr_curves", pluginContent: [0x10, 2]), 5)
    try add(SummaryEncoder.histogram(tag: "h", Histogram(of: [1, 2, 3] as [Double])), 6)
    try add(SummaryEncoder.text(tag: "note", ["later"], shape: []), 7)
    try writer.addGraph(graphDef: graph, step: 0, wallTime: time)
    try writer.addRunMetadata([1, 2, 3], tag: "step_7", step: 7, wallTime: time)
    try writer.addSessionLog(.start, step: 0, wallTime: time + 1)
    try writer.addSessionLog(.checkpoint, checkpointPath: "model.ckpt-7", step: 7, wallTime: time + 2)
    try writer.close()
    try TestServer.log([1], tag: "loss", run: "b", root: root)
  }

  /// The id of the last value of a tag.
  private func id(_ test: TestServer, _ tag: String) async throws -> Int {
    let page = try await test.client.get("/api/v1/values?run=a&tag=\(tag)&order=newest&limit=1").object()
    return try #require((page["values"] as? [[String: Any]])?.first?["id"] as? Int)
  }

  private func data(_ test: TestServer, _ tag: String, _ query: String = "") async throws -> TestResponse {
    try await test.client.get("/api/v1/values/data?id=\(try await id(test, tag))\(query)")
  }

  @Test func valuesAreListedByPage() async throws {
    try await TestServer.with(fill: Self.fill) { test in
      let all = try await test.client.get("/api/v1/values").object()
      #expect(all["total"] as? Int == 11)
      let values = try #require(all["values"] as? [[String: Any]])
      #expect(
        Set(values[0].keys) == [
          "id", "run", "tag", "kind", "plugin", "step", "wall_time", "superseded", "dtype", "shape", "count", "bytes",
          "width", "height", "sample_rate", "content_type",
        ])
      let image = try #require(values.first { $0["tag"] as? String == "img" })
      #expect(image["width"] as? Int == 2 && image["height"] as? Int == 3 && image["kind"] as? String == "image")
      let page = try await test.client.get("/api/v1/values?offset=2&limit=3").object()
      #expect((page["values"] as? [[String: Any]])?.map { $0["id"] as? Int } == values[2..<5].map { $0["id"] as? Int })
      let notes = try await test.client.get("/api/v1/values?tag=note&order=newest").object()
      #expect((notes["values"] as? [[String: Any]])?.map { $0["step"] as? Int } == [7, 3])
      for (query, total) in [
        ("kind=tensor", 3), ("plugin=pr_curves", 1), ("from=5&to=6", 2), ("kind=graph", 1), ("kind=run_metadata", 1),
        ("run=b", 0),
      ] {
        #expect(try await test.client.get("/api/v1/values?\(query)").object()["total"] as? Int == total, "\(query)")
      }
    }
  }

  @Test func picturesComeAsWhatTheyAre() async throws {
    try await TestServer.with(fill: Self.fill) { test in
      let picture = try await data(test, "img")
      #expect(picture.body == Self.png && picture["content-type"] == "image/png")
      #expect(picture["x-content-type-options"] == "nosniff")
      #expect(picture["content-security-policy"]?.contains("default-src 'none'") == true)
      #expect(picture["content-disposition"]?.hasPrefix("inline") == true)
      let clip = try await data(test, "tone")
      #expect(clip.body == Self.wav && clip["content-type"] == "audio/wav")
      let json = try await data(test, "img", "&format=json").object()
      #expect((json["images"] as? [[String: Any]])?.first?["content_type"] as? String == "image/png")
    }
  }

  /// A picture that could hold a program is a file to save, whatever the event file calls it.
  @Test func svgIsNoPicture() async throws {
    try await TestServer.with(fill: Self.fill) { test in
      let answer = try await data(test, "svg")
      #expect(answer.body == Self.svg && answer["content-type"] == "application/octet-stream")
      #expect(answer["content-disposition"]?.hasPrefix("attachment") == true)
      #expect(answer["x-content-type-options"] == "nosniff")
    }
  }

  @Test func textsAndTensorsComeAsJSONOrRaw() async throws {
    try await TestServer.with(fill: Self.fill) { test in
      let text = try await test.client.get("/api/v1/values?tag=note&limit=1").object()
      let id = try #require((text["values"] as? [[String: Any]])?.first?["id"] as? Int)
      let note = try await test.client.get("/api/v1/values/data?id=\(id)")
      #expect(try note.object()["texts"] as? [String] == ["<b>one</b>", "two"] && !note.text.contains("<"))
      let raw = try await test.client.get("/api/v1/values/data?id=\(id)&format=raw&index=1")
      #expect(raw.text == "two" && raw["content-type"] == "text/plain; charset=utf-8")
      let tensor = try await data(test, "raw").object()
      #expect(tensor["values"] as? [Int] == [0, 1, 2, 3, 4, 5] && tensor["dtype"] as? String == "int32")
      let part = try await data(test, "raw", "&slice=1,0:2&values=1").object()
      #expect(
        part["values"] as? [Int] == [3] && part["slice_shape"] as? [Int] == [2] && part["truncated"] as? Bool == true)
      let bytes = try await data(test, "raw", "&format=raw&slice=:,2")
      #expect(bytes.body == [2, 0, 0, 0, 5, 0, 0, 0] && bytes["trainscope-shape"] == "[2]")
      #expect(bytes["trainscope-dtype"] == "int32")
      let words = try await data(test, "words").object()["values"] as? [Any]
      #expect((words?[0] as? [String: Any])?["base64"] as? String == "/w==" && words?[1] as? String == "ok")
      #expect(try await data(test, "words", "&format=raw&index=1").text == "ok")
    }
  }

  @Test func `what is too large is refused by its length before it is read`() async throws {
    try await TestServer.with(fill: Self.fill) { test in
      let values = try test.server.context.catalog.values(ValueSelection(), offset: 0, limit: 100, newestFirst: false)
      func refuses(_ tag: String, raw: Bool, index: Int? = nil, slice: String? = nil) throws -> Bool {
        let value = try #require(values.values.first { $0.tag == tag }).value
        do throws(Problem) {
          try ValueData.check(value, index: index, slice: slice, isRaw: raw, largest: value.length)
        } catch { Issue.record("\(tag) is not too large: \(error)") }
        do throws(Problem) {
          try ValueData.check(value, index: index, slice: slice, isRaw: raw, largest: value.length - 1)
          return false
        } catch {
          #expect(error.status == .contentTooLarge && error.detail.contains("\(value.length) bytes"))
          return true
        }
      }
      #expect(try refuses("raw", raw: true) && refuses("raw", raw: true, slice: ""))
      #expect(try !refuses("raw", raw: true, slice: "0") && !refuses("raw", raw: false))
      #expect(try refuses("h", raw: true) && refuses("h", raw: false) && refuses("h", raw: true, index: 0))
      #expect(try refuses("note", raw: false) && !refuses("note", raw: false, index: 1) && !refuses("note", raw: true))
      #expect(try !refuses("words", raw: true) && !refuses("img", raw: true) && !refuses("img", raw: false))
      #expect(try refuses("__run_graph__", raw: true) && !refuses("__run_graph__", raw: false))
    }
  }

  @Test func everyOtherKindIsReachable() async throws {
    try await TestServer.with(fill: Self.fill) { test in
      let curve = try #require(try await data(test, "pr").object()["data"] as? [String: Any])
      #expect(curve["true_positives"] as? [Double] == [0, 1] && curve["recall"] as? [Double] == [10, 11])
      #expect(try await data(test, "h").object()["num"] as? Double == 3)
      let graph = try await data(test, "__run_graph__").object()
      #expect(graph["bytes"] as? Int == 11)
      let shown = try #require(graph["graph"] as? String)
      #expect(try await test.client.get("/api/v1/graphs/view?id=\(shown)").status == 200)
      #expect(try await data(test, "__run_graph__", "&format=raw").body == Self.graph)
      #expect(try await data(test, "step_7", "&format=raw").body == [1, 2, 3])
      let logs = try await test.client.get("/api/v1/logs?run=a").object()
      let entries = try #require(logs["entries"] as? [[String: Any]])
      #expect(logs["total"] as? Int == 2 && entries.map { $0["status"] as? String } == ["start", "checkpoint"])
      #expect(entries[1]["checkpoint_path"] as? String == "model.ckpt-7")
      #expect(try await test.client.get("/api/v1/logs?kind=messages").object()["total"] as? Int == 0)
    }
  }

  @Test func badInputIsToldInASentence() async throws {
    try await TestServer.with(fill: Self.fill) { test in
      let raw = try await id(test, "raw")
      let note = try await id(test, "note")
      for (address, status, words) in [
        ("/values?run=zzz", 404, "zzz"), ("/values?limit=0", 400, "“limit”"), ("/values?kind=odd", 400, "histogram"),
        ("/values?from=2&to=1", 400, "behind"), ("/values/data", 400, "“id” is missing"),
        ("/values/data?id=99999", 404, "no value"), ("/values/data?id=x", 400, "whole number"),
        ("/values/data?id=\(raw)&slice=9", 400, "“slice”"), ("/values/data?id=\(raw)&slice=1:x", 400, "“slice”"),
        ("/values/data?id=\(raw)&format=png", 400, "raw"),
        ("/values/data?id=\(note)&format=raw&index=5", 404, "no text 5"),
        ("/values/data?id=\(raw)&values=-1", 400, "“values”"), ("/logs?run=zzz", 404, "zzz"),
        ("/logs?level=x", 400, "“level”"),
      ] {
        let answer = try await test.client.get("/api/v1\(address)")
        #expect(answer.status == status, "\(address): \(answer.text)")
        #expect(try (answer.object()["detail"] as? String)?.contains(words) == true, "\(answer.text)")
      }
    }
  }

  @Test func aFileThatIsGoneIsNoFaultOfTheServer() async throws {
    try await TestServer.with(fill: Self.fill) { test in
      let id = try await id(test, "img")
      try FileManager.default.removeItem(atPath: "\(test.root)/a")
      let answer = try await test.client.get("/api/v1/values/data?id=\(id)")
      #expect(answer.status == 422 && answer.text.contains("events"))
    }
  }
}
