import Engine
import Foundation
import Tensors

/// One `session.run` written as JSON: what to feed and what to fetch, by name.
///
/// `{"feeds": {"x:0": {"dtype": "float32", "shape": [2], "data": [1, "NaN"]}}, "fetches": ["y:0", "train_op"]}`; data is
/// flat and row-major. Numbers that are not finite are the strings `NaN`, `Infinity` and `-Infinity`, complex numbers
/// pairs, byte strings text or `{"base64": "…"}`.
public struct GraphCall: Decodable, Sendable {
  public var feeds: [String: TensorText]
  public var fetches: [String]

  private enum CodingKeys: String, CodingKey { case feeds, fetches }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    feeds = try values.decodeIfPresent([String: TensorText].self, forKey: .feeds) ?? [:]
    fetches = try values.decodeIfPresent([String].self, forKey: .fetches) ?? []
  }

  /// The calls of a file: a list, or one call by itself.
  public static func list(_ data: Data) throws -> [GraphCall] {
    let decoder = JSONDecoder()
    do {
      let text = data.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
      return text == UInt8(ascii: "{")
        ? [try decoder.decode(GraphCall.self, from: data)] : try decoder.decode([GraphCall].self, from: data)
    } catch let error as DecodingError {
      throw EngineError(.invalidArgument, "the calls do not read: \(Self.explain(error))")
    }
  }

  /// Runs the call; answers `{"y:0": {"dtype", "shape", "data"}, "train_op": null}`, in the order of the fetches.
  /// - Throws: `EngineError`.
  public func run(in session: Session) throws -> String {
    let values = try session.run(fetches, feeds: feeds.mapValues { try $0.tensor })
    var seen = Set<String>()
    let members = zip(fetches, values).compactMap { name, value -> String? in
      guard seen.insert(name).inserted else { return nil }
      return "\(JSONText.quoted(name)): \(value.map(TensorText.json) ?? "null")"
    }
    return "{" + members.joined(separator: ", ") + "}"
  }

  private static func explain(_ error: DecodingError) -> String {
    let context: DecodingError.Context
    switch error {
    case .typeMismatch(_, let found), .valueNotFound(_, let found), .keyNotFound(_, let found),
      .dataCorrupted(let found):
      context = found
    @unknown default: return "\(error)"
    }
    let path = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
    return path.isEmpty ? context.debugDescription : "\(path): \(context.debugDescription)"
  }
}

/// A tensor written as JSON.
public struct TensorText: Decodable, Sendable {
  private enum Element: Decodable, Sendable {
    case integer(Int64)
    case unsigned(UInt64)
    case number(Double)
    case flag(Bool)
    case text(String)
    case pair(Double, Double)
    case bytes([UInt8])

    private struct Base64: Decodable { var base64: String }

    init(from decoder: any Decoder) throws {
      let value = try decoder.singleValueContainer()
      if let flag = try? value.decode(Bool.self) {
        self = .flag(flag)
      } else if let integer = try? value.decode(Int64.self) {
        self = .integer(integer)
      } else if let unsigned = try? value.decode(UInt64.self) {
        self = .unsigned(unsigned)
      } else if let number = try? value.decode(Double.self) {
        self = .number(number)
      } else if let text = try? value.decode(String.self) {
        self = .text(text)
      } else if let pair = try? value.decode([Element].self), pair.count == 2, let real = pair[0].double,
        let imaginary = pair[1].double
      {
        self = .pair(real, imaginary)
      } else if let data = Data(base64Encoded: try value.decode(Base64.self).base64) {
        self = .bytes([UInt8](data))
      } else {
        throw DecodingError.dataCorruptedError(in: value, debugDescription: "not the base64 of bytes")
      }
    }

    var double: Double? {
      switch self {
      case .integer(let value): Double(value)
      case .unsigned(let value): Double(value)
      case .number(let value): value
      case .flag(let value): value ? 1 : 0
      case .text("NaN"): .nan
      case .text("Infinity"): .infinity
      case .text("-Infinity"): -.infinity
      default: nil
      }
    }
  }

  private var dtype: String
  private var shape: [Int]
  private var data: [Element]

  /// The tensor itself.
  /// - Throws: `EngineError` (InvalidArgument) where type, shape and data do not fit each other.
  public var tensor: Tensor {
    get throws {
      guard let dtype = DataType(name: self.dtype) else { throw bad("'\(self.dtype)' is no type of elements") }
      let shape = Shape(shape)
      guard let count = shape.checkedElementCount(), count == data.count else {
        throw bad("shape \(shape) does not have \(data.count) elements")
      }
      switch dtype {
      case .float32: return Tensor(try data.map { Float(try double($0)) }, shape: shape)
      case .float64: return Tensor(try data.map { try double($0) }, shape: shape)
      case .float16: return Tensor(try data.map { Float16(try double($0)) }, shape: shape)
      case .bfloat16: return Tensor(try data.map { BFloat16(Float(try double($0))) }, shape: shape)
      case .complex64:
        return Tensor(
          try data.map { element in
            let (real, imaginary) = try pair(element)
            return Complex64(Float(real), Float(imaginary))
          }, shape: shape)
      case .complex128:
        return Tensor(
          try data.map { element in
            let (real, imaginary) = try pair(element)
            return Complex128(real, imaginary)
          }, shape: shape)
      case .int8: return Tensor(try integers(Int8.self), shape: shape)
      case .int16: return Tensor(try integers(Int16.self), shape: shape)
      case .int32: return Tensor(try integers(Int32.self), shape: shape)
      case .int64: return Tensor(try integers(Int64.self), shape: shape)
      case .uint8: return Tensor(try integers(UInt8.self), shape: shape)
      case .uint16: return Tensor(try integers(UInt16.self), shape: shape)
      case .uint32: return Tensor(try integers(UInt32.self), shape: shape)
      case .uint64: return Tensor(try integers(UInt64.self), shape: shape)
      case .bool: return Tensor(try data.map { try double($0) != 0 }, shape: shape)
      case .string:
        return Tensor(
          strings: try data.map { element in
            switch element {
            case .text(let text): return Array(text.utf8)
            case .bytes(let bytes): return bytes
            default: throw bad("an element is no string")
            }
          }, shape: shape)
      default: throw bad("a \(dtype.name) tensor cannot be fed")
      }
    }
  }

  /// A tensor as JSON.
  public static func json(_ tensor: Tensor) -> String {
    let values = tensor.values(0..<tensor.elementCount).map(\.json).joined(separator: ", ")
    let shape = tensor.shape.dimensions.map(String.init).joined(separator: ", ")
    return "{\"dtype\": \"\(tensor.dtype.name)\", \"shape\": [\(shape)], \"data\": [\(values)]}"
  }

  private func bad(_ message: String) -> EngineError { EngineError(.invalidArgument, message) }

  private func double(_ element: Element) throws -> Double {
    guard let value = element.double else { throw bad("an element is no number") }
    return value
  }

  private func pair(_ element: Element) throws -> (Double, Double) {
    if case .pair(let real, let imaginary) = element { return (real, imaginary) }
    return (try double(element), 0)
  }

  private func integers<T: FixedWidthInteger>(_: T.Type) throws -> [T] {
    try data.map { element in
      let value: T? =
        switch element {
        case .integer(let value): T(exactly: value)
        case .unsigned(let value): T(exactly: value)
        case .flag(let value): value ? 1 : 0
        case .number(let value): T(exactly: value)
        default: nil
        }
      guard let value else { throw bad("an element is no \(dtype)") }
      return value
    }
  }
}
