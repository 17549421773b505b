import Events
import Foundation
import Testing

@testable import Catalog

/// What `inspect` tells of files, tag by tag.
@Suite struct EventDigestTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func inspect(_ path: String, graph: FileInspection.GraphReader? = nil) throws -> [FileInspection] {
    try FileInspection.inspect("\(folder.path)/\(path)", graph: graph)
  }

  @Test func `tags are told with their steps and where those go back`() throws {
    let writer = try EventFileWriter(directory: "\(folder.path)/run", maxQueue: 1000)
    for step in [5, 6, 7, 3, 3, 9, 8] {
      try writer.addScalar(tag: "loss", value: step == 9 ? Float.nan : 1, step: Int64(step), wallTime: 1e9)
    }
    let histogram = Histogram(
      min: 0, max: 1, num: 1, sum: 1, sumSquares: 1, bucketLimits: [1], bucketCounts: [1])
    for step in [1, 2] {
      try writer.addHistogram(tag: "loss", histogram: histogram, step: Int64(step), wallTime: 1e9 + 1)
    }
    try writer.close()
    let answer = try #require(try inspect("run").first)
    let digest = try #require(answer.digest)
    #expect(answer.ok && answer.records == 10 && answer.size > 300 && answer.compression == nil)
    #expect(digest.fileVersion == "brain.Event:2" && digest.lastWallTime == 1e9 + 1)
    #expect(digest.tags.map(\.kind) == [.histogram, .scalar])
    let loss = digest.tags[1]
    #expect(loss.tag == "loss" && loss.values == 7 && loss.firstStep == 5 && loss.lastStep == 8 && loss.maxStep == 9)
    #expect(loss.outOfOrder == 2 && loss.nonFinite == 1)
    #expect(loss.descents == [EventDigest.Descent(from: 7, to: 3), EventDigest.Descent(from: 9, to: 8)])
  }

  @Test func `of very many descents the first are listed and all are counted`() throws {
    let writer = try EventFileWriter(directory: "\(folder.path)/run", maxQueue: 1000)
    for step in stride(from: 100, to: 0, by: -1) {
      try writer.addScalar(tag: "loss", value: Float(1), step: Int64(step), wallTime: 1e9)
    }
    try writer.close()
    let loss = try #require(try inspect("run").first?.digest?.tags.first)
    #expect(loss.outOfOrder == 99 && loss.descents.count == 20 && loss.maxStep == 100 && loss.lastStep == 1)
  }

  @Test(arguments: EventFixture.names)
  func `digests of real files agree with the catalogue`(_ name: String) throws {
    try EventFixture(name).copy(to: "\(folder.path)/\(name)")
    var counts: [String: Int] = [:]
    for tag in try inspect(name).flatMap({ $0.digest?.tags ?? [] }) {
      counts["\(tag.tag) \(tag.kind)", default: 0] += tag.values
    }
    let catalog = try Catalog.open(root: "\(folder.path)/\(name)")
    try catalog.refresh()
    var wanted: [String: Int] = [:]
    for tag in try catalog.tags() { wanted["\(tag.tag) \(tag.kind)", default: 0] += tag.points }
    #expect(counts == wanted && !wanted.isEmpty)
  }

  @Test func `graph files are read where a reader is given`() throws {
    struct Broken: Error, CustomStringConvertible { var description: String { "cut in its middle" } }
    try folder.write([1, 2, 3], to: "run/graph.pb")
    try folder.write([1], to: "run/model.ckpt-1.meta")
    let answers = try inspect("run") { path in
      if path.hasSuffix(".pb") { return (nodes: 12, problems: ["one", "two"]) }
      throw Broken()
    }
    let graphs = answers.filter { $0.kind == "graph" }.sorted { $0.path < $1.path }
    #expect(graphs.map(\.records) == [12, 0] && graphs.map(\.ok) == [true, false])
    #expect(graphs[0].message == "one (and 1 more oddities)" && graphs[1].message == "cut in its middle")
    #expect(graphs[1].bytesLost == 1)
    #expect(try inspect("run").allSatisfy { $0.kind != "graph" })
    #expect(try inspect("run/graph.pb") { _ in (nodes: 1, problems: []) }.map(\.kind) == ["graph"])
  }
}
