/// The edges of a graph as they appear between visible boxes: merged, with what flows along them.
struct VisibleEdges {
  struct Edge {
    let from: Int32
    let to: Int32
    /// The level edge that it is part of.
    let level: Int32
    var tensors = 0
    var controls = 0
    var isReference = false
    var elements = 0.0
    var shape: GraphShape?
    var isUniform = true

    var isControl: Bool { tensors == 0 }

    var label: String {
      if tensors == 0 { return "" }
      if isUniform, let shape, !shape.label.isEmpty {
        return tensors == 1 ? shape.label : "\(tensors) × \(shape.label)"
      }
      return tensors == 1 ? "" : "\(tensors) tensors"
    }

    /// 0.75 to 7 pixels over 1 to 5 million elements, with the exponent 0.3.
    var width: Double {
      guard tensors > 0 else { return 0.9 }
      let scale = (min(max(elements, 1), 5e6) / 5e6)
      let part = (power(scale) - power(1 / 5e6)) / (1 - power(1 / 5e6))
      return 1 + 6 * part
    }

    private func power(_ value: Double) -> Double { Mathematics.power(value, 0.3) }
  }

  /// A constant or summary, to be shown at the visible box `host`.
  struct Embedded: Hashable {
    let host: Int32
    let element: Int32
    let isInput: Bool
  }

  private(set) var edges: [Edge] = []
  private(set) var embedded: [Embedded] = []
  /// For each element the visible box that shows it: itself, or the outermost closed scope around it.
  let boxOf: [Int32]

  init(_ structure: GraphStructure, isOpen: [Bool]) {
    let tree = structure.tree
    var boxOf = [Int32](repeating: 0, count: tree.elements.count)
    for index in tree.elements.indices.dropFirst() {
      let parent = Int(tree.elements[index].parent)
      boxOf[index] = isOpen[parent] && boxOf[parent] == Int32(parent) ? Int32(index) : boxOf[parent]
    }
    self.boxOf = boxOf
    collect(structure)
  }

  private mutating func collect(_ structure: GraphStructure) {
    let model = structure.model
    let tree = structure.tree
    let written = model.opNames.map(OpTraits.writtenInputs)
    var index: [UInt64: Int] = [:]
    var seen: Set<Embedded> = []
    for (position, edge) in model.edges.enumerated() {
      let source = tree.elementOfNode[Int(edge.source)]
      let target = tree.elementOfNode[Int(edge.target)]
      let from = boxOf[Int(source)]
      let to = boxOf[Int(target)]
      if from == to { continue }
      let level = structure.levelEdgeOf[position]
      if level < 0 {
        let embedded =
          structure.embedded[Int(source)]
          ? Embedded(host: to, element: source, isInput: true) : Embedded(host: from, element: target, isInput: false)
        guard !structure.embedded[Int(embedded.host)], structure.embedded[Int(embedded.element)] else { continue }
        if seen.insert(embedded).inserted { self.embedded.append(embedded) }
        continue
      }
      let key = UInt64(UInt32(bitPattern: from)) << 32 | UInt64(UInt32(bitPattern: to))
      let at = index[key] ?? edges.count
      if at == edges.count {
        index[key] = at
        edges.append(Edge(from: from, to: to, level: level))
      }
      if edge.isControl {
        edges[at].controls += 1
        continue
      }
      edges[at].tensors += 1
      if Int(edge.input) < written[model.nodes[Int(edge.target)].op] { edges[at].isReference = true }
      let shape = model.shape(of: Int(edge.source), output: Int(edge.output))
      edges[at].elements += shape?.elements ?? 1
      if edges[at].tensors == 1 {
        edges[at].shape = shape
      } else if edges[at].shape != shape {
        edges[at].isUniform = false
      }
    }
  }
}
