import Catalog
import Foundation
import Testing

@testable import Server

@Suite struct ScalarRouteTests {
  @Test func `a series of any length is sent piece by piece`() async throws {
    let values = (0..<30_000).map { Float($0) / 3 }
    try await TestServer.with {
      try TestServer.log(values, tag: "loss", run: "a", root: $0)
    } _: { test in
      let answer = try await test.client.get("/api/v1/scalars?run=a&tag=loss")
      expect(status: 200, answer)
      #expect(answer["transfer-encoding"] == "chunked")
      #expect(answer["etag"] != nil)
      let points = try #require(try answer.object()["points"] as? [[String: Any]])
      #expect(points.count == values.count)
      #expect(points.compactMap { ($0["value"] as? Double).map { Float($0) } } == values)
      let csv = try await test.client.get("/api/v1/scalars?run=a&tag=loss&format=csv")
      #expect(csv["content-type"] == "text/csv; charset=utf-8")
      #expect(csv["content-disposition"] == "attachment; filename=\"a-loss.csv\"")
      let lines = csv.text.split(separator: "\n")
      #expect(lines.count == values.count + 1)
      #expect(lines[0] == "step,wall_time,value")
      #expect(lines[1] == "0,1700000000.0,0.0")
      #expect(lines[30_000] == "29999,1700029999.0,\(values[29_999])")
    }
  }

  @Test func `averages stand beside their values`() async throws {
    try await TestServer.with {
      try TestServer.log([1, .nan, 3, 8], tag: "loss", run: "a", root: $0)
    } _: { test in
      let answer = try await test.client.get("/api/v1/scalars?run=a&tag=loss&smoothing=mean:4&format=csv")
      #expect(
        answer.text == """
          step,wall_time,value,smoothed
          0,1700000000.0,1.0,2.0
          1,1700000001.0,NaN,NaN
          2,1700000002.0,3.0,4.0
          3,1700000003.0,8.0,5.5

          """)
      let json = try await test.client.get("/api/v1/scalars?run=a&tag=loss&smoothing=ema:0.5&to=1").text
      #expect(
        json == #"{"run":"a","tag":"loss","points":[{"step":0,"wall_time":1700000000.0,"value":1.0,"smoothed":1.0},"#
          + #"{"step":1,"wall_time":1700000001.0,"value":"NaN","smoothed":"NaN"}]}"#)
      let none = try await test.client.get("/api/v1/scalars?run=a&tag=loss&from=9").text
      #expect(none == #"{"run":"a","tag":"loss","points":[]}"#)
    }
  }

  @Test func `restarts are seen as asked for`() async throws {
    try await TestServer.with {
      try TestServer.log([1, 2, 3], tag: "loss", run: "a", root: $0)
      try TestServer.log([4], tag: "loss", run: "a", root: $0)
    } _: { test in
      for (branches, expected) in [
        ("newest", [4.0]), ("all", [1, 2, 3, 4]), ("tensorboard", [1, 2, 3, 4]), ("data-server", [4]),
      ] {
        let answer = try await test.client.get("/api/v1/scalars?run=a&tag=loss&branches=\(branches)").object()
        let values = (answer["points"] as? [[String: Any]])?.compactMap { $0["value"] as? Double }
        #expect(values == expected, "\(branches)")
      }
    }
  }

  @Test(arguments: [
    ("smoothing=ema:1", "ema:WEIGHT"), ("smoothing=box:3", "gaussian:WINDOW"), ("format=xml", "json, csv"),
    ("smoothing=mean:4&width=10", "POST /series"), ("width=20000", "16384"), ("branches=old", "data-server"),
  ])
  func `what cannot be is refused with a sentence`(query: String, words: String) async throws {
    try await TestServer.with {
      try TestServer.log([1], tag: "loss", run: "a", root: $0)
    } _: { test in
      let answer = try await test.client.get("/api/v1/scalars?run=a&tag=loss&\(query)")
      expect(status: 400, answer)
      #expect(answer.text.contains(words), "\(answer.text)")
    }
  }
}
