import Catalog
import Foundation
import Testing

@testable import Server

@Suite struct GroupRouteTests {
  private static func fill(_ root: String) throws {
    try TestServer.log([1, 2, 3, 4], tag: "loss", run: "seed/1", root: root)
    try TestServer.log([3, .nan, 7], tag: "loss", run: "seed/2", root: root)
    try TestServer.log([0, 0.5, 1, 1.5], tag: "epoch", run: "seed/1", root: root)
  }

  @Test func `runs are taken as one`() async throws {
    try await TestServer.with(fill: Self.fill) { test in
      let answer = try await test.client.get(
        "/api/v1/series/group?run_glob=seed/*&tag=loss&statistic=mean&statistic=std&statistic=q0.5")
      #expect(
        answer.text == #"{"series":[{"run":"seed/1","tag":"loss"},{"run":"seed/2","tag":"loss"}],"points":["#
          + #"{"step":0,"n":2,"non_finite":0,"mean":2.0,"std":1.4142135623730951,"q0.5":2.0},"#
          + #"{"step":1,"n":1,"non_finite":1,"mean":2.0,"std":0.0,"q0.5":2.0},"#
          + #"{"step":2,"n":2,"non_finite":0,"mean":5.0,"std":2.8284271247461903,"q0.5":5.0},"#
          + #"{"step":3,"n":1,"non_finite":0,"mean":4.0,"std":0.0,"q0.5":4.0}]}"#)
      let csv = try await test.client.get(
        "/api/v1/series/group?tag=loss&statistic=mean&join=linear&from=1&to=3&format=csv")
      #expect(csv.text == "step,n,non_finite,mean\n1,2,0,3.5\n2,2,0,5.0\n3,1,0,4.0\n")
      let common = try await test.client.get("/api/v1/series/group?tag=loss&join=common").object()
      #expect((common["points"] as? [Any])?.count == 3)
      let none = try await test.client.get("/api/v1/series/group?run=none").text
      #expect(none == #"{"series":[],"points":[]}"#)
    }
  }

  @Test func `a chart brings its groups along`() async throws {
    try await TestServer.with(fill: Self.fill) { test in
      let body = """
        {"queries":[],"groups":[{"name":"seeds","tag":"loss","run_glob":"seed/*","statistics":["mean","max"]}]}
        """
      let frame = try Frame(try await test.client.post("/api/v1/series", json: body).body)
      #expect(frame.series.isEmpty)
      let group = try #require((frame.header["groups"] as? [[String: Any]])?.first)
      #expect(group["name"] as? String == "seeds")
      #expect((group["series"] as? [Any])?.count == 2)
      #expect(group["count"] as? Int == 4 && group["raw"] as? Bool == true)
      #expect(try frame.float64(group, "x") == [0, 1, 2, 3])
      #expect(try frame.uint32(group, "most") == [2, 1, 2, 1])
      let base = try #require(group["base"] as? Double)
      let curves = try #require(group["curves"] as? [[String: Any]])
      #expect(curves.compactMap { $0["statistic"] as? String } == ["mean", "max"])
      for (curve, expected) in zip(curves, [[2.0, 2, 5, 4], [3, 2, 7, 4]]) {
        let sized = curve.merging(["n": 4], uniquingKeysWith: { $1 })
        #expect(try frame.float32(sized, "last").map { Double($0) + base } == expected)
      }
    }
  }

  @Test func `another tag is x`() async throws {
    try await TestServer.with(fill: Self.fill) { test in
      let body = #"{"queries":[{"tag":"loss","run_glob":"*"}],"x_tag":"epoch"}"#
      let frame = try Frame(try await test.client.post("/api/v1/series", json: body).body)
      #expect(frame.series.count == 1)
      let series = try #require(frame.series.first)
      #expect(try frame.float64(series, "x") == [0, 0.5, 1, 1.5])
      #expect(series["unmatched"] as? Int == 0)
      let csv = try await test.client.get("/api/v1/scalars?run=seed/1&tag=loss&x_tag=epoch&from=2&format=csv")
      #expect(csv.text == "step,wall_time,value,x\n2,1700000002.0,3.0,1.0\n3,1700000003.0,4.0,1.5\n")
      let missing = try await test.client.get("/api/v1/scalars?run=seed/2&tag=loss&x_tag=epoch")
      expect(status: 404, missing)
    }
  }

  @Test(arguments: ["queries", "groups"]) func `tags times runs beyond the limit are refused`(part: String) async throws
  {
    try await TestServer.with { test in
      let names = (0..<200).map { "\"\($0)\"" }.joined(separator: ",")
      let selection = #"[{"tags":[\#(names)],"runs":[\#(names)]}]"#
      let body = part == "groups" ? #"{"queries":[],"groups":\#(selection)}"# : #"{"queries":\#(selection)}"#
      let answer = try await test.client.post("/api/v1/series", json: body)
      expect(status: 413, answer)
      #expect(answer.text.contains("in several"), "\(answer.text)")
    }
  }

  @Test func `groups count in the budget of an answer`() async throws {
    try await TestServer.with(fill: Self.fill) { test in
      let names = ["seed/1", "seed/2"].map { SeriesName(run: $0, tag: "loss") }
      for width in [1, 600] {
        let groups = try test.server.context.catalog.groups([GroupQuery(names)], width: width)
        let bytes = groups.reduce(0) { $0 + SeriesBudget.bytes(of: $1) }
        let frame = SeriesFrame.encode(revision: 1, series: [], groups: groups.map { (nil, $0) }).count
        #expect(frame <= bytes + 64)
        var enough = SeriesBudget(bytes)
        for group in groups { try enough.take(group) }
        var tooLittle = SeriesBudget(bytes - 1)
        let problem = #expect(throws: Problem.self) { for group in groups { try tooLittle.take(group) } }
        #expect(problem?.status == .contentTooLarge)
      }
    }
  }

  @Test(arguments: [
    (#"{"queries":[],"groups":[{"tag":"a","runs":[],"statistics":["sum"]}]}"#, "q0.25"),
    (#"{"queries":[],"groups":[{"tag":"a","runs":[],"statistics":[]}]}"#, "1 to 20"),
    (#"{"queries":[],"groups":[{"tag":"a","runs":[],"join":"all"}]}"#, "union, common, linear"),
    (#"{"queries":[],"groups":[{"tag":"a"}]}"#, "“runs”"),
    (#"{"queries":[],"x":"wall","groups":[{"tag":"a","runs":[]}]}"#, "leave out “x”"),
    (#"{"queries":[],"groups":[{"tag":7,"runs":[]}]}"#, "series query"),
  ])
  func `groups that cannot be are refused with a sentence`(body: String, words: String) async throws {
    try await TestServer.with { test in
      let answer = try await test.client.post("/api/v1/series", json: body)
      expect(status: 400, answer)
      #expect(answer.text.contains(words), "\(answer.text)")
    }
  }

  @Test(arguments: [
    ("statistic=sum", "q0.25"), ("join=all", "linear"), ("smoothing=ema", "ema:WEIGHT"),
    ("statistic=mean&statistic=max&statistic=mean", "twice"), ("statistic=q0.5&statistic=q.5", "twice"),
    ((0...20).map { "statistic=q0.\($0 + 10)" }.joined(separator: "&"), "1 to 20"),
  ])
  func `group parameters that cannot be are refused with a sentence`(query: String, words: String) async throws {
    try await TestServer.with { test in
      let answer = try await test.client.get("/api/v1/series/group?\(query)")
      expect(status: 400, answer)
      #expect(answer.text.contains(words), "\(answer.text)")
    }
  }
}
