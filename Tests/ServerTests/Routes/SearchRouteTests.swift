import Catalog
import Events
import Foundation
import Testing

@testable import Server

@Suite struct SearchRouteTests {
  private static func fill(_ root: String) throws {
    try TestServer.log([1, 0.5, 0.25, .nan, 0.05], tag: "loss", run: "a", root: root)
    try TestServer.log([1, 0.9, 0.8], tag: "loss", run: "b/c", root: root)
    try TestServer.log([1, 5, 2], tag: "other", run: "b/c", root: root)
  }

  private func encoded(_ text: String) -> String {
    text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
  }

  @Test func searchesGoOverRunsAndTags() async throws {
    try await TestServer.with(fill: Self.fill) { test in
      let answer = try await test.client.get("/api/v1/search?find=\(encoded("loss <= 0.25"))")
      #expect(
        answer.text == """
          {"find":"loss \\u003c= 0.25","total":2,"results":[{"run":"a","tag":"loss","branch":0,"superseded":false,"step":2,\
          "wall_time":1700000002.0,"value":0.25,"seconds":2.0,"steps":2},{"run":"b/c","tag":"loss","branch":0,\
          "superseded":false,"step":null,"wall_time":null,"value":null,"seconds":null,"steps":null}]}
          """)
      let jump = try await test.client.get("/api/v1/search?find=\(encoded("jump(*)"))&run=b%2Fc").object()
      let results = try #require(jump["results"] as? [[String: Any]])
      #expect(results.map { $0["tag"] as? String } == ["loss", "other"])
      #expect(results.map { $0["step"] as? Int } == [1, 1] && results[1]["change"] as? Double == 4)
      #expect((results[1]["from"] as? [String: Any])?["step"] as? Int == 0)
      let gone = try await test.client.get("/api/v1/search?find=\(encoded("nonfinite(loss)"))&run_glob=a*").object()
      let first = try #require((gone["results"] as? [[String: Any]])?.first)
      #expect(first["count"] as? Int == 1 && first["value"] as? String == "NaN" && first["step"] as? Int == 3)
      let still = try await test.client.get(
        "/api/v1/search?find=\(encoded("plateau(other, 1 points)"))&from=1&limit=1"
      ).object()
      let plateau = try #require((still["results"] as? [[String: Any]])?.first)
      #expect(plateau["step"] as? Int == 2 || plateau["step"] is NSNull)
    }
  }

  @Test func runsHaveMoreColumns() async throws {
    try await TestServer.with(fill: Self.fill) { test in
      let columns = ["min(loss)", "step_where(loss < 0.6)", "nonfinite(loss) as bad"].map { "column=\(encoded($0))" }
      let runs = try await test.client.get(
        "/api/v1/runs?\(columns.joined(separator: "&"))&sort=\(encoded("last(loss)"))&order=descending"
      ).objects()
      #expect(runs.map { $0["run"] as? String } == ["b/c", "a"])
      #expect(runs.map { $0["bad"] as? Int } == [0, 1])
      #expect(runs[1]["min(loss)"] as? Double == 0.05 && runs[1]["step_where(loss < 0.6)"] as? Int == 1)
      #expect(runs[0]["step_where(loss < 0.6)"] is NSNull)
      let some = try await test.client.get("/api/v1/runs?where=\(encoded("loss < 0.1 or run ~ \"q*\""))").objects()
      #expect(some.map { $0["run"] as? String } == ["a"])
      #expect(some[0].keys.count == 9)
      let matching = try await test.client.get("/api/v1/runs?run_glob=b*&run_glob=q*").objects()
      #expect(matching.map { $0["run"] as? String } == ["b/c"])
      let page = try await test.client.get("/api/v1/runs?offset=1&limit=1").objects()
      #expect(page.map { $0["run"] as? String } == ["b/c"])
    }
  }

  @Test func tagsAreFiltered() async throws {
    try await TestServer.with(fill: Self.fill) { test in
      for (query, tags) in [
        ("tag_glob=o*", ["other"]), ("run_glob=b*", ["loss", "other"]), ("kind=image", []),
        ("plugin=scalars&run_glob=a", ["loss"]),
        ("plugin=mesh", []), ("kind=scalar&tag_glob=loss", ["loss", "loss"]),
      ] {
        let found = try await test.client.get("/api/v1/tags?\(query)").objects()
        #expect(found.map { $0["tag"] as? String ?? "" } == tags, "\(query)")
      }
    }
  }

  @Test func whatCannotBeUnderstoodIsToldInASentence() async throws {
    try await TestServer.with(fill: Self.fill) { test in
      for (address, status, words) in [
        ("/search", 400, "“find” is missing"), ("/search?find=\(encoded("loss <"))", 400, "at the end"),
        ("/search?find=\(encoded("median(loss)"))", 400, "no function"),
        ("/search?find=last(loss)&run=zzz", 404, "zzz"), ("/search?find=last(zzz)&run=a", 404, "zzz"),
        ("/search?find=last(loss)&from=5&to=1", 400, "behind"), ("/search?find=last(loss)&limit=0", 400, "“limit”"),
        ("/runs?column=\(encoded("min("))", 400, "expected"), ("/runs?where=loss", 400, "comparison"),
        ("/runs?sort=\(encoded("x y"))", 400, "expected"), ("/runs?order=up", 400, "ascending"),
        ("/runs?column=loss&column=loss", 400, "two columns"), ("/runs?column=points", 400, "two columns"),
        ("/runs?offset=-1", 400, "“offset”"), ("/tags?kind=odd", 400, "histogram"),
        ("/runs?\((0...60).map { "column=t\($0)" }.joined(separator: "&"))", 400, "columns"),
      ] {
        let answer = try await test.client.get("/api/v1\(address)")
        #expect(answer.status == status, "\(address): \(answer.text)")
        #expect(try (answer.object()["detail"] as? String)?.contains(words) == true, "\(answer.text)")
      }
    }
  }
}
