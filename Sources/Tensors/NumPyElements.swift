import Foundation

/// The elements of an array as NumPy prints them: all of one width, chosen by looking at all that are shown.
enum NumPyElements {
  /// Fractional digits at most, NumPy's default.
  private static let precision = 8

  static func texts(of tensor: Tensor, at indices: [Int]) -> [String] {
    let values = indices.map { tensor.values($0..<$0 + 1).first }
    let isScalar = tensor.rank == 0
    switch tensor.dtype {
    case .bool:
      return values.map { value in
        guard case .bool(let truth) = value else { return "" }
        return truth ? (isScalar ? "True" : " True") : "False"
      }
    case .string:
      return values.map { value in
        guard case .bytes(let bytes) = value else { return "" }
        return NumPyText.bytesLiteral(bytes)
      }
    case .complex64, .complex128:
      let pairs = values.map { complex($0) }
      let real = floats(pairs.map(\.real))
      let imaginary = floats(pairs.map(\.imaginary), alwaysSigned: true)
      return zip(real, imaginary).map { $0 + trailing($1, "j") }
    case let dtype where dtype.isFloatingPoint:
      return floats(values.map { decimal($0, dtype) })
    default:
      let texts = values.map { $0.map(\.description) ?? "" }
      let width = texts.map(\.count).max() ?? 0
      return texts.map { padded($0, width) }
    }
  }

  /// A number in its shortest decimal form: digits d₀d₁… with value 0.d₀d₁… × 10^exponent.
  struct Decimal {
    var isNegative = false
    var digits: [UInt8] = []
    var exponent = 0
    /// The value, for comparisons and for rounding.
    var value: Double

    init(_ value: Double, shortest: String) {
      self.value = value
      guard value.isFinite else { return }
      var point: Int?
      var power = 0
      var digits: [UInt8] = []
      for (offset, byte) in shortest.utf8.enumerated() {
        switch byte {
        case 0x2d: isNegative = true
        case 0x2e: point = digits.count
        case 0x65, 0x45: power = Int(shortest.dropFirst(offset + 1).replacing("+", with: "")) ?? 0
        default: if power == 0, (0x30...0x39).contains(byte) { digits.append(byte - 0x30) }
        }
        if byte == 0x65 || byte == 0x45 { break }
      }
      exponent = (point ?? digits.count) + power
      let leading = digits.prefix { $0 == 0 }.count
      digits.removeFirst(leading)
      exponent -= leading
      while digits.last == 0 { digits.removeLast() }
      if digits.isEmpty { exponent = 1 }
      self.digits = digits
    }
  }

  private static func decimal(_ value: ScalarValue?, _ dtype: DataType) -> Decimal {
    switch value {
    case .float(let value) where dtype == .float16:
      // A half needs fewer digits than the float32 that stands for it.
      Decimal(Double(value), shortest: Float16(value).description)
    case .float(let value): Decimal(Double(value), shortest: value.description)
    case .double(let value): Decimal(value, shortest: value.description)
    default: Decimal(value?.doubleValue ?? .nan, shortest: (value?.doubleValue ?? .nan).description)
    }
  }

  private static func complex(_ value: ScalarValue?) -> (real: Decimal, imaginary: Decimal) {
    switch value {
    case .complex(let real, let imaginary):
      (Decimal(Double(real), shortest: real.description), Decimal(Double(imaginary), shortest: imaginary.description))
    case .complexDouble(let real, let imaginary):
      (Decimal(real, shortest: real.description), Decimal(imaginary, shortest: imaginary.description))
    default: (decimal(value, .float64), decimal(value, .float64))
    }
  }

  private static func floats(_ numbers: [Decimal], alwaysSigned: Bool = false) -> [String] {
    let magnitudes = numbers.map { abs($0.value) }.filter { $0.isFinite && $0 != 0 }
    let largest = magnitudes.max() ?? 0
    let smallest = magnitudes.min() ?? 0
    let isExponential = !magnitudes.isEmpty && (largest >= 1e8 || smallest < 1e-4 || largest / smallest > 1000)
    let finite = numbers.filter { $0.value.isFinite }
    func sign(_ number: Decimal) -> String { number.isNegative ? "-" : alwaysSigned ? "+" : "" }

    var parts: [(whole: String, fraction: String, end: String)] = finite.map { number in
      if isExponential {
        let text = scientific(number)
        return (sign(number) + text.whole, text.fraction, text.exponent)
      }
      let text = positional(number)
      return (sign(number) + text.whole, text.fraction, "")
    }
    let fractionWidth = parts.map(\.fraction.count).max() ?? 0
    var endWidth = 0
    if isExponential {
      let exponentDigits = parts.map { $0.end.count - 2 }.max() ?? 2
      endWidth = exponentDigits + 2
      parts = parts.map { part in
        let zeros = String(repeating: "0", count: fractionWidth - part.fraction.count)
        let filler = String(repeating: "0", count: exponentDigits - (part.end.count - 2))
        return (part.whole, part.fraction + zeros, part.end.prefix(2) + filler + part.end.dropFirst(2))
      }
    }
    let right = fractionWidth + endWidth
    let special = numbers.filter { !$0.value.isFinite }.map { nonFinite($0.value, alwaysSigned) }
    var left = parts.map(\.whole.count).max() ?? 0
    // An array of nothing but NaN and infinities has no point to align at.
    let offset = finite.isEmpty ? 0 : right + 1
    for text in special { left = max(left, text.count - offset) }

    var next = parts.makeIterator()
    return numbers.map { number in
      guard number.value.isFinite, let part = next.next() else {
        return padded(nonFinite(number.value, alwaysSigned), left + offset)
      }
      let body = padded(part.whole, left) + "." + part.fraction + part.end
      return body + String(repeating: " ", count: max(0, left + 1 + right - body.count))
    }
  }

  private static func nonFinite(_ value: Double, _ alwaysSigned: Bool) -> String {
    let plus = alwaysSigned ? "+" : ""
    return value.isNaN ? plus + "nan" : value < 0 ? "-inf" : plus + "inf"
  }

  /// Whole and fractional digits, the latter at most `precision`.
  private static func positional(_ number: Decimal) -> (whole: String, fraction: String) {
    if number.digits.count - number.exponent > precision {
      // Rounded from the exact value, half to even, as C does.
      let text = String(format: "%.\(precision)f", abs(number.value))
      let pieces = text.split(separator: ".", omittingEmptySubsequences: false)
      return (String(pieces[0]), trimmed(String(pieces[1])))
    }
    let whole = (0..<max(number.exponent, 1)).map { place -> Character in
      let index = number.exponent >= 1 ? place : -1
      return digit(number, index)
    }
    let fraction = (0..<max(0, number.digits.count - number.exponent)).map { digit(number, number.exponent + $0) }
    return (String(whole), String(fraction))
  }

  private static func digit(_ number: Decimal, _ index: Int) -> Character {
    guard number.digits.indices.contains(index) else { return "0" }
    return Character(Unicode.Scalar(0x30 + number.digits[index]))
  }

  private static func scientific(_ number: Decimal) -> (whole: String, fraction: String, exponent: String) {
    var digits = number.digits.isEmpty ? [0] : number.digits
    var power = number.digits.isEmpty ? 0 : number.exponent - 1
    if digits.count > precision + 1 {
      let text = String(format: "%.\(precision)e", abs(number.value))
      let pieces = text.split(separator: "e")
      digits = pieces[0].utf8.filter { $0 != 0x2e }.map { $0 - 0x30 }
      power = Int(pieces[1].replacing("+", with: "")) ?? 0
      while digits.count > 1, digits.last == 0 { digits.removeLast() }
    }
    let text = digits.map { String($0) }
    let size = String(abs(power))
    let exponent = "e" + (power < 0 ? "-" : "+") + (size.count < 2 ? "0" + size : size)
    return (text[0], text.dropFirst().joined(), exponent)
  }

  private static func trimmed(_ fraction: String) -> String {
    var fraction = fraction
    while fraction.last == "0" { fraction.removeLast() }
    return fraction
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }

  /// `text` with `mark` after its last character that is not a space.
  private static func trailing(_ text: String, _ mark: String) -> String {
    let kept = text.reversed().drop { $0 == " " }.count
    return text.prefix(kept) + mark + text.dropFirst(kept)
  }
}
