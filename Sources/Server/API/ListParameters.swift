import Catalog

/// Parameters that several listings take.
extension Parameter {
  static let runPatterns = Parameter(
    "run_glob", repeats: true,
    "A pattern of run names: * stands for any characters, ? for one. May be repeated; without it, all runs.")
  static let tagPatterns = Parameter(
    "tag_glob", repeats: true,
    "A pattern of tags: * stands for any characters, ? for one. May be repeated; without it, all tags.")
  static let fromStep = Parameter("from", .integer, "The first step wanted")
  static let toStep = Parameter("to", .integer, "The last step wanted")

  /// The number of the first element of a page.
  static let offset = Parameter("offset", .integer, "How many to leave out before the first; 0 without it")

  static func limit(_ usual: Int, most: Int) -> Parameter {
    Parameter("limit", .integer, "How many at most: 1 to \(most), \(usual) without it")
  }
}

extension QueryParameters {
  func patterns(_ name: String) -> [NamePattern] { texts(name).map { NamePattern($0) } }

  /// First and last step; the first may not be behind the last.
  func steps() throws(Problem) -> (from: Int64?, to: Int64?) {
    let (from, to) = (try optionalInt64("from"), try optionalInt64("to"))
    if let from, let to, from > to { throw .badRequest("“from” \(from) is behind “to” \(to).") }
    return (from, to)
  }

  func offset() throws(Problem) -> Int { try int("offset", default: 0, in: 0...Int.max) }
}

extension ExpressionError: ProblemDescribing {
  var problem: Problem { .badRequest(description) }
}

extension JSONWriter {
  /// A value of any form.
  mutating func value(_ plain: PlainValue) {
    switch plain {
    case .null: null()
    case .flag(let flag): value(flag)
    case .integer(let number): value(number)
    case .number(let number): value(number)
    case .single(let number): value(number)
    case .text(let text): value(text)
    case .list(let values): array(values) { $0.value($1) }
    case .fields(let fields):
      object { json in
        for field in fields { json.member(field.name) { $0.value(field.value) } }
      }
    }
  }

  mutating func member(_ name: String, _ plain: PlainValue) { member(name) { $0.value(plain) } }
}
