import Catalog
import Foundation
import Testing

@testable import Server

@Suite struct LookupRouteTests {
  private static func fill(_ root: String) throws {
    try TestServer.log([3, .nan, -1.5, 8], tag: "loss", run: "seed/1", root: root)
    try TestServer.log([1, 2], tag: "loss", run: "seed/2", root: root)
    try TestServer.log([0.5], tag: "acc", run: "seed/2", root: root)
  }

  @Test func `statistics of what is selected`() async throws {
    try await TestServer.with(fill: Self.fill) { test in
      let one = try await test.client.get("/api/v1/series/stats?run=seed/1&tag=loss")
      #expect(
        one.text == #"[{"run":"seed/1","tag":"loss","branch":0,"superseded":false,"count":4,"nan":1,"#
          + #""positive_infinity":0,"negative_infinity":0,"#
          + #""first":{"step":0,"wall_time":1700000000.0,"value":3.0},"last":{"step":3,"wall_time":1700000003.0,"value":8.0},"#
          + #""min":{"step":2,"wall_time":1700000002.0,"value":-1.5},"max":{"step":3,"wall_time":1700000003.0,"value":8.0},"#
          + #""first_non_finite":{"step":1,"wall_time":1700000001.0,"value":"NaN"}}]"#)
      for (query, count) in [
        ("", 3), ("run_glob=seed/*&tag=loss", 2), ("run_regex=2$", 2), ("tag_regex=^a", 1), ("tag=loss&tag=acc", 3),
        ("run=none", 0),
      ] {
        #expect(try await test.client.get("/api/v1/series/stats?\(query)").objects().count == count, "\(query)")
      }
      let range = try await test.client.get("/api/v1/series/stats?run=seed/1&x=relative&from=0.5&to=2.5").objects()
      #expect(range.first?["count"] as? Int == 2)
    }
  }

  @Test func `the point for a place, as asked for`() async throws {
    try await TestServer.with(fill: Self.fill) { test in
      for (query, expected) in [
        ("at=1.6&match=nearest", [2.0]), ("at=2&match=exact", [2]), ("at=2.5&match=exact", []),
        ("at=2.9&match=previous", [2]), ("at=2.1&match=next", [3]), ("at=99&match=next", []),
      ] as [(String, [Double])] {
        let found = try await test.client.get("/api/v1/series/at?run=seed/1&tag=loss&\(query)").objects()
        #expect(found.compactMap { $0["step"] as? Double } == expected, "\(query)")
      }
      let between = try await test.client.get("/api/v1/series/at?run=seed/1&tag=loss&at=1&match=interpolated")
      #expect(
        between.text
          == #"[{"run":"seed/1","tag":"loss","branch":0,"step":null,"wall_time":1700000001.0,"value":0.75}]"#)
    }
  }

  @Test(arguments: [
    ("at?tag=a", "“at” is missing"), ("at?at=1&match=near", "interpolated"), ("stats?run=a&run_glob=b", "one of"),
    ("stats?run_regex=(a", "regular expression"), ("stats?x=time", "relative"), ("stats?from=nan", "give a number"),
  ])
  func `what cannot be is refused with a sentence`(query: String, words: String) async throws {
    try await TestServer.with { test in
      let answer = try await test.client.get("/api/v1/series/\(query)")
      expect(status: 400, answer)
      #expect(answer.text.contains(words), "\(answer.text)")
    }
  }

  @Test func `an expression that would take for ever is refused`() async throws {
    try await TestServer.with {
      try TestServer.log([1], tag: String(repeating: "a", count: 60) + "b", run: "r", root: $0)
    } _: { test in
      let answer = try await test.client.get("/api/v1/series/stats?tag_regex=%5E(a%2B)%2B$")
      expect(status: 400, answer)
      #expect(answer.text.contains("takes too long"))
    }
  }

  @Test func `charts select by patterns too`() async throws {
    try await TestServer.with(fill: Self.fill) { test in
      for (query, expected) in [
        (#"{"tag":"loss","run_glob":"seed/*"}"#, ["seed/1 loss", "seed/2 loss"]),
        (#"{"tag_regex":"acc|loss","run_regex":"2"}"#, ["seed/2 acc", "seed/2 loss"]),
        (#"{"tags":["loss","acc"],"runs":["seed/2"]}"#, ["seed/2 loss", "seed/2 acc"]),
      ] {
        let frame = try Frame(try await test.client.post("/api/v1/series", json: #"{"queries":[\#(query)]}"#).body)
        #expect(frame.series.map { "\($0["run"] ?? "") \($0["tag"] ?? "")" } == expected, "\(query)")
      }
    }
  }
}
