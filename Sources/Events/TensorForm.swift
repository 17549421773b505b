import Tensors

// TensorProto: 1 dtype, 2 shape, 3 version, 4 tensor_content (raw little-endian), then one repeated field a type:
// 5 float, 6 double, 7 int (int8 to int32, uint8, uint16 and quantized), 8 string, 9 complex64 (pairs of float),
// 10 int64, 11 bool, 12 complex128 (pairs of double), 13 half and bfloat16 (bits as int), 16 uint32, 17 uint64.
// TensorShapeProto: 2 dim {1 size, 2 name}, 3 unknown_rank. Source: tensorflow/core/framework/tensor.proto.

/// A TensorProto looked over in place: enough to classify it and to read a scalar without building anything.
struct TensorForm {
  let bytes: UnsafeRawBufferPointer
  var dtypeNumber: Int32 = 0
  var rank = 0
  /// Product of the dimensions: 1 for a scalar, -1 where a dimension is negative or the product overflows.
  var elements = 1
  private var shapeBytes = UnsafeRawBufferPointer(start: nil, count: 0)
  /// `tensor_content`.
  private var content = UnsafeRawBufferPointer(start: nil, count: 0)
  /// The first stretch of a typed value field: its key and the bytes from its content on.
  private var valueKey: UInt64 = 0
  private var valueStart: UnsafeRawPointer?

  /// Nil when the bytes do not parse.
  @inline(__always)
  init?(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
    var cursor = WireCursor(bytes)
    while cursor.hasMore {
      let key = cursor.varint()
      switch key {
      case 0x08: dtypeNumber = Int32(truncatingIfNeeded: cursor.varint())
      case 0x12:
        let shape = cursor.bytes()
        if shape.count > 0 {
          shapeBytes = shape
          if !readShape() { return nil }
        }
      case 0x22: content = cursor.bytes()
      default:
        let number = key >> 3
        if valueStart == nil, number >= 5, number <= 17 {
          valueKey = key
          valueStart = cursor.at
        }
        if key & 7 == 2 { _ = cursor.bytes() } else { cursor.skip(key) }
      }
    }
    if cursor.failed { return nil }
  }

  var dtype: DataType? { DataType(rawValue: dtypeNumber) }

  private mutating func readShape() -> Bool {
    rank = 0
    elements = 1
    return forEachDimension { size, form in
      form.rank += 1
      let product = form.elements.multipliedReportingOverflow(by: Int(clamping: size))
      form.elements = product.overflow || size < 0 || form.elements < 0 ? -1 : product.partialValue
    }
  }

  /// Calls `body` for each dimension; false when the shape does not parse.
  private mutating func forEachDimension(_ body: (Int64, inout TensorForm) -> Void) -> Bool {
    var cursor = WireCursor(shapeBytes)
    while cursor.hasMore {
      let key = cursor.varint()
      guard key == 0x12 else {
        cursor.skip(key)
        continue
      }
      var dimension = WireCursor(cursor.bytes())
      var size: Int64 = 0
      while dimension.hasMore {
        let inner = dimension.varint()
        if inner == 0x08 { size = Int64(bitPattern: dimension.varint()) } else { dimension.skip(inner) }
      }
      if dimension.failed { return false }
      body(size, &self)
    }
    return !cursor.failed
  }

  /// The dimensions.
  var shape: [Int] {
    var dimensions: [Int] = []
    var copy = self
    _ = copy.forEachDimension { size, _ in dimensions.append(Int(clamping: size)) }
    return dimensions
  }

  /// The first element's bits in a kind of storage; 0 where the message holds no value at all, as TensorFlow reads it.
  /// Nil when it does not parse.
  @inline(__always)
  func firstElement(as storage: ScalarStorage) -> UInt64? {
    // The common case: one float in a packed float_val.
    if storage == .float32, valueKey == 0x2A, dtypeNumber == 1, content.count == 0, let start = valueStart {
      var cursor = WireCursor(start, bytes.baseAddress! + bytes.count)
      let packed = cursor.bytes()
      if packed.count >= 4 { return UInt64(UInt32(littleEndian: packed.loadUnaligned(as: UInt32.self))) }
    }
    return firstElementOfAnyType(as: storage)
  }

  @inline(never)
  private func firstElementOfAnyType(as storage: ScalarStorage) -> UInt64? {
    guard let dtype, let width = dtype.byteWidth else { return nil }
    if content.count > 0 {
      guard content.count >= width else { return nil }
      var raw: UInt64 = 0
      for index in 0..<width { raw |= UInt64(content[index]) << UInt64(8 * index) }
      return Self.widened(raw, dtype)
    }
    guard let start = valueStart, valueKey >> 3 == Self.field(of: dtype) else { return Self.widened(0, dtype) }
    var cursor = WireCursor(start, bytes.baseAddress! + bytes.count)
    if valueKey & 7 == 2 {
      let packed = cursor.bytes()
      if packed.count == 0 { return Self.widened(0, dtype) }
      cursor = WireCursor(packed)
    }
    let raw: UInt64
    switch dtype {
    case .float32: raw = UInt64(cursor.fixed32())
    case .float64: raw = cursor.fixed64()
    default: raw = cursor.varint()
    }
    return cursor.failed ? nil : Self.widened(raw, dtype)
  }

  /// Raw element bits (or a varint's 64 bits, which hold the same low bits) in the storage of their type.
  private static func widened(_ raw: UInt64, _ dtype: DataType) -> UInt64 {
    func signed<I: FixedWidthInteger>(_: I.Type) -> UInt64 {
      UInt64(bitPattern: Int64(truncatingIfNeeded: I(truncatingIfNeeded: raw)))
    }
    switch dtype {
    case .float32: return raw & 0xFFFF_FFFF
    case .float16: return UInt64(Float(Float16(bitPattern: UInt16(truncatingIfNeeded: raw))).bitPattern)
    case .bfloat16: return (raw & 0xFFFF) << 16
    case .int8, .qint8: return signed(Int8.self)
    case .int16, .qint16: return signed(Int16.self)
    case .int32, .qint32: return signed(Int32.self)
    case .uint8, .quint8: return signed(UInt8.self)
    case .uint16, .quint16: return signed(UInt16.self)
    case .uint32: return signed(UInt32.self)
    case .bool: return raw == 0 ? 0 : 1
    default: return raw
    }
  }

  /// The number of the repeated field that holds a type's values.
  static func field(of dtype: DataType) -> UInt64 {
    switch dtype {
    case .float32: 5
    case .float64: 6
    case .int8, .int16, .int32, .uint8, .uint16, .qint8, .quint8, .qint16, .quint16, .qint32: 7
    case .string: 8
    case .complex64: 9
    case .int64: 10
    case .bool: 11
    case .complex128: 12
    case .float16, .bfloat16: 13
    case .resource: 14
    case .variant: 15
    case .uint32: 16
    case .uint64: 17
    }
  }

  /// Calls `body` with each element of a string tensor until it returns false; false when the bytes do not parse.
  func forEachString(_ body: (UnsafeRawBufferPointer) -> Bool) -> Bool {
    var cursor = WireCursor(bytes)
    while cursor.hasMore {
      let key = cursor.varint()
      if key == 0x42 {
        if !body(cursor.bytes()) { return true }
      } else {
        cursor.skip(key)
      }
    }
    return !cursor.failed
  }

  /// How large a tensor may become by repeating its last value: a shape costs a message a few bytes only, whatever it
  /// claims.
  private var fillLimit: Int { max(1 << 20, 64 * bytes.count) }

  /// Whether the shape asks for so much more than the message can hold that it is taken for damage. No message that
  /// states all its values is concerned: each takes at least a byte.
  var claimsTooMuch: Bool {
    guard content.count == 0, elements >= 0, let dtype else { return false }
    let size = elements.multipliedReportingOverflow(by: dtype == .string ? 16 : dtype.byteWidth ?? 1)
    return size.overflow || size.partialValue > fillLimit
  }

  /// The whole tensor. Nil when it does not parse, when its shape asks for more elements than `maximumBytes` hold, or
  /// when the type has no elements that can be shown. A message with fewer values than elements repeats the last one,
  /// with none it is zero, as TensorFlow reads it, up to 1 MiB or 64 times its own size; nil where that is not enough.
  func tensor(maximumBytes: Int = 1 << 30) -> Tensor? {
    guard let dtype, elements >= 0, !claimsTooMuch else { return nil }
    let shape = Shape(self.shape)
    if dtype == .string {
      // A string takes at least one byte of the message or repeats the last one.
      guard elements <= maximumBytes / 16 else { return nil }
      var strings: [[UInt8]] = []
      let parsed = forEachString { string in
        strings.append(Array(string))
        return strings.count < elements
      }
      guard parsed else { return nil }
      if strings.count > elements { strings.removeLast(strings.count - elements) }
      let last = strings.last ?? []
      strings += Array(repeating: last, count: elements - strings.count)
      return Tensor(strings: strings, shape: shape)
    }
    guard let width = dtype.byteWidth else { return nil }
    let count = elements.multipliedReportingOverflow(by: width)
    guard !count.overflow, count.partialValue <= maximumBytes else { return nil }
    if content.count > 0 {
      guard content.count == count.partialValue else { return nil }
      return try? Tensor(dtype: dtype, shape: shape, bytes: Array(content))
    }
    guard let raw = typedValues(dtype, width: width, count: count.partialValue) else { return nil }
    return try? Tensor(dtype: dtype, shape: shape, bytes: raw)
  }

  /// The little-endian bytes of the typed value fields, packed or not, filled up to `count` bytes.
  private func typedValues(_ dtype: DataType, width: Int, count: Int) -> [UInt8]? {
    let field = Self.field(of: dtype)
    // Complex numbers are pairs, so each value has half their width.
    let isComplex = dtype == .complex64 || dtype == .complex128
    let part = isComplex ? width / 2 : width
    var result: [UInt8] = []
    result.reserveCapacity(count)
    func append(_ raw: UInt64) {
      guard result.count < count else { return }
      for index in 0..<part { result.append(UInt8(truncatingIfNeeded: raw >> UInt64(8 * index))) }
    }
    func value(_ cursor: inout WireCursor) -> UInt64 {
      switch dtype {
      case .float32, .complex64: UInt64(cursor.fixed32())
      case .float64, .complex128: cursor.fixed64()
      case .bool: cursor.varint() == 0 ? 0 : 1
      default: cursor.varint()
      }
    }
    var cursor = WireCursor(bytes)
    while cursor.hasMore {
      let key = cursor.varint()
      if key >> 3 != field {
        cursor.skip(key)
      } else if key & 7 == 2 {
        var packed = WireCursor(cursor.bytes())
        while packed.hasMore { append(value(&packed)) }
        if packed.failed { return nil }
      } else {
        append(value(&cursor))
      }
    }
    if cursor.failed { return nil }
    if result.isEmpty { return [UInt8](repeating: 0, count: count) }
    if result.count < count {
      guard result.count % width == 0 else { return nil }
      let last = Array(result.suffix(width))
      while result.count < count { result += last }
    }
    return result
  }
}
