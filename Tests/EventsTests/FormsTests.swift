import Foundation
import Records
import Tensors
import Testing

@testable import Events

/// Every form a value may have, in files TensorFlow wrote for these tests: `tf2_dtypes` by TensorFlow 2.21's
/// `tf.summary.write`, `tf1_messages` by TensorFlow 1.15's FileWriter.
@Suite struct FormsTests {
  private func file(_ name: String) throws -> WholeFile {
    let folder = FixtureCase.fixtures.appendingPathComponent("forms/\(name)")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    let file = try #require(names.first { $0.contains("tfevents") })
    return try WholeFile(path: folder.appendingPathComponent(file).path)
  }

  private struct Expected: Decodable {
    var dtype: String
    /// Integers and floats as Python writes them.
    var values: [String]
  }

  @Test func scalarsOfEveryTypeAreWhatTensorFlowWrote() throws {
    let whole = try file("tf2_dtypes")
    let path = FixtureCase.fixtures.appendingPathComponent("forms/tf2_dtypes/expected.json")
    let expected = try JSONDecoder().decode([String: Expected].self, from: Data(contentsOf: path))
    #expect(Set(whole.tags.keys) == Set(expected.keys) && expected.count == 26)
    #expect(whole.skipped.isEmpty && whole.values.isEmpty)
    for (name, expected) in expected {
      let tag = try #require(whole.tags[name])
      #expect(tag.displayName == "shown" && tag.description == "described" && tag.dataClass == .scalar)
      let columns = try #require(
        whole.batches.flatMap { batch in batch.scalars.filter { batch.tags[$0.tagIndex].name == name } }.first)
      #expect(columns.dtype.name == expected.dtype)
      #expect(columns.steps == expected.values.indices.map(Int64.init))
      switch columns.values {
      case .float32(let values):
        #expect(values.map { "\($0)" } == expected.values.map { "\(Float(Double($0) ?? 99))" }, "\(name)")
      case .float64(let values):
        #expect(values.map(\.bitPattern) == expected.values.compactMap { Double($0)?.bitPattern }, "\(name)")
      case .int64(let values): #expect(values.map(String.init) == expected.values, "\(name)")
      case .uint64(let values): #expect(values.map(String.init) == expected.values, "\(name)")
      }
    }
  }

  @Test func logMessagesKeepLevelTextAndPlace() throws {
    let whole = try file("tf1_messages")
    let entries = whole.batches.flatMap(\.logMessages)
    #expect(entries.map(\.level) == [10, 20, 30, 40, 50, 0])
    #expect(entries.map(\.levelName) == ["debug", "info", "warning", "error", "fatal", "unknown"])
    #expect(entries.map(\.message) == ["debugging", "größer 大", "careful", "it failed", "gone", ""])
    #expect(entries.map(\.step) == [10, 20, 30, 40, 50, 0])
    #expect(entries.first?.wallTime == 1_700_000_101)
    #expect(zip(entries, entries.dropFirst()).allSatisfy { $0.offset < $1.offset } && entries[0].offset > 0)
  }

  @Test func sessionLogsKeepStatusPathAndText() throws {
    let logs = try file("tf1_messages").sessionLogs
    #expect(logs.map(\.status) == [.start, .checkpoint, .stop])
    #expect(logs.map(\.step) == [0, 4, 5])
    #expect(logs.map(\.message) == ["begin", "", "end"])
    #expect(logs.map(\.checkpointPath) == ["", "/models/m.ckpt-4", ""])
  }

  @Test func oldNamesAndDescriptionsAreKept() throws {
    let whole = try file("tf1_messages")
    #expect(whole.points["old_node"]?.map(\.value) == [2.5])
    #expect(whole.points["named"]?.map(\.value) == [3.5, 4.5])
    #expect(whole.tags["named"]?.displayName == "A name" && whole.tags["named"]?.description == "*Words*")
    // A form no reader knows is listed, and hides nothing.
    #expect(whole.values["obsolete"]?.map(\.kind) == [.metadata])
    #expect(whole.skipped.isEmpty && whole.tail == .clean)
  }

  @Test func histogramTensorsComeInBothPrecisionsAndEmpty() throws {
    let whole = try file("tf1_messages")
    let path = FixtureCase.fixtures.appendingPathComponent("forms/tf1_messages/events.out.tfevents.1700000100.host")
      .path
    func rows(_ tag: String) throws -> [HistogramRow]? {
      let value = try #require(whole.values[tag]?.first)
      #expect(value.kind == .histogram)
      guard case .histogram(let rows, nil) = try EventFile.summaryValue(at: value, path: path) else { return nil }
      return rows
    }
    #expect(try rows("h/float") == [.init(left: 0, right: 1, count: 2), .init(left: 1, right: 2, count: 3.5)])
    #expect(try rows("h/double") == [.init(left: 0, right: 0.1, count: 2)])
    #expect(try rows("h/empty") == [])
  }

  @Test func textsKeepTheirShapeAndModelsTheirWords() throws {
    let whole = try file("tf1_messages")
    let path = FixtureCase.fixtures.appendingPathComponent("forms/tf1_messages/events.out.tfevents.1700000100.host")
      .path
    let text = try #require(whole.values["text/rank2"]?.first)
    guard case .text(let words, let shape) = try EventFile.summaryValue(at: text, path: path) else {
      Issue.record("no text")
      return
    }
    #expect(words == ["a", "b", "c", "d"] && shape == [2, 2])
    let model = try #require(whole.values["keras"]?.first)
    #expect(whole.tags["keras"]?.pluginName == "graph_keras_model" && whole.tags["keras"]?.pluginContent == [1])
    guard case .tensor(let tensor) = try EventFile.summaryValue(at: model, path: path) else {
      Issue.record("no tensor")
      return
    }
    #expect(tensor.strings.map { String(decoding: $0, as: UTF8.self) } == [#"{"class_name": "Sequential"}"#])
  }
}
