import Foundation
import Protos
import Tensors
import Testing

@testable import Engine

/// Random operations as nodes: seeded runs give TensorFlow's numbers, and each session starts anew.
@Suite struct RandomOpTests {
  @Test func seededRunsGiveTensorFlowsNumbers() throws {
    var checked = 0
    for (index, example) in try Golden.cases("random").enumerated() {
      let op = try #require(example["op"] as? String)
      guard ["RandomStandardNormal", "TruncatedNormal", "RandomUniform", "RandomUniformInt"].contains(op),
        let python = example["python"] as? String,
        ["random_uniform", "random_normal", "truncated_normal"].contains(python),
        let attributes = example["attrs"] as? [String: Any], let dimensions = attributes["shape"] as? [Int],
        let runs = example["successive_runs_in_one_session"] as? [Any]
      else { continue }
      let expected = try runs.map { try Golden.tensor($0) }
      let graph = Graph()
      let shape = try graph.constant(Tensor(dimensions.map { Int32($0) }, shape: [dimensions.count]))
      let seeds: [String: AttributeValue] = [
        "seed": .int(Int64(example["seed"] as? Int ?? 0)), "seed2": .int(Int64(example["seed2"] as? Int ?? 0)),
      ]
      // Python's mean, deviation and bounds are nodes of their own; plain cases have none.
      guard Set(attributes.keys).isSubset(of: ["shape", "dtype", "minval", "maxval"]) else { continue }
      let output: Output
      if op == "RandomUniformInt" {
        guard let low = attributes["minval"] as? Int, let high = attributes["maxval"] as? Int else { continue }
        let is64 = expected[0].dtype == .int64
        output = try graph.add(
          op,
          [
            shape, graph.constant(is64 ? Tensor(Int64(low)) : Tensor(Int32(low))),
            graph.constant(is64 ? Tensor(Int64(high)) : Tensor(Int32(high))),
          ], attributes: seeds)
      } else {
        guard attributes["minval"] == nil, attributes["maxval"] == nil else { continue }
        output = try graph.add(op, [shape], attributes: seeds.merging(["dtype": .type(expected[0].dtype)]) { $1 })
      }
      for _ in 0..<2 {
        let session = Session(graph: graph)
        for value in expected {
          let difference = Golden.difference(try session.run(output), value, relative: 1e-6, absolute: 1e-6)
          #expect(difference == nil, "\(index) \(op) \(dimensions): \(difference ?? "")")
        }
      }
      checked += 1
    }
    #expect(checked >= 12, "\(checked) cases")
  }

  @Test func unseededStreamsDiffer() throws {
    let graph = Graph()
    let shape = try graph.constant(Tensor([4] as [Int32], shape: [1]))
    let output = try graph.add("RandomUniform", [shape], attributes: ["dtype": .type(.float32)])
    let first = try Session(graph: graph).run(output)
    #expect(try Session(graph: graph).run(output) != first)
  }

  @Test func plansOfOneSessionShareTheStream() throws {
    let graph = Graph()
    let shape = try graph.constant(Tensor([4] as [Int32], shape: [1]))
    let output = try graph.add(
      "RandomUniform", [shape], attributes: ["dtype": .type(.float32), "seed": .int(1), "seed2": .int(2)])
    let negated = try graph.add("Neg", [output])
    let session = Session(graph: graph)
    let first = try session.run(output)
    let second = try session.run([output, negated])
    #expect(second[0] != first)
    let expected: [Float] = second[0].scalars(Float.self).map { -$0 }
    #expect(second[1].scalars(Float.self) == expected)
  }
}

@Suite struct SummaryAndCheckpointOpTests {
  @Test func summariesAreMerged() throws {
    let graph = Graph()
    let loss = try placeholder(graph, .float32, [], name: "loss")
    let scalar = try graph.add("ScalarSummary", [graph.constant(Tensor("train/loss")), loss])
    let values = try placeholder(graph, .float32, [nil], name: "w")
    let histogram = try graph.add("HistogramSummary", [graph.constant(Tensor("weights")), values])
    let merged = try graph.add("MergeSummary", [scalar, histogram])
    let session = Session(graph: graph)
    let feeds = [loss: Tensor(Float(0.5)), values: Tensor([1, -2, 0.5] as [Float])]
    let summary = try decoded(session.run(merged, feeds: feeds))
    #expect(summary.value.map(\.tag) == ["train/loss", "weights"])
    #expect(summary.value[0].simpleValue == 0.5)
    let histo = summary.value[1].histo
    #expect(histo.min == -2 && histo.max == 1 && histo.num == 3 && histo.sum == -0.5)
    #expect(histo.bucket.reduce(0, +) == 3)
    #expect(histo.bucket.count == histo.bucketLimit.count)
    let twice = try graph.add("MergeSummary", [scalar, scalar])
    #expect(
      message { _ = try session.run(twice, feeds: feeds) } == "Duplicate tag train/loss found in summary inputs")
    #expect(
      message { _ = try session.run(histogram, feeds: [values: Tensor([Float.nan])]) }
        == "Nan in summary histogram for: weights")
  }

  @Test func gammaNumbersAreTensorFlows() throws {
    var checked = 0
    for example in try Golden.cases("random") where example["op"] as? String == "RandomGamma" {
      let attributes = try #require(example["attrs"] as? [String: Any])
      let count = try #require((attributes["shape"] as? [Int])?.first)
      let alphas = try #require(attributes["alpha"] as? [Double]).map { Float($0) }
      let graph = Graph()
      let output = try graph.add(
        "RandomGamma", [graph.constant(Tensor([Int32(count)])), graph.constant(Tensor(alphas))],
        attributes: [
          "seed": .int(Int64(example["seed"] as? Int ?? 0)), "seed2": .int(Int64(example["seed2"] as? Int ?? 0)),
        ])
      let session = Session(graph: graph)
      for expected in try #require(example["successive_runs_in_one_session"] as? [Any]) {
        let difference = Golden.difference(try session.run(output), try Golden.tensor(expected), absolute: 0)
        #expect(difference == nil, "\(difference ?? "")")
        checked += 1
      }
    }
    #expect(checked == 6)
  }

  @Test func histogramsAreTensorFlows() throws {
    let graph = Graph()
    let values = try placeholder(graph, .float64, name: "v")
    let histogram = try graph.add("HistogramSummary", [graph.constant(Tensor("h")), values])
    let session = Session(graph: graph)
    let empty = try decoded(session.run(histogram, feeds: [values: Tensor([Double]())])).value[0].histo
    #expect(empty.min == .greatestFiniteMagnitude && empty.max == -.greatestFiniteMagnitude)
    #expect(empty.bucket == [0] && empty.bucketLimit == [.greatestFiniteMagnitude])
  }

  @Test func vectorsAreNoScalars() throws {
    let graph = Graph()
    let value = try placeholder(graph, .float32, [2])
    let scalar = try graph.add("ScalarSummary", [graph.constant(Tensor("v")), value])
    #expect(
      message { _ = try Session(graph: graph).run(scalar, feeds: [value: Tensor([1, 2] as [Float])]) }
        == "tags and values not the same shape: [] != [2] (tag 'v')")
  }

  private func decoded(_ tensor: Tensor) throws -> Tensorflow_Summary {
    try Tensorflow_Summary(serializedBytes: tensor.strings[0])
  }

  @Test func valuesSavedAreRestored() throws {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("engine-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let graph = Graph()
    let prefix = try placeholder(graph, .string, [], name: "prefix")
    let names = try graph.constant(Tensor(strings: [Array("a".utf8), Array("b".utf8)], shape: [2]))
    let slices = try graph.constant(Tensor(strings: [[], []], shape: [2]))
    let a = try graph.constant(Tensor([1, 2] as [Float]))
    let b = try graph.constant(Tensor(Int64(7)))
    let save = try graph.addNode(op: "SaveV2", inputs: [prefix, names, slices, a, b])
    let restore = try graph.addNode(
      op: "RestoreV2", inputs: [prefix, names, slices], attributes: ["dtypes": .types([.float32, .int64])])
    let session = Session(graph: graph, configuration: .init(checkpoints: TestCheckpointStore()))
    let path = Tensor(directory.appendingPathComponent("model").path)
    _ = try session.run([.node(save)], feeds: [prefix: path])
    let restored: [Tensor] = try session.run(restore.outputs, feeds: [prefix: path])
    #expect(restored == [Tensor([1, 2] as [Float]), Tensor(Int64(7))])
    let without = Session(graph: graph)
    #expect(message { _ = try without.run([.node(save)], feeds: [prefix: path]) }.contains("no checkpoint store"))
  }

  @Test func shardNamesHaveFiveDigits() throws {
    let graph = Graph()
    let name = try graph.add(
      "ShardedFilename",
      [graph.constant(Tensor("m")), graph.constant(Tensor(Int32(1))), graph.constant(Tensor(Int32(3)))])
    #expect(try Session(graph: graph).run(name) == Tensor("m-00001-of-00003"))
  }

  @Test func failedAssertionsShowTheirData() throws {
    let graph = Graph()
    let ok = try placeholder(graph, .bool, [])
    let text = try graph.constant(Tensor("Need value.shape >= size, got "))
    let data = try graph.constant(Tensor([3, 4, 5, 6] as [Int32], shape: [4]))
    let check = try graph.addNode(op: "Assert", inputs: [ok, text, data])
    let session = Session(graph: graph)
    _ = try session.run([.node(check)], feeds: [ok: Tensor(true)])
    #expect(
      message { _ = try session.run([.node(check)], feeds: [ok: Tensor(false)]) }
        == "assertion failed: [Need value.shape >= size, got ] [3 4 5...]")
  }
}
