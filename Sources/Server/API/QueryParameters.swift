/// The parameters of a request's query, decoded and checked.
///
/// `+` and `%20` are spaces, as browsers write them. What cannot be decoded, a name the route does not know, and a value
/// of the wrong form are refused with a sentence, so that a misspelt parameter is not silently without effect.
struct QueryParameters: Sendable {
  private var values: [String: [String]] = [:]

  /// - Parameter query: what follows `?`, still encoded; nil where there is none.
  init(query: String?, declared: [Parameter]) throws(Problem) {
    for pair in (query ?? "").utf8.split(separator: UInt8(ascii: "&")) {
      let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = Self.decode(parts[0]), let value = parts.count > 1 ? Self.decode(parts[1]) : "" else {
        throw .badRequest(
          "The query holds a percent sign or bytes that are not UTF-8 text: encode every name and value.")
      }
      guard let parameter = declared.first(where: { $0.name == name }) else {
        throw .badRequest(
          "There is no parameter “\(name.prefix(100))” here. "
            + (declared.isEmpty
              ? "This address takes none." : "Known: \(declared.map(\.name).joined(separator: ", "))."))
      }
      if values[name] != nil, !parameter.repeats {
        throw .badRequest("The parameter “\(name)” may be given once only.")
      }
      values[name, default: []].append(value)
    }
    for parameter in declared where parameter.isRequired { _ = try text(parameter.name) }
  }

  // MARK: Text

  /// The value of a parameter that must be there.
  func text(_ name: String) throws(Problem) -> String {
    guard let value = optionalText(name) else { throw missing(name) }
    return value
  }

  func optionalText(_ name: String) -> String? { values[name]?.first }

  /// All values of a parameter that may be repeated, in order.
  func texts(_ name: String) -> [String] { values[name] ?? [] }

  /// One of the names of `Choice`'s cases.
  func choice<Choice: RawRepresentable & CaseIterable>(_ name: String, default choice: Choice) throws(Problem) -> Choice
  where Choice.RawValue == String {
    guard let text = optionalText(name) else { return choice }
    guard let choice = Choice(rawValue: text) else {
      throw .badRequest(
        "“\(text.prefix(100))” is no value of “\(name)”: use \(Choice.allCases.map(\.rawValue).joined(separator: ", "))."
      )
    }
    return choice
  }

  // MARK: Numbers

  func int(_ name: String, default number: Int, in range: ClosedRange<Int>) throws(Problem) -> Int {
    try optionalInt(name, in: range) ?? number
  }

  func optionalInt(_ name: String, in range: ClosedRange<Int>) throws(Problem) -> Int? {
    guard let text = optionalText(name) else { return nil }
    guard let number = Int(text), range.contains(number) else {
      throw .badRequest(
        "“\(text.prefix(100))” is no value of “\(name)”: give a whole number from \(range.lowerBound) to \(range.upperBound)."
      )
    }
    return number
  }

  func optionalInt64(_ name: String) throws(Problem) -> Int64? {
    guard let text = optionalText(name) else { return nil }
    guard let number = Int64(text) else {
      throw .badRequest("“\(text.prefix(100))” is no value of “\(name)”: give a whole number.")
    }
    return number
  }

  /// A number that must be there.
  func int64(_ name: String) throws(Problem) -> Int64 {
    guard let number = try optionalInt64(name) else { throw missing(name) }
    return number
  }

  func double(_ name: String) throws(Problem) -> Double {
    guard let number = try optionalDouble(name) else { throw missing(name) }
    return number
  }

  func optionalDouble(_ name: String) throws(Problem) -> Double? {
    guard let text = optionalText(name) else { return nil }
    guard let number = Double(text), number.isFinite else {
      throw .badRequest("“\(text.prefix(100))” is no value of “\(name)”: give a number.")
    }
    return number
  }

  private func missing(_ name: String) -> Problem { .badRequest("The parameter “\(name)” is missing.") }

  // MARK: Decoding

  /// Percent-decoded text; nil where an escape is broken or the bytes are not UTF-8.
  static func decode(_ encoded: some Sequence<UInt8>) -> String? {
    var bytes: [UInt8] = []
    var iterator = encoded.makeIterator()
    while let byte = iterator.next() {
      switch byte {
      case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
      case UInt8(ascii: "%"):
        guard let high = iterator.next().flatMap(hexadecimal), let low = iterator.next().flatMap(hexadecimal) else {
          return nil
        }
        bytes.append(high << 4 | low)
      default: bytes.append(byte)
      }
    }
    return String(validating: bytes, as: UTF8.self)
  }

  private static func hexadecimal(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
