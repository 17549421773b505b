/// The name-scope hierarchy of a graph: what can be a box in the picture.
///
/// Op names are split at `/`; every prefix becomes a scope. An op whose name is also a scope goes inside it as `(name)`.
/// Functions of the library are scopes of their own below the root, called `@name`. Inside a scope, five or more ops of
/// one type whose names differ in a number only are folded into a series (``SeriesFolding``).
///
/// Elements are numbered; a parent has a smaller number than its children, so one forward pass visits parents first and
/// one backward pass children first, without recursion.
public struct ScopeTree: Sendable {
  /// What an element is.
  public enum Kind: String, Sendable, Codable {
    case scope, op, series, function
  }

  struct Element {
    var parent: Int32
    var kind: Kind
    /// Index of the op's node; -1 for the others.
    var node: Int32
    var depth: Int32
    var label: String
    /// Ops inside, or 1 for an op.
    var ops: Int32 = 0
  }

  /// Scopes deeper than this stay part of their op's label: no picture nests deeper, and no file can exhaust the memory.
  static let maximumDepth = 128

  private(set) var elements: [Element] = []
  /// Children of each element, in file order of their first op.
  private(set) var children: [[Int32]] = []
  /// The element of each node.
  private(set) var elementOfNode: [Int32]
  private var byLabel: [Key: Int32] = [:]
  let model: GraphModel

  private struct Key: Hashable {
    let parent: Int32
    let label: String
  }

  /// The root's element number.
  static let root: Int32 = 0

  init(_ model: GraphModel) {
    self.model = model
    elementOfNode = [Int32](repeating: -1, count: model.nodes.count)
    elements.reserveCapacity(model.nodes.count * 5 / 4)
    _ = add(parent: -1, kind: .scope, node: -1, label: "")
    insert(0..<model.mainNodeCount, below: Self.root)
    for function in model.functions {
      let scope = add(parent: Self.root, kind: .function, node: -1, label: unused("@\(function.name)", in: Self.root))
      insert(function.nodes, below: scope)
    }
    sortChildren()
    countOps()
  }

  // MARK: Building

  private mutating func add(parent: Int32, kind: Kind, node: Int32, label: String) -> Int32 {
    let index = Int32(elements.count)
    let depth = parent < 0 ? 0 : elements[Int(parent)].depth + 1
    elements.append(Element(parent: parent, kind: kind, node: node, depth: depth, label: label))
    children.append([])
    if parent >= 0 {
      children[Int(parent)].append(index)
      byLabel[Key(parent: parent, label: label)] = index
    }
    return index
  }

  private mutating func insert(_ range: Range<Int>, below top: Int32) {
    // Scopes first: only when all are known is it clear which ops carry the name of a scope.
    var scopeOfPrefix: [Substring: Int32] = [:]
    var parents = [Int32](repeating: top, count: range.count)
    for index in range {
      let name = model.nodes[index].name
      guard let slash = name.utf8.lastIndex(of: UInt8(ascii: "/")) else { continue }
      let prefix = name[..<slash]
      if let known = scopeOfPrefix[prefix] {
        parents[index - range.lowerBound] = known
      } else {
        let scope = makeScope(prefix, below: top)
        scopeOfPrefix[prefix] = scope
        parents[index - range.lowerBound] = scope
      }
    }
    for index in range {
      let name = model.nodes[index].name
      var parent = parents[index - range.lowerBound]
      var label = Self.leaf(of: name, parentDepth: elements[Int(parent)].depth - elements[Int(top)].depth)
      if let scope = byLabel[Key(parent: parent, label: label)], elements[Int(scope)].kind == .scope {
        parent = scope
        label = "(\(label))"
      }
      elementOfNode[index] = add(parent: parent, kind: .op, node: Int32(index), label: unused(label, in: parent))
    }
  }

  private mutating func makeScope(_ prefix: Substring, below top: Int32) -> Int32 {
    var scope = top
    for segment in prefix.split(separator: "/", maxSplits: Self.maximumDepth, omittingEmptySubsequences: false)
      .prefix(Self.maximumDepth)
    {
      let label = String(segment)
      scope =
        byLabel[Key(parent: scope, label: label)] ?? add(parent: scope, kind: .scope, node: -1, label: label)
    }
    return scope
  }

  /// What remains of a name below its scope: the last part, or more where the name is too deep for a scope each.
  private static func leaf(of name: String, parentDepth: Int32) -> String {
    if parentDepth < Int32(maximumDepth) {
      guard let slash = name.utf8.lastIndex(of: UInt8(ascii: "/")) else { return name }
      return String(name[name.utf8.index(after: slash)...])
    }
    return String(name.split(separator: "/", maxSplits: maximumDepth, omittingEmptySubsequences: false).last ?? "")
  }

  /// Names used twice (a damaged graph) get a mark, so that every element can be addressed.
  private func unused(_ label: String, in parent: Int32) -> String {
    guard byLabel[Key(parent: parent, label: label)] != nil else { return label }
    var number = 2
    while byLabel[Key(parent: parent, label: "\(label) #\(number)")] != nil { number += 1 }
    return "\(label) #\(number)"
  }

  /// Scopes were made before ops; the picture wants the order of the file.
  private mutating func sortChildren() {
    var first = [Int32](repeating: .max, count: elements.count)
    for index in elements.indices.reversed() {
      if elements[index].node >= 0 { first[index] = elements[index].node }
      let parent = Int(elements[index].parent)
      if parent >= 0 { first[parent] = min(first[parent], first[index]) }
    }
    for index in children.indices where children[index].count > 1 {
      children[index].sort { (first[Int($0)], $0) < (first[Int($1)], $1) }
    }
  }

  private mutating func countOps() {
    for index in elements.indices { elements[index].ops = elements[index].kind == .op ? 1 : 0 }
    for index in elements.indices.reversed() where elements[index].parent >= 0 {
      elements[Int(elements[index].parent)].ops += elements[index].ops
    }
  }

  /// Puts `members`, children of `parent`, into a new series element.
  mutating func fold(_ members: [Int32], of parent: Int32, label: String) {
    // A series inside a series is addressed from the scope around both, as the members are.
    var scope = parent
    while elements[Int(scope)].kind == .series { scope = elements[Int(scope)].parent }
    let series = add(parent: scope, kind: .series, node: -1, label: unused(label, in: scope))
    children[Int(scope)].removeAll { $0 == series }
    elements[Int(series)].parent = parent
    let inside = Set(members)
    let place = children[Int(parent)].firstIndex { inside.contains($0) } ?? 0
    children[Int(parent)].removeAll { inside.contains($0) }
    children[Int(parent)].insert(series, at: min(place, children[Int(parent)].count))
    children[Int(series)] = members
    elements[Int(series)].ops = members.reduce(0) { $0 + elements[Int($1)].ops }
    for member in members { elements[Int(member)].parent = series }
  }

  /// Numbers the elements anew, parents before children, after folding has put series behind their members.
  mutating func renumber() {
    var order: [Int32] = [Self.root]
    order.reserveCapacity(elements.count)
    var next = 0
    while next < order.count {
      order.append(contentsOf: children[Int(order[next])])
      next += 1
    }
    var place = [Int32](repeating: -1, count: elements.count)
    for (index, old) in order.enumerated() { place[Int(old)] = Int32(index) }
    elements = order.map { old in
      var element = elements[Int(old)]
      element.parent = element.parent < 0 ? -1 : place[Int(element.parent)]
      element.depth = 0
      return element
    }
    for index in elements.indices where elements[index].parent >= 0 {
      elements[index].depth = elements[Int(elements[index].parent)].depth + 1
    }
    children = order.map { old in children[Int(old)].map { place[Int($0)] } }
    elementOfNode = elementOfNode.map { place[Int($0)] }
    byLabel = Dictionary(
      byLabel.map { (Key(parent: place[Int($0.key.parent)], label: $0.key.label), place[Int($0.value)]) },
      uniquingKeysWith: { first, _ in first })
  }

  // MARK: Reading

  /// The name by which the page and the command line call an element: labels from the root, joined with `/`.
  ///
  /// For an op this is its name in the graph, except for ops that carry the name of a scope (`a/b/(b)`) and ops of
  /// functions (`@function/op`). A member of a series is called without the series.
  func id(of element: Int32) -> String {
    var labels: [String] = []
    var at = element
    var isFirst = true
    while at > 0 {
      let current = elements[Int(at)]
      if isFirst || current.kind != .series { labels.append(current.label) }
      isFirst = false
      at = current.parent
    }
    return labels.reversed().joined(separator: "/")
  }

  /// The element with this id; the empty id is the root.
  func element(id: String) -> Int32? {
    if id.isEmpty { return Self.root }
    let parts = id.split(separator: "/", maxSplits: Self.maximumDepth + 1, omittingEmptySubsequences: false)
    var at = Self.root
    for (index, part) in parts.enumerated() {
      guard let next = byLabel[Key(parent: at, label: String(part))] else {
        // Too deep for scopes of their own: the rest of the name is one label.
        let rest = parts[index...].joined(separator: "/")
        return byLabel[Key(parent: at, label: rest)]
      }
      at = next
    }
    return at
  }

  /// Whether an element has something inside to open.
  func isContainer(_ element: Int32) -> Bool { elements[Int(element)].kind != .op }

  /// From the element up to, and without, the root.
  func ancestors(of element: Int32) -> [Int32] {
    var result: [Int32] = []
    var at = elements[Int(element)].parent
    while at > 0 {
      result.append(at)
      at = elements[Int(at)].parent
    }
    return result
  }
}
