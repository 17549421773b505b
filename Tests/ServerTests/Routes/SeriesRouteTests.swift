import Catalog
import Foundation
import Testing

@testable import Server

@Suite struct SeriesRouteTests {
  @Test func frameOfFewPointsHasEveryPointOfTheJSON() async throws {
    let values: [Float] = [3, .nan, -1.5, .infinity, 0.1]
    try await TestServer.with {
      try TestServer.log(values, tag: "loss", run: "a", root: $0)
    } _: { test in
      let body = #"{"queries":[{"tag":"loss","runs":["a","missing"]}],"x":"step","width":600,"branches":"all"}"#
      let answer = try await test.client.post("/api/v1/series", json: body)
      #expect(answer.status == 200)
      #expect(answer["content-type"] == "application/octet-stream")
      let frame = try Frame(answer.body)
      #expect(frame.series.count == 1)
      let series = try #require(frame.series.first)
      #expect(series["count"] as? Int == 5)
      #expect(series["raw"] as? Bool == true)
      #expect(series["non_finite_count"] as? Int == 2)
      let base = try #require(series["base"] as? Double)
      let x = try frame.float64(series, "x")
      let y = try frame.float32(series, "last").map { Double($0) + base }
      let json = try await test.client.get("/api/v1/scalars?run=a&tag=loss").object()
      let points = try #require(json["points"] as? [[String: Any]]).filter { $0["value"] is Double }
      #expect(x == points.compactMap { $0["step"] as? Double })
      #expect(y.map { Float($0) } == points.compactMap { ($0["value"] as? Double).map { Float($0) } })
      // One array serves all four.
      #expect(series["first"] as? Int == series["last"] as? Int)
      let places = try #require(series["non_finite"] as? [[String: Any]])
      #expect(places.compactMap { $0["x"] as? Double } == [1, 3])
      #expect(places.compactMap { $0["nan"] as? Int } == [1, 0])
    }
  }

  @Test func frameOfManyPointsKeepsTheExtremesOfEveryColumn() async throws {
    var generator = SplitMix(state: 3)
    let values = (0..<10_000).map { _ in Float(generator.next(below: 1_000_000)) }
    try await TestServer.with {
      try TestServer.log(values, tag: "loss", run: "a", root: $0)
    } _: { test in
      let body =
        #"{"queries":[{"tag":"loss","runs":["a"]}],"width":100,"smoothing":{"kind":"ema","weight":0.9}}"#
      let frame = try Frame(try await test.client.post("/api/v1/series", json: body).body)
      let series = try #require(frame.series.first)
      let base = try #require(series["base"] as? Double)
      let counts = try frame.uint32(series, "points")
      #expect(series["raw"] as? Bool == false)
      #expect(counts.reduce(0, +) == 10_000)
      #expect(counts.count <= 101)
      #expect(try frame.float64(series, "x").last == 9_999)
      let smallest = try frame.float32(series, "min").map { Float(Double($0) + base) }
      let largest = try frame.float32(series, "max").map { Float(Double($0) + base) }
      let first = try frame.float32(series, "first").map { Float(Double($0) + base) }
      var start = 0
      for (column, count) in counts.enumerated() {
        let part = values[start..<(start + Int(count))]
        #expect(part.min() == smallest[column])
        #expect(part.max() == largest[column])
        #expect(part.first == first[column])
        start += Int(count)
      }
      #expect(try frame.float32(series, "smooth_last").count == counts.count)
    }
  }

  @Test(arguments: [
    ("", "not JSON"), ("[]", "another type"), ("{}", "queries is missing"),
    (#"{"queries":[{"tag":"a"}]}"#, "“runs”, “run_glob”"),
    (#"{"queries":[],"x":"time"}"#, "step, relative"), (#"{"queries":[],"width":0}"#, "“width”"),
    (#"{"queries":[],"width":1e99}"#, "series query"),
    (#"{"queries":[],"branches":"old"}"#, "newest, all, tensorboard"),
    (#"{"queries":[],"smoothing":{"kind":"ema","weight":1}}"#, "weight"),
    (#"{"queries":[],"smoothing":{"kind":"sum","weight":0.5}}"#, "ema"),
    (#"{"queries":[{"tag":"a","tags":["a"],"runs":[]}]}"#, "one of"),
    (#"{"queries":[{"tag_regex":"(a","run_glob":"*"}]}"#, "regular expression"),
    (#"{"queries":[],"smoothing":{"kind":"ema","window":5}}"#, "weight"),
    (#"{"queries":[],"smoothing":{"kind":"median","weight":0.5}}"#, "window"),
    (#"{"queries":[],"smoothing":{"kind":"mean","window":0}}"#, "window"),
    (String(repeating: "[", count: 100_000), "series query"),
  ])
  func bodiesThatAreNoQueryAreRefused(body: String, words: String) async throws {
    try await TestServer.with { test in
      let answer = try await test.client.post("/api/v1/series", json: body)
      #expect(answer.status == 400)
      #expect(try answer.object()["detail"].map { "\($0)".contains(words) } == true, "\(answer.text)")
    }
  }

  @Test func moreThanOneAnswerMayHoldIsRefused() async throws {
    try await TestServer.with { test in
      let runs = (0..<1000).map { "\"\($0)\"" }.joined(separator: ",")
      let body = "{\"queries\":[{\"tag\":\"loss\",\"runs\":[\(runs)]}],\"width\":16384}"
      let answer = try await test.client.post("/api/v1/series", json: body)
      #expect(answer.status == 413)
    }
  }

  /// Branches and rows are known only while they are read.
  @Test func budgetOfAnAnswerCoversWhatTheFrameHolds() async throws {
    try await TestServer.with {
      try TestServer.log((0..<500).map { $0 % 7 == 0 ? .nan : Float($0) }, tag: "loss", run: "<a>", root: $0)
      try TestServer.log((0..<300).map(Float.init), tag: "loss", run: "<a>", root: $0)
      try TestServer.log([1], tag: "loss", run: "b", root: $0)
    } _: { test in
      for (width, smoothing) in [
        (10, nil), (10, Smoothing.exponential(weight: 0.5)), (600, nil), (600, .exponential(weight: 0.5)),
      ] {
        let query = SeriesQuery(
          [.init(tag: "loss", runs: ["<a>", "b"])], width: width, smoothing: smoothing, branches: .all)
        var bytes = 0
        let (revision, series) = try test.server.context.catalog.seriesWithRevision(query) {
          bytes += SeriesBudget.bytes(of: $0)
        }
        #expect(series.count == 3)
        let frame = SeriesFrame.encode(revision: revision, series: series).count
        #expect(frame <= bytes + 64)
        var enough = SeriesBudget(bytes)
        for series in series { try enough.take(series) }
        var tooLittle = SeriesBudget(bytes - 1)
        let problem = #expect(throws: Problem.self) { for series in series { try tooLittle.take(series) } }
        #expect(problem?.status == .contentTooLarge)
        #expect(problem?.detail.contains("newest") == true)
      }
    }
  }

  @Test func nearestPointIsExact() async throws {
    try await TestServer.with {
      try TestServer.log([0.25, 0.1, 7], tag: "loss", run: "a", root: $0)
    } _: { test in
      let answer = try await test.client.get("/api/v1/series/at?tag=loss&run=a&run=none&x=step&at=1.2")
      #expect(
        answer.text == #"[{"run":"a","tag":"loss","branch":0,"step":1,"wall_time":1700000001.0,"value":0.1}]"#)
      let relative = try await test.client.get("/api/v1/series/at?tag=loss&run=a&x=relative&at=99").objects()
      #expect(relative.first?["step"] as? Int == 2)
    }
  }
}

/// The binary frame of docs/http-api.md, read as a page reads it.
struct Frame {
  let header: [String: Any]
  private let arrays: [UInt8]

  init(_ bytes: [UInt8]) throws {
    try #require(bytes.count >= 8 && String(decoding: bytes[..<4], as: UTF8.self) == "TSS1")
    let length = bytes[4..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    try #require(length % 8 == 0 && 8 + length <= bytes.count)
    header = try #require(
      JSONSerialization.jsonObject(with: Data(bytes[8..<(8 + length)])) as? [String: Any])
    arrays = Array(bytes[(8 + length)...])
  }

  var series: [[String: Any]] { header["series"] as? [[String: Any]] ?? [] }

  func float64(_ series: [String: Any], _ name: String) throws -> [Double] { try numbers(series, name) }
  func float32(_ series: [String: Any], _ name: String) throws -> [Float] { try numbers(series, name) }
  func uint32(_ series: [String: Any], _ name: String) throws -> [UInt32] { try numbers(series, name) }

  private func numbers<Number: BitwiseCopyable>(_ series: [String: Any], _ name: String) throws -> [Number] {
    let offset = try #require(series[name] as? Int)
    let count = try #require(series["n"] as? Int)
    try #require(offset % 8 == 0 && offset + count * MemoryLayout<Number>.size <= arrays.count)
    return arrays.withUnsafeBytes { bytes in
      (0..<count).map { bytes.loadUnaligned(fromByteOffset: offset + $0 * MemoryLayout<Number>.size, as: Number.self) }
    }
  }
}
