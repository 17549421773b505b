/// Writes JSON into bytes, value by value, without building anything in between.
///
/// Numbers print as the shortest text that reads back exactly; NaN and infinities, which JSON does not have, become the
/// strings `"NaN"`, `"Infinity"` and `"-Infinity"`. Text is escaped so that it is safe inside any document: besides what
/// JSON demands, `<`, `>` and `&` become `\u003c`, `\u003e` and `\u0026`.
///
/// ```swift
/// var json = JSONWriter()
/// json.object {
///   $0.member("run", "train")
///   $0.member("points") { $0.array(points) { $0.value($1) } }
/// }
/// ```
struct JSONWriter {
  private(set) var bytes: [UInt8] = []
  /// Whether a comma comes before the next value or key of the container that is open.
  private var needsComma = false

  init(capacity: Int = 1024) { bytes.reserveCapacity(capacity) }

  // MARK: Containers

  mutating func object(_ members: (inout JSONWriter) throws -> Void) rethrows {
    separate()
    bytes.append(UInt8(ascii: "{"))
    try members(&self)
    bytes.append(UInt8(ascii: "}"))
    needsComma = true
  }

  mutating func array(_ elements: (inout JSONWriter) throws -> Void) rethrows {
    separate()
    bytes.append(UInt8(ascii: "["))
    try elements(&self)
    bytes.append(UInt8(ascii: "]"))
    needsComma = true
  }

  /// An array with what `write` writes for each element.
  mutating func array<Elements: Sequence>(
    _ elements: Elements, _ write: (inout JSONWriter, Elements.Element) throws -> Void
  ) rethrows {
    try array { json in
      for element in elements { try write(&json, element) }
    }
  }

  // MARK: Members of an object

  mutating func member(_ name: String, _ write: (inout JSONWriter) throws -> Void) rethrows {
    key(name)
    try write(&self)
  }

  mutating func member(_ name: String, _ text: String?) {
    key(name)
    if let text { value(text) } else { null() }
  }

  mutating func member(_ name: String, _ number: Double?) {
    key(name)
    if let number { value(number) } else { null() }
  }

  mutating func member<Number: FixedWidthInteger>(_ name: String, _ number: Number?) {
    key(name)
    if let number { value(number) } else { null() }
  }

  mutating func member(_ name: String, _ flag: Bool) {
    key(name)
    value(flag)
  }

  mutating func member(_ name: String, _ texts: [String]) {
    key(name)
    array(texts) { $0.value($1) }
  }

  private mutating func key(_ name: String) {
    value(name)
    bytes.append(UInt8(ascii: ":"))
    needsComma = false
  }

  // MARK: Values

  mutating func null() { raw("null") }

  mutating func value(_ flag: Bool) { raw(flag ? "true" : "false") }

  mutating func value<Number: FixedWidthInteger>(_ number: Number) { raw(number.description) }

  mutating func value(_ number: Double) {
    if number.isFinite { raw(number.description) } else { raw(Self.name(of: number)) }
  }

  /// A float32 prints with the digits a float32 needs.
  mutating func value(_ number: Float) {
    if number.isFinite { raw(number.description) } else { raw(Self.name(of: Double(number))) }
  }

  mutating func value(_ text: String) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(byte)
      case UInt8(ascii: "\n"): bytes.append(contentsOf: "\\n".utf8)
      case UInt8(ascii: "\t"): bytes.append(contentsOf: "\\t".utf8)
      case 0..<0x20, 0x7F, UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "&"):
        bytes.append(contentsOf: "\\u00".utf8)
        bytes.append(Self.digits[Int(byte >> 4)])
        bytes.append(Self.digits[Int(byte & 15)])
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
    needsComma = true
  }

  /// Text that is JSON already.
  mutating func raw(_ json: some StringProtocol) {
    separate()
    bytes.append(contentsOf: json.utf8)
    needsComma = true
  }

  /// Bytes that are JSON already.
  mutating func raw(_ json: [UInt8]) {
    separate()
    bytes.append(contentsOf: json)
    needsComma = true
  }

  /// What was written, as text.
  var text: String { String(decoding: bytes, as: UTF8.self) }

  private mutating func separate() {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
    needsComma = false
  }

  private static let digits = Array("0123456789abcdef".utf8)

  private static func name(of number: Double) -> String {
    number.isNaN ? "\"NaN\"" : number > 0 ? "\"Infinity\"" : "\"-Infinity\""
  }
}
