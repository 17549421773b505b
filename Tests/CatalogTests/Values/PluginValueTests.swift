import Events
import Foundation
import Tensors
import Testing

@testable import Catalog

/// Data of TensorBoard's plugins, logged by tensorboardX and TensorBoard's own messages, against what TensorBoard's code
/// makes of it.
@Suite struct PluginValueTests {
  private let folder: TemporaryFolder
  private let catalog: Catalog
  private let expected: [String: Any]

  init() throws {
    folder = try TemporaryFolder()
    let fixtures = try #require(Bundle.module.resourceURL).appendingPathComponent("Fixtures/plugins")
    let log = try Data(contentsOf: fixtures.appendingPathComponent("events.out.tfevents.1700000000.host"))
    try folder.write(Array(log), to: "run/events.out.tfevents.1700000000.host")
    catalog = try Catalog.open(root: folder.path)
    try catalog.refresh()
    let json = try Data(contentsOf: fixtures.appendingPathComponent("expected.json"))
    expected = try #require(try JSONDecoder().decode(JSONValue.self, from: json).value as? [String: Any])
  }

  /// Whether everything in `wanted` is in `found`; TensorBoard's JSON leaves out what is empty.
  private func contains(_ found: Any?, _ wanted: Any) -> Bool {
    switch (found, wanted) {
    case (let found as [String: Any], let wanted as [String: Any]):
      wanted.allSatisfy { contains(found[$0.key], $0.value) }
    case (let found as [Any], let wanted as [Any]):
      found.count == wanted.count && zip(found, wanted).allSatisfy { contains($0, $1) }
    case (let found as String, let wanted as String): found == wanted
    case (let found as Int64, let wanted as Int64): found == wanted
    case (let found as Double, let wanted as Double): found == wanted
    case (let found as Bool, let wanted as Bool): found == wanted
    case (is Void, is Void): true
    default: false
    }
  }

  private func decoded(_ tag: String) throws -> [[String: Any]] {
    try catalog.values(run: "run", tag: tag).map { blob in
      let plain = try #require(try catalog.pluginValue(at: blob)).plain
      return try #require(try JSONDecoder().decode(JSONValue.self, from: Data(plain.json.utf8)).value as? [String: Any])
    }
  }

  @Test func `hyperparameters are decoded`() throws {
    let sessions = try #require(expected["hparams"] as? [String: Any])
    #expect(sessions.count == 3)
    for (tag, wanted) in sessions {
      let found = try decoded(tag)
      #expect(found.count == 1 && contains(found.first, wanted), "\(tag): \(found)")
    }
  }

  @Test func `layouts of custom scalars are decoded`() throws {
    let found = try decoded("custom_scalars__config__")
    #expect(contains(found.first, try #require(expected["layout"])), "\(found)")
  }

  @Test func `precision-recall curves have TensorBoard's numbers`() throws {
    let wanted = try #require(expected["pr"] as? [[String: Any]])
    let blobs = try catalog.values(run: "run", tag: "pr")
    #expect(blobs.map(\.value.step) == [0, 5] && blobs.count == wanted.count)
    for (blob, curve) in zip(blobs, wanted) {
      guard case .prCurve(let found) = try catalog.pluginValue(at: blob) else {
        Issue.record("no curve")
        continue
      }
      #expect(found.thresholds.count == 11 && found.meaningfulCount == 10)
      func check(_ name: String, _ values: [Double]) {
        let wanted = (curve[name] as? [Any])?.map { EventFixture.number($0) }
        #expect(wanted == Array(values.prefix(found.meaningfulCount)), "\(name)")
      }
      check("thresholds", found.thresholds)
      check("precision", found.precision)
      check("recall", found.recall)
      check("true_positives", found.truePositives)
      check("false_positives", found.falsePositives)
      check("true_negatives", found.trueNegatives)
      check("false_negatives", found.falseNegatives)
    }
  }

  @Test func `parts of a mesh come with their tensors`() throws {
    let parts = try #require(expected["mesh"] as? [String: [String: Any]])
    #expect(parts.count == 3)
    for (tag, wanted) in parts {
      let blob = try #require(try catalog.values(run: "run", tag: tag).first)
      #expect(blob.value.step == 3 && blob.plugin == PluginName.mesh)
      guard case .mesh(_, let tensor) = try catalog.pluginValue(at: blob) else {
        Issue.record("no mesh")
        continue
      }
      #expect(tensor.doubles == (wanted["data"] as? [Any])?.map { EventFixture.number($0) })
      #expect(contains(try decoded(tag).first, try #require(wanted["meta"])))
    }
  }

  @Test func `other values belong to no plugin that is decoded`() throws {
    let writer = try EventFileWriter(directory: folder.path + "/other")
    try writer.add(summary: SummaryEncoder.tensor(tag: "t", Tensor([1 as Float, 2])), step: 1, wallTime: 1)
    try writer.close()
    try catalog.refresh()
    let blob = try #require(try catalog.values(run: "other", tag: "t").first)
    #expect(try catalog.pluginValue(at: blob) == nil)
  }

  @Test func `a tensor that is no PR curve is an error that says so`() throws {
    let writer = try EventFileWriter(directory: folder.path + "/odd")
    for (step, shape) in [[5, 2], [12], []].enumerated() {
      let count = shape.reduce(1, *)
      try writer.add(
        summary: SummaryEncoder.tensor(
          tag: "pr", Tensor(Array(repeating: Float(1), count: count), shape: Shape(shape)), plugin: "pr_curves"),
        step: Int64(step), wallTime: 1)
    }
    try writer.close()
    try catalog.refresh()
    let blobs = try catalog.values(run: "odd", tag: "pr")
    #expect(blobs.count == 3)
    for blob in blobs { #expect(throws: CatalogError.self) { try catalog.pluginValue(at: blob) } }
  }

  @Test func `random content never traps`() throws {
    var generator = SeededGenerator(seed: 7)
    let good: [UInt8] = [0x1a, 0x29, 0x0a, 0x0f, 0x0a, 0x02, 0x6c, 0x72, 0x12, 0x09, 0x11, 0x9a, 0x99, 0x99, 0x99]
    for round in 0..<3000 {
      var bytes = good + (0..<20).map { _ in UInt8.random(in: 0...255, using: &generator) }
      for _ in 0..<(round % 5) {
        bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
      }
      let tensor = Tensor(strings: [bytes], shape: .scalar)
      for plugin in [PluginName.hparams, PluginName.customScalars, PluginName.mesh, PluginName.prCurves] {
        if let value = try? PluginValue(plugin: plugin, content: bytes, tensor: tensor) {
          #expect(!value.plain.json.isEmpty)
        }
      }
    }
  }
}
