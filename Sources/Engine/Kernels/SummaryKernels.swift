import CKernels
import Foundation
import Protos
import Tensors

/// Kernels of summaries: each yields a serialized `Summary` message.
@Sendable func defineSummaryKernels(_ ops: inout OpRegistry) {
  ops.kernel("ScalarSummary") { _ in
    { context in
      let (tags, values) = (try context.input(0), try context.input(1))
      guard tags.shape == values.shape else {
        let tag = tags.elementCount == 1 ? " (tag '\(text(tags.strings[0]))')" : ""
        throw EngineError.invalid("tags and values not the same shape: \(tags.shape) != \(values.shape)\(tag)")
      }
      var summary = Tensorflow_Summary()
      summary.value = zip(tags.strings, try floats(values, "ScalarSummary")).map { tag, number in
        var value = Tensorflow_Summary.Value()
        value.tag = text(tag)
        value.simpleValue = number
        return value
      }
      context.setOutput(0, try serialized(summary))
    }
  }
  ops.kernel("HistogramSummary") { _ in
    { context in
      let (tag, values) = (try context.input(0), try context.input(1))
      guard tag.elementCount == 1 else {
        throw EngineError.invalid("tags must be scalar, not of shape \(tag.shape)")
      }
      var value = Tensorflow_Summary.Value()
      value.tag = text(tag.strings[0])
      value.histo = try histogram(values, tag: value.tag)
      var summary = Tensorflow_Summary()
      summary.value = [value]
      context.setOutput(0, try serialized(summary))
    }
  }
  ops.kernel("MergeSummary") { _ in
    { context in
      var merged = Tensorflow_Summary()
      var seen = Set<String>()
      for index in 0..<context.inputCount {
        for bytes in try context.input(index).strings {
          let part: Tensorflow_Summary
          do {
            part = try Tensorflow_Summary(serializedBytes: bytes)
          } catch {
            throw EngineError.invalid("Could not parse one of the summary inputs")
          }
          for value in part.value where !seen.insert(value.tag).inserted {
            throw EngineError.invalid("Duplicate tag \(value.tag) found in summary inputs")
          }
          merged.value += part.value
        }
      }
      context.setOutput(0, try serialized(merged))
    }
  }
}

private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

private func serialized(_ summary: Tensorflow_Summary) throws -> Tensor {
  do {
    return Tensor(strings: [try summary.serializedBytes()], shape: .scalar)
  } catch {
    throw EngineError(.internal, "a summary cannot be serialized: \(error)")
  }
}

private func floats(_ tensor: Tensor, _ op: String) throws -> [Float] {
  switch tensor.dtype {
  case .float32: tensor.scalars(Float.self)
  case .float64: tensor.scalars(Double.self).map { Float($0) }
  case .float16: tensor.scalars(Float16.self).map { Float($0) }
  case .bfloat16: tensor.scalars(BFloat16.self).map(\.floatValue)
  case .int8: tensor.scalars(Int8.self).map { Float($0) }
  case .int16: tensor.scalars(Int16.self).map { Float($0) }
  case .int32: tensor.scalars(Int32.self).map { Float($0) }
  case .int64: tensor.scalars(Int64.self).map { Float($0) }
  case .uint8: tensor.scalars(UInt8.self).map { Float($0) }
  case .uint16: tensor.scalars(UInt16.self).map { Float($0) }
  case .uint32: tensor.scalars(UInt32.self).map { Float($0) }
  case .uint64: tensor.scalars(UInt64.self).map { Float($0) }
  default: throw EngineError.noKernel(op, tensor.dtype)
  }
}

/// TensorFlow's histogram of a tensor: its default buckets, runs of empty ones merged into one.
private func histogram(_ tensor: Tensor, tag: String) throws -> Tensorflow_HistogramProto {
  var counts = [UInt64](repeating: 0, count: Int(CK_HISTOGRAM_LIMITS))
  // "No value yet" by TensorFlow's convention.
  var totals = ck_histogram_totals(
    min: .greatestFiniteMagnitude, max: -.greatestFiniteMagnitude, sum: 0, sum_squares: 0, nans: 0, infinities: 0)
  if tensor.dtype == .float32 {
    tensor.withElements(of: Float.self) { ck_histogram_count_f32($0.baseAddress, $0.count, &counts, &totals) }
  } else {
    let values =
      tensor.dtype == .float64
      ? tensor.scalars(Double.self) : try floats(tensor, "HistogramSummary").map { Double($0) }
    values.withUnsafeBufferPointer { ck_histogram_count_f64($0.baseAddress, $0.count, &counts, &totals) }
  }
  if totals.nans > 0 { throw EngineError.invalid("Nan in summary histogram for: \(tag)") }
  if totals.infinities > 0 { throw EngineError.invalid("Infinity in summary histogram for: \(tag)") }
  var proto = Tensorflow_HistogramProto()
  proto.min = totals.min
  proto.max = totals.max
  proto.num = Double(tensor.elementCount)
  proto.sum = totals.sum
  proto.sumSquares = totals.sum_squares
  guard let limits = ck_histogram_limits() else { return proto }
  var index = 0
  while index < counts.count {
    var end = limits[index]
    let count = counts[index]
    index += 1
    // A run of empty buckets is one bucket that ends where the last of them does.
    if count == 0 {
      while index < counts.count, counts[index] == 0 {
        end = limits[index]
        index += 1
      }
    }
    proto.bucketLimit.append(end)
    proto.bucket.append(Double(count))
  }
  if proto.bucket.isEmpty {
    proto.bucketLimit = [.greatestFiniteMagnitude]
    proto.bucket = [0]
  }
  return proto
}
