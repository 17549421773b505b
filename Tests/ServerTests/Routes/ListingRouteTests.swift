import Catalog
import Events
import Foundation
import Testing

@testable import Server

@Suite struct ListingRouteTests {
  @Test func runsTagsAndScalarsHaveTheShapesOfTheCommandLine() async throws {
    try await TestServer.with { root in
      try TestServer.log([0.5, .nan, 0.1], tag: "loss", run: "a", root: root)
      try TestServer.log([1], tag: "accuracy", run: "b/c", root: root)
    } _: { test in
      let runs = try await test.client.get("/api/v1/runs").objects()
      #expect(runs.map { $0["run"] as? String } == ["a", "b/c"])
      #expect(
        Set(runs[0].keys) == [
          "run", "first_wall_time", "last_wall_time", "last_step", "tags", "points", "files", "checkpoints",
          "damaged_files",
        ])
      #expect(runs[0]["points"] as? Int == 3)
      #expect(runs[0]["last_step"] as? Int == 2)
      let tags = try await test.client.get("/api/v1/tags").objects()
      #expect(tags.map { $0["tag"] as? String } == ["loss", "accuracy"])
      #expect(tags[0]["kind"] as? String == "scalar")
      #expect(tags[0]["dtype"] as? String == "float32")
      let some = try await test.client.get("/api/v1/tags?run=b%2Fc").objects()
      #expect(some.map { $0["tag"] as? String } == ["accuracy"])
      let answer = try await test.client.get("/api/v1/scalars?run=a&tag=loss")
      #expect(
        answer.text == """
          {"run":"a","tag":"loss","points":[{"step":0,"wall_time":1700000000.0,"value":0.5},\
          {"step":1,"wall_time":1700000001.0,"value":"NaN"},{"step":2,"wall_time":1700000002.0,"value":0.1}]}
          """)
      let part = try await test.client.get("/api/v1/scalars?run=a&tag=loss&from=1&to=1").object()
      #expect((part["points"] as? [Any])?.count == 1)
    }
  }

  @Test func whatIsNotThereIsToldInASentence() async throws {
    try await TestServer.with {
      try TestServer.log([1], tag: "loss", run: "a", root: $0)
    } _: { test in
      for (address, status, words) in [
        ("/scalars?run=zzz&tag=loss", 404, "zzz"), ("/scalars?run=a&tag=zzz", 404, "zzz"),
        ("/scalars?run=a", 400, "“tag” is missing"), ("/scalars?run=a&tag=loss&width=0", 400, "“width”"),
        ("/scalars?run=a&tag=loss&branches=some", 400, "newest, all"), ("/scalars?run=a&tag=loss&x=1", 400, "“x”"),
        ("/histograms?run=a&tag=loss", 404, "no histogram"), ("/changes", 400, "“since” is missing"),
        ("/nothing", 404, "openapi"), ("/runs/", 404, "openapi"),
      ] {
        let answer = try await test.client.get("/api/v1\(address)")
        #expect(answer.status == status, "\(address)")
        #expect(answer["content-type"] == "application/problem+json; charset=utf-8")
        let problem = try answer.object()
        #expect(Set(problem.keys) == ["title", "status", "detail"])
        #expect(problem["status"] as? Int == status)
        #expect((problem["detail"] as? String)?.contains(words) == true, "\(answer.text)")
      }
    }
  }

  @Test func unchangedListingsAnswerNotModified() async throws {
    try await TestServer.with {
      try TestServer.log([1], tag: "loss", run: "a", root: $0)
    } _: { test in
      let first = try await test.client.get("/api/v1/runs")
      let tag = try #require(first["etag"])
      let second = try await test.client.get("/api/v1/runs", headers: [("If-None-Match", tag)])
      #expect(second.status == 304)
      #expect(second.body.isEmpty)
      #expect(second["etag"] == tag)
      let other = try await test.client.get("/api/v1/runs", headers: [("If-None-Match", "\"old\"")])
      #expect(other.status == 200)
      #expect(other.body == first.body)
    }
  }

  @Test func damageIsToldWithFileAndOffset() async throws {
    try await TestServer.with { root in
      try TestServer.log([1, 2, 3], tag: "loss", run: "a", root: root)
      let file = try #require(FileManager.default.contentsOfDirectory(atPath: "\(root)/a").first)
      let url = URL(fileURLWithPath: "\(root)/a/\(file)")
      var bytes = try Data(contentsOf: url)
      bytes[bytes.count - 6] ^= 1
      try bytes.write(to: url)
    } _: { test in
      let health = try await test.client.get("/api/v1/health").object()
      let files = try #require(health["files"] as? [[String: Any]])
      #expect(files.count == 1)
      #expect(files[0]["ok"] as? Bool == false)
      #expect((files[0]["path"] as? String)?.hasPrefix("a/events") == true)
      let skipped = try #require(files[0]["skipped"] as? [[String: Any]])
      #expect((skipped.first?["offset"] as? Int).map { $0 > 0 } == true)
      #expect(health["loading"] is [String: Any])
      let points = try await test.client.get("/api/v1/scalars?run=a&tag=loss").object()["points"] as? [Any]
      #expect(points?.count == 2)
    }
  }

  @Test func histogramsAreReadFromTheirFile() async throws {
    try await TestServer.with { root in
      let writer = try EventFileWriter(directory: "\(root)/a")
      let histogram = Histogram(
        min: -1, max: 2, num: 3, sum: 1.5, sumSquares: 5.25, bucketLimits: [0, 2.5], bucketCounts: [1, 2])
      try writer.addHistogram(tag: "weights", histogram: histogram, step: 7, wallTime: 1_700_000_000)
      try writer.addHistogram(tag: "weights", histogram: histogram, step: 8, wallTime: 1_700_000_001)
      try writer.close()
    } _: { test in
      let all = try await test.client.get("/api/v1/histograms?run=a&tag=weights").object()
      #expect((all["histograms"] as? [Any])?.count == 2)
      let one = try await test.client.get("/api/v1/histograms?run=a&tag=weights&step=7").object()
      let histograms = try #require(one["histograms"] as? [[String: Any]])
      #expect(histograms.count == 1)
      #expect(histograms[0]["step"] as? Int == 7)
      #expect(histograms[0]["sum_squares"] as? Double == 5.25)
      #expect(histograms[0]["buckets"] as? [[Double]] == [[-1, 0, 1], [0, 2, 2]])
    }
  }

  @Test func histogramsOfALongSeriesAreSpreadEvenly() async throws {
    try await TestServer.with { root in
      let writer = try EventFileWriter(directory: "\(root)/a")
      let histogram = Histogram(
        min: 0, max: 1, num: 1, sum: 1, sumSquares: 1, bucketLimits: [1], bucketCounts: [1])
      for step in 0...600 {
        try writer.addHistogram(tag: "weights", histogram: histogram, step: Int64(step), wallTime: 1_700_000_000)
      }
      try writer.close()
    } _: { test in
      for (query, count) in [("", 500), ("&limit=7", 7), ("&limit=1000", 601)] {
        let answer = try await test.client.get("/api/v1/histograms?run=a&tag=weights\(query)").object()
        let steps = try #require(answer["histograms"] as? [[String: Any]]).compactMap { $0["step"] as? Int }
        #expect(answer["total"] as? Int == 601)
        #expect(steps.count == count)
        #expect(Set(steps).count == count)
        #expect(steps.first == 0 && steps.last == 600)
      }
      #expect(try await test.client.get("/api/v1/histograms?run=a&tag=weights&limit=0").status == 400)
    }
  }

  @Test func pointsBeyondTheLimitAreRefusedWithWhatToAskFor() async throws {
    try await TestServer.with { root in
      try TestServer.log([1, 2, 3], tag: "loss", run: "a", root: root)
    } _: { test in
      let catalog = test.server.context.catalog
      #expect(try catalog.scalars(run: "a", tag: "loss", limit: 3).points.count == 3)
      #expect(try catalog.scalars(run: "a", tag: "loss", from: 1, limit: 2).points.count == 2)
      #expect(try catalog.scalars(run: "a", tag: "loss", width: 1, limit: 2).points.count == 2)
      let error = try #require(throws: CatalogError.self) { try catalog.scalars(run: "a", tag: "loss", limit: 2) }
      #expect(error.problem.status == .contentTooLarge)
      #expect(error.problem.detail.contains("width") && error.problem.detail.contains("from"))
    }
  }

  /// Names are data: whatever is in them comes back as the same text, and never as markup.
  @Test(arguments: [
    "<img src=x onerror=alert(1)>", "</script><script>alert(1)</script>", "javascript:alert(1)", "{{7*7}}",
    "\"';--", "a\u{202E}b", "=cmd|' /C calc'!A0", "${7*7}`", "\u{1B}]0;title\u{7}",
  ])
  func hostileNamesComeBackEscaped(name: String) async throws {
    try await TestServer.with { root in
      try TestServer.log([1], tag: name, run: "run " + name.replacing("/", with: "∕"), root: root)
    } _: { test in
      for address in ["/runs", "/tags", "/openapi.json", "/health", "/changes?since=0"] {
        let answer = try await test.client.get("/api/v1\(address)")
        #expect(answer.status == 200)
        #expect(answer["content-type"] == "application/json; charset=utf-8")
        #expect(!answer.text.contains("<") && !answer.text.contains("\u{1B}"))
      }
      let tags = try await test.client.get("/api/v1/tags").objects()
      #expect(tags.first?["tag"] as? String == name)
      // In an error message as well.
      let query = name.utf8.map { "%" + String($0, radix: 16).leftPadded }.joined()
      let missing = try await test.client.get("/api/v1/scalars?run=\(query)&tag=x")
      #expect(missing.status == 404)
      #expect(!missing.text.contains("<"))
    }
  }
}

extension String {
  fileprivate var leftPadded: String { count < 2 ? "0" + self : self }
}
