import Foundation
import Protos
import SwiftProtobuf
import Tensors

/// Writes a V1 checkpoint: one table file that holds names, shapes and values (see `TableCheckpoint` for the format).
///
/// The file is built in memory and takes its place in one step.
public struct TableCheckpointWriter {
  public let path: String
  private var meta = Tensorflow_SavedTensorSliceMeta()
  private var values: [[UInt8]: Tensorflow_SavedSlice] = [:]
  private var positions: [String: Int] = [:]

  /// TensorFlow's readers refuse values larger than this.
  private static let maximumSize = 2 << 30

  public init(path: String) {
    self.path = path
    meta.versions.producer = 1
  }

  /// Adds a tensor, or a part of one. Throws `CheckpointError`, `.undecodable` for types that the format cannot hold.
  /// - Parameter slice: what part it is; nil for a whole tensor.
  public mutating func add(name: String, tensor: Tensor, slice: TensorSlice? = nil) throws {
    if let slice, slice.shape != tensor.shape || !slice.isInside {
      throw CheckpointError.invalidName(
        name: name, reason: "a slice \(slice.shape) of \(slice.fullShape) cannot hold a tensor \(tensor.shape)")
    }
    guard tensor.dtype.byteWidth ?? 0 <= Self.maximumSize / max(1, tensor.elementCount) else {
      throw CheckpointError.unsupported(path: path, reason: "\(name) is too large for the first format")
    }
    let shape = slice?.fullShape ?? tensor.shape
    let extents = slice?.extents ?? shape.dimensions.map { _ in SliceExtent(start: 0, length: nil) }
    let key = OrderedCode.sliceKey(name: Array(name.utf8), extents: extents)
    guard values[key] == nil, slice != nil || positions[name] == nil else {
      throw CheckpointError.invalidName(name: name, reason: "is saved twice")
    }
    let proto = Self.message(extents)
    if let position = positions[name] {
      meta.tensor[position].slice.append(proto)
    } else {
      var entry = Tensorflow_SavedSliceMeta()
      entry.name = name
      entry.shape.dim = shape.dimensions.map { size in
        var dimension = Tensorflow_TensorShapeProto.Dim()
        dimension.size = Int64(size)
        return dimension
      }
      entry.type = Tensorflow_DataType(rawValue: Int(tensor.dtype.rawValue)) ?? .dtInvalid
      entry.slice = [proto]
      positions[name] = meta.tensor.count
      meta.tensor.append(entry)
    }
    var value = Tensorflow_SavedSlice()
    value.name = name
    value.slice = proto
    value.data = try Self.values(of: tensor, name: name)
    values[key] = value
  }

  /// Puts the file in its place.
  public func finish() throws {
    var table = TableWriter()
    var head = Tensorflow_SavedTensorSlices()
    head.meta = meta
    table.add(key: [], value: try head.serializedBytes())
    for (key, value) in values.sorted(by: { precedes($0.key, $1.key) }) {
      var message = Tensorflow_SavedTensorSlices()
      message.data = value
      table.add(key: key, value: try message.serializedBytes())
    }
    table.finish()
    try AtomicFile.write(table.bytes, to: path)
  }

  private static func message(_ extents: [SliceExtent]) -> Tensorflow_TensorSliceProto {
    var proto = Tensorflow_TensorSliceProto()
    proto.extent = extents.map { extent in
      var message = Tensorflow_TensorSliceProto.Extent()
      if let length = extent.length {
        message.start = Int64(extent.start)
        message.length = Int64(length)
      }
      return message
    }
    return proto
  }

  /// The list that fits the type; neither type nor shape are stored.
  private static func values(of tensor: Tensor, name: String) throws -> Tensorflow_TensorProto {
    var proto = Tensorflow_TensorProto()
    switch tensor.dtype {
    case .float32: proto.floatVal = tensor.scalars()
    case .float64: proto.doubleVal = tensor.scalars()
    case .int32: proto.intVal = tensor.scalars()
    case .int16: proto.intVal = tensor.scalars(Int16.self).map(Int32.init)
    case .uint16: proto.intVal = tensor.scalars(UInt16.self).map(Int32.init)
    case .int8: proto.intVal = tensor.scalars(Int8.self).map(Int32.init)
    case .uint8: proto.intVal = tensor.scalars(UInt8.self).map(Int32.init)
    case .int64: proto.int64Val = tensor.scalars()
    case .bool: proto.boolVal = tensor.scalars()
    case .float16, .bfloat16:
      proto.halfVal = tensor.withUnsafeBytes { $0.bindMemory(to: UInt16.self).map(Int32.init) }
    case .complex64: proto.scomplexVal = tensor.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
    case .string: proto.stringVal = tensor.strings.map { Data($0) }
    default: throw CheckpointError.undecodable(name: name, dtype: tensor.dtype.name)
    }
    return proto
  }
}
