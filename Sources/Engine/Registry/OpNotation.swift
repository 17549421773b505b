import Tensors

/// Parses the notation of op definitions. Texts are part of the program, so a mistake is a programmer's error.
enum OpNotation {
  static let floats: [DataType] = [.float16, .bfloat16, .float32, .float64]
  static let realNumbers: [DataType] = [
    .float32, .float64, .int32, .uint8, .int16, .int8, .int64, .bfloat16, .uint16, .float16, .uint32, .uint64,
  ]
  static let numbers: [DataType] = [
    .float32, .float64, .int32, .uint8, .int16, .int8, .complex64, .int64, .qint8, .quint8, .qint32, .bfloat16,
    .uint16, .complex128, .float16, .uint32, .uint64,
  ]

  /// `name: T`, `name: float`, `name: Ref(T)`, `name: N * T`.
  static func argument(_ text: String, attributeKinds: [String: String]) -> OpDefinition.Argument {
    let (name, rest) = split(text, at: ":")
    var type = rest
    var isReference = false
    if type.hasPrefix("Ref("), type.hasSuffix(")") {
      isReference = true
      type = String(type.dropFirst(4).dropLast())
    }
    var number: String?
    if type.contains("*") { (number, type) = { ($0.0, $0.1) }(split(type, at: "*")) }
    let element: OpDefinition.Argument.ElementType
    if let kind = attributeKinds[type] {
      element = kind == "list(type)" ? .listAttribute(type) : .attribute(type)
    } else if let fixed = DataType(name: type) {
      element = .fixed(fixed)
    } else {
      preconditionFailure("unknown type in op argument '\(text)'")
    }
    return .init(name: name, type: element, numberAttribute: number, isReference: isReference)
  }

  /// `name: kind`, with `>= minimum`, `= default`, and for kinds `{a, b}` of types or quoted strings, or one of the
  /// names `floattype`, `realnumbertype`, `numbertype`.
  static func attribute(_ text: String) -> OpDefinition.Attribute {
    var (name, rest) = split(text, at: ":")
    var attribute = OpDefinition.Attribute(name: name, kind: "")
    var defaultText: String?
    if let range = rest.ranges(of: " = ").first {
      defaultText = String(rest[range.upperBound...])
      rest = String(rest[..<range.lowerBound])
    }
    if let range = rest.ranges(of: ">=").first {
      attribute.minimum = Int64(trim(String(rest[range.upperBound...])))
      rest = trim(String(rest[..<range.lowerBound]))
    }
    var isList = false
    if rest.hasPrefix("list("), rest.hasSuffix(")") {
      isList = true
      rest = String(rest.dropFirst(5).dropLast())
    }
    switch rest {
    case "floattype": (attribute.kind, attribute.allowedTypes) = ("type", floats)
    case "realnumbertype": (attribute.kind, attribute.allowedTypes) = ("type", realNumbers)
    case "numbertype": (attribute.kind, attribute.allowedTypes) = ("type", numbers)
    case _ where rest.hasPrefix("{"):
      let items = rest.dropFirst().dropLast().split(separator: ",").map { trim(String($0)) }
      if items.allSatisfy({ $0.hasPrefix("'") }) {
        (attribute.kind, attribute.allowedStrings) = ("string", items.map { String($0.dropFirst().dropLast()) })
      } else {
        attribute.kind = "type"
        attribute.allowedTypes = items.map { item in
          guard let type = DataType(name: item) else { preconditionFailure("unknown type in '\(text)'") }
          return type
        }
      }
    default: attribute.kind = rest
    }
    if isList { attribute.kind = "list(\(attribute.kind))" }
    attribute.defaultValue = defaultText.map { value(trim($0), kind: attribute.kind, in: text) }
    return attribute
  }

  private static func value(_ text: String, kind: String, in whole: String) -> AttributeValue {
    let items = text.hasPrefix("[") ? text.dropFirst().dropLast().split(separator: ",").map { trim(String($0)) } : []
    switch kind {
    case "int": return .int(Int64(text) ?? 0)
    case "float": return .float(Float(text) ?? 0)
    case "bool": return .bool(text == "true")
    case "string": return .string(String(text.dropFirst().dropLast()))
    case "type":
      guard let type = DataType(name: text) else { preconditionFailure("unknown default in '\(whole)'") }
      return .type(type)
    case "shape": return .shape(text == "?" ? .unknown : PartialShape(items.map { Int($0) }))
    case "tensor": return .tensor(Tensor(items.compactMap { UInt8($0) }))
    case "list(int)": return items.isEmpty ? .emptyList : .ints(items.map { Int64($0) ?? 0 })
    case "list(float)": return items.isEmpty ? .emptyList : .floats(items.map { Float($0) ?? 0 })
    default: return .emptyList
    }
  }

  private static func split(_ text: String, at separator: Character) -> (String, String) {
    guard let index = text.firstIndex(of: separator) else {
      preconditionFailure("'\(separator)' missing in op definition '\(text)'")
    }
    return (trim(String(text[..<index])), trim(String(text[text.index(after: index)...])))
  }

  private static func trim(_ text: String) -> String {
    var slice = Substring(text)
    while slice.first == " " { slice.removeFirst() }
    while slice.last == " " { slice.removeLast() }
    return String(slice)
  }
}
