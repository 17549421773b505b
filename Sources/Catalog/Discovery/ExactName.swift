/// A name as the file system and the database have it: its bytes. Swift's strings are equal where they look equal, but
/// `é` in one code point and `é` in two are two folders, and two tags.
struct ExactName: Hashable, Comparable, Sendable {
  let text: String

  init(_ text: String) { self.text = text }

  static func == (left: Self, right: Self) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

  static func < (left: Self, right: Self) -> Bool { left.text.utf8.lexicographicallyPrecedes(right.text.utf8) }

  func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}

extension SeriesBatch.Key {
  static func == (left: Self, right: Self) -> Bool {
    left.kind == right.kind && ExactName(left.tag) == ExactName(right.tag)
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(kind)
    hasher.combine(ExactName(tag))
  }
}
