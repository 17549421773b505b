import Tensors

// NumPy's file of one array, version 1.0 (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html):
//
//   "\x93NUMPY", 1, 0
//   length of the header, 2 bytes, little endian
//   header: a Python dictionary of the element type, the order and the shape, padded with blanks to a multiple of 64
//   the elements

/// Arrays as NumPy's `.npy` files.
enum NumPyFile {
  /// The file of a tensor; nil where NumPy has no such element type. A bfloat16 is written as float32, which holds it
  /// exactly.
  static func bytes(_ tensor: Tensor) -> [UInt8]? {
    guard let descriptor = descriptor(tensor.dtype) else { return nil }
    let dimensions = tensor.shape.dimensions.map(String.init)
    let shape = dimensions.count == 1 ? "(\(dimensions[0]),)" : "(\(dimensions.joined(separator: ", ")))"
    var header = "{'descr': '\(descriptor)', 'fortran_order': False, 'shape': \(shape), }"
    let prefix = 10
    let padding = 63 - (prefix + header.utf8.count) % 64
    header += String(repeating: " ", count: padding) + "\n"
    guard let length = UInt16(exactly: header.utf8.count) else { return nil }
    var bytes: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 0xff), UInt8(length >> 8)]
    bytes += Array(header.utf8)
    if tensor.dtype == .bfloat16 {
      tensor.withUnsafeBytes { raw in
        for index in stride(from: 0, to: raw.count - 1, by: 2) { bytes += [0, 0, raw[index], raw[index + 1]] }
      }
    } else {
      tensor.withUnsafeBytes { bytes.append(contentsOf: $0) }
    }
    return bytes
  }

  private static func descriptor(_ dtype: DataType) -> String? {
    switch dtype {
    case .float16: "<f2"
    case .float32, .bfloat16: "<f4"
    case .float64: "<f8"
    case .int8, .qint8: "|i1"
    case .int16, .qint16: "<i2"
    case .int32, .qint32: "<i4"
    case .int64: "<i8"
    case .uint8, .quint8: "|u1"
    case .uint16, .quint16: "<u2"
    case .uint32: "<u4"
    case .uint64: "<u8"
    case .bool: "|b1"
    case .complex64: "<c8"
    case .complex128: "<c16"
    case .string, .resource, .variant: nil
    }
  }
}
