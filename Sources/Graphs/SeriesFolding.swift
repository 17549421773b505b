/// Folds siblings that repeat into one box.
///
/// Five or more ops of one type in a scope whose names differ only in a trailing number (`Add`, `Add_1`, … or `in0`,
/// `in1`, …) become a series `Add × 9`. So do eight or more scopes that differ only in a trailing number and feed each
/// other in turn (`block0` → `block1` → …); scopes that merely carry numbers are the picture itself and stay. Where a scope would still show more than a thousand boxes, ops of one type
/// are folded whatever their names, and what then is still too much is cut into runs of equal length, so that any graph
/// opens.
struct SeriesFolding {
  static let minimumMembers = 5
  static let minimumScopes = 8
  static let maximumChildren = 1000

  /// Folds everywhere in the tree; `embedded` elements are never boxes and stay out.
  static func fold(_ tree: inout ScopeTree, embedded: [Bool]) {
    let links = chainLinks(tree)
    let scopes = tree.elements.indices.filter { tree.elements[$0].kind != .op }.map(Int32.init)
    for scope in scopes {
      foldNumbered(scope, &tree, embedded)
      foldChains(scope, &tree, links)
      if visibleCount(scope, tree, embedded) > maximumChildren { foldByOp(scope, &tree, embedded) }
      if visibleCount(scope, tree, embedded) > maximumChildren { foldRuns(scope, &tree, embedded) }
    }
    // A series may itself be too long.
    for index in tree.elements.indices where tree.elements[index].kind == .series {
      if tree.children[index].count > maximumChildren { foldRuns(Int32(index), &tree, embedded) }
    }
    tree.renumber()
  }

  private static func visibleCount(_ scope: Int32, _ tree: ScopeTree, _ embedded: [Bool]) -> Int {
    tree.children[Int(scope)].count { !isEmbedded($0, embedded) }
  }

  private static func isEmbedded(_ element: Int32, _ embedded: [Bool]) -> Bool {
    Int(element) < embedded.count && embedded[Int(element)]
  }

  private struct Group: Hashable {
    let op: Int
    let base: String
  }

  private static func foldNumbered(_ scope: Int32, _ tree: inout ScopeTree, _ embedded: [Bool]) {
    guard tree.children[Int(scope)].count >= minimumMembers else { return }
    var members: [Group: [Int32]] = [:]
    var order: [Group] = []
    for child in tree.children[Int(scope)] where tree.elements[Int(child)].kind == .op && !isEmbedded(child, embedded) {
      let element = tree.elements[Int(child)]
      let group = Group(op: tree.model.nodes[Int(element.node)].op, base: base(of: element.label))
      if members[group, default: []].isEmpty { order.append(group) }
      members[group, default: []].append(child)
    }
    for group in order {
      guard let found = members[group], found.count >= minimumMembers else { continue }
      let name = group.base.isEmpty ? tree.model.opNames[group.op] : group.base
      tree.fold(found, of: scope, label: "\(name) × \(found.count)")
    }
  }

  /// How often a scope feeds a sibling that differs in the number only, by parent and base name.
  private static func chainLinks(_ tree: ScopeTree) -> [ChainKey: Int] {
    var links: Set<[Int32]> = []
    let elements = tree.elements
    for edge in tree.model.edges where !edge.isControl {
      var from = tree.elementOfNode[Int(edge.source)]
      var to = tree.elementOfNode[Int(edge.target)]
      while elements[Int(from)].depth > elements[Int(to)].depth { from = elements[Int(from)].parent }
      while elements[Int(to)].depth > elements[Int(from)].depth { to = elements[Int(to)].parent }
      while elements[Int(from)].parent != elements[Int(to)].parent {
        from = elements[Int(from)].parent
        to = elements[Int(to)].parent
      }
      if from != to, elements[Int(from)].kind == .scope, elements[Int(to)].kind == .scope { links.insert([from, to]) }
    }
    var counts: [ChainKey: Int] = [:]
    for link in links {
      let from = elements[Int(link[0])]
      let base = base(of: from.label)
      guard base == Self.base(of: elements[Int(link[1])].label) else { continue }
      counts[ChainKey(parent: from.parent, base: base), default: 0] += 1
    }
    return counts
  }

  private struct ChainKey: Hashable {
    let parent: Int32
    let base: String
  }

  private static func foldChains(_ scope: Int32, _ tree: inout ScopeTree, _ links: [ChainKey: Int]) {
    var members: [String: [Int32]] = [:]
    for child in tree.children[Int(scope)] where tree.elements[Int(child)].kind == .scope {
      members[base(of: tree.elements[Int(child)].label), default: []].append(child)
    }
    for base in members.keys.sorted() {
      guard let found = members[base], found.count >= minimumScopes, !base.isEmpty,
        let count = links[ChainKey(parent: scope, base: base)], count * 3 >= (found.count - 1) * 2
      else { continue }
      tree.fold(found, of: scope, label: "\(base) × \(found.count)")
    }
  }

  /// The name without its trailing number: `Add_12` and `Add` are both `Add`.
  static func base(of label: String) -> String {
    var end = label.utf8.endIndex
    while end > label.utf8.startIndex {
      let before = label.utf8.index(before: end)
      guard (48...57).contains(label.utf8[before]) else { break }
      end = before
    }
    if end < label.utf8.endIndex, end > label.utf8.startIndex {
      let before = label.utf8.index(before: end)
      if label.utf8[before] == UInt8(ascii: "_") { end = before }
    }
    return String(label[..<end])
  }

  private static func foldByOp(_ scope: Int32, _ tree: inout ScopeTree, _ embedded: [Bool]) {
    var members: [Int: [Int32]] = [:]
    for child in tree.children[Int(scope)] where tree.elements[Int(child)].kind == .op && !isEmbedded(child, embedded) {
      members[tree.model.nodes[Int(tree.elements[Int(child)].node)].op, default: []].append(child)
    }
    for op in members.keys.sorted() {
      guard let found = members[op], found.count >= minimumMembers else { continue }
      tree.fold(found, of: scope, label: "\(tree.model.opNames[op]) × \(found.count)")
    }
  }

  private static func foldRuns(_ scope: Int32, _ tree: inout ScopeTree, _ embedded: [Bool]) {
    let all = tree.children[Int(scope)].filter { !isEmbedded($0, embedded) }
    let length = max(100, Int(Double(all.count).squareRoot().rounded(.up)))
    var start = 0
    while start < all.count {
      let end = min(start + length, all.count)
      let run = Array(all[start..<end])
      let first = tree.elements[Int(run[0])].label
      let last = tree.elements[Int(run[run.count - 1])].label
      tree.fold(run, of: scope, label: "\(first) … \(last)")
      start = end
    }
  }
}
