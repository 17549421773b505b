import Catalog
import Events
import Foundation
import Tensors
import Testing

@testable import Server

@Suite struct HistogramRouteTests {
  private static func fill(_ root: String) throws {
    let writer = try EventFileWriter(directory: "\(root)/a")
    let histogram = Histogram(
      min: -1, max: 3, num: 4, sum: 1.5, sumSquares: 5.25, bucketLimits: [-2, 0, 2.5, 9],
      bucketCounts: [0, 1, 3, 0])
    try writer.addHistogram(tag: "w", histogram: histogram, step: 0, wallTime: 1_700_000_000)
    try writer.addHistogram(tag: "w", histogram: histogram, step: 9, wallTime: 1_700_000_001)
    try writer.addHistogram(tag: "w", histogram: histogram, step: 4, wallTime: 1_700_000_002)
    try writer.close()
  }

  private func histograms(_ test: TestServer, _ query: String) async throws -> [[String: Any]] {
    let answer = try await test.client.get("/api/v1/histograms?run=a&tag=w&\(query)").object()
    return try #require(answer["histograms"] as? [[String: Any]])
  }

  @Test func viewsAreThoseOfBothTensorBoards() async throws {
    try await TestServer.with(fill: Self.fill) { test in
      let usual = try await histograms(test, "step=4")[0]
      #expect(usual["buckets"] as? [[Double]] == [[-1, 0, 1], [0, 3, 3]])
      #expect(usual["sum"] as? Double == 1.5 && usual["superseded"] as? Bool == false)
      let server = try await histograms(test, "step=4&view=data-server")[0]
      #expect(server["buckets"] as? [[Double]] == [[-1, -2, 0], [-2, 0, 1], [0, 2.5, 3], [2.5, 3, 0]])
      let raw = try #require(try await histograms(test, "step=4&view=raw")[0]["buckets"] as? [[Any]])
      #expect(raw.first?.first as? String == "-Infinity" && raw.last?[1] as? Double == 9)
    }
  }

  @Test func binsKeepEveryCount() async throws {
    try await TestServer.with(fill: Self.fill) { test in
      let answer = try await test.client.get("/api/v1/histograms?run=a&tag=w&bins=4").object()
      #expect(answer["edges"] as? [Double] == [-1, 0, 1, 2, 3] && answer["total"] as? Int == 2)
      let found = try #require(answer["histograms"] as? [[String: Any]])
      #expect(found.map { $0["counts"] as? [Double] } == [[1, 1, 1, 1], [1, 1, 1, 1]])
      let given = try await histograms(test, "edges=0,1.5&step=0")[0]
      #expect(
        given["counts"] as? [Double] == [1.5] && given["below"] as? Double == 1 && given["above"] as? Double == 1.5)
    }
  }

  @Test func branchesAreThoseOfPoints() async throws {
    try await TestServer.with(fill: Self.fill) { test in
      #expect(try await histograms(test, "").map { $0["step"] as? Int } == [0, 4])
      let all = try await histograms(test, "branches=all")
      #expect(all.map { $0["step"] as? Int } == [0, 9, 4])
      #expect(all.map { $0["superseded"] as? Bool } == [false, true, false])
      #expect(try await histograms(test, "branches=all&from=5&to=20").count == 1)
    }
  }

  @Test func distributionsHaveNineValues() async throws {
    try await TestServer.with(fill: Self.fill) { test in
      let answer = try await test.client.get("/api/v1/distributions?run=a&tag=w").object()
      #expect(answer["basis_points"] as? [Int] == HistogramDistribution.basisPoints)
      let found = try #require(answer["distributions"] as? [[String: Any]])
      #expect(found.count == 2 && (found[0]["values"] as? [Double])?.count == 9)
      #expect((found[0]["values"] as? [Double])?.first == -1 && (found[0]["values"] as? [Double])?.last == 3)
    }
  }

  @Test func badInputIsToldInASentence() async throws {
    try await TestServer.with(fill: Self.fill) { test in
      for (address, status, words) in [
        ("/histograms?run=a&tag=w&bins=0", 400, "“bins”"), ("/histograms?run=a&tag=w&edges=1", 400, "“edges”"),
        ("/histograms?run=a&tag=w&edges=2,1", 400, "each above"), ("/histograms?run=a&tag=w&edges=1,x", 400, "numbers"),
        ("/histograms?run=a&tag=w&edges=1,2&bins=3", 400, "not both"),
        ("/histograms?run=a&tag=w&step=1&from=1", 400, "not both"), ("/histograms?run=a&tag=w&view=odd", 400, "raw"),
        ("/histograms?run=q&tag=w", 404, "q"), ("/distributions?run=a&tag=q", 404, "no histogram"),
        ("/distributions?run=a&tag=w&from=9&to=1", 400, "behind"),
      ] {
        let answer = try await test.client.get("/api/v1\(address)")
        #expect(answer.status == status, "\(address): \(answer.text)")
        #expect(try (answer.object()["detail"] as? String)?.contains(words) == true, "\(answer.text)")
      }
    }
  }
}
