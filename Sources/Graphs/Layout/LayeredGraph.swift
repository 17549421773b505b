/// What the layered layout works on: nodes 0..<count, and edges between them, without sizes.
///
/// Layout runs in two steps because frames nest. The first (``LayerSkeleton``) needs no sizes: it breaks cycles, assigns
/// layers and orders each layer. The second (``LayerCoordinates``) needs the sizes of all nodes, inner frames included.
/// So the order of boxes in a scope does not depend on what is open, and opening a scope does not shuffle its
/// surroundings.
///
/// The method is Sugiyama's in its usual modern form: depth-first cycle removal, longest-path layers with tightening,
/// virtual nodes on long edges, barycentre sweeps with counted crossings and adjacent transposition, and the coordinates
/// of Brandes and Köpf ("Fast and Simple Horizontal Coordinate Assignment", 2002).
struct LayeredGraph {
  struct Edge {
    var from: Int
    var to: Int
  }

  var count: Int
  var edges: [Edge]
  /// Nodes that must stand alone in the first layer, in this order.
  var top: [Int] = []
  /// Nodes that must stand alone in the last layer, in this order.
  var bottom: [Int] = []
  /// Edges that are known to close a cycle; they run backwards if the picture allows it.
  var loops: Set<Int> = []
}

/// Adjacency in compressed form: the neighbours of node v are `items[starts[v]..<starts[v + 1]]`.
struct Adjacency {
  private(set) var starts: [Int]
  private(set) var items: [Int]

  /// - Parameter pairs: (node, neighbour), kept in order for each node.
  init(count: Int, pairs: [(Int, Int)]) {
    starts = [Int](repeating: 0, count: count + 1)
    for (node, _) in pairs { starts[node + 1] += 1 }
    for node in 0..<count { starts[node + 1] += starts[node] }
    var next = starts
    items = [Int](repeating: 0, count: pairs.count)
    for (node, neighbour) in pairs {
      items[next[node]] = neighbour
      next[node] += 1
    }
  }

  subscript(node: Int) -> ArraySlice<Int> { items[starts[node]..<starts[node + 1]] }
}
