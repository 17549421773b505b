/// Finds scopes of equal structure, so that repeated blocks can share a colour.
///
/// Every element gets a hash from the bottom up: an op from its type, a scope from the multiset of its children's hashes
/// and of the edges between them. Equal hashes are taken as equal structure. Linear in nodes and edges.
enum Templates {
  static func find(_ tree: ScopeTree, _ edges: [GraphStructure.LevelEdge]) -> (template: [Int32], count: Int) {
    var hashes = [UInt64](repeating: 0, count: tree.elements.count)
    let ops = tree.model.opNames.map(hash)
    var edgesOfScope: [Int32: [Int]] = [:]
    for (index, edge) in edges.enumerated() {
      edgesOfScope[tree.elements[Int(edge.from)].parent, default: []].append(index)
    }
    for index in tree.elements.indices.reversed() {
      let element = tree.elements[index]
      if element.node >= 0 {
        hashes[index] = ops[tree.model.nodes[Int(element.node)].op]
        continue
      }
      var sum: UInt64 = mix(UInt64(tree.children[index].count) &+ 0x51ed)
      for child in tree.children[index] { sum &+= mix(hashes[Int(child)]) }
      for at in edgesOfScope[Int32(index)] ?? [] {
        let edge = edges[at]
        sum &+= mix(hashes[Int(edge.from)] &* 31 &+ mix(hashes[Int(edge.to)] ^ UInt64(edge.tensors == 0 ? 1 : 0)))
      }
      hashes[index] = mix(sum)
    }
    return number(tree, hashes)
  }

  /// Numbers the structures that occur more than once; those that cover most ops come first and get the clearest colours.
  private static func number(_ tree: ScopeTree, _ hashes: [UInt64]) -> ([Int32], Int) {
    var groups: [UInt64: (ops: Int, members: Int, first: Int)] = [:]
    for index in tree.elements.indices where isCandidate(tree, index) {
      var group = groups[hashes[index]] ?? (0, 0, index)
      group.ops += Int(tree.elements[index].ops)
      group.members += 1
      groups[hashes[index]] = group
    }
    let repeated = groups.filter { $0.value.members > 1 }
      .sorted { ($1.value.ops, $0.value.first) < ($0.value.ops, $1.value.first) }
    var numbers: [UInt64: Int32] = [:]
    for (index, group) in repeated.enumerated() { numbers[group.key] = Int32(index) }
    let template = tree.elements.indices.map { index in
      isCandidate(tree, index) ? numbers[hashes[index]] ?? -1 : -1
    }
    return (template, repeated.count)
  }

  /// A scope around a single op has no structure to speak of.
  private static func isCandidate(_ tree: ScopeTree, _ index: Int) -> Bool {
    tree.elements[index].kind == .scope && index > 0 && tree.elements[index].ops > 1
  }

  private static func hash(_ text: String) -> UInt64 {
    // FNV-1a: the same in every process, unlike Swift's own hash.
    var result: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in text.utf8 { result = (result ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return mix(result)
  }

  private static func mix(_ value: UInt64) -> UInt64 {
    var z = value &+ 0x9e37_79b9_7f4a_7c15
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
