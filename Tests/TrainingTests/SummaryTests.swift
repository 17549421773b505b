import Engine
import Events
import Foundation
import Tensors
import Testing

@testable import Training

@Suite struct SummaryTests {
  @Test func tagsFollowTheNameScope() throws {
    let tf = Graph()
    func tag(_ summary: Output) throws -> String {
      String(decoding: try summary.node.inputs[0].node.tensor("value").strings[0], as: UTF8.self)
    }
    let inside = try tf.nameScope("layer1") {
      [
        try tag(tf.scalarSummary("x y", 1.0)), try tag(tf.scalarSummary("/acc", 1.0)),
        try tag(tf.scalarSummary("acc", 1.0, family: "fam")),
      ]
    }
    #expect(inside == ["layer1/x_y", "layer1/acc", "fam/layer1/fam/acc"])
    #expect(try tag(tf.scalarSummary("train_loss", 1.0)) == "train_loss")
    #expect(try tag(tf.scalarSummary("train_loss", 1.0)) == "train_loss_1")
    #expect(throws: (any Error).self) { try tf.scalarSummary("_x", 1.0) }
  }

  @Test func allSummariesAreMerged() throws {
    let tf = Graph()
    #expect(try tf.mergeAllSummaries() == nil)
    let a = try tf.scalarSummary("a", 1.0)
    try tf.scalarSummary("elsewhere", 1.0, collections: ["other"])
    let b = try tf.histogramSummary("b", [1.0, 2.0])
    let merged = try #require(try tf.mergeAllSummaries())
    #expect(merged.node.name == "Merge/MergeSummary")
    #expect(merged.node.inputs == [a, b])
  }

  @Test func summariesOfARunReachTheEventFile() throws {
    let tf = Graph()
    let x = try tf.placeholder(.float32, shape: [nil], name: "x")
    try tf.scalarSummary("total", tf.reduceSum(x))
    try tf.histogramSummary("values", x)
    let merged = try #require(try tf.mergeAllSummaries())
    let folder = TemporaryFolder()
    let writer = try FileWriter(directory: folder.path, graph: tf, hostName: "host", clock: { 1000 })
    let session = tf.makeSession()
    for step in 0..<3 {
      let summary = try session.run(merged, feeds: [x: Tensor([Float(step), 1])])
      try writer.addSummary(summary, step: Int64(step))
    }
    try writer.close()
    #expect(writer.path.hasSuffix("events.out.tfevents.0000001000.host"))
    let batch = try EventFileReader(path: writer.path).next(limit: 1 << 20)
    #expect(batch.skipped.isEmpty)
    #expect(batch.tags.map(\.name).contains("values"))
    let total = try #require(batch.scalars.first { batch.tags[$0.tagIndex].name == "total" })
    #expect(total.steps == [0, 1, 2])
    #expect(total.wallTimes == [1000, 1000, 1000])
    #expect(batch.values.filter { $0.kind == .graph }.count == 1)
    #expect(batch.values.filter { $0.kind == .metaGraph }.count == 1)
  }

  @Test func onlySummariesAreWritten() throws {
    let folder = TemporaryFolder()
    let writer = try FileWriter(directory: folder.path)
    #expect(throws: BuildError.self) { try writer.addSummary(Tensor(1 as Float), step: 0) }
    try writer.close()
  }
}
