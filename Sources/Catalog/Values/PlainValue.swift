import Tensors

/// Decoded data of any form, for showing and for JSON: what a plugin wrote, or a computed column of a listing.
public indirect enum PlainValue: Sendable, Equatable {
  case null
  case flag(Bool)
  case integer(Int64)
  /// Prints so that it reads back exactly as float64.
  case number(Double)
  /// Prints so that it reads back exactly as float32.
  case single(Float)
  case text(String)
  case list([PlainValue])
  /// Members in the order they print.
  case fields([Field])

  /// A member of an object.
  public struct Field: Sendable, Equatable {
    public var name: String
    public var value: PlainValue

    public init(_ name: String, _ value: PlainValue) {
      self.name = name
      self.value = value
    }
  }

  /// A text, or null where it is empty: protocol buffers do not tell the two apart.
  static func filled(_ text: String) -> PlainValue { text.isEmpty ? .null : .text(text) }

  /// JSON; numbers that are not finite are the strings `"NaN"`, `"Infinity"` and `"-Infinity"`.
  public var json: String {
    switch self {
    case .null: "null"
    case .flag(let value): value ? "true" : "false"
    case .integer(let value): "\(value)"
    case .number(let value): ScalarValue.double(value).json
    case .single(let value): ScalarValue.float(value).json
    case .text(let value): JSONText.quoted(value)
    case .list(let values): "[" + values.map(\.json).joined(separator: ", ") + "]"
    case .fields(let fields):
      "{" + fields.map { "\(JSONText.quoted($0.name)): \($0.value.json)" }.joined(separator: ", ") + "}"
    }
  }
}

extension PlainValue {
  /// The members of an object by name.
  public subscript(name: String) -> PlainValue? {
    guard case .fields(let fields) = self else { return nil }
    return fields.first { $0.name == name }?.value
  }
}
