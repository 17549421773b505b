import Foundation
import Tensors
import Testing

@testable import Checkpoints

/// Every golden checkpoint gives what TensorFlow's own readers say.
struct GoldenCheckpointTests {
  static let cases = [
    "dtypes", "ema", "linear_784x200", "mlp_adam", "object_graph_tf1", "optimizer_slots", "partitioned", "sharded",
    "snappy_index", "strings", "tf2_object", "tf2_saved_model", "v1_format", "v1_sharded", "v1_v2",
  ]

  @Test(arguments: cases) func tensorsHaveTheExpectedValues(_ name: String) throws {
    let expected = try Fixtures.expected(name)
    let main = expected["prefix"] as! String
    let others = (expected["other_checkpoints"] as? [[String: Any]] ?? []).filter {
      FileManager.default.fileExists(atPath: Fixtures.folder(name) + "/\($0["prefix"] as! String).index")
    }
    for checkpoint in [expected] + others {
      try check(checkpoint, at: Fixtures.folder(name) + "/" + (checkpoint["prefix"] as! String))
    }
    #expect(!main.isEmpty)
  }

  private func check(_ expected: [String: Any], at prefix: String) throws {
    let reader = try CheckpointReader(path: prefix)
    let tensors = expected["tensors"] as! [[String: Any]]
    #expect(reader.problems == [])
    #expect(reader.entries.map(\.name) == tensors.map { $0["name"] as! String })
    #expect(reader.entries.count == expected["tensor_count"] as! Int)
    for (entry, tensor) in zip(reader.entries, tensors) { try check(entry, tensor, reader) }
  }

  private func check(_ entry: CheckpointEntry, _ expected: [String: Any], _ reader: CheckpointReader) throws {
    #expect(entry.dtype.name == expected["dtype"] as? String)
    #expect(entry.shape.dimensions == expected["shape"] as? [Int])
    let summary = try reader.summary(of: entry.name)
    #expect(summary.sha256 == (expected["sha256"] ?? expected["sha256_of_concatenation"]) as? String)
    let tensor = try reader.tensor(named: entry.name)
    #expect(tensor.shape == entry.shape)
    if let strings = expected["strings_base64"] as? [String] {
      #expect(tensor.strings.map { Data($0).base64EncodedString() } == strings)
    }
    if let bytes = expected["bytes"] as? Int { #expect(entry.byteCount == UInt64(bytes)) }
    if let offset = expected["offset"] as? Int { #expect(entry.offset == UInt64(offset)) }
    if let shard = expected["shard"] as? Int { #expect(entry.shard == shard) }
    if let first = expected["first"] { expectSame(tensor.values(0..<8), first) }
    let statistics = summary.statistics
    #expect(statistics.count == entry.shape.elementCount)
    if let nan = expected["nan_count"] as? Int { #expect(statistics.nan == nan) }
    if let inf = expected["inf_count"] as? Int { #expect(statistics.inf == inf) }
    if let minimum = expected["min"] { expectSame([try #require(statistics.minValue)], [minimum]) }
    if let maximum = expected["max"] { expectSame([try #require(statistics.maxValue)], [maximum]) }
    if let mean = expected["mean"] as? Double {
      let scale = max(abs(statistics.min ?? 0), abs(statistics.max ?? 0))
      #expect(abs(try #require(statistics.mean) - mean) <= 1e-15 * scale)
    }
    if let trues = expected["true_count"] as? Int { #expect(statistics.count - statistics.zeros == trues) }
    if let slices = expected["slices"] as? [[String: Any]] {
      #expect(entry.slices.count == slices.count)
      for (slice, expected) in zip(entry.slices, slices) {
        #expect(slice.ranges.map { [$0.lowerBound, $0.count] } == expected["start_length"] as? [[Int]])
        #expect(slice.offset == UInt64(expected["offset"] as! Int))
        #expect(slice.shard == expected["shard"] as! Int)
      }
    }
  }

  /// Compares through the same JSON the command line prints, so that formatting is checked too.
  private func expectSame(_ values: [ScalarValue], _ expected: Any) {
    let text = "[" + values.map(\.json).joined(separator: ",") + "]"
    let ours = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? NSArray
    #expect(ours != nil && ours == expected as? NSArray, "\(text) is not \(expected)")
  }

  @Test(arguments: [
    ("v1_v2/my-model-300", CheckpointFormat.v2), ("tf2_object/obj-3", .object), ("object_graph_tf1/ckpt-1", .object),
    ("tf2_saved_model/sm", .savedModel), ("v1_format/old.ckpt-12", .v1), ("v1_sharded/old-?????-of-00002", .v1),
  ]) func formatIsRecognised(_ path: String, _ format: CheckpointFormat) throws {
    #expect(try CheckpointReader(path: Fixtures.folder(path)).format == format)
  }

  @Test func manyNamesWithLongSharedPrefixesAreListedAndRead() throws {
    let expected = try Fixtures.expected("many_keys")
    let reader = try CheckpointReader(path: Fixtures.folder("many_keys/many"))
    #expect(reader.entries.count == 7400)
    let joined = reader.entries.map(\.name).joined(separator: "\n") + "\n"
    #expect(SHA256.hexDigest(Array(joined.utf8)) == expected["sorted_names_joined_by_newline_sha256"] as? String)
    var sum = 0
    for entry in reader.entries { sum += Int(try reader.tensor(named: entry.name).scalar(Int32.self)) }
    #expect(sum == expected["sum_of_all_values"] as? Int)
    for sample in expected["samples"] as! [[String: Any]] {
      let value = try reader.tensor(named: sample["name"] as! String).scalar(Int32.self)
      #expect(Int(value) == sample["value"] as? Int)
    }
  }

  @Test func blocksLieWhereTensorFlowSaysTheyDo() throws {
    for name in ["many_keys", "snappy_index", "v1_v2", "dtypes"] {
      let expected = try Fixtures.expected(name)
      let path = Fixtures.folder(name) + "/" + (expected["prefix"] as! String) + ".index"
      let table = try TableReader(RandomAccessFile(path: path))
      let blocks = expected["index_blocks"] as! [[String: Any]]
      #expect(table.blocks.map(\.handle.offset) == blocks.map { UInt64($0["offset"] as! Int) })
      #expect(table.blocks.map(\.handle.size) == blocks.map { UInt64($0["size"] as! Int) })
      for (number, block) in blocks.enumerated() {
        let (read, entries) = try table.entries(inBlock: number)
        #expect(entries.count == block["entries"] as? Int)
        if let restarts = block["restarts"] as? [Int] { #expect(read.restarts == restarts) }
        if let count = block["restart_count"] as? Int { #expect(read.restarts.count == count) }
      }
    }
  }

  @Test func fullNamesComeFromTheObjectGraph() throws {
    let names = try CheckpointReader(path: Fixtures.folder("object_graph_tf1/ckpt-1")).fullNames
    #expect(names["step/.ATTRIBUTES/VARIABLE_VALUE"] == "global_step")
    #expect(names["net/kernel/.OPTIMIZER_SLOT/optimizer/m/.ATTRIBUTES/VARIABLE_VALUE"] == "kernel/Adam")
    #expect(try CheckpointReader(path: Fixtures.folder("dtypes/dt.ckpt")).fullNames.isEmpty)
  }
}
