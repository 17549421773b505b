/// A Swift type that can be an element of a tensor, with the same bytes in memory as in TensorFlow's files.
public protocol TensorScalar: BitwiseCopyable, Sendable {
  static var dataType: DataType { get }
}

extension Float: TensorScalar { public static var dataType: DataType { .float32 } }
extension Double: TensorScalar { public static var dataType: DataType { .float64 } }
extension Int8: TensorScalar { public static var dataType: DataType { .int8 } }
extension Int16: TensorScalar { public static var dataType: DataType { .int16 } }
extension Int32: TensorScalar { public static var dataType: DataType { .int32 } }
extension Int64: TensorScalar { public static var dataType: DataType { .int64 } }
extension UInt8: TensorScalar { public static var dataType: DataType { .uint8 } }
extension UInt16: TensorScalar { public static var dataType: DataType { .uint16 } }
extension UInt32: TensorScalar { public static var dataType: DataType { .uint32 } }
extension UInt64: TensorScalar { public static var dataType: DataType { .uint64 } }
extension Bool: TensorScalar { public static var dataType: DataType { .bool } }
extension Float16: TensorScalar { public static var dataType: DataType { .float16 } }

/// The upper half of a float32: 1 sign, 8 exponent and 7 mantissa bits.
public struct BFloat16: TensorScalar, Hashable {
  public var bitPattern: UInt16

  public static var dataType: DataType { .bfloat16 }

  public init(bitPattern: UInt16) { self.bitPattern = bitPattern }

  /// Rounds to nearest, ties to even, as TensorFlow's `Cast` does; a NaN stays a (quiet) NaN.
  public init(_ value: Float) {
    let bits = value.bitPattern
    if value.isNaN {
      bitPattern = UInt16(truncatingIfNeeded: bits >> 16) | 0x0040
    } else {
      // Cannot overflow: the largest non-NaN pattern, -infinity, is 0xFF80_0000.
      bitPattern = UInt16(truncatingIfNeeded: (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16)
    }
  }

  /// The same value as a float32; always exact.
  public var floatValue: Float { Float(bitPattern: UInt32(bitPattern) << 16) }
}

/// A complex number of two float32: real, then imaginary.
public struct Complex64: TensorScalar, Hashable {
  public var real: Float
  public var imaginary: Float

  public static var dataType: DataType { .complex64 }

  public init(_ real: Float, _ imaginary: Float = 0) {
    self.real = real
    self.imaginary = imaginary
  }
}

/// A complex number of two float64: real, then imaginary.
public struct Complex128: TensorScalar, Hashable {
  public var real: Double
  public var imaginary: Double

  public static var dataType: DataType { .complex128 }

  public init(_ real: Double, _ imaginary: Double = 0) {
    self.real = real
    self.imaginary = imaginary
  }
}
