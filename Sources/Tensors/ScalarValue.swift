/// One element of a tensor, for showing: prints so that it reads back as exactly the same value.
public enum ScalarValue: Hashable, Sendable {
  case integer(Int64)
  case unsigned(UInt64)
  /// float32, and the 16-bit types, whose values a float32 holds exactly.
  case float(Float)
  case double(Double)
  case bool(Bool)
  case complex(Float, Float)
  case complexDouble(Double, Double)
  /// An element of a string tensor, which may or may not be text.
  case bytes([UInt8])

  /// JSON: a number; `"NaN"`, `"Infinity"` or `"-Infinity"`; `[re, im]`; `true`; a string. Bytes that are not UTF-8 are
  /// `{"base64": "…"}`.
  public var json: String {
    switch self {
    case .integer(let value): String(value)
    case .unsigned(let value): String(value)
    case .float(let value): value.isFinite ? "\(value)" : "\"\(description)\""
    case .double(let value): value.isFinite ? "\(value)" : "\"\(description)\""
    case .bool(let value): value ? "true" : "false"
    case .complex(let real, let imaginary): "[\(ScalarValue.float(real).json),\(ScalarValue.float(imaginary).json)]"
    case .complexDouble(let real, let imaginary):
      "[\(ScalarValue.double(real).json),\(ScalarValue.double(imaginary).json)]"
    case .bytes(let bytes):
      String(validating: bytes, as: UTF8.self).map(JSONText.quoted) ?? "{\"base64\":\"\(JSONText.base64(bytes))\"}"
    }
  }
}

extension ScalarValue: CustomStringConvertible {
  /// As a person reads it; bytes that are not UTF-8 as `\xff` escapes.
  public var description: String {
    switch self {
    case .integer(let value): String(value)
    case .unsigned(let value): String(value)
    case .float(let value): value.isFinite ? "\(value)" : Self.nonFinite(Double(value))
    case .double(let value): value.isFinite ? "\(value)" : Self.nonFinite(value)
    case .bool(let value): value ? "true" : "false"
    case .complex(let real, let imaginary):
      "\(ScalarValue.float(real))\(imaginary.sign == .minus ? "" : "+")\(ScalarValue.float(imaginary))i"
    case .complexDouble(let real, let imaginary):
      "\(ScalarValue.double(real))\(imaginary.sign == .minus ? "" : "+")\(ScalarValue.double(imaginary))i"
    case .bytes(let bytes):
      String(validating: bytes, as: UTF8.self)
        ?? bytes.map { byte in
          (0x20..<0x7f).contains(byte)
            ? String(Unicode.Scalar(byte)) : "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }
  }

  private static func nonFinite(_ value: Double) -> String {
    value.isNaN ? "NaN" : value < 0 ? "-Infinity" : "Infinity"
  }

  /// The value as a number; of a bool 0 or 1; nil for complex numbers and bytes.
  public var doubleValue: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .unsigned(let value): Double(value)
    case .float(let value): Double(value)
    case .double(let value): value
    case .bool(let value): value ? 1 : 0
    case .complex, .complexDouble, .bytes: nil
    }
  }
}

/// The few rules of JSON that values need.
public enum JSONText {
  /// A string in quotes, with everything escaped that JSON or a `<script>` element could trip over.
  public static func quoted(_ string: String) -> String {
    var text = "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case "\u{0}"..<"\u{20}", "\u{7f}", "\u{2028}", "\u{2029}":
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text + "\""
  }

  /// A number, or the name of a non-finite one as a string.
  public static func number(_ value: Double?) -> String { value.map { ScalarValue.double($0).json } ?? "null" }

  /// Base 64 with padding (RFC 4648, section 4).
  public static func base64(_ bytes: [UInt8]) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var text: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      let bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
      for place in 0..<4 {
        text.append(place <= group.count ? alphabet[Int(bits >> UInt32(18 - 6 * place)) & 63] : UInt8(ascii: "="))
      }
    }
    return String(decoding: text, as: UTF8.self)
  }
}

extension Tensor {
  /// The elements at flat positions `range`, in row-major order; positions beyond the end are left out.
  /// Empty for resource and variant tensors.
  public func values(_ range: Range<Int>) -> [ScalarValue] {
    let range = range.clamped(to: 0..<elementCount)
    if dtype == .string { return strings[range].map { .bytes($0) } }
    guard let width = dtype.byteWidth else { return [] }
    return withUnsafeBytes { bytes in
      range.map { ScalarValue(dtype: dtype, UnsafeRawBufferPointer(rebasing: bytes[$0 * width..<($0 + 1) * width])) }
    }
  }
}

extension ScalarValue {
  /// Decodes one little-endian element. `bytes` holds exactly the element; dtype has a fixed width.
  init(dtype: DataType, _ bytes: UnsafeRawBufferPointer) {
    func load<T: BitwiseCopyable>(_ type: T.Type, at offset: Int = 0) -> T {
      bytes.loadUnaligned(fromByteOffset: offset, as: type)
    }
    self =
      switch dtype {
      case .float32: .float(load(Float.self))
      case .float64: .double(load(Double.self))
      case .float16: .float(Float(load(Float16.self)))
      case .bfloat16: .float(load(BFloat16.self).floatValue)
      case .int8, .qint8: .integer(Int64(load(Int8.self)))
      case .int16, .qint16: .integer(Int64(load(Int16.self)))
      case .int32, .qint32: .integer(Int64(load(Int32.self)))
      case .int64: .integer(load(Int64.self))
      case .uint8, .quint8: .unsigned(UInt64(load(UInt8.self)))
      case .uint16, .quint16: .unsigned(UInt64(load(UInt16.self)))
      case .uint32: .unsigned(UInt64(load(UInt32.self)))
      case .uint64: .unsigned(load(UInt64.self))
      case .bool: .bool(load(UInt8.self) != 0)
      case .complex64: .complex(load(Float.self), load(Float.self, at: 4))
      case .complex128: .complexDouble(load(Double.self), load(Double.self, at: 8))
      case .string, .resource, .variant: preconditionFailure("\(dtype.name) has no elements of fixed width")
      }
  }
}
