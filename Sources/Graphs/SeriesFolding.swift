/// Folds siblings that repeat into one box.
///
/// Five or more ops of one type in a scope whose names differ only in a trailing number (`Add`, `Add_1`, … or `in0`,
/// `in1`, …) become a series `Add × 9`. Where a scope would still show more than a thousand boxes, ops of one type
/// are folded whatever their names, and what then is still too much is cut into runs of equal length, so that any graph
/// opens.
struct SeriesFolding {
  static let minimumMembers = 5
  static let maximumChildren = 1000

  /// Folds everywhere in the tree; `embedded` elements are never boxes and stay out.
  static func fold(_ tree: inout ScopeTree, embedded: [Bool]) {
    let scopes = tree.elements.indices.filter { tree.elements[$0].kind != .op }.map(Int32.init)
    for scope in scopes {
      foldNumbered(scope, &tree, embedded)
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
