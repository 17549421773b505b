import Protos
import SwiftProtobuf
import Tensors

// A V1 checkpoint: one table file, or several, each complete in itself.
//
//   key "":    SavedTensorSlices { 1 meta { 1 tensor { 1 name, 2 shape, 3 type, 4 slice … } … } }
//   slice key: SavedTensorSlices { 2 data { 1 name, 2 slice, 3 TensorProto } }
//
// The TensorProtos carry neither type nor shape, only the list of values that fits the type; blocks have checksums,
// tensors do not. Source: TensorFlow's saved_tensor_slice.proto and tensor_slice_writer.cc.

struct TableCheckpoint {
  var entries: [CheckpointEntry] = []
  var problems: [String] = []
  /// By number of the file.
  var tables: [Int: TableReader] = [:]

  /// Throws where no file can be read; a file of several becomes a problem.
  init(paths: [String], within confinement: Confinement? = nil) throws {
    var found: [String: CheckpointEntry] = [:]
    for (number, path) in paths.enumerated() {
      do {
        let table = try TableReader(RandomAccessFile(path: path, within: confinement))
        let meta = try Self.meta(table)
        tables[number] = table
        for tensor in meta.tensor {
          do { try Self.add(tensor, file: number, path: path, to: &found) } catch let error as CheckpointError {
            problems.append("\(error)")
          }
        }
      } catch let error as CheckpointError {
        if paths.count == 1 { throw error }
        problems.append("\(error)")
      }
    }
    if tables.isEmpty, let first = paths.first {
      throw CheckpointError.damagedIndex(path: first, offset: 0, reason: problems.first ?? "no file can be read")
    }
    entries = found.values.sorted { precedes($0.name.utf8, $1.name.utf8) }
    // Only now, since one variable's slices may lie in several files.
    for index in entries.indices {
      let file = paths[entries[index].shard]
      guard let reason = entries[index].refuseOverlap() else { continue }
      problems.append("\(file): \"\(entries[index].name)\": \(reason)")
    }
  }

  private static func meta(_ table: TableReader) throws -> Tensorflow_SavedTensorSliceMeta {
    let damaged = { (reason: String) in
      CheckpointError.damagedIndex(path: table.source.path, offset: 0, reason: reason)
    }
    guard let value = try table.value(forKey: []) else {
      throw damaged("a table file, but not a checkpoint: it has no list of tensors")
    }
    guard let slices = try? Tensorflow_SavedTensorSlices(serializedBytes: value) else {
      throw damaged("the list of tensors does not parse")
    }
    guard slices.meta.versions.minConsumer <= 1 else {
      throw CheckpointError.unsupported(
        path: table.source.path, reason: "written for readers of version \(slices.meta.versions.minConsumer) or later")
    }
    return slices.meta
  }

  private static func add(
    _ tensor: Tensorflow_SavedSliceMeta, file: Int, path: String, to found: inout [String: CheckpointEntry]
  ) throws {
    let shape = Shape(tensor.shape.dim.map { Int($0.size) })
    let type = Int32(tensor.type.rawValue)
    guard let dtype = DataType(rawValue: type > 100 ? type - 100 : type), let count = shape.checkedElementCount(),
      !count.multipliedReportingOverflow(by: dtype.byteWidth ?? 1).overflow
    else {
      throw CheckpointError.damagedIndex(
        path: path, offset: 0, reason: "\"\(tensor.name)\" has an unknown type (\(type)) or an impossible shape")
    }
    let slices = try tensor.slice.map { slice in
      let extents = slice.extent.map { extent -> SliceExtent in
        if case .length(let length)? = extent.hasLength_p {
          return SliceExtent(start: Int(extent.start), length: Int(length))
        }
        return SliceExtent(start: Int(extent.start), length: nil)
      }
      guard let ranges = BundleIndex.ranges(extents, in: shape),
        // By the checked product: other dimensions of an empty slice may be of any size.
        let count = Shape(ranges.map(\.count)).checkedElementCount()
      else {
        throw CheckpointError.damagedIndex(
          path: path, offset: 0, reason: "\"\(tensor.name)\" has a slice that does not fit its shape \(shape)")
      }
      return CheckpointSlice(
        ranges: ranges, shard: file, offset: nil,
        byteCount: UInt64(count) * UInt64(dtype.byteWidth ?? 0), maskedChecksum: nil,
        tableKey: OrderedCode.sliceKey(name: Array(tensor.name.utf8), extents: extents))
    }
    if var known = found[tensor.name] {
      // Several files may each hold some slices of one variable.
      guard known.shape == shape, known.dtype == dtype else {
        throw CheckpointError.damagedIndex(
          path: path, offset: 0, reason: "\"\(tensor.name)\" has another shape or type than in another file")
      }
      known.slices += slices
      known.byteCount = known.slices.map(\.byteCount).saturatingSum()
      found[tensor.name] = known
    } else {
      found[tensor.name] = CheckpointEntry(
        name: tensor.name, dtype: dtype, shape: shape, byteCount: slices.map(\.byteCount).saturatingSum(), shard: file,
        offset: nil, slices: slices)
    }
  }

  /// The raw little-endian bytes of one stored slice.
  static func bytes(_ key: [UInt8], in table: TableReader, _ entry: CheckpointEntry, shape: Shape) throws -> [UInt8] {
    let proto = try value(key, in: table, entry)
    let count = shape.elementCount
    let bytes: [UInt8]
    switch entry.dtype {
    case .float32: bytes = raw(proto.floatVal)
    case .float64: bytes = raw(proto.doubleVal)
    case .int32, .qint32: bytes = raw(proto.intVal)
    case .int16, .qint16: bytes = raw(proto.intVal.map { Int16(truncatingIfNeeded: $0) })
    case .uint16, .quint16: bytes = raw(proto.intVal.map { UInt16(truncatingIfNeeded: $0) })
    case .int8, .qint8, .uint8, .quint8: bytes = proto.intVal.map { UInt8(truncatingIfNeeded: $0) }
    case .int64: bytes = raw(proto.int64Val)
    case .uint32: bytes = raw(proto.uint32Val)
    case .uint64: bytes = raw(proto.uint64Val)
    case .bool: bytes = proto.boolVal.map { $0 ? 1 : 0 }
    case .float16, .bfloat16: bytes = raw(proto.halfVal.map { UInt16(truncatingIfNeeded: $0) })
    case .complex64: bytes = raw(proto.scomplexVal)
    case .complex128: bytes = raw(proto.dcomplexVal)
    case .string, .resource, .variant:
      throw CheckpointError.undecodable(name: entry.name, dtype: entry.dtype.name)
    }
    guard bytes.count == count * (entry.dtype.byteWidth ?? 0) else {
      throw damaged(
        entry, table, "\(bytes.count) bytes are stored where shape \(shape) of \(entry.dtype.name) takes another number"
      )
    }
    return bytes
  }

  static func strings(_ key: [UInt8], in table: TableReader, _ entry: CheckpointEntry) throws -> [[UInt8]] {
    let strings = try value(key, in: table, entry).stringVal.map { Array($0) }
    guard strings.count == entry.shape.elementCount else {
      throw damaged(entry, table, "\(strings.count) strings are stored where shape \(entry.shape) has another number")
    }
    return strings
  }

  private static func value(
    _ key: [UInt8], in table: TableReader, _ entry: CheckpointEntry
  ) throws -> Tensorflow_TensorProto {
    guard let value = try table.value(forKey: key) else { throw damaged(entry, table, "its values are missing") }
    guard let slices = try? Tensorflow_SavedTensorSlices(serializedBytes: value) else {
      throw damaged(entry, table, "its values do not parse")
    }
    return slices.data.data
  }

  private static func raw<T: BitwiseCopyable>(_ values: [T]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }

  private static func damaged(_ entry: CheckpointEntry, _ table: TableReader, _ reason: String) -> CheckpointError {
    .damagedTensor(name: entry.name, path: table.source.path, offset: 0, reason: reason)
  }
}
