/// Elements of any type with a fixed width as doubles: bool as 0 and 1, complex numbers as their magnitude.
public enum DoubleConversion {
  /// Converts `target.count` elements.
  ///
  /// Unsafe island: `bytes` must hold at least as many elements, which is checked once a call.
  static func convert(_ bytes: UnsafeRawBufferPointer, dtype: DataType, to target: UnsafeMutableBufferPointer<Double>) {
    guard let width = dtype.byteWidth else { preconditionFailure("\(dtype.name) has no numbers") }
    precondition(bytes.count >= target.count * width)
    switch dtype {
    case .float32: each(bytes, target) { (x: Float) in Double(x) }
    case .float64: each(bytes, target) { (x: Double) in x }
    case .float16: each(bytes, target) { (x: Float16) in Double(x) }
    case .bfloat16: each(bytes, target) { (x: UInt16) in Double(Float(bitPattern: UInt32(x) << 16)) }
    case .int8, .qint8: each(bytes, target) { (x: Int8) in Double(x) }
    case .int16, .qint16: each(bytes, target) { (x: Int16) in Double(x) }
    case .int32, .qint32: each(bytes, target) { (x: Int32) in Double(x) }
    case .int64: each(bytes, target) { (x: Int64) in Double(x) }
    case .uint8, .quint8: each(bytes, target) { (x: UInt8) in Double(x) }
    case .uint16, .quint16: each(bytes, target) { (x: UInt16) in Double(x) }
    case .uint32: each(bytes, target) { (x: UInt32) in Double(x) }
    case .uint64: each(bytes, target) { (x: UInt64) in Double(x) }
    case .bool: each(bytes, target) { (x: UInt8) in x == 0 ? 0 : 1 }
    case .complex64: each(bytes, target) { (x: Complex64) in magnitude(Double(x.real), Double(x.imaginary)) }
    case .complex128: each(bytes, target) { (x: Complex128) in magnitude(x.real, x.imaginary) }
    case .string, .resource, .variant: break
    }
  }

  @inline(__always)
  private static func each<T: BitwiseCopyable>(
    _ bytes: UnsafeRawBufferPointer, _ target: UnsafeMutableBufferPointer<Double>, _ convert: (T) -> Double
  ) {
    let size = MemoryLayout<T>.stride
    for index in 0..<target.count {
      target[index] = convert(bytes.loadUnaligned(fromByteOffset: index * size, as: T.self))
    }
  }

  /// √(a² + b²) without overflow on the way.
  private static func magnitude(_ a: Double, _ b: Double) -> Double {
    let (large, small) = (max(abs(a), abs(b)), min(abs(a), abs(b)))
    if a.isNaN || b.isNaN { return .nan }
    if large == 0 || large.isInfinite { return large }
    let ratio = small / large
    return large * (1 + ratio * ratio).squareRoot()
  }
}

extension Tensor {
  /// The elements as doubles, in row-major order; nil where the type has no numbers.
  public var doubles: [Double]? {
    guard dtype.byteWidth != nil else { return nil }
    return [Double](unsafeUninitializedCapacity: elementCount) { buffer, filled in
      let target = UnsafeMutableBufferPointer(rebasing: buffer[..<elementCount])
      target.initialize(repeating: 0)
      withUnsafeBytes { DoubleConversion.convert($0, dtype: dtype, to: target) }
      filled = elementCount
    }
  }
}
