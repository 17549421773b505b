/// The element type of a tensor. Raw values are TensorFlow's `DataType` enumeration (`types.proto`), as stored in
/// graphs, event files and checkpoints.
public enum DataType: Int32, Sendable, CaseIterable, Hashable {
  case float32 = 1
  case float64 = 2
  case int32 = 3
  case uint8 = 4
  case int16 = 5
  case int8 = 6
  case string = 7
  case complex64 = 8
  case int64 = 9
  case bool = 10
  case qint8 = 11
  case quint8 = 12
  case qint32 = 13
  case bfloat16 = 14
  case qint16 = 15
  case quint16 = 16
  case uint16 = 17
  case complex128 = 18
  case float16 = 19
  case resource = 20
  case variant = 21
  case uint32 = 22
  case uint64 = 23

  /// TensorFlow's lower-case name, as Python prints it: `float32`, `int64`, `bfloat16`, `string`, …
  public var name: String { String(describing: self) }

  /// The name TensorFlow's C++ messages and text protos use: `float`, `double`, `half`, otherwise `name`.
  public var shortName: String {
    switch self {
    case .float32: "float"
    case .float64: "double"
    case .float16: "half"
    default: name
    }
  }

  /// The type named `name`; accepts TensorFlow's aliases `float`, `double` and `half`.
  public init?(name: String) {
    switch name {
    case "float": self = .float32
    case "double": self = .float64
    case "half": self = .float16
    default:
      guard let type = Self.allCases.first(where: { $0.name == name }) else { return nil }
      self = type
    }
  }

  /// Bytes one element takes in memory and in files; nil where elements have no fixed size.
  public var byteWidth: Int? {
    switch self {
    case .bool, .int8, .uint8, .qint8, .quint8: 1
    case .int16, .uint16, .qint16, .quint16, .float16, .bfloat16: 2
    case .float32, .int32, .uint32, .qint32: 4
    case .float64, .int64, .uint64, .complex64: 8
    case .complex128: 16
    case .string, .resource, .variant: nil
    }
  }

  /// Whether the type is float16, bfloat16, float32 or float64.
  public var isFloatingPoint: Bool {
    switch self {
    case .float32, .float64, .float16, .bfloat16: true
    default: false
    }
  }

  /// Whether the type is a signed or unsigned integer (quantized types and bool are not).
  public var isInteger: Bool {
    switch self {
    case .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64: true
    default: false
    }
  }

  /// Whether the type is complex64 or complex128.
  public var isComplex: Bool { self == .complex64 || self == .complex128 }
}
