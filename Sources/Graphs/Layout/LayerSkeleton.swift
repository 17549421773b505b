/// Layers and their order, without coordinates.
struct LayerSkeleton {
  /// Real nodes 0..<realCount, then virtual ones.
  let realCount: Int
  private(set) var layer: [Int]
  private(set) var layers: [[Int]] = []
  /// Place of each node in its layer.
  private(set) var place: [Int] = []
  /// For each edge its nodes from upper to lower layer, virtual ones included; empty for self loops and for edges left
  /// out because the picture would have too many virtual nodes.
  private(set) var chains: [[Int]]
  /// Edges that run against the layers: they close a cycle.
  let isBack: [Bool]
  /// Neighbours in the layer above and below.
  private(set) var above: Adjacency
  private(set) var below: Adjacency

  /// More virtual nodes than this make a picture nobody can read; the longest edges are then drawn directly.
  static let maximumVirtual = 30_000

  init(_ graph: LayeredGraph) {
    realCount = graph.count
    isBack = Self.backEdges(graph)
    layer = Self.assignLayers(graph, isBack)
    chains = []
    above = Adjacency(count: 0, pairs: [])
    below = above
    insertVirtualNodes(graph)
    order(graph)
  }

  // MARK: Cycles

  /// Depth-first search in the order of the nodes; an edge to a node on the present path is turned round.
  ///
  /// Edges known to close a loop, and those that run against pinned nodes, start out turned round; the search sees them so.
  /// After it, the edges as turned have no cycle.
  static func backEdges(_ graph: LayeredGraph) -> [Bool] {
    let isTop = Set(graph.top)
    let isBottom = Set(graph.bottom)
    var isBack = graph.edges.indices.map { index in
      let edge = graph.edges[index]
      if isTop.contains(edge.to) || isBottom.contains(edge.from) { return true }
      return graph.loops.contains(index) && !isTop.contains(edge.from) && !isBottom.contains(edge.to)
    }
    func ends(_ index: Int) -> (from: Int, to: Int) {
      let edge = graph.edges[index]
      return isBack[index] ? (edge.to, edge.from) : (edge.from, edge.to)
    }
    let turned = graph.edges.indices.map(ends)
    let out = Adjacency(count: graph.count, pairs: turned.enumerated().map { ($0.element.from, $0.offset) })
    var hasInput = [Bool](repeating: false, count: graph.count)
    for edge in turned where edge.from != edge.to { hasInput[edge.to] = true }
    var state = [UInt8](repeating: 0, count: graph.count)
    var stack: [(node: Int, next: Int)] = []
    let roots = graph.top + (0..<graph.count).filter { !hasInput[$0] } + Array(0..<graph.count)
    for root in roots where state[root] == 0 {
      state[root] = 1
      stack.append((root, 0))
      while let (node, next) = stack.last {
        let slice = out[node]
        if next == slice.count {
          state[node] = 2
          stack.removeLast()
          continue
        }
        stack[stack.count - 1].next += 1
        let index = slice[slice.startIndex + next]
        let target = turned[index].to
        if state[target] == 1 {
          isBack[index].toggle()
        } else if state[target] == 0 {
          state[target] = 1
          stack.append((target, 0))
        }
      }
    }
    return isBack
  }

  // MARK: Layers

  /// Longest paths from the sources; then nodes with more outputs than inputs move down to what they feed.
  static func assignLayers(_ graph: LayeredGraph, _ isBack: [Bool]) -> [Int] {
    var downward: [(Int, Int)] = []
    for (index, edge) in graph.edges.enumerated() where edge.from != edge.to {
      downward.append(isBack[index] ? (edge.to, edge.from) : (edge.from, edge.to))
    }
    let out = Adjacency(count: graph.count, pairs: downward)
    let into = Adjacency(count: graph.count, pairs: downward.map { ($0.1, $0.0) })
    var waiting = (0..<graph.count).map { into[$0].count }
    let first = graph.top.isEmpty ? 0 : 1
    var layer = [Int](repeating: first, count: graph.count)
    for node in graph.top { layer[node] = 0 }
    var order: [Int] = (0..<graph.count).filter { waiting[$0] == 0 }
    var next = 0
    while next < order.count {
      let node = order[next]
      next += 1
      for target in out[node] {
        layer[target] = max(layer[target], layer[node] + 1)
        waiting[target] -= 1
        if waiting[target] == 0 { order.append(target) }
      }
    }
    var last = first
    let isBottom = Set(graph.bottom)
    for node in 0..<graph.count where !isBottom.contains(node) { last = max(last, layer[node]) }
    for node in graph.bottom { layer[node] = last + 1 }
    let isTop = Set(graph.top)
    for _ in 0..<2 {
      for node in order.reversed() where !isTop.contains(node) && !isBottom.contains(node) {
        let inputs = into[node].count { !isTop.contains($0) }
        guard out[node].count > inputs, let lowest = out[node].map({ layer[$0] }).min() else { continue }
        // To the bottom's pinned nodes distance does not matter.
        let goal = out[node].allSatisfy(isBottom.contains) ? layer[node] : lowest - 1
        layer[node] = max(layer[node], goal)
      }
    }
    return layer
  }

  // MARK: Virtual nodes

  private mutating func insertVirtualNodes(_ graph: LayeredGraph) {
    let spans = graph.edges.map { abs(layer[$0.from] - layer[$0.to]) - 1 }
    var total = spans.reduce(0) { $0 + max($1, 0) }
    var isDirect = [Bool](repeating: false, count: graph.edges.count)
    if total > Self.maximumVirtual {
      for index in spans.indices.sorted(by: { (spans[$1], $0) < (spans[$0], $1) }) where total > Self.maximumVirtual {
        isDirect[index] = true
        total -= spans[index]
      }
    }
    var pairs: [(Int, Int)] = []
    chains.reserveCapacity(graph.edges.count)
    for (index, edge) in graph.edges.enumerated() {
      guard edge.from != edge.to, !isDirect[index] else {
        chains.append([])
        continue
      }
      let (upper, lower) = isBack[index] ? (edge.to, edge.from) : (edge.from, edge.to)
      var chain = [upper]
      for between in layer[upper] + 1..<max(layer[lower], layer[upper] + 1) {
        chain.append(layer.count)
        layer.append(between)
      }
      chain.append(lower)
      for step in 1..<chain.count { pairs.append((chain[step - 1], chain[step])) }
      chains.append(chain)
    }
    below = Adjacency(count: layer.count, pairs: pairs)
    above = Adjacency(count: layer.count, pairs: pairs.map { ($0.1, $0.0) })
  }

  // MARK: Order

  private mutating func order(_ graph: LayeredGraph) {
    let count = (layer.max() ?? 0) + 1
    layers = [[Int]](repeating: [], count: graph.count == 0 ? 0 : count)
    place = [Int](repeating: 0, count: layer.count)
    arrangeDepthFirst(graph)
    var ordering = LayerOrdering(
      layers: layers, place: place, above: above, below: below,
      isFirstFixed: !graph.top.isEmpty, isLastFixed: !graph.bottom.isEmpty)
    ordering.improve()
    layers = ordering.layers
    place = ordering.place
  }

  /// First order: as a depth-first walk meets the nodes, so that what belongs together starts together.
  private mutating func arrangeDepthFirst(_ graph: LayeredGraph) {
    var isMet = [Bool](repeating: false, count: layer.count)
    let pinned = Set(graph.top + graph.bottom)
    for node in graph.top + graph.bottom {
      isMet[node] = true
      layers[layer[node]].append(node)
    }
    let sources = (0..<realCount).filter { above[$0].isEmpty }
    var stack: [Int] = []
    for start in graph.top + sources + Array(0..<realCount) where !isMet[start] || pinned.contains(start) {
      stack.append(start)
      while let node = stack.popLast() {
        if isMet[node], !(pinned.contains(node) && node == start) { continue }
        if !isMet[node] {
          isMet[node] = true
          layers[layer[node]].append(node)
        }
        for neighbour in below[node].reversed() where !isMet[neighbour] { stack.append(neighbour) }
      }
    }
    for row in layers {
      for (index, node) in row.enumerated() { place[node] = index }
    }
  }

  /// The edges at a node's upper or lower side, from left to right, as indices of edges.
  func edges(at node: Int, incident: [Int], atTop: Bool) -> [Int] {
    func neighbour(_ edge: Int) -> Int {
      let chain = chains[edge]
      guard chain.count > 1 else { return 0 }
      return atTop ? place[chain[chain.count - 2]] : place[chain[1]]
    }
    return incident.filter { chains[$0].isEmpty ? false : (atTop ? chains[$0].last == node : chains[$0].first == node) }
      .sorted { (neighbour($0), $0) < (neighbour($1), $1) }
  }
}
