/// Reduces the crossings between layers.
struct LayerOrdering {
  private(set) var layers: [[Int]]
  private(set) var place: [Int]
  private let above: Adjacency
  private let below: Adjacency
  private let isFirstFixed: Bool
  private let isLastFixed: Bool
  private var counts: [Int] = []

  init(layers: [[Int]], place: [Int], above: Adjacency, below: Adjacency, isFirstFixed: Bool, isLastFixed: Bool) {
    self.layers = layers
    self.place = place
    self.above = above
    self.below = below
    self.isFirstFixed = isFirstFixed
    self.isLastFixed = isLastFixed
  }

  /// Sweeps down and up, keeps the best order met, then swaps neighbours while that helps.
  mutating func improve() {
    guard layers.count > 1 else { return }
    var best = layers
    var bestCrossings = crossings()
    var stale = 0
    // Work is bounded by size, not by the clock, so that a picture is always the same.
    let rounds = place.count > 10_000 ? 6 : 24
    for round in 0..<rounds where bestCrossings > 0 && stale < 6 {
      sweep(down: round % 2 == 0)
      let now = crossings()
      if now < bestCrossings {
        best = layers
        bestCrossings = now
        stale = 0
      } else {
        stale += 1
      }
    }
    layers = best
    for row in layers { number(row) }
    if bestCrossings > 0 { transpose() }
  }

  private mutating func number(_ row: [Int]) {
    for (index, node) in row.enumerated() { place[node] = index }
  }

  private mutating func sweep(down: Bool) {
    let indices = down ? Array(1..<layers.count) : Array((0..<layers.count - 1).reversed())
    for index in indices {
      if index == 0, isFirstFixed { continue }
      if index == layers.count - 1, isLastFixed { continue }
      arrange(index, by: down ? above : below)
    }
  }

  /// Sorts a layer by the mean place of its nodes' neighbours; nodes without neighbours stay where they are.
  private mutating func arrange(_ index: Int, by neighbours: Adjacency) {
    let row = layers[index]
    var keyed: [(key: Double, order: Int, node: Int)] = []
    keyed.reserveCapacity(row.count)
    for (order, node) in row.enumerated() {
      let slice = neighbours[node]
      if slice.isEmpty { continue }
      var sum = 0
      for neighbour in slice { sum += place[neighbour] }
      keyed.append((Double(sum) / Double(slice.count), order, node))
    }
    keyed.sort { ($0.key, $0.order) < ($1.key, $1.order) }
    var next = 0
    var sorted = row
    for (order, node) in row.enumerated() where !neighbours[node].isEmpty {
      sorted[order] = keyed[next].node
      next += 1
    }
    layers[index] = sorted
    number(sorted)
  }

  // MARK: Counting

  /// Crossings between all adjacent layers, each counted by a Fenwick tree over the lower layer.
  private mutating func crossings() -> Int {
    var total = 0
    for index in 1..<layers.count { total += crossings(below: layers[index - 1], width: layers[index].count) }
    return total
  }

  private mutating func crossings(below row: [Int], width: Int) -> Int {
    counts = [Int](repeating: 0, count: width + 1)
    var total = 0
    var added = 0
    var places: [Int] = []
    for node in row {
      places.removeAll(keepingCapacity: true)
      for neighbour in below[node] { places.append(place[neighbour]) }
      places.sort()
      // Edges of one node do not cross each other: count all of them before adding any.
      for at in places {
        var index = at + 1
        var notAfter = 0
        while index > 0 {
          notAfter += counts[index]
          index &= index - 1
        }
        total += added - notAfter
      }
      for at in places {
        var index = at + 1
        while index <= width {
          counts[index] += 1
          index += index & -index
        }
      }
      added += places.count
    }
    return total
  }

  // MARK: Transposition

  private mutating func transpose() {
    for _ in 0..<4 {
      var isBetter = false
      for index in layers.indices {
        if index == 0 && isFirstFixed || index == layers.count - 1 && isLastFixed { continue }
        guard layers[index].count > 1 else { continue }
        for left in 0..<layers[index].count - 1 {
          let a = layers[index][left]
          let b = layers[index][left + 1]
          let gain =
            inversions(above[a], above[b]) + inversions(below[a], below[b])
            - inversions(above[b], above[a]) - inversions(below[b], below[a])
          if gain > 0 {
            layers[index].swapAt(left, left + 1)
            place[a] = left + 1
            place[b] = left
            isBetter = true
          }
        }
      }
      if !isBetter { return }
    }
  }

  /// How many pairs (x of `left`, y of `right`) cross when `left` stands left.
  private func inversions(_ left: ArraySlice<Int>, _ right: ArraySlice<Int>) -> Int {
    guard !left.isEmpty, !right.isEmpty, left.count * right.count <= 4096 else { return 0 }
    var total = 0
    for x in left {
      for y in right where place[x] > place[y] { total += 1 }
    }
    return total
  }
}
