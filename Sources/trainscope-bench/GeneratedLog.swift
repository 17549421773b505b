import Events
import Foundation

/// A log root full of scalars as a sweep leaves it: many runs, a few tags each, one event a scalar.
struct GeneratedLog {
  /// How the scalars stand in the files.
  enum Form: String, CaseIterable {
    /// `simple_value`, as TensorFlow 1, PyTorch and tensorboardX write.
    case tf1
    /// Tensors with metadata, as TensorFlow 2 writes.
    case tf2
  }

  let root: String
  let scalars: Int
  let bytes: Int

  /// Writes the files in a new temporary folder.
  init(scalars: Int, runs: Int, form: Form) throws {
    root = FileManager.default.temporaryDirectory.appendingPathComponent("trainscope-bench-\(UUID().uuidString)").path
    let tags = ["loss/train", "loss/test", "accuracy/train", "accuracy/test", "learning_rate"]
    let steps = max(1, scalars / (max(1, runs) * tags.count))
    var written = 0
    var bytes = 0
    for run in 0..<max(1, runs) {
      let writer = try EventFileWriter(
        directory: "\(root)/sweep/run_\(run)", maxQueue: 100_000, hostName: "host",
        clock: { 1_700_000_000 + Double(run) })
      let rate = 0.5 + Double(run) / 10
      for step in 0..<steps {
        let time = 1_700_000_000.25 + Double(step) * 0.5
        let decay = 1 / (1 + Double(step) * rate / 1000)
        for (number, tag) in tags.enumerated() {
          let value = Float(decay * Double(number + 1) + 0.01 * sin(Double(step * (number + 3))))
          switch form {
          case .tf1: try writer.addScalar(tag: tag, value: value, step: Int64(step), wallTime: time)
          case .tf2: try writer.add(summary: Self.tensorScalar(tag, value), step: Int64(step), wallTime: time)
          }
          written += 1
        }
      }
      try writer.close()
      bytes += Int((try FileManager.default.attributesOfItem(atPath: writer.path)[.size] as? UInt64) ?? 0)
    }
    self.scalars = written
    self.bytes = bytes
  }

  func remove() { try? FileManager.default.removeItem(atPath: root) }

  /// The files, sorted.
  var files: [String] {
    let paths = FileManager.default.subpaths(atPath: root) ?? []
    return paths.filter { ($0 as NSString).lastPathComponent.contains("tfevents") }.sorted().map { "\(root)/\($0)" }
  }

  /// TensorFlow 2's summary of a scalar: a float tensor of rank 0, with packed `float_val`, for the plugin `scalars`.
  private static func tensorScalar(_ tag: String, _ value: Float) -> [UInt8] {
    let bits = value.bitPattern
    let tensor: [UInt8] =
      [0x08, 1, 0x12, 0, 0x2A, 4] + (0..<4).map { UInt8(truncatingIfNeeded: bits >> (8 * $0)) }
    let metadata: [UInt8] = [0x0A, 9, 0x0A, 7] + Array("scalars".utf8)
    let content =
      [0x0A, UInt8(tag.utf8.count)] + Array(tag.utf8) + [0x42, UInt8(tensor.count)] + tensor
      + [0x4A, UInt8(metadata.count)] + metadata
    return [0x0A, UInt8(content.count)] + content
  }
}
