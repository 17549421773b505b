/// Tensors as NumPy's `repr` prints arrays, which is what people who debug TensorFlow programs are used to read:
/// `array([ 0., nan], dtype=float32)`.
///
/// The rules are those of NumPy 1.14 and later with its default print options: eight digits of precision, all elements of
/// one width, the shortest digits that tell a number from its neighbours, exponents where magnitudes differ by more than
/// a thousand, and the middle of large arrays left out.
public struct NumPyText: Sendable {
  /// Characters a line may have.
  public var lineWidth: Int
  /// Arrays with more elements than this show only the first and last three along each axis.
  public var threshold: Int

  public init(lineWidth: Int = 75, threshold: Int = 1000) {
    self.lineWidth = max(lineWidth, 10)
    self.threshold = threshold
  }

  /// Elements shown at each end of an axis that is too long.
  static let edgeItems = 3

  /// The array with its type, over several lines where it is long.
  public func array(_ tensor: Tensor) -> String {
    let prefix = "array("
    let isImplied = tensor.elementCount > 0 && Self.impliedTypes.contains(tensor.dtype)
    let suffix = isImplied ? ")" : ","
    let body: String
    if tensor.elementCount > 0 {
      body = elements(of: tensor, indent: prefix.count, width: lineWidth - suffix.count)
    } else if tensor.shape.dimensions == [0] {
      body = "[]"
    } else {
      body = "[], shape=\(tensor.shape.tupleText)"
    }
    let text = prefix + body + suffix
    if isImplied { return text }
    let type = "dtype=\(Self.typeName(tensor.dtype)))"
    let lastLine = text.split(separator: "\n", omittingEmptySubsequences: false).last?.count ?? 0
    let fits = lastLine + type.count + 1 <= lineWidth
    return text + (fits ? " " : "\n" + String(repeating: " ", count: prefix.count)) + type
  }

  /// One element alone, as Python prints a NumPy scalar.
  public static func scalar(_ tensor: Tensor, at index: Int = 0) -> String {
    switch tensor.values(index..<index + 1).first {
    case .float(let value): python(Double(value), shortest: value.description)
    case .double(let value): python(value, shortest: value.description)
    case .bool(let value): value ? "True" : "False"
    case .bytes(let bytes): bytesLiteral(bytes)
    case let other: other.map(\.description) ?? ""
    }
  }

  private static func python(_ value: Double, shortest: String) -> String {
    if value.isNaN { return "nan" }
    if value.isInfinite { return value < 0 ? "-inf" : "inf" }
    return shortest
  }

  private static let impliedTypes: Set<DataType> = [.float64, .int64, .bool, .complex128]

  /// The name of a type as NumPy has it; TensorFlow hands strings over as objects.
  public static func typeName(_ dtype: DataType) -> String { dtype == .string ? "object" : dtype.name }

  /// Bytes as a Python literal.
  static func bytesLiteral(_ bytes: [UInt8]) -> String {
    let quote: Character = bytes.contains(0x27) && !bytes.contains(0x22) ? "\"" : "'"
    var text = "b\(quote)"
    for byte in bytes {
      switch byte {
      case 0x09: text += "\\t"
      case 0x0a: text += "\\n"
      case 0x0d: text += "\\r"
      case 0x5c: text += "\\\\"
      case 0x27 where quote == "'": text += "\\'"
      case 0x20..<0x7f: text.unicodeScalars.append(Unicode.Scalar(byte))
      default: text += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
      }
    }
    return text + String(quote)
  }

  // MARK: Layout

  /// Nested brackets. Rows of the last axis are wrapped; the axes before it have a line for each entry.
  private func elements(of tensor: Tensor, indent: Int, width: Int) -> String {
    let isSummarized = tensor.elementCount > threshold
    let shape = tensor.shape.dimensions
    /// Indices along an axis, nil for the dots.
    func indices(_ count: Int) -> [Int?] {
      guard isSummarized, count > 2 * Self.edgeItems else { return (0..<count).map { $0 } }
      return (0..<Self.edgeItems).map { $0 } + [nil] + (count - Self.edgeItems..<count).map { $0 }
    }
    var shown: [Int] = []
    func collect(_ axis: Int, _ base: Int) {
      guard axis < shape.count else { return shown.append(base) }
      for case let index? in indices(shape[axis]) { collect(axis + 1, base * shape[axis] + index) }
    }
    collect(0, 0)
    var texts = NumPyElements.texts(of: tensor, at: shown).makeIterator()

    func text(_ axis: Int, _ hang: Int, _ width: Int) -> String {
      guard axis < shape.count else { return texts.next() ?? "" }
      let margin = String(repeating: " ", count: hang)
      let entries = indices(shape[axis])
      var result = ""
      if axis == shape.count - 1 {
        let wide = width - 1
        var line = margin
        for (position, entry) in entries.enumerated() {
          let word = entry == nil ? "..." : text(axis + 1, hang + 1, width - 1)
          if line.count + word.count > wide, line.count > hang {
            while line.last == " " { line.removeLast() }
            result += line + "\n"
            line = margin
          }
          line += word
          if position + 1 < entries.count { line += ", " }
        }
        result += line
      } else {
        let between = "," + String(repeating: "\n", count: shape.count - axis - 1)
        for (position, entry) in entries.enumerated() {
          result += margin + (entry == nil ? "..." : text(axis + 1, hang + 1, width - 1))
          if position + 1 < entries.count { result += between }
        }
      }
      return "[" + result.dropFirst(hang) + "]"
    }
    return text(0, indent + 1, width)
  }
}

extension Shape {
  /// The shape as a Python tuple: `(2,)`.
  public var tupleText: String {
    rank == 1 ? "(\(self[0]),)" : "(" + dimensions.map(String.init).joined(separator: ", ") + ")"
  }
}
