import Protos

/// Prints attribute values for people: short, on one line, whatever is inside.
enum AttributePrinter {
  static let maximumText = 600
  static let maximumItems = 24

  /// The kind of a value, in the words of op definitions: int, float, bool, string, type, shape, tensor, func, list(int), …
  static func kind(_ value: Tensorflow_AttrValue) -> String {
    switch value.value {
    case .s: return "string"
    case .i: return "int"
    case .f: return "float"
    case .b: return "bool"
    case .type: return "type"
    case .shape: return "shape"
    case .tensor: return "tensor"
    case .func: return "func"
    case .placeholder: return "placeholder"
    case .list(let list):
      if !list.s.isEmpty { return "list(string)" }
      if !list.i.isEmpty { return "list(int)" }
      if !list.f.isEmpty { return "list(float)" }
      if !list.b.isEmpty { return "list(bool)" }
      if !list.type.isEmpty { return "list(type)" }
      if !list.shape.isEmpty { return "list(shape)" }
      if !list.tensor.isEmpty { return "list(tensor)" }
      if !list.func.isEmpty { return "list(func)" }
      return "list"
    case nil: return ""
    }
  }

  static func text(_ value: Tensorflow_AttrValue) -> String {
    switch value.value {
    case .s(let bytes): return text([UInt8](bytes))
    case .i(let number): return String(number)
    case .f(let number): return String(describing: number)
    case .b(let flag): return flag ? "true" : "false"
    case .type(let type): return name(of: type)
    case .shape(let shape): return text(shape)
    case .tensor(let tensor): return TensorPrinter.text(tensor)
    case .func(let function): return function.name
    case .placeholder(let name): return name
    case .list(let list): return text(list)
    case nil: return ""
    }
  }

  private static func text(_ list: Tensorflow_AttrValue.ListValue) -> String {
    if !list.s.isEmpty { return joined(list.s) { text([UInt8]($0)) } }
    if !list.i.isEmpty { return joined(list.i) { String($0) } }
    if !list.f.isEmpty { return joined(list.f) { String(describing: $0) } }
    if !list.b.isEmpty { return joined(list.b) { $0 ? "true" : "false" } }
    if !list.type.isEmpty { return joined(list.type, name) }
    if !list.shape.isEmpty { return joined(list.shape) { text($0) } }
    if !list.tensor.isEmpty { return joined(list.tensor) { TensorPrinter.text($0) } }
    if !list.func.isEmpty { return joined(list.func) { $0.name } }
    return "[]"
  }

  static func joined<Item>(_ items: [Item], _ print: (Item) -> String) -> String {
    let more = items.count > maximumItems ? ", … \(items.count - maximumItems) more" : ""
    return "[" + items.prefix(maximumItems).map(print).joined(separator: ", ") + more + "]"
  }

  /// Text if the bytes are printable, else their number and the first of them in hexadecimal.
  static func text(_ bytes: [UInt8]) -> String {
    let part = bytes.prefix(maximumText)
    var text = String(decoding: part, as: UTF8.self)
    let isCut = bytes.count > part.count
    // A cut may fall inside a character.
    if isCut, text.hasSuffix("\u{fffd}") { text.removeLast() }
    let isPrintable = !text.unicodeScalars.contains { $0 == "\u{fffd}" || ($0.value < 32 && $0 != "\n" && $0 != "\t") }
    if isPrintable { return isCut ? "\(text)… (\(bytes.count) bytes)" : text }
    let digits = Array("0123456789abcdef")
    let hex = bytes.prefix(16).map { "\(digits[Int($0 >> 4)])\(digits[Int($0 & 15)])" }.joined(separator: " ")
    return "\(bytes.count) bytes: \(hex)\(bytes.count > 16 ? " …" : "")"
  }

  static func text(_ shape: Tensorflow_TensorShapeProto) -> String {
    if shape.unknownRank { return "unknown rank" }
    let more = shape.dim.count > maximumItems ? ",…" : ""
    return "[" + shape.dim.prefix(maximumItems).map { $0.size < 0 ? "?" : String($0.size) }.joined(separator: ",")
      + more
      + "]"
  }

  /// TensorFlow's lower-case name of an element type; reference types end in `_ref`.
  static func name(of type: Tensorflow_DataType) -> String { name(ofType: type.rawValue) }

  static func name(ofType number: Int) -> String {
    if number > 100, number < 200 { return name(ofType: number - 100) + "_ref" }
    return number > 0 && number < typeNames.count ? typeNames[number] : number == 0 ? "" : "type \(number)"
  }

  private static let typeNames = [
    "", "float32", "float64", "int32", "uint8", "int16", "int8", "string", "complex64", "int64", "bool", "qint8",
    "quint8", "qint32", "bfloat16", "qint16", "quint16", "uint16", "complex128", "float16", "resource", "variant",
    "uint32", "uint64",
  ]
}

/// Prints the type, shape and first values of a tensor in an attribute.
enum TensorPrinter {
  static let maximumValues = 16

  static func text(_ tensor: Tensorflow_TensorProto) -> String {
    let head = "\(AttributePrinter.name(of: tensor.dtype)) \(AttributePrinter.text(tensor.tensorShape))"
    let values = values(tensor)
    guard !values.isEmpty else { return head }
    return "\(head) \(values.joined(separator: ", "))\(isLonger(tensor, than: values.count) ? ", …" : "")"
  }

  private static func isLonger(_ tensor: Tensorflow_TensorProto, than count: Int) -> Bool {
    var product = 1
    for dimension in tensor.tensorShape.dim {
      let (next, overflow) = product.multipliedReportingOverflow(by: Int(max(dimension.size, 0)))
      if overflow { return true }
      product = next
    }
    return product > count
  }

  /// The first values, from the raw content or from the list of the type; a shorter list repeats its last value, which is
  /// not written out.
  private static func values(_ tensor: Tensorflow_TensorProto) -> [String] {
    if !tensor.tensorContent.isEmpty {
      return raw([UInt8](tensor.tensorContent.prefix(maximumValues * 16)), tensor.dtype)
    }
    func first<Value>(_ list: [Value], _ print: (Value) -> String) -> [String] {
      list.prefix(maximumValues).map(print)
    }
    switch tensor.dtype.rawValue % 100 {
    case 1: return first(tensor.floatVal) { String(describing: $0) }
    case 2: return first(tensor.doubleVal) { String(describing: $0) }
    case 3, 4, 5, 6, 11, 12, 13, 15, 16, 17: return first(tensor.intVal) { String($0) }
    case 7: return first(tensor.stringVal) { "\"" + AttributePrinter.text([UInt8]($0)) + "\"" }
    case 9: return first(tensor.int64Val) { String($0) }
    case 10: return first(tensor.boolVal) { $0 ? "true" : "false" }
    case 14: return first(tensor.halfVal) { String(Float(bitPattern: UInt32(truncatingIfNeeded: $0) << 16)) }
    case 19: return first(tensor.halfVal) { String(half(UInt16(truncatingIfNeeded: $0))) }
    case 22: return first(tensor.uint32Val) { String($0) }
    case 23: return first(tensor.uint64Val) { String($0) }
    default: return []
    }
  }

  private static func raw(_ bytes: [UInt8], _ type: Tensorflow_DataType) -> [String] {
    func each<Value: FixedWidthInteger>(_: Value.Type, _ print: (Value) -> String) -> [String] {
      let width = MemoryLayout<Value>.size
      return stride(from: 0, to: bytes.count - bytes.count % width, by: width).prefix(maximumValues).map { start in
        var value: Value = 0
        for index in (0..<width).reversed() { value = value << 8 | Value(truncatingIfNeeded: bytes[start + index]) }
        return print(value)
      }
    }
    switch type.rawValue % 100 {
    case 1: return each(UInt32.self) { String(describing: Float(bitPattern: $0)) }
    case 2: return each(UInt64.self) { String(describing: Double(bitPattern: $0)) }
    case 3, 13: return each(Int32.self) { String($0) }
    case 4, 12: return bytes.prefix(maximumValues).map { String($0) }
    case 5, 15: return each(Int16.self) { String($0) }
    case 6, 11: return bytes.prefix(maximumValues).map { String(Int8(bitPattern: $0)) }
    case 9: return each(Int64.self) { String($0) }
    case 10: return bytes.prefix(maximumValues).map { $0 == 0 ? "false" : "true" }
    case 14: return each(UInt16.self) { String(Float(bitPattern: UInt32($0) << 16)) }
    case 16, 17: return each(UInt16.self) { String($0) }
    case 19: return each(UInt16.self) { String(half($0)) }
    case 22: return each(UInt32.self) { String($0) }
    case 23: return each(UInt64.self) { String($0) }
    default: return []
    }
  }

  /// IEEE 754 half precision to Float.
  private static func half(_ bits: UInt16) -> Float {
    let sign: Float = bits & 0x8000 == 0 ? 1 : -1
    let exponent = Int((bits >> 10) & 31)
    let fraction = Float(bits & 1023) / 1024
    if exponent == 31 { return fraction == 0 ? sign * .infinity : .nan }
    if exponent == 0 { return sign * fraction * Float(sign: .plus, exponent: -14, significand: 1) }
    return sign * (1 + fraction) * Float(sign: .plus, exponent: exponent - 15, significand: 1)
  }
}
