/// Text that stands for any bytes, without loss. Names of tags and files are bytes; nearly always they are UTF-8, and
/// then the text is what they say. A byte that is not, and a zero, is written as U+FFFD and its two hexadecimal digits:
/// `caf\xE9` is "caf�E9". Where U+FFFD itself stands before two such digits, its own bytes are written in this way.
public enum ByteText {
  /// The text of `bytes`.
  public static func text(_ bytes: UnsafeRawBufferPointer) -> String {
    if bytes.isEmpty { return "" }
    if !bytes.contains(0), let valid = String(validating: bytes, as: UTF8.self), !isEscaped(valid) { return valid }
    var text = ""
    var parser = Unicode.UTF8.ForwardParser()
    var rest = bytes.makeIterator()
    var position = 0
    while true {
      switch parser.parseScalar(from: &rest) {
      case .valid(let encoded):
        let scalar = Unicode.UTF8.decode(encoded)
        let next = position + encoded.count
        let isMark = scalar == mark && next + 1 < bytes.count && hex(bytes[next]) != nil && hex(bytes[next + 1]) != nil
        if scalar.value == 0 || isMark {
          for byte in encoded { text += escape(byte) }
        } else {
          text.unicodeScalars.append(scalar)
        }
        position = next
      case .error(let length):
        for byte in bytes[position..<position + length] { text += escape(byte) }
        position += length
      case .emptyInput: return text
      }
    }
  }

  /// The text of `bytes`.
  public static func text(_ bytes: some Collection<UInt8>) -> String {
    Array(bytes).withUnsafeBytes { text($0) }
  }

  /// The bytes `text` stands for.
  public static func bytes(_ text: String) -> [UInt8] {
    let utf8 = Array(text.utf8)
    guard isEscaped(text) else { return utf8 }
    var bytes: [UInt8] = []
    var index = 0
    while index < utf8.count {
      if let byte = escaped(utf8, at: index) {
        bytes.append(byte)
        index += escapeLength
      } else {
        bytes.append(utf8[index])
        index += 1
      }
    }
    return bytes
  }

  /// Whether the text stands for other bytes than its own.
  public static func isEscaped(_ text: String) -> Bool {
    var text = text
    return text.withUTF8 { utf8 in utf8.indices.contains { escaped(utf8, at: $0) != nil } }
  }

  /// Calls `body` with the name of a file, as the system's calls take it.
  public static func withFileName<R>(_ path: String, _ body: (UnsafePointer<CChar>) throws -> R) rethrows -> R {
    guard isEscaped(path) else { return try path.withCString(body) }
    return try (bytes(path).map { CChar(bitPattern: $0) } + [0]).withUnsafeBufferPointer { try body($0.baseAddress!) }
  }

  private static let mark: Unicode.Scalar = "\u{FFFD}"
  private static let escapeLength = 5

  private static func escape(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 16, uppercase: true)
    return "\u{FFFD}\(digits.count == 1 ? "0" : "")\(digits)"
  }

  /// The byte that the five from `index` on stand for.
  private static func escaped(_ utf8: some RandomAccessCollection<UInt8>, at index: Int) -> UInt8? {
    func byte(_ offset: Int) -> UInt8 { utf8[utf8.index(utf8.startIndex, offsetBy: index + offset)] }
    guard utf8.count - index >= escapeLength, byte(0) == 0xEF, byte(1) == 0xBF, byte(2) == 0xBD,
      let high = hex(byte(3)), let low = hex(byte(4))
    else { return nil }
    return high << 4 | low
  }

  private static func hex(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x41 + 10
    default: nil
    }
  }
}
