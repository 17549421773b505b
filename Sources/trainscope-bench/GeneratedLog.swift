import Events
import Foundation
import Records

/// A log root full of values as training leaves it.
struct GeneratedLog {
  /// What stands in the files.
  enum Content: String, CaseIterable {
    /// Scalars as `simple_value`, as TensorFlow 1, PyTorch and tensorboardX write them: five tags, one event a scalar.
    case tf1
    /// The same as tensors with metadata, as TensorFlow 2 writes them.
    case tf2
    /// Histograms of 30 buckets, as TensorFlow 1 writes them.
    case histograms
    /// Pictures of 8 kB.
    case images
  }

  let root: String
  /// Scalars, histograms or pictures written.
  let values: Int
  let runs: Int
  let bytes: Int

  /// Writes about so many values, in runs of the same length, in a new temporary folder.
  init(_ content: Content, values: Int, runs: Int, tags tagCount: Int = 5) throws {
    root = FileManager.default.temporaryDirectory.appendingPathComponent("trainscope-bench-\(UUID().uuidString)").path
    let names = ["loss/train", "loss/test", "accuracy/train", "accuracy/test", "learning_rate"]
    let tags = Array(names.prefix(max(1, tagCount)))
    let steps = max(1, values / (max(1, runs) * tags.count))
    var written = 0
    var bytes = 0
    let version = Self.event(step: 0, wallTime: 1_700_000_000, field: 3, Array("brain.Event:2".utf8))
    for run in 0..<max(1, runs) {
      let folder = "\(root)/sweep/run_\(run)"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      let path = "\(folder)/events.out.tfevents.\(1_700_000_000 + run).host"
      guard let file = fopen(path, "w") else { throw CocoaError(.fileWriteUnknown) }
      defer { fclose(file) }
      var frames: [UInt8] = []
      func write() {
        fwrite(frames, 1, frames.count, file)
        bytes += frames.count
        frames.removeAll(keepingCapacity: true)
      }
      appendRecordFrame(version, to: &frames)
      let rate = 0.5 + Double(run) / 10
      for step in 0..<steps {
        let time = 1_700_000_000.25 + Double(step) * 0.5
        let decay = 1 / (1 + Double(step) * rate / 1000)
        for (number, tag) in tags.enumerated() {
          let value = Float(decay * Double(number + 1) + 0.01 * sin(Double(step * (number + 3))))
          let summary =
            switch content {
            case .tf1: SummaryEncoder.scalar(tag: tag, value)
            case .tf2: Self.tensorScalar(tag, value)
            case .histograms: Self.histogram(tag, step)
            case .images: Self.image(tag, step)
            }
          appendRecordFrame(Self.event(step: step, wallTime: time, field: 5, summary), to: &frames)
          written += 1
        }
        if frames.count > 1 << 20 { write() }
      }
      write()
    }
    self.values = written
    self.runs = max(1, runs)
    self.bytes = bytes
  }

  func remove() { try? FileManager.default.removeItem(atPath: root) }

  /// The files, sorted.
  var files: [String] {
    let paths = FileManager.default.subpaths(atPath: root) ?? []
    return paths.filter { ($0 as NSString).lastPathComponent.contains("tfevents") }.sorted().map { "\(root)/\($0)" }
  }

  /// Adds a record to a file's bytes.
  static func append(_ payload: [UInt8], to frames: inout [UInt8]) { appendRecordFrame(payload, to: &frames) }

  /// Adds bytes to a file.
  static func append(_ bytes: [UInt8], toFile path: String) throws {
    guard let file = fopen(path, "a") else { throw CocoaError(.fileWriteUnknown) }
    fwrite(bytes, 1, bytes.count, file)
    fclose(file)
  }

  /// An event with one more field, as TensorFlow's writer orders them.
  static func event(step: Int, wallTime: Double, field: Int, _ content: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = [0x09]
    withUnsafeBytes(of: wallTime.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
    if step > 0 {
      bytes.append(0x10)
      append(varint: step, to: &bytes)
    }
    bytes.append(UInt8(field << 3 | 2))
    append(varint: content.count, to: &bytes)
    return bytes + content
  }

  private static func append(varint number: Int, to bytes: inout [UInt8]) {
    var number = number
    while number >= 0x80 {
      bytes.append(UInt8(number & 0x7F) | 0x80)
      number >>= 7
    }
    bytes.append(UInt8(number))
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

  private static func histogram(_ tag: String, _ step: Int) -> [UInt8] {
    var builder = HistogramBuilder()
    builder.add((0..<30).map { Double($0 * (step % 7 + 1)) * 0.37 - 4 })
    return SummaryEncoder.histogram(tag: tag, builder.histogram)
  }

  /// No picture, but bytes as incompressible as one.
  private static func image(_ tag: String, _ step: Int) -> [UInt8] {
    var state = UInt64(step + 1)
    let bytes = (0..<8000).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(truncatingIfNeeded: state >> 33)
    }
    return SummaryEncoder.image(tag: tag, width: 64, height: 64, colorspace: 3, png: bytes)
  }
}
