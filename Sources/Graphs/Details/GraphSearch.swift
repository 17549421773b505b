/// One hit of a search in a graph.
public struct GraphHit: Codable, Sendable, Hashable {
  /// Element id, for the page.
  public var id: String
  /// Full name in the graph.
  public var name: String
  public var op: String?
  public var kind: ScopeTree.Kind
}

extension GraphStructure {
  /// Nodes and scopes whose name contains `text`, or whose op type is `text`; case does not matter. A tensor's name
  /// (`a/b:0`) finds the op.
  ///
  /// Best first: the last part of the name is the text, begins with it, contains it; the name contains it; the op type.
  /// Within equals, scopes before ops, then shorter names, then the order of the graph.
  public func search(_ text: String, limit: Int = 50) -> [GraphHit] {
    let needle = Self.lowercase(Self.withoutOutput(text))
    guard !needle.isEmpty, limit > 0 else { return [] }
    var hits: [(rank: Int, length: Int, element: Int)] = []
    let opRanks = model.opNames.map { Self.lowercase($0) == needle ? 4 : Int.max }
    for (index, element) in tree.elements.enumerated().dropFirst() {
      let name = element.node >= 0 ? model.nodes[Int(element.node)].name : tree.id(of: Int32(index))
      var rank = Self.rank(Array(name.utf8), needle)
      if element.node >= 0 { rank = min(rank, opRanks[model.nodes[Int(element.node)].op]) }
      guard rank < Int.max else { continue }
      hits.append((rank * 2 + (element.node >= 0 ? 1 : 0), name.utf8.count, index))
    }
    hits.sort { ($0.rank, $0.length, $0.element) < ($1.rank, $1.length, $1.element) }
    return hits.prefix(limit).map { hit in
      let element = tree.elements[hit.element]
      let id = tree.id(of: Int32(hit.element))
      guard element.node >= 0 else { return GraphHit(id: id, name: id, op: nil, kind: element.kind) }
      let node = Int(element.node)
      return GraphHit(id: id, name: model.nodes[node].name, op: model.op(of: node), kind: .op)
    }
  }

  private static func withoutOutput(_ text: String) -> Substring {
    guard let colon = text.lastIndex(of: ":"), Int(text[text.index(after: colon)...]) != nil else { return text[...] }
    return text[..<colon]
  }

  private static func lowercase(_ text: some StringProtocol) -> [UInt8] { text.utf8.map(lowercase) }

  private static func lowercase(_ byte: UInt8) -> UInt8 { byte >= 65 && byte <= 90 ? byte + 32 : byte }

  /// 0 to 3 as described above; Int.max if the name does not contain the text.
  private static func rank(_ name: [UInt8], _ needle: [UInt8]) -> Int {
    guard needle.count <= name.count else { return .max }
    let leaf = (name.lastIndex(of: UInt8(ascii: "/")) ?? -1) + 1
    var best = Int.max
    for start in 0...(name.count - needle.count) where matches(name, start, needle) {
      let rank =
        start == leaf ? (start + needle.count == name.count ? 0 : 1) : start > leaf ? 2 : 3
      best = min(best, rank)
      if best == 0 { break }
    }
    return best
  }

  private static func matches(_ name: [UInt8], _ start: Int, _ needle: [UInt8]) -> Bool {
    for index in needle.indices where lowercase(name[start + index]) != needle[index] { return false }
    return true
  }
}
