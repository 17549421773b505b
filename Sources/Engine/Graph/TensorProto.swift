import Foundation
import Protos
import Tensors

// A TensorProto holds its elements either as raw bytes (`tensor_content`) or in one typed list, whose last value
// repeats to fill the shape; an empty list means zeros. Lists are widened: int_val holds int8 to int32 and uint8 to
// uint16, half_val the bits of float16 and bfloat16, scomplex_val and dcomplex_val alternate real and imaginary.

extension Tensor {
  /// No constant of a graph file is larger than a protocol message can be (2 GiB), whatever its shape claims.
  private static let largestConstant = 1 << 31

  /// Decodes a constant.
  /// - Throws: `EngineError` (InvalidArgument) where type, shape and elements do not belong together.
  init(proto: Tensorflow_TensorProto) throws {
    guard let dtype = DataType(proto: proto.dtype) else {
      throw EngineError.invalid("a constant has the unknown data type \(proto.dtype.rawValue)")
    }
    let partial = PartialShape(proto: proto.tensorShape)
    guard let shape = partial.full, let count = shape.checkedElementCount(), count <= Self.largestConstant,
      count > 0 || KernelContext.hasModestDimensions(shape)
    else {
      throw EngineError.invalid("a constant has the impossible shape \(partial)")
    }
    if dtype == .string {
      guard count <= Self.largestConstant / MemoryLayout<[UInt8]>.stride else {
        throw EngineError.invalid("a constant has the impossible shape \(partial)")
      }
      let given = proto.stringVal.map { [UInt8]($0) }
      self.init(strings: try Self.filled(given, count: count, empty: []), shape: shape)
      return
    }
    guard let width = dtype.byteWidth else {
      throw EngineError(.unimplemented, "constants of type \(dtype.name) are not supported")
    }
    guard count <= Self.largestConstant / width else {
      throw EngineError.invalid("a constant has the impossible shape \(partial)")
    }
    if !proto.tensorContent.isEmpty {
      do {
        try self.init(dtype: dtype, shape: shape, bytes: [UInt8](proto.tensorContent))
      } catch {
        throw EngineError.invalid("a constant's content does not fit: \(error)")
      }
      return
    }
    switch dtype {
    case .float32: self.init(try Self.filled(proto.floatVal, count: count, empty: 0), shape: shape)
    case .float64: self.init(try Self.filled(proto.doubleVal, count: count, empty: 0), shape: shape)
    case .int64: self.init(try Self.filled(proto.int64Val, count: count, empty: 0), shape: shape)
    case .uint64: self.init(try Self.filled(proto.uint64Val, count: count, empty: 0), shape: shape)
    case .uint32: self.init(try Self.filled(proto.uint32Val, count: count, empty: 0), shape: shape)
    case .bool: self.init(try Self.filled(proto.boolVal, count: count, empty: false), shape: shape)
    case .complex64:
      let pairs = stride(from: 0, to: proto.scomplexVal.count - 1, by: 2).map {
        Complex64(proto.scomplexVal[$0], proto.scomplexVal[$0 + 1])
      }
      self.init(try Self.filled(pairs, count: count, empty: Complex64(0)), shape: shape)
    case .complex128:
      let pairs = stride(from: 0, to: proto.dcomplexVal.count - 1, by: 2).map {
        Complex128(proto.dcomplexVal[$0], proto.dcomplexVal[$0 + 1])
      }
      self.init(try Self.filled(pairs, count: count, empty: Complex128(0)), shape: shape)
    default:
      // Narrow integers and half types: the low bytes of an int32.
      let list = dtype == .float16 || dtype == .bfloat16 ? proto.halfVal : proto.intVal
      let values = try Self.filled(list, count: count, empty: 0)
      try self.init(dtype: dtype, shape: shape, byteCount: count * width) { target in
        for (index, value) in values.enumerated() {
          Swift.withUnsafeBytes(of: value.littleEndian) { bytes in
            UnsafeMutableRawBufferPointer(rebasing: target[index * width..<(index + 1) * width])
              .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<width]))
          }
        }
      }
    }
  }

  private static func filled<Element>(_ given: [Element], count: Int, empty: Element) throws -> [Element] {
    if given.count == count { return given }
    guard given.count < count else {
      throw EngineError.invalid("a constant lists \(given.count) elements, but its shape has \(count)")
    }
    return given + [Element](repeating: given.last ?? empty, count: count - given.count)
  }

  /// The message, with raw bytes (a typed list for strings).
  var proto: Tensorflow_TensorProto {
    var proto = Tensorflow_TensorProto()
    proto.dtype = dtype.proto
    proto.tensorShape = PartialShape(shape).proto
    if dtype == .string {
      proto.stringVal = strings.map { Data($0) }
    } else if elementCount == 1, dtype == .float32 {
      proto.floatVal = scalars()
    } else if elementCount == 1, dtype == .float64 {
      proto.doubleVal = scalars()
    } else if elementCount == 1, dtype == .int32 {
      proto.intVal = scalars()
    } else if elementCount == 1, dtype == .int64 {
      proto.int64Val = scalars()
    } else if elementCount == 1, dtype == .bool {
      proto.boolVal = scalars()
    } else {
      proto.tensorContent = withUnsafeBytes { Data($0) }
    }
    return proto
  }
}
