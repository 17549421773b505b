/// Everything about a graph's picture that does not depend on which scopes are open: the scope tree, the edges between
/// siblings, what is drawn small or set aside, and which scopes have the same structure.
///
/// Made once for a graph, in time linear in nodes and edges; immutable, so any number of views can be made from it at
/// the same time.
public final class GraphStructure: Sendable {
  /// The merged edge between two children of one scope.
  struct LevelEdge {
    let from: Int32
    let to: Int32
    /// How many base edges carry a tensor.
    var tensors: Int32 = 0
    var controls: Int32 = 0
  }

  public let model: GraphModel
  public let tree: ScopeTree
  /// Constants and summaries that are drawn as dots at the op they belong to.
  let embedded: [Bool]
  let levelEdges: [LevelEdge]
  /// For each of the model's edges the level edge it is part of; -1 if it has none (loops, embedded ends).
  let levelEdgeOf: [Int32]
  /// Which level edges are not drawn as lines but as marks at their ends.
  let isHidden: [Bool]
  /// Elements set aside in their scope's auxiliary area.
  let isAuxiliary: [Bool]
  /// Scopes of equal structure share a number; -1 for scopes that are the only one of their kind, and for ops.
  let template: [Int32]
  let templateCount: Int
  /// Index of the device all ops of an element have; -1 if they differ.
  let device: [Int32]

  public init(_ model: GraphModel) {
    self.model = model
    var tree = ScopeTree(model)
    var embedded = Embedding.find(tree)
    let nodeOfEmbedded = tree.elements.indices.filter { embedded[$0] }.map { Int(tree.elements[$0].node) }
    SeriesFolding.fold(&tree, embedded: embedded)
    embedded = [Bool](repeating: false, count: tree.elements.count)
    for node in nodeOfEmbedded { embedded[Int(tree.elementOfNode[node])] = true }
    self.tree = tree
    self.embedded = embedded
    (levelEdges, levelEdgeOf) = Self.merge(model, tree, embedded)
    (isAuxiliary, isHidden) = Extraction.find(tree, levelEdges, embedded)
    (template, templateCount) = Templates.find(tree, levelEdges)
    device = Self.devices(tree)
  }

  /// Lifts every base edge to the children of the lowest common ancestor of its ends, and merges those that coincide.
  private static func merge(
    _ model: GraphModel, _ tree: ScopeTree, _ embedded: [Bool]
  ) -> ([LevelEdge], [Int32]) {
    var edges: [LevelEdge] = []
    var of = [Int32](repeating: -1, count: model.edges.count)
    var index: [UInt64: Int32] = [:]
    let elements = tree.elements
    for (position, edge) in model.edges.enumerated() {
      var from = tree.elementOfNode[Int(edge.source)]
      var to = tree.elementOfNode[Int(edge.target)]
      if embedded[Int(from)] || embedded[Int(to)] || from == to { continue }
      while elements[Int(from)].depth > elements[Int(to)].depth { from = elements[Int(from)].parent }
      while elements[Int(to)].depth > elements[Int(from)].depth { to = elements[Int(to)].parent }
      while elements[Int(from)].parent != elements[Int(to)].parent {
        from = elements[Int(from)].parent
        to = elements[Int(to)].parent
      }
      if from == to { continue }
      let key = UInt64(UInt32(bitPattern: from)) << 32 | UInt64(UInt32(bitPattern: to))
      let at: Int32
      if let known = index[key] {
        at = known
      } else {
        at = Int32(edges.count)
        index[key] = at
        edges.append(LevelEdge(from: from, to: to))
      }
      if edge.isControl { edges[Int(at)].controls += 1 } else { edges[Int(at)].tensors += 1 }
      of[position] = at
    }
    return (edges, of)
  }

  private static func devices(_ tree: ScopeTree) -> [Int32] {
    var result = [Int32](repeating: -2, count: tree.elements.count)
    for index in tree.elements.indices.reversed() {
      let node = tree.elements[index].node
      if node >= 0 { result[index] = Int32(tree.model.nodes[Int(node)].device) }
      let parent = Int(tree.elements[index].parent)
      guard parent >= 0 else { continue }
      if result[parent] == -2 { result[parent] = result[index] }
      if result[parent] != result[index] { result[parent] = -1 }
    }
    return result
  }
}

/// Finds the constants and summaries that are drawn as dots beside the op they belong to.
enum Embedding {
  /// A constant is embedded when all ops that use it are its siblings; a summary when its one tensor comes from a sibling
  /// and nothing but a merge of summaries uses it.
  static func find(_ tree: ScopeTree) -> [Bool] {
    let model = tree.model
    var candidate = [Bool](repeating: false, count: model.nodes.count)
    var uses = [Int32](repeating: 0, count: model.nodes.count)
    let isConstant = model.opNames.map(OpTraits.isConstant)
    let isSummary = model.opNames.map(OpTraits.isSummary)
    for (index, node) in model.nodes.enumerated() {
      candidate[index] =
        isConstant[node.op] && model.inputs(of: index).isEmpty || isSummary[node.op] && hasSiblingProducer(index, tree)
    }
    func parent(_ node: Int32) -> Int32 { tree.elements[Int(tree.elementOfNode[Int(node)])].parent }
    for edge in model.edges where candidate[Int(edge.source)] {
      let source = Int(edge.source)
      if isSummary[model.nodes[source].op] {
        if model.op(of: Int(edge.target)) != "MergeSummary" { candidate[source] = false }
      } else {
        uses[source] += 1
        // Another embedded op is no place to be embedded at.
        if edge.isControl || parent(edge.source) != parent(edge.target) { candidate[source] = false }
      }
    }
    var result = [Bool](repeating: false, count: tree.elements.count)
    for (index, node) in model.nodes.enumerated() where candidate[index] {
      if isSummary[node.op] || uses[index] > 0 { result[Int(tree.elementOfNode[index])] = true }
    }
    return result
  }

  private static func hasSiblingProducer(_ node: Int, _ tree: ScopeTree) -> Bool {
    let parent = tree.elements[Int(tree.elementOfNode[node])].parent
    var found = 0
    for edge in tree.model.inputs(of: node) where !OpTraits.isConstant(tree.model.op(of: Int(edge.source))) {
      found += 1
      guard !edge.isControl, tree.elements[Int(tree.elementOfNode[Int(edge.source)])].parent == parent else {
        return false
      }
    }
    return found == 1
  }
}
