/// Scripts as they are sent: without the lines that hold nothing but a comment.
///
/// The comments carry the types that the checks read; a browser has no use for them, and they are a third of the bytes.
/// Code is never touched, and lines stay in place (an emptied line remains), so that positions in error messages are
/// those of the source. A comment must begin and end its lines; the tests of the pages check that no text literal spans
/// lines, which a filter of lines could damage.
enum ScriptText {
  /// The script with comment lines emptied.
  static func withoutComments(_ script: [UInt8]) -> [UInt8] {
    var sent: [UInt8] = []
    sent.reserveCapacity(script.count)
    var insideComment = false
    var rest = script[...]
    while !rest.isEmpty {
      let end = rest.firstIndex(of: UInt8(ascii: "\n"))
      let line = rest[..<(end ?? rest.endIndex)]
      if !isComment(line, inside: &insideComment) { sent.append(contentsOf: line) }
      if let end { sent.append(rest[end]) }
      rest = rest[(end.map { $0 + 1 } ?? rest.endIndex)...]
    }
    return sent
  }

  /// Whether a line is a comment only; `inside` says whether it began in a block comment, and is updated.
  private static func isComment(_ line: ArraySlice<UInt8>, inside: inout Bool) -> Bool {
    let blank: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: "\r") }
    let text = line.drop(while: blank)
    if inside {
      // The tests of the pages check that no code follows the end of a block on its line.
      inside = !ends(text, blank: blank)
      return true
    }
    guard text.starts(with: "/*".utf8) else { return text.starts(with: "//".utf8) }
    if ends(text, blank: blank) { return true }
    // `/* … */ code` is code; `/* …` opens a block.
    inside = !contains(text.dropFirst(2), "*/")
    return inside
  }

  private static func ends(_ text: ArraySlice<UInt8>, blank: (UInt8) -> Bool) -> Bool {
    var text = text
    while let last = text.last, blank(last) { text.removeLast() }
    return text.suffix(2).elementsEqual("*/".utf8)
  }

  private static func contains(_ text: ArraySlice<UInt8>, _ word: String) -> Bool {
    let word = Array(word.utf8)
    guard text.count >= word.count else { return false }
    return text.indices.dropLast(word.count - 1).contains { text[$0..<($0 + word.count)].elementsEqual(word) }
  }
}
