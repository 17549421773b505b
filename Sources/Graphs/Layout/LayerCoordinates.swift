/// Coordinates across the layers, after Brandes and Köpf: every node is aligned with the median of its neighbours, from
/// above and below and from the left and the right; each of the four alignments is compacted, and a node comes to stand at
/// the mean of the two middle ones. Separation holds in each of the four, hence in the result.
struct LayerCoordinates {
  /// Extent of each node to the left and to the right of its coordinate; virtual nodes have none.
  let left: [Double]
  let right: [Double]
  let skeleton: LayerSkeleton
  let gap: Double
  let virtualGap: Double

  /// Positions of all nodes, virtual ones included; the smallest left edge is at 0.
  func positions() -> [Double] {
    let count = skeleton.layer.count
    guard count > 0 else { return [] }
    let conflicts = findConflicts()
    var results: [[Double]] = []
    for isDown in [true, false] {
      for isLeft in [true, false] { results.append(align(down: isDown, toLeft: isLeft, conflicts)) }
    }
    alignWidths(&results)
    var positions = [Double](repeating: 0, count: count)
    for node in 0..<count {
      let values = [results[0][node], results[1][node], results[2][node], results[3][node]].sorted()
      positions[node] = (values[1] + values[2]) / 2
    }
    let shift = (0..<count).map { positions[$0] - left[$0] }.min() ?? 0
    for node in 0..<count { positions[node] -= shift }
    return positions
  }

  /// How far apart the coordinates of two neighbours in a layer must be.
  func separation(_ a: Int, _ b: Int) -> Double {
    let isVirtual = a >= skeleton.realCount || b >= skeleton.realCount
    return right[a] + left[b] + (isVirtual ? virtualGap : gap)
  }

  /// Segments that cross a segment between two virtual nodes; they must not be made straight. Keyed upper, lower.
  private func findConflicts() -> Set<UInt64> {
    var conflicts: Set<UInt64> = []
    let real = skeleton.realCount
    for index in 1..<max(skeleton.layers.count, 1) {
      let row = skeleton.layers[index]
      let previous = skeleton.layers[index - 1]
      var lowest = 0
      var scanned = 0
      for (position, node) in row.enumerated() {
        let inner = node >= real ? skeleton.above[node].first { $0 >= real } : nil
        guard inner != nil || position == row.count - 1 else { continue }
        let highest = inner.map { skeleton.place[$0] } ?? previous.count - 1
        while scanned <= position {
          let other = row[scanned]
          for neighbour in skeleton.above[other] {
            let at = skeleton.place[neighbour]
            if at < lowest || at > highest, !(neighbour >= real && other >= real) {
              conflicts.insert(Self.key(neighbour, other))
            }
          }
          scanned += 1
        }
        lowest = highest
      }
    }
    return conflicts
  }

  private static func key(_ upper: Int, _ lower: Int) -> UInt64 { UInt64(upper) << 32 | UInt64(lower) }

  /// One of the four alignments, compacted. The three others are this one on mirrored layers.
  private func align(down: Bool, toLeft: Bool, _ conflicts: Set<UInt64>) -> [Double] {
    let count = skeleton.layer.count
    let neighbours = down ? skeleton.above : skeleton.below
    var root = Array(0..<count)
    var next = Array(0..<count)
    let order = down ? Array(skeleton.layers.indices) : Array(skeleton.layers.indices.reversed())
    func place(_ node: Int) -> Int {
      toLeft ? skeleton.place[node] : skeleton.layers[skeleton.layer[node]].count - 1 - skeleton.place[node]
    }
    for index in order.dropFirst() {
      var reached = -1
      let row = toLeft ? skeleton.layers[index] : skeleton.layers[index].reversed()
      for node in row {
        let candidates = neighbours[node].sorted { place($0) < place($1) }
        guard !candidates.isEmpty else { continue }
        for middle in Set([(candidates.count - 1) / 2, candidates.count / 2]).sorted() where next[node] == node {
          let other = candidates[middle]
          let key = down ? Self.key(other, node) : Self.key(node, other)
          guard reached < place(other), !conflicts.contains(key) else { continue }
          next[other] = node
          root[node] = root[other]
          next[node] = root[other]
          reached = place(other)
        }
      }
    }
    return compact(root, toLeft: toLeft)
  }

  /// Longest paths over the blocks of aligned nodes, then a pull towards the other side as far as neighbours allow.
  private func compact(_ root: [Int], toLeft: Bool) -> [Double] {
    let count = root.count
    var pairs: [(Int, Int)] = []
    var distances: [Double] = []
    for row in skeleton.layers where row.count > 1 {
      for index in 1..<row.count {
        let (a, b) = (row[index - 1], row[index])
        pairs.append(toLeft ? (root[a], root[b]) : (root[b], root[a]))
        distances.append(separation(a, b))
      }
    }
    let out = Adjacency(count: count, pairs: pairs.enumerated().map { ($0.element.0, $0.offset) })
    var waiting = [Int](repeating: 0, count: count)
    for (_, target) in pairs { waiting[target] += 1 }
    var at = [Double](repeating: 0, count: count)
    var order = (0..<count).filter { root[$0] == $0 && waiting[$0] == 0 }
    var next = 0
    while next < order.count {
      let block = order[next]
      next += 1
      for pair in out[block] {
        let target = pairs[pair].1
        at[target] = max(at[target], at[block] + distances[pair])
        waiting[target] -= 1
        if waiting[target] == 0 { order.append(target) }
      }
    }
    for block in order.reversed() {
      var limit = Double.infinity
      for pair in out[block] { limit = min(limit, at[pairs[pair].1] - distances[pair]) }
      if limit.isFinite { at[block] = max(at[block], limit) }
    }
    return (0..<count).map { toLeft ? at[root[$0]] : -at[root[$0]] }
  }

  /// Moves the four results so that they lie over the narrowest: left-aligned ones by their left, the others by their right.
  private func alignWidths(_ results: inout [[Double]]) {
    let bounds = results.map { result in
      (
        low: result.indices.map { result[$0] - left[$0] }.min() ?? 0,
        high: result.indices.map { result[$0] + right[$0] }.max() ?? 0
      )
    }
    let narrowest = bounds.indices.min { bounds[$0].high - bounds[$0].low < bounds[$1].high - bounds[$1].low } ?? 0
    for index in results.indices {
      let isLeft = index % 2 == 0
      let shift =
        isLeft ? bounds[narrowest].low - bounds[index].low : bounds[narrowest].high - bounds[index].high
      for node in results[index].indices { results[index][node] += shift }
    }
  }
}
